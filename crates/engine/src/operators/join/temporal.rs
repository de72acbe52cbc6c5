//! Joins of rows with the version of a table that was valid at their time.
//!
//! Left rows wait until event time has passed theirs, for then no version of before can come any more. Of the
//! versions of a key that are past only the last is kept, and of several of one time the one that came last, as in Flink.
//! Where state expires, the versions of a key go for which no row has come for long enough; left rows that wait stay.

use arrow_array::Array;
use dataflow::{Chunk, Epoch, Error, WATERMARK_MIN};
use graph::{Join, JoinKind, JoinVersion};
use model::RowKind;
use state::{Ages, Extent, Moment, NO_ROW, OperatorSnapshot, TimedRows};

use super::pairs::{key_columns, take_columns};
use super::stage::Stage;
use super::timed;
use crate::expiry::Expiry;
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::operators::Build;
use crate::window::time::milliseconds;

#[cfg(test)]
mod tests;

/// The table of when keys were written.
const AGES: &str = "ages";

pub(super) struct TemporalJoin {
    keeps_left: bool,
    /// The time columns of both inputs.
    times: [usize; 2],
    /// Left rows, and versions; a version that says that the key is gone is marked as matched.
    table: TimedRows,
    stage: Stage,
    ages: Ages,
    expiry: Expiry,
    watermark: i64,
    is_firing: bool,
}

impl TemporalJoin {
    pub fn new(build: &Build<'_>, join: &Join, version: JoinVersion) -> Result<TemporalJoin, Error> {
        let stage = Stage::new(build, join)?;
        let mut operator = TemporalJoin {
            keeps_left: join.kind == JoinKind::Left,
            times: [version.left, version.right],
            table: TimedRows::new(stage.codec()?, stage.schemas.clone()),
            stage,
            ages: Ages::default(),
            expiry: build.expiry(0),
            watermark: WATERMARK_MIN,
            is_firing: false,
        };
        if let Some(restored) = build.restored {
            operator.watermark = restored.watermark.unwrap_or(WATERMARK_MIN);
            timed::restore(&mut operator.table, build, &operator.stage)?;
        }
        let moment = operator.expiry.moment();
        for batch in build.restored(AGES) {
            let columns = &batch.columns()[..batch.num_columns() - 1];
            let keys = operator
                .table
                .keys(columns, batch.num_rows())
                .map_err(arrow_error)?;
            operator.ages.restore_numbers(&keys, &batch, moment);
            keys.into_iter().for_each(|key| operator.forget_if_idle(key));
        }
        Ok(operator)
    }

    /// Rows that can find no version: left ones are given at once where they are to be given.
    fn apart(&self, input: usize, chunk: &Chunk, rows: Vec<u32>, out: &mut Output) -> Result<(), Error> {
        if input == 0 && self.keeps_left {
            let left = take_columns(&chunk.batch, &self.stage.outputs.of[0], &rows)?;
            let nothing = vec![NO_ROW; rows.len()];
            let right = self.table.gather(1, &self.stage.outputs.of[1], &nothing)?;
            out.chunk(self.chunk([left, right])?);
        }
        Ok(())
    }

    fn forget_if_idle(&mut self, key: u32) {
        if self.table.forget_if_idle(key) {
            self.ages.forget(key);
        }
    }

    /// Forgets all versions of a key.
    fn forget_all_versions(&mut self, key: u32) -> Result<(), Error> {
        self.ages.forget(key);
        let mut gone = Vec::new();
        self.table.expire(1, key, i64::MAX, &mut gone);
        self.table.release(1, &gone)
    }

    fn sweep(&mut self, looks: usize, moment: Moment) -> Result<bool, Error> {
        let mut over = Vec::new();
        let is_done = self.ages.sweep(looks, moment, &mut over);
        for key in over {
            self.forget_all_versions(key)?;
            self.table.forget_if_idle(key);
        }
        Ok(is_done)
    }

    fn chunk(&self, of: [Vec<arrow_array::ArrayRef>; 2]) -> Result<Chunk, Error> {
        Ok(Chunk::inserts(self.stage.batch(&of)?))
    }

    /// Gives left rows that time has passed, as many as one piece of work may.
    fn fire(&mut self, out: &mut Output) -> Result<(), Error> {
        self.is_firing = false;
        for _ in 0..ROUND_CHUNKS_MAX {
            let mut left = Vec::new();
            let mut keys = Vec::new();
            let mut is_done = false;
            while left.len() < self.stage.chunk_rows {
                let Some(due) = self.table.due(self.watermark) else {
                    is_done = true;
                    break;
                };
                for (key, _) in due {
                    let rest = self.table.expire(0, key, self.watermark, &mut left);
                    if let Some(time_ms) = rest.filter(|_| !self.table.has_timer(0, key)) {
                        self.table.set_timer(0, key, time_ms);
                    }
                    keys.push(key);
                }
            }
            keys.sort_unstable();
            keys.dedup();
            self.give(&left, out)?;
            self.table.release(0, &left)?;
            let moment = self.expiry.moment();
            for key in keys {
                self.forget_versions(key)?;
                self.ages.touch(key, moment);
                self.forget_if_idle(key);
            }
            if is_done {
                return Ok(());
            }
        }
        self.is_firing = true;
        Ok(())
    }

