//! OVER in the order of time: rows wait for the watermark and are then told once, with their results.
//!
//! As in Flink's operators: with an unbounded frame a row at or behind the watermark is late; with a bounded one
//! only a row at or behind the last of its key that was worked off. Late rows are dropped and counted. By processing
//! time rows are worked off as they come. Where state expires, a key that has no rows waiting is forgotten when none has
//! come for long enough, bounded frames included. A key whose frames reach back by a distance of time is forgotten when
//! no frame can hold its rows any more: at the time at which Flink clears its state.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::{Field, Schema, SchemaRef};
use dataflow::{Chunk, Epoch, Error, EvaluationContext};
use graph::{Frame, OverFunction, OverOrder};
use state::ranked::{restored_rows, snapshot_rows};
use state::{
    Ages, Extent, KeyCodec, KeySet, Moment, OperatorSnapshot, RowStore, SNAPSHOT_ROWS_MAX, TableSnapshot,
};

use super::compute::{Computer, FrameChange, Step};
use crate::expiry::Expiry;
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::operators::Build;
use crate::window::time::milliseconds;

#[cfg(test)]
mod tests;

/// The tables' names in snapshots: rows that wait, rows that frames still hold, what keys know besides, and when they
/// were written.
const WAITING: &str = "waiting";
const KEPT: &str = "kept";
const KEYS: &str = "keys";
const AGES: &str = "ages";

/// The time of the last row worked off of a key that has none, as in Flink.
const LAST_NONE: i64 = 0;

/// Keys that are forgotten in one piece of work, when their frames are over.
const CLOSED_MAX: usize = 4096;

/// Of a time at which a key may have to be forgotten: the nodes of the tree are three quarters full.
const CLOSING_BYTES: usize = 24;

/// The time at which a key is forgotten that is not to be.
const STAYS: i64 = i64::MIN;

pub(super) struct OverByTime {
    /// The column of event time; none for processing time.
    rowtime: Option<usize>,
    frame: Frame,
    codec: KeyCodec,
    keys: KeySet,
    key_columns: Vec<usize>,
    rows: RowStore,
    /// By time, and a number that counts up as rows come.
    waiting: BTreeMap<(i64, u64), Due>,
    next: u64,
    /// By key: rows worked off that are still looked at, with their times.
    kept: Vec<VecDeque<(i64, u32)>>,
    /// By key: the time of the last row worked off.
    last: Vec<i64>,
    /// By key: how many rows wait.
    waits: Vec<u32>,
    /// By key, where frames reach back by a distance of time: when it is forgotten, or [`STAYS`].
    closes: Vec<i64>,
    /// When keys may have to be forgotten: at those times of which `closes` says so.
    closing: BTreeSet<(i64, u32)>,
    ages: Ages,
    expiry: Expiry,
    computer: Computer,
    /// Rows that leave a frame are taken back from the aggregates; otherwise those left are taken in anew.
    takes_back: bool,
    watermark: i64,
    late_rows: u64,
    schema: SchemaRef,
    chunk_rows: usize,
    key_groups: u16,
    context: Arc<EvaluationContext>,
}

#[derive(Clone, Copy)]
struct Due {
    time_ms: i64,
    key: u32,
    row: u32,
}

impl OverByTime {
    pub fn new(
        build: &Build<'_>,
        partition: &[usize],
        by: OverOrder,
        frame: Frame,
        functions: &[OverFunction],
    ) -> Result<OverByTime, Error> {
        let input = build.input()?;
        let types = partition
            .iter()
            .map(|column| input.fields[*column].data_type.arrow())
            .collect();
        let codec = KeyCodec::new(types).map_err(arrow_error)?;
        let mut operator = OverByTime {
            rowtime: match by {
                OverOrder::Rowtime(column) => Some(column),
                OverOrder::Proctime | OverOrder::Columns => None,
            },
            frame,
            keys: KeySet::new(&codec),
            codec,
            key_columns: partition.to_vec(),
            rows: RowStore::new(input.arrow()),
            waiting: BTreeMap::new(),
            next: 0,
            kept: Vec::new(),
            last: Vec::new(),
            waits: Vec::new(),
            closes: Vec::new(),
            closing: BTreeSet::new(),
            ages: Ages::default(),
            expiry: build.expiry(0),
            computer: Computer::new(functions, build.context),
            takes_back: Computer::can_take_back(functions),
            watermark: i64::MIN,
            late_rows: 0,
            schema: build.node.schema.arrow(),
            chunk_rows: build.options.chunk_rows,
            key_groups: build.options.key_groups,
            context: build.context.clone(),
        };
        operator.restore(build)?;
        Ok(operator)
    }

