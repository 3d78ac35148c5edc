//! `explain` of networks that translate and that recommend: what they were made from, and what is missed without it.

use super::super::generate::do_nothing;
use super::super::translate::{warn_of_translated, way_to};
use super::{CLASS, COUNT, LAYERS, LOCK, METHOD, OUT, ROWS, SOUNDS, TARGET, TEN, WHAT};
use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, SEED, Value};
use crate::output;
use crate::program::DONE;
use crate::show;
use pellucid_goals::{
    Error, ExplainedRecommendation, ExplainedTranslation, Recommender, Translation, recommendations_page,
    translations_page,
};
use std::path::Path;

pub(super) static USER: Flag = Flag {
    name: "user",
    value: Value::Text("USER"),
    many: false,
    help: "Explain what is recommended to this user, as the data names him",
    under: WHAT,
};

pub(super) static LIKED: Flag = Flag {
    name: "liked",
    value: Value::Text("ITEM,ITEM"),
    many: true,
    help: "Explain what is recommended to someone who likes these, beside what is known of --user; items as the data names them, or their titles",
    under: WHAT,
};

/// Letters of the longest bar.
const BAR: f64 = 20.0;

pub(super) fn translations(a: &Arguments<'_>, run: &Path, model: &Translation) -> Result<u8, Error> {
    let others = [&METHOD, &CLASS, &LOCK, &ROWS, &COUNT, &LAYERS, &SOUNDS, &USER, &LIKED];
    do_nothing(a, &others, "translates")?;
    let inputs = a.operands(1);
    if inputs.is_empty() {
        return Err(Error::usage("there is nothing to explain · give a text to translate, in quotes"));
    }
    let way = a.text(&TARGET).map(|column| way_to(model, column)).transpose()?;
    let mut all = Vec::with_capacity(inputs.len());
    for input in &inputs {
        let text = input.to_str().ok_or_else(|| Error::usage("a text to translate is not valid UTF-8"))?;
        if input.is_file() {
            return Err(Error::usage(format!(
                "this network translates texts, and `{text}` is a file · give the text itself, in quotes"
            )));
        }
        warn_of_translated(model, text)?;
        let way = way.map_or_else(|| model.way_for(text), Ok)?;
        let explained = model.explain(text, way, a.whole(&SEED).unwrap_or_default())?;
        all.push(
            explained.ok_or_else(|| {
                Error::usage(format!("`{text}` has no translation · give a text with words"))
            })?,
        );
    }
    for explained in &all {
        match a.on(&JSON) {
            true => output::line(&with_trust(serde_json::json!(explained), &explained.trust()))?,
            false => output::line(&translation_in_words(explained))?,
        }
    }
    if let Some(path) = a.path(&OUT) {
        output::page(path, &translations_page(&output::name(run), &all))?;
    }
    Ok(DONE)
}

pub(super) fn recommendations(a: &Arguments<'_>, run: &Path, model: &Recommender) -> Result<u8, Error> {
    do_nothing(a, &[&METHOD, &TARGET, &CLASS, &LOCK, &ROWS, &LAYERS, &SOUNDS], "recommends")?;
    if let Some(input) = a.operand(1) {
        return Err(Error::usage(format!(
            "this network recommends, and is explained for a person, not for `{}` · name a --user, or what is --liked",
            input.display()
        )));
    }
    let given = a.texts(&LIKED);
    let liked: Vec<String> =
        given.iter().flat_map(|list| list.split(',')).map(|item| item.trim().to_owned()).collect();
    let count = usize::try_from(a.whole(&COUNT).unwrap_or(TEN)).unwrap_or(usize::MAX);
    let all = model.explain(a.text(&USER), &liked, count, a.whole(&SEED).unwrap_or_default())?;
    for explained in &all {
        match a.on(&JSON) {
            true => output::line(&with_trust(serde_json::json!(explained), &explained.trust()))?,
            false => output::line(&recommendation_in_words(explained))?,
        }
    }
    if let Some(path) = a.path(&OUT) {
        let [who, _] = &model.columns;
        let whom = match a.text(&USER) {
            Some(user) => format!("{who} {user}"),
            None => format!("someone who likes {}", liked.join(", ")),
        };
        output::page(path, &recommendations_page(&output::name(run), &whom, &all))?;
    }
    Ok(DONE)
}

/// An explanation as one line of JSON, with whether it is to be trusted.
fn with_trust(mut explained: serde_json::Value, (trusted, trust): &(bool, String)) -> String {
    if let Some(fields) = explained.as_object_mut() {
        fields.insert("trusted".to_owned(), (*trusted).into());
        fields.insert("trust".to_owned(), show::plain(trust).into());
    }
    explained.to_string()
}

/// For each written word the word that it was made from most, and how likely it is with and without that.
fn translation_in_words(e: &ExplainedTranslation) -> String {
    let mut lines = vec![format!("{} · {}", e.column, e.translation)];
    let read = e.alignment.read.len().max(1);
    let wide = |words: &[String]| words.iter().map(|word| word.chars().count()).max().unwrap_or_default();
    let (of_written, of_read) = (wide(&e.alignment.written), wide(&e.alignment.read));
    for (i, (word, weights)) in e.alignment.written.iter().zip(e.alignment.weights.chunks(read)).enumerate() {
        let most = (0..weights.len()).max_by(|&a, &b| weights[a].total_cmp(&weights[b])).unwrap_or_default();
        let source = e.alignment.read.get(most).map_or("", String::as_str);
        let mut line = format!("  {word:<of_written$} ← {source:<of_read$} {:>3.0} %", 100.0 * weights[most]);
        if let (Some(whole), Some(without)) = (e.probabilities.get(i), e.without.get(i * read + most)) {
            line +=
                &format!("   probability {:>3.0} %, without it {:>3.0} %", 100.0 * whole, 100.0 * without);
        }
        lines.push(line);
    }
    lines.push(format!("  {}", e.trust().1));
    show::plain(&(lines.join("\n") + "\n"))
}

fn recommendation_in_words(e: &ExplainedRecommendation) -> String {
    let expected = e.expected();
    let mut first = format!("{:3}. {}", e.place, e.called());
    if !expected.is_empty() {
        first += &format!(" · {expected}");
    }
    let mut lines = vec![first];
    for (i, reason) in e.because.iter().enumerate() {
        let because = if i == 0 { "because" } else { "" };
        let bar = "█".repeat((BAR * reason.share).round() as usize);
        lines.push(format!("     {because:<7} {:>3.0} %  {}  {bar}", 100.0 * reason.share, reason.called()));
    }
    match e.because.is_empty() {
        true => lines.push("     Nothing that was taken speaks for it.".to_owned()),
        false => lines.push(format!("     {}", e.trust().1)),
    }
    show::plain(&(lines.join("\n") + "\n"))
}