    /// Of the versions that are past only the last can still be asked for.
    fn forget_versions(&mut self, key: u32) -> Result<(), Error> {
        let (next, at) = self.table.find(1, key, self.watermark);
        let next_ms = (next != NO_ROW).then(|| self.table.row(next).time_ms);
        if at != NO_ROW {
            let last_ms = self.table.row(at).time_ms;
            let mut gone = Vec::new();
            self.table.expire(1, key, last_ms.saturating_sub(1), &mut gone);
            self.table.release(1, &gone)?;
        }
        if let Some(next_ms) = next_ms
            && !self.table.has_timer(1, key)
        {
            self.table.set_timer(1, key, next_ms);
        }
        Ok(())
    }

    fn give(&mut self, left: &[u32], out: &mut Output) -> Result<(), Error> {
        let chunk_rows = self.stage.chunk_rows;
        for left in left.chunks(chunk_rows) {
            let mut right: Vec<u32> = left.iter().map(|&row| self.version(row)).collect();
            if let Some(condition) = &self.stage.condition {
                let of = [
                    self.table.gather(0, &condition.columns.of[0], left)?,
                    self.table.gather(1, &condition.columns.of[1], &right)?,
                ];
                let met = condition.met_by(&of, left.len())?;
                for (place, version) in right.iter_mut().enumerate() {
                    if !met.value(place) {
                        *version = NO_ROW;
                    }
                }
            }
            let given: (Vec<u32>, Vec<u32>) = left
                .iter()
                .zip(right)
                .filter(|(_, version)| self.keeps_left || *version != NO_ROW)
                .map(|(left, version)| (*left, version))
                .unzip();
            let of = [
                self.table.gather(0, &self.stage.outputs.of[0], &given.0)?,
                self.table.gather(1, &self.stage.outputs.of[1], &given.1)?,
            ];
            if !given.0.is_empty() {
                out.chunk(self.chunk(of)?);
            }
        }
        Ok(())
    }

    /// The version that was valid at the time of a left row, or [`NO_ROW`].
    fn version(&mut self, left: u32) -> u32 {
        let row = *self.table.row(left);
        let (_, at) = self.table.find(1, row.key, row.time_ms);
        if at != NO_ROW && self.table.row(at).matched {
            return NO_ROW;
        }
        at
    }
}

impl Operator for TemporalJoin {
    fn data(&mut self, input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let stage = &self.stage;
        let chunk = stage.with_keys(input, chunk, |chunk, rows| self.apart(input, chunk, rows, out))?;
        if chunk.rows() == 0 {
            return Ok(());
        }
        let column = chunk.batch.column(self.times[input]);
        if column.null_count() > 0 {
            return Err(Error::evaluation(
                "RowTime field should not be null, please convert it to a non-null long value.",
            ));
        }
        let times = milliseconds(column)?;
        let keys = key_columns(&chunk.batch, &self.stage.keys[input]);
        let keys = self.table.keys(&keys, chunk.rows()).map_err(arrow_error)?;
        let moment = self.expiry.moment();
        for &key in &keys {
            if self.ages.is_over(key, moment) {
                self.forget_all_versions(key)?;
            }
            self.ages.touch(key, moment);
        }
        self.table.open(input, &chunk.batch);
        let mut idle = Vec::new();
        for (row, (key, time_ms)) in keys.into_iter().zip(times).enumerate() {
            let kind = chunk.kind(row);
            // What a version was before is told by its own time.
            if kind == RowKind::UpdateBefore {
                idle.push(key);
                continue;
            }
            let is_gone = kind == RowKind::Delete;
            if input == 0 {
                self.table.add(input, key, time_ms, row, is_gone);
            } else {
                self.table.replace(input, key, time_ms, row, is_gone)?;
            }
            if self.table.timer(input, key).is_none_or(|at_ms| time_ms < at_ms) {
                self.table.set_timer(input, key, time_ms);
            }
        }
        self.table.close(input)?;
        idle.sort_unstable();
        idle.dedup();
        for key in idle {
            self.forget_if_idle(key);
        }
        Ok(())
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.watermark = self.watermark.max(time_ms);
        self.fire(out)
    }

    fn has_more(&self) -> bool {
        self.is_firing
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        self.fire(out)
    }

    fn snapshot(&mut self, _epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let changes = self.table.take_changes(extent);
        let mut snapshot = timed::snapshot(&self.table, changes.as_ref(), &self.stage)?;
        let ages = self.ages.snapshot(
            changes.as_ref(),
            self.table.key_set(),
            self.table.codec(),
            self.stage.key_groups,
        )?;
        snapshot.tables.insert(AGES.to_string(), ages);
        Ok(snapshot)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        self.expiry.next_tick_ms(!self.ages.is_empty())
    }

    fn tick(&mut self, now_ms: i64, _out: &mut Output) -> Result<(), Error> {
        // Apart for a while, so that all else can be swept.
        let nothing = Expiry::new(None, self.expiry.context());
        let mut expiry = std::mem::replace(&mut self.expiry, nothing);
        let swept = expiry.sweep(now_ms, |looks, moment| self.sweep(looks, moment));
        self.expiry = expiry;
        swept
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            state_bytes: self.table.size_bytes() + self.ages.size_bytes(),
            ..Gauges::default()
        }
    }
}
