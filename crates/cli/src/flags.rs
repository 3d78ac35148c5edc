//! Flags as plain data. One that several verbs share is defined once, here.

/// A flag.
pub(crate) struct Flag {
    /// The name, without the dashes.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) value: Value,
    /// Whether it may be given several times.
    pub(crate) many: bool,
    /// What it does.
    pub(crate) help: &'static str,
    /// The heading that it stands under in the help.
    pub(crate) under: &'static str,
}

/// What a flag takes; the text is the value's name in the help.
pub(crate) enum Value {
    /// Nothing: it is there or not.
    Switch,
    /// Any text.
    Text(&'static str),
    /// A file or folder.
    Path(&'static str),
    /// A whole number from 1.
    Whole(&'static str),
    /// A whole number from 0.
    Natural,
    /// A number above 0.
    Positive(&'static str),
    /// A number from 0 to 1.
    Share,
    /// A span of time, such as `10m`.
    Span,
    /// Two texts with `=` between them.
    Pair(&'static str),
    /// One of these.
    Choice(&'static str, &'static [&'static str]),
}

impl Value {
    /// The value's name in the help.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Value::Switch => "",
            Value::Natural => "N",
            Value::Share => "SHARE",
            Value::Span => "TIME",
            Value::Text(name)
            | Value::Path(name)
            | Value::Whole(name)
            | Value::Positive(name)
            | Value::Pair(name)
            | Value::Choice(name, _) => name,
        }
    }
}

const DATA: &str = "Data";
const TRAINING: &str = "Training";
const OUTPUT: &str = "Output";

const fn flag(name: &'static str, value: Value, under: &'static str, help: &'static str) -> Flag {
    Flag { name, value, many: false, help, under }
}

const fn several(name: &'static str, value: Value, under: &'static str, help: &'static str) -> Flag {
    Flag { name, value, many: true, help, under }
}

pub(crate) static PREDICT: Flag =
    several("predict", Value::Text("COLUMN"), DATA, "A column to predict; may be given several times");
pub(crate) static FROM_COLUMN: Flag = several(
    "from-column",
    Value::Text("COLUMN"),
    DATA,
    "Predict from this column and no other, such as the language to translate; may be given several times",
);
pub(crate) static BOTH_WAYS: Flag = flag(
    "both-ways",
    Value::Switch,
    DATA,
    "Where a text is predicted from a text, learn to translate back as well, with one network",
);
pub(crate) static GENERATE: Flag = flag(
    "generate",
    Value::Switch,
    DATA,
    "Learn to make texts, melodies or pictures like those of DATA: files of plain text, MIDI or pictures, or a table with a column of such (--from-column)",
);
pub(crate) static RECOMMEND: Flag = flag(
    "recommend",
    Value::Switch,
    DATA,
    "Learn what people like: a table that says who took or liked what, perhaps how much and when; tables with a row for each user or item may lie beside it",
);
pub(crate) static USER_COLUMN: Flag = flag(
    "user-column",
    Value::Text("COLUMN"),
    DATA,
    "With --recommend, who took or liked something [default: by its name]",
);
pub(crate) static ITEM_COLUMN: Flag = flag(
    "item-column",
    Value::Text("COLUMN"),
    DATA,
    "With --recommend, what was taken or liked [default: by its name]",
);
pub(crate) static RATING_COLUMN: Flag = flag(
    "rating-column",
    Value::Text("COLUMN"),
    DATA,
    "With --recommend, how much it was liked [default: by its name]",
);
pub(crate) static GROUP: Flag = flag(
    "group",
    Value::Text("COLUMN"),
    DATA,
    "Keep rows with the same value here (a patient) on one side of the split",
);
pub(crate) static AUDIT: Flag = several(
    "audit",
    Value::Text("COLUMN"),
    DATA,
    "Also report how well each group of this column is served; it need not be an input; may be given several times",
);
pub(crate) static FAIR: Flag = flag(
    "fair",
    Value::Choice("WAY", &["reweighing", "demographic_parity", "equalized_odds", "equal_opportunity"]),
    TRAINING,
    "Serve the groups of --audit more equally while it learns; `pellucid audit --mitigate` says beforehand what that costs",
);
pub(crate) static FAIR_STRENGTH: Flag = flag(
    "fair-strength",
    Value::Positive("N"),
    TRAINING,
    "How much that counts: more is more equal and right less often [default: 1]",
);
pub(crate) static TIME_COLUMN: Flag = flag(
    "time-column",
    Value::Text("COLUMN"),
    DATA,
    "Split in blocks of time by this column: learn from the past",
);
pub(crate) static SPLIT: Flag =
    flag("split", Value::Text("COLUMN"), DATA, "A column that says train, validation or test for each row");
pub(crate) static IGNORE: Flag =
    several("ignore", Value::Text("COLUMN"), DATA, "A column to leave out; may be given several times");
pub(crate) static KIND: Flag = several(
    "kind",
    Value::Pair("COLUMN=KIND"),
    DATA,
    "What a column is, where it was not recognised rightly",
);
pub(crate) static SAMPLE: Flag = flag(
    "sample",
    Value::Text("NAME"),
    DATA,
    "Use a data set that is inside the program; see: pellucid sample",
);
pub(crate) static CONFIG: Flag = flag(
    "config",
    Value::Path("FILE"),
    DATA,
    "Settings, such as an earlier run's config.toml; flags go first",
);
pub(crate) static FROM: Flag = flag(
    "from",
    Value::Path("DIR|hub:NAME"),
    TRAINING,
    "Start from a network that has learned already: a folder in the Hugging Face hub's layout, its name there, or an earlier run",
);
pub(crate) static TOKENIZER: Flag = flag(
    "tokenizer",
    Value::Path("FILE"),
    TRAINING,
    "A tokenizer.json: the pieces of words that texts are read in [default: learned from the texts]",
);
pub(crate) static FREEZE: Flag = flag(
    "freeze",
    Value::Switch,
    TRAINING,
    "Keep what --from names as it is and learn only what follows: minutes instead of hours",
);
pub(crate) static CORRECTIONS: Flag = flag(
    "corrections",
    Value::Path("FILE.csv"),
    DATA,
    "Cells that were mended, the data's own files staying as they are: a list with the columns row (a file's name, or `row 17`), column and value",
);
pub(crate) static SKIP_SHARE: Flag =
    flag("skip-share", Value::Share, DATA, "Share of unreadable rows that is tolerated [default: 0.01]");
pub(crate) static ALLOW_LEAKS: Flag = flag(
    "allow-leaks",
    Value::Switch,
    DATA,
    "Train although the checks found that the scores will promise too much",
);

pub(crate) static PRESET: Flag = flag(
    "preset",
    Value::Choice("PRESET", &["quick", "good", "best"]),
    TRAINING,
    "How large an effort: about 1, up to 8, up to 60 minutes [default: good]",
);
pub(crate) static TIME: Flag =
    flag("time", Value::Span, TRAINING, "The longest that training may take: 90s, 10m, 1h30m");
pub(crate) static STEPS: Flag =
    flag("steps", Value::Whole("N"), TRAINING, "Batches to learn from, instead of a time");
pub(crate) static BATCH: Flag = flag("batch", Value::Whole("ROWS"), TRAINING, "Rows in a batch");
pub(crate) static LR: Flag = flag("lr", Value::Positive("RATE"), TRAINING, "The highest learning rate");
pub(crate) static SEED: Flag =
    flag("seed", Value::Natural, TRAINING, "What all randomness is derived from [default: 0]");
pub(crate) static THREADS: Flag =
    flag("threads", Value::Whole("N"), TRAINING, "Threads that work; the result does not depend on it");

pub(crate) static NAME: Flag =
    flag("name", Value::Text("NAME"), OUTPUT, "The run's name [default: the data's, with a number]");
pub(crate) static OUT_FOLDER: Flag =
    flag("out", Value::Path("DIR"), OUTPUT, "The folder in which to make the run's folder [default: runs]");
pub(crate) static YES: Flag =
    flag("yes", Value::Switch, OUTPUT, "Ask nothing: take every column for what it was recognised as");
pub(crate) static JSON_EVENTS: Flag =
    flag("json", Value::Switch, OUTPUT, "Tell what happens as JSON, one event a line, on standard output");
pub(crate) static JSON: Flag = flag("json", Value::Switch, OUTPUT, "Print the result as JSON");
