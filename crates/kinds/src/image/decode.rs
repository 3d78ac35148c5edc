//! From a file's bytes to pixels.

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, Rgb, RgbImage};
use std::io::Cursor;

/// Pictures longer than this on a side are refused, so that a small file cannot fill the memory.
const MAX_SIDE: u32 = 20_000;

/// The most memory one picture may need while it is decoded.
const MAX_BYTES: u64 = 1 << 30;

/// A decoded picture in red, green and blue bytes.
pub struct Pixels {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    rgb: RgbImage,
}

/// Decodes PNG, JPEG, BMP, GIF (first frame), TIFF or WebP, recognised by content, turned as its
/// orientation mark says; 16-bit values are scaled to 8, transparency lies on white.
///
/// # Errors
/// Why the bytes are not such a picture.
pub fn decode(bytes: &[u8]) -> Result<Pixels, String> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| e.to_string())?;
    if reader.format().is_none() {
        return Err(
            "it is not a picture: its content is neither PNG, JPEG, BMP, GIF, TIFF nor WebP".to_owned()
        );
    }
    if reader.format() == Some(image::ImageFormat::Jpeg) && !jpeg_is_whole(bytes) {
        return Err("the picture cannot be decoded: the file is cut off, its end is missing".to_owned());
    }
    let broken = |e: image::ImageError| format!("the picture cannot be decoded: {e}");
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    decoder.set_limits(limits).map_err(broken)?;
    let orientation = decoder.orientation().map_err(broken)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    let rgb = if picture.color().has_alpha() { on_white(&picture) } else { picture.into_rgb8() };
    if rgb.is_empty() {
        return Err("the picture has no pixels".to_owned());
    }
    Ok(Pixels::new(rgb))
}

/// Whether the mark of the end (EOI) stands after the beginning of the last scan (SOS): ITU-T T.81, B.1.1.3. Within a scan
/// neither can occur by chance. The decoder would fill what is missing with grey and say nothing.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let last = |mark: u8| bytes.windows(2).rposition(|pair| pair == [0xFF, mark]);
    last(0xD9) > last(0xDA)
}

fn on_white(picture: &DynamicImage) -> RgbImage {
    let rgba = picture.to_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        let lay = |c: u8| ((u32::from(c) * u32::from(a) + 255 * (255 - u32::from(a)) + 127) / 255) as u8;
        Rgb([lay(r), lay(g), lay(b)])
    })
}

impl Pixels {
    fn new(rgb: RgbImage) -> Pixels {
        Pixels { height: rgb.height() as usize, width: rgb.width() as usize, rgb }
    }

    /// Of bytes `[height, width, channels]`, with 1 (grey) or 3 channels; `None` if they are not as many.
    pub fn of_bytes(bytes: &[u8], [height, width, channels]: [usize; 3]) -> Option<Pixels> {
        let rgb = match channels {
            1 => bytes.iter().flat_map(|&grey| [grey; 3]).collect(),
            _ => bytes.to_vec(),
        };
        RgbImage::from_raw(width as u32, height as u32, rgb).map(Pixels::new)
    }

    /// Whether red, green and blue are equal everywhere.
    pub fn is_grey(&self) -> bool {
        self.rgb.pixels().all(|p| p.0[0] == p.0[1] && p.0[1] == p.0[2])
    }

    /// The picture stretched or shrunk to a size.
    #[must_use]
    pub fn resize(&self, height: usize, width: usize) -> Pixels {
        if (height, width) == (self.height, self.width) {
            return Pixels::new(self.rgb.clone());
        }
        Pixels::new(image::imageops::resize(&self.rgb, width as u32, height as u32, FilterType::Triangle))
    }

    /// The picture shrunk or stretched to fit within a size, centred on its own mean colour.
    #[must_use]
    pub fn resize_within(&self, height: usize, width: usize) -> Pixels {
        let scale = (height as f64 / self.height as f64).min(width as f64 / self.width as f64);
        let side = |length: usize, most: usize| ((length as f64 * scale).round() as usize).clamp(1, most);
        let (h, w) = (side(self.height, height), side(self.width, width));
        let inner = self.resize(h, w);
        let count = (self.height * self.width) as u64;
        let mean = |c: usize| (self.rgb.pixels().map(|p| u64::from(p.0[c])).sum::<u64>() / count) as u8;
        let mut canvas = RgbImage::from_pixel(width as u32, height as u32, Rgb([mean(0), mean(1), mean(2)]));
        image::imageops::replace(
            &mut canvas,
            &inner.rgb,
            ((width - w) / 2) as i64,
            ((height - h) / 2) as i64,
        );
        Pixels::new(canvas)
    }

    /// The middle of the picture, in the shape of a size and brought to it.
    #[must_use]
    pub fn resize_over(&self, height: usize, width: usize) -> Pixels {
        let scale = (height as f64 / self.height as f64).max(width as f64 / self.width as f64);
        let side = |length: usize, most: usize| ((length as f64 / scale).round() as usize).clamp(1, most);
        let (h, w) = (side(height, self.height), side(width, self.width));
        let (top, left) = ((self.height - h) / 2, (self.width - w) / 2);
        self.cut([top, left], [h, w]).resize(height, width)
    }

    /// A part of the picture, of this height and width, whose upper left corner has these coordinates; what would lie outside is left out.
    #[must_use]
    pub fn cut(&self, [top, left]: [usize; 2], [height, width]: [usize; 2]) -> Pixels {
        let [top, left, height, width] = [top, left, height, width].map(|x| x as u32);
        Pixels::new(image::imageops::crop_imm(&self.rgb, left, top, width, height).to_image())
    }

    /// Lays a picture over this one, its upper left corner at these coordinates; what juts out is cut off.
    pub fn lay(&mut self, picture: &Pixels, [top, left]: [usize; 2]) {
        image::imageops::replace(&mut self.rgb, &picture.rgb, left as i64, top as i64);
    }

    /// The picture as a PNG file; `None` if there is no memory for it.
    pub fn to_png(&self) -> Option<Vec<u8>> {
        let mut file = Cursor::new(Vec::new());
        self.rgb.write_to(&mut file, image::ImageFormat::Png).ok()?;
        Some(file.into_inner())
    }

    /// The bytes with 1 (grey, by Rec. 709 luma) or 3 channels, row by row, channels last.
    pub fn channels(&self, channels: usize) -> Vec<u8> {
        if channels == 3 {
            return self.rgb.as_raw().clone();
        }
        let luma = |p: &Rgb<u8>| {
            let [r, g, b] = p.0.map(u32::from);
            ((2126 * r + 7152 * g + 722 * b + 5000) / 10_000) as u8
        };
        self.rgb.pixels().map(luma).collect()
    }
}
