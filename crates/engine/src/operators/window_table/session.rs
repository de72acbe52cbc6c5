//! Sessions without aggregation: rows wait until their session closes, then come out with its bounds.
//!
//! The rows of a session keep the order in which they came. A row that is late for every session, or has no
//! time, is dropped and counted.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int64Type};
use arrow_array::{ArrayRef, Int8Array, RecordBatch};
use arrow_schema::{DataType as ArrowType, Field, Schema, SchemaRef};
use dataflow::{Chunk, Epoch, Error, WATERMARK_MAX, WATERMARK_MIN};
use model::RowKind;
use state::row_buffer::RowRef;
use state::sessions::{Added, Session};
use state::{Extent, KeyCodec, OperatorSnapshot, RowBuffer, SNAPSHOT_ROWS_MAX, SessionTable, TableSnapshot};

use super::{Bounds, milliseconds_column};
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::operators::Build;
use crate::operators::window_aggregate::RowTime;

/// The table's name in snapshots.
const ROWS: &str = "rows";

pub(super) struct SessionWindowTable {
    time: RowTime,
    gap_ms: i64,
    keys: Vec<usize>,
    table: SessionTable,
    rows: RowBuffer,
    bounds: Bounds,
    input: SchemaRef,
    chunk_rows: usize,
    key_groups: u16,
    /// Sessions that end (in local time) at or before this are closed.
    closed_end: i64,
    late_rows: u64,
    null_time_rows: u64,
    /// Sessions that have closed and not all of whose rows were sent.
    closing: Option<Closing>,
}

struct Closing {
    sessions: Vec<u32>,
    /// How many of them were begun.
    begun: usize,
    /// The one begun last, and the rows that are left of it.
    session: Option<Session>,
    rows: std::vec::IntoIter<RowRef>,
}

impl SessionWindowTable {
    pub fn new(
        build: &Build<'_>,
        time: RowTime,
        gap_ms: i64,
        keys: &[usize],
    ) -> Result<SessionWindowTable, Error> {
        let input = build.input()?;
        let types = keys
            .iter()
            .map(|&key| input.fields[key].data_type.arrow())
            .collect();
        let codec = KeyCodec::new(types).map_err(arrow_error)?;
        let mut operator = SessionWindowTable {
            bounds: Bounds::new(build, time.zone),
            time,
            gap_ms,
            keys: keys.to_vec(),
            table: SessionTable::new(codec, gap_ms),
            rows: RowBuffer::new(input.arrow()),
            input: input.arrow(),
            chunk_rows: build.options.chunk_rows,
            key_groups: build.options.key_groups,
            closed_end: i64::MIN,
            late_rows: 0,
            null_time_rows: 0,
            closing: None,
        };
        if let Some(restored) = build.restored {
            for batch in build.restored(ROWS) {
                operator.restore(&batch)?;
            }
            if !operator.time.is_processing_time() {
                let watermark = restored.watermark.unwrap_or(WATERMARK_MIN);
                operator.closed_end = operator.time.zone.closed_end_ms(watermark);
            }
        }
        Ok(operator)
    }

    /// Of a snapshot: key columns, the rows, their local time and their kind. All that were held belong to open
    /// sessions.
    fn restore(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let keys = self.keys.len();
        let own = batch.num_columns() - 2;
        let times = batch.column(own).as_primitive::<Int64Type>().values().to_vec();
        let kinds = batch.column(own + 1).as_primitive::<Int8Type>().values();
        let kinds: Vec<RowKind> = kinds.iter().map(|&kind| kind_of(kind)).collect();
        let columns = batch.columns()[keys..own].to_vec();
        let chunk = Chunk {
            batch: RecordBatch::try_new(self.input.clone(), columns).map_err(arrow_error)?,
            kinds: kinds
                .iter()
                .any(|kind| *kind != RowKind::Insert)
                .then(|| kinds.into()),
        };
        self.take_in(chunk, times, |_| true)
    }

    fn take_in(
        &mut self,
        chunk: Chunk,
        times: Vec<i64>,
        has_time: impl Fn(usize) -> bool,
    ) -> Result<(), Error> {
        let keys: Vec<ArrayRef> = self
            .keys
            .iter()
            .map(|&key| chunk.batch.column(key).clone())
            .collect();
        let keys = self.table.codec().encode(&keys).map_err(arrow_error)?;
        let closed_end = if self.time.is_processing_time() {
            i64::MIN
        } else {
            self.closed_end
        };
        let mut lists = Vec::with_capacity(times.len());
        let mut number = Vec::with_capacity(1);
        for (row, &time_ms) in times.iter().enumerate() {
            if !has_time(row) {
                self.null_time_rows += 1;
                lists.push(None);
                continue;
            }
            number.clear();
            self.table.intern(&keys, row..row + 1, &mut number);
            let end = time_ms.saturating_add(self.gap_ms);
            match self.table.add(number[0], time_ms, end, |end| end <= closed_end) {
                Added::To(session) => lists.push(Some(session)),
                Added::Late => {
                    self.late_rows += 1;
                    lists.push(None);
                }
            }
        }
        self.rows.add(&chunk, &times, &lists)?;
        for (swallowed, swallower) in self.table.finish() {
            self.rows.merge(swallowed, swallower);
        }
        Ok(())
    }