    fn is_bounded(&self) -> bool {
        matches!(self.frame, Frame::Rows(_) | Frame::Range(_))
    }

    fn numbers(&mut self, columns: &[ArrayRef], rows: usize) -> Result<Vec<u32>, Error> {
        let keys = self.codec.encode(columns).map_err(arrow_error)?;
        let mut numbers = Vec::with_capacity(rows);
        self.keys.intern(&keys, 0..rows, &mut numbers);
        let high = self.keys.high();
        self.computer.make_room(high);
        self.kept.resize(high, VecDeque::new());
        self.last.resize(high, LAST_NONE);
        self.waits.resize(high, 0);
        self.closes.resize(high, STAYS);
        Ok(numbers)
    }

    /// Forgets all that keys know.
    fn forget(&mut self, keys: &[u32]) -> Result<(), Error> {
        self.computer.clear(keys);
        let mut kept = Vec::new();
        for &key in keys {
            self.ages.forget(key);
            self.last[key as usize] = LAST_NONE;
            self.closes[key as usize] = STAYS;
            kept.extend(std::mem::take(&mut self.kept[key as usize]));
        }
        let kept: Vec<u32> = kept.into_iter().map(|(_, row)| row).collect();
        self.rows.release(&kept)
    }

    /// Notes when a key is to be forgotten that has a row of this time. Later than frames need it, so that it is not
    /// noted anew with every row.
    fn note_closing(&mut self, key: u32, time_ms: i64) {
        let Frame::Range(distance_ms) = self.frame else {
            return;
        };
        let distance_ms = distance_ms.max(0);
        let after = |distance_ms: i64| time_ms.saturating_add(distance_ms).saturating_add(1);
        let closes = &mut self.closes[key as usize];
        if *closes < after(distance_ms) {
            *closes = after(distance_ms.saturating_add(distance_ms / 2));
            self.closing.insert((*closes, key));
        }
    }

    fn is_closing(&self, until_ms: i64) -> bool {
        self.closing.first().is_some_and(|(at_ms, _)| *at_ms <= until_ms)
    }

    /// Forgets keys whose frames are over, as many as one piece of work may. All rows until then were worked off.
    fn close(&mut self, until_ms: i64) -> Result<(), Error> {
        let mut over = Vec::new();
        for _ in 0..CLOSED_MAX {
            if !self.is_closing(until_ms) {
                break;
            }
            if let Some((at_ms, key)) = self.closing.pop_first()
                // Otherwise rows have come since, or the number is that of another key.
                && self.closes[key as usize] == at_ms
            {
                over.push(key);
            }
        }
        if over.is_empty() {
            return Ok(());
        }
        self.forget(&over)?;
        over.iter().for_each(|key| self.keys.remove(*key));
        self.keys.shrink();
        Ok(())
    }

    /// Forgets what is over of these keys, which are written now.
    fn refresh(&mut self, keys: &[u32], moment: Moment) -> Result<(), Error> {
        if moment.expires() {
            for &key in keys {
                if self.ages.is_over(key, moment) && self.waits[key as usize] == 0 {
                    self.forget(&[key])?;
                }
                self.ages.touch(key, moment);
            }
        }
        Ok(())
    }

    fn sweep(&mut self, looks: usize, moment: Moment) -> Result<bool, Error> {
        let mut over = Vec::new();
        let is_done = self.ages.sweep(looks, moment, &mut over);
        over.retain(|key| self.waits[*key as usize] == 0);
        self.forget(&over)?;
        over.iter().for_each(|key| self.keys.remove(*key));
        if is_done {
            self.keys.shrink();
        }
        Ok(is_done)
    }

    fn key_columns_of(&self, batch: &RecordBatch) -> Vec<ArrayRef> {
        self.key_columns
            .iter()
            .map(|column| batch.column(*column).clone())
            .collect()
    }

    fn times(&self, batch: &RecordBatch) -> Result<Vec<i64>, Error> {
        match self.rowtime {
            Some(column) => milliseconds(batch.column(column)),
            None => Ok(vec![self.context.clock.now_ms(); batch.num_rows()]),
        }
    }

