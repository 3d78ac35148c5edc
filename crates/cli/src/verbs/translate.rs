//! `translate`: texts into another language, by a network that has learned from pairs of texts.

use super::resume::RUN;
use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, THREADS, Value};
use crate::output::{self, say};
use crate::program::{DONE, Operand, Verb};
use crate::show;
use pellucid_data::DataError;
use pellucid_goals::{Error, Translated, Translation, Way, translation};
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, stdin};
use std::path::Path;

static FILE: Flag = Flag {
    name: "file",
    value: Value::Path("FILE"),
    many: false,
    help: "Translate this file line by line; - is standard input [default: standard input, if no TEXT is given]",
    under: "Translating",
};

static TO: Flag = Flag {
    name: "to",
    value: Value::Text("COLUMN"),
    many: false,
    help: "Translate into what this column was written in, if the network has learned both ways [default: the other language than the text's]",
    under: "Translating",
};

static ALTERNATIVES: Flag = Flag {
    name: "alternatives",
    value: Value::Whole("N"),
    many: false,
    help: "Show so many translations of each text, with their probabilities [default: 1]",
    under: "Translating",
};

static ALIGNMENT: Flag = Flag {
    name: "alignment",
    value: Value::Switch,
    many: false,
    help: "Show from which words each word of a translation was made",
    under: "Translating",
};

/// The most alternatives: more are hardly different from each other.
const MOST: u64 = 20;

/// Lines that are translated at once.
const AT_ONCE: usize = 256;

/// Words of which a translated word was made, if they are worth so much of it.
const WORTH: f32 = 0.1;
const SHOWN: usize = 3;

pub(crate) static VERB: Verb = Verb {
    name: "translate",
    about: "Translate texts with a network that has learned from pairs of texts",
    examples: &[
        "pellucid translate runs/pairs-1 \"A man is reading a book.\"",
        "pellucid translate runs/pairs-1 --file texts.txt > translated.txt",
        "pellucid translate runs/pairs-1 --to english \"Zwei Hunde spielen.\"",
        "pellucid translate runs/pairs-1 --alternatives 3 --alignment \"Two dogs play.\"",
    ],
    operands: &[
        RUN,
        Operand { name: "TEXT", help: "Texts to translate, each in quotes", required: false, many: true },
    ],
    flags: &[&FILE, &TO, &ALTERNATIVES, &ALIGNMENT, &THREADS, &JSON],
    run,
};

/// How translations are shown.
struct Shown {
    /// The way for all texts, if it is given.
    way: Option<Way>,
    alternatives: usize,
    alignment: bool,
    json: bool,
}

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let texts = a.operands(1).iter().map(|text| text_of(text)).collect::<Result<Vec<_>, _>>()?;
    if !texts.is_empty() && a.path(&FILE).is_some() {
        return Err(Error::usage("both TEXT and --file are given · leave one of them out"));
    }
    let alternatives = a.whole(&ALTERNATIVES).unwrap_or(1);
    if alternatives > MOST {
        return Err(Error::usage(format!("--alternatives {alternatives} are too many · at most {MOST}")));
    }
    let model = translation(a.operand(0).unwrap_or(Path::new("")))?;
    let shown = Shown {
        way: a.text(&TO).map(|column| way_to(&model, column)).transpose()?,
        alternatives: alternatives as usize,
        alignment: a.on(&ALIGNMENT),
        json: a.on(&JSON),
    };
    if !texts.is_empty() {
        shown.translate(&model, &texts)?;
        return Ok(DONE);
    }
    let file = a.path(&FILE).unwrap_or(Path::new("-"));
    match file == Path::new("-") {
        // A person waits for each line.
        true if stdin().is_terminal() => lines(stdin().lock(), file, 1, &model, &shown)?,
        true => lines(stdin().lock(), file, AT_ONCE, &model, &shown)?,
        false => {
            let open = File::open(file).map_err(|e| DataError::io("the texts cannot be read", file, &e))?;
            lines(BufReader::new(open), file, AT_ONCE, &model, &shown)?;
        }
    }
    Ok(DONE)
}

fn text_of(text: &Path) -> Result<String, Error> {
    text.to_str().map(str::to_owned).ok_or_else(|| Error::usage("a text to translate is not valid UTF-8"))
}

