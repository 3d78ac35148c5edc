//! A network drawn from what goes in, on the left, to what comes out: pictures as slabs as high and deep as they are and as thick as they
//! have channels, sequences as rows of columns, vectors as columns of cells.

use maud::{Markup, html};

use super::solid::{Largest, shape, strength};
use super::{at, picture};
use crate::report::blocks::{Block, Lane, Stage};
use crate::report::data::End;
use crate::report::words;

/// From one block to the next.
const PITCH: f64 = 104.0;
/// The width of a block, without its words.
const BLOCK: f64 = 78.0;
/// The width of what goes in and comes out.
const END: f64 = 126.0;
/// Between stages, for the lines that join lanes.
const GAP: f64 = 30.0;
/// The largest height of a block.
pub(super) const TALL: f64 = 104.0;
/// What a lane takes with its words.
const ROW: f64 = 232.0;
/// The first line of words stands so far below the middle of a block.
const WORDS: f64 = TALL / 2.0 + 26.0;
/// From one line of words to the next.
const LINE: f64 = 15.0;

/// How a block learns now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Now {
    /// Nothing is known, or there is nothing to learn.
    Unknown,
    /// It is left as it was.
    Kept,
    /// It changes by this share of itself in a step.
    Changes(f64),
    /// So much that it forgets what it knew.
    TooMuch(f64),
}

/// The network; `now` says how each block learns, in the order of their numbers.
pub(crate) fn network(
    inputs: &[End],
    stages: &[Stage],
    answers: &[End],
    now: &[Now],
    description: &str,
) -> Markup {
    let plan = Plan::new(inputs, stages, answers);
    let largest = Largest::of(stages);
    let placed = stages.iter().enumerate().flat_map(|(s, stage)| {
        let plan = &plan;
        stage.lanes.iter().enumerate().flat_map(move |(l, lane)| {
            lane.blocks.iter().enumerate().map(move |(b, block)| (block, (plan.x(s, b), plan.lanes[s][l])))
        })
    });
    let outcome = |i: usize| (plan.width - END / 2.0, plan.row(i, answers.len()));
    let drawing = picture(
        plan.width,
        plan.height,
        "The network, from what goes in to what comes out",
        description,
        html! {
            (plan.lines(inputs, stages, answers))
            @for (input, y) in inputs.iter().zip(&plan.inputs) { (end(input, (END / 2.0, *y))) }
            @for (i, ((block, place), now)) in placed.zip(now).enumerate() { (drawn(block, i + 1, place, &largest, *now)) }
            @for (i, answer) in answers.iter().enumerate() { (end(answer, outcome(i))) }
        },
    );
    html! {
        div class="flowing" style=(format!("--width:{}px", at(plan.width))) tabindex="0" role="group" aria-label="The network, drawn" {
            (drawing)
        }
    }
}

/// Where everything lies.
struct Plan {
    width: f64,
    height: f64,
    rows: usize,
    /// The left side of each stage.
    left: Vec<f64>,
    /// The middle of each lane of each stage.
    lanes: Vec<Vec<f64>>,
    /// The middle of each input.
    inputs: Vec<f64>,
}

impl Plan {
    fn new(inputs: &[End], stages: &[Stage], answers: &[End]) -> Plan {
        let (mut left, mut x) = (Vec::new(), END + GAP);
        for stage in stages {
            left.push(x);
            let longest = stage.lanes.iter().map(|lane| lane.blocks.len()).max().unwrap_or(0);
            x += longest.saturating_sub(1) as f64 * PITCH + BLOCK + GAP;
        }
        let (rows_of_lanes, rows_of_inputs, first) = Plan::rows_of_first(inputs, stages);
        let most = stages.iter().map(|stage| stage.lanes.len()).max().unwrap_or(0);
        let rows = first.max(most).max(answers.len()).max(1);
        let mut plan = Plan {
            width: x + END,
            height: rows as f64 * ROW - 20.0,
            rows,
            left,
            lanes: Vec::new(),
            inputs: Vec::new(),
        };
        let middle = |rows: &Vec<usize>| {
            rows.iter().map(|&row| plan.row(row, first)).sum::<f64>() / rows.len().max(1) as f64
        };
        plan.inputs = rows_of_inputs.iter().map(middle).collect();
        plan.lanes = stages
            .iter()
            .map(|stage| {
                let of = |l: usize| match rows_of_lanes.get(l) {
                    Some(&row) if stage.number == 0 => plan.row(row, first),
                    _ => plan.row(l, stage.lanes.len()),
                };
                (0..stage.lanes.len()).map(of).collect()
            })
            .collect();
        plan
    }