    /// Puts rows in that are not late; gives them back in their order where they need not wait.
    fn take_in(&mut self, batch: &RecordBatch, is_restored: bool) -> Result<Vec<Due>, Error> {
        let columns = self.key_columns_of(batch);
        let numbers = self.numbers(&columns, batch.num_rows())?;
        self.refresh(&numbers, self.expiry.moment())?;
        let times = self.times(batch)?;
        let is_bounded = self.is_bounded();
        let mut due = Vec::new();
        self.rows.open(batch);
        for (row, (time_ms, key)) in times.into_iter().zip(numbers).enumerate() {
            // A late row is of a key that is noted already, or of one that has nothing else.
            self.note_closing(key, time_ms);
            let is_late = match self.rowtime {
                None => false,
                Some(_) if is_bounded => time_ms <= self.last[key as usize],
                Some(_) => time_ms <= self.watermark,
            };
            if is_late && !is_restored {
                self.late_rows += 1;
                continue;
            }
            let row = self.rows.keep(row);
            let one = Due { time_ms, key, row };
            if self.rowtime.is_some() {
                self.waiting.insert((time_ms, self.next), one);
                self.waits[key as usize] += 1;
                self.next += 1;
            } else {
                due.push(one);
            }
        }
        self.rows.close()?;
        Ok(due)
    }

    /// What may be worked off at once. Rows of one time stay together: they may be equal in the order.
    fn take_due(&mut self) -> Vec<Due> {
        let mut due: Vec<Due> = Vec::new();
        while let Some(entry) = self.waiting.first_entry() {
            let time_ms = entry.key().0;
            let goes_on = due.last().is_some_and(|last| last.time_ms == time_ms);
            if time_ms > self.watermark || (due.len() >= self.chunk_rows && !goes_on) {
                break;
            }
            let one = entry.remove();
            self.waits[one.key as usize] -= 1;
            due.push(one);
        }
        due
    }

    fn is_due(&self) -> bool {
        let first = self.waiting.first_key_value();
        first.is_some_and(|((time_ms, _), _)| *time_ms <= self.watermark)
    }

    /// Places of the rows, step by step.
    fn steps(&self, due: &[Due]) -> Vec<Step> {
        let by_rows = (self.rowtime.is_none() && self.frame == Frame::RangeUnbounded)
            || matches!(self.frame, Frame::RowsUnbounded | Frame::Rows(_));
        // The step that the last row of each key stands in, and its time.
        let mut current: HashMap<u32, (usize, i64)> = HashMap::new();
        let mut steps: Vec<Step> = Vec::new();
        for (place, one) in due.iter().enumerate() {
            let step = match current.get(&one.key) {
                None => 0,
                Some((step, time_ms)) if !by_rows && *time_ms == one.time_ms => *step,
                Some((step, _)) => step + 1,
            };
            current.insert(one.key, (step, one.time_ms));
            if steps.len() <= step {
                steps.push(Step::new());
            }
            steps[step].push(place as u32);
        }
        steps
    }

