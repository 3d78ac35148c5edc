//! Pictures of every format, odd ones and broken ones.

use image::{DynamicImage, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use pellucid_kinds::image::decode;
use std::io::Cursor;

fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(crate) fn png(picture: &DynamicImage) -> Vec<u8> {
    file(picture, ImageFormat::Png)
}

/// 16 × 12 pixels, smooth enough for JPEG, with few colours for GIF; no two sides alike.
fn scene() -> RgbImage {
    RgbImage::from_fn(16, 12, |x, y| match (x < 8, y < 6) {
        (true, true) => Rgb([220, 30, 30]),
        (false, true) => Rgb([30, 200, 40]),
        (true, false) => Rgb([40, 40, 210]),
        (false, false) => Rgb([230, 220, 60]),
    })
}

const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Bmp,
    ImageFormat::Gif,
    ImageFormat::Tiff,
    ImageFormat::WebP,
];

#[test]
fn every_format_gives_the_same_picture() {
    let scene = scene();
    for format in FORMATS {
        let decoded =
            decode(&file(&scene.clone().into(), format)).unwrap_or_else(|e| panic!("{format:?}: {e}"));
        assert_eq!((decoded.height, decoded.width), (12, 16), "{format:?}");
        let most = if format == ImageFormat::Jpeg { 40 } else { 0 };
        for (found, wanted) in decoded.channels(3).iter().zip(scene.as_raw()) {
            assert!(found.abs_diff(*wanted) <= most, "{format:?}: {found} instead of {wanted}");
        }
    }
}

#[test]
fn sixteen_bits_are_scaled_to_eight() {
    let grey = image::ImageBuffer::<Luma<u16>, _>::from_fn(16, 16, |x, y| Luma([257 * (16 * y + x) as u16]));
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        let decoded = decode(&file(&DynamicImage::ImageLuma16(grey.clone()), format)).unwrap();
        assert!(decoded.is_grey(), "{format:?}");
        assert_eq!(decoded.channels(1), (0..=255).collect::<Vec<u8>>(), "{format:?}");
    }
    let colour = image::ImageBuffer::<Rgb<u16>, _>::from_pixel(2, 2, Rgb([65535, 257, 0]));
    assert_eq!(decode(&png(&colour.into())).unwrap().channels(3)[..3], [255, 1, 0]);
}

#[test]
fn what_is_transparent_lies_on_white() {
    let picture = RgbaImage::from_fn(3, 1, |x, _| Rgba([200, 0, 100, [0, 128, 255][x as usize]]));
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Tiff] {
        let decoded = decode(&file(&picture.clone().into(), format)).unwrap();
        assert_eq!(decoded.channels(3), [255, 255, 255, 227, 127, 177, 200, 0, 100], "{format:?}");
    }
}

