//! Joins of rows whose times lie in an interval of each other.
//!
//! Follows Flink's TimeIntervalJoin, late rows included: a row waits for as long as a match can come, and is looked
//! at again at the timers of its key only. Rows without a match are given with NULLs when they have waited. Event
//! time is held back for those who follow by as long as a row may be given late.

use std::sync::Arc;

use arrow_array::{Array, BooleanArray, RecordBatch};
use dataflow::{Chunk, Epoch, Error, EvaluationContext, WATERMARK_MAX, WATERMARK_MIN};
use graph::{Join, JoinInterval};
use model::TimeAttribute;
use state::{Extent, NO_ROW, OperatorSnapshot, TimedRows};

use super::pairs::{in_order, key_columns, take_columns};
use super::stage::Stage;
use super::timed;
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::operators::Build;
use crate::window::time::milliseconds;

pub(super) struct IntervalJoin {
    interval: JoinInterval,
    /// By input: rows without a match are given with NULLs.
    keeps: [bool; 2],
    /// By input: how long its rows wait for those of the other.
    waits_ms: [i64; 2],
    /// How much later than needed rows are looked through.
    pause_ms: i64,
    table: TimedRows,
    stage: Stage,
    context: Arc<EvaluationContext>,
    watermark: i64,
    /// By input: rows at or before this time were found to have waited when time was last looked at.
    expired: [i64; 2],
    pending: Option<Pending>,
    firing: Option<i64>,
}

/// A chunk of which not all pairs were given.
struct Pending {
    input: usize,
    chunk: Chunk,
    times: Vec<i64>,
    keys: Vec<u32>,
    now_ms: i64,
    row: usize,
    begun: bool,
    other: u32,
    /// The times of the other input that still count for the row at hand.
    lowest: i64,
    matched: bool,
    /// Keys of rows that do not wait.
    idle: Vec<u32>,
}

/// Rows to be given: places in the chunk at hand, and numbers of rows of the other input.
#[derive(Default)]
struct Given {
    own: Vec<u32>,
    other: Vec<u32>,
}

impl IntervalJoin {
    pub fn new(build: &Build<'_>, join: &Join, interval: JoinInterval) -> Result<IntervalJoin, Error> {
        let stage = Stage::new(build, join)?;
        let waits_ms = [interval.lower_ms.saturating_neg(), interval.upper_ms];
        let mut operator = IntervalJoin {
            interval,
            keeps: [join.kind.keeps_left(), join.kind.keeps_right()],
            waits_ms,
            pause_ms: (waits_ms[0].saturating_add(waits_ms[1]) / 2).max(0),
            table: TimedRows::new(stage.codec()?, stage.schemas.clone()),
            stage,
            context: build.context.clone(),
            watermark: WATERMARK_MIN,
            expired: [0; 2],
            pending: None,
            firing: None,
        };
        if let Some(restored) = build.restored {
            operator.watermark = restored.watermark.unwrap_or(WATERMARK_MIN);
            timed::restore(&mut operator.table, build, &operator.stage)?;
        }
        Ok(operator)
    }

    fn is_event_time(&self) -> bool {
        self.interval.attribute == TimeAttribute::Rowtime
    }

    /// How far time is for the operator; it begins in 1970, as in Flink.
    fn now_ms(&self) -> i64 {
        if self.is_event_time() {
            self.watermark.max(0)
        } else {
            self.context.clock.now_ms()
        }
    }

    /// Rows of an input at or before this have waited long enough.
    fn expiration(&self, input: usize, now_ms: i64) -> i64 {
        if now_ms == WATERMARK_MAX {
            return WATERMARK_MAX;
        }
        now_ms.saturating_sub(self.waits_ms[input]).saturating_sub(1)
    }

    /// The times of the other input that a row of this time can match.
    fn matching_times(&self, input: usize, time_ms: i64) -> (i64, i64) {
        (
            time_ms.saturating_sub(self.waits_ms[1 - input]),
            time_ms.saturating_add(self.waits_ms[input]),
        )
    }

    /// Rows whose key agrees with nothing.
    fn apart(&self, input: usize, chunk: &Chunk, rows: Vec<u32>, out: &mut Output) -> Result<(), Error> {
        if !self.keeps[input] {
            return Ok(());
        }
        let other = vec![NO_ROW; rows.len()];
        self.send(input, &chunk.batch, &Given { own: rows, other }, out)
    }

    fn times(&self, input: usize, batch: &RecordBatch) -> Result<Vec<i64>, Error> {
        if !self.is_event_time() {
            return Ok(vec![self.context.clock.now_ms(); batch.num_rows()]);
        }
        let column = if input == 0 {
            self.interval.left
        } else {
            self.interval.right
        };
        let column = batch.column(column);
        if column.null_count() > 0 {
            return Err(Error::evaluation(
                "RowTime field should not be null, please convert it to a non-null long value.",
            ));
        }
        milliseconds(column)
    }

