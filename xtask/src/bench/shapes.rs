//! Products of matrices and convolutions of single shapes, beside PyTorch's and the crate `gemm`'s.

use super::options::Options;
use super::program::Program;
use super::statistics::{first_difference, geometric_mean, median};
use super::table::{short, table};
use super::turns::{Entrant, QUIET, Turns, in_turn};
use super::{built, venv};
use crate::shell::Outcome;
use pellucid_kernels::peak::operations_per_second;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::process::Command;

/// The most that the mean squares of two results may differ.
const TOLERANCE: f64 = 1e-4;

/// Pictures in a batch.
const BATCH: usize = 32;

/// Products: rows, terms of a sum, columns, and which factor lies transposed. The last is a layer's gradient of weights.
const PRODUCTS: &[([usize; 3], &str)] = &[
    ([512, 512, 512], "plain"),
    ([512, 512, 512], "at"),
    ([512, 512, 512], "bt"),
    ([1024, 1024, 1024], "plain"),
    ([2048, 2048, 2048], "plain"),
    ([2048, 2048, 2048], "at"),
    ([2048, 2048, 2048], "bt"),
    ([256, 54, 256], "bt"),
    ([256, 256, 54], "plain"),
    ([2048, 256, 1024], "plain"),
    ([2048, 256, 1024], "bt"),
    ([256, 2048, 1024], "at"),
];

/// The convolutions of ResNet-18 on 32×32 pictures: side, channels in and out, kernel, stride.
const CONVOLUTIONS: &[[usize; 5]] = &[
    [32, 3, 64, 3, 1],
    [32, 64, 64, 3, 1],
    [32, 64, 128, 3, 2],
    [16, 128, 128, 3, 1],
    [16, 128, 256, 3, 2],
    [8, 256, 256, 3, 1],
    [8, 256, 512, 3, 2],
    [4, 512, 512, 3, 1],
    [32, 64, 128, 1, 2],
];

/// The passes of a convolution, and how people call them.
const PASSES: [(&str, &str); 3] =
    [("forward", "forward"), ("input", "backward data"), ("weight", "backward weights")];

