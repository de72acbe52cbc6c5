//! Rows that only ever are added, in columns, numbered in the order in which they came.
//!
//! Chunks are taken over as they are and put together now and then, so that few arrays hold many rows.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::concat::concat_batches;
use arrow_select::interleave::interleave;

use crate::NO_ROW;

/// Parts are put together when so many small ones stand in a row.
const SMALL_PARTS_MAX: usize = 16;
/// A part of this many rows or bytes is not small any more.
const PART_ROWS_MAX: usize = 1 << 16;
const PART_BYTES_MAX: usize = 1 << 26;

pub struct RowColumns {
    schema: SchemaRef,
    parts: Vec<Part>,
    /// Parts at the end that are small.
    small: usize,
    rows: usize,
    bytes: usize,
}

struct Part {
    /// The number of its first row.
    first: u32,
    batch: RecordBatch,
    bytes: usize,
}

impl RowColumns {
    pub fn new(schema: SchemaRef) -> RowColumns {
        RowColumns {
            schema,
            parts: Vec::new(),
            small: 0,
            rows: 0,
            bytes: 0,
        }
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Takes in rows, whose numbers follow those of the rows before. Gives the first of them.
    pub fn add(&mut self, columns: &[ArrayRef], rows: usize) -> Result<u32, ArrowError> {
        let first = u32::try_from(self.rows)
            .ok()
            .filter(|first| first.checked_add(rows as u32).is_some_and(|end| end < NO_ROW))
            .ok_or_else(|| {
                ArrowError::ComputeError(format!("a join holds more than {} rows on a shard", self.rows))
            })?;
        if rows == 0 {
            return Ok(first);
        }
        let batch = RecordBatch::try_new(self.schema.clone(), columns.to_vec())?;
        self.rows += rows;
        self.push(first, batch);
        if self.small >= SMALL_PARTS_MAX {
            self.put_together()?;
        }
        Ok(first)
    }

    fn push(&mut self, first: u32, batch: RecordBatch) {
        let bytes = batch.get_array_memory_size();
        self.bytes += bytes;
        let is_small = batch.num_rows() < PART_ROWS_MAX && bytes < PART_BYTES_MAX;
        self.small = if is_small { self.small + 1 } else { 0 };
        self.parts.push(Part { first, batch, bytes });
    }

    fn put_together(&mut self) -> Result<(), ArrowError> {
        let parts = self.parts.split_off(self.parts.len() - self.small);
        self.small = 0;
        let Some(first) = parts.first().map(|part| part.first) else {
            return Ok(());
        };
        let batches: Vec<&RecordBatch> = parts.iter().map(|part| &part.batch).collect();
        let batch = concat_batches(&self.schema, batches)?;
        self.bytes -= parts.iter().map(|part| part.bytes).sum::<usize>();
        self.push(first, batch);
        Ok(())
    }

    /// These columns of these rows; NULL for [`NO_ROW`].
    pub fn gather(&self, columns: &[usize], rows: &[u32]) -> Result<Vec<ArrayRef>, ArrowError> {
        let mut places = Vec::with_capacity(rows.len());
        let mut part = 0;
        let nothing = self.parts.len();
        for &row in rows {
            if row == NO_ROW {
                places.push((nothing, 0));
                continue;
            }
            let held = self.parts.get(part).is_some_and(|held| {
                row.checked_sub(held.first)
                    .is_some_and(|at| (at as usize) < held.batch.num_rows())
            });
            if !held {
                part = self.parts.partition_point(|held| held.first <= row) - 1;
            }
            places.push((part, (row - self.parts[part].first) as usize));
        }
        columns
            .iter()
            .map(|&column| {
                let null = new_null_array(self.schema.field(column).data_type(), 1);
                let mut arrays: Vec<&dyn Array> = self
                    .parts
                    .iter()
                    .map(|part| part.batch.column(column).as_ref())
                    .collect();
                arrays.push(null.as_ref());
                interleave(&arrays, &places)
            })
            .collect()
    }

    pub fn size_bytes(&self) -> usize {
        self.bytes
    }
}

/// The schema of rows kept apart from their input: all columns may be NULL in it.
pub(crate) fn nullable(schema: &SchemaRef) -> SchemaRef {
    Arc::new(arrow_schema::Schema::new(
        schema
            .fields()
            .iter()
            .map(|field| field.as_ref().clone().with_nullable(true))
            .collect::<Vec<_>>(),
    ))
}
