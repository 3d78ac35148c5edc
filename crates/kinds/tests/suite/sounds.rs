//! Sounds of every format, odd ones and broken ones; their frames against librosa's.

use crate::{csv, fit, folder, lines, open, put};
use pellucid_data::Cell;
use pellucid_kinds::audio::{BANDS, HOP, LogMel, RATE, ToRate, WINDOW, augment, decode, frames, muted};
use pellucid_kinds::image::Augment;
use pellucid_kinds::{Batcher, Feature, Record, Role, profile, recognise};
use pellucid_tensor::Stream;
use std::time::{Duration, Instant};

const FLAC: &[u8] = include_bytes!("../reference/tones.flac");
const OGG: &[u8] = include_bytes!("../reference/tones.ogg");
const MP3: &[u8] = include_bytes!("../reference/tones.mp3");

/// How samples are written in a WAV file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Bytes,
    Ints(usize),
    Floats,
}

/// A WAV file of interleaved samples from −1 to 1.
fn wav(samples: &[f64], rate: u32, channels: u16, form: Form) -> Vec<u8> {
    let write = |&x: &f64| match form {
        Form::Bytes => vec![(x * 127.0 + 128.0).round() as u8],
        Form::Ints(bytes) => {
            let most = 2f64.powi(8 * bytes as i32 - 1) - 1.0;
            ((x * most).round() as i64).to_le_bytes()[..bytes].to_vec()
        }
        Form::Floats => (x as f32).to_le_bytes().to_vec(),
    };
    let data: Vec<u8> = samples.iter().flat_map(write).collect();
    let (code, width) = match form {
        Form::Bytes => (1u16, 1u16),
        Form::Ints(bytes) => (1, bytes as u16),
        Form::Floats => (3, 4),
    };
    let mut out = b"RIFF".to_vec();
    out.extend((36 + data.len() as u32).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16u32.to_le_bytes());
    out.extend([code, channels].into_iter().flat_map(u16::to_le_bytes));
    out.extend([rate, rate * u32::from(channels * width)].into_iter().flat_map(u32::to_le_bytes));
    out.extend([channels * width, 8 * width].into_iter().flat_map(u16::to_le_bytes));
    out.extend(b"data");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out
}

/// A sine wave at half of full scale.
fn sine(hertz: f64, rate: u32, seconds: f64) -> Vec<f64> {
    let sample = |i: usize| 0.5 * (std::f64::consts::TAU * hertz * i as f64 / f64::from(rate)).sin();
    (0..(seconds * f64::from(rate)) as usize).map(sample).collect()
}

/// A tone as a file of 16 bits at 16 kHz.
pub(crate) fn tone(hertz: f64, seconds: f64) -> Vec<u8> {
    wav(&sine(hertz, RATE as u32, seconds), RATE as u32, 1, Form::Ints(2))
}

fn samples(bytes: &[u8]) -> Result<Vec<f32>, String> {
    let mut all = Vec::new();
    decode(bytes, &mut |_, some| {
        all.extend_from_slice(some);
        Ok(())
    })?;
    Ok(all)
}

#[test]
fn every_form_of_wav_gives_the_same_samples() {
    let wanted = sine(440.0, 8_000, 0.1);
    for (form, most) in [
        (Form::Bytes, 0.01),
        (Form::Ints(2), 1e-4),
        (Form::Ints(3), 1e-6),
        (Form::Ints(4), 1e-7),
        (Form::Floats, 1e-7),
    ] {
        let found = samples(&wav(&wanted, 8_000, 1, form)).unwrap_or_else(|e| panic!("{form:?}: {e}"));
        assert_eq!(found.len(), wanted.len(), "{form:?}");
        for (found, wanted) in found.iter().zip(&wanted) {
            assert!((f64::from(*found) - wanted).abs() < most, "{form:?}: {found} instead of {wanted}");
        }
    }
}

