//! Aggregates by key without a window: the results of a key are sent anew whenever rows change them.
//!
//! A chunk is taken in as a whole, and each key that it touches sends at most one change: an insert with its first
//! row, an update where results differ, a delete with its last row. As in Flink, a row that takes back from a key
//! without rows is passed over.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::{Field, Schema, SchemaRef};
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use dataflow::{Chunk, Epoch, Error};
use graph::{AggregateCall, Expr};
use model::{DataType, RowKind, TypeKind};
use state::{Extent, GroupTable, Moment, OperatorSnapshot};

use super::Build;
use super::results::stayed;
use super::window_aggregate::{Calls, accumulators};
use crate::exchange::take_rows;
use crate::expiry::Expiry;
use crate::expression::{Frame, arrow_error};
use crate::operator::{Gauges, Operator, Output};

/// The table's name in snapshots.
const GROUPS: &str = "groups";

pub(super) struct GroupAggregate {
    calls: Calls,
    table: GroupTable,
    schema: SchemaRef,
    expiry: Expiry,
    /// Whether somebody wants to know what a row was before an update.
    sends_before: bool,
    numbers: Vec<u32>,
    groups: Vec<u32>,
    /// By number of a key: one more than its place among the keys touched by the chunk at hand, or zero.
    places: Vec<u32>,
}

/// A key that a chunk touches.
struct Touched {
    number: u32,
    /// Its first row in the chunk.
    row: u32,
    /// Its group before the chunk, if it had rows.
    before: Option<u32>,
}

impl GroupAggregate {
    pub fn new(
        build: &Build<'_>,
        keys: &[usize],
        aggregates: &[AggregateCall],
    ) -> Result<GroupAggregate, Error> {
        let input = build.input()?;
        let keys: Vec<Expr> = keys
            .iter()
            .map(|key| Expr::column(*key, input.fields[*key].data_type.clone()))
            .collect();
        let mut operator = GroupAggregate {
            calls: Calls::new(&keys, aggregates, build.context),
            table: GroupTable::new(
                Calls::codec(&keys)?,
                accumulators(aggregates),
                state_schema(&keys, aggregates),
                build.options.key_groups,
                build.state_budget(),
            ),
            schema: build.node.schema.arrow(),
            expiry: build.expiry(0),
            sends_before: build.node.changelog.update_before,
            numbers: Vec::new(),
            groups: Vec::new(),
            places: Vec::new(),
        };
        let moment = operator.expiry.moment();
        for (number, (_, batches)) in build.restored_groups(GROUPS).enumerate() {
            let mut batches = batches.iter();
            batches.try_for_each(|batch| operator.table.restore(batch, moment))?;
            if number == 0 {
                operator.table.expect(build.expected(operator.table.held()));
            }
        }
        Ok(operator)
    }

    /// Counts the rows for their keys, and finds the group of each. Gives the keys touched, the groups that lost
    /// their last row, and the rows that count, if not all do.
    fn assign(&mut self, chunk: &Chunk, moment: Moment) -> (Vec<Touched>, Vec<u32>, Option<Vec<u32>>) {
        let mut touched: Vec<Touched> = Vec::new();
        let mut emptied = Vec::new();
        let mut kept: Option<Vec<u32>> = None;
        self.groups.clear();
        for (row, &number) in self.numbers.iter().enumerate() {
            let place = &mut self.places[number as usize];
            if *place == 0 {
                emptied.extend(self.table.expire(number, moment));
                touched.push(Touched {
                    number,
                    row: row as u32,
                    before: self.table.group(number),
                });
                *place = touched.len() as u32;
            }
            let group = if chunk.kind(row).is_addition() {
                Some(self.table.add_row(number))
            } else {
                let group = self.table.take_row(number);
                if self.table.group(number).is_none() {
                    emptied.extend(group);
                }
                group
            };
            match group {
                Some(group) => {
                    self.groups.push(group);
                    if let Some(kept) = &mut kept {
                        kept.push(row as u32);
                    }
                }
                None => {
                    kept.get_or_insert_with(|| (0..row as u32).collect());
                }
            }
        }
        for key in &touched {
            self.places[key.number as usize] = 0;
        }
        self.table.touch(touched.iter().map(|key| key.number), moment);
        (touched, emptied, kept)
    }

    fn take_in(&mut self, chunk: &Chunk, frame: &Frame, kept: Option<Vec<u32>>) -> Result<(), Error> {
        let aggregates = &mut self.table.aggregates;
        match kept {
            None => self.calls.update(aggregates, &self.groups, chunk, frame),
            Some(kept) => {
                let chunk = take_rows(chunk, &UInt32Array::from(kept))?;
                let frame = Frame::new(&chunk.batch);
                self.calls.update(aggregates, &self.groups, &chunk, &frame)
            }
        }
    }

