//! Rows that stay until they are let go, each with a small number of its own.
//!
//! Rows stand in the batches in which they came, of which only those rows are kept that somebody wants: batches
//! that have become small or sparse are put together, and the numbers of their rows stay what they were.

use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array, new_null_array};
use arrow_schema::SchemaRef;
use arrow_select::interleave::{interleave, interleave_record_batch};
use arrow_select::take::{take, take_record_batch};
use dataflow::Error;

use crate::Slab;
use crate::slices::arrow_error;

const NONE: u32 = u32::MAX;
/// Batches with fewer rows are put together.
const SMALL_ROWS: u32 = 1024;
/// Rows of a batch that is put together, at most.
const MERGED_ROWS_MAX: usize = 8192;
/// So many batches, and rows that nobody wants, are left alone.
const BATCHES_SPARE: usize = 64;
const DEAD_ROWS_SPARE: usize = 8192;

#[derive(Clone, Copy)]
struct Place {
    batch: u32,
    row: u32,
}

struct Held {
    batch: RecordBatch,
    /// The number of each row; `NONE` if nobody wants it.
    numbers: Vec<u32>,
    live: u32,
    bytes: usize,
}

pub struct RowStore {
    schema: SchemaRef,
    batches: Vec<Option<Held>>,
    batch_numbers: Slab,
    places: Vec<Place>,
    numbers: Slab,
    /// Rows held in all batches, wanted or not.
    rows: usize,
    bytes: usize,
    /// The batch whose rows are being kept.
    open: Option<u32>,
}

