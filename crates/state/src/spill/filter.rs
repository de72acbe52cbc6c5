//! Which places a run may have: a Bloom filter whose bits of one place lie in one cache line. Lines stand in the order of
//! places, as those that are added and looked for come in that order.

use std::ops::RangeInclusive;

use super::run::Place;

/// Bits of a place.
const BITS_A_PLACE: usize = 10;
const PROBES: u32 = 6;
const LINE_WORDS: usize = 8;

pub(super) struct Filter {
    lines: Vec<[u64; LINE_WORDS]>,
    least: Place,
    /// Lines for each place, in parts of 2^64.
    lines_a_place: u64,
}

impl Filter {
    /// For at most so many places, spread evenly over a range.
    pub fn new(places: usize, range: RangeInclusive<Place>) -> Filter {
        let lines = (places * BITS_A_PLACE).div_ceil(LINE_WORDS * 64).max(1);
        let span = u128::from(range.end().saturating_sub(*range.start())) + 1;
        Filter {
            lines: vec![[0; LINE_WORDS]; lines],
            least: *range.start(),
            lines_a_place: (((lines as u128) << 64) / span).min(u128::from(u64::MAX)) as u64,
        }
    }

    pub fn add(&mut self, place: Place) {
        let line = self.line_of(place);
        let mut bits = bits_of(place);
        for _ in 0..PROBES {
            let bit = (bits & 511) as usize;
            self.lines[line][bit / 64] |= 1 << (bit % 64);
            bits >>= 9;
        }
    }

    /// `false`: it was certainly not added.
    #[inline]
    pub fn may_have(&self, place: Place) -> bool {
        let line = &self.lines[self.line_of(place)];
        let mut bits = bits_of(place);
        (0..PROBES).all(|_| {
            let bit = (bits & 511) as usize;
            bits >>= 9;
            line[bit / 64] & 1 << (bit % 64) != 0
        })
    }

    #[inline]
    fn line_of(&self, place: Place) -> usize {
        let parts = u128::from(place.saturating_sub(self.least)) * u128::from(self.lines_a_place);
        ((parts >> 64) as usize).min(self.lines.len() - 1)
    }

    pub fn size_bytes(&self) -> usize {
        self.lines.len() * LINE_WORDS * 8
    }
}

/// As many bits as the probes of a place need.
#[inline]
fn bits_of(place: Place) -> u64 {
    let mixed = place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93) >> (64 - 9 * PROBES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hash_u64;

    #[test]
    fn what_was_added_is_found_and_little_else() {
        let mut filter = Filter::new(10_000, 0..=u64::MAX);
        (0..10_000).for_each(|number| filter.add(hash_u64(number)));
        assert!((0..10_000).all(|number| filter.may_have(hash_u64(number))));
        let mistaken = (10_000..110_000).filter(|number| filter.may_have(hash_u64(*number)));
        let mistaken = mistaken.count();
        assert!(mistaken < 3_000, "{mistaken} of 100,000");
    }

    #[test]
    fn places_outside_its_range_and_few_places_are_no_harm() {
        for range in [7..=7, 5..=9, 0..=u64::MAX] {
            let mut filter = Filter::new(3, range);
            [0, 7, u64::MAX].iter().for_each(|place| filter.add(*place));
            assert!([0, 7, u64::MAX].iter().all(|place| filter.may_have(*place)));
        }
    }
}
