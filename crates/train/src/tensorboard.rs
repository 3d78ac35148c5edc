//! Scalar curves as TensorBoard event files, so that `tensorboard --logdir runs` shows a run beside others.
//!
//! An event file is a row of TFRecords: length (u64, little endian), masked CRC-32C of the length, the bytes, masked
//! CRC-32C of the bytes. Each record is a protobuf message `tensorflow.Event`; only its few fields used here are
//! written, by hand. Formats: TensorFlow's `record_writer.h`, `event.proto` and `summary.proto`; CRC-32C: RFC 3720,
//! appendix B.4. TensorBoard's own reader (`EventAccumulator`, version 2.21) reads files of this writer, resumed ones
//! included, with every tag, step, time and value.
//!
//! A file may end in the middle of a record after a crash. [`EventWriter::resume`] cuts it back to the last whole
//! record, and to the step that training goes on from, before it writes on.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The start of every file: `file_version` of the format.
const VERSION: &str = "brain.Event:2";

/// Longer records than this are taken for damage, not for something to allocate.
const LONGEST_RECORD: u64 = 1 << 20;

/// Appends scalars to one event file.
#[derive(Debug)]
pub struct EventWriter {
    file: BufWriter<File>,
}

impl EventWriter {
    /// Makes a new event file in `folder` named after `wall_time` (seconds since 1970) and the run's `name`.
    /// TensorBoard reads every file whose name holds `tfevents`.
    ///
    /// # Errors
    /// When the file exists already or cannot be written.
    pub fn create(folder: &Path, wall_time: f64, name: &str) -> io::Result<Self> {
        let safe: String =
            name.chars().map(|c| if c.is_alphanumeric() || "-_".contains(c) { c } else { '_' }).collect();
        let path = folder.join(format!("events.out.tfevents.{:010}.{safe}", wall_time.max(0.0) as u64));
        let file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(|e| at(&path, e))?;
        let mut writer = Self { file: BufWriter::new(file) };
        writer.record(&version_event(wall_time))?;
        Ok(writer)
    }

    /// Goes on with the file at `path`: keeps its whole records before the first one of a step later than
    /// `last_step`, cuts off the rest. Steps are taken to ascend within a file.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is no event file.
    pub fn resume(path: &Path, last_step: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(|e| at(path, e))?;
        let mut kept = 0;
        {
            let mut records = Records { from: io::BufReader::new(&mut file) };
            while let Some(record) = records.next()? {
                let Some(event) = Event::parse(&record) else { break };
                if kept == 0 && event.version.as_deref() != Some(VERSION) {
                    break;
                }
                if event.step > last_step {
                    break;
                }
                kept += frame_length(record.len());
            }
        }
        if kept == 0 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{}: no TensorBoard event file; move it away to start a new one", path.display()),
            ));
        }
        file.set_len(kept).map_err(|e| at(path, e))?;
        file.seek(SeekFrom::End(0)).map_err(|e| at(path, e))?;
        Ok(Self { file: BufWriter::new(file) })
    }

    /// Appends one value of the curve `tag` (slashes group curves: `loss/train`) at `step`, taken at `wall_time`
    /// seconds since 1970.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn scalar(&mut self, tag: &str, step: u64, wall_time: f64, value: f32) -> io::Result<()> {
        self.record(&scalar_event(tag, step, wall_time, value))
    }

    /// Hands everything written so far to the operating system, so that a running TensorBoard sees it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    fn record(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = (bytes.len() as u64).to_le_bytes();
        self.file.write_all(&length)?;
        self.file.write_all(&masked_crc32c(&length).to_le_bytes())?;
        self.file.write_all(bytes)?;
        self.file.write_all(&masked_crc32c(bytes).to_le_bytes())
    }
}

/// One value read back from an event file.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// The curve.
    pub tag: String,
    /// The position on it.
    pub step: u64,
    /// Seconds since 1970.
    pub wall_time: f64,
    /// The value.
    pub value: f32,
}

/// Reads the scalars of an event file up to its end or its first damaged record.
///
/// # Errors
/// When the file cannot be read.
pub fn read_scalars(path: &Path) -> io::Result<Vec<Scalar>> {
    let file = File::open(path).map_err(|e| at(path, e))?;
    let mut records = Records { from: io::BufReader::new(file) };
    let mut scalars = Vec::new();
    while let Some(record) = records.next()? {
        let Some(event) = Event::parse(&record) else { break };
        let (step, wall_time) = (event.step, event.wall_time);
        scalars.extend(event.scalars.into_iter().map(|(tag, value)| Scalar { tag, step, wall_time, value }));
    }
    Ok(scalars)
}

