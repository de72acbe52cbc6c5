//! Second phase for windows that tell their results more than once: before they end, and after it for rows that come
//! late. What was told is taken back by what is told next.
//!
//! Each window has aggregates of its own, shared slices or not, since windows are told at different times. A window
//! takes rows until event time has passed its end by the allowed lateness; then it is told a last time, if rows came
//! since, and forgotten. The pauses of early and late results are of the wall clock: so long after the first row that
//! changed anything, all that changed is told. As Flink's AggregateWindowOperator, chunk by chunk.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::SchemaRef;
use arrow_select::take::take;
use dataflow::{Chunk, Epoch, Error, WATERMARK_MAX, WATERMARK_MIN};
use graph::{AggregateCall, WindowEmit, WindowProperty};
use state::{Extent, KeyCodec, OperatorSnapshot, Share, SliceId, SliceTable};

use super::emit::property_columns;
use super::global::rowtime_is_instant;
use super::local::runs;
use super::told::{Current, Told};
use super::{RowTime, accumulators};
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::operators::Build;
use crate::window::Slicing;

/// The tables' names in snapshots: aggregates, and the results that were told.
const WINDOWS: &str = "windows";
const TOLD: &str = "told";

pub(super) struct Updating {
    time: RowTime,
    slicing: Slicing,
    emit: WindowEmit,
    keys: usize,
    /// By window.
    table: SliceTable,
    told: Told,
    properties: Vec<WindowProperty>,
    is_instant: bool,
    input: SchemaRef,
    chunk_rows: usize,
    share: Share,
    /// Windows that end (in local time) at or before this are closed.
    closed_end: i64,
    /// Results that changed since they were told, of windows that are open and of those that are closed.
    early: Changed,
    late: Changed,
    /// What is to be told now.
    queue: VecDeque<(SliceId, Vec<u32>)>,
    late_rows_dropped: u64,
    late_rows_refired: u64,
}

/// Keys whose results are to be told, by window, and when.
#[derive(Default)]
struct Changed {
    windows: BTreeMap<SliceId, Vec<u32>>,
    due_ms: Option<i64>,
}

impl Updating {
    pub fn new(
        build: &Build<'_>,
        time: RowTime,
        slicing: Slicing,
        keys: usize,
        aggregates: &[AggregateCall],
        properties: &[WindowProperty],
        emit: WindowEmit,
    ) -> Result<Updating, Error> {
        let input = build.input()?;
        let types = input.fields[..keys].iter().map(|field| field.data_type.arrow());
        let codec = KeyCodec::new(types.collect()).map_err(arrow_error)?;
        // The last aggregate counts rows, and is told to nobody.
        let results = aggregates.len() - 1;
        let mut operator = Updating {
            is_instant: rowtime_is_instant(build, keys + results, properties),
            time,
            slicing,
            emit,
            keys,
            table: SliceTable::new(codec, accumulators(aggregates)),
            told: Told::new(build, keys, results),
            properties: properties.to_vec(),
            input: input.arrow(),
            chunk_rows: build.options.chunk_rows,
            share: build.share(),
            closed_end: i64::MIN,
            early: Changed::default(),
            late: Changed::default(),
            queue: VecDeque::new(),
            late_rows_dropped: 0,
            late_rows_refired: 0,
        };
        if let Some(restored) = build.restored {
            if !operator.time.is_processing_time() {
                let watermark = restored.watermark.unwrap_or(WATERMARK_MIN);
                operator.closed_end = operator.time.zone.closed_end_ms(watermark);
            }
            operator.restore(build)?;
        }
        Ok(operator)
    }

    fn restore(&mut self, build: &Build<'_>) -> Result<(), Error> {
        for batch in build.restored(WINDOWS) {
            let (columns, bounds) = (batch.columns(), batch.num_columns() - 2);
            let keys = self.table.codec().encode(&columns[..self.keys]);
            let keys = keys.map_err(arrow_error)?;
            let mut groups = Vec::with_capacity(batch.num_rows());
            for (window, rows) in runs(bounds_of(&batch).into_iter()) {
                self.table.groups(window, &keys, rows, &mut groups);
                // What was told of them is compared, so that nothing is told twice.
                let numbers = self.table.numbers().to_vec();
                self.note(window, numbers);
            }
            self.table.aggregates.make_room();
            self.table
                .aggregates
                .merge(&groups, &columns[self.keys..bounds])?;
        }
        for batch in build.restored(TOLD) {
            let keys = self.table.codec().encode(&batch.columns()[..self.keys]);
            let keys = keys.map_err(arrow_error)?;
            let mut groups = Vec::with_capacity(batch.num_rows());
            for (window, rows) in runs(bounds_of(&batch).into_iter()) {
                self.table.groups(window, &keys, rows, &mut groups);
            }
            self.table.aggregates.make_room();
            self.told.restore(&batch, &groups)?;
        }
        Ok(())
    }