    /// Works on as many pairs as make a chunk. Returns whether all are done.
    fn round(&mut self, pending: &mut Pending, out: &mut Output) -> Result<bool, Error> {
        let (first_row, begun_matched) = (pending.row, pending.matched);
        let (own, other, ends) = self.candidates(pending);
        let input = pending.input;
        let met = match &self.stage.condition {
            Some(condition) if !own.is_empty() => {
                let own_columns = take_columns(&pending.chunk.batch, &condition.columns.of[input], &own)?;
                let other_columns = self
                    .table
                    .gather(1 - input, &condition.columns.of[1 - input], &other)?;
                Some(condition.met_by(&in_order(input, own_columns, other_columns), own.len())?)
            }
            _ => None,
        };
        let mut given = Given::default();
        let mut gone = Vec::new();
        pending.matched = begun_matched;
        let mut begin = 0;
        let mut row = first_row;
        for end in ends {
            self.match_row(pending, row, &other[begin..end], met.as_ref(), begin, &mut given);
            self.end_row(pending, row, &mut given, &mut gone);
            pending.matched = false;
            begin = end;
            row += 1;
        }
        self.match_row(pending, row, &other[begin..], met.as_ref(), begin, &mut given);
        self.send(input, &pending.chunk.batch, &given, out)?;
        self.table.release(1 - input, &gone)?;
        Ok(pending.row == pending.chunk.rows())
    }

    /// The next pairs with equal keys and times close to each other, and behind how many of them each row that is
    /// through ends.
    fn candidates(&mut self, pending: &mut Pending) -> (Vec<u32>, Vec<u32>, Vec<usize>) {
        let input = pending.input;
        let mut own = Vec::new();
        let mut others = Vec::new();
        let mut ends = Vec::new();
        while pending.row < pending.chunk.rows() && others.len() < self.stage.chunk_rows {
            if !pending.begun {
                pending.begun = true;
                self.begin_row(pending);
            }
            while pending.other != NO_ROW && others.len() < self.stage.chunk_rows {
                if self.table.row(pending.other).time_ms < pending.lowest {
                    pending.other = NO_ROW;
                    break;
                }
                own.push(pending.row as u32);
                others.push(pending.other);
                pending.other = self.table.next(pending.other);
            }
            if pending.other == NO_ROW {
                ends.push(others.len());
                pending.row += 1;
                pending.begun = false;
            }
        }
        debug_assert!(input < 2);
        (own, others, ends)
    }

    /// Finds the latest row of the other input that the row at hand can match.
    fn begin_row(&mut self, pending: &mut Pending) {
        let other = 1 - pending.input;
        let key = pending.keys[pending.row];
        let (lowest, highest) = self.matching_times(pending.input, pending.times[pending.row]);
        pending.other = NO_ROW;
        if self.expired[other] >= highest {
            return;
        }
        self.expired[other] = self.expiration(other, pending.now_ms);
        // What an earlier row has found to have waited is gone.
        pending.lowest = lowest.max(self.table.expired(other, key).saturating_add(1));
        self.table.set_expired(other, key, self.expired[other]);
        (_, pending.other) = self.table.find(other, key, highest);
    }

    /// Pairs of one row: those of `others` for which `met` is true behind `from`.
    fn match_row(
        &mut self,
        pending: &mut Pending,
        row: usize,
        others: &[u32],
        met: Option<&BooleanArray>,
        from: usize,
        given: &mut Given,
    ) {
        let marks = self.keeps[1 - pending.input];
        for (place, &other) in others.iter().enumerate() {
            if met.is_some_and(|met| !met.value(from + place)) {
                continue;
            }
            pending.matched = true;
            if marks {
                self.table.mark_matched(other);
            }
            given.own.push(row as u32);
            given.other.push(other);
        }
    }

    /// All matches of a row are known: rows of the other input that have waited go, and the row waits if it can
    /// still match.
    fn end_row(&mut self, pending: &mut Pending, row: usize, given: &mut Given, gone: &mut Vec<u32>) {
        let input = pending.input;
        let (key, time_ms) = (pending.keys[row], pending.times[row]);
        let begun = gone.len();
        let expired = self.table.expired(1 - input, key);
        if expired > i64::MIN {
            self.table.expire(1 - input, key, expired, gone);
        }
        if self.keeps[1 - input] {
            for &other in &gone[begun..] {
                if !self.table.row(other).matched {
                    given.own.push(NO_ROW);
                    given.other.push(other);
                }
            }
        }
        let (_, highest) = self.matching_times(input, time_ms);
        if pending.now_ms < highest {
            self.table.add(input, key, time_ms, row, pending.matched);
            if !self.table.has_timer(input, key) {
                self.set_timer(input, key, time_ms);
            }
        } else {
            pending.idle.push(key);
            if self.keeps[input] && !pending.matched {
                given.own.push(row as u32);
                given.other.push(NO_ROW);
            }
        }
    }

