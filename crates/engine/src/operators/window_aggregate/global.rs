//! Second phase for windows that are made of slices.
//!
//! A window closes when the watermark reaches its last millisecond. Its slices are merged; a slice goes away
//! when no open window covers it. Cumulating windows keep what they have counted in their first slice. A slice
//! that comes after all its windows have closed is late: dropped and counted. Results are sent in parts: a jump of
//! the watermark can close very many windows.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::SchemaRef;
use arrow_select::take::take;
use dataflow::{Chunk, Epoch, Error, WATERMARK_MAX, WATERMARK_MIN};
use graph::{AggregateCall, WindowProperty};
use model::TypeKind;
use state::{Extent, KeyCodec, OperatorSnapshot, Share, Slice, SliceId, SliceTable, TableSnapshot};

use super::emit::{Emitter, property_columns};
use super::local::runs;
use super::{RowTime, accumulators};
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::operators::Build;
use crate::window::Slicing;

/// Names of tables in snapshots: what slices hold, and up to which end windows were told of it.
const WINDOWS: &str = "windows";
const TOLD: &str = "told";

pub(super) struct Global {
    time: RowTime,
    slicing: Slicing,
    keys: usize,
    table: SliceTable,
    properties: Vec<WindowProperty>,
    /// Whether the rowtime property is an instant.
    is_instant: bool,
    emitter: Emitter,
    input: SchemaRef,
    share: Share,
    /// Windows that end (in local time) at or before this are closed.
    closed_end: i64,
    /// All windows that end at or before this have given their results.
    fired_end: i64,
    late_rows: u64,
    groups: Vec<u32>,
    /// The window that is giving its results, and whether more of them, or of other windows, are to be given.
    closing: Option<Closing>,
    is_firing: bool,
    /// Restored rows of which more windows were told than of the others, by the end up to which they were, the least
    /// first: shards do not look at the clock at the same moment. The others are told first.
    ahead: VecDeque<(i64, Vec<RecordBatch>)>,
}

struct Closing {
    slice: Slice,
    /// Where it goes back to; `None` if no other window needs it.
    home: Option<SliceId>,
    start: i64,
    end: i64,
    /// Groups that were sent.
    sent: usize,
}

impl Global {
    pub fn new(
        build: &Build<'_>,
        time: RowTime,
        slicing: Slicing,
        keys: usize,
        aggregates: &[AggregateCall],
        properties: &[WindowProperty],
    ) -> Result<Global, Error> {
        let input = build.input()?;
        let types = input.fields[..keys].iter().map(|field| field.data_type.arrow());
        let codec = KeyCodec::new(types.collect()).map_err(arrow_error)?;
        let mut global = Global {
            time,
            slicing,
            keys,
            table: SliceTable::new(codec, accumulators(aggregates)),
            properties: properties.to_vec(),
            is_instant: rowtime_is_instant(build, keys + aggregates.len(), properties),
            emitter: Emitter::new(build.node.schema.arrow(), build.options.chunk_rows),
            input: input.arrow(),
            share: build.share(),
            closed_end: i64::MIN,
            fired_end: i64::MIN,
            late_rows: 0,
            groups: Vec::new(),
            closing: None,
            is_firing: false,
            ahead: VecDeque::new(),
        };
        if let Some(restored) = build.restored {
            global.restore(build, restored.watermark)?;
        }
        Ok(global)
    }

    fn restore(&mut self, build: &Build<'_>, watermark: Option<i64>) -> Result<(), Error> {
        let told: HashMap<u16, i64> = build
            .restored_groups(TOLD)
            .filter_map(|(group, batches)| Some((group, told_end(&batches)?)))
            .collect();
        let mut by_end: BTreeMap<i64, Vec<RecordBatch>> = BTreeMap::new();
        for (group, mut batches) in build.restored_groups(WINDOWS) {
            let end = told.get(&group).copied().unwrap_or(i64::MIN);
            by_end.entry(end).or_default().append(&mut batches);
        }
        self.ahead = by_end.into_iter().collect();
        self.take_in_next()?;
        if !self.time.is_processing_time() {
            let watermark = watermark.unwrap_or(WATERMARK_MIN);
            self.closed_end = self.time.zone.closed_end_ms(watermark);
            self.fired_end = self.slicing.window_end_before(self.closed_end);
        }
        Ok(())
    }

    /// Takes in the restored rows that are the least ahead.
    fn take_in_next(&mut self) -> Result<(), Error> {
        let Some((told_end, batches)) = self.ahead.pop_front() else {
            return Ok(());
        };
        self.fired_end = self.fired_end.max(told_end);
        batches.iter().try_for_each(|batch| self.take_in(batch, false))
    }

    /// Tells of what was restored the windows that were told of the rest, so that from then on all are equal.
    fn catch_up(&mut self, out: &mut Output) -> Result<(), Error> {
        while let Some(&(told_end, _)) = self.ahead.front() {
            self.closed_end = told_end;
            self.fire(out)?;
            while self.is_firing {
                self.fire(out)?;
            }
            self.take_in_next()?;
        }
        Ok(())
    }

