//! The figures of `docs/results.md`: the command of each, and what it must at least reach.

/// One figure.
pub(crate) struct Figure {
    /// Its name.
    pub(crate) name: &'static str,
    /// The data, below the folder given with `--data`.
    pub(crate) data: &'static [&'static str],
    /// Further arguments of `pellucid train`.
    pub(crate) arguments: &'static [&'static str],
    /// Metrics and the least they must be.
    pub(crate) least: &'static [(&'static str, f64)],
}

/// All of them. `bench/data/prepare.py` makes `fashion.zip`, `digits.zip` and `adult/`.
pub(crate) const FIGURES: &[Figure] = &[
    Figure {
        name: "fashion",
        data: &["fashion.zip"],
        arguments: &["--preset", "good", "--time", "10m"],
        least: &[("accuracy", 0.935)],
    },
    Figure {
        name: "digits",
        data: &["digits.zip"],
        arguments: &["--time", "3m"],
        least: &[("accuracy", 0.992)],
    },
    Figure {
        name: "xray-pneumonia",
        data: &["xray-pneumonia.zip"],
        arguments: &["--time", "5m"],
        least: &[("accuracy", 0.93), ("auc", 0.975)],
    },
    Figure {
        name: "road-signs",
        data: &["road-signs.zip"],
        arguments: &["--predict", "sign", "--group", "physical_sign"],
        least: &[("accuracy", 0.98)],
    },
    Figure {
        name: "adult",
        data: &["adult/train.csv", "adult/test.csv"],
        arguments: &["--predict", "income"],
        least: &[("accuracy", 0.855), ("auc", 0.912)],
    },
    Figure {
        name: "text-sentiment",
        data: &["text-sentiment.zip"],
        arguments: &["--predict", "sentiment", "--time", "5m"],
        least: &[("accuracy", 0.815)],
    },
    Figure {
        name: "steering",
        data: &["steering.zip"],
        arguments: &["--predict", "steering", "--time-column", "frame"],
        least: &[("r2", 0.2), ("correlation", 0.6)],
    },
    Figure {
        name: "voice-commands",
        data: &["voice-commands.zip"],
        arguments: &["--predict", "command", "--group", "speaker", "--time", "3m"],
        least: &[("accuracy", 0.985)],
    },
    Figure {
        name: "spoken-digits",
        data: &["spoken-digits.zip"],
        arguments: &["--predict", "digit", "--split", "split", "--ignore", "speaker", "--time", "5m"],
        least: &[("accuracy", 0.98)],
    },
    Figure {
        name: "speech-emotion",
        data: &["speech-emotion.zip"],
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
        least: &[("accuracy", 0.55)],
    },
];
