//! What can be seen of a column in one pass over the table.

use crate::cells::{cell_number, cell_text};
use pellucid_data::{Cell, ColumnInfo, MEDIA, Result, Storage, Table};
use std::collections::{HashMap, HashSet};

/// Distinct values are counted exactly up to here.
const COUNTED: usize = 10_000;

/// Values are compared for being all different up to here.
const COMPARED: usize = 1_000_000;

/// Facts about one column.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The column's name.
    pub name: String,
    /// How its cells are stored.
    pub storage: Storage,
    /// Whether its file says that each cell is a set of words with spaces between them.
    pub words: bool,
    /// Rows of the table.
    pub rows: usize,
    /// Cells without a value.
    pub missing: usize,
    /// Values and how often they occur, the most frequent first (ties by value).
    pub values: Vec<(String, usize)>,
    /// Whether [`values`](Profile::values) holds every distinct value.
    pub all_counted: bool,
    /// Whether no value occurs twice.
    pub all_different: bool,
    /// Whether numbers only ever rise from row to row.
    pub rising: bool,
    /// Least and largest finite number.
    pub range: Option<(f64, f64)>,
    /// Infinite numbers.
    pub infinite: usize,
    /// Mean number of characters of a value.
    pub mean_length: f64,
    /// Mean number of words of a value; where a script has no spaces, two characters count as a word.
    pub mean_words: f64,
    /// Values that name a file that exists.
    pub existing_files: usize,
    /// Values that are bytes of a picture or the name of a picture file.
    pub pictures: usize,
    /// Values that are bytes of a sound or the name of a sound file.
    pub sounds: usize,
    /// Values that are bytes of a melody or the name of a file of one.
    pub melodies: usize,
}

impl Profile {
    /// How many distinct values there are (at least, if not all were counted).
    pub fn distinct(&self) -> usize {
        self.values.len()
    }

    /// Cells with a value.
    pub fn present(&self) -> usize {
        self.rows - self.missing
    }
}

struct Collector {
    profile: Profile,
    counts: HashMap<String, usize>,
    seen: HashSet<u64>,
    characters: usize,
    words: f64,
    last: f64,
}

/// Profiles every column of a table.
///
/// # Errors
/// What reading the table reports.
pub fn profile(table: &Table) -> Result<Vec<Profile>> {
    let rows = table.rows();
    let mut collectors: Vec<_> = table.columns().iter().map(|column| Collector::new(column, rows)).collect();
    for chunk in table.chunks() {
        let chunk = chunk?;
        for (column, collector) in collectors.iter_mut().enumerate() {
            for row in 0..chunk.rows {
                collector.add(chunk.cell(row, column), table);
            }
        }
    }
    Ok(collectors.into_iter().map(Collector::finish).collect())
}

impl Collector {
    fn new(column: &ColumnInfo, rows: usize) -> Self {
        let storage = column.storage;
        let profile = Profile {
            name: column.name.clone(),
            storage,
            words: column.words,
            rows,
            missing: 0,
            values: Vec::new(),
            all_counted: true,
            all_different: true,
            rising: matches!(storage, Storage::Integer | Storage::Number | Storage::Time),
            range: None,
            infinite: 0,
            mean_length: 0.0,
            mean_words: 0.0,
            existing_files: 0,
            pictures: 0,
            sounds: 0,
            melodies: 0,
        };
        Collector {
            profile,
            counts: HashMap::new(),
            seen: HashSet::new(),
            characters: 0,
            words: 0.0,
            last: f64::NEG_INFINITY,
        }
    }

    fn add(&mut self, cell: Cell<'_>, table: &Table) {
        let p = &mut self.profile;
        if let Cell::Bytes(bytes) = cell {
            p.pictures += usize::from(image::guess_format(bytes).is_ok());
            p.sounds += usize::from(crate::audio::is_sound(bytes));
            p.melodies += usize::from(crate::melody::is_melody(bytes));
            p.all_counted = false;
            return;
        }
        let Some(text) = cell_text(cell) else {
            p.missing += 1;
            p.rising = false;
            return;
        };
        if let Cell::Number(x) = cell {
            p.infinite += usize::from(x.is_infinite());
        }
        let number = if let Cell::Time(ms) = cell { Some(ms as f64) } else { cell_number(cell) };
        if let Some(x) = number {
            let (low, high) = p.range.unwrap_or((x, x));
            p.range = Some((low.min(x), high.max(x)));
            p.rising &= x > self.last;
            self.last = x;
        }
        self.characters += text.chars().count();
        self.words += words(&text);
        let [picture, sound, melody] = ["image", "audio", "melody"].map(|sort| is_media_name(&text, sort));
        if p.storage == Storage::Text && (picture || sound || melody) {
            p.pictures += usize::from(picture);
            p.sounds += usize::from(sound);
            p.melodies += usize::from(melody);
            p.existing_files += usize::from(table.files().is_some_and(|f| f.contains(&text)));
        }
        if p.all_different && self.seen.len() < COMPARED {
            p.all_different = self.seen.insert(hash(&text));
        }
        if let Some(count) = self.counts.get_mut(text.as_ref()) {
            *count += 1;
        } else if self.counts.len() < COUNTED {
            self.counts.insert(text.into_owned(), 1);
        } else {
            p.all_counted = false;
        }
    }

    fn finish(mut self) -> Profile {
        self.profile.mean_length = self.characters as f64 / self.profile.present().max(1) as f64;
        self.profile.mean_words = self.words / self.profile.present().max(1) as f64;
        self.profile.values = self.counts.into_iter().collect();
        self.profile.values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.profile.all_different &= self.profile.present() > 1;
        self.profile
    }
}

/// Whether a text is the name of a file of the media that folders put into this column, by its extension.
fn is_media_name(text: &str, column: &str) -> bool {
    text.rsplit_once('.').is_some_and(|(_, extension)| {
        let mut media = MEDIA.iter().filter(|m| m.column == column);
        media.any(|m| m.extensions.iter().any(|e| extension.eq_ignore_ascii_case(e)))
    })
}

/// Words between spaces; where a script has no spaces (Chinese, Japanese, Thai), two characters count as one.
fn words(text: &str) -> f64 {
    let unspaced =
        |c: &char| matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}');
    let count = text.split_whitespace().filter(|word| word.chars().any(|c| c.is_alphanumeric())).count();
    count as f64 + text.chars().filter(unspaced).count() as f64 / 2.0
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
