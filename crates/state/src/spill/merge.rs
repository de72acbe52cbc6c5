//! Several runs read as one: of records of the same key, that of the newest run.

use std::cmp::Ordering;
use std::sync::Arc;

use dataflow::Error;

use super::run::{Place, Record, Run, RunReader};

pub(super) struct Merge {
    /// The newest first.
    readers: Vec<RunReader>,
    /// Which of them has the current record.
    current: Option<usize>,
}

impl Merge {
    /// `runs` come the newest first.
    pub fn new(runs: &[Arc<Run>], from: Place) -> Result<Merge, Error> {
        let readers = runs.iter().map(|run| run.read_from(from));
        let mut merge = Merge {
            readers: readers.collect::<Result<_, _>>()?,
            current: None,
        };
        merge.choose();
        Ok(merge)
    }

    pub fn current(&self) -> Option<Record<'_>> {
        self.current.and_then(|reader| self.readers[reader].current())
    }

    pub fn advance(&mut self) -> Result<(), Error> {
        let Some(current) = self.current else {
            return Ok(());
        };
        // Older ones of the same key.
        let (newer, older) = self.readers.split_at_mut(current + 1);
        let told = &newer[current];
        for reader in older.iter_mut().filter(|reader| reader.place() == told.place()) {
            if reader.current().map(|record| record.key) == told.current().map(|record| record.key) {
                reader.advance()?;
            }
        }
        newer[current].advance()?;
        self.choose();
        Ok(())
    }

    /// In memory.
    pub fn size_bytes(&self) -> usize {
        self.readers.iter().map(RunReader::size_bytes).sum()
    }

    fn choose(&mut self) {
        let mut least: Option<(usize, Place)> = None;
        for (number, reader) in self.readers.iter().enumerate() {
            let Some(place) = reader.place() else {
                continue;
            };
            let is_less = least.is_none_or(|(other, least)| match place.cmp(&least) {
                Ordering::Less => true,
                Ordering::Greater => false,
                Ordering::Equal => self.key(number) < self.key(other),
            });
            if is_less {
                least = Some((number, place));
            }
        }
        self.current = least.map(|(number, _)| number);
    }

    fn key(&self, reader: usize) -> Option<&[u8]> {
        self.readers[reader].current().map(|record| record.key)
    }
}
