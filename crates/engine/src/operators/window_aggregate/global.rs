//! Second phase for windows that are made of slices.
//!
//! A window closes when the watermark reaches its last millisecond. Its slices are merged; a slice goes away
//! when no open window covers it. Cumulating windows keep what they have counted in their first slice. A slice
//! that comes after all its windows have closed is late: dropped and counted.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::SchemaRef;
use arrow_select::take::take;
use dataflow::{Chunk, Epoch, Error, WATERMARK_MAX, WATERMARK_MIN};
use graph::{AggregateCall, WindowProperty};
use model::TypeKind;
use state::{KeyCodec, OperatorSnapshot, Slice, SliceId, SliceTable};

use super::emit::{Emitter, property_columns};
use super::local::runs;
use super::{RowTime, accumulators};
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output};
use crate::operators::Build;
use crate::window::Slicing;

/// The table's name in snapshots.
const WINDOWS: &str = "windows";

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
    key_groups: u16,
    /// Windows that end (in local time) at or before this are closed.
    closed_end: i64,
    /// All windows that end at or before this have given their results.
    fired_end: i64,
    late_rows: u64,
    groups: Vec<u32>,
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
            key_groups: build.options.key_groups,
            closed_end: i64::MIN,
            fired_end: i64::MIN,
            late_rows: 0,
            groups: Vec::new(),
        };
        if let Some(restored) = build.restored {
            global.restore(restored, build.shard, build.shards)?;
        }
        Ok(global)
    }

    fn restore(&mut self, restored: &OperatorSnapshot, shard: usize, shards: usize) -> Result<(), Error> {
        if let Some(table) = restored.tables.get(WINDOWS) {
            for batch in table.of_shard(self.key_groups, shard, shards) {
                self.take_in(batch, false)?;
            }
        }
        if !self.time.is_processing_time() {
            let watermark = restored.watermark.unwrap_or(WATERMARK_MIN);
            self.closed_end = self.time.zone.closed_end_ms(watermark);
            self.fired_end = self.slicing.window_end_before(self.closed_end);
        }
        Ok(())
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

    /// Gives the results of all windows that are closed, in the order of their ends.
    fn fire(&mut self, out: &mut Output) -> Result<(), Error> {
        while let Some(first) = self.table.first() {
            let end = self.next_end(first);
            if end > self.slicing.last_window_end(first) {
                self.table.remove(first);
                continue;
            }
            if end > self.closed_end {
                break;
            }
            self.fire_window(first, end, out)?;
            self.fired_end = end;
        }
        self.fired_end = self
            .fired_end
            .max(self.slicing.window_end_before(self.closed_end));
        self.emitter.flush(out)
    }

    fn fire_window(&mut self, first: SliceId, end: i64, out: &mut Output) -> Result<(), Error> {
        if !self.slicing.is_shared() {
            self.emit_slice(first, first.start, end, out)?;
            self.table.remove(first);
            return Ok(());
        }
        let last = SliceId {
            start: end.saturating_sub(1),
            end,
        };
        let start = self.slicing.window_start(last);
        if self.slicing.is_cumulate() {
            let opening = self.slicing.opening_slice(last);
            let closing: Vec<SliceId> = self
                .table
                .slices_ending(end..end.saturating_add(1))
                .map(|(id, _)| id)
                .collect();
            for id in closing {
                self.table.merge_slice(id, opening)?;
            }
            self.emit_slice(opening, start, end, out)?;
            if self.slicing.last_window_end(opening) <= end {
                self.table.remove(opening);
            }
            return Ok(());
        }
        let from = start.saturating_add(1);
        let ids: Vec<SliceId> = self
            .table
            .slices_ending(from..end.saturating_add(1))
            .map(|(id, _)| id)
            .collect();
        if let [only] = ids.as_slice() {
            self.emit_slice(*only, start, end, out)?;
        } else {
            let mut merged = self.table.new_slice();
            self.table.merge_into(&ids, &mut merged)?;
            self.emit_groups(&merged, start, end, out)?;
            self.table.discard(merged);
        }
        for id in ids {
            if self.slicing.last_window_end(id) <= end {
                self.table.remove(id);
            }
        }
        Ok(())
    }

    fn emit_slice(&mut self, id: SliceId, start: i64, end: i64, out: &mut Output) -> Result<(), Error> {
        // Taken out meanwhile, so that the emitter can be used beside it.
        let Some(slice) = self.table.take_out(id) else {
            return Ok(());
        };
        let emitted = self.emit_groups(&slice, start, end, out);
        self.table.put_back(id, slice);
        emitted
    }

    fn emit_groups(&mut self, slice: &Slice, start: i64, end: i64, out: &mut Output) -> Result<(), Error> {
        for from in (0..slice.groups.len()).step_by(self.emitter.chunk_rows()) {
            let to = (from + self.emitter.chunk_rows()).min(slice.groups.len());
            let rows = to - from;
            let groups = UInt32Array::from(slice.groups[from..to].to_vec());
            let mut columns = self.table.key_columns(slice, from..to).map_err(arrow_error)?;
            columns.extend(self.table.aggregates.evaluate(&groups)?);
            columns.extend(property_columns(
                &self.properties,
                &vec![start; rows],
                &vec![end; rows],
                self.time.zone,
                self.is_instant,
                self.time.now_ms(),
            ));
            self.emitter.add(columns, rows, out)?;
        }
        Ok(())
    }
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
    fn data(&mut self, _input: usize, chunk: Chunk, _out: &mut Output) -> Result<(), Error> {
        self.take_in(&chunk.batch, true)
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        // By processing time only the end of input counts: what is open then gives its results.
        if self.time.is_processing_time() && time_ms != WATERMARK_MAX {
            return Ok(());
        }
        self.closed_end = self.closed_end.max(self.time.zone.closed_end_ms(time_ms));
        self.fire(out)
    }

    fn snapshot(&mut self, _epoch: Epoch) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let table = self.table.snapshot(&self.input, self.keys, self.key_groups)?;
        snapshot.tables.insert(WINDOWS.to_string(), table);
        Ok(snapshot)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        if !self.time.is_processing_time() {
            return None;
        }
        let first = self.table.first()?;
        Some(self.time.zone.timer_ms(self.next_end(first).saturating_sub(1)))
    }

    fn tick(&mut self, now_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.closed_end = self.time.zone.closed_end_ms(now_ms);
        self.fire(out)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            late_rows_dropped: self.late_rows,
            state_bytes: self.table.size_bytes(),
        }
    }
}