#[test]
fn compressed_sounds_are_the_tones_they_were_made_of() {
    let at = |i: usize, hertz: f64| (std::f64::consts::TAU * hertz * i as f64 / 22_050.0).sin();
    // Lossy formats put a delay before the sound, which they say; MP3 says it here only in whole frames.
    for (bytes, name, most) in [(FLAC, "flac", 1e-4), (OGG, "ogg", 0.02), (MP3, "mp3", 0.02)] {
        let found = samples(bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(found.len().abs_diff(5_512) < 2_400, "{name}: {}", found.len());
        let error = |delay: usize| {
            let wanted = |i: usize| 0.25 * at(i, 440.0) + 0.125 * at(i, 1760.0);
            let inner = 1_200..2_800usize;
            inner.map(|i| (f64::from(found[i + delay]) - wanted(i)).abs()).fold(0.0, f64::max)
        };
        let delays = if name == "mp3" { 0..2_400 } else { 0..1 };
        let least = delays.map(error).fold(f64::INFINITY, f64::min);
        assert!(least < most, "{name}: {least}");
    }
}

#[test]
fn channels_are_mixed_and_rates_are_brought_to_one() {
    let mono = sine(1_000.0, 44_100, 0.5);
    let stereo: Vec<f64> = mono.iter().flat_map(|&x| [x, 0.0]).collect();
    let file = wav(&stereo, 44_100, 2, Form::Ints(2));
    let (mut to_rate, mut found) = (ToRate::new(44_100).unwrap(), Vec::new());
    let heard = decode(&file, &mut |rate, some| {
        assert_eq!(rate, 44_100);
        to_rate.push(some, &mut |ready| found.extend_from_slice(ready))
    });
    to_rate.finish(&mut |ready| found.extend_from_slice(ready)).unwrap();
    assert_eq!((heard.unwrap().channels, found.len()), (2, RATE / 2));
    let wanted = sine(1_000.0, RATE as u32, 0.5);
    for i in 800..RATE / 2 - 800 {
        // The filter's delay is taken out in whole samples: half of one, at most, is left.
        assert!((f64::from(found[i]) - wanted[i] / 2.0).abs() < 0.05, "{i}");
    }
}

/// As in `reference/mel.py`.
fn sweep(count: usize) -> Vec<f32> {
    let mut state = 1u32;
    let sample = |i: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (t, noise) = (i as f64 / RATE as f64, f64::from(state) / f64::from(1u32 << 31) - 1.0);
        (0.5 * (std::f64::consts::TAU * (200.0 * t + 6_000.0 * t * t)).sin() + 0.1 * noise) as f32
    };
    (0..count).map(sample).collect()
}

#[test]
fn powers_are_those_of_librosa() {
    let reference: serde_json::Value = serde_json::from_str(include_str!("../reference/mel.json")).unwrap();
    for top in ["8000", "4000"] {
        let mut found = Vec::new();
        let (signal, mut mel) = (sweep(4_000), LogMel::new(top.parse().unwrap()));
        for piece in signal.chunks(333) {
            mel.powers(piece, &mut |power| found.push(power.map(|p| 10.0 * p.max(1e-12).log10())));
        }
        assert_eq!(found.len() as u64, reference["frames"].as_u64().unwrap());
        let wanted = reference["decibels"][top].as_array().unwrap();
        for (found, wanted) in found.iter().step_by(4).zip(wanted) {
            for (found, wanted) in found.iter().zip(wanted.as_array().unwrap()) {
                let wanted = wanted.as_f64().unwrap();
                assert!((f64::from(*found) - wanted).abs() < 0.02, "{found} instead of {wanted}");
            }
        }
    }
}

