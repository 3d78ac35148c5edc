//! Explanations: of answers whose cause is planted, so that it is known what must be found.

use crate::sounds::wav;
use crate::{config, flats, folder, lines, put, refused, trained};
use image::{GrayImage, ImageFormat, Luma};
use pellucid_goals::{Config, Explain, Explanation, Method, Run, Unwatched, explain, explain_layers};
use pellucid_insight::report::data::{Patch, Stands};
use pellucid_tensor::Stream;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The share of an explanation that must fall on a planted cause.
const SHARE: f64 = 0.8;

fn explained(run: &Run, input: &Path, how: Explain) -> Vec<Explanation> {
    let how = Explain { count: if how.count == 0 { 8 } else { how.count }, ..how };
    explain(run.path(), &[input.to_owned()], &how, &mut Unwatched).unwrap().explanations
}

/// The share of all that speaks for the answer in what `is_cause` names.
fn share<'a>(parts: impl Iterator<Item = (&'a str, f64)>, is_cause: impl Fn(&str) -> bool) -> f64 {
    let (mut cause, mut all) = (0.0, 0.0);
    for (name, worth) in parts {
        all += worth.max(0.0);
        cause += if is_cause(name) { worth.max(0.0) } else { 0.0 };
    }
    cause / all
}

fn mean(shares: &[f64]) -> f64 {
    shares.iter().sum::<f64>() / shares.len() as f64
}

/// Five columns of which one decides.
fn decided_by_one(rows: usize) -> String {
    let mut random = Stream::new(1, "columns", 0);
    lines("height,code,colour,depth,cause,answer", rows, |_| {
        let cause = random.normal();
        let colour = ["red", "green", "blue"][random.below(3)];
        let answer = if cause > 0.0 { "high" } else { "low" };
        format!(
            "{:.3},{:.3},{colour},{:.3},{cause:.3},{answer}",
            random.normal(),
            random.normal(),
            random.normal()
        )
    })
}

#[test]
fn a_column_that_decides_is_named() {
    let folder = folder();
    let data = put(folder.path(), "rows.csv", decided_by_one(600));
    let mut config = config(&data, &["answer"], 400);
    let error = refused(config.clone(), &folder.path().join("x")).to_string();
    assert!(error.contains("`cause` alone answers"), "it is named before anything is learned: {error}");
    config.data.allow_leaks = true;
    let run = trained(config, folder.path(), "run").run;
    for method in [Method::Shapley, Method::Occlusion, Method::IntegratedGradients] {
        let found = explained(&run, &data, Explain { method: Some(method), ..Explain::default() });
        let shares: Vec<f64> = found
            .iter()
            .map(|e| share(e.columns.iter().map(|c| (c.name.as_str(), c.worth)), |name| name == "cause"))
            .collect();
        assert!(mean(&shares) > SHARE, "{method:?}: {shares:?}");
        for e in &found {
            let sum: f64 = e.columns.iter().map(|c| c.worth).sum();
            let gap = (sum - (e.value - e.nothing)).abs();
            assert!(
                method == Method::Occlusion || gap < 0.02 * (e.value - e.nothing).abs().max(0.05),
                "{method:?} {e:?}"
            );
            assert!(e.quality.faithfulness.without_first < 0.75 * e.value, "{e:?}");
            assert_eq!(e.class.as_deref(), Some(e.answer.as_str()));
        }
    }
    // What would turn the answer is another value of the column that decides; if that is locked, nothing is found or more is needed.
    for e in explained(&run, &data, Explain::default()) {
        let instead = e.instead.unwrap();
        let [change] = instead.changes.as_slice() else { panic!("{instead:?}") };
        let turned = change.to.parse::<f64>().unwrap() > 0.0;
        assert!(change.name == "cause" && instead.answer != e.answer, "{instead:?}");
        assert!(turned == (instead.answer == "high") || change.to.trim_start_matches('-').starts_with("0.0"));
        assert!(instead.says().contains("if `cause` were"));
    }
    let locked = Explain { locked: vec!["cause".to_owned()], ..Explain::default() };
    let others = explained(&run, &data, locked);
    assert!(
        others.iter().flat_map(|e| &e.instead).flat_map(|i| &i.changes).all(|change| change.name != "cause")
    );
    // Of the class that was not answered, the same speaks against.
    let other = explained(&run, &data, Explain { class: Some("high".to_owned()), ..Explain::default() });
    assert!(other.iter().any(|e| e.answer == "low" && e.value < 0.5 && e.class.as_deref() == Some("high")));
    for (how, says) in [
        (Explain { class: Some("High".to_owned()), ..Explain::default() }, "did you mean `high`?"),
        (Explain { target: Some("height".to_owned()), ..Explain::default() }, "it answers `answer`"),
        (Explain { method: Some(Method::GradCam), ..Explain::default() }, "choose another --method"),
    ] {
        let how = Explain { count: 1, ..how };
        let error = explain(run.path(), std::slice::from_ref(&data), &how, &mut Unwatched).err().unwrap();
        assert!(error.to_string().contains(says) && error.exit_code() == 2, "{error}");
    }
    let error = explain(
        &run.model(),
        std::slice::from_ref(&data),
        &Explain { count: 1, ..Explain::default() },
        &mut Unwatched,
    );
    assert!(error.err().unwrap().to_string().contains("give the run's folder"));
    let page = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    assert!(page.contains("Why it answered so") && page.contains("if nothing were known of it"));
    // Over all rows, it is the column without which most answers are lost.
    let matter = page.split("By how many points right answers become fewer").nth(1).unwrap();
    assert!(matter.split("<th scope=\"row\">").nth(1).unwrap().starts_with("cause<"));
    let depends = page.split("How the answer depends on them").nth(1).unwrap();
    assert!(
        depends.contains("All else as it is, the probability of <code>")
            && depends.contains("at <code>cause</code> =")
    );
}

