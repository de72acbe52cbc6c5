//! First phase for windows that are made of slices.
//!
//! Holds partial aggregates by slice and key. They go out before a watermark that could close a window with
//! one of their slices, before a barrier, at the end, and when too much is held. By processing time nothing is
//! held back, since the clock closes windows without a word; nor is it where windows tell results before they end.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Array, Int64Array, RecordBatch, UInt32Array};
use dataflow::{Chunk, Error, WATERMARK_MIN};
use graph::{AggregateCall, Expr, Window};
use state::{SliceId, SliceTable};

use super::calls::Calls;
use super::emit::Emitter;
use super::{RowTime, accumulators};
use crate::exchange::take_rows;
use crate::expression::{Frame, arrow_error};
use crate::operator::{Gauges, Operator, Output};
use crate::operators::Build;
use crate::window::Slicing;
use crate::window::time::milliseconds;

pub(super) struct Local {
    time: RowTime,
    window: Window,
    slicing: Slicing,
    calls: Calls,
    table: SliceTable,
    emitter: Emitter,
    /// Windows that end (in local time) at or before this are closed.
    closed_end: i64,
    /// The end of the first window that is open and has a slice held.
    next_end: i64,
    /// Whether anything is held back.
    holds: bool,
    groups: Vec<u32>,
    groups_max: usize,
    bytes_max: usize,
    /// Rows taken in since the size was looked at.
    unmeasured: usize,
}

/// Rows between two looks at how much is held.
const MEASURE_ROWS: usize = 1 << 16;

impl Local {
    pub fn new(
        build: &Build<'_>,
        time: RowTime,
        window: Window,
        keys: &[Expr],
        aggregates: &[AggregateCall],
        holds: bool,
    ) -> Result<Local, Error> {
        let slicing = Slicing::new(window).ok_or_else(|| Error::internal("sessions have no slices"))?;
        let watermark = build
            .restored
            .and_then(|restored| restored.watermark)
            .unwrap_or(WATERMARK_MIN);
        Ok(Local {
            closed_end: time.zone.closed_end_ms(watermark),
            holds: holds && !time.is_processing_time(),
            time,
            window,
            slicing,
            calls: Calls::new(keys, aggregates, build.context),
            table: SliceTable::new(Calls::codec(keys)?, accumulators(aggregates)),
            emitter: Emitter::new(build.node.schema.arrow(), build.options.chunk_rows),
            next_end: i64::MAX,
            groups: Vec::new(),
            groups_max: build.options.partial_groups_max,
            bytes_max: build.options.partial_bytes_max,
            unmeasured: 0,
        })
    }

    /// Rows that follow each other in one slice.
    fn runs(&self, batch: &RecordBatch) -> Result<Vec<(SliceId, Range<usize>)>, Error> {
        if let Window::Attached { start, end } = self.window {
            let (starts, ends) = (batch.column(start), batch.column(end));
            if starts.null_count() + ends.null_count() > 0 {
                return Err(Error::evaluation(
                    "a row has no window: window_start or window_end is NULL",
                ));
            }
            let (starts, ends) = (milliseconds(starts)?, milliseconds(ends)?);
            let slices = starts
                .iter()
                .zip(&ends)
                .map(|(&start, &end)| SliceId { start, end });
            return Ok(runs(slices));
        }
        let times = self.time.local_times(batch)?;
        let mut last = SliceId { start: 0, end: 0 };
        Ok(runs(times.iter().map(|&time_ms| {
            if time_ms < last.start || time_ms >= last.end {
                last = self.slicing.slice(time_ms);
            }
            last
        })))
    }

