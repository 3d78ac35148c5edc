//! Whole networks, trained or used by Pellucid and by PyTorch in turn.

use super::answers::{losses, number};
use super::options::Options;
use super::program::Program;
use super::statistics::{Spread, first_difference, geometric_mean, median};
use super::table::{short, table};
use super::turns::{Entrant, QUIET, in_turn};
use super::{built, venv};
use crate::shell::Outcome;
use pellucid_kernels::peak::operations_per_second;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::Command;

/// Losses that are compared before anything is timed.
const COMPARED: usize = 5;

/// A network that both sides know by this name.
struct Workload {
    name: &'static str,
    about: &'static str,
    /// PyTorch's ways to run it; the best one counts.
    variants: &'static [&'static str],
    /// The rate at which the compared steps learn: losses must move for their agreement to mean something.
    rate: f64,
    /// The most that two losses may differ, as a share of the larger. Every step of training adds the rounding errors
    /// of another order of summation; deep networks with batch norm and ReLU enlarge them most.
    tolerance: f64,
}

const PICTURES: &[&str] = &["eager", "channels-last"];

const WORKLOADS: &[Workload] = &[
    Workload {
        name: "W1",
        about: "MLP 54→256→256→7, batch 256",
        variants: &["eager"],
        rate: 1e-3,
        tolerance: 1e-5,
    },
    Workload { name: "W2", about: "CNN 28×28, batch 64", variants: PICTURES, rate: 1e-3, tolerance: 1e-4 },
    Workload {
        name: "W3",
        about: "ResNet-18 32×32, batch 32",
        variants: PICTURES,
        rate: 1e-3,
        tolerance: 1e-3,
    },
    Workload {
        name: "W4",
        about: "transformer, 4 layers of 256, 16×128 words",
        variants: &["eager"],
        rate: 1e-3,
        tolerance: 1e-4,
    },
    Workload {
        name: "W5-gru",
        about: "GRU 64→256, 100 steps, batch 32",
        variants: &["eager"],
        rate: 1e-3,
        tolerance: 1e-4,
    },
    Workload {
        name: "W5-lstm",
        about: "LSTM 64→256, 100 steps, batch 32",
        variants: &["eager"],
        rate: 1e-3,
        tolerance: 1e-4,
    },
    Workload {
        name: "W6",
        about: "embeddings, batch 4,096",
        variants: &["eager", "sparse"],
        rate: 1e-2,
        tolerance: 1e-5,
    },
    Workload {
        name: "W7-1",
        about: "ResNet-18 224×224 used, batch 1",
        variants: PICTURES,
        rate: 0.0,
        tolerance: 1e-5,
    },
    Workload {
        name: "W7-16",
        about: "ResNet-18 224×224 used, batch 16",
        variants: PICTURES,
        rate: 0.0,
        tolerance: 1e-5,
    },
    Workload {
        name: "W8-table",
        about: "train's own for Adult, batch 256",
        variants: &["eager"],
        rate: 1e-3,
        tolerance: 1e-5,
    },
    Workload {
        name: "W8-picture",
        about: "train's own for 28×28, batch 128",
        variants: PICTURES,
        rate: 1e-4,
        tolerance: 1e-3,
    },
];

/// What runs, and with how many threads.
struct Sides {
    ours: PathBuf,
    python: PathBuf,
    threads: usize,
}

/// What came of a workload.
struct Measured {
    workload: &'static Workload,
    peer: &'static str,
    ratio: Spread,
    steps: f64,
    peer_steps: f64,
    memory: Option<f64>,
    peer_memory: Option<f64>,
    /// Operations a second.
    operations: f64,
    others: f64,
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let options = Options::read(arguments, 3.0)?;
    options.check_names(&WORKLOADS.iter().map(|w| w.name).collect::<Vec<_>>())?;
    let threads = options.threads.unwrap_or_else(pellucid_kernels::threads::threads);
    let sides =
        Sides { ours: built("pellucid-peers")?, python: venv::python(options.python.as_deref())?, threads };
    let before = operations_per_second(threads);
    let mut results = Vec::new();
    for workload in WORKLOADS.iter().filter(|w| options.wants(w.name)) {
        results.push(measure(workload, &options, &sides)?);
    }
    // The better of two: other programs may disturb either.
    let peak = operations_per_second(threads).max(before);
    let ratios: Vec<f64> = results.iter().map(|r| r.ratio.median).collect();
    let mean = geometric_mean(&ratios).unwrap_or(f64::NAN);
    eprintln!(
        "\n{threads} threads, {} rounds of {} s each; the processor's peak is {:.0} GFLOP/s\n",
        options.pairs,
        options.seconds,
        peak / 1e9
    );
    let shown = table(&rows(&results, peak));
    let mean_line = format!("geometric mean of the ratios: {mean:.2}");
    if options.json {
        eprintln!("{shown}\n\n{mean_line}");
        println!("{}", as_json(&results, peak, mean));
    } else {
        println!("{shown}\n\n{mean_line}");
    }
    Ok(())
}

