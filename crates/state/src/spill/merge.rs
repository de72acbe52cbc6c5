//! Several runs read as one: of records of the same key, that of the newest run.

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
        if let Some(told) = newer[current].current() {
            for reader in older {
                let is_same = |record: Record<'_>| record.place == told.place && record.key == told.key;
                if reader.current().is_some_and(is_same) {
                    reader.advance()?;
                }
            }
        }
        newer[current].advance()?;
        self.choose();
        Ok(())
    }

    fn choose(&mut self) {
        let mut least: Option<(usize, Record<'_>)> = None;
        for (number, reader) in self.readers.iter().enumerate() {
            if let Some(record) = reader.current()
                && least.is_none_or(|(_, least)| (record.place, record.key) < (least.place, least.key))
            {
                least = Some((number, record));
            }
        }
        self.current = least.map(|(number, _)| number);
    }
}