#[test]
fn a_number_is_explained_in_its_own_unit() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(500, 1));
    let run = trained(crate::ignoring(config(&data, &["rent"], 300), &["class"]), folder.path(), "run").run;
    for e in explained(&run, &data, Explain::default()) {
        assert!(e.class.is_none() && (200.0..1600.0).contains(&e.value), "{e:?}");
        let sum: f64 = e.columns.iter().map(|c| c.worth).sum();
        assert!((sum - (e.value - e.nothing)).abs() < 1e-3 * e.value, "shares add up");
        let size = e.columns.iter().find(|c| c.name == "size").unwrap();
        let above = size.value.parse::<f64>().unwrap() - 70.0;
        assert!(above.abs() < 10.0 || size.worth.signum() == above.signum(), "{above}: {e:?}");
    }
}

#[test]
fn a_word_that_decides_is_named() {
    let folder = folder();
    let mut random = Stream::new(4, "words", 0);
    let words = ["film", "long", "scene", "actor", "story", "music", "night", "the", "and", "of"];
    let mut review = |cause: Option<&'static str>| {
        let mut said: Vec<&str> = (0..9).map(|_| words[random.below(words.len())]).collect();
        cause.into_iter().for_each(|cause| said[random.below(9)] = cause);
        said.join(" ")
    };
    // Without a word that decides, the verdict is by chance: from the other words there is nothing to be learned.
    let text = lines("review,verdict", 3000, |i| {
        let cause = [Some("splendid"), Some("dreadful"), None][i % 3];
        let good = cause.map_or(i % 2 == 0, |cause| cause == "splendid");
        format!("{},{}", review(cause), if good { "good" } else { "bad" })
    });
    let caused = lines("review", 8, |i| review(Some(["splendid", "dreadful"][i % 2])));
    let data = put(folder.path(), "reviews.csv", text);
    let run = trained(config(&data, &["verdict"], 1500), folder.path(), "run").run;
    let data = put(folder.path(), "caused.csv", caused);
    for method in [Method::Shapley, Method::Occlusion, Method::IntegratedGradients] {
        let found = explained(&run, &data, Explain { method: Some(method), ..Explain::default() });
        let is_cause = |word: &str| word == "splendid" || word == "dreadful";
        let shares: Vec<f64> = found
            .iter()
            .map(|e| share(e.texts[0].iter().map(|w| (w.name.as_str(), w.worth)), is_cause))
            .collect();
        assert!(found.iter().all(|e| e.texts[0].len() == 9), "each word is a part");
        assert!(mean(&shares) > SHARE, "{method:?}: {shares:?}");
    }
}