impl RowStore {
    pub fn new(schema: SchemaRef) -> RowStore {
        RowStore {
            schema,
            batches: Vec::new(),
            batch_numbers: Slab::default(),
            places: Vec::new(),
            numbers: Slab::default(),
            rows: 0,
            bytes: 0,
            open: None,
        }
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows that are wanted.
    pub fn len(&self) -> usize {
        self.numbers.in_use()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All numbers are below it.
    pub fn high(&self) -> usize {
        self.numbers.high()
    }

    /// Begins with a batch, of which rows can be kept until [`RowStore::close`].
    pub fn open(&mut self, batch: &RecordBatch) {
        debug_assert!(self.open.is_none(), "a batch is open already");
        let held = Held {
            numbers: vec![NONE; batch.num_rows()],
            live: 0,
            bytes: 0,
            batch: batch.clone(),
        };
        self.open = Some(self.put(held));
    }

    fn put(&mut self, held: Held) -> u32 {
        let number = self.batch_numbers.take();
        self.rows += held.batch.num_rows();
        match self.batches.get_mut(number as usize) {
            Some(place) => *place = Some(held),
            None => self.batches.push(Some(held)),
        }
        number
    }

    /// Keeps a row of the open batch.
    pub fn keep(&mut self, row: usize) -> u32 {
        let number = self.numbers.take();
        let batch = self.open.unwrap_or_default();
        let place = Place {
            batch,
            row: row as u32,
        };
        match self.places.get_mut(number as usize) {
            Some(at) => *at = place,
            None => self.places.push(place),
        }
        if let Some(Some(held)) = self.batches.get_mut(batch as usize) {
            held.numbers[row] = number;
            held.live += 1;
        }
        number
    }

    /// Ends with the open batch: what was not kept of it is dropped.
    pub fn close(&mut self) -> Result<(), Error> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let Some(held) = self.batches[open as usize].take() else {
            return Ok(());
        };
        self.rows -= held.batch.num_rows();
        self.batch_numbers.give_back(&[open]);
        if held.live > 0 {
            let kept = if (held.live as usize) < held.batch.num_rows() {
                shrunk(&held)?
            } else {
                held
            };
            self.place(kept);
        }
        self.tidy()
    }

    /// Puts in a batch and notes where its rows are.
    fn place(&mut self, mut held: Held) {
        held.bytes = held.batch.get_array_memory_size() + held.numbers.capacity() * 4;
        self.bytes += held.bytes;
        let batch = self.put(held);
        if let Some(Some(held)) = self.batches.get(batch as usize) {
            for (row, &number) in held.numbers.iter().enumerate() {
                if number != NONE {
                    self.places[number as usize] = Place {
                        batch,
                        row: row as u32,
                    };
                }
            }
        }
    }

    /// Lets rows go; their numbers are given to others.
    pub fn release(&mut self, numbers: &[u32]) -> Result<(), Error> {
        for &number in numbers {
            let place = self.places[number as usize];
            if let Some(slot) = self.batches.get_mut(place.batch as usize)
                && let Some(held) = slot
            {
                held.numbers[place.row as usize] = NONE;
                held.live -= 1;
                if held.live == 0 && self.open != Some(place.batch) {
                    self.rows -= held.batch.num_rows();
                    self.bytes -= held.bytes;
                    *slot = None;
                    self.batch_numbers.give_back(&[place.batch]);
                }
            }
        }
        self.numbers.give_back(numbers);
        self.tidy()
    }

    /// The rows of these numbers, in their order.
    pub fn gather(&self, numbers: &[u32]) -> Result<RecordBatch, Error> {
        let mut batches: Vec<&RecordBatch> = Vec::new();
        let mut positions = vec![NONE; self.batches.len()];
        let mut indices = Vec::with_capacity(numbers.len());
        for &number in numbers {
            let place = self.places[number as usize];
            let position = &mut positions[place.batch as usize];
            if *position == NONE {
                let held = self.batches[place.batch as usize].as_ref();
                let held = held.ok_or_else(|| Error::internal("a row was let go and is wanted"))?;
                *position = batches.len() as u32;
                batches.push(&held.batch);
            }
            indices.push((*position as usize, place.row as usize));
        }
        if let [only] = batches.as_slice() {
            let rows = UInt32Array::from_iter_values(indices.iter().map(|(_, row)| *row as u32));
            return take_record_batch(only, &rows).map_err(arrow_error);
        }
        if batches.is_empty() {
            return Ok(RecordBatch::new_empty(self.schema.clone()));
        }
        interleave_record_batch(&batches, &indices).map_err(arrow_error)
    }

    /// A column of the rows of these numbers, in their order; NULL for [`NO_ROW`](crate::NO_ROW).
    pub fn gather_column(&self, column: usize, numbers: &[u32]) -> Result<ArrayRef, Error> {
        let columns = self.gather_columns(&[column], numbers)?;
        let column = columns.into_iter().next();
        column.ok_or_else(|| Error::internal("a column was asked for and not given"))
    }

    /// As [`RowStore::gather_column`], of several columns.
    pub fn gather_columns(&self, columns: &[usize], numbers: &[u32]) -> Result<Vec<ArrayRef>, Error> {
        let mut batches: Vec<&RecordBatch> = Vec::new();
        let mut positions = vec![NONE; self.batches.len()];
        let mut indices = Vec::with_capacity(numbers.len());
        let mut has_nulls = false;
        for &number in numbers {
            if number == NONE {
                has_nulls = true;
                indices.push((usize::MAX, 0));
                continue;
            }
            let place = self.places[number as usize];
            let position = &mut positions[place.batch as usize];
            if *position == NONE {
                let held = self.batches[place.batch as usize].as_ref();
                let held = held.ok_or_else(|| Error::internal("a row was let go and is wanted"))?;
                *position = batches.len() as u32;
                batches.push(&held.batch);
            }
            indices.push((*position as usize, place.row as usize));
        }
        if !has_nulls && let [only] = batches.as_slice() {
            let rows = UInt32Array::from_iter_values(indices.iter().map(|(_, row)| *row as u32));
            return columns
                .iter()
                .map(|&column| take(only.column(column), &rows, None).map_err(arrow_error))
                .collect();
        }
        // What is NULL stands behind all batches.
        for index in &mut indices {
            index.0 = index.0.min(batches.len());
        }
        let gathered = columns.iter().map(|&column| {
            let is_null_wanted = has_nulls || batches.is_empty();
            let null = is_null_wanted.then(|| new_null_array(self.schema.field(column).data_type(), 1));
            let arrays = batches.iter().map(|batch| batch.column(column).as_ref());
            let arrays: Vec<&dyn Array> = arrays.chain(null.as_deref()).collect();
            interleave(&arrays, &indices).map_err(arrow_error)
        });
        gathered.collect()
    }

    /// Puts small and sparse batches together, if there are too many of them.
    fn tidy(&mut self) -> Result<(), Error> {
        let live = self.len();
        let many = self.batch_numbers.in_use() > BATCHES_SPARE + live / (SMALL_ROWS as usize / 2);
        let sparse = self.rows > 2 * live + DEAD_ROWS_SPARE;
        if self.open.is_some() || !(many || sparse) {
            return Ok(());
        }
        let is_worth_it =
            |held: &Held| held.live < SMALL_ROWS || (held.live as usize) * 2 < held.batch.num_rows();
        let mut taken: Vec<Held> = Vec::new();
        for number in 0..self.batches.len() {
            if self.batches[number].as_ref().is_some_and(is_worth_it)
                && let Some(held) = self.batches[number].take()
            {
                self.rows -= held.batch.num_rows();
                self.bytes -= held.bytes;
                self.batch_numbers.give_back(&[number as u32]);
                taken.push(held);
            }
        }
        let mut wanted: Vec<(usize, usize)> = Vec::new();
        for (position, held) in taken.iter().enumerate() {
            let rows = held.numbers.iter().enumerate();
            wanted.extend(
                rows.filter(|(_, number)| **number != NONE)
                    .map(|(row, _)| (position, row)),
            );
        }
        for part in wanted.chunks(MERGED_ROWS_MAX) {
            let first = part[0].0;
            let last = part[part.len() - 1].0;
            let batches: Vec<&RecordBatch> = taken[first..=last].iter().map(|held| &held.batch).collect();
            let indices: Vec<(usize, usize)> =
                part.iter().map(|(batch, row)| (batch - first, *row)).collect();
            let batch = interleave_record_batch(&batches, &indices).map_err(arrow_error)?;
            self.place(Held {
                batch,
                numbers: part
                    .iter()
                    .map(|(batch, row)| taken[*batch].numbers[*row])
                    .collect(),
                live: part.len() as u32,
                bytes: 0,
            });
        }
        Ok(())
    }

    pub fn size_bytes(&self) -> usize {
        self.bytes + self.places.capacity() * size_of::<Place>()
    }
}

/// Only the rows that are wanted.
fn shrunk(held: &Held) -> Result<Held, Error> {
    let rows: Vec<u32> = (0..held.numbers.len() as u32)
        .filter(|row| held.numbers[*row as usize] != NONE)
        .collect();
    let numbers = rows.iter().map(|row| held.numbers[*row as usize]).collect();
    Ok(Held {
        live: held.live,
        numbers,
        batch: take_record_batch(&held.batch, &UInt32Array::from(rows)).map_err(arrow_error)?,
        bytes: 0,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{ArrayRef, Int64Array};

    use super::*;

    fn batch(values: std::ops::Range<i64>) -> RecordBatch {
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
        RecordBatch::try_from_iter([("v", column)]).unwrap()
    }

    fn values(store: &RowStore, numbers: &[u32]) -> Vec<i64> {
        let gathered = store.gather(numbers).unwrap();
        gathered.column(0).as_primitive::<Int64Type>().values().to_vec()
    }

    #[test]
    fn rows_keep_their_numbers_while_batches_are_put_together() {
        let mut store = RowStore::new(batch(0..0).schema());
        let mut kept = Vec::new();
        for round in 0..500 {
            let rows = batch(round * 10..round * 10 + 10);
            store.open(&rows);
            kept.push((store.keep(3), round * 10 + 3));
            kept.push((store.keep(7), round * 10 + 7));
            store.close().unwrap();
            if round % 3 == 0 {
                let (number, _) = kept.remove(0);
                store.release(&[number]).unwrap();
            }
        }
        let numbers: Vec<u32> = kept.iter().map(|(number, _)| *number).collect();
        let expected: Vec<i64> = kept.iter().map(|(_, value)| *value).collect();
        assert_eq!(values(&store, &numbers), expected);
        assert_eq!(store.len(), expected.len());
        assert!(store.batch_numbers.in_use() < 100);
        store.release(&numbers).unwrap();
        assert!(store.is_empty());
        assert_eq!((store.rows, store.bytes), (0, 0));
    }
}