    /// Sends rows of closed sessions, in the order of their ends, as many as one piece of work may.
    fn fire(&mut self, out: &mut Output) -> Result<(), Error> {
        let mut closing = self.closing.take().unwrap_or_else(|| {
            let mut sessions = Vec::new();
            self.table.close(self.closed_end, &mut sessions);
            Closing {
                sessions,
                begun: 0,
                session: None,
                rows: Vec::new().into_iter(),
            }
        });
        let (mut rows, mut starts, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUND_CHUNKS_MAX {
            rows.clear();
            starts.clear();
            ends.clear();
            while rows.len() < self.chunk_rows {
                if let (Some(session), Some(row)) = (closing.session, closing.rows.next()) {
                    rows.push(row);
                    starts.push(session.start);
                    ends.push(session.end);
                    continue;
                }
                let Some(&number) = closing.sessions.get(closing.begun) else {
                    break;
                };
                closing.begun += 1;
                closing.session = Some(self.table.session(number));
                closing.rows = self.rows.take(number).into_iter();
            }
            self.emit(&rows, &starts, &ends, out)?;
            if rows.len() < self.chunk_rows {
                self.table.remove(&closing.sessions);
                return Ok(());
            }
        }
        self.closing = Some(closing);
        Ok(())
    }

    fn emit(&mut self, rows: &[RowRef], starts: &[i64], ends: &[i64], out: &mut Output) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let (chunk, _) = self.rows.gather(rows)?;
        out.chunk(self.bounds.append(chunk, starts, ends)?);
        self.rows.release(rows)
    }
}

impl Operator for SessionWindowTable {
    fn data(&mut self, _input: usize, chunk: Chunk, _out: &mut Output) -> Result<(), Error> {
        let times = self.time.local_times_lenient(&chunk.batch)?;
        let batch = chunk.batch.clone();
        let missing: Option<Vec<bool>> = (self.time.nulls(&batch) > 0).then(|| {
            (0..batch.num_rows())
                .map(|row| self.time.has_time(&batch, row))
                .collect()
        });
        self.take_in(chunk, times, |row| {
            missing.as_ref().is_none_or(|has_time| has_time[row])
        })
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        if self.time.is_processing_time() && time_ms != WATERMARK_MAX {
            return Ok(());
        }
        self.closed_end = self.closed_end.max(self.time.zone.closed_end_ms(time_ms));
        self.fire(out)
    }

    fn has_more(&self) -> bool {
        self.closing.is_some()
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        self.fire(out)
    }

    fn snapshot(&mut self, _epoch: Epoch, _extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let mut table = TableSnapshot::default();
        for rows in self.rows.all().chunks(SNAPSHOT_ROWS_MAX) {
            let (chunk, times) = self.rows.gather(rows)?;
            let kinds: Int8Array = (0..chunk.rows()).map(|row| Some(chunk.kind(row) as i8)).collect();
            // The keys stand in front once more: tables are cut by their first columns.
            let mut columns: Vec<ArrayRef> = self
                .keys
                .iter()
                .map(|&key| chunk.batch.column(key).clone())
                .collect();
            columns.extend_from_slice(chunk.batch.columns());
            columns.push(milliseconds_column(&times));
            columns.push(Arc::new(kinds));
            let fields = columns
                .iter()
                .enumerate()
                .map(|(index, column)| Field::new(format!("c{index}"), column.data_type().clone(), true));
            let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
            debug_assert_eq!(schema.fields()[columns.len() - 1].data_type(), &ArrowType::Int8);
            let batch = RecordBatch::try_new(schema, columns).map_err(arrow_error)?;
            table.add(&batch, self.keys.len(), self.key_groups)?;
        }
        snapshot.tables.insert(ROWS.to_string(), table);
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
            null_time_rows_dropped: self.null_time_rows,
            state_bytes: self.table.size_bytes() + self.rows.size_bytes(),
            ..Gauges::default()
        }
    }
}

fn kind_of(kind: i8) -> RowKind {
    match kind {
        1 => RowKind::UpdateBefore,
        2 => RowKind::UpdateAfter,
        3 => RowKind::Delete,
        _ => RowKind::Insert,
    }
}