    fn work(&mut self, due: &[Due], out: &mut Output) -> Result<(), Error> {
        if due.is_empty() {
            return Ok(());
        }
        let slots: Vec<u32> = due.iter().map(|one| one.row).collect();
        let keys: Vec<u32> = due.iter().map(|one| one.key).collect();
        let batch = self.rows.gather(&slots)?;
        let steps = self.steps(due);
        let rows_back = self.computer.rows_back();
        let is_bounded = self.is_bounded();
        let frame = self.frame;
        let before = if rows_back > 0 {
            self.lines(due)
        } else {
            Vec::new()
        };
        let mut released: Vec<u32> = Vec::new();
        let OverByTime {
            computer,
            kept,
            rows,
            takes_back,
            ..
        } = self;
        let change = |step: &Step| -> Result<FrameChange, Error> {
            if !is_bounded {
                return Ok(FrameChange::Nothing);
            }
            let (mut gone, mut gone_keys) = (Vec::new(), Vec::new());
            for place in step {
                let one = due[*place as usize];
                let line = &mut kept[one.key as usize];
                while line
                    .front()
                    .is_some_and(|(time_ms, _)| is_outside(frame, line.len(), *time_ms, one.time_ms))
                    && let Some((_, row)) = line.pop_front()
                {
                    gone.push(row);
                    gone_keys.push(one.key);
                }
            }
            released.extend_from_slice(&gone);
            let (mut left, mut left_keys) = (Vec::new(), Vec::new());
            if !*takes_back && !gone.is_empty() {
                let mut keys: Vec<u32> = step.iter().map(|place| due[*place as usize].key).collect();
                keys.sort_unstable();
                keys.dedup();
                for key in keys {
                    for (_, row) in &kept[key as usize] {
                        left.push(*row);
                        left_keys.push(key);
                    }
                }
            }
            for place in step {
                let one = due[*place as usize];
                kept[one.key as usize].push_back((one.time_ms, one.row));
            }
            Ok(match (gone.is_empty(), *takes_back) {
                (true, _) => FrameChange::Nothing,
                (false, true) => FrameChange::Leaving(rows.gather(&gone)?, gone_keys),
                (false, false) => FrameChange::Left(rows.gather(&left)?, left_keys),
            })
        };
        let back = |offset: usize| -> Result<(RecordBatch, Vec<Option<u32>>), Error> {
            let mut wanted = Vec::new();
            let mut places = Vec::with_capacity(before.len());
            for line in &before {
                let row = line.len().checked_sub(offset + 1).map(|at| line[at]);
                places.push(row.map(|row| {
                    wanted.push(row);
                    wanted.len() as u32 - 1
                }));
            }
            Ok((rows.gather(&wanted)?, places))
        };
        let results = computer.compute(&batch, &keys, &steps, change, back)?;
        let mut columns = batch.columns().to_vec();
        columns.extend(results);
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)?;
        out.chunk(Chunk::inserts(batch));
        let moment = self.expiry.moment();
        for one in due {
            self.ages.touch(one.key, moment);
            self.last[one.key as usize] = one.time_ms;
            if !is_bounded {
                let line = &mut self.kept[one.key as usize];
                line.push_back((one.time_ms, one.row));
                while line.len() > rows_back
                    && let Some((_, row)) = line.pop_front()
                {
                    released.push(row);
                }
            }
        }
        self.rows.release(&released)
    }

    /// For each row the rows of its key up to it, as far back as calls look.
    fn lines(&self, due: &[Due]) -> Vec<Vec<u32>> {
        let rows_back = self.computer.rows_back();
        let mut lines: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut before = Vec::with_capacity(due.len());
        for one in due {
            let line = lines.entry(one.key).or_insert_with(|| {
                let kept = self.kept[one.key as usize].iter();
                kept.map(|(_, row)| *row).collect()
            });
            line.push(one.row);
            before.push(line[line.len().saturating_sub(rows_back + 1)..].to_vec());
        }
        before
    }

    fn fire(&mut self, out: &mut Output) -> Result<(), Error> {
        for _ in 0..ROUND_CHUNKS_MAX {
            let due = self.take_due();
            if due.is_empty() {
                return self.close(self.watermark);
            }
            self.work(&due, out)?;
        }
        Ok(())
    }

    /// What keys know besides their rows: partial aggregates, counts and the last time.
    fn snapshot_keys(&self) -> Result<TableSnapshot, Error> {
        let mut table = TableSnapshot::default();
        let is_range = matches!(self.frame, Frame::Range(_));
        let is_there = |key: &u32| {
            (!self.expiry.is_on() || self.ages.holds(*key))
                && (!is_range || self.closes[*key as usize] != STAYS)
        };
        let all: Vec<u32> = (0..self.keys.high() as u32).filter(is_there).collect();
        for part in all.chunks(SNAPSHOT_ROWS_MAX) {
            let mut columns = self.keys.columns(&self.codec, part).map_err(arrow_error)?;
            let numbers = |of: &dyn Fn(usize) -> i64| -> ArrayRef {
                Arc::new(Int64Array::from_iter_values(
                    part.iter().map(|key| of(*key as usize)),
                ))
            };
            columns.push(numbers(&|key| self.computer.counts[key].rows));
            columns.push(numbers(&|key| self.computer.counts[key].peers));
            columns.push(numbers(&|key| self.last[key]));
            if !self.is_bounded() {
                columns.extend(
                    self.computer
                        .aggregates
                        .state(&UInt32Array::from(part.to_vec()))?,
                );
            }
            let fields: Vec<Field> = columns
                .iter()
                .enumerate()
                .map(|(at, column)| Field::new(format!("c{at}"), column.data_type().clone(), true))
                .collect();
            let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(arrow_error)?;
            table.add(&batch, self.key_columns.len(), self.key_groups)?;
        }
        Ok(table)
    }

    fn restore(&mut self, build: &Build<'_>) -> Result<(), Error> {
        let keys = self.key_columns.len();
        for batch in build.restored(KEYS) {
            let numbers = self.numbers(&batch.columns()[..keys], batch.num_rows())?;
            let counts = |at: usize| batch.column(keys + at).as_primitive::<Int64Type>();
            for (row, key) in numbers.iter().enumerate() {
                let count = &mut self.computer.counts[*key as usize];
                count.rows = counts(0).value(row);
                count.peers = counts(1).value(row);
                self.last[*key as usize] = counts(2).value(row);
            }
            self.refresh(&numbers, self.expiry.moment())?;
            if !self.is_bounded() {
                self.computer
                    .aggregates
                    .merge(&numbers, &batch.columns()[keys + 3..])?;
            }
            for key in numbers {
                self.note_closing(key, self.last[key as usize]);
            }
        }
        for batch in build.restored(KEPT) {
            let rows = restored_rows(&self.rows, &batch, keys)?;
            let columns = self.key_columns_of(&rows);
            let numbers = self.numbers(&columns, rows.num_rows())?;
            let times = self.times(&rows)?;
            if self.is_bounded() {
                self.computer.take_in(&rows, &numbers)?;
            }
            self.rows.open(&rows);
            for (row, (time_ms, key)) in times.into_iter().zip(numbers).enumerate() {
                let kept = self.rows.keep(row);
                self.kept[key as usize].push_back((time_ms, kept));
                self.note_closing(key, time_ms);
            }
            self.rows.close()?;
        }
        for batch in build.restored(WAITING) {
            let rows = restored_rows(&self.rows, &batch, keys)?;
            self.take_in(&rows, true)?;
        }
        let moment = self.expiry.moment();
        for batch in build.restored(AGES) {
            self.ages.restore(&batch, &mut self.keys, &self.codec, moment)?;
        }
        if let Some(restored) = build.restored {
            self.watermark = restored.watermark.unwrap_or(i64::MIN);
        }
        Ok(())
    }
}