const SIDE: u32 = 28;

/// Noise with a bright stamp of 5 × 5 pixels in a corner, if it is stamped.
fn stamped(random: &mut Stream, stamped: bool) -> Vec<u8> {
    let mut picture = GrayImage::from_fn(SIDE, SIDE, |_, _| Luma([random.between(40.0, 140.0) as u8]));
    for (x, y) in (0..25).map(|i| (2 + i % 5, 2 + i / 5)).filter(|_| stamped) {
        picture.put_pixel(x, y, Luma([255]));
    }
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn stamps(folder: &Path) -> PathBuf {
    let mut random = Stream::new(8, "stamps", 0);
    for i in 0..240 {
        let (name, ill) = [("well", false), ("ill", true)][i % 2];
        put(folder, &format!("xrays/{name}/{i}.png"), stamped(&mut random, ill));
    }
    folder.join("xrays")
}

/// The share of what speaks for the answer in a rectangle of a picture, whose fields have this size.
fn inside(e: &Explanation, rows: Range<usize>, columns: Range<usize>, field: [usize; 2]) -> f64 {
    let heat = &e.pictures[0];
    let mut fields = BTreeMap::<[usize; 2], (f64, bool)>::new();
    for (i, worth) in heat.values.iter().enumerate() {
        let [y, x] = [i / heat.size[1], i % heat.size[1]];
        let (sum, here) = fields.entry([y / field[0], x / field[1]]).or_default();
        *sum += worth;
        *here |= rows.contains(&y) && columns.contains(&x);
    }
    let all: f64 = fields.values().map(|(sum, _)| sum.max(0.0)).sum();
    fields.values().filter(|(_, here)| *here).map(|(sum, _)| sum.max(0.0)).sum::<f64>() / all
}

pub(crate) fn of_pictures(folder: &Path) -> Config {
    config(&stamps(folder), &["label"], 200)
}

#[test]
fn a_stamp_that_decides_is_found_in_the_picture() {
    let folder = folder();
    let run = trained(of_pictures(folder.path()), folder.path(), "run").run;
    let ill = folder.path().join("xrays/ill");
    let found = explained(&run, &ill, Explain::default());
    let shares: Vec<f64> = found.iter().map(|e| inside(e, 2..7, 2..7, [3, 3])).collect();
    assert!(mean(&shares) > SHARE, "{shares:?}");
    assert!(found.iter().all(|e| e.pictures[0].plain.is_some() && e.pictures[0].coloured.is_some()));
    let gaps: Vec<f64> = found.iter().filter_map(|e| e.quality.gap).collect();
    assert!(gaps.len() == found.len() && gaps.iter().all(|gap| *gap < 0.01), "{gaps:?}");
    let sharp =
        explained(&run, &ill, Explain { method: Some(Method::GradCam), count: 2, ..Explain::default() });
    assert!(sharp.iter().all(|e| e.pictures[0].values.iter().all(|x| *x >= 0.0)));

    // And in the layers: some channel goes along with the stamp, and its patches lie over it.
    let [looks] = explain_layers(run.path(), None, &mut Unwatched).unwrap().try_into().unwrap();
    assert!(looks.layers.len() > 2 && looks.searched + looks.measured > 150, "{looks:?}");
    let mut found = 0;
    for layer in &looks.layers {
        assert!(layer.shown.len() <= 4 && layer.idle < layer.channels);
        for channel in &layer.shown {
            assert!(channel.patches.windows(2).all(|two| two[0].strength >= two[1].strength));
            let Some(Stands::Group { name, found: having, sure: true, .. }) = &channel.stands else {
                continue;
            };
            if name == "ill" {
                found += 1;
                assert!(*having >= 7, "{channel:?}");
                let over = |patch: &Patch| {
                    patch.rows[0] < 7 && patch.rows[1] > 2 && patch.columns[0] < 7 && patch.columns[1] > 2
                };
                assert!(
                    channel.patches.iter().all(|patch| patch.label == "ill" && over(patch)),
                    "{channel:?}"
                );
            }
        }
    }
    assert!(found > 0, "{looks:?}");
    let page = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    assert!(page.contains("What its layers look for"));
    let error = explain_layers(&run.model(), None, &mut Unwatched).err().unwrap();
    assert!(error.to_string().contains("give the run's folder"), "{error}");
}

#[test]
fn gradients_go_through_several_networks_and_mirror_images() {
    let folder = folder();
    let mut config = of_pictures(folder.path());
    (config.network.members, config.training.steps) = (Some(2), Some(30));
    config.training.augment = Some(pellucid_kinds::image::Augment {
        mirror: pellucid_kinds::image::Mirroring::Keeps,
        ..pellucid_kinds::image::Augment::NONE
    });
    let run = trained(config, folder.path(), "run").run;
    let found = explained(&run, &folder.path().join("xrays/ill"), Explain { count: 2, ..Explain::default() });
    for e in found {
        // The numbers only add up if every slope is right.
        assert!(e.quality.gap.unwrap() < 0.01 || (e.value - e.nothing).abs() < 1e-3, "{:?}", e.quality);
    }
}

#[test]
fn a_tone_that_decides_is_found_in_the_sound() {
    let folder = folder();
    let mut random = Stream::new(3, "tones", 0);
    for i in 0..120 {
        let beeps = i % 2 == 1;
        let samples: Vec<i16> = (0..12_800)
            .map(|at| {
                // 3 kHz from 0.3 to 0.5 s, over noise.
                let tone = (std::f32::consts::TAU * 3000.0 * at as f32 / 16_000.0).sin();
                let here = beeps && (4_800..8_000).contains(&at);
                (random.between(-900.0, 900.0) + if here { 9_000.0 * tone } else { 0.0 }) as i16
            })
            .collect();
        let name = if beeps { "beep" } else { "none" };
        put(folder.path(), &format!("sounds/{name}/{i}.wav"), wav(&samples));
    }
    let run = trained(config(&folder.path().join("sounds"), &["label"], 150), folder.path(), "run").run;
    let found =
        explained(&run, &folder.path().join("sounds/beep"), Explain { count: 4, ..Explain::default() });
    let shares: Vec<f64> = found
        .iter()
        .map(|e| {
            let heat = &e.pictures[0];
            assert!(heat.sound);
            // What is left to be heard is most of the tone, without most of the noise before it, and the network still hears a beep.
            let audible = heat.audible.as_ref().unwrap();
            let power = |wav: &Option<Vec<u8>>, part: Range<usize>| {
                let mut all = Vec::new();
                let taken = pellucid_kinds::audio::decode(wav.as_ref().unwrap(), &mut |_, some| {
                    all.extend_from_slice(some);
                    Ok(())
                });
                // As far as whole windows reach.
                assert!(taken.is_ok() && all.len() == 12_720);
                all[part].iter().map(|x| f64::from(x * x)).sum::<f64>()
            };
            let left = |part: Range<usize>| power(&audible.named, part.clone()) / power(&audible.plain, part);
            assert!(
                left(5_200..7_600) > 0.5 && left(0..3_200) < 0.3,
                "{} {}",
                left(5_200..7_600),
                left(0..3_200)
            );
            assert!(
                audible.only > 0.5 && audible.fields < audible.of / 4,
                "{} of {}: {}",
                audible.fields,
                audible.of,
                audible.only
            );
            // A window of 25 ms every 10 ms, and the tone's own bands.
            inside(e, 28..51, 36..52, [5, 8])
        })
        .collect();
    assert!(mean(&shares) > SHARE, "{shares:?}");
}
