//! Values in the order of their arrival, of which any can be taken out again.
//!
//! What is taken out is the earliest value that equals, as in Flink's lists. A value that is taken back before it came is
//! owed: it is taken out when another part of the same group, which has it, is merged. There is never a gap at either
//! end, so that first and last are at hand.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash};

use hashbrown::DefaultHashBuilder;

/// Up to so many places a value is looked for in all of them.
const SCANNED_MAX: usize = 32;

/// `None` is NULL.
pub(super) type Item<K> = Option<K>;

#[derive(Debug)]
pub(super) struct Arrivals<K> {
    /// A gap is a value that was taken out.
    places: VecDeque<Option<Item<K>>>,
    /// The number of the first place.
    first: u64,
    values: usize,
    owed: Vec<Item<K>>,
    /// The numbers of the places by the hash of what they hold; there from when it is first worth it.
    index: Option<Index>,
}

#[derive(Debug, Default)]
struct Index {
    hasher: DefaultHashBuilder,
    places: HashMap<u64, VecDeque<u64>>,
}

impl<K> Default for Arrivals<K> {
    fn default() -> Self {
        Arrivals {
            places: VecDeque::new(),
            first: 0,
            values: 0,
            owed: Vec::new(),
            index: None,
        }
    }
}

impl<K: Hash + Eq> Arrivals<K> {
    pub fn len(&self) -> usize {
        self.values
    }

    pub fn owed(&self) -> &[Item<K>] {
        &self.owed
    }

    pub fn iter(&self) -> impl Iterator<Item = Option<&K>> {
        self.places.iter().flatten().map(Option::as_ref)
    }

    pub fn first(&self) -> Option<Option<&K>> {
        self.places.front().and_then(Option::as_ref).map(Option::as_ref)
    }

    pub fn last(&self) -> Option<Option<&K>> {
        self.places.back().and_then(Option::as_ref).map(Option::as_ref)
    }

    pub fn add(&mut self, value: Item<K>) {
        if let Some(index) = &mut self.index {
            let hash = index.hasher.hash_one(&value);
            let place = self.first + self.places.len() as u64;
            index.places.entry(hash).or_default().push_back(place);
        }
        self.places.push_back(Some(value));
        self.values += 1;
    }

    /// Takes the earliest value that equals out, or owes it. Gives back what was taken out.
    pub fn retract(&mut self, value: Item<K>) -> Option<Item<K>> {
        let taken = self.take_out(&value);
        if taken.is_none() {
            self.owed.push(value);
        }
        taken
    }

    /// Takes out what is owed, as far as it has come. Gives it back.
    pub fn settle(&mut self) -> Vec<Item<K>> {
        let mut taken = Vec::new();
        for value in std::mem::take(&mut self.owed) {
            taken.extend(self.retract(value));
        }
        taken
    }

    fn take_out(&mut self, value: &Item<K>) -> Option<Item<K>> {
        let place = self.find(value)?;
        let taken = self.places.get_mut(place)?.take()?;
        self.values -= 1;
        while self.places.front().is_some_and(Option::is_none) {
            self.places.pop_front();
            self.first += 1;
        }
        while self.places.back().is_some_and(Option::is_none) {
            self.places.pop_back();
        }
        if self.places.len() > 2 * self.values + SCANNED_MAX {
            self.close_gaps();
        }
        Some(taken)
    }

    /// Where the earliest value that equals stands; it no longer does in the index.
    fn find(&mut self, value: &Item<K>) -> Option<usize> {
        let holds = |place: &Option<Item<K>>| place.as_ref() == Some(value);
        if self.places.len() <= SCANNED_MAX && self.index.is_none() {
            return self.places.iter().position(holds);
        }
        let index = self.index.get_or_insert_with(|| {
            let mut index = Index::default();
            for (place, held) in self.places.iter().enumerate() {
                if let Some(held) = held {
                    let hash = index.hasher.hash_one(held);
                    let number = self.first + place as u64;
                    index.places.entry(hash).or_default().push_back(number);
                }
            }
            index
        });
        let hash = index.hasher.hash_one(value);
        let numbers = index.places.get_mut(&hash)?;
        let position = numbers
            .iter()
            .position(|number| self.places.get((number - self.first) as usize).is_some_and(holds))?;
        let number = numbers.remove(position)?;
        if numbers.is_empty() {
            index.places.remove(&hash);
        }
        Some((number - self.first) as usize)
    }

    fn close_gaps(&mut self) {
        self.places.retain(Option::is_some);
        self.index = None;
    }

    /// Without what values have on the heap.
    pub fn size_bytes(&self) -> usize {
        let index = self.index.as_ref().map_or(0, |_| {
            // A hash, a list of one number, and a place in the table.
            self.values * (size_of::<u64>() * 3 + size_of::<VecDeque<u64>>())
        });
        self.places.capacity() * size_of::<Option<Item<K>>>()
            + self.owed.capacity() * size_of::<Item<K>>()
            + index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stdx::Random;

    const SEED: u64 = 20_260_102;

    #[test]
    fn the_earliest_that_equals_is_taken_out_however_many_there_are() {
        let mut random = Random::new(SEED);
        for most in [4, 60, 400] {
            let mut arrivals: Arrivals<i64> = Arrivals::default();
            let mut model: Vec<Option<i64>> = Vec::new();
            for _ in 0..3_000 {
                let value = random.chance(0.95).then(|| random.between(0, 20));
                if model.len() < most && random.chance(0.6) {
                    arrivals.add(value);
                    model.push(value);
                } else if let Some(place) = model.iter().position(|held| *held == value) {
                    model.remove(place);
                    assert_eq!(arrivals.retract(value), Some(value));
                }
                assert_eq!(arrivals.len(), model.len());
                assert_eq!(arrivals.first(), model.first().map(Option::as_ref));
                assert_eq!(arrivals.last(), model.last().map(Option::as_ref));
            }
            let left: Vec<Option<i64>> = arrivals.iter().map(|value| value.copied()).collect();
            assert_eq!(left, model, "seed {SEED}");
            assert!(arrivals.owed().is_empty());
        }
    }

    #[test]
    fn what_is_taken_back_before_it_came_is_owed() {
        let mut arrivals: Arrivals<i64> = Arrivals::default();
        assert_eq!(arrivals.retract(Some(7)), None);
        arrivals.add(Some(8));
        assert_eq!(arrivals.settle(), Vec::new());
        arrivals.add(Some(7));
        assert_eq!(arrivals.settle(), vec![Some(7)]);
        assert_eq!(arrivals.iter().collect::<Vec<_>>(), vec![Some(&8)]);
        assert!(arrivals.owed().is_empty());
    }
}
