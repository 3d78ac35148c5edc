//! What a network does at one moment of its training, drawn.

use maud::{Markup, html};

use super::{data_url, examples};
use crate::report::data::{Example, Glimpse};
use crate::report::plot;

/// Drawn as a part of a page.
pub(in crate::report) fn glimpse(glimpse: &Glimpse) -> Markup {
    html! {
        @match glimpse {
            Glimpse::Answers(rows) => (answers(rows)),
            Glimpse::Translations(rows) => div class="gallery wide" { @for row in rows { (translation(row)) } },
            Glimpse::Text(text) => article class="example" { p class="written" { (text) } },
            Glimpse::Melody(roll) => figure class="roll" { (plot::roll(roll)) },
            Glimpse::Pictures(Some(png)) => figure class="strip" { img class="painted" src=(data_url(png)) alt="pictures painted by this network"; },
            Glimpse::Pictures(None) => {},
        }
    }
}

fn answers(rows: &[Example]) -> Markup {
    let wide = rows.iter().any(|row| row.picture.is_none());
    let right = rows.iter().filter(|row| row.right).count();
    html! {
        p { "Of these " (rows.len()) " rows, which it does not learn from, it has " b { (right) } " right." }
        div class=(if wide { "gallery wide" } else { "gallery" }) { @for row in rows { (examples::card(row, "truly", &html! {})) } }
    }
}

fn translation(row: &Example) -> Markup {
    html! {
        article class="example" {
            div class="said" {
                p class="answer" { (row.answer) }
                (examples::fields(&row.fields))
                p class="truth" { "a person wrote " b { (row.truth) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_escaped_and_shown() {
        let row = Example {
            truth: "<b>cat".to_owned(),
            answer: "dog".to_owned(),
            fields: vec![("sound".to_owned(), "miaow".to_owned())],
            ..Example::default()
        };
        let drawn = glimpse(&Glimpse::Answers(vec![row.clone(), Example { right: true, ..row.clone() }]))
            .into_string();
        assert!(drawn.contains("Of these 2 rows") && drawn.contains("<b>1</b> right"), "{drawn}");
        assert!(drawn.contains("&lt;b&gt;cat") && drawn.contains("miaow"), "{drawn}");
        let drawn = glimpse(&Glimpse::Translations(vec![row])).into_string();
        assert!(drawn.contains("a person wrote <b>&lt;b&gt;cat</b>") && drawn.contains("dog"), "{drawn}");
        assert!(glimpse(&Glimpse::Text("<i>".to_owned())).into_string().contains("&lt;i&gt;"));
        assert!(glimpse(&Glimpse::Pictures(Some(vec![1, 2, 3]))).into_string().contains("base64,AQID"));
    }

    #[test]
    fn it_is_kept_as_json() {
        for kept in [
            Glimpse::Text("O".to_owned()),
            Glimpse::Pictures(Some(vec![7, 8])),
            Glimpse::Answers(vec![Example::default()]),
        ] {
            let json = serde_json::to_vec(&kept).unwrap();
            assert_eq!(serde_json::from_slice::<Glimpse>(&json).unwrap(), kept);
        }
    }
}
