//! One encoded row: what the network will see of it, in a fixed number of bytes.

use crate::Feature;

/// The encoded features and targets of one row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Numbers in their own unit: `f64`, so that a large offset (a time, a long id) costs no digits.
    pub numbers: Vec<f64>,
    /// Categories.
    pub codes: Vec<u32>,
    /// For each text how many pieces it has, and then these, filled up with 0 to its length.
    pub tokens: Vec<u32>,
    /// The bytes of all pictures and sounds, one after the other.
    pub pictures: Vec<u8>,
    /// For each target a class, a number, or 0 or 1 for each of its tags; NaN if not known.
    pub targets: Vec<f64>,
}

impl Record {
    /// Empties the record, keeping its memory.
    pub fn clear(&mut self) {
        self.numbers.clear();
        self.codes.clear();
        self.tokens.clear();
        self.pictures.clear();
        self.targets.clear();
    }
}

/// How many of each a record holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Numbers.
    pub numbers: usize,
    /// Codes.
    pub codes: usize,
    /// The most pieces of each text.
    pub texts: Vec<usize>,
    /// Height, width and channels of each picture; frames, bands and 1 of each sound.
    pub pictures: Vec<[usize; 3]>,
    /// Numbers of all targets.
    pub targets: usize,
}

impl Layout {
    /// The layout of records with these features and this many numbers of targets.
    pub fn new(features: &[Feature], targets: usize) -> Layout {
        let mut layout = Layout { targets, ..Layout::default() };
        for feature in features {
            match feature {
                Feature::Number { .. } => layout.numbers += 1,
                Feature::Code { .. } => layout.codes += 1,
                Feature::Text { length, .. } => layout.texts.push(*length),
                Feature::Sound { frames, bands, .. } => layout.pictures.push([*frames, *bands, 1]),
                Feature::Picture { height, width, channels, .. } => {
                    layout.pictures.push([*height, *width, *channels]);
                }
            }
        }
        layout
    }

    /// Bytes of all pictures of a record.
    pub fn picture_bytes(&self) -> usize {
        self.pictures.iter().map(|p| p.iter().product::<usize>()).sum()
    }

    /// Numbers of all texts of a record.
    fn tokens(&self) -> usize {
        self.texts.iter().map(|length| 1 + length).sum()
    }

    /// The pieces of each text of a record.
    pub fn pieces<'a>(&self, record: &'a Record) -> impl Iterator<Item = &'a [u32]> {
        let mut rest = record.tokens.as_slice();
        self.texts.iter().map(move |length| {
            let (text, others) = rest.split_at((1 + length).min(rest.len()));
            rest = others;
            let count = text.first().map_or(0, |&n| n as usize);
            text.get(1..=count).unwrap_or_default()
        })
    }

    /// Bytes of a record.
    pub fn bytes(&self) -> usize {
        8 * (self.numbers + self.targets) + 4 * (self.codes + self.tokens()) + self.picture_bytes()
    }

    /// Appends a record's bytes; returns whether it has this layout.
    pub fn write(&self, record: &Record, out: &mut Vec<u8>) -> bool {
        let fits = record.numbers.len() == self.numbers
            && record.codes.len() == self.codes
            && record.targets.len() == self.targets
            && record.tokens.len() == self.tokens()
            && record.pictures.len() == self.picture_bytes();
        if fits {
            record.numbers.iter().for_each(|x| out.extend(x.to_le_bytes()));
            record.targets.iter().for_each(|x| out.extend(x.to_le_bytes()));
            record.codes.iter().for_each(|x| out.extend(x.to_le_bytes()));
            record.tokens.iter().for_each(|x| out.extend(x.to_le_bytes()));
            out.extend(&record.pictures);
        }
        fits
    }

    /// Reads a record back from exactly [`bytes`](Layout::bytes) bytes.
    pub fn read(&self, bytes: &[u8], record: &mut Record) {
        record.clear();
        let (doubles, bytes) = bytes.split_at((8 * (self.numbers + self.targets)).min(bytes.len()));
        let (words, pictures) = bytes.split_at((4 * (self.codes + self.tokens())).min(bytes.len()));
        let mut doubles = doubles.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b));
        record.numbers.extend(doubles.by_ref().take(self.numbers));
        record.targets.extend(doubles);
        let mut words = words.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b));
        record.codes.extend(words.by_ref().take(self.codes));
        record.tokens.extend(words);
        record.pictures.extend(pictures);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_survive_their_bytes() {
        let layout =
            Layout { numbers: 2, codes: 1, texts: vec![3, 1], pictures: vec![[2, 2, 1]], targets: 1 };
        let record = Record {
            numbers: vec![1.5, 1_700_000_000.25],
            codes: vec![7],
            tokens: vec![2, 5, 6, 0, 1, 9],
            pictures: vec![1, 2, 3, 4],
            targets: vec![-1_700_000_000.125],
        };
        let mut bytes = Vec::new();
        assert!(layout.write(&record, &mut bytes));
        assert_eq!(bytes.len(), layout.bytes());
        let mut back = Record::default();
        layout.read(&bytes, &mut back);
        assert_eq!(back, record);
        assert_eq!(layout.pieces(&back).collect::<Vec<_>>(), [&[5, 6][..], &[9]]);
        assert!(!layout.write(&Record::default(), &mut bytes));
    }
}
