//! Made-up runs that look like real ones: pictures of two classes, digits, numbers, and odd cases.

// The example `report_pages` takes these files, too, and would look for them beside this one.
#[path = "fixture/depending.rs"]
mod depending;
#[path = "fixture/like.rs"]
mod like;
#[path = "fixture/looks.rs"]
mod looks;
#[path = "fixture/made.rs"]
mod made;

use std::io::Cursor;

use pellucid_insight::intervals::{
    Centre, TagPrior, evaluate_classes, evaluate_numbers, evaluate_tags, evaluate_texts,
};
use pellucid_insight::report::data::*;

pub use depending::*;
pub use like::*;
pub use looks::*;
pub use made::*;

/// Unrelated numbers from 0 to 1, the same at every call.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }

    /// About normal: mean 0, deviation 1.
    pub fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}

fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|&t| t.to_owned()).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

fn choice(value: &str, why: &str) -> Choice {
    Choice { value: value.into(), why: why.into() }
}

fn column(name: &str, kind: &str, role: &str, reason: &str, missing: u64) -> Column {
    Column { name: name.into(), kind: kind.into(), role: role.into(), reason: reason.into(), missing }
}

fn splits(rows: [u64; 3]) -> Vec<Split> {
    let names = ["training", "validation", "test"];
    names.into_iter().zip(rows).map(|(name, rows)| Split { name: name.into(), rows }).collect()
}

