//! Tells late rows from others, before windows are made of them: of a pair of these each gives what the other leaves.
//!
//! A row is late when all windows that it would belong to are closed. Both of a pair are given the same rows and
//! watermarks in the same order, so that each row goes one way.

use arrow_array::UInt32Array;
use dataflow::{Chunk, Error, WATERMARK_MIN};
use graph::{Window, WindowTime};

use super::Build;
use super::window_aggregate::RowTime;
use crate::exchange::take_rows;
use crate::operator::{Gauges, Operator, Output};
use crate::window::Slicing;

pub(super) struct LateRows {
    time: RowTime,
    slicing: Slicing,
    gives_late: bool,
    /// Windows that end (in local time) at or before this are closed.
    closed_end: i64,
    redirected: u64,
}

impl LateRows {
    pub fn new(
        build: &Build<'_>,
        window: Window,
        time: WindowTime,
        gives_late: bool,
    ) -> Result<LateRows, Error> {
        let slicing = Slicing::new(window).ok_or_else(|| Error::internal("sessions have no slices"))?;
        let time = RowTime::new(build, time);
        let watermark = build.restored.and_then(|restored| restored.watermark);
        Ok(LateRows {
            closed_end: time.zone.closed_end_ms(watermark.unwrap_or(WATERMARK_MIN)),
            time,
            slicing,
            gives_late,
            redirected: 0,
        })
    }

    fn is_late(&self, time_ms: i64) -> bool {
        let slice = self.slicing.slice(time_ms);
        let last_end = self.slicing.last_window_end(slice);
        // Where windows leave gaps, rows in them belong to none, and are not late.
        last_end <= self.closed_end && last_end >= self.slicing.first_window_end(slice)
    }
}

impl Operator for LateRows {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let times = self.time.local_times_lenient(&chunk.batch)?;
        let given: Vec<u32> = times
            .iter()
            .enumerate()
            .filter(|(row, time_ms)| {
                let is_late = self.time.has_time(&chunk.batch, *row) && self.is_late(**time_ms);
                is_late == self.gives_late
            })
            .map(|(row, _)| row as u32)
            .collect();
        if self.gives_late {
            self.redirected += given.len() as u64;
        }
        if given.len() == chunk.rows() {
            out.chunk(chunk);
        } else if !given.is_empty() {
            out.chunk(take_rows(&chunk, &UInt32Array::from(given))?);
        }
        Ok(())
    }

    fn watermark(&mut self, time_ms: i64, _out: &mut Output) -> Result<(), Error> {
        self.closed_end = self.closed_end.max(self.time.zone.closed_end_ms(time_ms));
        Ok(())
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            rows_redirected: self.redirected,
            ..Gauges::default()
        }
    }
}