    /// Rows of a key are looked through when the one of this time has waited.
    fn set_timer(&mut self, input: usize, key: u32, time_ms: i64) {
        let at_ms = time_ms
            .saturating_add(self.waits_ms[input])
            .saturating_add(self.pause_ms)
            .saturating_add(1);
        self.table.set_timer(input, key, at_ms);
    }

    /// Looks through the rows of keys whose timers are due, as many as one piece of work may.
    fn fire(&mut self, until_ms: i64, out: &mut Output) -> Result<(), Error> {
        let now_ms = if self.is_event_time() {
            self.watermark.max(0)
        } else {
            until_ms
        };
        self.firing = None;
        for _ in 0..ROUND_CHUNKS_MAX {
            let mut gone: [Vec<u32>; 2] = [Vec::new(), Vec::new()];
            let mut keys = Vec::new();
            let mut is_done = false;
            while gone.iter().map(Vec::len).sum::<usize>() < self.stage.chunk_rows {
                let Some(due) = self.table.due(until_ms) else {
                    is_done = true;
                    break;
                };
                for (key, input) in due {
                    let input = usize::from(input);
                    self.expired[input] = self.expiration(input, now_ms);
                    let left = self
                        .table
                        .expire(input, key, self.expired[input], &mut gone[input]);
                    match left {
                        Some(time_ms) => self.set_timer(input, key, time_ms),
                        None => keys.push(key),
                    }
                }
            }
            for (input, gone) in gone.iter().enumerate() {
                if self.keeps[input] {
                    let other: Vec<u32> = gone
                        .iter()
                        .copied()
                        .filter(|&row| !self.table.row(row).matched)
                        .collect();
                    let own = vec![NO_ROW; other.len()];
                    let nothing = RecordBatch::new_empty(self.stage.schemas[1 - input].clone());
                    self.send(1 - input, &nothing, &Given { own, other }, out)?;
                }
                self.table.release(input, gone)?;
            }
            self.forget(keys);
            if is_done {
                return Ok(());
            }
        }
        self.firing = Some(until_ms);
        Ok(())
    }

    fn forget(&mut self, mut keys: Vec<u32>) {
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            self.table.forget_if_idle(key);
        }
    }

    fn send(&self, input: usize, batch: &RecordBatch, given: &Given, out: &mut Output) -> Result<(), Error> {
        let pieces = given
            .own
            .chunks(self.stage.chunk_rows)
            .zip(given.other.chunks(self.stage.chunk_rows));
        for (own, other) in pieces {
            let own = take_columns(batch, &self.stage.outputs.of[input], own)?;
            let other = self
                .table
                .gather(1 - input, &self.stage.outputs.of[1 - input], other)?;
            let of = in_order(input, own, other);
            out.chunk(Chunk::inserts(self.stage.batch(&of)?));
        }
        Ok(())
    }
}

impl Operator for IntervalJoin {
    fn data(&mut self, input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let stage = &self.stage;
        let chunk = stage.with_keys(input, chunk, |chunk, rows| self.apart(input, chunk, rows, out))?;
        if chunk.rows() == 0 {
            return Ok(());
        }
        let times = self.times(input, &chunk.batch)?;
        let keys = key_columns(&chunk.batch, &self.stage.keys[input]);
        let keys = self.table.keys(&keys, chunk.rows()).map_err(arrow_error)?;
        self.table.open(input, &chunk.batch);
        self.pending = Some(Pending {
            input,
            chunk,
            times,
            keys,
            now_ms: self.now_ms(),
            row: 0,
            begun: false,
            other: NO_ROW,
            lowest: 0,
            matched: false,
            idle: Vec::new(),
        });
        self.resume(out)
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        if !self.is_event_time() {
            return Ok(());
        }
        self.watermark = self.watermark.max(time_ms);
        self.fire(self.watermark, out)
    }

    fn watermark_delay_ms(&self) -> i64 {
        if !self.is_event_time() {
            return 0;
        }
        self.waits_ms[0]
            .max(self.waits_ms[1])
            .saturating_add(self.pause_ms)
    }

    fn has_more(&self) -> bool {
        self.pending.is_some() || self.firing.is_some()
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        if let Some(until_ms) = self.firing {
            return self.fire(until_ms, out);
        }
        let Some(mut pending) = self.pending.take() else {
            return Ok(());
        };
        for _ in 0..ROUND_CHUNKS_MAX {
            if self.round(&mut pending, out)? {
                self.table.close(pending.input)?;
                self.forget(std::mem::take(&mut pending.idle));
                return Ok(());
            }
        }
        self.pending = Some(pending);
        Ok(())
    }

    fn snapshot(&mut self, _epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let changes = self.table.take_changes(extent);
        timed::snapshot(&self.table, changes.as_ref(), &self.stage)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        if self.is_event_time() {
            return None;
        }
        self.table.next_timer()
    }

    fn tick(&mut self, now_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.fire(now_ms, out)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            state_bytes: self.table.size_bytes(),
            ..Gauges::default()
        }
    }
}