/// A grey picture of `side × side` pixels: a bright disc with noise.
pub fn png(side: u32, seed: u64) -> Vec<u8> {
    let mut noise = Noise::new(seed);
    let (cx, cy) = (noise.share() * 0.3 + 0.35, noise.share() * 0.3 + 0.35);
    let picture = image::GrayImage::from_fn(side, side, |x, y| {
        let (dx, dy) = (f64::from(x) / f64::from(side) - cx, f64::from(y) / f64::from(side) - cy);
        let bright = 200.0 * (-(dx * dx * 14.0 + dy * dy * 9.0)).exp() + 22.0 * noise.bell();
        image::Luma([bright.clamp(0.0, 255.0) as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Probabilities of `classes` classes and the true ones; larger `skill` is more often right.
pub fn predictions(rows: usize, classes: usize, skill: f64, seed: u64) -> (Vec<f32>, Vec<u32>) {
    let mut noise = Noise::new(seed);
    let (mut p, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let label = ((noise.share() * 1.25) * classes as f64) as usize;
        let label = label.min(classes - 1);
        let mut row: Vec<f64> = (0..classes).map(|_| noise.bell() * 1.3).collect();
        row[label] += skill;
        // Neighbouring classes are mixed up more often than others.
        row[(label + 1) % classes] += skill * 0.3;
        let total: f64 = row.iter().map(|z| z.exp()).sum();
        p.extend(row.iter().map(|z| (z.exp() / total) as f32));
        labels.push(label as u32);
    }
    (p, labels)
}

fn class_target(column: &str, classes: &[String], rows: usize, skill: f64, unseen: bool) -> Target {
    let (p, labels) = predictions(rows, classes.len(), skill, 11);
    let (mut prior, last) = (vec![0.8 / classes.len() as f32; classes.len()], classes.len() - 1);
    prior[last] += 0.2;
    Target::new(
        column,
        rows as u64,
        unseen,
        evaluate_classes(&p, &labels, classes.len(), &prior, None, 1).unwrap(),
        Outcome::Classes(ClassOutcome::measure(classes, &p, &labels, &prior).unwrap()),
    )
}

fn number_target(column: &str, rows: usize, noise_size: f64) -> Target {
    let mut noise = Noise::new(5);
    let truth: Vec<f64> = (0..rows).map(|_| 42.0 + 14.0 * noise.bell()).collect();
    let predicted: Vec<f64> =
        truth.iter().map(|t| 42.0 + 0.85 * (t - 42.0) + noise_size * noise.bell()).collect();
    let centre = Centre { mean: 42.1, median: 41.8 };
    Target::new(
        column,
        rows as u64,
        true,
        evaluate_numbers(&predicted, &truth, centre, None, 1).unwrap(),
        Outcome::Numbers(NumberOutcome::measure(Some("minutes".into()), &predicted, &truth, centre).unwrap()),
    )
}

/// Moods of songs, common ones found better than rare ones.
fn tag_target(column: &str, rows: usize) -> Target {
    let mut noise = Noise::new(9);
    let names = words(&["calm", "happy", "sad", "wild", "frantic", "never seen"]);
    let shares = [0.4_f32, 0.3, 0.25, 0.1, 0.03, 0.01];
    let (mut p, mut truth) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        for (tag, &share) in shares.iter().enumerate() {
            let there = tag < 5 && noise.share() < f64::from(share);
            let logit = noise.bell() + if there { 2.0 } else { -2.0 };
            p.push((1.0 / (1.0 + (-logit).exp())) as f32);
            truth.push(there);
        }
    }
    let thresholds = [0.5, 0.5, 0.45, 0.4, 0.3, 0.99];
    let answered: Vec<bool> = p.iter().zip(thresholds.iter().cycle()).map(|(p, t)| p >= t).collect();
    let prior = TagPrior { shares: shares.to_vec(), commonest: vec![0] };
    let figures = TagOutcome::measure(&names, &thresholds, &p, &truth, &answered, &prior).unwrap();
    let scores = evaluate_tags(&p, &truth, &answered, &prior, None, 1).unwrap();
    let outcome = Outcome::Tags(TagOutcome { always: true, left_out: 2, ..figures });
    Target {
        examples: vec![Example {
            place: "row 17".into(),
            fields: pairs(&[("tempo", "171"), ("loudness", "−4.2")]),
            truth: "wild frantic".into(),
            answer: "wild".into(),
            ..Example::default()
        }],
        ..Target::new(column, rows as u64, true, scores, outcome)
    }
}

/// A run that answers tags.
pub fn moods() -> ReportData {
    let mut data = minutes();
    data.name = "songs-1".into();
    data.targets = vec![tag_target("mood", 600)];
    data.training.curves.metric = None;
    data
}

/// Sentences in another language, some of them with a wrong word.
pub fn sentences() -> ReportData {
    let things = ["Hund", "Mann", "Baum", "Ball", "Junge"];
    let text = |thing: &str, i: usize| format!("Der {thing} Nummer {i} steht vor dem alten Haus am Fluss.");
    let truth: Vec<String> = (0..90).map(|i| text(things[i % 5], i)).collect();
    let answers: Vec<String> = (0..90).map(|i| text(things[(i + i % 3 / 2) % 5], i)).collect();
    let read: Vec<String> = (0..90)
        .map(|i| format!("The thing number {i} stands{}.", " in front of the old house".repeat(i % 3)))
        .collect();
    let mut outcome = TextOutcome::measure(&read, &answers, &truth).unwrap();
    outcome.alignments.push(Alignment {
        read: words(&["two", "dogs"]),
        written: words(&["zwei", "Hunde"]),
        weights: vec![0.9, 0.1, 0.2, 0.8],
    });
    let scores = evaluate_texts(&answers, &truth, &read, None, 1).unwrap();
    let target = Target {
        examples: vec![Example {
            place: "row 17".into(),
            fields: pairs(&[("english", read[2].as_str())]),
            truth: truth[2].clone(),
            answer: answers[2].clone(),
            ..Example::default()
        }],
        ..Target::new("german", 90, true, scores, Outcome::Texts(outcome))
    };
    ReportData { targets: vec![target], ..minutes() }
}

/// Curves that fall and rise like real ones, with `steps` training values and one validation value per epoch.
pub fn learning(steps: usize, epochs: usize) -> Curves {
    let mut noise = Noise::new(3);
    let loss = |t: f64| 0.12 + 0.6 * (-4.0 * t).exp();
    let training = (1..=steps).map(|s| {
        let t = s as f64 / steps as f64;
        (t * epochs as f64, (loss(t) * (1.0 + 0.25 * noise.bell())).max(0.02))
    });
    let training = training.collect();
    let mut validation = |scale: f64, f: &dyn Fn(f64) -> f64| -> Vec<(f64, f64)> {
        let at = |e: usize| e as f64 / epochs as f64;
        (1..=epochs).map(|e| (e as f64, f(at(e)) + scale * noise.bell())).collect()
    };
    let validation_loss = validation(0.01, &|t| loss(t) + 0.06 + 0.14 * (t - 0.6).max(0.0));
    let accuracy = |t: f64| 0.965 - 0.3 * (-5.0 * t).exp() - 0.03 * (t - 0.6).max(0.0);
    let metric = Pair {
        training: validation(0.004, &|t| accuracy(t) + 0.02 * t),
        validation: validation(0.006, &accuracy),
    };
    Curves {
        unit: "epoch".into(),
        loss: Pair { training, validation: validation_loss },
        metric: Some(MetricCurves { name: "accuracy".into(), values: metric }),
        best: Some((epochs as f64 * 0.62).round()),
    }
}

fn layer(name: &str, does: &str, output: &str, parameters: u64, multiply_adds: u64) -> Layer {
    let shape = output.split(" × ").filter_map(|n| n.parse().ok()).collect();
    let title = does.split(',').next().unwrap_or_default().into();
    let in_words = format!("does what a {does} does");
    let standing = if does.contains("norm") { Standing::Aside } else { Standing::Step };
    let (name, does, output) = (name.into(), does.into(), output.into());
    Layer {
        name,
        does,
        title,
        in_words,
        standing,
        output,
        shape,
        parameters,
        multiply_adds,
        ..Layer::default()
    }
}

/// What goes in and comes out of them.
fn network(layers: Vec<Layer>) -> Network {
    let end = |name: &str, what: &str| End { name: name.into(), what: what.into(), lanes: vec![0] };
    let changes = |step: u64| {
        let of = |(i, l): (usize, &Layer)| (l.parameters > 0).then(|| 0.01 / (step + i as u64) as f64);
        layers.iter().enumerate().map(of).collect()
    };
    let course = (1..6).map(|step| Moment { step, changes: changes(step) }).collect();
    Network {
        inputs: vec![end("image", "64 × 64 pixels")],
        answers: vec![end("label", "one of them")],
        course,
        layers,
    }
}

fn residual_network(classes: u64) -> Vec<Layer> {
    let mut layers =
        vec![layer("image.stem", "convolution 3×3, 32 channels", "64 × 64 × 32", 320, 1_179_648)];
    for (stage, (side, channels)) in [(64_u64, 32_u64), (32, 64), (16, 96), (8, 128)].into_iter().enumerate()
    {
        for block in 0..2 {
            for part in 0..2 {
                layers.push(layer(
                    &format!("image.stage{stage}.block{block}.conv{part}"),
                    &format!("convolution 3×3, {channels} channels"),
                    &format!("{side} × {side} × {channels}"),
                    9 * channels * channels + 2 * channels,
                    side * side * 9 * channels * channels,
                ));
                layers.push(layer(
                    &format!("image.stage{stage}.block{block}.norm{part}"),
                    "batch norm + ReLU",
                    &format!("{side} × {side} × {channels}"),
                    2 * channels,
                    side * side * channels,
                ));
            }
        }
    }
    layers.push(layer("image.pool", "average over the picture", "128", 0, 8192));
    layers.push(layer(
        "head",
        &format!("linear, {classes} classes"),
        &classes.to_string(),
        129 * classes,
        128 * classes,
    ));
    layers
}

fn training(preset: &str, seconds: f64) -> Training {
    Training {
        preset: preset.into(),
        seed: 1,
        seconds,
        epochs: 24.0,
        steps: 1968,
        batch: choice("64 rows", "the largest at which a step still takes less than a tenth of a second"),
        learning_rate: choice(
            "0.0021",
            "one third of the rate at which a trial over 60 rates began to diverge",
        ),
        settings: vec![
            ("Optimiser".into(), choice("AdamW, decay 0.05", "preset good")),
            ("Schedule".into(), choice("cosine with 4 % warm-up", "preset good")),
            ("Class weights".into(), choice("0.62 and 1.74", "the classes are unequal: 74 % and 26 %")),
        ],
        augmentation: words(&["shifts up to 6 %", "turns up to 8°", "brightness and contrast up to 15 %"]),
        stopped: "the validation loss was no better for 8 epochs".into(),
        curves: learning(1968, 24),
        course: vec![(82, Glimpse::Text("thou a the".into())), (1968, Glimpse::Text("Thou art.".into()))],
    }
}

/// A run on X-rays: two classes, pictures, a warning.
pub fn xrays() -> ReportData {
    let classes = words(&["normal", "pneumonia"]);
    let mut target = class_target("label", &classes, 624, 3.3, true);
    for i in 0..12_u64 {
        let right = i >= 6;
        let (truth, answer) =
            if right == (i % 2 == 0) { ("normal", "normal") } else { ("normal", "pneumonia") };
        target.examples.push(Example {
            place: format!("test/{truth}/IM-0{}-0001.jpeg", 340 + 7 * i),
            picture: Some(png(96, i + 1)),
            truth: if right { answer.to_owned() } else { truth.to_owned() },
            answer: if right { answer.to_owned() } else { "pneumonia".to_owned() },
            probability: Some(0.999 - 0.011 * i as f64),
            right,
            ..Example::default()
        });
    }
    target.weak = Some(weak("0.2 to below 0.4"));
    ReportData {
        name: "xray-pneumonia-1".into(),
        created: "2026-05-17".into(),
        rows_are: "chest X-rays".into(),
        data: DataFacts {
            source: "xray-pneumonia.zip".into(),
            columns: vec![
                column("image", "image", "input", "5,856 files that decode as JPEG; grey, 64 × 64", 0),
                column("label", "category", "to predict", "the folder's name; 2 distinct values in 5,856 rows", 0),
            ],
            splits: splits([4708, 524, 624]),
            split_by: "the folders train, val and test were there already".into(),
            skipped: 3,
            skipped_examples: vec![Skipped {
                place: "train/normal/IM-0115.jpeg".into(),
                reason: "the JPEG ends after 1,204 of its stated bytes".into(),
            }],
            notices: vec![Notice {
                severity: Severity::Warning,
                title: "The test folder is unlike the training folder".into(),
                text: "In training 74 % are pneumonia, in the test 62 %: shares of right answers are not comparable.".into(),
            }],
        },
        training: training("good", 246.0),
        network: network(residual_network(2)),
        targets: vec![target],
        likeness: Some(moved("brightness", Some(png(48, 3)))),
        looks: vec![looks("pneumonia", &|i| png(8, i))],
        card: CardFacts {
            intended_use: "Telling normal chest X-rays of children from such with pneumonia, in pictures like those it \
                           was trained with. It is no medical device and replaces no physician."
                .into(),
            limits: words(&[
                "Children of one hospital only: nothing is known of adults or other machines.",
                "It answers “normal” or “pneumonia” to any picture, even one that shows neither.",
            ]),
            commands: pairs(&[
                ("Predict for new pictures", "pellucid predict runs/xray-pneumonia-1 new-pictures/ --out answers.csv"),
                ("Use it in the browser", "pellucid serve runs/xray-pneumonia-1"),
            ]),
            licence: Some("CC-BY-4.0".into()),
        },
        reproduce: Reproduce {
            command: "pellucid train xray-pneumonia.zip --seed 1".into(),
            versions: pairs(&[("Pellucid", "0.1.0"), ("Processor", "2 cores, AVX2"), ("System", "Linux")]),
            fingerprints: pairs(&[("Data (SHA-256)", "3f0c9a51b2d8"), ("Model (SHA-256)", "91e4c7d0aa05")]),
            config: "seed = 1\npreset = \"good\"\n\n[data]\nsource = \"xray-pneumonia.zip\"\n".into(),
        },
    }
}

/// A run on `classes` classes with small pictures.
pub fn many_classes(classes: usize) -> ReportData {
    let names: Vec<String> = match classes {
        10 => words(&[
            "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot",
        ]),
        n => (0..n)
            .map(|i| format!("sign {i}: {}", ["stop", "give way", "no entry", "50 km/h"][i % 4]))
            .collect(),
    };
    let mut target = class_target("label", &names, 2000.min(classes * 200), 4.6, true);
    for i in 0..16_u64 {
        target.examples.push(Example {
            place: format!("row {}", 17 + 611 * i),
            picture: Some(png(28, i + 40)),
            truth: names[i as usize % classes].clone(),
            answer: names[(i as usize + usize::from(i < 8)) % classes].clone(),
            probability: Some(0.997 - 0.004 * i as f64),
            right: i >= 8,
            ..Example::default()
        });
    }
    let base = xrays();
    ReportData {
        name: "fashion-3".into(),
        rows_are: "pictures of clothes".into(),
        data: DataFacts {
            source: "fashion/".into(),
            splits: splits([54_000, 6_000, 10_000]),
            notices: Vec::new(),
            skipped: 0,
            skipped_examples: Vec::new(),
            ..base.data
        },
        training: Training { curves: learning(100_000, 24), ..training("good", 598.0) },
        network: network(residual_network(classes as u64)),
        targets: vec![target],
        ..base
    }
}

/// A run on a table that predicts a number.
pub fn minutes() -> ReportData {
    let mut target = number_target("duration", 2_400, 4.6);
    for i in 0..8_u64 {
        target.examples.push(Example {
            place: format!("row {}", 104 + 97 * i),
            fields: pairs(&[
                ("distance", "12.4 km"),
                ("weekday", "Friday"),
                ("departure", "17:40"),
                ("rain", "yes"),
                ("driver", "D-17"),
                ("vehicle", "van"),
                ("stops", "9"),
                ("district", "North"),
            ]),
            truth: format!("{}.5 minutes", 31 + 3 * i),
            answer: format!("{} minutes", if i < 4 { 58 + i } else { 31 + 3 * i }),
            right: i >= 4,
            ..Example::default()
        });
    }
    target.weak = Some(Weak { looked_at: 110, segments: Vec::new() });
    let base = xrays();
    let mut curves = learning(700, 30);
    curves.metric = Some(MetricCurves {
        name: "mae".into(),
        values: Pair {
            training: (1..=30).map(|e| (f64::from(e), 4.2 + 9.0 / f64::from(e))).collect(),
            validation: (1..=30).map(|e| (f64::from(e), 4.9 + 8.0 / f64::from(e))).collect(),
        },
    });
    let columns = ["distance", "weekday", "departure", "rain", "driver", "vehicle", "stops", "district"];
    let kinds = ["number", "category", "time", "flag", "category", "category", "number", "category"];
    ReportData {
        name: "deliveries-2".into(),
        rows_are: "deliveries".into(),
        data: DataFacts {
            source: "deliveries.csv".into(),
            columns: columns
                .iter()
                .zip(kinds)
                .zip(0..)
                .map(|((name, kind), i)| {
                    column(name, kind, "input", "7 distinct values in 24,000 rows", i * 37)
                })
                .chain([
                    column("id", "id", "set aside", "all 24,000 values are different", 0),
                    column("duration", "number", "to predict", "1,204 distinct numbers from 4 to 121", 12),
                ])
                .collect(),
            splits: splits([19_200, 2_400, 2_400]),
            split_by: "by time: the newest tenth is the test".into(),
            notices: vec![Notice {
                title: "`stops` looks like a number".into(),
                text: "It has 14 distinct whole values; say `--kind stops=category` if they are names."
                    .into(),
                ..Notice::default()
            }],
            ..DataFacts::default()
        },
        training: Training { curves, augmentation: Vec::new(), ..training("quick", 38.0) },
        network: network(vec![
            layer("inputs.numbers", "numbers, periodic embedding", "3 × 24", 1_224, 1_152),
            layer("inputs.categories", "categories, embedding", "5 × 24", 3_120, 0),
            layer("body.0", "linear, 192", "192", 37_056, 36_864),
            layer("body.1", "residual block, 192", "192", 74_112, 73_728),
            layer("body.2", "residual block, 192", "192", 74_112, 73_728),
            layer("head", "linear, 1 number", "1", 193, 192),
        ]),
        targets: vec![target],
        likeness: Some(Likeness { rows: 2_400, columns: 9, ..Likeness::default() }),
        ..base
    }
}

/// Two targets, one of which is no better than the trivial answer.
pub fn several_targets() -> ReportData {
    let names = words(&["on time", "late", "returned"]);
    let poor = Target { column: "outcome".into(), ..class_target("outcome", &names, 90, 0.05, false) };
    ReportData { targets: vec![number_target("duration", 400, 5.0), poor], ..minutes() }
}

/// Names and texts that try to become part of the page.
pub fn hostile() -> ReportData {
    let attack = "</title></style><script>alert('x')</script>\"'><img src=x onerror=alert(1)>&amp;";
    let classes = vec![attack.to_owned(), "<script>".to_owned(), "b".to_owned()];
    let mut target = class_target(attack, &classes, 60, 2.0, true);
    target.examples.push(Example {
        place: attack.into(),
        picture: Some(b"no picture <script>".to_vec()),
        fields: vec![(attack.into(), attack.into())],
        truth: attack.into(),
        answer: attack.into(),
        probability: Some(f64::NAN),
        right: false,
    });
    target.weak = Some(weak(attack));
    target.explanations = vec![heard(attack)];
    let notice = Notice { severity: Severity::Leak, title: attack.into(), text: attack.into() };
    ReportData {
        name: attack.into(),
        created: attack.into(),
        rows_are: attack.into(),
        data: DataFacts {
            source: attack.into(),
            columns: vec![column(attack, attack, attack, attack, 1)],
            splits: vec![Split { name: attack.into(), rows: 3 }],
            split_by: attack.into(),
            skipped: 1,
            skipped_examples: vec![Skipped { place: attack.into(), reason: attack.into() }],
            notices: vec![notice],
        },
        training: Training {
            preset: attack.into(),
            batch: choice(attack, attack),
            augmentation: vec![attack.into()],
            stopped: attack.into(),
            curves: Curves { unit: attack.into(), ..learning(5, 5) },
            ..Training::default()
        },
        network: Network {
            inputs: vec![End { name: attack.into(), what: attack.into(), lanes: Vec::new() }],
            ..network(vec![layer(attack, attack, attack, 1, 1)])
        },
        targets: vec![target],
        likeness: Some(moved(attack, Some(b"no picture <script>".to_vec()))),
        looks: vec![looks(attack, &|_| b"no picture <script>".to_vec()), looks("b", &|i| png(8, i))],
        card: CardFacts {
            intended_use: attack.into(),
            limits: vec![attack.into()],
            commands: vec![(attack.into(), attack.into())],
            licence: Some(attack.into()),
        },
        reproduce: Reproduce {
            command: attack.into(),
            versions: vec![(attack.into(), attack.into())],
            fingerprints: Vec::new(),
            config: attack.into(),
        },
    }
}