    /// Up to which end windows were told of each key group. Only windows that share slices need it: of others nothing
    /// is left when they were told.
    fn told(&self, windows: &TableSnapshot) -> Result<TableSnapshot, Error> {
        let ends: ArrayRef = Arc::new(Int64Array::from(vec![self.fired_end]));
        let batch = RecordBatch::try_from_iter([("told_end", ends)]).map_err(arrow_error)?;
        let groups = windows.groups.keys().map(|&group| (group, vec![batch.clone()]));
        Ok(TableSnapshot::of_groups(groups.collect()))
    }

    /// Merges partial aggregates: keys, state columns, start and end of their slice.
    fn take_in(&mut self, batch: &RecordBatch, may_be_late: bool) -> Result<(), Error> {
        let columns = batch.columns();
        let bounds = columns.len() - 2;
        let starts = columns[bounds].as_primitive::<Int64Type>().values();
        let ends = columns[bounds + 1].as_primitive::<Int64Type>().values();
        let slices = starts
            .iter()
            .zip(ends)
            .map(|(&start, &end)| SliceId { start, end });
        let keys = self
            .table
            .codec()
            .encode(&columns[..self.keys])
            .map_err(arrow_error)?;
        let mut groups = std::mem::take(&mut self.groups);
        groups.clear();
        let mut kept: Vec<u32> = Vec::new();
        let mut rows_kept = 0;
        for (mut slice, rows) in runs(slices) {
            if may_be_late && slice.end <= self.closed_end {
                if self.time.is_processing_time() && self.slicing.is_attached() {
                    // Its window was decided before: the clock closes it a second time.
                } else if self.time.is_processing_time() {
                    // It was under way when its window closed: to this phase it comes now.
                    let now = self.time.zone.local_ms(self.time.now_ms()).max(self.closed_end);
                    slice = self.slicing.slice(now);
                } else if self.slicing.last_window_end(slice) <= self.closed_end {
                    if rows_kept == rows.start {
                        // The first that is dropped: up to here all were kept.
                        kept.extend(0..rows.start as u32);
                    }
                    self.late_rows += rows.len() as u64;
                    continue;
                } else if self.slicing.is_cumulate() {
                    // What was counted in closed windows is kept in the first slice.
                    slice = self.slicing.opening_slice(slice);
                }
            }
            if rows_kept < rows.start {
                kept.extend(rows.start as u32..rows.end as u32);
            }
            rows_kept += rows.len();
            self.table.groups(slice, &keys, rows, &mut groups);
        }
        self.table.aggregates.make_room();
        let state = &columns[self.keys..bounds];
        if rows_kept == batch.num_rows() {
            self.table.aggregates.merge(&groups, state)?;
        } else if !groups.is_empty() {
            let kept = UInt32Array::from(kept);
            let state = state
                .iter()
                .map(|column| take(column.as_ref(), &kept, None).map_err(arrow_error))
                .collect::<Result<Vec<ArrayRef>, _>>()?;
            self.table.aggregates.merge(&groups, &state)?;
        }
        self.groups = groups;
        Ok(())
    }

    /// The end of the next window that a slice takes part in.
    fn next_end(&self, slice: SliceId) -> i64 {
        let first = self.slicing.first_window_end(slice);
        if first <= self.fired_end && self.slicing.is_shared() {
            self.slicing.next_window_end(self.fired_end)
        } else {
            first
        }
    }

    /// Gives results of windows that are closed, in the order of their ends, as many as one piece of work may.
    fn fire(&mut self, out: &mut Output) -> Result<(), Error> {
        self.is_firing = true;
        let mut room = self.emitter.chunk_rows() * ROUND_CHUNKS_MAX;
        while room > 0 {
            let next = match self.closing.take() {
                None => self.close_next()?,
                open => open,
            };
            let Some(mut closing) = next else {
                self.fired_end = self
                    .fired_end
                    .max(self.slicing.window_end_before(self.closed_end));
                self.is_firing = false;
                return self.emitter.flush(out);
            };
            let groups = closing.slice.groups.len();
            let to = (closing.sent + room).min(groups);
            self.emit(&closing, to, out)?;
            room -= to - closing.sent;
            closing.sent = to;
            if to < groups {
                self.closing = Some(closing);
                break;
            }
            self.fired_end = closing.end;
            match closing.home {
                Some(home) => self.table.put_back(home, closing.slice),
                None => self.table.discard(closing.slice),
            }
        }
        Ok(())
    }

    /// The next window that is closed, its slices merged.
    fn close_next(&mut self) -> Result<Option<Closing>, Error> {
        while let Some(first) = self.table.first() {
            let end = self.next_end(first);
            if end > self.slicing.last_window_end(first) {
                self.table.remove(first);
                continue;
            }
            if end > self.closed_end {
                break;
            }
            if let Some(closing) = self.close(first, end)? {
                return Ok(Some(closing));
            }
            self.fired_end = end;
        }
        Ok(None)
    }