    /// The rows in which the lanes of stage 0 lie, those beside which each input stands, and how many there are: an input that only the next
    /// stage takes has one for itself.
    fn rows_of_first(inputs: &[End], stages: &[Stage]) -> (Vec<usize>, Vec<Vec<usize>>, usize) {
        let lanes: Vec<u32> = match stages.first() {
            Some(stage) if stage.number == 0 => stage.lanes.iter().map(|lane| lane.lane).collect(),
            _ => Vec::new(),
        };
        let (mut rows, mut next): (Vec<Option<usize>>, usize) = (vec![None; lanes.len()], 0);
        let mut new = || {
            next += 1;
            next - 1
        };
        let mut beside = Vec::new();
        for input in inputs {
            let own = (0..lanes.len()).filter(|&l| input.lanes.contains(&lanes[l]));
            let mut found: Vec<usize> = own.map(|l| *rows[l].get_or_insert_with(&mut new)).collect();
            if found.is_empty() {
                found.push(new());
            }
            beside.push(found);
        }
        let rows = rows.into_iter().map(|row| row.unwrap_or_else(&mut new)).collect();
        (rows, beside, next)
    }

    /// The middle of the `i`-th of `n` rows.
    fn row(&self, i: usize, n: usize) -> f64 {
        (i as f64 + 0.5) * self.rows as f64 * ROW / n.max(1) as f64 - ROW / 2.0 + TALL / 2.0 + 16.0
    }

    /// The middle of a block.
    fn x(&self, stage: usize, block: usize) -> f64 {
        self.left.get(stage).copied().unwrap_or_default() + BLOCK / 2.0 + block as f64 * PITCH
    }

    /// The lines by which data come from block to block.
    fn lines(&self, inputs: &[End], stages: &[Stage], answers: &[End]) -> Markup {
        let into = |s: usize, l: usize| (self.x(s, 0) - BLOCK / 2.0, self.lanes[s][l]);
        let out_of = |s: usize, l: usize| {
            let last = stages[s].lanes[l].blocks.len().saturating_sub(1);
            (self.x(s, last) + BLOCK / 2.0, self.lanes[s][l])
        };
        let mut lines = Vec::new();
        // What has no lane of stage 0 goes to the next stage, or to the only one.
        let next = stages.iter().position(|stage| stage.number > 0).unwrap_or(0);
        for (input, &y) in inputs.iter().zip(&self.inputs) {
            let to = if input.lanes.is_empty() { next } else { 0 };
            let Some(stage) = stages.get(to) else { continue };
            for (l, lane) in stage.lanes.iter().enumerate() {
                if stage.number > 0 || input.lanes.is_empty() || input.lanes.contains(&lane.lane) {
                    lines.push(((END, y), into(to, l)));
                }
            }
        }
        for (s, stage) in stages.iter().enumerate() {
            for (l, lane) in stage.lanes.iter().enumerate() {
                let y = self.lanes[s][l];
                let pair = |b: usize| ((self.x(s, b - 1) + BLOCK / 2.0, y), (self.x(s, b) - BLOCK / 2.0, y));
                lines.extend((1..lane.blocks.len()).map(pair));
                let lanes = stages.get(s + 1).map_or(0, |next| next.lanes.len());
                lines.extend((0..lanes).map(|next| (out_of(s, l), into(s + 1, next))));
            }
        }
        for (i, answer) in answers.iter().enumerate() {
            let to = (self.width - END, self.row(i, answers.len()));
            let Some((s, stage)) = stages.iter().enumerate().next_back() else { continue };
            let own = |lane: &Lane| answer.lanes.is_empty() || answer.lanes.contains(&lane.lane);
            let lanes = stage.lanes.iter().enumerate().filter(|(_, lane)| own(lane));
            lines.extend(lanes.map(|(l, _)| (out_of(s, l), to)));
        }
        html! { @for (from, to) in lines { (arrow(from, to)) } }
    }
}

fn arrow((x0, y0): (f64, f64), (x1, y1): (f64, f64)) -> Markup {
    let bend = if (y0 - y1).abs() < 1.0 { 0.0 } else { ((x1 - x0) * 0.5).clamp(18.0, 90.0) };
    let line = format!(
        "M{} {}C{} {} {} {} {} {}",
        at(x0 + 2.0),
        at(y0),
        at(x0 + 2.0 + bend),
        at(y0),
        at(x1 - 5.0 - bend),
        at(y1),
        at(x1 - 5.0),
        at(y1)
    );
    let (tip, back) = (x1 - 1.0, x1 - 7.0);
    let head =
        format!("M{} {}L{} {}L{} {}Z", at(tip), at(y1), at(back), at(y1 - 4.0), at(back), at(y1 + 4.0));
    html! { path class="flow" d=(line) {} path class="head" d=(head) {} }
}

