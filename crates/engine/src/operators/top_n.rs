//! The first rows of each key in an order, as a changelog.
//!
//! What a chunk changes is told once for each key: only what is different behind it from before it. With the rank
//! as a column a row that moves is an update; without it only rows that come in and go out are told, and for a
//! single row of each key the new one is an update of the old one.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::SchemaRef;
use dataflow::{Chunk, Epoch, Error};
use graph::{RankRange, SortKey};
use model::RowKind;
use state::ranked::Touched;
use state::{Extent, OperatorSnapshot, RankedTable, RowStore, SortCodec};

use super::Build;
use crate::expiry::Expiry;
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};

/// The tables' names in snapshots.
const ROWS: &str = "rows";
const AGES: &str = "ages";

pub(super) struct TopN {
    table: RankedTable,
    /// Ranks that are told, counted from zero, half-open.
    ranks: std::ops::Range<usize>,
    with_rank: bool,
    expiry: Expiry,
    schema: SchemaRef,
    chunk_rows: usize,
    key_groups: u16,
    pending: Option<Pending>,
    after: Vec<u32>,
}

/// Changes of which not all have been sent.
struct Pending {
    changes: Vec<Change>,
    sent: usize,
    touched: Vec<Touched>,
}

/// A row that a key got or lost.
#[derive(Clone, Copy)]
struct Change {
    kind: RowKind,
    row: u32,
    /// Counted from one.
    rank: i64,
}

impl TopN {
    pub fn new(
        build: &Build<'_>,
        partition: &[usize],
        order: &[SortKey],
        range: RankRange,
        with_rank: bool,
    ) -> Result<TopN, Error> {
        let is_updating = !build.input_node()?.changelog.is_insert_only();
        let mut operator = TopN {
            table: ranked_table(build, partition, order, range, is_updating)?
                .spilling(build.state_budget(), build.options.key_groups)?,
            ranks: ranks_of(range),
            with_rank,
            expiry: build.expiry(0),
            schema: build.node.schema.arrow(),
            chunk_rows: build.options.chunk_rows,
            key_groups: build.options.key_groups,
            pending: None,
            after: Vec::new(),
        };
        let moment = operator.expiry.moment();
        for batch in build.restored(ROWS) {
            operator.table.restore(&batch, moment)?;
        }
        for batch in build.restored(AGES) {
            operator.table.restore_ages(&batch, moment)?;
        }
        Ok(operator)
    }

    /// What is different for a key.
    fn compare(&mut self, touched: &Touched, changes: &mut Vec<Change>) {
        self.after.clear();
        self.table.first_of(touched, &mut self.after);
        let told = |rows: &[u32]| self.ranks.start.min(rows.len())..self.ranks.end.min(rows.len());
        let before = &touched.before[told(&touched.before)];
        let after = &self.after[told(&self.after)];
        let first_rank = self.ranks.start as i64 + 1;
        if self.with_rank || self.ranks.len() == 1 {
            for place in 0..before.len().max(after.len()) {
                let rank = first_rank + place as i64;
                let mut push = |kind, row| changes.push(Change { kind, row, rank });
                match (before.get(place), after.get(place)) {
                    (Some(old), Some(new)) if old == new => {}
                    (Some(&old), Some(&new)) => {
                        push(RowKind::UpdateBefore, old);
                        push(RowKind::UpdateAfter, new);
                    }
                    (Some(&old), None) => push(RowKind::Delete, old),
                    (None, Some(&new)) => push(RowKind::Insert, new),
                    (None, None) => {}
                }
            }
            return;
        }
        let mut tell = |kind, rows: &[u32], others: &[u32]| {
            let missing = Missing::in_rows(others);
            for &row in rows {
                if missing.holds(row) {
                    changes.push(Change { kind, row, rank: 0 });
                }
            }
        };
        tell(RowKind::Delete, before, after);
        tell(RowKind::Insert, after, before);
    }

