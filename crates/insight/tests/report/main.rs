//! The report and the card of made-up runs: well-formed, safe, self-contained, and saying the right things.
#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub)]

mod fixture;
mod markup;

use pellucid_insight::card::model_card;
use pellucid_insight::intervals::{Scored, Scores};
use pellucid_insight::report::data::*;
use pellucid_insight::report::render;

fn every_run() -> Vec<(&'static str, ReportData)> {
    vec![
        ("two classes", fixture::xrays()),
        ("ten classes", fixture::many_classes(10)),
        ("sixty classes", fixture::many_classes(60)),
        ("hundred classes", fixture::many_classes(100)),
        ("numbers", fixture::minutes()),
        ("tags", fixture::moods()),
        ("texts", fixture::sentences()),
        ("new texts", fixture::poems()),
        ("new melodies", fixture::chorales()),
        ("new pictures", fixture::clothes()),
        ("recommendations", fixture::films()),
        ("several targets", fixture::several_targets()),
        ("answers taken apart", fixture::deliveries()),
        ("hostile names", fixture::hostile()),
        ("nothing at all", ReportData::default()),
    ]
}

#[test]
fn every_page_is_well_formed_and_every_drawing_inside_its_frame() {
    for (name, data) in every_run() {
        let drawings = markup::check_drawings(&render(&data));
        // A score and two curves at least; where pictures are painted, they stand in the place of a fourth.
        assert_eq!(drawings >= 3, name != "nothing at all", "{name}: {drawings} drawings");
    }
}

#[test]
fn a_page_loads_nothing_and_runs_nothing() {
    for (name, data) in every_run() {
        let page = render(&data);
        assert!(!page.contains("@import") && !page.contains("url("), "{name}");
        let mut ids = Vec::new();
        for tag in markup::tags(&page) {
            assert!(
                !["script", "link", "iframe", "object", "base", "form"].contains(&tag.name),
                "{name}: {tag:?}"
            );
            for (key, value) in &tag.attributes {
                assert!(!key.starts_with("on"), "{name}: {tag:?}");
                match *key {
                    "src" if tag.name == "audio" => {
                        assert!(value.starts_with("data:audio/wav;base64,"), "{name}: {value}");
                    }
                    "src" => assert!(value.starts_with("data:image/png;base64,"), "{name}: {value}"),
                    "href" => assert!(value.starts_with('#'), "{name}: {value}"),
                    "id" => ids.push((*value).to_owned()),
                    _ => {}
                }
            }
        }
        let links =
            markup::tags(&page).into_iter().flat_map(|tag| tag.attributes).filter(|(key, _)| *key == "href");
        for (_, target) in links {
            assert!(ids.iter().any(|id| *id == target[1..]), "{name}: {target} leads nowhere");
        }
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}: an id stands twice");
    }
}

#[test]
fn layers_say_what_they_look_for_and_how_far_to_believe_that() {
    let page = render(&fixture::xrays());
    let section = page.split("id=\"layers\"").nth(1).unwrap();
    for said in [
        "What its layers look for",
        "sees 5 × 5 of 64 × 64 pixels",
        "sees the whole picture",
        "Of the 20 other pictures that excite it most, 18 are <code>pneumonia</code> (5 by chance).",
        "No class for sure",
        "There are too few pictures",
        "None of those shown tells anything of it by itself yet.",
        "Each of those shown tells something of it.",
        "arXiv 1704.05796",
    ] {
        assert!(section.contains(said), "{said}");
    }
    let none = ReportData { looks: Vec::new(), ..fixture::xrays() };
    assert!(!render(&none).contains("What its layers look for"));
}

#[test]
fn names_from_the_data_stay_text() {
    let data = fixture::hostile();
    let page = render(&data);
    assert!(!page.contains("<script") && !page.contains("<img src=x"));
    assert!(page.contains("&lt;script&gt;"));
    let card = model_card(&data);
    let body = card.split_once("\n---\n").unwrap().1;
    let outside_code = body.split("```").step_by(2).collect::<String>();
    let outside_code = outside_code.split('`').step_by(2).collect::<String>();
    assert!(!outside_code.contains("<script"), "{outside_code}");
}