#[test]
fn grey_pictures_are_seen_as_grey_whatever_the_file_says() {
    let grey = image::GrayImage::from_fn(5, 4, |x, y| Luma([(x * 9 + y) as u8]));
    let as_colour = DynamicImage::ImageLuma8(grey.clone()).to_rgb8();
    for bytes in [png(&grey.clone().into()), png(&as_colour.into())] {
        let decoded = decode(&bytes).unwrap();
        assert!(decoded.is_grey());
        assert_eq!(&decoded.channels(1), grey.as_raw());
    }
    assert!(!decode(&png(&scene().into())).unwrap().is_grey());
    // Rec. 709: green is the lightest of the three.
    let [red, green, blue] = [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
        .map(|c| decode(&png(&RgbImage::from_pixel(1, 1, Rgb(c)).into())).unwrap().channels(1)[0]);
    assert_eq!((red, green, blue), (54, 182, 18));
}

/// A JPEG file with an Exif block that says how the camera was held.
fn held(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let entry = [0x12, 0x01, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, orientation, 0x00, 0x00, 0x00];
    let tiff = [&b"II*\0\x08\0\0\0\x01\0"[..], &entry, &[0; 4]].concat();
    let exif = [&b"Exif\0\0"[..], &tiff].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn pictures_are_turned_as_the_camera_was_held() {
    let jpeg = file(&scene().into(), ImageFormat::Jpeg);
    let upright = decode(&jpeg).unwrap();
    assert_eq!(decode(&held(&jpeg, 1)).unwrap().channels(3), upright.channels(3));
    let pixel = |p: &pellucid_kinds::image::Pixels, y: usize, x: usize| {
        let at = (y * p.width + x) * 3;
        [0, 1, 2].map(|c| p.channels(3)[at + c])
    };
    // TIFF 6.0: 3 is upside down, 6 is turned a quarter clockwise to stand upright, 8 a quarter the other way.
    for (orientation, height, width) in [(3, 12, 16), (6, 16, 12), (8, 16, 12)] {
        let turned = decode(&held(&jpeg, orientation)).unwrap();
        assert_eq!((turned.height, turned.width), (height, width));
        for y in 0..12 {
            for x in 0..16 {
                let (ty, tx) = match orientation {
                    3 => (11 - y, 15 - x),
                    6 => (x, 11 - y),
                    _ => (15 - x, y),
                };
                assert_eq!(pixel(&turned, ty, tx), pixel(&upright, y, x), "orientation {orientation}");
            }
        }
    }
}

#[test]
fn truncated_pictures_are_errors() {
    for format in FORMATS {
        let noisy =
            RgbImage::from_fn(64, 48, |x, y| Rgb([x * 37 % 251, y * 91 % 241, x * y % 239].map(|v| v as u8)));
        let bytes = file(&noisy.into(), format);
        for keep in [bytes.len() / 2, bytes.len() / 8, 20] {
            let why = match decode(&bytes[..keep]) {
                Ok(_) => {
                    panic!("{format:?} with {keep} of {} bytes is taken for a whole picture", bytes.len())
                }
                Err(why) => why,
            };
            assert!(why.contains("cannot be decoded") || why.contains("not a picture"), "{format:?}: {why}");
        }
    }
}

#[test]
fn what_is_no_picture_says_so() {
    for bytes in
        [&b""[..], b"x", b"name,age\nAda,36\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>", &[0; 4096]]
    {
        let why = decode(bytes).err().unwrap();
        assert!(why.contains("it is not a picture") && why.contains("PNG"), "{why}");
    }
}

#[test]
fn flipped_bytes_never_panic() {
    let mut random = pellucid_tensor::Stream::new(1, "flips", 0);
    for format in FORMATS {
        let bytes = file(&scene().into(), format);
        for _ in 0..200 {
            let mut damaged = bytes.clone();
            for _ in 0..1 + random.below(3) {
                let at = random.below(damaged.len());
                damaged[at] ^= 1 << random.below(8);
            }
            if let Err(why) = decode(&damaged) {
                assert!(!why.is_empty());
            }
        }
    }
}

#[test]
fn a_small_file_cannot_ask_for_endless_memory() {
    // A PNG header that promises 60,000 × 60,000 pixels.
    let mut bytes = png(&DynamicImage::new_luma8(1, 1));
    bytes[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let mut crc = !0u32;
    for byte in &bytes[12..29] {
        crc ^= u32::from(*byte);
        (0..8).for_each(|_| crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 });
    }
    bytes[29..33].copy_from_slice(&(!crc).to_be_bytes());
    assert!(decode(&bytes).err().unwrap().contains("cannot be decoded"));
}

#[test]
fn resizing_keeps_the_mean_and_padding_the_shape() {
    let halves = RgbImage::from_fn(40, 10, |x, _| if x < 20 { Rgb([200; 3]) } else { Rgb([100; 3]) });
    let picture = decode(&png(&halves.into())).unwrap();
    let mean = |bytes: &[u8]| bytes.iter().map(|&b| f64::from(b)).sum::<f64>() / bytes.len() as f64;
    let squeezed = picture.resize(20, 20);
    assert_eq!((squeezed.height, squeezed.width), (20, 20));
    assert!((mean(&squeezed.channels(1)) - 150.0).abs() < 1.0);
    // Four times as wide as high: within a square it keeps that shape, on a ground of its mean colour.
    let padded = picture.resize_within(20, 20);
    let bytes = padded.channels(1);
    assert_eq!((padded.height, padded.width), (20, 20));
    for (y, row) in bytes.chunks(20).enumerate() {
        match (7..12).contains(&y) {
            false => assert!(row.iter().all(|&b| b == 150), "row {y}: {row:?}"),
            true => assert!(
                (row[..8].iter().all(|&b| b > 190)) && row[12..].iter().all(|&b| b < 110),
                "row {y}: {row:?}"
            ),
        }
    }
    assert_eq!(picture.resize(10, 40).channels(3), picture.channels(3));
}

#[test]
fn a_picture_survives_being_written_as_png() {
    let picture = decode(&file(&scene().into(), ImageFormat::Jpeg)).unwrap();
    assert_eq!(decode(&picture.to_png().unwrap()).unwrap().channels(3), picture.channels(3));
}