    /// The results of keys before a chunk and after it, as changes.
    fn changes(
        &self,
        touched: &[Touched],
        before: &[ArrayRef],
        keys: &[ArrayRef],
    ) -> Result<Option<Chunk>, Error> {
        let now = |key: &Touched| self.table.group(key.number);
        let after = UInt32Array::from_iter_values(touched.iter().filter_map(now));
        let after = self.table.aggregates.evaluate(&after)?;
        let stayed = self.stayed(touched, before, &after)?;

        let mut rows: Vec<u32> = Vec::new();
        let mut results: Vec<(usize, usize)> = Vec::new();
        let mut kinds: Vec<RowKind> = Vec::new();
        let mut change = |key: &Touched, kind: RowKind, result: (usize, usize)| {
            rows.push(key.row);
            results.push(result);
            kinds.push(kind);
        };
        let (mut old, mut new, mut both) = (0, 0, 0);
        for key in touched {
            match (key.before.is_some(), now(key).is_some()) {
                (true, true) => {
                    // Where state expires, whoever reads this must learn that the key is still alive.
                    let is_same = stayed.as_ref().is_some_and(|stayed| stayed.value(both));
                    if !is_same || self.expiry.is_on() {
                        if self.sends_before {
                            change(key, RowKind::UpdateBefore, (0, old));
                        }
                        change(key, RowKind::UpdateAfter, (1, new));
                    }
                    both += 1;
                }
                (true, false) => change(key, RowKind::Delete, (0, old)),
                (false, true) => change(key, RowKind::Insert, (1, new)),
                (false, false) => {}
            }
            old += usize::from(key.before.is_some());
            new += usize::from(now(key).is_some());
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let count = rows.len();
        let rows = UInt32Array::from(rows);
        let mut columns = Vec::with_capacity(keys.len() + before.len());
        for key in keys {
            columns.push(take(key.as_ref(), &rows, None).map_err(arrow_error)?);
        }
        for (before, after) in before.iter().zip(&after) {
            let sides = [before.as_ref(), after.as_ref()];
            columns.push(interleave(&sides, &results).map_err(arrow_error)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        let all_inserts = kinds.iter().all(|kind| *kind == RowKind::Insert);
        Ok(Some(Chunk {
            batch: batch.map_err(arrow_error)?,
            kinds: (!all_inserts).then(|| kinds.into()),
        }))
    }

    /// Which of the keys that had rows and have rows have the same results; `None` if nobody can tell.
    fn stayed(
        &self,
        touched: &[Touched],
        before: &[ArrayRef],
        after: &[ArrayRef],
    ) -> Result<Option<BooleanArray>, Error> {
        let (mut old, mut new) = (0u32, 0u32);
        let (mut old_rows, mut new_rows) = (Vec::new(), Vec::new());
        for key in touched {
            let is_there = self.table.group(key.number).is_some();
            if key.before.is_some() && is_there {
                old_rows.push(old);
                new_rows.push(new);
            }
            old += u32::from(key.before.is_some());
            new += u32::from(is_there);
        }
        let (old_rows, new_rows) = (UInt32Array::from(old_rows), UInt32Array::from(new_rows));
        let rows_of = |columns: &[ArrayRef], rows: &UInt32Array| -> Result<Vec<ArrayRef>, Error> {
            columns.iter().map(|column| select(column, rows)).collect()
        };
        stayed(
            &rows_of(before, &old_rows)?,
            &rows_of(after, &new_rows)?,
            old_rows.len(),
        )
    }
}

/// Rows of a column; the column itself where they are all of it.
fn select(column: &ArrayRef, rows: &UInt32Array) -> Result<ArrayRef, Error> {
    if rows.len() == column.len() {
        // They count up: these are all rows in their order.
        return Ok(column.clone());
    }
    take(column.as_ref(), rows, None).map_err(arrow_error)
}

/// Of rows of snapshots: keys, state columns, the number of rows, when they last changed.
fn state_schema(keys: &[Expr], aggregates: &[AggregateCall]) -> SchemaRef {
    let mut types: Vec<DataType> = keys.iter().map(Expr::data_type).collect();
    types.extend(aggregates.iter().flat_map(|call| call.state_types.clone()));
    types.extend([TypeKind::BigInt.not_null(), TypeKind::BigInt.not_null()]);
    let fields: Vec<Field> = types
        .iter()
        .enumerate()
        .map(|(number, data_type)| Field::new(number.to_string(), data_type.arrow(), data_type.nullable))
        .collect();
    Arc::new(Schema::new(fields))
}

impl Operator for GroupAggregate {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let frame = Frame::new(&chunk.batch);
        let (key_columns, keys) = self.calls.keys(&frame, self.table.codec())?;
        let moment = self.expiry.moment();
        self.numbers.clear();
        self.table
            .numbers(&keys, &key_columns, chunk.rows(), moment, &mut self.numbers)?;
        self.places.resize(self.table.numbers_high(), 0);
        let (touched, emptied, kept) = self.assign(&chunk, moment);
        self.table.aggregates.make_room();
        let before = UInt32Array::from_iter_values(touched.iter().filter_map(|key| key.before));
        let before = self.table.aggregates.evaluate(&before)?;
        self.take_in(&chunk, &frame, kept)?;
        if let Some(changes) = self.changes(&touched, &before, &key_columns)? {
            out.chunk(changes);
        }
        self.table.aggregates.remove_groups(&emptied);
        let numbers = touched.iter().map(|key| key.number);
        let gone: Vec<u32> = numbers
            .filter(|number| self.table.group(*number).is_none())
            .collect();
        self.table.forget(&gone)
    }

    fn next_tick_ms(&self) -> Option<i64> {
        self.expiry.next_tick_ms(self.table.has_ages())
    }

    fn tick(&mut self, now_ms: i64, _out: &mut Output) -> Result<(), Error> {
        let table = &mut self.table;
        self.expiry
            .sweep(now_ms, |looks, moment| table.sweep(looks, moment))
    }

    fn snapshot(&mut self, _epoch: Epoch, extent: Extent) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let table = self.table.snapshot(extent)?;
        snapshot.tables.insert(GROUPS.to_string(), table);
        Ok(snapshot)
    }

    fn gauges(&self) -> Gauges {
        Gauges {
            state_bytes: self.table.size_bytes(),
            ..Gauges::of_tier(self.table.tier())
        }
    }
}