#[test]
fn the_first_sentence_says_how_good_it_is() {
    let page = render(&fixture::xrays());
    assert!(page.contains("On 624 chest X-rays it never saw, this network is right for"));
    assert!(page.contains("Always answering “pneumonia” would be right for 59.6\u{202f}%."));
    assert!(!page.contains("class=\"doubt\""));
    let page = render(&fixture::several_targets());
    assert!(
        page.contains(
            "On 90 deliveries that also helped to choose it, its answers for “outcome” are right for"
        )
    );
    assert!(page.contains("That is no better than this trivial answer: do not use it."));
    let page = render(&fixture::minutes());
    assert!(page.contains("this network is off by") && page.contains("minutes</strong>"));
}

#[test]
fn what_is_unlike_and_where_it_is_weak_is_said_in_plain_words() {
    let page = render(&fixture::xrays());
    for says in [
        "The test is not like the training: 2 things are spread otherwise there.",
        "31 points",
        "21</b> of the 624 chest X-rays of the test (3.4\u{202f}%)",
        "count as the 40 groups",
        "Where “label” is normal and “contrast” is 0.2 to below 0.4, it is right for 78.4\u{202f}%, elsewhere for 95.1\u{202f}%",
        "<code>label</code> is normal and <code>contrast</code> is 0.2 to below 0.4",
        "23 groups were looked at",
    ] {
        assert!(page.contains(says), "the page lacks: {says}");
    }
    let page = render(&fixture::minutes());
    assert!(page.contains("look like those of the training, so the scores hold"));
    assert!(page.contains("No group of deliveries was found on which it is clearly worse than elsewhere."));
    assert!(page.contains("is not said: that takes at least 50 validation rows"));
    let card = model_card(&fixture::xrays());
    assert!(card.contains(
        "Where label is normal and contrast is 0.2 to below 0.4: 78.4\u{202f}% right, elsewhere 95.1\u{202f}%"
    ));
    assert!(card.contains("brightness, contrast"));
}

#[test]
fn leaks_stand_before_everything_else() {
    let mut data = fixture::xrays();
    let leak = |severity, title: &str| Notice { severity, title: title.into(), text: String::new() };
    data.data.notices =
        vec![leak(Severity::Note, "third"), leak(Severity::Warning, "second"), leak(Severity::Leak, "first")];
    let page = render(&data);
    let place = |text: &str| page.find(text).unwrap();
    assert!(place("first") < place("second") && place("second") < place("third"));
    assert!(place("third") < place("How good it is"));
}

#[test]
fn the_matrix_is_drawn_up_to_sixty_classes_and_named_beyond() {
    assert!(render(&fixture::many_classes(60)).contains("table class=\"heat dense\""));
    let page = render(&fixture::many_classes(100));
    assert!(!page.contains("table class=\"heat") && page.contains("The commonest mix-ups"));
}

fn with_curves(training: Vec<(f64, f64)>, validation: Vec<(f64, f64)>) -> ReportData {
    let mut data = fixture::minutes();
    data.training.curves =
        Curves { unit: "step".into(), loss: Pair { training, validation }, metric: None, best: Some(2.0) };
    data
}

#[test]
fn curves_of_any_shape_can_be_drawn() {
    let nan = f64::NAN;
    let cases = [
        ("empty", vec![]),
        ("one point", vec![(1.0, 0.5)]),
        ("constant", vec![(1.0, 0.5), (2.0, 0.5), (3.0, 0.5)]),
        ("all zero", vec![(0.0, 0.0); 3]),
        ("only NaN", vec![(1.0, nan), (2.0, nan)]),
        ("gaps", vec![(1.0, 0.5), (2.0, nan), (3.0, 0.4), (4.0, f64::INFINITY), (5.0, 0.3), (6.0, 0.2)]),
        ("huge", vec![(1.0, 1e300), (2.0, -1e308), (3.0, 1.0)]),
        ("tiny", vec![(1.0, 1e-310), (2.0, 2e-310)]),
        ("one position", vec![(5.0, 1.0), (5.0, 2.0)]),
        ("NaN positions", vec![(nan, 1.0), (2.0, 2.0)]),
    ];
    for (name, curve) in cases {
        let page = render(&with_curves(curve.clone(), curve.clone()));
        assert!(markup::check_drawings(&page) > 0, "{name}");
        let long: Vec<_> = curve.iter().cycle().take(curve.len() * 400).copied().collect();
        markup::check_drawings(&render(&with_curves(long, Vec::new())));
    }
}

