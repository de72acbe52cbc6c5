//! Rows that wait in lists until somebody takes them out, in the order in which they came.

use arrow_schema::SchemaRef;
use dataflow::{Chunk, Error};
use model::RowKind;

use crate::RowStore;

/// A row that waits. Later rows compare greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowRef {
    /// Counts up as rows come.
    place: u64,
    /// The number of the row itself.
    row: u32,
}

/// What is known of a row besides its columns.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// In milliseconds, as it was when the row came.
    time_ms: i64,
    kind: RowKind,
}

pub struct RowBuffer {
    rows: RowStore,
    /// By the number of a row.
    entries: Vec<Entry>,
    lists: Vec<Vec<RowRef>>,
    next: u64,
}

impl RowBuffer {
    pub fn new(schema: SchemaRef) -> RowBuffer {
        RowBuffer {
            rows: RowStore::new(schema),
            entries: Vec::new(),
            lists: Vec::new(),
            next: 0,
        }
    }

    /// Takes in rows with their times: row `i` goes to list `lists[i]`, if it has one.
    pub fn add(&mut self, chunk: &Chunk, times: &[i64], lists: &[Option<u32>]) -> Result<(), Error> {
        self.rows.open(&chunk.batch);
        for (row, (&time_ms, list)) in times.iter().zip(lists).enumerate() {
            let Some(list) = *list else { continue };
            let number = self.rows.keep(row);
            let entry = Entry {
                time_ms,
                kind: chunk.kind(row),
            };
            match self.entries.get_mut(number as usize) {
                Some(place) => *place = entry,
                None => self.entries.push(entry),
            }
            let place = self.next;
            self.next += 1;
            self.list(list).push(RowRef { place, row: number });
        }
        self.rows.close()
    }

    fn list(&mut self, number: u32) -> &mut Vec<RowRef> {
        let number = number as usize;
        if self.lists.len() <= number {
            self.lists.resize_with(number + 1, Vec::new);
        }
        &mut self.lists[number]
    }

    /// Moves the rows of one list to another.
    pub fn merge(&mut self, from: u32, into: u32) {
        let moved = std::mem::take(self.list(from));
        let target = self.list(into);
        target.extend(moved);
        target.sort_unstable();
    }

    /// Empties a list.
    pub fn take(&mut self, list: u32) -> Vec<RowRef> {
        std::mem::take(self.list(list))
    }

    /// The rows themselves with their kinds and times. They stay held until [`RowBuffer::release`].
    pub fn gather(&self, rows: &[RowRef]) -> Result<(Chunk, Vec<i64>), Error> {
        let numbers: Vec<u32> = rows.iter().map(|at| at.row).collect();
        let entries = || rows.iter().map(|at| self.entries[at.row as usize]);
        let batch = self.rows.gather(&numbers)?;
        let kinds = entries()
            .any(|entry| entry.kind != RowKind::Insert)
            .then(|| entries().map(|entry| entry.kind).collect());
        let times = entries().map(|entry| entry.time_ms).collect();
        Ok((Chunk { batch, kinds }, times))
    }

    /// Lets go of rows that were taken.
    pub fn release(&mut self, rows: &[RowRef]) -> Result<(), Error> {
        let numbers: Vec<u32> = rows.iter().map(|at| at.row).collect();
        self.rows.release(&numbers)
    }

    /// All rows held, in the order in which they came.
    pub fn all(&self) -> Vec<RowRef> {
        let mut rows: Vec<RowRef> = self.lists.iter().flatten().copied().collect();
        rows.sort_unstable();
        rows
    }

    pub fn size_bytes(&self) -> usize {
        self.rows.size_bytes()
            + self.entries.capacity() * size_of::<Entry>()
            + self.rows.len() * size_of::<RowRef>()
    }
}
