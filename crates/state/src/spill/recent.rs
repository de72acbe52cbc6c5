//! What was spilled last, still in memory: enough of it becomes a run.

use std::ops::RangeInclusive;

use dataflow::Error;
use hashbrown::HashTable;

use super::run::{Place, Record, RunWriter};

/// Of an entry of a hash table that is not quite full.
const ENTRY_BYTES: usize = 32;

#[derive(Default)]
pub(super) struct Recent {
    /// Records as they stand in blocks, also those that others of the same key have replaced.
    bytes: Vec<u8>,
    /// Where the last record of each key begins.
    table: HashTable<(Place, usize)>,
}

impl Recent {
    pub fn add(&mut self, record: Record<'_>) {
        let begin = self.bytes.len();
        let found = self
            .table
            .find_mut(record.place, |held| is_key(&self.bytes, *held, &record));
        match found {
            Some(held) => held.1 = begin,
            None => {
                self.table
                    .insert_unique(record.place, (record.place, begin), |held| held.0);
            }
        }
        record.write(&mut self.bytes);
    }

    pub fn find(&self, place: Place, key: &[u8]) -> Option<Record<'_>> {
        let sought = Record {
            place,
            interval: 0,
            key,
            value: None,
        };
        let held = self
            .table
            .find(place, |held| is_key(&self.bytes, *held, &sought))?;
        Some(self.record(held.1))
    }

    fn record(&self, begin: usize) -> Record<'_> {
        Record::read(&self.bytes[begin..]).0
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What it takes with all that it has, in memory that it keeps when it is drained.
    pub fn bytes(&self) -> usize {
        self.bytes.len() + self.table.len() * ENTRY_BYTES
    }

    pub fn records(&self) -> usize {
        self.table.len()
    }

    pub fn size_bytes(&self) -> usize {
        self.bytes.capacity() + self.table.allocation_size()
    }

    /// From the least place to the greatest.
    pub fn range(&self) -> RangeInclusive<Place> {
        let places = || self.table.iter().map(|(place, _)| *place);
        places().min().unwrap_or_default()..=places().max().unwrap_or_default()
    }

    /// Writes all in order, and forgets it.
    pub fn drain(&mut self, run: &mut RunWriter) -> Result<(), Error> {
        let mut order: Vec<(Place, usize)> = self.table.iter().copied().collect();
        order.sort_unstable_by(|(place, begin), (other_place, other_begin)| {
            place
                .cmp(other_place)
                .then_with(|| self.record(*begin).key.cmp(self.record(*other_begin).key))
        });
        for (_, begin) in order {
            run.add(self.record(begin))?;
        }
        self.bytes.clear();
        self.table.clear();
        Ok(())
    }
}

fn is_key(bytes: &[u8], (place, begin): (Place, usize), sought: &Record<'_>) -> bool {
    place == sought.place && Record::read(&bytes[begin..]).0.key == sought.key
}