    fn send(&mut self, mut pending: Pending, out: &mut Output) -> Result<(), Error> {
        for _ in 0..ROUND_CHUNKS_MAX {
            let left = &pending.changes[pending.sent..];
            // An update is not cut in half.
            let mut length = left.len().min(self.chunk_rows.max(2));
            if length < left.len() && left[length - 1].kind == RowKind::UpdateBefore {
                length -= 1;
            }
            if length == 0 {
                break;
            }
            let part = &left[..length];
            let rows: Vec<u32> = part.iter().map(|change| change.row).collect();
            let ranks = part.iter().map(|change| change.rank);
            let batch = ranked_batch(self.table.rows(), &rows, ranks, self.with_rank, &self.schema)?;
            let kinds: Arc<[RowKind]> = part.iter().map(|change| change.kind).collect();
            let kinds = kinds.iter().any(|kind| *kind != RowKind::Insert).then_some(kinds);
            out.chunk(Chunk { batch, kinds });
            pending.sent += length;
        }
        if pending.sent < pending.changes.len() {
            self.pending = Some(pending);
            return Ok(());
        }
        self.table.finish_round(&pending.touched)
    }
}

/// Tells which rows are not among others.
enum Missing<'a> {
    Few(&'a [u32]),
    Many(HashSet<u32>),
}

impl Missing<'_> {
    fn in_rows(rows: &[u32]) -> Missing<'_> {
        if rows.len() <= 32 {
            Missing::Few(rows)
        } else {
            Missing::Many(rows.iter().copied().collect())
        }
    }

    fn holds(&self, row: u32) -> bool {
        match self {
            Missing::Few(rows) => !rows.contains(&row),
            Missing::Many(rows) => !rows.contains(&row),
        }
    }
}

/// Rows of a store, with their rank behind them where it is wanted.
pub(super) fn ranked_batch(
    store: &RowStore,
    rows: &[u32],
    ranks: impl Iterator<Item = i64>,
    with_rank: bool,
    schema: &SchemaRef,
) -> Result<RecordBatch, Error> {
    let mut columns: Vec<ArrayRef> = store.gather(rows)?.columns().to_vec();
    if with_rank {
        columns.push(Arc::new(Int64Array::from_iter_values(ranks)));
    }
    RecordBatch::try_new(schema.clone(), columns).map_err(arrow_error)
}

/// Ranks counted from zero, half-open.
pub(super) fn ranks_of(range: RankRange) -> std::ops::Range<usize> {
    let at = |rank: i64| usize::try_from(rank).unwrap_or_default();
    at(range.start - 1)..at(range.end)
}

/// The table for these keys and this order, of the rows of the first input.
pub(super) fn ranked_table(
    build: &Build<'_>,
    partition: &[usize],
    order: &[SortKey],
    range: RankRange,
    is_updating: bool,
) -> Result<RankedTable, Error> {
    let input = build.input()?;
    RankedTable::new(
        input.arrow(),
        partition.to_vec(),
        sort_codec(build, order)?,
        order.iter().map(|key| key.column).collect(),
        ranks_of(range).end,
        is_updating,
    )
}

pub(super) fn sort_codec(build: &Build<'_>, order: &[SortKey]) -> Result<SortCodec, Error> {
    let input = build.input()?;
    let columns = order.iter().map(|key| {
        let options = arrow_schema::SortOptions {
            descending: key.descending,
            nulls_first: key.nulls_first,
        };
        (input.fields[key.column].data_type.arrow(), options)
    });
    SortCodec::new(columns.collect()).map_err(arrow_error)
}

impl Operator for TopN {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        self.table.update(&chunk.batch, self.expiry.moment(), |row| {
            chunk.kind(row).is_addition()
        })?;
        let expired = self.table.take_expired();
        self.table.release(&expired)?;
        let touched = self.table.take_touched();
        let mut changes = Vec::new();
        for one in &touched {
            self.compare(one, &mut changes);
        }
        let pending = Pending {
            changes,
            sent: 0,
            touched,
        };
        self.send(pending, out)
    }

    fn has_more(&self) -> bool {
        self.pending.is_some()
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        match self.pending.take() {
            Some(pending) => self.send(pending, out),
            None => Ok(()),
        }
    }

    fn snapshot(&mut self, _epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let [rows, ages] = self.table.snapshot(extent, self.key_groups)?;
        snapshot.tables.insert(ROWS.to_string(), rows);
        snapshot.tables.insert(AGES.to_string(), ages);
        Ok(snapshot)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        self.expiry.next_tick_ms(self.table.has_ages())
    }

    fn tick(&mut self, now_ms: i64, _out: &mut Output) -> Result<(), Error> {
        let table = &mut self.table;
        self.expiry.sweep(now_ms, |looks, moment| {
            let is_done = table.sweep(looks, moment)?;
            let expired = table.take_expired();
            table.release(&expired)?;
            Ok(is_done)
        })
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            state_bytes: self.table.size_bytes(),
            ..Gauges::of_tier(self.table.tier())
        }
    }
}
