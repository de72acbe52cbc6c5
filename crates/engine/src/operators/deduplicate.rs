//! One row of each key: the first or the last by event time, or as they come.
//!
//! The last is a changelog, told once a chunk, or row by row to whoever asks for what was valid at a time. The first is told once and for all: as they come at once, by event
//! time when the watermark has passed its time, so that an older one can no longer come.

use std::sync::Arc;

use arrow_array::UInt32Array;
use dataflow::{Chunk, Epoch, Error, WATERMARK_MIN};
use model::RowKind;
use state::{Extent, OperatorSnapshot, SoleRows};

use super::Build;
use crate::exchange::take_rows;
use crate::expiry::Expiry;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::window::time::milliseconds;

/// The tables' names in snapshots: rows that are held, keys whose row was given out, and when keys were written.
const ROWS: &str = "rows";
const GIVEN_OUT: &str = "given_out";
const AGES: &str = "ages";

pub(super) struct Deduplicate {
    table: SoleRows,
    /// The column of event time; none where rows count as they come.
    rowtime: Option<usize>,
    keep_last: bool,
    tells_each: bool,
    expiry: Expiry,
    watermark: i64,
    late_rows: u64,
    chunk_rows: usize,
    /// Rows given out and not yet sent.
    due: Vec<u32>,
    sent: usize,
}

impl Deduplicate {
    pub fn new(
        build: &Build<'_>,
        partition: &[usize],
        rowtime: Option<usize>,
        keep_last: bool,
        tells_each: bool,
    ) -> Result<Deduplicate, Error> {
        let mut operator = Deduplicate {
            table: SoleRows::new(
                build.input()?.arrow(),
                partition.to_vec(),
                rowtime.is_some() && !keep_last,
                build.options.key_groups,
                build.state_budget(),
            )?,
            rowtime,
            keep_last,
            tells_each,
            expiry: build.expiry(0),
            watermark: WATERMARK_MIN,
            late_rows: 0,
            chunk_rows: build.options.chunk_rows,
            due: Vec::new(),
            sent: 0,
        };
        let moment = operator.expiry.moment();
        for batch in build.restored(GIVEN_OUT) {
            operator.table.restore_given_out(&batch, moment)?;
        }
        for batch in build.restored(ROWS) {
            let rows = operator.table.restored(&batch)?;
            let times = operator.times(&rows)?;
            if keep_last {
                operator.table.keep_last(&rows, &times, moment)?;
            } else {
                operator.table.keep_first(&rows, &times, moment)?;
            }
        }
        for batch in build.restored(AGES) {
            operator.table.restore_ages(&batch, moment)?;
        }
        if let Some(restored) = build.restored {
            operator.watermark = restored.watermark.unwrap_or(WATERMARK_MIN);
        }
        Ok(operator)
    }

    fn times(&self, batch: &arrow_array::RecordBatch) -> Result<Vec<i64>, Error> {
        match self.rowtime {
            Some(column) => milliseconds(batch.column(column)),
            None => Ok(vec![0; batch.num_rows()]),
        }
    }

    fn keep_last(&mut self, chunk: &Chunk, out: &mut Output) -> Result<(), Error> {
        let times = self.times(&chunk.batch)?;
        let moment = self.expiry.moment();
        let replaced = match self.tells_each {
            true => self.table.keep_each(&chunk.batch, &times, moment)?,
            false => self.table.keep_last(&chunk.batch, &times, moment)?,
        };
        let mut rows = Vec::with_capacity(replaced.len() * 2);
        let mut kinds = Vec::with_capacity(replaced.len() * 2);
        let mut released = Vec::with_capacity(replaced.len());
        for one in replaced {
            match one.before {
                None => kinds.push(RowKind::Insert),
                Some(before) => {
                    rows.push(before);
                    released.push(before);
                    kinds.extend([RowKind::UpdateBefore, RowKind::UpdateAfter]);
                }
            }
            rows.push(one.row);
        }
        let kinds: Option<Arc<[RowKind]>> = (!released.is_empty()).then(|| kinds.into());
        let batch = self.table.rows().gather(&rows)?;
        out.chunk(Chunk { batch, kinds });
        self.table.release(&released)
    }

    /// Rows that may still be the first.
    fn take_in(&mut self, mut chunk: Chunk) -> Result<(), Error> {
        let mut times = self.times(&chunk.batch)?;
        if times.iter().any(|time| *time < self.watermark) {
            let timely: Vec<u32> = (0..times.len() as u32)
                .filter(|row| times[*row as usize] >= self.watermark)
                .collect();
            self.late_rows += (times.len() - timely.len()) as u64;
            times = timely.iter().map(|row| times[*row as usize]).collect();
            chunk = take_rows(&chunk, &UInt32Array::from(timely))?;
        }
        let moment = self.expiry.moment();
        self.table.keep_first(&chunk.batch, &times, moment)
    }

    fn send(&mut self, out: &mut Output) -> Result<(), Error> {
        for _ in 0..ROUND_CHUNKS_MAX {
            let left = &self.due[self.sent..];
            let part = &left[..left.len().min(self.chunk_rows)];
            if part.is_empty() {
                break;
            }
            out.chunk(Chunk::inserts(self.table.rows().gather(part)?));
            self.sent += part.len();
        }
        if self.sent == self.due.len() {
            self.sent = 0;
            let due = std::mem::take(&mut self.due);
            return self.table.release(&due);
        }
        Ok(())
    }
}

impl Operator for Deduplicate {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        match (self.keep_last, self.rowtime) {
            (true, _) => self.keep_last(&chunk, out),
            (false, Some(_)) => self.take_in(chunk),
            (false, None) => {
                let rows = self.table.unseen(&chunk.batch, self.expiry.moment())?;
                out.chunk(take_rows(&chunk, &UInt32Array::from(rows))?);
                Ok(())
            }
        }
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.watermark = self.watermark.max(time_ms);
        if !self.keep_last && self.rowtime.is_some() {
            self.due = self.table.give_out(self.watermark, self.expiry.moment());
            return self.send(out);
        }
        Ok(())
    }

    fn has_more(&self) -> bool {
        self.sent < self.due.len()
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        self.send(out)
    }

    fn snapshot(&mut self, _epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let [rows, given_out, ages] = self.table.snapshot(extent)?;
        snapshot.tables.insert(ROWS.to_string(), rows);
        snapshot.tables.insert(GIVEN_OUT.to_string(), given_out);
        snapshot.tables.insert(AGES.to_string(), ages);
        Ok(snapshot)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        self.expiry.next_tick_ms(self.table.has_ages())
    }

    fn tick(&mut self, now_ms: i64, _out: &mut Output) -> Result<(), Error> {
        let table = &mut self.table;
        self.expiry
            .sweep(now_ms, |looks, moment| table.sweep(looks, moment))
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            late_rows_dropped: self.late_rows,
            state_bytes: self.table.size_bytes(),
            ..Gauges::of_tier(self.table.tier())
        }
    }
}
