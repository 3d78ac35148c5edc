//! From a file's bytes to samples, a piece at a time.

use super::Taken;
use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

/// Sounds longer than this are refused, so that a small file cannot keep a machine busy for hours.
pub(crate) const MOST_SECONDS: u64 = 3600;

/// Samples a second that sounds may have.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=384_000;

/// Channels that a sound may have.
const MOST_CHANNELS: usize = 32;

/// Of so many packets, one may be damaged (it is skipped): the first ones of a cut MP3 often are.
const TOLERATED: usize = 20;

/// From so many samples on, a length in a header is the mark of a recorder that did not know it.
const UNKNOWN_LENGTH: u64 = 1 << 29;

/// A sample at least as large is at the end of the scale.
const FULL_SCALE: f32 = 0.999;

/// What was seen of a sound while it was decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heard {
    /// Samples a second, in the file.
    pub rate: u32,
    /// Channels in the file.
    pub channels: usize,
    /// Samples of each channel.
    pub samples: u64,
    /// The largest magnitude of a sample; full scale is 1.
    pub peak: f32,
    /// Samples at the end of the scale, of the mean over the channels.
    pub clipped: u64,
}

impl Heard {
    /// The length in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.rate.max(1))
    }
}

/// Whether these are the first bytes of a sound file: WAV, FLAC, OGG, or MP3 (with or without a tag before it).
pub(crate) fn is_sound(bytes: &[u8]) -> bool {
    let wav = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE");
    let layer_3 = bytes.len() > 2 && bytes[0] == 0xFF && bytes[1] & 0xE6 == 0xE2;
    wav || bytes.starts_with(b"fLaC") || bytes.starts_with(b"OggS") || bytes.starts_with(b"ID3") || layer_3
}

/// An open sound file.
struct Opened<'a> {
    reader: Box<dyn FormatReader + 'a>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    /// Samples of each channel, as the header has it.
    promised: Option<u64>,
    rate: Option<u32>,
}

fn broken(error: &Error) -> String {
    match error {
        Error::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the sound cannot be decoded: the file is cut off".to_owned()
        }
        e => format!("the sound cannot be decoded: {e}"),
    }
}

fn open(bytes: &[u8]) -> Result<Opened<'_>, String> {
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    if !is_sound(bytes) {
        return Err("it is not a sound: its content is neither WAV, FLAC, OGG nor MP3".to_owned());
    }
    let stream = MediaSourceStream::new(Box::new(std::io::Cursor::new(bytes)), Default::default());
    let (formats, tags) = (FormatOptions::default(), MetadataOptions::default());
    let reader =
        symphonia::default::get_probe().probe(&Hint::new(), stream, formats, tags).map_err(|e| broken(&e))?;
    let track = reader.default_track(TrackType::Audio).ok_or("there is no sound in the file")?;
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio());
    let parameters = parameters.ok_or("the sound cannot be decoded: its header does not say how")?;
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|e| broken(&e))?;
    let (id, promised, rate) = (track.id, track.num_frames, parameters.sample_rate);
    Ok(Opened { reader, decoder, track: id, promised, rate })
}

/// Samples a second, as the header has it.
///
/// # Errors
/// Why the bytes are not a sound.
pub(crate) fn rate(bytes: &[u8]) -> Result<Option<u32>, String> {
    Ok(open(bytes)?.rate)
}

/// Decodes WAV (8 to 32 bits, floating point), FLAC, MP3 or OGG Vorbis, recognised by content, and gives the mean of
/// all channels, from −1 to 1, piece by piece to `take`, with the samples a second.
///
/// # Errors
/// Why the bytes are not such a sound: another format, a damaged or cut file, no samples, more than an hour, samples a
/// second that change; and what `take` reports.
pub fn decode(bytes: &[u8], take: &mut dyn FnMut(u32, &[f32]) -> Taken) -> Result<Heard, String> {
    // The decoders panic on some damaged headers; that is a damaged sound, not the end of the program.
    let decoded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| decode_pieces(bytes, take)));
    decoded.unwrap_or_else(|_| Err("the sound cannot be decoded: it is damaged".to_owned()))
}

