//! Where the blocks of a run are, in eight bytes a block.

use std::ops::{Range, RangeInclusive};

use super::run::Place;

/// How far a block mostly is from where it is looked for.
const NEAR_BLOCKS: usize = 8;

pub(super) struct Index {
    /// No place is less.
    least: Place,
    /// What of a place is held of it: its distance from the least, without so many bits.
    shift: u32,
    /// Of the first record of each block.
    firsts: Vec<u32>,
    /// The lower half of where each block begins, and where the last one ends.
    offsets: Vec<u32>,
    /// Which of `offsets` are the first behind a multiple of 2^32.
    turns: Vec<usize>,
    end: u64,
}

impl Index {
    /// Of blocks with places of this range.
    pub fn new(range: RangeInclusive<Place>) -> Index {
        let span = range.end().saturating_sub(*range.start());
        Index {
            least: *range.start(),
            shift: 32u32.saturating_sub(span.leading_zeros()),
            firsts: Vec::new(),
            offsets: vec![0],
            turns: Vec::new(),
            end: 0,
        }
    }

    /// Adds a block behind the others.
    pub fn add(&mut self, first: Place, bytes: u64) {
        let turns = self.end >> 32;
        self.end += bytes;
        for _ in turns..self.end >> 32 {
            self.turns.push(self.offsets.len());
        }
        self.firsts.push(self.held_of(first));
        self.offsets.push(self.end as u32);
    }

    pub fn finish(&mut self) {
        self.firsts.shrink_to_fit();
        self.offsets.shrink_to_fit();
    }

    /// Of all blocks.
    pub fn bytes(&self) -> u64 {
        self.end
    }

    pub fn blocks(&self) -> usize {
        self.firsts.len()
    }

    /// Where a block stands.
    #[inline]
    pub fn range(&self, block: usize) -> Range<u64> {
        self.offset(block)..self.offset(block + 1)
    }

    #[inline]
    fn offset(&self, number: usize) -> u64 {
        let turns = match self.turns.is_empty() {
            true => 0,
            false => self.turns.partition_point(|turn| *turn <= number) as u64,
        };
        turns << 32 | u64::from(self.offsets[number])
    }

    #[inline]
    fn held_of(&self, place: Place) -> u32 {
        let held = place.saturating_sub(self.least) >> self.shift;
        held.min(u64::from(u32::MAX)) as u32
    }

    /// Whether a block may have a record at this place, or at one before it.
    #[inline]
    pub fn begins_by(&self, block: usize, place: Place) -> bool {
        self.firsts
            .get(block)
            .is_some_and(|first| *first <= self.held_of(place))
    }

    /// The first block that may have a record at this place.
    #[inline]
    pub fn first_block(&self, place: Place) -> usize {
        let Some(&most) = self.firsts.last() else {
            return 0;
        };
        let sought = self.held_of(place);
        let last = self.firsts.len() - 1;
        // Places are spread evenly: it is where it is by its share of them, or near it.
        let blocks = |held: i64| held * last as i64 / i64::from(most.max(1));
        let clamp = |block: i64| block.clamp(0, last as i64) as usize;
        let guess = clamp(blocks(i64::from(sought)));
        let miss = i64::from(sought) - i64::from(self.firsts[guess]);
        let guess = clamp(guess as i64 + blocks(miss));
        let (mut from, mut to, mut step) = (guess, guess, NEAR_BLOCKS);
        if self.firsts[guess] < sought {
            while to <= last && self.firsts[to] < sought {
                (from, to, step) = (to, to.saturating_add(step), step * 2);
            }
        } else {
            while from > 0 && self.firsts[from] >= sought {
                (from, to, step) = (from.saturating_sub(step), from, step * 2);
            }
        }
        let to = to.min(last);
        let behind = from + self.firsts[from..=to].partition_point(|first| *first < sought);
        behind.saturating_sub(1)
    }

    /// In memory.
    pub fn size_bytes(&self) -> usize {
        (self.firsts.capacity() + self.offsets.capacity()) * size_of::<u32>()
            + self.turns.capacity() * size_of::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hash_u64;

    #[test]
    fn the_first_block_of_a_place_is_found_however_places_are_spread() {
        let even = |number: u64| hash_u64(number);
        let shifted = |number: u64| number.pow(3);
        let few = |number: u64| number / 500;
        for spread in [even, shifted, few] {
            for count in [1, 2, 30, 5_000] {
                let mut firsts: Vec<Place> = (0..count).map(spread).collect();
                firsts.sort_unstable();
                let mut index = Index::new(firsts[0]..=firsts[firsts.len() - 1]);
                firsts.iter().for_each(|first| index.add(*first, 100));
                let near = firsts
                    .iter()
                    .flat_map(|place| [place.saturating_sub(1), *place, place.saturating_add(1)]);
                for place in near.chain([0, u64::MAX]) {
                    // All that begin with less, as far as the index can tell, but the last of them have less only.
                    let held = index.held_of(place);
                    let behind = index.firsts.partition_point(|first| *first < held);
                    let block = index.first_block(place);
                    assert_eq!(block, behind.saturating_sub(1), "{place} of {count}");
                    let exact = firsts.partition_point(|first| *first < place);
                    assert!(block <= exact.saturating_sub(1), "{place} of {count}");
                    assert!(exact == 0 || (block..exact).all(|block| index.begins_by(block, place)));
                }
            }
        }
    }

    #[test]
    fn blocks_of_runs_of_any_length_are_where_they_were_put() {
        let lengths = [700, 5 << 30, 300, (1 << 32) - 1, 1, 1 << 31, 9 << 32, 12];
        let mut index = Index::new(0..=9);
        let mut end = 0;
        let mut ranges = Vec::new();
        for (number, length) in lengths.into_iter().enumerate() {
            index.add(number as u64, length);
            ranges.push(end..end + length);
            end += length;
        }
        let found: Vec<Range<u64>> = (0..index.blocks()).map(|block| index.range(block)).collect();
        assert_eq!((found, index.bytes()), (ranges, end));
    }
}