    fn close(&mut self, first: SliceId, end: i64) -> Result<Option<Closing>, Error> {
        let last = SliceId {
            start: end.saturating_sub(1),
            end,
        };
        let (start, home) = if !self.slicing.is_shared() {
            (first.start, first)
        } else if self.slicing.is_cumulate() {
            let opening = self.slicing.opening_slice(last);
            for id in self.slices_ending(end, end) {
                self.table.merge_slice(id, opening)?;
            }
            (self.slicing.window_start(last), opening)
        } else {
            let start = self.slicing.window_start(last);
            let ids = self.slices_ending(start.saturating_add(1), end);
            let &[only] = ids.as_slice() else {
                let mut merged = self.table.new_slice();
                self.table.merge_into(&ids, &mut merged)?;
                for id in ids {
                    if self.slicing.last_window_end(id) <= end {
                        self.table.remove(id);
                    }
                }
                return Ok(Some(Closing {
                    slice: merged,
                    home: None,
                    start,
                    end,
                    sent: 0,
                }));
            };
            (start, only)
        };
        // Taken out meanwhile, so that the emitter can be used beside it.
        Ok(self.table.take_out(home).map(|slice| Closing {
            slice,
            home: (self.slicing.last_window_end(home) > end).then_some(home),
            start,
            end,
            sent: 0,
        }))
    }

    /// Slices that end from one time to another, both included.
    fn slices_ending(&self, from: i64, to: i64) -> Vec<SliceId> {
        let slices = self.table.slices_ending(from..to.saturating_add(1));
        slices.map(|(id, _)| id).collect()
    }

    /// Sends the results of a window's groups up to one.
    fn emit(&mut self, closing: &Closing, to: usize, out: &mut Output) -> Result<(), Error> {
        let chunk_rows = self.emitter.chunk_rows();
        for from in (closing.sent..to).step_by(chunk_rows) {
            let part = from..(from + chunk_rows).min(to);
            let rows = part.len();
            let groups = UInt32Array::from(closing.slice.groups[part.clone()].to_vec());
            let mut columns = self
                .table
                .key_columns(&closing.slice, part)
                .map_err(arrow_error)?;
            columns.extend(self.table.aggregates.evaluate(&groups)?);
            columns.extend(property_columns(
                &self.properties,
                &vec![closing.start; rows],
                &vec![closing.end; rows],
                self.time.zone,
                self.is_instant,
                self.time.now_ms(),
            ));
            self.emitter.add(columns, rows, out)?;
        }
        Ok(())
    }
}

/// Up to which end windows were told of a key group.
fn told_end(told: &[RecordBatch]) -> Option<i64> {
    let ends = told.first()?.column(0).as_primitive_opt::<Int64Type>()?;
    (!ends.is_empty()).then(|| ends.value(0))
}

/// Whether the rowtime property is an instant: told by the node's column for it.
pub(super) fn rowtime_is_instant(build: &Build<'_>, before: usize, properties: &[WindowProperty]) -> bool {
    properties
        .iter()
        .position(|property| *property == WindowProperty::Rowtime)
        .and_then(|position| build.node.schema.fields.get(before + position))
        .is_some_and(|field| matches!(field.data_type.kind, TypeKind::TimestampLtz(_)))
}

impl Operator for Global {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        self.catch_up(out)?;
        self.take_in(&chunk.batch, true)
    }

    fn before_barrier(&mut self, out: &mut Output) -> Result<(), Error> {
        self.catch_up(out)
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.catch_up(out)?;
        // By processing time only the end of input counts: what is open then gives its results.
        if self.time.is_processing_time() && time_ms != WATERMARK_MAX {
            return Ok(());
        }
        self.closed_end = self.closed_end.max(self.time.zone.closed_end_ms(time_ms));
        self.fire(out)
    }

    fn has_more(&self) -> bool {
        self.is_firing
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        self.fire(out)
    }

    fn snapshot(&mut self, _epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let tells = self.time.is_processing_time() && self.slicing.is_shared();
        // What was told is noted beside all key groups that there are.
        let extent = if tells { Extent::Whole } else { extent };
        let windows = self.table.snapshot(extent, &self.input, self.share)?;
        if tells {
            snapshot.tables.insert(TOLD.to_string(), self.told(&windows)?);
        }
        snapshot.tables.insert(WINDOWS.to_string(), windows);
        Ok(snapshot)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        if !self.time.is_processing_time() {
            return None;
        }
        if let Some(&(told_end, _)) = self.ahead.front() {
            return Some(self.time.zone.timer_ms(told_end.saturating_sub(1)));
        }
        let first = self.table.first()?;
        Some(self.time.zone.timer_ms(self.next_end(first).saturating_sub(1)))
    }

    fn tick(&mut self, now_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.catch_up(out)?;
        self.closed_end = self.time.zone.closed_end_ms(now_ms);
        self.fire(out)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            late_rows_dropped: self.late_rows,
            state_bytes: self.table.size_bytes(),
            ..Gauges::default()
        }
    }
}
