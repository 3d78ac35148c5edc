//! A page that says what more data would bring.

use maud::{Markup, html};
use pellucid_train::metrics::Format;

use super::data::{Expected, Forecast};
use super::page::{footer, page};
use super::{plot, words};

/// Fewer points than this, of a metric from 0 to 1, are little.
const LITTLE: f64 = 0.005;

/// The page, as UTF-8 text: one file that needs no connection.
pub fn render_forecast(run: &str, of: &Forecast) -> String {
    let body = html! {
        header class="page" {
            h1 { "Would more data help " (run) "?" }
            @for sentence in forecast_in_words(of) { p { (sentence) } }
        }
        main id="main" {
            section {
                h2 { "What it reached with fewer rows" }
                figure {
                    (plot::forecast(of))
                    figcaption { "Each dot is a training; the last is the run itself. Eight in ten trainings are expected in the band." }
                }
                (table(of))
                p class="why" {
                    "Errors fall like a power of the rows towards a floor (Hestness et al., arXiv 1712.00409). All such curves are weighed by how well they "
                    "explain the dots, so the band is wide where these say little. Parts of a share " i { "s" } " of the rows were learned from in "
                    "√" i { "s" } " of the steps, and all were scored on the same validation rows. It holds for more rows of the same sort."
                }
            }
        }
        (footer(None))
    };
    page(&format!("{run} · more data"), &body)
}

/// What it comes to, in sentences for people.
pub fn forecast_in_words(of: &Forecast) -> Vec<String> {
    let about = of.about();
    let (label, format) = about.map_or((of.metric.as_str(), Format::Number), |m| (m.label, m.format));
    let value = |x: f64| words::value(format, x);
    let band = |e: &Expected| format!("{} (80 %: {} to {})", value(e.value), value(e.low), value(e.high));
    let mut said = vec![format!(
        "{label} on the validation rows is {} with {} rows.",
        value(of.now()),
        words::count(of.rows as u64)
    )];
    if let Some(twice) = of.foreseen.first() {
        said.push(format!("With twice the rows it would be about {}.", band(twice)));
        let gain = twice.value - of.now();
        said.push(match twice.high - of.now() < LITTLE {
            true => "More rows of the same sort will hardly help: other columns, better labels or another question might.".to_owned(),
            false if gain < LITTLE => "More rows of the same sort will probably help little.".to_owned(),
            false => "More rows of the same sort are worth gathering.".to_owned(),
        });
    }
    if let Some(doubted) = of.doubted.filter(|doubted| *doubted > 0) {
        said.push(format!(
            "The labels of {} training rows look wrong to networks that have not learned from them: they are listed in doubtful_labels.csv.",
            words::count(doubted as u64)
        ));
    }
    let checked = band(&of.checked);
    said.push(match of.holds() {
        true => format!("The same, asked of the smaller parts alone, foresaw {checked} for the rows that there are; that is what it reached."),
        false => format!("Not to be relied on here: the same, asked of the smaller parts alone, foresaw {checked} for the rows that there are, and it reached {}.", value(of.now())),
    });
    said
}

fn table(of: &Forecast) -> Markup {
    let format = of.about().map_or(Format::Number, |metric| metric.format);
    html! {
        div class="scroll" { table {
            thead { tr { th scope="col" class="number" { "Rows" } th scope="col" class="number" { "Reached" } th scope="col" class="number" { "Expected" } } }
            tbody {
                @for (rows, value) in &of.reached {
                    tr { td class="number" { (words::count(*rows as u64)) } td class="number" { (words::value(format, *value)) } td {} }
                }
                @for e in &of.foreseen {
                    tr {
                        td class="number" { (words::count(e.rows as u64)) } td {}
                        td class="number" { (words::value(format, e.value)) br; small { (words::value(format, e.low)) " to " (words::value(format, e.high)) } }
                    }
                }
            }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(curve: impl Fn(f64) -> f64) -> Forecast {
        let parts: Vec<(usize, f64)> =
            [500, 500, 1000, 1000, 2000, 2000, 4000, 4000].map(|rows| (rows, curve(rows as f64))).to_vec();
        Forecast::from("answer".to_owned(), "accuracy", parts, (8000, curve(8000.0))).unwrap()
    }

    #[test]
    fn a_rising_curve_is_worth_more_rows_and_a_flat_one_is_not() {
        let rising = of(|rows| 1.0 - 6.0 * rows.powf(-0.4));
        assert!(rising.holds());
        let said = forecast_in_words(&rising).join(" ");
        assert!(
            said.contains("are worth gathering") && said.contains("8,000 rows") | said.contains("8 000 rows"),
            "{said}"
        );
        let flat = of(|rows| 0.9 - 500.0 * rows.powf(-1.45));
        let said = forecast_in_words(&flat).join(" ");
        assert!(said.contains("hardly help") || said.contains("help little"), "{said}");
        let page = render_forecast("run-1", &rising);
        assert!(page.contains("run-1") && page.matches("dot validation").count() == 9, "{page}");
        let json = serde_json::to_string(&rising).unwrap();
        assert_eq!(serde_json::from_str::<Forecast>(&json).unwrap(), rising);
    }

    #[test]
    fn a_jump_at_the_end_is_not_relied_on() {
        let jumping = of(|rows| if rows < 8000.0 { 0.6 } else { 0.9 });
        assert!(!jumping.holds());
        assert!(forecast_in_words(&jumping).join(" ").contains("Not to be relied on"));
    }
}
