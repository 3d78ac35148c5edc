//! Samples as a file.

/// A WAV file (RIFF, PCM) of one channel and 16 bits; samples beyond −1 and 1 are cut off.
pub fn wav(samples: &[f32], rate: usize) -> Vec<u8> {
    let bytes = (2 * samples.len()) as u32;
    let mut file = Vec::with_capacity(44 + 2 * samples.len());
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    // PCM, one channel, samples and bytes a second, bytes and bits of a sample.
    file.extend([1u16, 1].map(u16::to_le_bytes).concat());
    file.extend([rate as u32, 2 * rate as u32].map(u32::to_le_bytes).concat());
    file.extend([2u16, 16].map(u16::to_le_bytes).concat());
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    let sample = |s: &f32| ((s.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16).to_le_bytes();
    file.extend(samples.iter().flat_map(sample));
    file
}
