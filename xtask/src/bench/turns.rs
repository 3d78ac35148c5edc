//! Programs that are timed in turn, A B C A B C …: what disturbs the machine for a while disturbs all of them.

use super::answers::{Timed, timed};
use super::program::{Program, all_processor_seconds};
use super::statistics::median;

/// What is timed: the program in this place, asked with this line.
pub(crate) struct Entrant {
    pub(crate) program: usize,
    pub(crate) line: String,
}

/// What came of it.
pub(crate) struct Turns {
    /// For each entrant, its measurement in every round.
    pub(crate) timed: Vec<Vec<Timed>>,
    /// Processors that the waiting programs kept busy, in the median turn; they should sleep.
    pub(crate) waiting: f64,
    /// Processors that everything else on the machine kept busy.
    pub(crate) others: f64,
}

impl Turns {
    /// Runs a second of an entrant in every round.
    pub(crate) fn rates(&self, entrant: usize) -> Vec<f64> {
        self.timed[entrant].iter().map(Timed::rate).collect()
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

/// Times every entrant once in each round.
pub(crate) fn in_turn(
    programs: &mut [Program],
    entrants: &[Entrant],
    rounds: usize,
) -> Result<Turns, String> {
    let mut turns = Turns { timed: vec![Vec::new(); entrants.len()], waiting: 0.0, others: 0.0 };
    let (mut waiting, mut others) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for (entrant, measured) in entrants.iter().zip(&mut turns.timed) {
            let begin = std::time::Instant::now();
            let before = clocks(programs, entrant.program);
            let program = &mut programs[entrant.program];
            let answer = program.ask(&entrant.line)?;
            measured.push(timed(&answer).map_err(|why| format!("{}: {why}", program.name()))?);
            if let (Some(before), Some(after)) = (before, clocks(programs, entrant.program)) {
                let [own, idle, all] = [0, 1, 2].map(|i| after[i] - before[i]);
                let seconds = begin.elapsed().as_secs_f64();
                waiting.push(idle / seconds);
                others.push((all - own - idle).max(0.0) / seconds);
            }
        }
    }
    (turns.waiting, turns.others) = (median(&waiting), median(&others));
    Ok(turns)
}
