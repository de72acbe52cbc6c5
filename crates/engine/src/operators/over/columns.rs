//! OVER in the order of any columns: a row that comes or goes changes the results of those behind it.
//!
//! All rows are kept, each with the results that were told of it. The keys that a chunk touches are computed anew,
//! and what differs is told.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Schema, SchemaRef, SortOptions};
use dataflow::{Chunk, Epoch, Error};
use graph::{Frame, OverFunction, SortKey};
use model::RowKind;
use state::ranked::Touched;
use state::{Extent, OperatorSnapshot, RankedTable, RowStore, SortCodec};

use super::compute::{Computer, FrameChange, Step};
use crate::expiry::Expiry;
use crate::expression::arrow_error;
use crate::operator::{Gauges, Operator, Output, ROUND_CHUNKS_MAX};
use crate::operators::Build;
use crate::operators::top_n::sort_codec;

/// The tables' names in snapshots.
const ROWS: &str = "rows";
const AGES: &str = "ages";

const NONE: u32 = u32::MAX;

pub(super) struct OverByColumns {
    table: RankedTable,
    frame: Frame,
    expiry: Expiry,
    computer: Computer,
    /// What was told of rows, and by the number of a row where it stands.
    results: RowStore,
    result_of: Vec<u32>,
    /// Tells whether results are the same.
    codec: SortCodec,
    schema: SchemaRef,
    chunk_rows: usize,
    key_groups: u16,
    pending: Option<Pending>,
}

/// Changes of which not all have been sent.
struct Pending {
    changes: Vec<Change>,
    sent: usize,
    touched: Vec<Touched>,
    /// Results that are not wanted any more when all was sent.
    outdated: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Change {
    kind: RowKind,
    row: u32,
    result: u32,
}

impl OverByColumns {
    pub fn new(
        build: &Build<'_>,
        partition: &[usize],
        order: &[SortKey],
        frame: Frame,
        functions: &[OverFunction],
    ) -> Result<OverByColumns, Error> {
        let input = build.input()?;
        let is_updating = !build.input_node()?.changelog.is_insert_only();
        let schema = build.node.schema.arrow();
        let results: Vec<_> = schema.fields()[input.len()..].to_vec();
        let types = results
            .iter()
            .map(|field| (field.data_type().clone(), SortOptions::default()));
        let mut operator = OverByColumns {
            table: RankedTable::new(
                input.arrow(),
                partition.to_vec(),
                sort_codec(build, order)?,
                order.iter().map(|key| key.column).collect(),
                usize::MAX,
                is_updating,
            )?,
            frame,
            expiry: build.expiry(0),
            computer: Computer::new(functions, build.context),
            codec: SortCodec::new(types.collect()).map_err(arrow_error)?,
            results: RowStore::new(Arc::new(Schema::new(results))),
            result_of: Vec::new(),
            schema,
            chunk_rows: build.options.chunk_rows,
            key_groups: build.options.key_groups,
            pending: None,
        };
        for batch in build.restored(ROWS) {
            let rows = operator.table.restored(&batch)?;
            let pending = operator.apply(&Chunk::inserts(rows))?;
            operator.finish(&pending)?;
        }
        let moment = operator.expiry.moment();
        for batch in build.restored(AGES) {
            operator.table.restore_ages(&batch, moment)?;
        }
        Ok(operator)
    }

    /// Takes a chunk in and finds out what it changes.
    fn apply(&mut self, chunk: &Chunk) -> Result<Pending, Error> {
        self.table.update(&chunk.batch, self.expiry.moment(), |row| {
            chunk.kind(row).is_addition()
        })?;
        self.let_expired_go()?;
        let touched = self.table.take_touched();
        self.result_of.resize(self.table.rows().high(), NONE);
        let mut changes = Vec::new();
        let mut outdated = Vec::new();
        let (mut rows, mut keys) = (Vec::new(), Vec::new());
        let mut steps: Vec<Step> = Vec::new();
        for (key, one) in touched.iter().enumerate() {
            let from = rows.len();
            let equal_before = self.table.ordered(one, &mut rows);
            let kept: HashSet<u32> = rows[from..].iter().copied().collect();
            for &row in one.before.iter().filter(|row| !kept.contains(row)) {
                let result = std::mem::replace(&mut self.result_of[row as usize], NONE);
                outdated.push(result);
                changes.push(Change {
                    kind: RowKind::Delete,
                    row,
                    result,
                });
            }
            let mut step = 0;
            for (place, is_equal) in (from..rows.len()).zip(equal_before) {
                if place > from && !(is_equal && self.frame == Frame::RangeUnbounded) {
                    step += 1;
                }
                if steps.len() <= step {
                    steps.push(Step::new());
                }
                steps[step].push(place as u32);
                keys.push(key as u32);
            }
        }
        if !rows.is_empty() {
            self.compare(&rows, &keys, &steps, &mut changes, &mut outdated)?;
        }
        Ok(Pending {
            changes,
            sent: 0,
            touched,
            outdated,
        })
    }

