//! Rows in the order of their event time, and by further keys where that is the same, as the watermark passes.
//!
//! A row that is not younger than one that was sent is late, dropped and counted.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use dataflow::{Chunk, Epoch, Error};
use graph::SortKey as GraphSortKey;
use state::ranked::{restored_rows, snapshot_rows};
use state::{Extent, OperatorSnapshot, RowStore, SortCodec, SortKey, TableSnapshot};

use super::Build;
use super::top_n::sort_codec;
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::window::time::milliseconds;

/// The tables' names in snapshots: rows that wait, and the time of the last that was sent.
const ROWS: &str = "rows";
const LAST: &str = "last";

pub(super) struct TemporalSort {
    time: usize,
    order: SortCodec,
    order_columns: Vec<usize>,
    rows: RowStore,
    /// By time, further keys, and a number that counts up as rows come.
    waiting: BTreeMap<(i64, SortKey, u64), u32>,
    next: u64,
    /// The time of the last row sent.
    last: i64,
    watermark: i64,
    late_rows: u64,
    chunk_rows: usize,
    key_groups: u16,
}

impl TemporalSort {
    pub fn new(build: &Build<'_>, time: usize, order: &[GraphSortKey]) -> Result<TemporalSort, Error> {
        let mut operator = TemporalSort {
            time,
            order: sort_codec(build, order)?,
            order_columns: order.iter().map(|key| key.column).collect(),
            rows: RowStore::new(build.input()?.arrow()),
            waiting: BTreeMap::new(),
            next: 0,
            last: i64::MIN,
            watermark: i64::MIN,
            late_rows: 0,
            chunk_rows: build.options.chunk_rows,
            key_groups: build.options.key_groups,
        };
        for batch in build.restored(ROWS) {
            let rows = restored_rows(&operator.rows, &batch, 0)?;
            operator.take_in(&rows)?;
        }
        for batch in build.restored(LAST) {
            let last = batch.column(0).as_primitive::<Int64Type>().values();
            operator.last = last.iter().copied().fold(operator.last, i64::max);
        }
        Ok(operator)
    }

    fn take_in(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let times = milliseconds(batch.column(self.time))?;
        let columns: Vec<ArrayRef> = self
            .order_columns
            .iter()
            .map(|column| batch.column(*column).clone())
            .collect();
        let keys = self.order.encode(&columns, times.len()).map_err(arrow_error)?;
        self.rows.open(batch);
        for (row, (time_ms, key)) in times.into_iter().zip(keys).enumerate() {
            if time_ms <= self.last {
                self.late_rows += 1;
                continue;
            }
            let kept = self.rows.keep(row);
            self.waiting.insert((time_ms, key, self.next), kept);
            self.next += 1;
        }
        self.rows.close()
    }

    fn is_due(&self) -> bool {
        let first = self.waiting.first_key_value();
        first.is_some_and(|((time_ms, _, _), _)| *time_ms <= self.watermark)
    }

    fn fire(&mut self, out: &mut Output) -> Result<(), Error> {
        for _ in 0..ROUND_CHUNKS_MAX {
            let mut due = Vec::new();
            while due.len() < self.chunk_rows
                && let Some(entry) = self.waiting.first_entry()
                && entry.key().0 <= self.watermark
            {
                self.last = entry.key().0;
                due.push(entry.remove());
            }
            if due.is_empty() {
                break;
            }
            out.chunk(Chunk::inserts(self.rows.gather(&due)?));
            self.rows.release(&due)?;
        }
        Ok(())
    }
}

impl Operator for TemporalSort {
    fn data(&mut self, _input: usize, chunk: Chunk, _out: &mut Output) -> Result<(), Error> {
        self.take_in(&chunk.batch)
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.watermark = self.watermark.max(time_ms);
        self.fire(out)
    }

    fn has_more(&self) -> bool {
        self.is_due()
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        self.fire(out)
    }

    fn snapshot(&mut self, _epoch: Epoch, _extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let rows: Vec<u32> = self.waiting.values().copied().collect();
        let table = snapshot_rows(&self.rows, &rows, &[], self.key_groups)?;
        snapshot.tables.insert(ROWS.to_string(), table);
        if self.last > i64::MIN {
            let last = std::sync::Arc::new(Int64Array::from(vec![self.last]));
            let batch = RecordBatch::try_from_iter([("time", last as _)]).map_err(arrow_error)?;
            let mut table = TableSnapshot::default();
            table.add(&batch, 0, self.key_groups)?;
            snapshot.tables.insert(LAST.to_string(), table);
        }
        Ok(snapshot)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            late_rows_dropped: self.late_rows,
            state_bytes: self.rows.size_bytes() + self.waiting.len() * 80,
            ..Gauges::default()
        }
    }
}
