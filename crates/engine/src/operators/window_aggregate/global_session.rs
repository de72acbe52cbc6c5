//! Second phase for sessions: merges those that touch and gives their results when they close.
//!
//! A row is late if even the session it would become part of is closed (as in Flink's merging windows): it is
//! dropped and counted. Rows that touch, one gap apart to the millisecond, belong together.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::SchemaRef;
use arrow_select::take::take;
use dataflow::{Chunk, Epoch, Error, WATERMARK_MAX, WATERMARK_MIN};
use graph::{AggregateCall, WindowProperty};
use state::sessions::{Added, Session};
use state::{Aggregates, Extent, KeyCodec, OperatorSnapshot, SNAPSHOT_ROWS_MAX, SessionTable, TableSnapshot};

use super::emit::{Emitter, property_columns};
use super::global::rowtime_is_instant;
use super::{RowTime, accumulators};
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::operators::Build;

/// The table's name in snapshots.
const SESSIONS: &str = "sessions";

pub(super) struct GlobalSession {
    time: RowTime,
    keys: usize,
    table: SessionTable,
    aggregates: Aggregates,
    properties: Vec<WindowProperty>,
    is_instant: bool,
    emitter: Emitter,
    input: SchemaRef,
    key_groups: u16,
    /// Sessions that end (in local time) at or before this are closed.
    closed_end: i64,
    late_rows: u64,
    numbers: Vec<u32>,
    groups: Vec<u32>,
    /// Sessions that have closed, how many of them were sent, and whether there are more to send.
    closed: Vec<u32>,
    sent: usize,
    is_firing: bool,
}

impl GlobalSession {
    pub fn new(
        build: &Build<'_>,
        time: RowTime,
        gap_ms: i64,
        keys: usize,
        aggregates: &[AggregateCall],
        properties: &[WindowProperty],
    ) -> Result<GlobalSession, Error> {
        let input = build.input()?;
        let types = input.fields[..keys].iter().map(|field| field.data_type.arrow());
        let codec = KeyCodec::new(types.collect()).map_err(arrow_error)?;
        let mut global = GlobalSession {
            time,
            keys,
            table: SessionTable::new(codec, gap_ms),
            aggregates: accumulators(aggregates),
            properties: properties.to_vec(),
            is_instant: rowtime_is_instant(build, keys + aggregates.len(), properties),
            emitter: Emitter::new(build.node.schema.arrow(), build.options.chunk_rows),
            input: input.arrow(),
            key_groups: build.options.key_groups,
            closed_end: i64::MIN,
            late_rows: 0,
            numbers: Vec::new(),
            groups: Vec::new(),
            closed: Vec::new(),
            sent: 0,
            is_firing: false,
        };
        if let Some(restored) = build.restored {
            for batch in build.restored(SESSIONS) {
                global.take_in(&batch)?;
            }
            if !global.time.is_processing_time() {
                let watermark = restored.watermark.unwrap_or(WATERMARK_MIN);
                global.closed_end = global.time.zone.closed_end_ms(watermark);
            }
        }
        Ok(global)
    }

    /// Merges partial sessions: keys, state columns, start and end.
    fn take_in(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let columns = batch.columns();
        let rows = batch.num_rows();
        let bounds = columns.len() - 2;
        let starts = columns[bounds].as_primitive::<Int64Type>().values();
        let ends = columns[bounds + 1].as_primitive::<Int64Type>().values();
        let keys = self
            .table
            .codec()
            .encode(&columns[..self.keys])
            .map_err(arrow_error)?;
        self.numbers.clear();
        self.groups.clear();
        self.table.intern(&keys, 0..rows, &mut self.numbers);
        // By processing time nothing is late.
        let closed_end = if self.time.is_processing_time() {
            i64::MIN
        } else {
            self.closed_end
        };
        let mut kept: Option<Vec<u32>> = None;
        for row in 0..rows {
            let added = self
                .table
                .add(self.numbers[row], starts[row], ends[row], |end| end <= closed_end);
            match added {
                Added::To(session) => {
                    self.groups.push(session);
                    if let Some(kept) = &mut kept {
                        kept.push(row as u32);
                    }
                }
                Added::Late => {
                    kept.get_or_insert_with(|| (0..row as u32).collect());
                    self.late_rows += 1;
                }
            }
        }
        let merged = self.table.finish();
        self.aggregates.make_room_for(self.table.high());
        let state = &columns[self.keys..bounds];
        match kept {
            None => self.aggregates.merge(&self.groups, state)?,
            Some(kept) if kept.is_empty() => {}
            Some(kept) => {
                let kept = UInt32Array::from(kept);
                let state = state
                    .iter()
                    .map(|column| take(column.as_ref(), &kept, None).map_err(arrow_error))
                    .collect::<Result<Vec<ArrayRef>, _>>()?;
                self.aggregates.merge(&self.groups, &state)?;
            }
        }
        // One after the other: what was swallowed first may be swallowed again with its swallower.
        for (swallowed, swallower) in merged {
            self.aggregates.merge_groups(&[swallowed], &[swallower])?;
            self.aggregates.clear(&[swallowed]);
        }
        Ok(())
    }

