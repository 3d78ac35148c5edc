//! Text of any encoding, read as UTF-8.

use crate::error::{DataError, Result};
use crate::limits::MAX_CELL;
use crate::source::Source;
use crate::table::Builder;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{self, Read};

const BLOCK: usize = 1 << 16;
/// Share of NUL bytes in the head above which a file counts as UTF-16 without its mark (on one side of each
/// pair) or as no text at all.
const MANY_NULS: f64 = 0.2;

/// Finds the encoding of a text: its byte-order mark, else UTF-8 when all of it is valid UTF-8, else a guess from
/// its statistics.
///
/// # Errors
/// `Unreadable` when the input is no text (many NUL bytes), `Io` when it cannot be read.
pub(crate) fn detect_encoding(source: &Source) -> Result<&'static Encoding> {
    let head = source.head()?;
    if let Some((encoding, _)) = Encoding::for_bom(&head) {
        return Ok(encoding);
    }
    if let Some(encoding) = without_mark(&head, source)? {
        return Ok(encoding);
    }
    if is_utf8(source)? {
        return Ok(UTF_8);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    for_blocks(source, |block| {
        detector.feed(block, false);
        true
    })?;
    detector.feed(&[], true);
    Ok(detector.guess(None, Utf8Detection::Deny))
}

/// UTF-16 shows in ASCII texts as a NUL on one side of every pair.
fn without_mark(head: &[u8], source: &Source) -> Result<Option<&'static Encoding>> {
    let (pairs, _) = head.as_chunks::<2>();
    let share =
        |side: usize| pairs.iter().filter(|pair| pair[side] == 0).count() as f64 / pairs.len().max(1) as f64;
    match (share(0) > MANY_NULS, share(1) > MANY_NULS) {
        (false, false) => Ok(None),
        (false, true) => Ok(Some(UTF_16LE)),
        (true, false) => Ok(Some(UTF_16BE)),
        (true, true) => Err(DataError::unreadable("this is not a text file")
            .in_file(source.label())
            .because("it is full of NUL bytes")
            .advise(
                "check that it is the file you mean; tables are read from CSV, TSV, JSON and Parquet files",
            )),
    }
}

/// All of a text file, with `\n` at the end of each line.
///
/// # Errors
/// As [`detect_encoding`], and `Refused` for a file that is too long for one cell.
pub(crate) fn read_text(source: &Source, into: &mut Builder) -> Result<String> {
    let encoding = detect_encoding(source)?;
    let (mut text, mut decoded) = (String::new(), Decoded::new(source.open()?, encoding));
    let mut limited = decoded.by_ref().take(MAX_CELL as u64 + 1);
    limited.read_to_string(&mut text).map_err(|e| source.io("could not read", &e))?;
    if text.len() > MAX_CELL {
        return Err(DataError::refused("this text is too long")
            .in_file(source.label())
            .because(format!("it has more than {} MiB", MAX_CELL >> 20))
            .advise("cut it into several files"));
    }
    if encoding != UTF_8 && decoded.replaced() {
        into.note(format!("some characters are not valid {} and were replaced by �", encoding.name()));
    }
    Ok(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text })
}

fn is_utf8(source: &Source) -> Result<bool> {
    let mut valid = true;
    let mut rest: Vec<u8> = Vec::new();
    for_blocks(source, |block| {
        rest.extend_from_slice(block);
        let cut = match std::str::from_utf8(&rest) {
            Ok(_) => rest.len(),
            // A character cut by the block's end goes on in the next block.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => {
                valid = false;
                0
            }
        };
        rest.drain(..cut);
        valid
    })?;
    Ok(valid && rest.is_empty())
}

/// Calls `each` with every block of the input until it says false.
fn for_blocks(source: &Source, mut each: impl FnMut(&[u8]) -> bool) -> Result<()> {
    let mut reader = source.open()?;
    let mut block = vec![0; BLOCK];
    loop {
        let read = reader.read(&mut block).map_err(|e| source.io("could not read", &e))?;
        if read == 0 || !each(&block[..read]) {
            return Ok(());
        }
    }
}

/// A reader that turns any encoding into UTF-8; a byte-order mark is dropped.
pub(crate) struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    input: Vec<u8>,
    used: usize,
    filled: usize,
    ended: bool,
    output: Vec<u8>,
    given: usize,
    finished: bool,
    replaced: bool,
}

impl<R: Read> Decoded<R> {
    pub(crate) fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            input: vec![0; BLOCK],
            used: 0,
            filled: 0,
            ended: false,
            output: Vec::new(),
            given: 0,
            finished: false,
            replaced: false,
        }
    }

    /// True when some bytes meant nothing in this encoding and became `�`.
    pub(crate) fn replaced(&self) -> bool {
        self.replaced
    }

    /// Decodes the next stretch into the output, which stays empty only at the end.
    fn refill(&mut self) -> io::Result<()> {
        self.given = 0;
        self.output.resize(BLOCK * 3, 0);
        let mut written = 0;
        while written == 0 && !self.finished {
            if self.used == self.filled && !self.ended {
                self.filled = self.inner.read(&mut self.input)?;
                self.used = 0;
                self.ended = self.filled == 0;
            }
            let input = &self.input[self.used..self.filled];
            let (result, read, out, replaced) =
                self.decoder.decode_to_utf8(input, &mut self.output, self.ended);
            self.used += read;
            written = out;
            self.replaced |= replaced;
            self.finished = self.ended && result == CoderResult::InputEmpty;
        }
        self.output.truncate(written);
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.output.len() && !self.finished {
            self.refill()?;
        }
        let ready = &self.output[self.given..];
        let n = ready.len().min(out.len());
        out[..n].copy_from_slice(&ready[..n]);
        self.given += n;
        Ok(n)
    }
}