#[test]
fn a_long_curve_is_thinned_and_keeps_its_peaks() {
    let mut curve: Vec<(f64, f64)> =
        (0..100_000).map(|i| (f64::from(i), 1.0 + f64::from(i % 7) * 0.1)).collect();
    let plain = render(&with_curves(curve.clone(), Vec::new()));
    curve[50_003].1 = 3.0;
    let peaked = render(&with_curves(curve, Vec::new()));
    let highest = |page: &str| {
        let path = page.split("faint\" d=\"M").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let points: Vec<f64> =
            path.split('L').map(|p| p.split(' ').nth(1).unwrap().parse().unwrap()).collect();
        assert!(points.len() < 1000, "{} points", points.len());
        points.into_iter().fold(f64::INFINITY, f64::min)
    };
    assert!(highest(&peaked) < highest(&plain) - 50.0 || highest(&peaked) < 30.0);
    markup::check_drawings(&peaked);
    assert!(peaked.len() < 400_000);
}

#[test]
fn texts_are_shown_by_length_and_with_what_was_looked_at() {
    let data = fixture::sentences();
    let Outcome::Texts(outcome) = &data.targets[0].outcome else { panic!("no texts") };
    let of = |f: &LengthFigures| (f.words, f.rows);
    assert_eq!(
        outcome.by_length.iter().map(of).collect::<Vec<_>>(),
        [((5, 5), 30), ((11, 11), 30), ((17, 17), 30)]
    );
    let page = render(&data);
    for says in [
        "BLEU, its agreement with what people wrote",
        "Short texts and long ones",
        "a person wrote",
        "--w:90%",
    ] {
        assert!(page.contains(says), "the page lacks: {says}");
    }
    assert!(model_card(&data).contains("pipeline_tag: translation"));
}

#[test]
fn new_texts_are_shown_with_what_is_copied() {
    let data = fixture::poems();
    let page = render(&data);
    for says in [
        "characters it never saw, this network is surprised by",
        "Counting which character follows the last 5 would be surprised by",
        "The <mark>&lt;moon&gt;</mark> has risen,\n\nthe golden",
        "Runs of 8 words",
        "25.0",
        "hardly any",
    ] {
        assert!(page.contains(says), "the page lacks: {says}");
    }
    assert!(model_card(&data).contains("pipeline_tag: text-generation"));
}

#[test]
fn new_melodies_are_drawn_and_heard() {
    let page = render(&fixture::chorales());
    for says in [
        "sixteenths it never saw, this network is surprised by",
        "Counting what follows the last 6 beginnings",
        "41 notes over 160 sixteenths.",
        "class=\"tone copied\"",
        "To be heard in <code>samples/1.wav</code>",
        "93.0",
    ] {
        assert!(page.contains(says), "the page lacks: {says}");
    }
}

#[test]
fn new_pictures_stand_above_the_nearest_ones_that_were_seen() {
    let mut data = fixture::clothes();
    let page = render(&data);
    for says in [
        "pictures it never saw, this network is off by",
        "Knowing each pixel by itself would be off by",
        "alt=\"&lt;bag&gt;, painted by this network\"",
        "alt=\"the training pictures nearest to these: sneaker\"",
        "13.8",
        "A copy would be much nearer",
    ] {
        assert!(page.contains(says), "the page lacks: {says}");
    }
    let Outcome::Pictures(pictures) = &mut data.targets[0].outcome else { panic!() };
    pictures.own = 0.01;
    assert!(render(&data).contains("it repeats what it has seen"));
    assert!(model_card(&data).contains("pipeline_tag: unconditional-image-generation"));
}