/// Which program computes, and the first word of its line.
type Side = (usize, &'static str);
const PELLUCID: Side = (0, "pellucid");
const GEMM: Side = (0, "gemm");
const EAGER: Side = (1, "eager");
const CHANNELS_LAST: Side = (1, "channels-last");

/// Something that is computed.
struct Shape {
    name: String,
    /// The line without its first word and its seconds.
    line: String,
    multiply_adds: f64,
    sides: &'static [Side],
}

fn shapes() -> Vec<Shape> {
    let products = PRODUCTS.iter().map(|&([m, k, n], form)| Shape {
        name: format!(
            "product {m}×{k}×{n}{}",
            match form {
                "at" => " Aᵀ",
                "bt" => " Bᵀ",
                _ => "",
            }
        ),
        line: format!("matmul {m} {k} {n} {form}"),
        multiply_adds: (m * k * n) as f64,
        sides: &[PELLUCID, EAGER, GEMM],
    });
    let convolutions = CONVOLUTIONS.iter().flat_map(|&[side, from, to, kernel, stride]| {
        PASSES.map(|(pass, called)| Shape {
            name: format!("{kernel}×{kernel}/{stride} {side}²×{from}→{to} {called}"),
            line: format!("{pass} {BATCH} {side} {from} {to} {kernel} {stride}"),
            multiply_adds: (BATCH * side.div_ceil(stride).pow(2) * from * to * kernel * kernel) as f64,
            sides: &[PELLUCID, EAGER, CHANNELS_LAST],
        })
    });
    products.chain(convolutions).collect()
}

/// Operations a second with a number of threads.
struct Speed {
    threads: usize,
    ours: f64,
    torch: f64,
    gemm: Option<f64>,
    peak: f64,
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let options = Options::read(arguments, 0.2)?;
    let shapes = shapes();
    let kinds = |shape: &Shape| shape.line.split(' ').next().unwrap_or_default().to_owned();
    let mut known: Vec<String> = shapes.iter().map(kinds).collect();
    known.dedup();
    known.truncate(1 + PASSES.len());
    options.check_names(&known.iter().map(String::as_str).collect::<Vec<_>>())?;
    let threads = options.threads.map_or_else(|| vec![1, pellucid_kernels::threads::threads()], |n| vec![n]);
    let python = venv::python(options.python.as_deref())?;
    let ours = built("pellucid-shapes")?;
    let wanted: Vec<&Shape> = shapes.iter().filter(|shape| options.wants(&kinds(shape))).collect();
    let mut speeds: Vec<Vec<Speed>> = wanted.iter().map(|_| Vec::new()).collect();
    for threads in threads {
        let peak = operations_per_second(threads);
        eprintln!("\n{threads} threads, the processor's peak is {:.0} GFLOP/s", peak / 1e9);
        let mut programs = start(&ours, &python, threads)?;
        for (shape, speeds) in wanted.iter().zip(&mut speeds) {
            let turns = measure(shape, &mut programs, &options)?;
            let speed = |side: Side| {
                let place = shape.sides.iter().position(|s| *s == side)?;
                Some(2.0 * shape.multiply_adds * median(&turns.rates(place)))
            };
            let theirs = [EAGER, CHANNELS_LAST].into_iter().filter_map(speed).fold(0.0, f64::max);
            let ours = speed(PELLUCID).unwrap_or(f64::NAN);
            let ratio = ours / theirs;
            eprintln!("  {:<36} {:>4.0} GFLOP/s, {ratio:.2} times PyTorch's", shape.name, ours / 1e9);
            if turns.others() > QUIET {
                eprintln!("    warning: other programs kept {:.2} processors busy", turns.others());
            }
            speeds.push(Speed { threads, ours, torch: theirs, gemm: speed(GEMM), peak });
        }
    }
    let shown = table(&rows(&wanted, &speeds));
    match options.json {
        true => {
            eprintln!("\n{shown}");
            println!("{}", as_json(&wanted, &speeds));
        }
        false => println!("\n{shown}"),
    }
    Ok(())
}

/// Pellucid's side, which has the crate `gemm` too, and PyTorch's.
fn start(ours: &Path, python: &Path, threads: usize) -> Result<Vec<Program>, String> {
    let threads = threads.to_string();
    let mut ours = Command::new(ours);
    let mut theirs = Command::new(python);
    theirs.arg(venv::folder().join("shapes.py")).arg(&threads);
    Ok(vec![Program::start("Pellucid", ours.arg(&threads))?, Program::start("PyTorch", &mut theirs)?])
}

/// Times all sides in turn; refuses results that differ.
fn measure(shape: &Shape, programs: &mut [Program], options: &Options) -> Result<Turns, String> {
    let entrant = |&(program, who): &Side| Entrant {
        program,
        line: format!("{who} {} {}", shape.line, options.seconds),
    };
    let entrants: Vec<_> = shape.sides.iter().map(entrant).collect();
    let turns = in_turn(programs, &entrants, options.pairs)?;
    let results: Vec<f64> = (0..shape.sides.len()).filter_map(|side| turns.result(side)).collect();
    for (&(_, who), result) in shape.sides.iter().zip(&results) {
        if first_difference(&results[..1], &[*result], TOLERANCE).is_some() {
            return Err(format!(
                "{}: the results differ: the mean square is {} by Pellucid and {result} by {who}",
                shape.name, results[0]
            ));
        }
    }
    Ok(turns)
}

fn rows(shapes: &[&Shape], speeds: &[Vec<Speed>]) -> Vec<Vec<String>> {
    let mut head = vec!["GFLOP/s".to_owned()];
    for speed in speeds.first().into_iter().flatten() {
        let threads = speed.threads;
        let word = if threads == 1 { "thread" } else { "threads" };
        head.extend([format!("{threads} {word}"), "of the peak".to_owned()]);
        head.extend(["PyTorch", "gemm", "ratio"].map(str::to_owned));
    }
    let mut rows = vec![head];
    for (shape, speeds) in shapes.iter().zip(speeds) {
        let mut row = vec![shape.name.clone()];
        for Speed { ours, torch, gemm, peak, .. } in speeds {
            row.extend([short(ours / 1e9), format!("{:.0} %", 100.0 * ours / peak), short(torch / 1e9)]);
            row.extend([short(gemm.unwrap_or(f64::NAN) / 1e9), format!("{:.2}", ours / torch)]);
        }
        rows.push(row);
    }
    let mut last = vec!["geometric mean".to_owned()];
    for place in 0..speeds.first().map_or(0, Vec::len) {
        let ratios: Vec<f64> = speeds.iter().filter_map(|s| s.get(place)).map(|s| s.ours / s.torch).collect();
        last.extend([const { String::new() }; 4]);
        last.push(geometric_mean(&ratios).map_or_else(String::new, |mean| format!("{mean:.2}")));
    }
    rows.push(last);
    rows
}

/// `{"shapes": {NAME: {THREADS: {"gflops": …, "peer_gflops": …, "gemm_gflops": … or null, "ratio": …, "fma_share": …}}}}`.
fn as_json(shapes: &[&Shape], speeds: &[Vec<Speed>]) -> Value {
    let one = |s: &Speed| {
        json!({
            "gflops": s.ours / 1e9,
            "peer_gflops": s.torch / 1e9,
            "gemm_gflops": s.gemm.map(|speed| speed / 1e9),
            "ratio": s.ours / s.torch,
            "fma_share": s.ours / s.peak,
        })
    };
    let by_threads = |speeds: &[Speed]| -> Map<String, Value> {
        speeds.iter().map(|s| (s.threads.to_string(), one(s))).collect()
    };
    let named =
        shapes.iter().zip(speeds).map(|(shape, speeds)| (shape.name.clone(), by_threads(speeds).into()));
    json!({ "shapes": named.collect::<Map<String, Value>>() })
}