/// As [`decode`]; panics of decoders pass.
fn decode_pieces(bytes: &[u8], take: &mut dyn FnMut(u32, &[f32]) -> Taken) -> Result<Heard, String> {
    let mut opened = open(bytes)?;
    let (mut heard, mut packets, mut damaged) = (Heard::default(), 0usize, 0usize);
    let (mut interleaved, mut mono) = (Vec::<f32>::new(), Vec::<f32>::new());
    let mut first_damage = None;
    loop {
        let packet = match opened.reader.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            Err(Error::IoError(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(Error::ResetRequired) => return Err("it is several sounds, one after the other".to_owned()),
            Err(e) => return Err(broken(&e)),
        };
        if packet.track_id != opened.track {
            continue;
        }
        packets += 1;
        let buffer = match opened.decoder.decode(&packet) {
            Ok(buffer) => buffer,
            Err(Error::DecodeError(why)) => {
                damaged += 1;
                first_damage.get_or_insert(why);
                continue;
            }
            Err(e) => return Err(broken(&e)),
        };
        mix(&buffer, &mut heard, &mut interleaved, &mut mono)?;
        if heard.samples > MOST_SECONDS * u64::from(heard.rate) {
            return Err("the sound is longer than an hour: cut it into pieces".to_owned());
        }
        take(heard.rate, &mono)?;
    }
    if let Some(why) = first_damage.filter(|_| damaged * TOLERATED > packets) {
        return Err(format!("the sound cannot be decoded: {damaged} of {packets} pieces are damaged: {why}"));
    }
    if heard.samples == 0 {
        return Err("the sound has no samples".to_owned());
    }
    let promised = opened.promised.filter(|&n| n < UNKNOWN_LENGTH).unwrap_or(0);
    if heard.samples + u64::from(heard.rate) / 20 < promised {
        let seconds = promised as f64 / f64::from(heard.rate);
        return Err(format!(
            "the file is cut off: its header says {seconds:.2} s, and {:.2} s are there",
            heard.seconds()
        ));
    }
    Ok(heard)
}

/// The mean over the channels of a decoded piece, and what is seen of it.
fn mix(
    buffer: &GenericAudioBufferRef<'_>,
    heard: &mut Heard,
    interleaved: &mut Vec<f32>,
    mono: &mut Vec<f32>,
) -> Result<(), String> {
    let (rate, channels) = (buffer.spec().rate(), buffer.spec().channels().count());
    if !RATES.contains(&rate) {
        let (least, most) = (RATES.start(), RATES.end());
        return Err(format!("{rate} samples a second are not a sound: {least} to {most} are read"));
    }
    if channels == 0 || channels > MOST_CHANNELS {
        return Err(format!("the sound has {channels} channels: 1 to {MOST_CHANNELS} are read"));
    }
    if heard.rate != 0 && (rate, channels) != (heard.rate, heard.channels) {
        return Err(format!(
            "the sound changes in the middle, from {} samples a second in {} channels to {rate} in {channels}",
            heard.rate, heard.channels
        ));
    }
    (heard.rate, heard.channels) = (rate, channels);
    buffer.copy_to_vec_interleaved(interleaved);
    mono.clear();
    for frame in interleaved.chunks_exact(channels) {
        let mean = frame.iter().sum::<f32>() / channels as f32;
        let mean = if mean.is_finite() { mean.clamp(-8.0, 8.0) } else { 0.0 };
        heard.peak = heard.peak.max(mean.abs());
        heard.clipped += u64::from(mean.abs() >= FULL_SCALE);
        mono.push(mean);
    }
    heard.samples += mono.len() as u64;
    Ok(())
}
