//! Which places a run may have: a Bloom filter whose bits of one place lie in one cache line.

/// Bits of a place.
const BITS_A_PLACE: usize = 10;
const PROBES: u32 = 6;
const LINE_WORDS: usize = 8;

pub(super) struct Filter {
    lines: Vec<[u64; LINE_WORDS]>,
}

impl Filter {
    /// For at most so many places.
    pub fn new(places: usize) -> Filter {
        let lines = (places * BITS_A_PLACE).div_ceil(LINE_WORDS * 64).max(1);
        Filter {
            lines: vec![[0; LINE_WORDS]; lines],
        }
    }

    pub fn add(&mut self, place: u64) {
        let (line, mut bits) = self.line_of(place);
        for _ in 0..PROBES {
            let bit = (bits & 511) as usize;
            self.lines[line][bit / 64] |= 1 << (bit % 64);
            bits >>= 9;
        }
    }

    /// `false`: it was certainly not added.
    #[inline]
    pub fn may_have(&self, place: u64) -> bool {
        let (line, mut bits) = self.line_of(place);
        let line = &self.lines[line];
        (0..PROBES).all(|_| {
            let bit = (bits & 511) as usize;
            bits >>= 9;
            line[bit / 64] & 1 << (bit % 64) != 0
        })
    }

    /// The line of a place, and as many bits as its probes need.
    #[inline]
    fn line_of(&self, place: u64) -> (usize, u64) {
        let mixed = place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let line = (u128::from(mixed) * self.lines.len() as u128) >> 64;
        (line as usize, mixed ^ mixed.rotate_left(29))
    }

    pub fn size_bytes(&self) -> usize {
        self.lines.len() * LINE_WORDS * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hash_u64;

    #[test]
    fn what_was_added_is_found_and_little_else() {
        let mut filter = Filter::new(10_000);
        (0..10_000).for_each(|number| filter.add(hash_u64(number)));
        assert!((0..10_000).all(|number| filter.may_have(hash_u64(number))));
        let mistaken = (10_000..110_000).filter(|number| filter.may_have(hash_u64(*number)));
        let mistaken = mistaken.count();
        assert!(mistaken < 3_000, "{mistaken} of 100,000");
    }
}