#[test]
fn a_tone_is_loud_in_its_band_and_silence_nowhere() {
    let (all, heard) = frames(&tone(1_000.0, 0.5), 8_000.0).unwrap();
    assert_eq!(all.len(), ((RATE / 2 - WINDOW) / HOP + 1) * BANDS);
    assert!((heard.seconds() - 0.5).abs() < 1e-9 && (heard.peak - 0.5).abs() < 0.01);
    let frame = &all[10 * BANDS..11 * BANDS];
    let loudest = (0..BANDS).max_by_key(|&b| frame[b]).unwrap();
    // −6 dB of half of full scale, and what the lines of a band add: 2 steps a dB above −100 dB.
    assert!((185..=205).contains(&frame[loudest]) && (18..=23).contains(&loudest), "{loudest}: {frame:?}");
    assert_eq!(frames(&wav(&[0.0; 800], 16_000, 1, Form::Ints(2)), 8_000.0).unwrap().0, vec![0; 3 * BANDS]);
    assert_eq!(frames(&wav(&[0.5; 7], 16_000, 1, Form::Ints(2)), 8_000.0).unwrap().0.len(), BANDS);
}

#[test]
fn what_is_no_sound_says_why() {
    let file = tone(440.0, 0.5);
    let mut long = file.clone();
    long[40..44].copy_from_slice(&3_200_000u32.to_le_bytes());
    let mut rate = file.clone();
    rate[24..28].copy_from_slice(&7u32.to_le_bytes());
    let hour = wav(&vec![0.0; 3601 * 1_000], 1_000, 1, Form::Bytes);
    for (bytes, says) in [
        (&b""[..], "empty"),
        (b"hello, this is text", "not a sound"),
        (&file[..file.len() / 2], "cut off"),
        (&long, "cannot be decoded"),
        (&file[..44], ""),
        (&wav(&[], 16_000, 1, Form::Ints(2)), ""),
        (&rate, "7 samples a second"),
        (&hour, "longer than an hour"),
        (&FLAC[..FLAC.len() / 2], ""),
    ] {
        let why = samples(bytes).err().unwrap_or_else(|| panic!("{} bytes are taken", bytes.len()));
        assert!(why.contains(says) && !why.is_empty(), "{why}");
    }
}

/// Cut anywhere and with single bits turned, a file gives samples or a reason.
#[test]
fn damaged_files_end_with_samples_or_a_reason() {
    let small = wav(&sine(440.0, 8_000, 0.05), 8_000, 2, Form::Ints(2));
    for file in [FLAC, OGG, MP3, &small] {
        for end in (0..file.len()).step_by(97) {
            assert!(frames(&file[..end], 8_000.0).is_ok_and(|f| f.0.len() < 1 << 20) || end < file.len());
        }
    }
    // No panic, no endless work, and no more memory than an hour of sound takes, whatever the file says.
    std::thread::scope(|scope| {
        for (k, file) in [FLAC, OGG, MP3, &small].into_iter().enumerate() {
            scope.spawn(move || (0..10_000).for_each(|i| mutant(file, 10_000 * k as u64 + i)));
        }
    });
}

/// Damages a file and decodes it.
fn mutant(file: &[u8], number: u64) {
    let mut random = Stream::new(7, "damage", number);
    let mut damaged = file.to_vec();
    for _ in 0..1 + random.below(8) {
        // Headers decide most: every other change is there.
        let within = if random.uniform() < 0.5 { 128.min(file.len()) } else { file.len() };
        damaged[random.below(within)] = random.below(256) as u8;
    }
    let begun = Instant::now();
    // Resampling to frames takes longest; every tenth goes all the way.
    let whole = number.is_multiple_of(10);
    let found = match whole {
        true => frames(&damaged, 8_000.0).map(|(all, heard)| {
            assert!(all.len() <= 64 * 360_000);
            heard
        }),
        false => decode(&damaged, &mut |_, _| Ok(())),
    };
    match found {
        Ok(heard) => assert!(heard.samples > 0, "mutant {number}"),
        Err(why) => assert!(!why.is_empty(), "mutant {number}"),
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "mutant {number} takes {:?}", begun.elapsed());
}

