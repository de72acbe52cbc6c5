//! Each row as often as its last column says, which is left out.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::SchemaRef;
use dataflow::{Chunk, Error};
use model::RowKind;

use super::Build;
use crate::exchange::take_rows;
use crate::expression::arrow_error;
use crate::operator::{Operator, Output, ROUND_CHUNKS_MAX};

pub(super) struct Replicate {
    schema: SchemaRef,
    chunk_rows: usize,
    pending: Option<Pending>,
}

/// Rows of which not all repetitions have been sent.
struct Pending {
    chunk: Chunk,
    times: Vec<i64>,
    row: usize,
}

impl Replicate {
    pub fn new(build: &Build<'_>) -> Replicate {
        Replicate {
            schema: build.node.schema.arrow(),
            chunk_rows: build.options.chunk_rows,
            pending: None,
        }
    }

    fn send(&mut self, mut pending: Pending, out: &mut Output) -> Result<(), Error> {
        for _ in 0..ROUND_CHUNKS_MAX {
            let mut rows: Vec<u32> = Vec::new();
            while let Some(left) = pending.times.get_mut(pending.row)
                && rows.len() < self.chunk_rows
            {
                if *left <= 0 {
                    pending.row += 1;
                    continue;
                }
                *left -= 1;
                rows.push(pending.row as u32);
            }
            if rows.is_empty() {
                return Ok(());
            }
            out.chunk(take_rows(&pending.chunk, &UInt32Array::from(rows))?);
        }
        self.pending = Some(pending);
        Ok(())
    }
}

impl Operator for Replicate {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let own = chunk.batch.num_columns() - 1;
        let times = chunk.batch.column(own).as_primitive::<Int64Type>();
        let times = (0..times.len())
            .map(|row| if times.is_null(row) { 0 } else { times.value(row) })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(chunk.rows()));
        let columns = chunk.batch.columns()[..own].to_vec();
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        // A row that is told more often than before is not updated: there are more of it.
        let kinds = chunk.kinds.map(|kinds| {
            let kind = |kind: &RowKind| {
                if kind.is_addition() {
                    RowKind::Insert
                } else {
                    RowKind::Delete
                }
            };
            kinds.iter().map(kind).collect()
        });
        let chunk = Chunk {
            batch: batch.map_err(arrow_error)?,
            kinds,
        };
        self.send(Pending { chunk, times, row: 0 }, out)
    }

    fn has_more(&self) -> bool {
        self.pending.is_some()
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        match self.pending.take() {
            Some(pending) => self.send(pending, out),
            None => Ok(()),
        }
    }
}
