//! Appends `window_start`, `window_end` and `window_time` to rows, once for each window they belong to.
//!
//! Nothing is dropped for being late here; a row without a time belongs to no window.

mod session;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::SchemaRef;
use dataflow::{Chunk, Error};
use graph::{Window, WindowTime};
use model::TypeKind;

use super::Build;
use super::window_aggregate::RowTime;
use super::window_aggregate::emit::{local_timestamps, window_times};
use crate::exchange::take_rows;
use crate::expression::arrow_error;
use crate::operator::{Operator, Output};
use crate::window::Slicing;
use crate::window::time::Zone;

pub(super) fn window_table(
    build: &Build<'_>,
    window: Window,
    time: WindowTime,
    keys: &[usize],
) -> Result<Box<dyn Operator>, Error> {
    let time = RowTime::new(build, time);
    match (window, Slicing::new(window)) {
        (Window::Session { gap_ms }, _) => Ok(Box::new(session::SessionWindowTable::new(
            build, time, gap_ms, keys,
        )?)),
        (Window::Attached { .. }, _) | (_, None) => Err(Error::internal(
            "rows that carry a window already are not given another",
        )),
        (_, Some(slicing)) => Ok(Box::new(WindowTable {
            bounds: Bounds::new(build, time.zone),
            time,
            slicing,
            chunk_rows: build.options.chunk_rows,
        })),
    }
}

struct WindowTable {
    time: RowTime,
    slicing: Slicing,
    bounds: Bounds,
    chunk_rows: usize,
}

/// How the three columns are made.
struct Bounds {
    schema: SchemaRef,
    zone: Zone,
    is_instant: bool,
}

impl Bounds {
    fn new(build: &Build<'_>, zone: Zone) -> Bounds {
        let last = build.node.schema.fields.last();
        Bounds {
            schema: build.node.schema.arrow(),
            zone,
            is_instant: last.is_some_and(|field| matches!(field.data_type.kind, TypeKind::TimestampLtz(_))),
        }
    }

    /// A row for a row: `starts` and `ends` in local milliseconds.
    fn append(&self, chunk: Chunk, starts: &[i64], ends: &[i64]) -> Result<Chunk, Error> {
        let mut columns: Vec<ArrayRef> = chunk.batch.columns().to_vec();
        columns.push(local_timestamps(starts.iter().copied()));
        columns.push(local_timestamps(ends.iter().copied()));
        columns.push(window_times(ends.iter().copied(), self.zone, self.is_instant));
        Ok(Chunk {
            batch: RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)?,
            kinds: chunk.kinds,
        })
    }
}

impl Operator for WindowTable {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let times = self.time.local_times_lenient(&chunk.batch)?;
        let has_nulls = self.time.nulls(&chunk.batch) > 0;
        let mut rows: Vec<u32> = Vec::with_capacity(times.len());
        let mut starts = Vec::with_capacity(times.len());
        let mut ends = Vec::with_capacity(times.len());
        for (row, &time_ms) in times.iter().enumerate() {
            if has_nulls && !self.time.has_time(&chunk.batch, row) {
                continue;
            }
            self.slicing.windows(time_ms, |start, end| {
                rows.push(row as u32);
                starts.push(start);
                ends.push(end);
            });
        }
        let one_each =
            rows.len() == times.len() && rows.iter().enumerate().all(|(at, &row)| at == row as usize);
        if one_each {
            out.chunk(self.bounds.append(chunk, &starts, &ends)?);
            return Ok(());
        }
        for from in (0..rows.len()).step_by(self.chunk_rows) {
            let to = (from + self.chunk_rows).min(rows.len());
            let part = take_rows(&chunk, &UInt32Array::from(rows[from..to].to_vec()))?;
            out.chunk(self.bounds.append(part, &starts[from..to], &ends[from..to])?);
        }
        Ok(())
    }
}

/// Milliseconds as a column of a snapshot.
fn milliseconds_column(times: &[i64]) -> ArrayRef {
    Arc::new(arrow_array::Int64Array::from(times.to_vec()))
}
