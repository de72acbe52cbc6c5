//! First phase for sessions.
//!
//! Rows of a key that lie close together in a chunk become one partial session; nothing is held from chunk to
//! chunk. Whether a row is late depends on which sessions it meets when it comes, so rows that may be late are
//! sent as they are, one by one and in their order.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::SchemaRef;
use arrow_select::take::take;
use dataflow::{Chunk, Error, WATERMARK_MIN};
use graph::{AggregateCall, Expr};
use state::{Aggregates, KeyCodec, KeySet};

use super::calls::Calls;
use super::{RowTime, accumulators};
use crate::expression::{Frame, arrow_error};
use crate::operator::{Operator, Output};
use crate::operators::Build;

const NONE: u32 = u32::MAX;

pub(super) struct LocalSession {
    time: RowTime,
    gap_ms: i64,
    calls: Calls,
    codec: KeyCodec,
    aggregates: Aggregates,
    schema: SchemaRef,
    /// Sessions that end (in local time) at or before this are closed.
    closed_end: i64,
    /// The keys of a chunk, and the partial session each is at.
    keys: KeySet,
    at: Vec<u32>,
    numbers: Vec<u32>,
    groups: Vec<u32>,
}

impl LocalSession {
    pub fn new(
        build: &Build<'_>,
        time: RowTime,
        gap_ms: i64,
        keys: &[Expr],
        aggregates: &[AggregateCall],
    ) -> Result<LocalSession, Error> {
        let watermark = build
            .restored
            .and_then(|restored| restored.watermark)
            .unwrap_or(WATERMARK_MIN);
        let codec = Calls::codec(keys)?;
        Ok(LocalSession {
            closed_end: time.zone.closed_end_ms(watermark),
            time,
            gap_ms,
            calls: Calls::new(keys, aggregates, build.context),
            keys: KeySet::new(&codec),
            codec,
            aggregates: accumulators(aggregates),
            schema: build.node.schema.arrow(),
            at: Vec::new(),
            numbers: Vec::new(),
            groups: Vec::new(),
        })
    }
}

/// A session so far, and the row it began with.
struct Partial {
    start: i64,
    end: i64,
    row: u32,
}

impl Operator for LocalSession {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let rows = chunk.rows();
        let times = self.time.local_times(&chunk.batch)?;
        let frame = Frame::new(&chunk.batch);
        let (key_columns, keys) = self.calls.keys(&frame, &self.codec)?;
        let gap_ms = self.gap_ms;
        let may_be_late = !self.time.is_processing_time()
            && times
                .iter()
                .any(|time_ms| time_ms.saturating_add(gap_ms) <= self.closed_end);
        self.keys.clear();
        self.numbers.clear();
        self.groups.clear();
        let mut partials: Vec<Partial> = Vec::new();
        if !may_be_late {
            self.keys.intern(&keys, 0..rows, &mut self.numbers);
            self.at.clear();
            self.at.resize(self.keys.high(), NONE);
        }
        for (row, &time_ms) in times.iter().enumerate() {
            let end = time_ms.saturating_add(gap_ms);
            if let Some(&key) = self.numbers.get(row) {
                let at = self.at[key as usize];
                if let Some(partial) = partials.get_mut(at as usize)
                    && time_ms <= partial.end
                    && end >= partial.start
                {
                    partial.start = partial.start.min(time_ms);
                    partial.end = partial.end.max(end);
                    self.groups.push(at);
                    continue;
                }
                self.at[key as usize] = partials.len() as u32;
            }
            self.groups.push(partials.len() as u32);
            partials.push(Partial {
                start: time_ms,
                end,
                row: row as u32,
            });
        }
        self.aggregates.make_room_for(partials.len());
        self.calls
            .update(&mut self.aggregates, &self.groups, &chunk, &frame)?;
        let groups: Vec<u32> = (0..partials.len() as u32).collect();
        let mut columns: Vec<ArrayRef> = if partials.len() == rows {
            key_columns
        } else {
            let firsts = UInt32Array::from_iter_values(partials.iter().map(|partial| partial.row));
            key_columns
                .iter()
                .map(|column| take(column.as_ref(), &firsts, None).map_err(arrow_error))
                .collect::<Result<_, _>>()?
        };
        columns.extend(self.aggregates.state(&UInt32Array::from(groups.clone()))?);
        self.aggregates.clear(&groups);
        columns.push(Arc::new(Int64Array::from_iter_values(
            partials.iter().map(|partial| partial.start),
        )));
        columns.push(Arc::new(Int64Array::from_iter_values(
            partials.iter().map(|partial| partial.end),
        )));
        let options = RecordBatchOptions::new().with_row_count(Some(partials.len()));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        out.chunk(Chunk::inserts(batch.map_err(arrow_error)?));
        Ok(())
    }

    fn watermark(&mut self, time_ms: i64, _out: &mut Output) -> Result<(), Error> {
        self.closed_end = self.closed_end.max(self.time.zone.closed_end_ms(time_ms));
        Ok(())
    }
}
