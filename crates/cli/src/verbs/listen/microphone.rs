//! The microphone, as a file of raw samples that goes on until somebody stops it.

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{ErrorKind, FromSample, Sample, SampleFormat, SizedSample, StreamConfig};
use pellucid_goals::Error;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

const ADVICE: &str = "see that one is plugged in and allowed for this program, or pipe raw samples into: pellucid listen RUN -";

/// How long a read waits before it looks whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// What the device hears: samples from −1 to 1 in one channel, or why it no longer does.
type Heard = Result<Vec<f32>, String>;

/// The system's own microphone while it is open.
pub(super) struct Microphone {
    pub(super) name: String,
    /// Samples a second.
    pub(super) rate: u32,
    heard: Receiver<Heard>,
    waiting: io::Cursor<Vec<u8>>,
    stop: &'static AtomicBool,
    _stream: cpal::Stream,
}

impl Microphone {
    /// Opens it; reading from it ends when `stop` is set.
    ///
    /// # Errors
    /// A system without one, and one that cannot be opened.
    pub(super) fn open(stop: &'static AtomicBool) -> Result<Microphone, Error> {
        let failed =
            |why: cpal::Error| Error::usage(format!("the microphone cannot be opened · {why} · {ADVICE}"));
        let device = cpal::default_host()
            .default_input_device()
            .ok_or_else(|| Error::usage(format!("no microphone was found · {ADVICE}")))?;
        let supported = device.default_input_config().map_err(failed)?;
        let (format, config) = (supported.sample_format(), supported.config());
        let (send, heard) = channel();
        let stream = match format {
            SampleFormat::F32 => stream::<f32>(&device, config, send),
            SampleFormat::I32 => stream::<i32>(&device, config, send),
            SampleFormat::I16 => stream::<i16>(&device, config, send),
            SampleFormat::U16 => stream::<u16>(&device, config, send),
            SampleFormat::U8 => stream::<u8>(&device, config, send),
            other => {
                return Err(Error::usage(format!(
                    "the microphone's samples are of a sort that is not known here, {other} · {ADVICE}"
                )));
            }
        };
        let stream = stream.map_err(failed)?;
        stream.play().map_err(failed)?;
        let name = device.description().map_or("the microphone".to_owned(), |d| d.to_string());
        let (rate, waiting) = (config.sample_rate, io::Cursor::default());
        Ok(Microphone { name, rate, heard, waiting, stop, _stream: stream })
    }
}

/// Listens to a device, whose channels become one: their mean.
fn stream<T: SizedSample>(
    device: &cpal::Device,
    config: StreamConfig,
    send: Sender<Heard>,
) -> Result<cpal::Stream, cpal::Error>
where
    f32: FromSample<T>,
{
    let (channels, failures) = (usize::from(config.channels).max(1), send.clone());
    let mean = move |frame: &[T]| frame.iter().map(|&x| f32::from_sample(x)).sum::<f32>() / channels as f32;
    // Whoever no longer receives has stopped listening.
    let hear = move |samples: &[T], _: &cpal::InputCallbackInfo| {
        drop(send.send(Ok(samples.chunks_exact(channels).map(&mean).collect())));
    };
    let fail = move |error: cpal::Error| match error.kind() {
        ErrorKind::DeviceChanged | ErrorKind::Xrun | ErrorKind::RealtimeDenied => {}
        _ => drop(failures.send(Err(error.to_string()))),
    };
    device.build_input_stream(config, hear, fail, None)
}

impl Read for Microphone {
    /// Samples of 16 bits with a sign, the low byte first.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.waiting.position() == self.waiting.get_ref().len() as u64 {
            if self.stop.load(Ordering::SeqCst) {
                return Ok(0);
            }
            let samples = match self.heard.recv_timeout(PATIENCE) {
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Ok(heard) => heard.map_err(io::Error::other)?,
            };
            let bytes = samples.iter().flat_map(|&x| i16::from_sample(x).to_le_bytes()).collect();
            self.waiting = io::Cursor::new(bytes);
        }
        self.waiting.read(into)
    }
}
