//! Random numbers that are functions of a seed, a purpose and an index.
//!
//! A [`Stream`] is Philox 4×32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as
//! 1, 2, 3", 2011): block `n` of a stream is a keyed mix of the counter `n`, so any part of it can be
//! had without what comes before. Whoever needs randomness derives a stream from the run's seed, the name
//! of its purpose and a counter such as the step; nothing else has to be stored for an exact resume.

/// An endless, reproducible sequence of random numbers.
#[derive(Clone, Debug)]
pub struct Stream {
    key: [u32; 2],
    counter: [u32; 4],
    block: [u32; 4],
    used: usize,
}

/// FNV-1a over bytes, 64 bits.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The ten rounds of Philox 4×32.
#[inline(always)]
fn philox(mut c: [u32; 4], mut k: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = u64::from(c[0]) * 0xD251_1F53;
        let b = u64::from(c[2]) * 0xCD9E_8D57;
        c = [(b >> 32) as u32 ^ c[1] ^ k[0], b as u32, (a >> 32) as u32 ^ c[3] ^ k[1], a as u32];
        k = [k[0].wrapping_add(0x9E37_79B9), k[1].wrapping_add(0xBB67_AE85)];
    }
    c
}

impl Stream {
    /// The stream of a purpose ("shuffle", "dropout", …) and an index (epoch, step, row, …) under a seed.
    pub fn new(seed: u64, purpose: &str, index: u64) -> Stream {
        let purpose = hash(purpose);
        let key = seed ^ purpose.rotate_left(17);
        Stream {
            key: [key as u32, (key >> 32) as u32],
            counter: [0, purpose as u32, index as u32, (index >> 32) as u32],
            block: [0; 4],
            used: 4,
        }
    }

    /// The next 32 random bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if self.used == 4 {
            self.block = philox(self.counter, self.key);
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.used = 0;
        }
        self.used += 1;
        self.block[self.used - 1]
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32()) << 32 | u64::from(self.next_u32())
    }

    /// The four 32-bit values of block `n`, whatever has been drawn so far: for filling memory in parallel.
    #[inline(always)]
    pub fn block(&self, n: u32) -> [u32; 4] {
        philox([n, self.counter[1], self.counter[2], self.counter[3]], self.key)
    }

    /// A number uniform on [0, 1), with 24 random bits.
    pub fn uniform(&mut self) -> f32 {
        unit(self.next_u32())
    }

    /// A number uniform on [low, high).
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// A standard normal number (Box & Muller 1958).
    pub fn normal(&mut self) -> f32 {
        let u = 1.0 - f64::from(self.uniform());
        let v = f64::from(self.uniform());
        ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
    }

    /// An integer uniform on 0 … n − 1 (Lemire's multiplication with rejection); 0 for n = 0.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        let threshold = n.wrapping_neg().checked_rem(n).unwrap_or(0);
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(n);
            if wide as u64 >= threshold {
                return (wide >> 64) as usize;
            }
        }
    }

    /// Puts the items into random order (Fisher & Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// Maps 32 random bits to [0, 1) by their upper 24.
#[inline(always)]
pub fn unit(bits: u32) -> f32 {
    (bits >> 8) as f32 * (1.0 / 16_777_216.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_vectors() {
        // Known answers distributed with the authors' Random123.
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
    }

    #[test]
    fn streams_are_functions_of_seed_purpose_and_index() {
        let draw = |s, p, i| Stream::new(s, p, i).next_u64();
        assert_eq!(draw(1, "a", 2), draw(1, "a", 2));
        let all = [draw(1, "a", 2), draw(2, "a", 2), draw(1, "b", 2), draw(1, "a", 3)];
        assert!((0..4).all(|i| (0..i).all(|j| all[i] != all[j])));
        let mut s = Stream::new(7, "x", 0);
        let first = s.block(0);
        assert_eq!([s.next_u32(), s.next_u32(), s.next_u32(), s.next_u32()], first);
        assert_eq!(s.next_u32(), s.block(1)[0]);
    }

    #[test]
    fn moments_and_ranges_are_right() {
        let mut s = Stream::new(3, "test", 0);
        let n = 200_000;
        let (mut m1, mut m2, mut u) = (0.0, 0.0, 0.0);
        let mut counts = [0usize; 7];
        for _ in 0..n {
            let z = f64::from(s.normal());
            m1 += z;
            m2 += z * z;
            let x = f64::from(s.uniform());
            assert!((0.0..1.0).contains(&x));
            u += x;
            counts[s.below(7)] += 1;
        }
        let n = f64::from(n);
        assert!((m1 / n).abs() < 0.01 && (m2 / n - 1.0).abs() < 0.02 && (u / n - 0.5).abs() < 0.005);
        assert!(counts.iter().all(|&c| (c as f64 / n - 1.0 / 7.0).abs() < 0.005));
    }

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items: Vec<usize> = (0..100).collect();
        Stream::new(1, "shuffle", 0).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