    fn is_closed(&self, window: SliceId) -> bool {
        window.end <= self.closed_end
    }

    /// Whether a window takes no rows any more.
    fn is_over(&self, window: SliceId) -> bool {
        window.end.saturating_add(self.emit.lateness_ms) <= self.closed_end
    }

    /// The slice that rows belong to which have come with this one.
    fn slice_now(&self, slice: SliceId) -> SliceId {
        if self.time.is_processing_time() && slice.end <= self.closed_end {
            // It was under way when its window closed: to this phase it comes now.
            let now = self.time.zone.local_ms(self.time.now_ms()).max(self.closed_end);
            return self.slicing.slice(now);
        }
        slice
    }

    /// Merges partial aggregates: keys, state columns, start and end of their slice.
    fn take_in(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let columns = batch.columns();
        let bounds = columns.len() - 2;
        // How many rows each was made of: what the last aggregate counts.
        let counts = columns[bounds - 1].as_primitive::<Int64Type>().values();
        let keys = self.table.codec().encode(&columns[..self.keys]);
        let keys = keys.map_err(arrow_error)?;
        let mut groups = Vec::new();
        let mut taken: Vec<u32> = Vec::new();
        for (slice, rows) in runs(bounds_of(batch).into_iter()) {
            let slice = self.slice_now(slice);
            let (mut is_taken, mut is_late) = (false, false);
            let windows: Vec<SliceId> = self
                .slicing
                .windows(slice.start)
                .map(|(start, end)| SliceId { start, end })
                .filter(|window| !self.is_over(*window))
                .collect();
            for window in windows {
                is_taken = true;
                is_late |= self.is_closed(window);
                taken.extend(rows.start as u32..rows.end as u32);
                self.table.groups(window, &keys, rows.clone(), &mut groups);
                let numbers = self.table.numbers().to_vec();
                self.note(window, numbers);
            }
            let rows: u64 = counts[rows].iter().map(|count| count.unsigned_abs()).sum();
            if !is_taken {
                self.late_rows_dropped += rows;
            } else if is_late {
                self.late_rows_refired += rows;
            }
        }
        if groups.is_empty() {
            return Ok(());
        }
        self.table.aggregates.make_room();
        let taken = UInt32Array::from(taken);
        let state = columns[self.keys..bounds]
            .iter()
            .map(|column| take(column.as_ref(), &taken, None).map_err(arrow_error))
            .collect::<Result<Vec<ArrayRef>, _>>()?;
        self.table.aggregates.merge(&groups, &state)
    }

    /// Notes that results changed, and when they are to be told.
    fn note(&mut self, window: SliceId, numbers: Vec<u32>) {
        let (changed, pause) = if self.is_closed(window) {
            (&mut self.late, self.emit.late)
        } else {
            (&mut self.early, self.emit.early)
        };
        changed.windows.entry(window).or_default().extend(numbers);
        if let Some(pause) = pause
            && changed.due_ms.is_none()
        {
            let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
            changed.due_ms = Some(self.time.now_ms().saturating_add(pause_ms));
        }
    }

    /// Puts into the queue what changed in open windows, or in closed ones.
    fn enqueue_changed(&mut self, of_closed: bool) {
        let changed = if of_closed {
            &mut self.late
        } else {
            &mut self.early
        };
        changed.due_ms = None;
        self.queue.extend(std::mem::take(&mut changed.windows));
    }

    /// Puts into the queue what closing windows have to tell, and what those have that take no more rows.
    fn enqueue_closed(&mut self) {
        while let Some(first) = self.early.windows.first_entry()
            && first.key().end <= self.closed_end
        {
            self.queue.push_back(first.remove_entry());
        }
        let over_end = self.closed_end.saturating_sub(self.emit.lateness_ms);
        while let Some(first) = self.late.windows.first_entry()
            && (first.key().end <= over_end || self.closed_end == i64::MAX)
        {
            self.queue.push_back(first.remove_entry());
        }
        for changed in [&mut self.early, &mut self.late] {
            if changed.windows.is_empty() {
                changed.due_ms = None;
            }
        }
    }