fn at(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The bytes that a record of this length takes up with its frame.
fn frame_length(record: usize) -> u64 {
    8 + 4 + record as u64 + 4
}

/// The whole, undamaged records of a file, one after the other.
struct Records<R> {
    from: R,
}

impl<R: Read> Records<R> {
    /// The next record; `None` at the end, at a torn record and at a wrong checksum.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(length) = self.take::<8>()? else { return Ok(None) };
        let Some(length_check) = self.take::<4>()? else { return Ok(None) };
        let size = u64::from_le_bytes(length);
        if u32::from_le_bytes(length_check) != masked_crc32c(&length) || size > LONGEST_RECORD {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        (&mut self.from).take(size).read_to_end(&mut bytes)?;
        let Some(check) = self.take::<4>()? else { return Ok(None) };
        let whole = bytes.len() as u64 == size && u32::from_le_bytes(check) == masked_crc32c(&bytes);
        Ok(whole.then_some(bytes))
    }

    fn take<const N: usize>(&mut self) -> io::Result<Option<[u8; N]>> {
        let mut bytes = [0; N];
        match self.from.read_exact(&mut bytes) {
            Ok(()) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

// The messages. Event: 1 wall_time (double), 2 step (int64), 3 file_version (string), 5 summary (Summary).
// Summary: 1 value (repeated Value). Value: 1 tag (string), 2 simple_value (float).

fn version_event(wall_time: f64) -> Vec<u8> {
    let mut event = Vec::new();
    put_fixed(&mut event, 1, &wall_time.to_le_bytes());
    put_bytes(&mut event, 3, VERSION.as_bytes());
    event
}

fn scalar_event(tag: &str, step: u64, wall_time: f64, value: f32) -> Vec<u8> {
    let (mut event, mut summary, mut entry) = (Vec::new(), Vec::new(), Vec::new());
    put_bytes(&mut entry, 1, tag.as_bytes());
    put_fixed(&mut entry, 2, &value.to_le_bytes());
    put_bytes(&mut summary, 1, &entry);
    put_fixed(&mut event, 1, &wall_time.to_le_bytes());
    event.push(2 << 3);
    put_varint(&mut event, step);
    put_bytes(&mut event, 5, &summary);
    event
}

/// A protobuf field of 4 or 8 bytes.
fn put_fixed(into: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    into.push(field << 3 | if bytes.len() == 8 { 1 } else { 5 });
    into.extend_from_slice(bytes);
}

/// A protobuf field with its length before it.
fn put_bytes(into: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    into.push(field << 3 | 2);
    put_varint(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

/// Seven bits a byte, the lowest first.
fn put_varint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// What is read back of an event.
#[derive(Default)]
struct Event {
    wall_time: f64,
    step: u64,
    version: Option<String>,
    scalars: Vec<(String, f32)>,
}

impl Event {
    /// `None` when the bytes are no event.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut event = Self::default();
        for field in fields(bytes)? {
            match field {
                (1, Value::Fixed64(bits)) => event.wall_time = f64::from_bits(bits),
                (2, Value::Varint(step)) => event.step = step,
                (3, Value::Bytes(text)) => event.version = String::from_utf8(text.to_vec()).ok(),
                (5, Value::Bytes(summary)) => {
                    for entry in fields(summary)? {
                        if let (1, Value::Bytes(entry)) = entry {
                            event.scalars.extend(parse_entry(entry)?);
                        }
                    }
                }
                _ => {}
            }
        }
        Some(event)
    }
}

/// The tag and value of a summary's entry; an empty option when it is no scalar.
fn parse_entry(bytes: &[u8]) -> Option<Option<(String, f32)>> {
    let (mut tag, mut value) = (None, None);
    for field in fields(bytes)? {
        match field {
            (1, Value::Bytes(text)) => tag = String::from_utf8(text.to_vec()).ok(),
            (2, Value::Fixed32(bits)) => value = Some(f32::from_bits(bits)),
            _ => {}
        }
    }
    Some(tag.zip(value))
}

enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// Splits a protobuf message into fields; `None` when it is malformed.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Value<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = take_varint(&mut bytes)?;
        let value = match key & 7 {
            0 => Value::Varint(take_varint(&mut bytes)?),
            1 => Value::Fixed64(u64::from_le_bytes(take_fixed(&mut bytes)?)),
            2 => {
                let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
                let (head, tail) = bytes.split_at_checked(length)?;
                bytes = tail;
                Value::Bytes(head)
            }
            5 => Value::Fixed32(u32::from_le_bytes(take_fixed(&mut bytes)?)),
            _ => return None,
        };
        fields.push((key >> 3, value));
    }
    Some(fields)
}

fn take_fixed<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk::<N>()?;
    *bytes = tail;
    Some(*head)
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = bytes.split_first()?;
        *bytes = tail;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// TFRecord's mask: a checksum of data that holds checksums would otherwise be weak.
fn masked_crc32c(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xA282_EAD8)
}

/// CRC-32C (Castagnoli's polynomial, bits reversed: `0x82F63B78`), one table look-up per byte.
fn crc32c(bytes: &[u8]) -> u32 {
    static TABLE: [u32; 256] = crc32c_table();
    !bytes.iter().fold(!0, |crc: u32, &byte| crc >> 8 ^ TABLE[usize::from(crc as u8 ^ byte)])
}

const fn crc32c_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let (mut crc, mut bit) = (index as u32, 0);
        while bit < 8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0x82F6_3B78 } else { 0 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::fs;
    use std::path::PathBuf;

    fn only_file(folder: &Path) -> PathBuf {
        let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let file = files.next().unwrap();
        assert!(files.next().is_none());
        file
    }

    fn ten_steps(folder: &Path) -> PathBuf {
        let mut writer = EventWriter::create(folder, 1_700_000_000.25, "a run/7").unwrap();
        for step in 1..=10 {
            writer.scalar("loss/train", step, 1_700_000_000.25 + step as f64, 1.0 / step as f32).unwrap();
            writer.scalar("accuracy/validation", step * 1000, 1.5, 0.5).unwrap();
        }
        writer.flush().unwrap();
        only_file(folder)
    }

    /// RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRC algorithms.
    #[test]
    fn the_checksum_is_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xFF; 32]), 0x62A8_AB43);
        assert_eq!(crc32c(&(0..32).collect::<Vec<u8>>()), 0x46DD_794E);
        assert_eq!(crc32c(&(0..32).rev().collect::<Vec<u8>>()), 0x113F_DB5C);
        assert_eq!(crc32c(b""), 0);
    }

    /// Worked out by hand from the protobuf encoding's documentation.
    #[test]
    fn a_record_has_the_documented_bytes() {
        let event = version_event(0.0);
        assert_eq!(event, b"\x09\0\0\0\0\0\0\0\0\x1a\x0dbrain.Event:2");
        assert_eq!(
            scalar_event("a", 300, 0.0, 1.0),
            b"\x09\0\0\0\0\0\0\0\0\x10\xac\x02\x2a\x0a\x0a\x08\x0a\x01a\x15\0\0\x80\x3f"
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = ten_steps(folder.path());
        assert_eq!(path.file_name().unwrap(), "events.out.tfevents.1700000000.a_run_7");
        let scalars = read_scalars(&path).unwrap();
        assert_eq!(scalars.len(), 20);
        let third =
            Scalar { tag: "loss/train".into(), step: 3, wall_time: 1_700_000_003.25, value: 1.0 / 3.0 };
        assert_eq!(scalars[4], third);
        assert_eq!(scalars[19].step, 10_000);
        let mut again = EventWriter::create(folder.path(), 1_700_000_000.9, "a run/7");
        assert!(
            again.as_mut().is_err_and(|e| e.to_string().contains("tfevents")),
            "an existing file was overwritten"
        );
    }

    #[test]
    fn a_file_torn_anywhere_goes_on_from_its_last_whole_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = ten_steps(folder.path());
        let whole = fs::read(&path).unwrap();
        let expected = read_scalars(&path).unwrap();
        let head = frame_length(version_event(0.0).len()) as usize;
        for cut in head..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let before = read_scalars(&path).unwrap();
            EventWriter::resume(&path, u64::MAX).unwrap().scalar("again", 5, 0.0, 7.0).unwrap();
            let after = read_scalars(&path).unwrap();
            assert_eq!(after[..after.len() - 1], expected[..before.len()], "cut at byte {cut}");
            assert_eq!(after.last().map(|s| s.tag.as_str()), Some("again"), "cut at byte {cut}");
        }
    }

    #[test]
    fn resuming_forgets_what_came_after_the_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = EventWriter::create(folder.path(), 0.0, "run").unwrap();
        (1..=10).for_each(|step| writer.scalar("loss", step, 0.0, step as f32).unwrap());
        drop(writer);
        let path = only_file(folder.path());
        EventWriter::resume(&path, 6).unwrap().scalar("loss", 7, 0.0, 70.0).unwrap();
        let values: Vec<f32> = read_scalars(&path).unwrap().iter().map(|s| s.value).collect();
        assert_eq!(values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 70.0]);
    }

    #[test]
    fn a_foreign_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        for text in ["", "these are my notes, not an event file"] {
            fs::write(&path, text).unwrap();
            assert!(EventWriter::resume(&path, 1).is_err_and(|e| e.to_string().contains("notes.txt")));
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert!(EventWriter::resume(&folder.path().join("absent"), 1).is_err());
    }

    #[test]
    fn a_flipped_byte_ends_the_reading_without_harm() {
        let folder = tempfile::tempdir().unwrap();
        let path = ten_steps(folder.path());
        let whole = fs::read(&path).unwrap();
        let expected = read_scalars(&path).unwrap();
        for position in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[position] ^= 0x10;
            fs::write(&path, bytes).unwrap();
            let found = read_scalars(&path).unwrap();
            assert!(found.len() < expected.len() && found[..] == expected[..found.len()], "byte {position}");
        }
    }
}
