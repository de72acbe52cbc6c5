//! Puts results together: properties of windows, and small batches into chunks.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, TimestampMicrosecondArray};
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use dataflow::{Chunk, Error};
use graph::WindowProperty;

use crate::expression::arrow_error;
use crate::operator::Output;
use crate::window::time::Zone;

/// Collects batches of one schema until they are worth sending.
pub(in crate::operators) struct Emitter {
    schema: SchemaRef,
    chunk_rows: usize,
    batches: Vec<RecordBatch>,
    rows: usize,
}

impl Emitter {
    pub fn new(schema: SchemaRef, chunk_rows: usize) -> Emitter {
        Emitter {
            schema,
            chunk_rows,
            batches: Vec::new(),
            rows: 0,
        }
    }

    pub fn chunk_rows(&self) -> usize {
        self.chunk_rows
    }

    /// Adds rows, at most as many as a chunk has.
    pub fn add(&mut self, columns: Vec<ArrayRef>, rows: usize, out: &mut Output) -> Result<(), Error> {
        if rows == 0 {
            return Ok(());
        }
        if self.rows + rows > self.chunk_rows {
            self.flush(out)?;
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        self.batches.push(batch.map_err(arrow_error)?);
        self.rows += rows;
        Ok(())
    }

    pub fn flush(&mut self, out: &mut Output) -> Result<(), Error> {
        self.rows = 0;
        let batches = std::mem::take(&mut self.batches);
        match batches.as_slice() {
            [] => {}
            [only] => out.chunk(Chunk::inserts(only.clone())),
            many => {
                let batch = concat_batches(&self.schema, many).map_err(arrow_error)?;
                out.chunk(Chunk::inserts(batch));
            }
        }
        Ok(())
    }
}

/// The columns that windows add to results: one row a window, bounds in local milliseconds.
pub(super) fn property_columns(
    properties: &[WindowProperty],
    starts: &[i64],
    ends: &[i64],
    zone: Zone,
    is_instant: bool,
    now_ms: i64,
) -> Vec<ArrayRef> {
    properties
        .iter()
        .map(|property| match property {
            WindowProperty::Start => local_timestamps(starts.iter().copied()),
            WindowProperty::End => local_timestamps(ends.iter().copied()),
            WindowProperty::Rowtime => window_times(ends.iter().copied(), zone, is_instant),
            WindowProperty::Proctime => instants(ends.iter().map(|_| now_ms)),
        })
        .collect()
}

/// TIMESTAMP(3)
pub(in crate::operators) fn local_timestamps(times: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(
        times.map(|time_ms| time_ms.saturating_mul(1000)),
    ))
}

/// TIMESTAMP_LTZ(3)
fn instants(times: impl Iterator<Item = i64>) -> ArrayRef {
    let array =
        TimestampMicrosecondArray::from_iter_values(times.map(|time_ms| time_ms.saturating_mul(1000)));
    Arc::new(array.with_timezone("UTC"))
}

/// The last millisecond of windows: an instant, if the time of rows is one.
pub(in crate::operators) fn window_times(
    ends: impl Iterator<Item = i64>,
    zone: Zone,
    is_instant: bool,
) -> ArrayRef {
    if is_instant {
        instants(ends.map(|end| zone.instant_ms(end.saturating_sub(1))))
    } else {
        local_timestamps(ends.map(|end| end.saturating_sub(1)))
    }
}
