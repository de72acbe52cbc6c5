//! The first rows of each key and window in an order, told once: when the window closes.
//!
//! Rows carry their window. A row whose window has closed is late, dropped and counted.

use arrow_array::{Array, UInt32Array};
use arrow_schema::SchemaRef;
use dataflow::{Chunk, Epoch, Error, WATERMARK_MIN};
use graph::{RankRange, RankWindow, SortKey};
use state::{Extent, OperatorSnapshot, RankedTable};

use super::Build;
use super::top_n::{ranked_batch, ranked_table, ranks_of};
use crate::exchange::take_rows;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::window::time::{Zone, milliseconds};

/// The table's name in snapshots.
const ROWS: &str = "rows";

pub(super) struct WindowTopN {
    table: RankedTable,
    /// The end of a row's window.
    end: usize,
    zone: Zone,
    /// Ranks that are told, counted from zero, half-open.
    ranks: std::ops::Range<usize>,
    with_rank: bool,
    schema: SchemaRef,
    chunk_rows: usize,
    key_groups: u16,
    /// Windows that end (in local time) at or before this are closed.
    closed_end: i64,
    late_rows: u64,
    closing: Option<std::vec::IntoIter<u32>>,
}

impl WindowTopN {
    pub fn new(
        build: &Build<'_>,
        window: RankWindow,
        partition: &[usize],
        order: &[SortKey],
        range: RankRange,
        with_rank: bool,
    ) -> Result<WindowTopN, Error> {
        let mut table = ranked_table(build, partition, order, range, false)?;
        if window.newest_first {
            table = table.newest_first();
        }
        let mut operator = WindowTopN {
            table,
            end: window.end,
            zone: Zone::new(window.time_zone),
            ranks: ranks_of(range),
            with_rank,
            schema: build.node.schema.arrow(),
            chunk_rows: build.options.chunk_rows,
            key_groups: build.options.key_groups,
            closed_end: i64::MIN,
            late_rows: 0,
            closing: None,
        };
        for batch in build.restored(ROWS) {
            let rows = operator.table.restored(&batch)?;
            let ends = milliseconds(rows.column(operator.end))?;
            operator.table.add_closing(&rows, &ends)?;
        }
        if let Some(restored) = build.restored {
            let watermark = restored.watermark.unwrap_or(WATERMARK_MIN);
            operator.closed_end = operator.zone.closed_end_ms(watermark);
        }
        Ok(operator)
    }

    fn fire(&mut self, out: &mut Output) -> Result<(), Error> {
        let mut closing = match self.closing.take() {
            Some(closing) => closing,
            None => self.table.close(self.closed_end).into_iter(),
        };
        for _ in 0..ROUND_CHUNKS_MAX {
            let mut rows: Vec<u32> = Vec::new();
            let mut ranks: Vec<i64> = Vec::new();
            let mut done: Vec<u32> = Vec::new();
            while rows.len() < self.chunk_rows
                && let Some(key) = closing.next()
            {
                let first = self.table.take_closed(key);
                let told = self.ranks.start.min(first.len())..self.ranks.end.min(first.len());
                ranks.extend(told.clone().map(|rank| rank as i64 + 1));
                rows.extend_from_slice(&first[told]);
                done.extend(first);
            }
            if done.is_empty() {
                return Ok(());
            }
            if !rows.is_empty() {
                let store = self.table.rows();
                let batch = ranked_batch(store, &rows, ranks.into_iter(), self.with_rank, &self.schema)?;
                out.chunk(Chunk::inserts(batch));
            }
            self.table.release(&done)?;
        }
        if closing.len() > 0 {
            self.closing = Some(closing);
        }
        Ok(())
    }
}

impl Operator for WindowTopN {
    fn data(&mut self, _input: usize, mut chunk: Chunk, _out: &mut Output) -> Result<(), Error> {
        let mut ends = milliseconds(chunk.batch.column(self.end))?;
        let valid = chunk.batch.column(self.end).nulls().cloned();
        let is_open = |row: usize| {
            ends[row] > self.closed_end && valid.as_ref().is_none_or(|valid| valid.is_valid(row))
        };
        let open: Vec<u32> = (0..ends.len() as u32)
            .filter(|row| is_open(*row as usize))
            .collect();
        if open.len() < ends.len() {
            self.late_rows += (ends.len() - open.len()) as u64;
            ends = open.iter().map(|row| ends[*row as usize]).collect();
            chunk = take_rows(&chunk, &UInt32Array::from(open))?;
        }
        self.table.add_closing(&chunk.batch, &ends)
    }

    fn watermark(&mut self, time_ms: i64, out: &mut Output) -> Result<(), Error> {
        self.closed_end = self.closed_end.max(self.zone.closed_end_ms(time_ms));
        self.fire(out)
    }

    fn has_more(&self) -> bool {
        self.closing.is_some()
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        self.fire(out)
    }

    fn snapshot(&mut self, _epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let [rows, _] = self.table.snapshot(extent, self.key_groups)?;
        snapshot.tables.insert(ROWS.to_string(), rows);
        Ok(snapshot)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            late_rows_dropped: self.late_rows,
            state_bytes: self.table.size_bytes(),
            ..Gauges::default()
        }
    }
}
