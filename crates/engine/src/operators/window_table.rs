//! Appends `window_start`, `window_end` and `window_time` to rows, once for each window they belong to.
//!
//! Nothing is dropped for being late here; a row without a time belongs to no window, is dropped and counted. A
//! row may belong to very many windows: what a chunk becomes is sent in parts.

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
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::window::time::Zone;
use crate::window::{Slicing, Windows};

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
            pending: None,
            null_time_rows: 0,
        })),
    }
}

struct WindowTable {
    time: RowTime,
    slicing: Slicing,
    bounds: Bounds,
    chunk_rows: usize,
    pending: Option<Pending>,
    null_time_rows: u64,
}

/// Rows of which not all windows have been sent.
struct Pending {
    chunk: Chunk,
    times: Vec<i64>,
    /// The row that is next, and what is left of its windows.
    row: usize,
    windows: Windows,
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

impl WindowTable {
    /// The rows that have a time.
    fn timed(&mut self, chunk: Chunk) -> Result<Chunk, Error> {
        let nulls = self.time.nulls(&chunk.batch);
        if nulls == 0 {
            return Ok(chunk);
        }
        self.null_time_rows += nulls as u64;
        let rows = (0..chunk.rows()).filter(|&row| self.time.has_time(&chunk.batch, row));
        take_rows(&chunk, &rows.map(|row| row as u32).collect::<Vec<u32>>().into())
    }
}

impl Operator for WindowTable {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let chunk = self.timed(chunk)?;
        let times = self.time.local_times(&chunk.batch)?;
        let Some(&first) = times.first() else {
            return Ok(());
        };
        if self.slicing.is_shared() {
            let windows = self.slicing.windows(first);
            self.pending = Some(Pending {
                chunk,
                times,
                row: 0,
                windows,
            });
            return self.resume(out);
        }
        // One window each.
        let (starts, ends): (Vec<i64>, Vec<i64>) = times
            .iter()
            .map(|&time_ms| {
                let slice = self.slicing.slice(time_ms);
                (slice.start, slice.end)
            })
            .unzip();
        out.chunk(self.bounds.append(chunk, &starts, &ends)?);
        Ok(())
    }

    fn has_more(&self) -> bool {
        self.pending.is_some()
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        let Some(mut pending) = self.pending.take() else {
            return Ok(());
        };
        for _ in 0..ROUND_CHUNKS_MAX {
            let mut rows: Vec<u32> = Vec::with_capacity(self.chunk_rows);
            let mut starts = Vec::with_capacity(self.chunk_rows);
            let mut ends = Vec::with_capacity(self.chunk_rows);
            let mut all_sent = false;
            while rows.len() < self.chunk_rows {
                if let Some((start, end)) = pending.windows.next() {
                    rows.push(pending.row as u32);
                    starts.push(start);
                    ends.push(end);
                    continue;
                }
                pending.row += 1;
                let Some(&time_ms) = pending.times.get(pending.row) else {
                    all_sent = true;
                    break;
                };
                pending.windows = self.slicing.windows(time_ms);
            }
            if !rows.is_empty() {
                let part = take_rows(&pending.chunk, &UInt32Array::from(rows))?;
                out.chunk(self.bounds.append(part, &starts, &ends)?);
            }
            if all_sent {
                return Ok(());
            }
        }
        self.pending = Some(pending);
        Ok(())
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            null_time_rows_dropped: self.null_time_rows,
            ..Gauges::default()
        }
    }
}

/// Milliseconds as a column of a snapshot.
fn milliseconds_column(times: &[i64]) -> ArrayRef {
    Arc::new(arrow_array::Int64Array::from(times.to_vec()))
}