    /// Forgets rows that are over, and what was told of them.
    fn let_expired_go(&mut self) -> Result<(), Error> {
        let expired = self.table.take_expired();
        let told: Vec<u32> = expired
            .iter()
            .map(|row| std::mem::replace(&mut self.result_of[*row as usize], NONE))
            .filter(|result| *result != NONE)
            .collect();
        self.results.release(&told)?;
        self.table.release(&expired)
    }

    /// Computes the results of rows and tells those that differ.
    fn compare(
        &mut self,
        rows: &[u32],
        keys: &[u32],
        steps: &[Step],
        changes: &mut Vec<Change>,
        outdated: &mut Vec<u32>,
    ) -> Result<(), Error> {
        let batch = self.table.rows().gather(rows)?;
        let used: Vec<u32> = (0..keys.last().map_or(0, |last| last + 1)).collect();
        self.computer.make_room(used.len());
        let back = |offset: usize| {
            let places = (0..rows.len()).map(|place| {
                let before = place.checked_sub(offset)?;
                (keys[before] == keys[place]).then_some(before as u32)
            });
            Ok((batch.clone(), places.collect()))
        };
        let columns = self
            .computer
            .compute(&batch, keys, steps, |_| Ok(FrameChange::Nothing), back)?;
        self.computer.clear(&used);
        let now = self.codec.encode(&columns, rows.len()).map_err(arrow_error)?;
        let known: Vec<u32> = rows
            .iter()
            .map(|row| self.result_of[*row as usize])
            .filter(|result| *result != NONE)
            .collect();
        let before = self.results.gather(&known)?;
        let before = self
            .codec
            .encode(before.columns(), known.len())
            .map_err(arrow_error)?;
        let mut before = before.into_iter();
        let batch = RecordBatch::try_new(self.results.schema().clone(), columns).map_err(arrow_error)?;
        self.results.open(&batch);
        for (place, &row) in rows.iter().enumerate() {
            let held = self.result_of[row as usize];
            if held != NONE && before.next().as_ref() == Some(&now[place]) {
                continue;
            }
            let result = self.results.keep(place);
            self.result_of[row as usize] = result;
            let mut push = |kind, result| changes.push(Change { kind, row, result });
            if held == NONE {
                push(RowKind::Insert, result);
            } else {
                outdated.push(held);
                push(RowKind::UpdateBefore, held);
                push(RowKind::UpdateAfter, result);
            }
        }
        self.results.close()
    }

    fn finish(&mut self, pending: &Pending) -> Result<(), Error> {
        self.results.release(&pending.outdated)?;
        self.table.finish_round(&pending.touched)
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
            let results: Vec<u32> = part.iter().map(|change| change.result).collect();
            let mut columns: Vec<ArrayRef> = self.table.rows().gather(&rows)?.columns().to_vec();
            columns.extend_from_slice(self.results.gather(&results)?.columns());
            let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)?;
            let kinds = part.iter().map(|change| change.kind).collect();
            out.chunk(Chunk {
                batch,
                kinds: Some(kinds),
            });
            pending.sent += length;
        }
        if pending.sent < pending.changes.len() {
            self.pending = Some(pending);
            return Ok(());
        }
        self.finish(&pending)
    }
}

impl Operator for OverByColumns {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let pending = self.apply(&chunk)?;
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
        self.expiry
            .sweep(now_ms, |looks, moment| table.sweep(looks, moment))?;
        self.let_expired_go()
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            state_bytes: self.table.size_bytes() + self.results.size_bytes(),
            ..Gauges::default()
        }
    }
}
