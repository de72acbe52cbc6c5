//! Lets a stretch of the rows through, counted as they come.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Int64Array, RecordBatch};
use dataflow::{Chunk, Epoch, Error};
use graph::RankRange;
use state::{Extent, OperatorSnapshot, TableSnapshot};

use super::Build;
use super::top_n::ranks_of;
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output};

/// The table's name in snapshots.
const COUNT: &str = "count";

pub(super) struct Limit {
    /// Counted from zero, half-open.
    rows: Range<usize>,
    seen: usize,
    key_groups: u16,
}

impl Limit {
    pub fn new(build: &Build<'_>, range: RankRange) -> Limit {
        let seen = build.restored(COUNT).map(|batch| {
            let counts = batch.column(0).as_primitive::<Int64Type>();
            counts.values().iter().sum::<i64>()
        });
        Limit {
            rows: ranks_of(range),
            seen: usize::try_from(seen.sum::<i64>()).unwrap_or_default(),
            key_groups: build.options.key_groups,
        }
    }
}

impl Operator for Limit {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let first = self.seen;
        let rows = chunk.rows();
        // What comes behind the last row need not be counted.
        self.seen = first.saturating_add(rows).min(self.rows.end);
        let from = self.rows.start.saturating_sub(first).min(rows);
        let to = self.rows.end.saturating_sub(first).min(rows);
        if from < to {
            out.chunk(Chunk {
                batch: chunk.batch.slice(from, to - from),
                kinds: chunk.kinds.map(|kinds| kinds[from..to].into()),
            });
        }
        Ok(())
    }

    fn snapshot(&mut self, _epoch: Epoch, _extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        if self.seen > 0 {
            let count = std::sync::Arc::new(Int64Array::from(vec![self.seen as i64]));
            let batch = RecordBatch::try_from_iter([("rows", count as _)]).map_err(arrow_error)?;
            let mut table = TableSnapshot::default();
            table.add(&batch, 0, self.key_groups)?;
            snapshot.tables.insert(COUNT.to_string(), table);
        }
        Ok(snapshot)
    }

    fn gauges(&self) -> Gauges {
        Gauges::default()
    }
}