    /// Tells what is in the queue, then forgets windows that are over, as much as one piece of work may.
    fn work(&mut self, out: &mut Output) -> Result<(), Error> {
        let mut room = self.chunk_rows * ROUND_CHUNKS_MAX;
        while room > 0 {
            let Some((window, mut numbers)) = self.queue.pop_front() else {
                break;
            };
            numbers.sort_unstable();
            numbers.dedup();
            let rest = numbers.split_off(numbers.len().min(self.chunk_rows));
            if !rest.is_empty() {
                self.queue.push_front((window, rest));
            }
            room = room.saturating_sub(numbers.len().max(1));
            self.tell(window, &numbers, out)?;
        }
        while self.queue.is_empty()
            && room > 0
            && let Some(first) = self.table.first().filter(|first| self.is_over(*first))
        {
            if let Some(slice) = self.table.get(first) {
                room = room.saturating_sub(slice.groups.len().max(1));
                self.told.forget(&slice.groups)?;
            }
            self.table.remove(first);
        }
        Ok(())
    }

    fn tell(&mut self, id: SliceId, numbers: &[u32], out: &mut Output) -> Result<(), Error> {
        let Some(slice) = self.table.get(id) else {
            return Ok(());
        };
        let groups: Vec<u32> = numbers
            .iter()
            .map(|number| slice.groups[*number as usize])
            .collect();
        let keys = slice.keys.columns(self.table.codec(), numbers);
        let rows = numbers.len();
        let groups_now = UInt32Array::from(groups.clone());
        let mut results = self.table.aggregates.evaluate(&groups_now)?;
        let counts = results.pop();
        let current = Current {
            keys: keys.map_err(arrow_error)?,
            results,
            counts: counts.ok_or_else(|| Error::internal("nobody counts rows"))?,
            properties: property_columns(
                &self.properties,
                &vec![id.start; rows],
                &vec![id.end; rows],
                self.time.zone,
                self.is_instant,
                self.time.now_ms(),
            ),
        };
        if let Some(chunk) = self.told.tell(current, &groups)? {
            out.chunk(chunk);
        }
        Ok(())
    }
}

/// The window or slice of each row, told by the last two columns.
fn bounds_of(batch: &RecordBatch) -> Vec<SliceId> {
    let columns = &batch.columns()[batch.num_columns() - 2..];
    let starts = columns[0].as_primitive::<Int64Type>().values();
    let ends = columns[1].as_primitive::<Int64Type>().values();
    let bounds = starts.iter().zip(ends);
    bounds.map(|(&start, &end)| SliceId { start, end }).collect()
}

/// Whether results are told as soon as a chunk has changed them.
fn is_at_once(pause: Option<Duration>) -> bool {
    pause.is_some_and(|pause| pause.is_zero())
}

impl Operator for Updating {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        self.take_in(&chunk.batch)?;
        if is_at_once(self.emit.early) {
            self.enqueue_changed(false);
        }
        if is_at_once(self.emit.late) {
            self.enqueue_changed(true);
        }
        self.work(out)
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        // By processing time only the end of input counts: what is open then gives its results.
        if self.time.is_processing_time() && time_ms != WATERMARK_MAX {
            return Ok(());
        }
        self.closed_end = self.closed_end.max(self.time.zone.closed_end_ms(time_ms));
        self.enqueue_closed();
        self.work(out)
    }

    fn has_more(&self) -> bool {
        !self.queue.is_empty() || self.table.first().is_some_and(|first| self.is_over(first))
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        self.work(out)
    }

    fn snapshot(&mut self, _epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let windows = self.table.snapshot(extent, &self.input, self.share)?;
        snapshot.tables.insert(WINDOWS.to_string(), windows);
        let told = self.told.snapshot(&self.table, self.share.key_groups)?;
        snapshot.tables.insert(TOLD.to_string(), told);
        Ok(snapshot)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        let closes = || {
            let first = self.table.first().filter(|_| self.time.is_processing_time())?;
            Some(self.time.zone.timer_ms(first.end.saturating_sub(1)))
        };
        [self.early.due_ms, self.late.due_ms, closes()]
            .into_iter()
            .flatten()
            .min()
    }

    fn tick(&mut self, now_ms: i64, out: &mut Output) -> Result<(), Error> {
        if self.time.is_processing_time() {
            self.closed_end = self.closed_end.max(self.time.zone.closed_end_ms(now_ms));
            self.enqueue_closed();
        }
        for of_closed in [false, true] {
            let changed = if of_closed { &self.late } else { &self.early };
            if changed.due_ms.is_some_and(|due_ms| due_ms <= now_ms) {
                self.enqueue_changed(of_closed);
            }
        }
        self.work(out)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            late_rows_dropped: self.late_rows_dropped,
            late_rows_refired: self.late_rows_refired,
            state_bytes: self.table.size_bytes() + self.told.size_bytes(),
            ..Gauges::default()
        }
    }
}