#[test]
fn columns_of_sounds_are_recognised_and_their_notes_are_told() {
    let folder = folder();
    for i in 0..20 {
        let seconds = if i == 7 { 3.0 } else { 0.3 + 0.01 * f64::from(i) };
        let bytes = match i {
            3 => wav(&vec![0.0; 8_000], 16_000, 1, Form::Ints(2)),
            4 => wav(&vec![1.0; 8_000], 16_000, 1, Form::Ints(2)),
            5 => wav(&sine(300.0, 8_000, 0.4), 8_000, 2, Form::Ints(2)),
            _ => tone(200.0 + 20.0 * f64::from(i), seconds),
        };
        put(&folder, &format!("sounds/{i}.wav"), bytes);
    }
    let table =
        open(put(&folder, "table.csv", lines("voice,y", 20, |i| format!("sounds/{i}.wav,{}", i % 2))));
    let said = recognise(&profile(&table).unwrap()[0], Role::Input);
    assert_eq!(said.kind.unwrap().name(), "audio");
    assert!(said.reason.contains("20 of 20 values name sound files, 20 of them exist"), "{}", said.reason);
    let p = fit(&table, "voice", "audio", Role::Input, &|_| true).unwrap();
    let words = p.describe();
    for note in
        ["1 of 20 sampled sounds are silent", "1 of 20 sampled sounds are clipped", "from 8000 to 16000"]
    {
        assert!(words.contains(note), "{words}");
    }
    let [Feature::Sound { frames, bands: BANDS, .. }] = &p.features()[..] else { panic!() };
    assert!((45..=52).contains(frames), "one sound of 3 s in 20 does not make all long: {frames}");
    let mut record = Record::default();
    p.encode(Cell::Bytes(&tone(500.0, 9.0)), None, &mut record).unwrap();
    assert_eq!(record.pictures.len(), frames * BANDS);
    let why = p.encode(Cell::Text("sounds/none.wav"), table.files(), &mut record).unwrap_err();
    assert!(why.contains("none.wav"), "{why}");
    let absent = csv("voice,y\na.wav,1\nb.wav,2\nc.wav,1\n");
    let said = recognise(&profile(&absent).unwrap()[0], Role::Input);
    assert!(said.kind.is_none() && said.reason.contains("names of sound files"), "{}", said.reason);
}

#[test]
fn changed_sounds_are_reproducible_and_none_is_no_change() {
    let (frames, scale) = (30, vec![0.1f32; BANDS]);
    let pixels: Vec<f32> = (0..frames * BANDS).map(|i| (i * i % 31) as f32 / 10.0 - 1.5).collect();
    let run = |a: &Augment, index: u64| {
        let mut out = vec![f32::NAN; pixels.len()];
        augment(a, &pixels, [frames, BANDS], &scale, &mut Stream::new(1, "augment", index), &mut out);
        out
    };
    assert_eq!(run(&Augment::NONE, 0), pixels);
    let a = Augment { shift: 0.2, zoom: 0.2, light: 0.4, erase: 0.5, ..Augment::NONE };
    for i in 0..50 {
        assert!(run(&a, i).iter().all(|x| x.is_finite() && x.abs() < 10.0));
        assert_eq!(run(&a, i), run(&a, i));
    }
    let masked = run(&Augment { erase: 0.5, ..Augment::NONE }, 3);
    let blanked = masked.iter().zip(&pixels).filter(|(m, p)| m != p).count();
    assert!(blanked > 0 && masked.iter().zip(&pixels).all(|(m, p)| m == p || *m == 0.0));
}

#[test]
fn sounds_enter_a_batch_as_pictures_do_and_are_never_mirrored() {
    let sound = Feature::Sound {
        name: "s".to_owned(),
        frames: 2,
        bands: 3,
        mean: vec![0.0, 0.0, 1.0],
        scale: vec![1.0, 0.5, 1.0],
    };
    let batcher = Batcher::new(vec![sound], vec![]);
    let record = Record { pictures: vec![255, 255, 255, 0, 0, 0], ..Record::default() };
    let batch = batcher.assemble(&[record], None).unwrap();
    let values = batch.pictures[0].to_vec();
    assert_eq!(values.iter().step_by(2).copied().collect::<Vec<_>>(), [1.0, 2.0, 0.0, 0.0, 0.0, -1.0]);
    assert_eq!(batch.sounds, [true]);
    assert_eq!(batch.mirrored().unwrap().pictures[0].to_vec(), values);
}

