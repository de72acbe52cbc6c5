//! Rows that wait in lists until somebody takes them out, in the order in which they came.
//!
//! Chunks are kept whole until their last row was taken.

use std::collections::{HashMap, VecDeque};

use arrow_array::RecordBatch;
use arrow_select::interleave::interleave_record_batch;
use dataflow::{Chunk, Error};
use model::RowKind;

use crate::slices::arrow_error;

/// Where a row is held: the number of its chunk and its place in it. Later rows compare greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowRef {
    chunk: u64,
    row: u32,
}

struct Held {
    chunk: Chunk,
    /// The time of each row in milliseconds, as it was when the row came.
    times: Vec<i64>,
    /// Rows not yet taken.
    waiting: usize,
}

#[derive(Default)]
pub struct RowBuffer {
    chunks: VecDeque<Option<Held>>,
    /// The number of the first chunk in `chunks`.
    first: u64,
    lists: Vec<Vec<RowRef>>,
    rows: usize,
    bytes: usize,
}

impl RowBuffer {
    /// Takes in rows: row `i` goes to list `lists[i]`, if it has one.
    pub fn add(&mut self, chunk: Chunk, times: Vec<i64>, lists: &[Option<u32>]) {
        let number = self.first + self.chunks.len() as u64;
        let mut waiting = 0;
        for (row, list) in lists.iter().enumerate() {
            if let Some(list) = list {
                self.list(*list).push(RowRef {
                    chunk: number,
                    row: row as u32,
                });
                waiting += 1;
            }
        }
        if waiting > 0 {
            self.rows += waiting;
            self.bytes += chunk.size_bytes() + times.capacity() * 8;
            self.chunks.push_back(Some(Held {
                chunk,
                times,
                waiting,
            }));
        }
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

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows themselves with their kinds and times. They stay held until [`RowBuffer::release`].
    pub fn gather(&self, rows: &[RowRef]) -> Result<Option<(Chunk, Vec<i64>)>, Error> {
        let mut batches: Vec<&RecordBatch> = Vec::new();
        let mut positions: HashMap<u64, usize> = HashMap::new();
        let mut indices = Vec::with_capacity(rows.len());
        let mut kinds = Vec::new();
        let mut times = Vec::with_capacity(rows.len());
        for at in rows {
            let Some(held) = self.held(at.chunk) else { continue };
            let position = *positions.entry(at.chunk).or_insert_with(|| {
                batches.push(&held.chunk.batch);
                batches.len() - 1
            });
            indices.push((position, at.row as usize));
            kinds.push(held.chunk.kind(at.row as usize));
            times.push(held.times[at.row as usize]);
        }
        if batches.is_empty() {
            return Ok(None);
        }
        let batch = interleave_record_batch(&batches, &indices).map_err(arrow_error)?;
        let kinds = kinds
            .iter()
            .any(|kind| *kind != RowKind::Insert)
            .then(|| kinds.into());
        Ok(Some((Chunk { batch, kinds }, times)))
    }

    fn held(&self, chunk: u64) -> Option<&Held> {
        self.chunks.get((chunk - self.first) as usize)?.as_ref()
    }

    /// Lets go of rows that were taken.
    pub fn release(&mut self, rows: &[RowRef]) {
        for at in rows {
            let index = (at.chunk - self.first) as usize;
            let Some(Some(held)) = self.chunks.get_mut(index) else {
                continue;
            };
            held.waiting -= 1;
            self.rows -= 1;
            if held.waiting == 0 {
                self.bytes -= held.chunk.size_bytes() + held.times.capacity() * 8;
                self.chunks[index] = None;
            }
        }
        while let Some(None) = self.chunks.front() {
            self.chunks.pop_front();
            self.first += 1;
        }
    }

    /// All rows held, in the order in which they came.
    pub fn all(&self) -> Vec<RowRef> {
        let mut rows: Vec<RowRef> = self.lists.iter().flatten().copied().collect();
        rows.sort_unstable();
        rows
    }

    pub fn size_bytes(&self) -> usize {
        self.bytes + self.rows * size_of::<RowRef>()
    }
}