    /// Gives results of sessions that are closed, in the order of their ends, as many as one piece of work may.
    fn fire(&mut self, out: &mut Output) -> Result<(), Error> {
        let mut closed = std::mem::take(&mut self.closed);
        if !self.is_firing {
            closed.clear();
            self.table.close(self.closed_end, &mut closed);
            self.sent = 0;
        }
        let chunk_rows = self.emitter.chunk_rows();
        let to = (self.sent + chunk_rows * ROUND_CHUNKS_MAX).min(closed.len());
        for part in closed[self.sent..to].chunks(chunk_rows) {
            let sessions: Vec<Session> = part.iter().map(|&number| self.table.session(number)).collect();
            let groups = UInt32Array::from(part.to_vec());
            let mut columns = self.key_columns(&sessions)?;
            columns.extend(self.aggregates.evaluate(&groups)?);
            let starts: Vec<i64> = sessions.iter().map(|session| session.start).collect();
            let ends: Vec<i64> = sessions.iter().map(|session| session.end).collect();
            columns.extend(property_columns(
                &self.properties,
                &starts,
                &ends,
                self.time.zone,
                self.is_instant,
                self.time.now_ms(),
            ));
            self.emitter.add(columns, part.len(), out)?;
        }
        self.sent = to;
        self.is_firing = to < closed.len();
        if !self.is_firing {
            self.aggregates.clear(&closed);
            self.table.remove(&closed);
            self.emitter.flush(out)?;
        }
        self.closed = closed;
        Ok(())
    }

    fn key_columns(&self, sessions: &[Session]) -> Result<Vec<ArrayRef>, Error> {
        let keys: Vec<u32> = sessions.iter().map(|session| session.key).collect();
        self.table
            .key_set()
            .columns(self.table.codec(), &keys)
            .map_err(arrow_error)
    }
}

impl Operator for GlobalSession {
    fn data(&mut self, _input: usize, chunk: Chunk, _out: &mut Output) -> Result<(), Error> {
        self.take_in(&chunk.batch)
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
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

    fn snapshot(&mut self, _epoch: Epoch, _extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut table = TableSnapshot::default();
        for part in self.table.open().chunks(SNAPSHOT_ROWS_MAX) {
            let sessions: Vec<Session> = part.iter().map(|&number| self.table.session(number)).collect();
            let mut columns = self.key_columns(&sessions)?;
            columns.extend(self.aggregates.state(&UInt32Array::from(part.to_vec()))?);
            for bound in [|session: &Session| session.start, |session: &Session| session.end] {
                let bounds = arrow_array::Int64Array::from_iter_values(sessions.iter().map(bound));
                columns.push(std::sync::Arc::new(bounds));
            }
            let batch = RecordBatch::try_new(self.input.clone(), columns).map_err(arrow_error)?;
            table.add(&batch, self.keys, self.key_groups)?;
        }
        let mut snapshot = OperatorSnapshot::default();
        snapshot.tables.insert(SESSIONS.to_string(), table);
        Ok(snapshot)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        if !self.time.is_processing_time() {
            return None;
        }
        let end = self.table.next_close()?;
        Some(self.time.zone.timer_ms(end.saturating_sub(1)))
    }

    fn tick(&mut self, now_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.closed_end = self.time.zone.closed_end_ms(now_ms);
        self.fire(out)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            late_rows_dropped: self.late_rows,
            state_bytes: self.table.size_bytes() + self.aggregates.size_bytes(),
            ..Gauges::default()
        }
    }
}
