//! For people: one progress bar per part of the work, or plain lines where standard error is no terminal.

use super::progress::Progress;
use super::{Style, count, duration};
use crate::output::say;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pellucid_goals::Watcher;
use pellucid_train::{Observer, StepEvent, Validation};
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// Work that is done sooner is not worth a bar.
const PATIENCE: Duration = Duration::from_millis(400);

/// Pause between two updates of a bar.
const REFRESH: Duration = Duration::from_millis(100);

/// The shortest pause between two lines; it grows with the time spent.
const PAUSE: Duration = Duration::from_secs(2);

/// Shows the work to a person.
pub(crate) struct Console {
    style: Style,
    terminal: bool,
    bar: Option<ProgressBar>,
    work: Option<Work>,
    training: Option<Progress>,
    /// When the current part of the work began, and when it was last told of.
    began: Instant,
    told: Instant,
}

/// A part of the work that is not training.
struct Work {
    name: String,
    items: usize,
}

impl Console {
    pub(crate) fn new() -> Console {
        let now = Instant::now();
        let terminal = io::stderr().is_terminal();
        let style = Style::of_stderr();
        Console { style, terminal, bar: None, work: None, training: None, began: now, told: now }
    }

    /// Prints a line above the bar.
    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }

    /// Ends the current part of the work.
    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.work = None;
        if let Some(progress) = self.training.take()
            && let Some((step, steps)) = progress.steps()
        {
            let early = if step < steps { format!(" (of {} planned)", count(steps)) } else { String::new() };
            let took = duration(self.began.elapsed().as_secs_f64());
            self.say(&format!("Trained {} steps{early} in {took} · {}", count(step), progress.figures()));
        }
        self.began = Instant::now();
        self.told = self.began;
    }

    /// Whether it is time to tell where the work is.
    fn due(&mut self) -> bool {
        let pause = match (self.terminal, &self.bar) {
            (true, Some(_)) => REFRESH,
            (true, None) => PATIENCE,
            (false, _) => PAUSE.max(self.began.elapsed() / 20),
        };
        let due = self.told.elapsed() >= pause;
        if due {
            self.told = Instant::now();
        }
        due
    }

    /// The bar, made when it is first needed; `None` where there is no terminal.
    fn show(&mut self, name: &str, items: u64, done: u64, message: String) {
        if !self.terminal {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(items), ProgressDrawTarget::stderr());
            bar.set_style(look());
            bar.set_prefix(name.to_owned());
            bar
        });
        bar.set_message(message);
        bar.set_position(done);
    }

    fn tell_training(&mut self) {
        let Some(progress) = &self.training else { return };
        let Some((step, steps)) = progress.steps() else { return };
        if self.terminal {
            let message = format!("{} · {}", progress.left(), progress.figures());
            self.show("Training", steps, step, message);
        } else {
            say(progress.line());
        }
    }

    fn training(&mut self) -> &mut Progress {
        if self.training.is_none() {
            self.end();
        }
        self.training.get_or_insert_default()
    }
}

fn look() -> ProgressStyle {
    ProgressStyle::with_template("{prefix} {bar:28} {percent:>3} %  {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

impl Observer for Console {
    fn step(&mut self, event: &StepEvent) {
        self.training().step(event);
        if self.due() {
            self.tell_training();
        }
    }

    fn validated(&mut self, _: u64, validation: &Validation, _: bool) {
        self.training().validated(validation);
        if self.due() {
            self.tell_training();
        }
    }

    fn resumed(&mut self, step: u64) {
        self.say(&format!("Going on after step {}.", count(step)));
    }

    fn warning(&mut self, text: &str) {
        let text = text.trim_end();
        // Findings of the checks bring their own word.
        let text = match ["leak ", "warning ", "note "].iter().any(|word| text.starts_with(word)) {
            true => text.to_owned(),
            false => format!("{} {text}", self.style.yellow("warning:")),
        };
        self.say(&text);
    }
}

impl Watcher for Console {
    fn note(&mut self, text: &str) {
        self.say(&self.style.dim(&format!("  {text}")));
    }

    fn begin(&mut self, work: &str, items: usize) {
        self.end();
        self.work = Some(Work { name: work.to_owned(), items });
    }

    fn advance(&mut self, done: usize) {
        if !self.due() {
            return;
        }
        let Some(Work { name, items }) = &self.work else { return };
        let (name, items) = (name.clone(), *items as u64);
        let message = format!("{} of {}", count(done as u64), count(items));
        if self.terminal {
            self.show(&name, items, done as u64, message);
        } else {
            say(format_args!("{name}: {message}"));
        }
    }

    fn planned(&mut self, steps: u64, seconds: f64, bytes: usize) {
        self.end();
        let size = indicatif::BinaryBytes(bytes as u64);
        self.say(&format!(
            "Training: up to {} steps, about {}; the prepared data takes {size}",
            count(steps),
            duration(seconds)
        ));
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.end();
    }
}
