//! Taking a network along: its model as one file, and how it is asked elsewhere.

use maud::{Markup, html};
use pellucid_base::quoted;
use pellucid_goals::About;

/// What can be carried elsewhere of a finished run, as the last part of its page.
pub(super) fn section(run: &str, about: &About) -> Markup {
    let api = format!("/api/runs/{run}");
    html! {
        section id="export" {
            h2 { "Take it along" }
            p { "The whole network as one file. Whoever has Pellucid can ask it, on any machine, without your data and without a connection. " (holds(about)) }
            div class="buttons" {
                a class="button" href={ (api) "/model" } download={ (run) ".zip" } { "Keep the network" }
                a class="button quiet" href={ (api) "/report" } download={ (run) ".html" } { "Keep its report" }
                a class="button quiet" href={ (api) "/card" } download={ (run) ".md" } { "Keep its model card" }
            }
            p class="aside" { "The report shows some rows of your data. The model card says in words what the network is for and how good it is; it lies in the file of the network, too." }
            details class="code" {
                summary { "How it is asked elsewhere" }
                p { "Unpack the file. Beside the folder " code { (run) } " that it holds:" }
                @for (title, code) in ways(run, about) { h3 { (title) } pre class="code" tabindex="0" { (code) } }
            }
        }
    }
}

/// What the file tells whoever has it.
fn holds(about: &About) -> &'static str {
    match about.goal.as_str() {
        "recommend" => {
            "It knows who took what, and tells it to whoever has it: give it only to those who may know."
        }
        "generate" => {
            "It holds none of the works that it has learned from, but what it makes may repeat parts of them: the report says how often."
        }
        _ => {
            "It holds no row of your data, only what it made of them: its numbers, and the words, values and ranges that it knows of each column."
        }
    }
}

/// Each way to ask it, and what is to be written for that.
fn ways(run: &str, about: &About) -> Vec<(&'static str, String)> {
    let folder = quoted(run);
    let file = match about.inputs.as_slice() {
        [column] if column.kind == "image" => "new.jpg",
        [column] if column.kind == "audio" => "new.wav",
        _ => "new.csv",
    };
    let mut ways = match about.goal.as_str() {
        "translate" => vec![("In a terminal", format!("pellucid translate {folder} 'A text'"))],
        "generate" => vec![("In a terminal", format!("pellucid generate {folder}"))],
        "recommend" => vec![("In a terminal", format!("pellucid recommend {folder} --liked ITEM,ITEM"))],
        _ => vec![
            ("In a terminal", format!("pellucid predict {folder} {file} --out answers.csv")),
            ("As a web page, and as an API for other programs", format!("pellucid serve {folder}")),
        ],
    };
    let (used, line) = match about.goal.as_str() {
        "translate" => ("translation", format!("let model = translation({run:?}.as_ref())?;")),
        "generate" => ("generator", format!("let model = generator({run:?}.as_ref())?;")),
        "recommend" => ("recommender", format!("let model = recommender({run:?}.as_ref())?;")),
        _ => (
            "{Unwatched, predict}",
            format!("let answers = predict({run:?}.as_ref(), &[{file:?}.into()], &mut Unwatched)?;"),
        ),
    };
    ways.push(("In Rust, with the crate pellucid-goals", format!("use pellucid_goals::{used};\n\n{line}")));
    ways
}
