//! `recommend`: what a person will like next.

use super::resume::RUN;
use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, THREADS, Value};
use crate::output;
use crate::program::{DONE, Verb};
use pellucid_goals::{Error, Recommended, recommender};
use std::path::Path;

const WHOM: &str = "Whom";
const WHAT: &str = "What";

static USER: Flag = Flag {
    name: "user",
    value: Value::Text("USER"),
    many: false,
    help: "Recommend to this user, as the data names him",
    under: WHOM,
};

static LIKED: Flag = Flag {
    name: "liked",
    value: Value::Text("ITEM,ITEM"),
    many: true,
    help: "Recommend to someone who likes these, the last one last, beside what is known of --user; items as the data names them, or their titles",
    under: WHOM,
};

static COUNT: Flag = Flag {
    name: "count",
    value: Value::Whole("N"),
    many: false,
    help: "Recommend so many [default: 10]",
    under: WHAT,
};

static BECAUSE: Flag = Flag {
    name: "because",
    value: Value::Switch,
    many: false,
    help: "Say what of all that was taken speaks most for each, and its share; of what the order says, this is what would be said less without it",
    under: WHAT,
};

/// Recommendations, if nothing else is said.
const TEN: u64 = 10;

pub(crate) static VERB: Verb = Verb {
    name: "recommend",
    about: "Recommend what a person will like next, with a network that has learned what people like",
    examples: &[
        "pellucid recommend runs/ratings-1 --user 42",
        "pellucid recommend runs/ratings-1 --user 42 --because",
        "pellucid recommend runs/ratings-1 --liked \"Toy Story,Fargo\" --count 5 --json",
    ],
    operands: &[RUN],
    flags: &[&USER, &LIKED, &COUNT, &BECAUSE, &THREADS, &JSON],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let model = recommender(a.operand(0).unwrap_or(Path::new("")))?;
    let given = a.texts(&LIKED);
    let liked: Vec<String> =
        given.iter().flat_map(|list| list.split(',')).map(|item| item.trim().to_owned()).collect();
    let count = usize::try_from(a.whole(&COUNT).unwrap_or(TEN)).unwrap_or(usize::MAX);
    let list = model.recommend(a.text(&USER), &liked, count)?;
    for (place, item) in list.iter().enumerate() {
        let shown = match (a.on(&JSON), a.on(&BECAUSE)) {
            (true, true) => serde_json::json!(item).to_string(),
            (true, false) => {
                serde_json::json!({"item": item.item, "title": item.title, "score": item.score, "rating": item.rating, "new": item.new})
                    .to_string()
            }
            (false, because) => in_words(place + 1, item, because),
        };
        output::line(&shown)?;
    }
    Ok(DONE)
}

/// A recommendation in a line, and below it what speaks for it.
fn in_words(place: usize, item: &Recommended, because: bool) -> String {
    let called = |name: &String, title: &Option<String>| match title {
        Some(title) => format!("{title} ({name})"),
        None => name.clone(),
    };
    let mut said = format!("{place:3}. {}", called(&item.item, &item.title));
    said.extend(item.rating.map(|rating| format!(" · expected rating {rating:.1}")));
    if item.new {
        said.push_str(" · new: nobody has taken it yet");
    }
    for reason in item.because.iter().filter(|_| because) {
        said.push_str(&format!(
            "\n     {:3.0} %  {}",
            100.0 * reason.share,
            called(&reason.item, &reason.title)
        ));
    }
    said
}