/// Warns of a text that seems to be in the language that is written.
pub(super) fn warn_of_translated(model: &Translation, text: &str) -> Result<(), Error> {
    if model.seems_translated(text)? {
        let [read, written] = &model.columns;
        let warning = show::Style::of_stderr().yellow("warning:");
        say(format_args!("{warning} this seems to be `{written}` already, not `{read}` · {text}"));
    }
    Ok(())
}

/// The way that writes what stood in a column.
pub(super) fn way_to(model: &Translation, column: &str) -> Result<Way, Error> {
    let written = |way: &Way| way.of(&model.columns).1;
    let known = || model.ways().iter().copied();
    known().find(|way| written(way) == column).ok_or_else(|| {
        let all: Vec<_> = known().map(|way| format!("`{}`", written(&way))).collect();
        Error::usage(format!(
            "this network does not translate into `{column}` · it writes {}",
            all.join(" and ")
        ))
    })
}

/// Translates line by line; an empty line stays one.
fn lines(
    mut from: impl BufRead,
    file: &Path,
    at_once: usize,
    model: &Translation,
    shown: &Shown,
) -> Result<(), Error> {
    let mut number = 0;
    loop {
        let mut some = Vec::new();
        while some.len() < at_once {
            let mut line = Vec::new();
            let read = from.read_until(b'\n', &mut line);
            if read.map_err(|e| DataError::io("the texts cannot be read", file, &e))? == 0 {
                break;
            }
            number += 1;
            let text = String::from_utf8(line).map_err(|_| {
                DataError::unreadable("a line is not valid UTF-8")
                    .in_file(file.display().to_string())
                    .because(format!("line {number}"))
                    .advise("save the file as UTF-8")
            })?;
            some.push(text.trim().to_owned());
        }
        if some.is_empty() {
            return Ok(());
        }
        shown.translate(model, &some)?;
    }
}

impl Shown {
    fn translate(&self, model: &Translation, texts: &[String]) -> Result<(), Error> {
        for text in texts.iter().filter(|text| !text.is_empty()) {
            warn_of_translated(model, text)?;
        }
        let way = |text: &str| self.way.map_or_else(|| model.way_for(text), Ok);
        let texts = texts.iter().map(|text| Ok((text.as_str(), way(text)?)));
        let texts = texts.collect::<Result<Vec<(&str, Way)>, Error>>()?;
        for (&(text, way), translated) in texts.iter().zip(model.translate(&texts, self.alternatives)?) {
            match self.json {
                true => output::line(&self.as_json(model, (text, way), &translated)?)?,
                false => self.as_text(model, text, &translated)?,
            }
        }
        Ok(())
    }

    fn as_json(
        &self,
        model: &Translation,
        (text, way): (&str, Way),
        translated: &Translated,
    ) -> Result<String, Error> {
        let mut all = serde_json::json!({"text": text, "to": way.of(&model.columns).1, "translations": translated.texts});
        if let (true, Some(best)) = (self.alignment, translated.texts.first()) {
            let alignment = model.alignment(text, best)?;
            all["alignment"] = serde_json::json!({
                "read": alignment.read, "written": alignment.written, "weights": alignment.weights
            });
        }
        Ok(all.to_string())
    }

    fn as_text(&self, model: &Translation, text: &str, translated: &Translated) -> Result<(), Error> {
        if translated.texts.is_empty() {
            return output::line("");
        }
        for alternative in &translated.texts {
            match self.alternatives {
                1 => output::line(&alternative.text)?,
                _ => {
                    output::line(&format!("{:5.1} %  {}", 100.0 * alternative.probability, alternative.text))?
                }
            }
        }
        let Some(best) = translated.texts.first().filter(|_| self.alignment) else { return Ok(()) };
        let alignment = model.alignment(text, best)?;
        let longest = alignment.written.iter().map(|word| word.chars().count()).max().unwrap_or_default();
        for (word, weights) in
            alignment.written.iter().zip(alignment.weights.chunks(alignment.read.len().max(1)))
        {
            let mut made_of: Vec<(f32, &String)> = weights.iter().copied().zip(&alignment.read).collect();
            made_of.sort_by(|a, b| b.0.total_cmp(&a.0));
            let made_of = made_of.iter().take(SHOWN).filter(|(weight, _)| *weight >= WORTH);
            let made_of: Vec<String> =
                made_of.map(|(weight, word)| format!("{word} {:.0} %", 100.0 * weight)).collect();
            output::line(&format!("  {word:<longest$} ← {}", made_of.join(", ")))?;
        }
        Ok(())
    }
}
