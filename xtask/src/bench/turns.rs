//! Programs that are timed in turn, A B C A B C …: what disturbs the machine for a while disturbs all of them.

use super::answers::{Timed, timed};
use super::program::{Program, all_processor_seconds};
use super::statistics::median;
use std::time::Instant;

/// What is timed: the program in this place, asked with this line.
pub(crate) struct Entrant {
    pub(crate) program: usize,
    pub(crate) line: String,
}

/// What came of it.
pub(crate) struct Turns {
    rounds: Vec<Round>,
}

/// One turn of every entrant.
struct Round {
    timed: Vec<Timed>,
    /// Processors that the waiting programs kept busy, in the turn with most of it; they should sleep.
    waiting: f64,
    /// Processors that everything else on the machine kept busy.
    others: f64,
}

/// A round is quiet if everything else keeps fewer processors busy than this.
pub(crate) const QUIET: f64 = 0.1;

/// The most rounds that are made for one that counts, in the hope of quiet ones.
const PATIENCE: usize = 3;

impl Turns {
    /// Runs a second of an entrant in every round.
    pub(crate) fn rates(&self, entrant: usize) -> Vec<f64> {
        self.rounds.iter().map(|round| round.timed[entrant].rate()).collect()
    }

    /// The first result of an entrant.
    pub(crate) fn result(&self, entrant: usize) -> Option<f64> {
        Some(self.rounds.first()?.timed.get(entrant)?.loss)
    }

    /// Processors that the waiting programs kept busy, in the median round.
    pub(crate) fn waiting(&self) -> f64 {
        median(&self.rounds.iter().map(|round| round.waiting).collect::<Vec<_>>())
    }

    /// Processors that everything else on the machine kept busy, in the median round.
    pub(crate) fn others(&self) -> f64 {
        median(&self.rounds.iter().map(|round| round.others).collect::<Vec<_>>())
    }

    /// Round by round, how many times as fast one entrant is as another.
    pub(crate) fn ratios(&self, entrant: usize, other: usize) -> Vec<f64> {
        self.rates(entrant).iter().zip(self.rates(other)).map(|(a, b)| a / b).collect()
    }
}

/// Processor time of the one at work, of those that wait, and of all programs of the machine.
fn clocks(programs: &[Program], at_work: usize) -> Option<[f64; 3]> {
    let mut seconds = [0.0, 0.0, all_processor_seconds()?];
    for (i, program) in programs.iter().enumerate() {
        seconds[usize::from(i != at_work)] += program.processor_seconds()?;
    }
    Some(seconds)
}

/// Times every entrant once in each round, until so many rounds were quiet, but not for ever; the least disturbed
/// ones count. They are chosen by what other programs did alone, not by what was measured.
pub(crate) fn in_turn(
    programs: &mut [Program],
    entrants: &[Entrant],
    wanted: usize,
) -> Result<Turns, String> {
    let mut rounds: Vec<Round> = Vec::new();
    while rounds.len() < PATIENCE * wanted && rounds.iter().filter(|r| r.others < QUIET).count() < wanted {
        rounds.push(round(programs, entrants)?);
    }
    rounds.sort_by(|a, b| a.others.total_cmp(&b.others));
    rounds.truncate(wanted);
    Ok(Turns { rounds })
}

fn round(programs: &mut [Program], entrants: &[Entrant]) -> Result<Round, String> {
    let mut round = Round { timed: Vec::new(), waiting: 0.0, others: 0.0 };
    for entrant in entrants {
        let begin = Instant::now();
        let before = clocks(programs, entrant.program);
        let program = &mut programs[entrant.program];
        let answer = program.ask(&entrant.line)?;
        round.timed.push(timed(&answer).map_err(|why| format!("{}: {why}", program.name()))?);
        if let (Some(before), Some(after)) = (before, clocks(programs, entrant.program)) {
            let [own, idle, all] = [0, 1, 2].map(|i| after[i] - before[i]);
            let seconds = begin.elapsed().as_secs_f64();
            round.waiting = round.waiting.max(idle / seconds);
            round.others = round.others.max((all - own - idle) / seconds);
        }
    }
    Ok(round)
}