/// What goes in or comes out.
fn end(end: &End, (x, y): (f64, f64)) -> Markup {
    let (name, what) = (lines(&end.name, 15, 2), lines(&end.what, 17, 3));
    let height = 20.0 + (name.len() + what.len()) as f64 * LINE;
    let top = y - height / 2.0;
    html! {
        rect class="end" x=(at(x - END / 2.0 + 1.0)) y=(at(top)) width=(at(END - 2.0)) height=(at(height)) rx="10" {}
        @for (i, line) in name.iter().chain(&what).enumerate() {
            text class=(if i < name.len() { "name" } else { "tick" }) text-anchor="middle"
                x=(at(x)) y=(at(top + 21.0 + i as f64 * LINE)) { (line) }
        }
    }
}

/// A block with its words.
fn drawn(block: &Block, number: usize, (x, y): (f64, f64), largest: &Largest, now: Now) -> Markup {
    let (class, strength) = match now {
        Now::Unknown => ("block", None),
        Now::Kept => ("block kept", None),
        Now::Changes(share) => ("block", Some(strength(share))),
        Now::TooMuch(_) => ("block too-much", Some(0.85)),
    };
    let title = lines(&block.title, 13, 2);
    let numbers = match block.parameters {
        0 => "nothing learned".to_owned(),
        n => words::about(n),
    };
    let mut facts = vec![block.output.clone(), numbers];
    match now {
        Now::Unknown => {}
        Now::Kept => facts.push("stays as it was".to_owned()),
        Now::Changes(share) | Now::TooMuch(share) => facts.push(format!("{} a step", per_cent(share))),
    }
    let below = |line: usize| at(y + WORDS + line as f64 * LINE);
    html! {
        g class=(class) {
            (shape(block, x, y, largest, strength))
            text class="tick" x=(at(x - BLOCK / 2.0 + 2.0)) y=(at(y - TALL / 2.0 - 4.0)) { (number) }
            @if block.times > 1 {
                text class="times" text-anchor="end" x=(at(x + BLOCK / 2.0)) y=(at(y - TALL / 2.0 - 4.0)) { "× " (block.times) }
            }
            @for (i, line) in title.iter().enumerate() {
                text class="name" text-anchor="middle" x=(at(x)) y=(below(i)) { (line) }
            }
            @for (i, line) in facts.iter().enumerate() {
                text class=(if i == 2 { "tick now" } else { "tick" }) text-anchor="middle" x=(at(x)) y=(below(title.len() + i)) { (line) }
            }
        }
    }
}

/// A share of one as per cent, with two digits that say something.
pub(crate) fn per_cent(share: f64) -> String {
    let value = 100.0 * share;
    let text = match value {
        v if v >= 9.95 => format!("{v:.0}"),
        v if v >= 0.995 => format!("{v:.1}"),
        v if v >= 0.0995 => format!("{v:.2}"),
        v if v >= 0.00995 => format!("{v:.3}"),
        v if v >= 0.0001 => format!("{v:.4}"),
        0.0 => "0".to_owned(),
        _ => "< 0.0001".to_owned(),
    };
    format!("{text}{}%", words::NARROW)
}

/// A text in at most so many lines of about so many letters; what does not fit is cut.
fn lines(text: &str, letters: usize, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut cut = false;
    for word in text.split_whitespace() {
        let fits = |line: &&mut String| line.chars().count() + 1 + word.chars().count() <= letters;
        if let Some(line) = lines.last_mut().filter(fits) {
            line.push(' ');
            line.push_str(word);
        } else if lines.len() < most {
            lines.push(word.to_owned());
        } else {
            cut = true;
            break;
        }
    }
    if let Some(last) = lines.last_mut().filter(|_| cut) {
        last.push('…');
    }
    for line in &mut lines {
        if line.chars().count() > letters {
            *line = line.chars().take(letters.saturating_sub(1)).chain(['…']).collect();
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_and_cut() {
        assert_eq!(lines("Transformer block", 12, 2), ["Transformer", "block"]);
        assert_eq!(lines("a b c d e f", 4, 2), ["a b", "c d…"]);
        assert_eq!(lines("a b c d e f", 3, 2), ["a b", "c …"]);
        assert_eq!(lines("Donaudampfschifffahrt", 8, 2), ["Donauda…"]);
        assert_eq!(lines("", 8, 2), [""; 0]);
    }

    #[test]
    fn shares_keep_two_digits() {
        let shown = [0.5, 0.0123, 0.00123, 0.000_123, 1e-5, 1e-9, 0.0].map(per_cent);
        let want = ["50", "1.2", "0.12", "0.012", "0.0010", "< 0.0001", "0"];
        assert_eq!(shown, want.map(|number| format!("{number}\u{202f}%")));
        assert!(strength(1e-9) < strength(1e-3) && strength(1e-3) < strength(0.05));
    }
}