/// The power of samples at some frequencies, in dB: single terms of a Fourier transform under a Hann window.
fn decibels(samples: &[f32], frequencies: impl Iterator<Item = f64>) -> f64 {
    let hann = |i: usize| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / samples.len() as f64).cos();
    let power = |hertz: f64| {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (i, &x) in samples.iter().enumerate() {
            let angle = std::f64::consts::TAU * hertz * i as f64 / RATE as f64;
            real += hann(i) * f64::from(x) * angle.cos();
            imaginary += hann(i) * f64::from(x) * angle.sin();
        }
        real * real + imaginary * imaginary
    };
    10.0 * frequencies.map(power).sum::<f64>().log10()
}

#[test]
fn a_tone_in_noise_stays_where_it_is_asked_for_and_all_else_becomes_quiet() {
    let mut random = Stream::new(3, "noise", 0);
    let tone = |i: usize| 0.1 * (std::f64::consts::TAU * 1_000.0 * i as f64 / RATE as f64).sin();
    let samples: Vec<f32> = (0..2 * RATE).map(|i| tone(i) as f32 + 0.05 * random.normal()).collect();
    let frames = (samples.len() - WINDOW) / HOP + 1;
    // Which bands a pure tone is loud in, the first half of the time.
    let (mut of_tone, mut mel) = (Vec::new(), LogMel::new(8_000.0));
    mel.push(&(0..WINDOW).map(|i| tone(i) as f32).collect::<Vec<_>>(), &mut of_tone);
    let loudest = of_tone.iter().copied().max().unwrap();
    let gain = |i: usize| {
        let covered = of_tone[i % BANDS] + 40 > loudest && i / BANDS < frames / 2;
        f32::from(u8::from(covered))
    };
    let gains: Vec<f32> = (0..frames * BANDS).map(gain).collect();
    let left = muted(&samples, &gains, 8_000.0).unwrap();
    let (before, now) = (&samples[RATE / 10..9 * RATE / 10], &left[RATE / 10..9 * RATE / 10]);
    let at_tone = || std::iter::once(1_000.0);
    let change = decibels(now, at_tone()) - decibels(before, at_tone());
    assert!(change.abs() < 0.2, "the tone: {change} dB");
    let others = || (1..80).map(|i| 100.0 * f64::from(i)).filter(|f| !(600.0..1_600.0).contains(f));
    let change = decibels(now, others()) - decibels(before, others());
    assert!(change < -60.0, "all else: {change} dB");
    let later = 11 * RATE / 10..19 * RATE / 10;
    let power = |samples: &[f32]| samples.iter().map(|x| f64::from(x * x)).sum::<f64>();
    assert!(power(&left[later.clone()]) < 1e-10 * power(&samples[later]), "the second half, tone and all");
}

#[test]
fn a_sound_of_which_nothing_is_muted_comes_back() {
    let mut random = Stream::new(4, "noise", 0);
    for length in [1, 37, WINDOW - 1, WINDOW, 1_000, RATE + 123] {
        let samples: Vec<f32> = (0..length).map(|_| 0.3 * random.normal()).collect();
        let frames = length.saturating_sub(WINDOW) / HOP + 1;
        let same = muted(&samples, &vec![1.0; frames * BANDS], 4_000.0).unwrap();
        let most = samples.iter().zip(&same).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(same.len() == length && most < 1e-4, "{length} samples: {most}");
        let silent = muted(&samples, &vec![0.0; frames * BANDS], 4_000.0).unwrap();
        assert!(silent.iter().all(|x| *x == 0.0));
    }
}