/// Starts both sides, compares their losses, and times them in turn.
fn measure(workload: &'static Workload, options: &Options, sides: &Sides) -> Result<Measured, String> {
    let Workload { name, variants, .. } = *workload;
    eprintln!("\n{name}: {}", workload.about);
    let file = std::env::temp_dir().join(format!("pellucid-peers-{}-{name}.safetensors", std::process::id()));
    let threads = sides.threads.to_string();
    let mut command = Command::new(&sides.ours);
    let mut programs = vec![Program::start("Pellucid", command.arg(name).arg(&file).arg(&threads))?];
    let multiply_adds = number(&programs[0].hear()?, "multiply_adds")?;
    for variant in variants {
        let mut command = Command::new(&sides.python);
        command.arg(venv::folder().join("peer.py")).args([name, variant]).arg(&file).arg(&threads);
        let mut peer = Program::start(&format!("PyTorch {variant}"), &mut command)?;
        peer.hear()?;
        programs.push(peer);
    }
    // All have read it; where it cannot be deleted, the system's own cleaning will.
    let _ = std::fs::remove_file(&file);
    programs.iter().for_each(Program::forget_peak_memory);
    compare(workload, &mut programs)?;
    let line = format!("time {}", options.seconds);
    let entrants: Vec<_> =
        (0..programs.len()).map(|program| Entrant { program, line: line.clone() }).collect();
    let turns = in_turn(&mut programs, &entrants, options.pairs)?;
    if turns.waiting() > 0.05 {
        eprintln!("  warning: waiting programs kept {:.2} processors busy", turns.waiting());
    }
    if turns.others() > QUIET {
        eprintln!("  warning: other programs kept {:.2} processors busy: measure again", turns.others());
    }
    let spread = |peer: usize| Spread::of(&turns.ratios(0, peer)).ok_or("nothing was timed");
    for (peer, variant) in variants.iter().enumerate() {
        let Spread { median, low, high } = spread(peer + 1)?;
        eprintln!("  {median:.2} times as fast as {variant} ({low:.2} to {high:.2})");
    }
    // The best variant is the one that is hardest to beat.
    let medians: Vec<f64> =
        (1..programs.len()).map(|peer| spread(peer).map(|s| s.median)).collect::<Result<_, _>>()?;
    let best =
        (1..programs.len()).min_by(|&a, &b| medians[a - 1].total_cmp(&medians[b - 1])).ok_or("no peer")?;
    let steps = median(&turns.rates(0));
    Ok(Measured {
        workload,
        peer: variants[best - 1],
        ratio: spread(best)?,
        steps,
        peer_steps: median(&turns.rates(best)),
        memory: programs[0].peak_memory(),
        peer_memory: programs[best].peak_memory(),
        operations: 2.0 * multiply_adds * steps,
        others: turns.others(),
    })
}

/// Refuses programs whose first losses differ: they do not do the same work.
fn compare(workload: &Workload, programs: &mut [Program]) -> Outcome {
    let line = format!("check {COMPARED} {}", workload.rate);
    let all = programs.iter_mut().map(|program| program.ask(&line).and_then(|answer| losses(&answer)));
    let all: Vec<Vec<f64>> = all.collect::<Result<_, _>>()?;
    let Some((ours, theirs)) = all.split_first() else { return Ok(()) };
    for (program, losses) in programs[1..].iter().zip(theirs) {
        if let Some(step) = first_difference(ours, losses, workload.tolerance) {
            return Err(format!(
                "{}: step {} · the losses differ by more than {:.0e} of their size, so the programs do not do the same work\n  \
                 Pellucid {ours:?}\n  {} {losses:?}",
                workload.name,
                step + 1,
                workload.tolerance,
                program.name(),
            ));
        }
        let apart = ours.iter().zip(losses).map(|(a, b)| (a - b).abs() / a.abs().max(b.abs()));
        let most = apart.filter(|apart| apart.is_finite()).fold(0.0, f64::max);
        eprintln!(
            "  {COMPARED} losses agree with {}: at most {most:.0e} of their size apart",
            program.name()
        );
    }
    Ok(())
}

fn rows(results: &[Measured], peak: f64) -> Vec<Vec<String>> {
    let head = [
        "workload",
        "steps/s",
        "PyTorch's",
        "variant",
        "ratio",
        "from … to",
        "MiB",
        "PyTorch's",
        "of the peak",
        "others busy",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for r in results {
        let Spread { median, low, high } = r.ratio;
        let mib = |memory: Option<f64>| memory.map_or_else(|| "–".to_owned(), |mib| format!("{mib:.0}"));
        rows.push(vec![
            format!("{} {}", r.workload.name, r.workload.about),
            short(r.steps),
            short(r.peer_steps),
            r.peer.to_owned(),
            format!("{median:.2}"),
            format!("{low:.2}–{high:.2}"),
            mib(r.memory),
            mib(r.peer_memory),
            format!("{:.0} %", 100.0 * r.operations / peak),
            format!("{:.1}", r.others),
        ]);
    }
    rows
}

fn as_json(results: &[Measured], peak: f64, mean: f64) -> Value {
    let one = |r: &Measured| {
        json!({
            "ratio": r.ratio.median,
            "low": r.ratio.low,
            "high": r.ratio.high,
            "steps_per_s": r.steps,
            "peer_steps_per_s": r.peer_steps,
            "peer": r.peer,
            "memory_mib": r.memory,
            "peer_memory_mib": r.peer_memory,
            "fma_share": r.operations / peak,
        })
    };
    let workloads: Map<String, Value> =
        results.iter().map(|r| (r.workload.name.to_owned(), one(r))).collect();
    json!({ "workloads": workloads, "geometric_mean": mean })
}