#[test]
fn answers_are_taken_apart_down_to_what_was_learned_from() {
    let page = render(&fixture::deliveries());
    let depends = page.split("How the answer depends on them").nth(1).unwrap();
    assert!(depends.contains(
        "the probability of <code>late</code> rises from 10.0\u{202f}% at <code>distance</code> = 0"
    ));
    assert!(depends.contains("in 97 of 100 rows it does."));
    assert!(
        depends.contains("highest at <code>district</code> = south") && depends.contains("ordered at, year")
    );
    assert!(depends.contains("Whatever stands in <code>ordered at</code>"));
    assert!(page.contains("1,000 of 2,400 training rows, evenly chosen"));
    for title in ["Most alike", "Pushed towards this answer most", "Pushed against it most"] {
        assert_eq!(page.matches(title).count(), 2, "{title}");
    }
    // The strongest push is the whole of its bar; those against are half as strong.
    assert!(page.contains("width:100.0%") && page.contains("width:50.0%"));
    assert!(page.contains("on &lt;time&gt;") && page.contains("very long name &lt;b&gt;"));
}

#[test]
fn recommendations_stand_beside_simpler_ways_and_for_whom_they_are() {
    let page = render(&fixture::films());
    for says in [
        "the ten recommendations of this network to each user reach",
        "Recommending the most popular to everyone would reach",
        "age: below &lt;30&gt;",
        "<mark>Brazil</mark>",
        "Fargo &amp; more",
        "18.0",
    ] {
        assert!(page.contains(says), "the page lacks: {says}");
    }
}

#[test]
fn figures_without_sense_do_not_break_the_page() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    for bad in [nan, inf, -inf, 1e308, -1e308] {
        let scored = Scored { value: bad, low: Some(bad), high: Some(-bad), baseline: Some(bad) };
        let scores = ["accuracy", "auc", "mae", "r2", "unheard_of"].map(|name| (name.to_owned(), scored));
        let mut data = fixture::several_targets();
        data.targets.extend(fixture::sentences().targets);
        data.targets.extend(fixture::poems().targets);
        data.targets.extend(fixture::chorales().targets);
        data.targets.extend(fixture::clothes().targets);
        data.targets.extend(fixture::films().targets);
        for target in &mut data.targets {
            target.scores = Scores(scores.to_vec());
            match &mut target.outcome {
                Outcome::Numbers(numbers) => {
                    numbers.points.extend([(bad, 1.0), (1.0, bad)]);
                    numbers.trivial = bad;
                    numbers.errors = Histogram { low: bad, high: bad, counts: vec![1, u64::MAX / 4] };
                }
                Outcome::Texts(texts) => {
                    let shape = texts.alignments[0].clone();
                    texts.alignments.push(Alignment { weights: vec![bad as f32; 3], ..shape });
                    texts.by_length[0] =
                        LengthFigures { words: (9, 2), rows: u64::MAX, bleu: bad, chrf: bad };
                }
                Outcome::Writing(writing) => {
                    writing.own.share = Some(bad);
                    // Half of a character, and beyond the text.
                    writing.samples[0].copied = (4, 5000);
                    writing.samples[1] = Written { text: "ä".into(), copied: (1, 2) };
                }
                Outcome::Melodies(melodies) => {
                    melodies.statistics[0].own = bad;
                    melodies.samples[0].notes = vec![(u32::MAX - 5, 5, 255), (900, 0, 0), (3, 2000, 60)];
                    melodies.samples[0].copied = (9, 3);
                }
                Outcome::Recommendations(lists) => {
                    (lists.taken, lists.ways[0].ndcg, lists.groups[0].ndcg) = (bad, bad, bad);
                    lists.listings[0].suggestions[0].rating = Some(bad);
                }
                Outcome::Pictures(pictures) => {
                    (pictures.own, pictures.people) = (bad, bad);
                    pictures.strips[0].painted = Some(vec![1, 2, 3]);
                }
                Outcome::Tags(tags) => {
                    for tag in &mut tags.tags {
                        (tag.share, tag.threshold) = (bad, bad);
                        (tag.rows, tag.answered, tag.right) = (1, u64::MAX / 4, u64::MAX / 4);
                    }
                }
                Outcome::Classes(classes) => {
                    classes.classes = vec!["a".into(), "b".into()];
                    classes.prior = vec![f32::NAN];
                    classes.confusion = vec![1, 2, 3];
                    classes.roc = vec![(bad, bad), (0.5, bad)];
                    classes.roc_at_half = Some((bad, 0.0));
                    classes.reliability = vec![ReliabilityBin { rows: 3, confidence: bad, right: bad }];
                }
            }
        }
        let mut likeness = fixture::moved("a", None);
        (likeness.rows, likeness.moved[0].size, likeness.moved[1].p) = (0, bad, bad);
        data.likeness = Some(likeness);
        let mut weak = fixture::weak("a");
        (weak.segments[0].value, weak.segments[0].low, weak.segments[1].elsewhere) = (bad, Some(bad), bad);
        data.targets[0].weak = Some(weak);
        data.training.seconds = bad;
        data.training.curves.best = Some(bad);
        markup::check_drawings(&render(&data));
        model_card(&data);
    }
}