    fn flush(&mut self, out: &mut Output) -> Result<(), Error> {
        if self.table.is_empty() {
            return Ok(());
        }
        let ids: Vec<SliceId> = self.table.slice_ids().collect();
        for id in ids {
            let Some(slice) = self.table.get(id) else { continue };
            for from in (0..slice.groups.len()).step_by(self.emitter.chunk_rows()) {
                let to = (from + self.emitter.chunk_rows()).min(slice.groups.len());
                let groups = UInt32Array::from(slice.groups[from..to].to_vec());
                let mut columns = self.table.key_columns(slice, from..to).map_err(arrow_error)?;
                columns.extend(self.table.aggregates.state(&groups)?);
                columns.push(Arc::new(Int64Array::from_value(id.start, to - from)));
                columns.push(Arc::new(Int64Array::from_value(id.end, to - from)));
                self.emitter.add(columns, to - from, out)?;
            }
        }
        self.table.clear();
        self.next_end = i64::MAX;
        self.unmeasured = 0;
        self.emitter.flush(out)
    }
}

/// Equal neighbours put together.
pub(super) fn runs(slices: impl Iterator<Item = SliceId>) -> Vec<(SliceId, Range<usize>)> {
    let mut runs: Vec<(SliceId, Range<usize>)> = Vec::new();
    for (row, slice) in slices.enumerate() {
        match runs.last_mut() {
            Some((last, rows)) if *last == slice => rows.end = row + 1,
            _ => runs.push((slice, row..row + 1)),
        }
    }
    runs
}

impl Operator for Local {
    fn data(&mut self, _input: usize, mut chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let mut slices = self.runs(&chunk.batch)?;
        // Where windows leave gaps, rows in them belong to no window.
        let in_no_window =
            |slice: SliceId| self.slicing.last_window_end(slice) < self.slicing.first_window_end(slice);
        if slices.iter().any(|(slice, _)| in_no_window(*slice)) {
            let kept = slices.iter().filter(|(slice, _)| !in_no_window(*slice));
            let rows = |run: &(SliceId, Range<usize>)| run.1.start as u32..run.1.end as u32;
            let of_rows = kept.clone().flat_map(|run| run.1.clone().map(|_| run.0));
            let kept: Vec<u32> = kept.flat_map(rows).collect();
            if kept.is_empty() {
                return Ok(());
            }
            let merged = runs(of_rows);
            chunk = take_rows(&chunk, &kept.into())?;
            slices = merged;
        }
        let frame = Frame::new(&chunk.batch);
        let (_, keys) = self.calls.keys(&frame, self.table.codec())?;
        let mut groups = std::mem::take(&mut self.groups);
        groups.clear();
        for (slice, rows) in slices {
            self.table.groups(slice, &keys, rows, &mut groups);
            // A slice whose first windows are closed still counts for those that are open.
            let mut end = self.slicing.first_window_end(slice);
            if end <= self.closed_end {
                end = match self.slicing.is_shared() {
                    true => self
                        .slicing
                        .next_window_end(self.slicing.window_end_before(self.closed_end)),
                    // Too late for any window: no watermark waits for it.
                    false => i64::MAX,
                };
            }
            self.next_end = self.next_end.min(end);
        }
        self.table.aggregates.make_room();
        self.calls
            .update(&mut self.table.aggregates, &groups, &chunk, &frame)?;
        self.groups = groups;
        self.unmeasured += chunk.rows();
        if !self.holds || self.table.aggregates.groups() > self.groups_max {
            return self.flush(out);
        }
        if self.unmeasured > MEASURE_ROWS {
            self.unmeasured = 0;
            if self.table.size_bytes() > self.bytes_max {
                return self.flush(out);
            }
        }
        Ok(())
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.closed_end = self.closed_end.max(self.time.zone.closed_end_ms(time_ms));
        if self.next_end <= self.closed_end {
            self.flush(out)?;
        }
        Ok(())
    }

    fn before_barrier(&mut self, out: &mut Output) -> Result<(), Error> {
        self.flush(out)
    }

    fn end(&mut self, out: &mut Output) -> Result<(), Error> {
        self.flush(out)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            state_bytes: self.table.size_bytes(),
            ..Gauges::default()
        }
    }
}