/// Whether the first of `held` rows is outside of the frame of a row that comes now.
fn is_outside(frame: Frame, held: usize, time_ms: i64, now_ms: i64) -> bool {
    match frame {
        Frame::Rows(rows) => held as i64 > rows,
        Frame::Range(distance_ms) => time_ms < now_ms.saturating_sub(distance_ms),
        Frame::RowsUnbounded | Frame::RangeUnbounded => false,
    }
}

impl Operator for OverByTime {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let due = self.take_in(&chunk.batch, false)?;
        self.work(&due, out)
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.watermark = self.watermark.max(time_ms);
        self.fire(out)
    }

    fn has_more(&self) -> bool {
        self.is_due() || (self.rowtime.is_some() && self.is_closing(self.watermark))
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        self.fire(out)
    }

    fn snapshot(&mut self, _epoch: Epoch, _extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let waiting: Vec<u32> = self.waiting.values().map(|one| one.row).collect();
        let waiting = snapshot_rows(&self.rows, &waiting, &self.key_columns, self.key_groups)?;
        snapshot.tables.insert(WAITING.to_string(), waiting);
        let kept: Vec<u32> = self.kept.iter().flatten().map(|(_, row)| *row).collect();
        let kept = snapshot_rows(&self.rows, &kept, &self.key_columns, self.key_groups)?;
        snapshot.tables.insert(KEPT.to_string(), kept);
        snapshot.tables.insert(KEYS.to_string(), self.snapshot_keys()?);
        let ages = self
            .ages
            .snapshot(None, &self.keys, &self.codec, self.key_groups)?;
        snapshot.tables.insert(AGES.to_string(), ages);
        Ok(snapshot)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        let closing = self.closing.first().filter(|_| self.rowtime.is_none());
        let closing_ms = closing.map(|(at_ms, _)| *at_ms);
        let expiry_ms = self.expiry.next_tick_ms(!self.ages.is_empty());
        closing_ms.into_iter().chain(expiry_ms).min()
    }

    fn tick(&mut self, now_ms: i64, _out: &mut Output) -> Result<(), Error> {
        // Apart for a while, so that all else can be swept.
        let mut expiry = std::mem::replace(&mut self.expiry, Expiry::new(None, &self.context));
        let swept = expiry.sweep(now_ms, |looks, moment| self.sweep(looks, moment));
        self.expiry = expiry;
        swept?;
        match self.rowtime {
            None => self.close(now_ms),
            Some(_) => Ok(()),
        }
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            late_rows_dropped: self.late_rows,
            state_bytes: self.rows.size_bytes()
                + self.keys.size_bytes()
                + self.ages.size_bytes()
                + self.computer.aggregates.size_bytes()
                + self.waiting.len() * 48
                + self.closes.capacity() * 8
                + self.closing.len() * CLOSING_BYTES,
            ..Gauges::default()
        }
    }
}