#[test]
fn facts_survive_the_way_through_json() {
    for (name, data) in every_run().into_iter().filter(|(name, _)| *name != "hostile names") {
        let json = serde_json::to_string(&data).unwrap();
        assert_eq!(serde_json::from_str::<ReportData>(&json).unwrap(), data, "{name}");
    }
    let gap = with_curves(vec![(1.0, f64::NAN), (2.0, 0.5)], Vec::new());
    let back: ReportData = serde_json::from_str(&serde_json::to_string(&gap).unwrap()).unwrap();
    assert!(back.training.curves.loss.training[0].1.is_nan());
    assert_eq!(back.training.curves.loss.training[1], (2.0, 0.5));
}

#[test]
fn predictions_become_figures() {
    let classes = ["a".to_owned(), "b".to_owned()];
    let outcome =
        ClassOutcome::measure(&classes, &[0.9, 0.1, 0.2, 0.8, 0.6, 0.4], &[0, 1, 1], &[0.5, 0.5]).unwrap();
    assert_eq!(outcome.confusion, [1, 0, 1, 1]);
    assert_eq!(outcome.roc, [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]);
    assert_eq!(outcome.roc_at_half, Some((0.0, 0.5)));
    assert_eq!(outcome.reliability.iter().map(|bin| bin.rows).sum::<u64>(), 3);

    let truth: Vec<f64> = (0..5000).map(f64::from).collect();
    let predicted: Vec<f64> = truth.iter().map(|t| t + if *t == 17.0 { 900.0 } else { 1.0 }).collect();
    let centre = pellucid_insight::intervals::Centre { mean: 2.0, median: 2.0 };
    let outcome = NumberOutcome::measure(None, &predicted, &truth, centre).unwrap();
    assert_eq!(outcome.points.len(), pellucid_insight::report::measure::SHOWN_POINTS);
    assert_eq!((outcome.points[0], outcome.points[1999]), ((0.0, 1.0), (4999.0, 5000.0)));
    assert_eq!((outcome.errors.low, outcome.errors.high), (-1.0, 1.0));
    assert_eq!(outcome.errors.counts.iter().sum::<u64>(), 5000);
    assert!(NumberOutcome::measure(None, &truth, &truth, centre).unwrap().errors.counts.is_empty());
}

#[test]
fn the_card_begins_with_the_hubs_metadata_and_holds_every_score() {
    let card = model_card(&fixture::xrays());
    let (front, body) = card.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    let field =
        |name: &str| front.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim();
    assert_eq!((field("library_name:"), field("license:")), ("pellucid", "\"cc-by-4.0\""));
    assert_eq!(field("pipeline_tag:"), "image-classification");
    let index: serde_json::Value = serde_json::from_str(field("model-index:")).unwrap();
    let metrics = index[0]["results"][0]["metrics"].as_array().unwrap();
    assert_eq!(metrics.len(), 6);
    for metric in metrics {
        assert!(body.contains(&format!("| {} |", metric["type"].as_str().unwrap())), "{metric}");
    }
    for heading in
        ["# xray-pneumonia-1", "## Intended use", "## Data", "## Training", "## Limits", "## How to use it"]
    {
        assert!(body.contains(heading), "{heading}");
    }
    assert!(body.contains("> **Warning: The test folder is unlike the training folder**"));
    assert!(
        !model_card(&fixture::several_targets()).contains("predict outcome"),
        "scores of seen rows were published"
    );
}
