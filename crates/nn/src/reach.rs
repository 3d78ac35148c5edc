//! How much of a picture the layers of a network see.

use std::ops::Range;

/// Along one axis of a picture, what a place after some layers depends on: of place p, the places from p · stride − before on, `size` of
/// them, before the layers (Araujo et al. 2019, "Computing receptive fields of convolutional neural networks"). Those outside of the
/// picture are its padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// How many places.
    pub size: usize,
    /// From the first of them to that of the next place.
    pub stride: usize,
    /// How far the first of them lies before place 0.
    pub before: usize,
}

impl Reach {
    /// Of layers that treat each place by itself.
    pub const PLACE: Reach = Reach { size: 1, stride: 1, before: 0 };

    /// Of a window of `taps` places, `dilation` apart, that moves by `stride` over a picture with `before` zeros before it.
    pub fn window(taps: usize, dilation: usize, stride: usize, before: usize) -> Reach {
        Reach { size: taps.saturating_sub(1) * dilation + 1, stride, before }
    }

    /// Of these layers and others after them.
    #[must_use]
    pub fn then(self, next: Reach) -> Reach {
        Reach {
            size: (next.size - 1) * self.stride + self.size,
            stride: next.stride * self.stride,
            before: next.before * self.stride + self.before,
        }
    }

    /// Of layers and others beside them, whose results are added; `None` if they move by different steps.
    pub fn beside(self, other: Reach) -> Option<Reach> {
        let before = self.before.max(other.before);
        let after = |reach: Reach| reach.size + before - reach.before;
        let size = after(self).max(after(other));
        (self.stride == other.stride).then_some(Reach { size, stride: self.stride, before })
    }

    /// Where what `place` depends on begins; negative in the padding.
    pub fn start(self, place: usize) -> isize {
        (place * self.stride) as isize - self.before as isize
    }

    /// What `place` depends on of `length` places, without the padding.
    pub fn within(self, place: usize, length: usize) -> Range<usize> {
        let start = self.start(place);
        let end = (start + self.size as isize).clamp(0, length as isize) as usize;
        start.clamp(0, length as isize) as usize..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_add_up() {
        // Two 3×3 convolutions see 5 pixels, and with a pool of 2 between them 8.
        let conv = Reach::window(3, 1, 1, 1);
        assert_eq!(conv.then(conv), Reach { size: 5, stride: 1, before: 2 });
        let pooled = conv.then(Reach::window(2, 1, 2, 0)).then(conv);
        assert_eq!(pooled, Reach { size: 8, stride: 2, before: 3 });
        assert_eq!((pooled.start(0), pooled.within(0, 28), pooled.within(13, 28)), (-3, 0..5, 23..28));
        assert_eq!(Reach::window(3, 2, 1, 0).size, 5, "with gaps");
        assert_eq!(conv.beside(Reach::PLACE), Some(conv));
        let late = Reach { size: 4, stride: 1, before: 0 };
        assert_eq!(conv.beside(late), Some(Reach { size: 5, stride: 1, before: 1 }));
        assert_eq!(conv.beside(Reach::window(1, 1, 2, 0)), None);
    }
}
