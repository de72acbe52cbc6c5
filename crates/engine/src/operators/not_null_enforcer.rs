//! Leaves out rows with a NULL where none may be, and counts them.

use arrow_array::{Array, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::SchemaRef;
use arrow_select::filter::filter_record_batch;
use dataflow::{Chunk, Error};

use super::Build;
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output};

pub(super) struct NotNullEnforcer {
    columns: Vec<usize>,
    /// Of the rows that are let through: these columns are NOT NULL in it.
    schema: SchemaRef,
    rows_dropped: u64,
}

impl NotNullEnforcer {
    pub fn new(build: &Build<'_>, columns: &[usize]) -> NotNullEnforcer {
        NotNullEnforcer {
            columns: columns.to_vec(),
            schema: build.node.schema.arrow(),
            rows_dropped: 0,
        }
    }

    /// Which rows have a value everywhere; `None` if all of them do.
    fn complete(&self, batch: &RecordBatch) -> Option<BooleanBuffer> {
        let mut complete: Option<NullBuffer> = None;
        for &column in &self.columns {
            complete = NullBuffer::union(complete.as_ref(), batch.column(column).logical_nulls().as_ref());
        }
        complete
            .filter(|complete| complete.null_count() > 0)
            .map(|complete| complete.inner().clone())
    }

    fn let_through(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema.clone(), batch.columns().to_vec(), &options)
            .map_err(arrow_error)
    }
}

impl Operator for NotNullEnforcer {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let Some(complete) = self.complete(&chunk.batch) else {
            let batch = self.let_through(&chunk.batch)?;
            out.chunk(Chunk { batch, ..chunk });
            return Ok(());
        };
        let kept = complete.count_set_bits();
        self.rows_dropped += (chunk.rows() - kept) as u64;
        if kept == 0 {
            return Ok(());
        }
        let kinds = chunk
            .kinds
            .map(|kinds| complete.set_indices().map(|row| kinds[row]).collect());
        let batch =
            filter_record_batch(&chunk.batch, &BooleanArray::new(complete, None)).map_err(arrow_error)?;
        out.chunk(Chunk {
            batch: self.let_through(&batch)?,
            kinds,
        });
        Ok(())
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            null_rows_dropped: self.rows_dropped,
            ..Gauges::default()
        }
    }
}
