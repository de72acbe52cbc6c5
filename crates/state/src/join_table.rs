//! The rows of both inputs of a join by their common key.
//!
//! Keys that do not fit into the memory of the table are spilled with the rows of both inputs, and come back with the
//! next row that has them.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::{ArrowError, DataType as ArrowType, Field, Schema, SchemaRef};
use arrow_select::take::take_record_batch;
use dataflow::Error;

use crate::join_rows::{JoinChanges, JoinRows};
use crate::join_spill::{BEHIND_COLUMNS, JoinForm, rows_of};
use crate::slices::arrow_error;
use crate::spill::{Budget, KEPT_MAX, Packed, SpilledRows, Tier};
use crate::{Extent, KeyCodec, KeySet, Moment, NO_ROW, SNAPSHOT_ROWS_MAX, TableSnapshot};

/// Rows that are restored at once: so many keys come into memory before others can go.
const RESTORED_MAX: usize = 1 << 12;

pub struct JoinTable {
    codec: KeyCodec,
    keys: KeySet,
    sides: [JoinRows; 2],
    inputs: [JoinInput; 2],
    /// Of rows in snapshots, by side: the key columns, all columns, and what stands behind them.
    schemas: [SchemaRef; 2],
    key_groups: u16,
    /// Keys that may have lost their last row.
    idle: Vec<u32>,
    spill: Option<Spill>,
}

/// Where keys go that do not fit into memory.
struct Spill {
    tier: Tier,
    /// By side.
    forms: [Arc<JoinForm>; 2],
    /// By side: what was last written at this time or before is over.
    over_ms: [i64; 2],
}

/// An input of a join.
pub struct JoinInput {
    pub schema: SchemaRef,
    /// The columns of the key.
    pub keys: Vec<usize>,
    /// No row is ever taken back, nor does it expire.
    pub only_grows: bool,
    /// Each row is to know how many rows of the other input it matches.
    pub counts_matches: bool,
}

impl JoinInput {
    fn rows(&self, only_grows: bool) -> Result<JoinRows, ArrowError> {
        JoinRows::new(&self.schema, only_grows, self.counts_matches)
    }

    fn snapshot_schema(&self) -> SchemaRef {
        let all = 0..self.schema.fields().len();
        let mut fields: Vec<Field> = Vec::new();
        for column in self.keys.iter().copied().chain(all) {
            let data_type = self.schema.field(column).data_type().clone();
            fields.push(Field::new(format!("c{}", fields.len()), data_type, true));
        }
        fields.push(Field::new("count", ArrowType::UInt32, false));
        fields.push(Field::new("matches", ArrowType::UInt32, false));
        fields.push(Field::new("written", ArrowType::Int64, false));
        Arc::new(Schema::new(fields))
    }
}

impl JoinTable {
    /// Without a budget it takes the memory that it needs.
    pub fn new(
        codec: KeyCodec,
        inputs: [JoinInput; 2],
        key_groups: u16,
        budget: Option<Budget>,
    ) -> Result<JoinTable, ArrowError> {
        let [left, right] = &inputs;
        let schemas = [left.snapshot_schema(), right.snapshot_schema()];
        // Rows with the same key all stay where they are where it has no columns.
        let budget = budget.filter(|_| !codec.types().is_empty());
        let spill = match budget {
            None => None,
            Some(budget) => Some(Spill {
                tier: Tier::new(budget, key_groups),
                forms: [
                    Arc::new(JoinForm::new(0, schemas[0].clone(), left.keys.clone())?),
                    Arc::new(JoinForm::new(1, schemas[1].clone(), right.keys.clone())?),
                ],
                over_ms: [i64::MIN; 2],
            }),
        };
        Ok(JoinTable {
            keys: KeySet::new(&codec),
            codec,
            sides: [left.rows(left.only_grows)?, right.rows(right.only_grows)?],
            inputs,
            schemas,
            key_groups,
            idle: Vec::new(),
            spill,
        })
    }

    pub fn side(&self, side: usize) -> &JoinRows {
        &self.sides[side]
    }

    pub fn side_mut(&mut self, side: usize) -> &mut JoinRows {
        &mut self.sides[side]
    }

    /// The numbers of the keys and of the rows of a chunk of one side, for a round that ends with
    /// [`JoinTable::finish`]. Numbers given before may belong to others now. `moments` are those of both sides.
    pub fn begin(
        &mut self,
        side: usize,
        keys: &[ArrayRef],
        columns: &[ArrayRef],
        rows: usize,
        moments: [Moment; 2],
    ) -> Result<(Vec<u32>, Vec<u32>), Error> {
        self.make_way(side, rows)?;
        let encoded = self.codec.encode(keys).map_err(arrow_error)?;
        let mut numbers = Vec::with_capacity(rows);
        self.keys.intern(&encoded, 0..rows, &mut numbers);
        if self.tier().is_some_and(Tier::is_active) {
            self.fetch(&encoded, keys, &numbers, moments)?;
        }
        let rows = self.sides[side].begin(columns, rows, self.keys.high());
        Ok((numbers, rows.map_err(arrow_error)?))
    }

    /// Brings back what was spilled of keys that have no rows here, and notes that all of these are written.
    fn fetch(
        &mut self,
        encoded: &crate::Keys,
        columns: &[ArrayRef],
        numbers: &[u32],
        moments: [Moment; 2],
    ) -> Result<(), Error> {
        let Some(Spill { tier, forms, .. }) = &mut self.spill else {
            return Ok(());
        };
        let sides = &self.sides;
        let is_here = |number: u32| sides.iter().any(|side| side.first(number) != NO_ROW);
        let fetched = tier.fetch(self.keys.high(), encoded, columns, numbers, is_here)?;
        for (side, form) in forms.iter().enumerate() {
            let keys = fetched.numbers.iter().zip(fetched.values.iter());
            let rows = keys.flat_map(|(number, value)| rows_of(value).map(move |row| (*number, row)));
            let rows = rows.filter(|(_, (of, _))| *of == side);
            let rows: Vec<_> = rows.map(|(number, (_, row))| (number, row)).collect();
            if rows.is_empty() {
                continue;
            }
            let columns = form
                .columns(rows.iter().map(|(_, row)| row.bytes))
                .map_err(arrow_error)?;
            let held = &mut self.sides[side];
            let places = held
                .begin(&columns, rows.len(), self.keys.high())
                .map_err(arrow_error)?;
            for ((number, row), place) in rows.into_iter().zip(places) {
                for _ in 0..row.count {
                    held.add(number, place, row.matches, moments[side]);
                }
                held.restore_age(place, row.written_ms, moments[side]);
            }
            held.finish();
        }
        tier.write_all(numbers);
        Ok(())
    }

    /// Spills keys that were not used lately where so many more rows of a side do not fit.
    fn make_way(&mut self, side: usize, incoming: usize) -> Result<(), Error> {
        let table_bytes = self.table_bytes();
        let Some(Spill { tier, .. }) = &mut self.spill else {
            return Ok(());
        };
        let room = self.keys.room().min(self.sides[side].room());
        let excess = tier.excess(self.keys.len(), room, incoming, table_bytes);
        if excess == 0 {
            return Ok(());
        }
        let (is_active, keys) = (tier.is_active(), self.keys.len());
        let only_grew = !is_active && self.sides.iter().any(JoinRows::only_grows);
        // What only grows cannot give rows away one by one: all of them go at first, and rows that can be taken out
        // come back.
        let count = if only_grew { keys } else { excess };
        let sides = &self.sides;
        let numbers = tier.choose(count, &self.keys, |number| {
            sides.iter().any(|side| side.first(number) != NO_ROW)
        });
        if numbers.is_empty() {
            return Ok(());
        }
        self.keep(&numbers)?;
        if only_grew {
            for (rows, input) in self.sides.iter_mut().zip(&self.inputs) {
                *rows = input.rows(false).map_err(arrow_error)?;
            }
        } else {
            self.sides.iter_mut().for_each(|side| side.give_away(&numbers));
        }
        self.keys.give_away(&numbers);
        if let Some(Spill { tier, .. }) = &mut self.spill {
            tier.gone(&numbers);
        }
        Ok(())
    }

    /// Makes sure that the spilled rows have what these keys have.
    fn keep(&mut self, numbers: &[u32]) -> Result<(), Error> {
        let Some(Spill { tier, .. }) = &mut self.spill else {
            return Ok(());
        };
        let written = tier.written(numbers.iter().copied());
        for part in written.chunks(KEPT_MAX) {
            let mut left = Packed::default();
            let mut values = Packed::default();
            let [left_rows, right_rows] = &self.sides;
            left_rows
                .spill(part, |_, value| left.add(value))
                .map_err(arrow_error)?;
            right_rows
                .spill(part, |at, value| {
                    values.add_with(|bytes| {
                        bytes.extend_from_slice(left.get(at));
                        bytes.extend_from_slice(value);
                    });
                })
                .map_err(arrow_error)?;
            tier.keep(&self.keys, &self.codec, part, |at| values.get(at))?;
        }
        Ok(())
    }

    pub fn retract(&mut self, side: usize, key: u32, row: u32, moment: Moment) {
        if self.sides[side].retract(key, row, moment) {
            self.idle.push(key);
        }
    }

    /// Takes a row away if it is over, so that it counts from nothing when it comes again.
    pub fn expire(&mut self, side: usize, key: u32, row: u32, moment: Moment) {
        let rows = &mut self.sides[side];
        if rows.is_over(row, moment) && rows.take_out(key, row) {
            self.idle.push(key);
        }
    }

    /// Looks at some rows of one side, others each time, and forgets those that are over. Returns whether all have had
    /// their turn.
    pub fn sweep(&mut self, side: usize, looks: usize, moment: Moment) -> Result<bool, Error> {
        let is_done = self.sides[side].sweep(looks, moment, &mut self.idle);
        self.finish(side)?;
        if is_done {
            self.keys.shrink();
        }
        let Some(Spill { tier, over_ms, .. }) = &mut self.spill else {
            return Ok(is_done);
        };
        over_ms[side] = moment.over_ms;
        // What was spilled of both sides goes with the rounds of one.
        if side == 1 && over_ms[0] != i64::MIN {
            return Ok(is_done);
        }
        // A key goes with the last of its rows.
        let is_over = |value: &[u8]| rows_of(value).all(|(side, row)| row.written_ms <= over_ms[side]);
        tier.sweep(is_done, looks, is_over)
    }

    /// Whether there is anything on a side that can be over some day.
    pub fn has_ages(&self, side: usize) -> bool {
        self.sides[side].has_ages() || self.tier().is_some_and(Tier::is_active)
    }

    /// Ends a round: forgets rows and keys that are gone.
    pub fn finish(&mut self, side: usize) -> Result<(), Error> {
        self.sides[side].finish();
        if self.idle.is_empty() {
            return Ok(());
        }
        let mut idle = std::mem::take(&mut self.idle);
        idle.sort_unstable();
        idle.dedup();
        idle.retain(|key| self.sides.iter().all(|side| side.first(*key) == NO_ROW));
        if let Some(Spill { tier, .. }) = &mut self.spill {
            tier.remove(&self.keys, &self.codec, &idle)?;
        }
        idle.into_iter().for_each(|key| self.keys.remove(key));
        Ok(())
    }

    /// The rows of both sides: the key columns, all columns, how often the row is there, what it matches, and when it
    /// was last written.
    pub fn snapshot(&mut self, extent: Extent) -> Result<[TableSnapshot; 2], Error> {
        if !self.tier().is_some_and(Tier::is_active) {
            return Ok([self.side_snapshot(0, extent)?, self.side_snapshot(1, extent)?]);
        }
        let high = self.keys.high() as u32;
        let held = (0..high).filter(|key| self.sides.iter().any(|side| side.first(*key) != NO_ROW));
        self.keep(&held.collect::<Vec<_>>())?;
        let Some(Spill { tier, forms, .. }) = &mut self.spill else {
            return Err(Error::internal("a tier that is active is there"));
        };
        let (extent, view) = tier.view(extent)?;
        let side = |side: usize| {
            let rows = SpilledRows::new(forms[side].clone(), extent, view.clone());
            TableSnapshot::of_spilled(rows, Vec::new())
        };
        Ok([side(0), side(1)])
    }

    fn side_snapshot(&mut self, side: usize, extent: Extent) -> Result<TableSnapshot, Error> {
        let changes = self.sides[side].take_changes(extent);
        let rows = &self.sides[side];
        let (schema, keys) = (self.schemas[side].clone(), &self.inputs[side].keys);
        let width = self.inputs[side].schema.fields().len();
        let all: Vec<usize> = (0..width).collect();
        let told: Vec<usize> = (0..keys.len() + width).collect();
        let told = schema.project(&told).map_err(arrow_error)?;
        let mut snapshot = match &changes {
            JoinChanges::All => TableSnapshot::default(),
            JoinChanges::Since(_) => TableSnapshot::of_changes(),
            // A row is told by its values.
            JoinChanges::Of(_) => {
                let names = told.fields().iter().map(|field| field.name().clone());
                TableSnapshot::of_changes_by(names.collect())
            }
        };
        if let JoinChanges::Of(changes) = &changes {
            let told = Arc::new(told);
            for values in rows.gone_columns(changes).map_err(arrow_error)? {
                let mut columns: Vec<ArrayRef> = keys.iter().map(|&key| values[key].clone()).collect();
                columns.extend(values);
                let batch = RecordBatch::try_new(told.clone(), columns).map_err(arrow_error)?;
                snapshot.add_changed(&batch, keys.len(), self.key_groups)?;
            }
        }
        for part in rows.of_changes(&changes).chunks(SNAPSHOT_ROWS_MAX) {
            let values = rows.gather(&all, part).map_err(arrow_error)?;
            let mut columns: Vec<ArrayRef> = keys.iter().map(|&key| values[key].clone()).collect();
            columns.extend(values);
            let numbers = |of: &dyn Fn(u32) -> u32| -> ArrayRef {
                Arc::new(UInt32Array::from_iter_values(part.iter().map(|&row| of(row))))
            };
            columns.push(numbers(&|row| rows.count(row)));
            columns.push(numbers(&|row| {
                if rows.counts_matches() {
                    rows.matches(row)
                } else {
                    0
                }
            }));
            let written = part.iter().map(|&row| rows.written_ms(row));
            columns.push(Arc::new(Int64Array::from_iter_values(written)));
            let batch = RecordBatch::try_new(schema.clone(), columns).map_err(arrow_error)?;
            snapshot.add(&batch, keys.len(), self.key_groups)?;
        }
        Ok(snapshot)
    }

    /// Takes in a batch of [`JoinTable::snapshot`].
    pub fn restore(&mut self, side: usize, batch: &RecordBatch, moments: [Moment; 2]) -> Result<(), Error> {
        for from in (0..batch.num_rows()).step_by(RESTORED_MAX) {
            let rows = RESTORED_MAX.min(batch.num_rows() - from);
            self.restore_part(side, &batch.slice(from, rows), moments)?;
        }
        Ok(())
    }

    fn restore_part(&mut self, side: usize, batch: &RecordBatch, moments: [Moment; 2]) -> Result<(), Error> {
        use arrow_array::cast::AsArray;
        use arrow_array::types::{Int64Type, UInt32Type};
        let (keys, width) = (self.inputs[side].keys.len(), batch.num_columns() - BEHIND_COLUMNS);
        // Rows may be kept in another way behind it.
        self.make_way(side, batch.num_rows())?;
        let batch = match self.sides[side].only_grows() {
            true => one_by_one(batch, width).map_err(arrow_error)?,
            false => batch.clone(),
        };
        let columns = batch.columns();
        let counts = columns[width].as_primitive::<UInt32Type>().values();
        let matches = columns[width + 1].as_primitive::<UInt32Type>().values();
        let written = columns[width + 2].as_primitive::<Int64Type>().values();
        let (numbers, rows) = self.begin(
            side,
            &columns[..keys],
            &columns[keys..width],
            batch.num_rows(),
            moments,
        )?;
        let (held, moment) = (&mut self.sides[side], moments[side]);
        for (at, (key, row)) in numbers.into_iter().zip(rows).enumerate() {
            for _ in 0..counts[at] {
                held.add(key, row, matches[at], moment);
            }
            held.restore_age(row, written[at], moment);
        }
        self.finish(side)
    }

    /// In memory.
    pub fn size_bytes(&self) -> usize {
        self.table_bytes() + self.tier().map_or(0, Tier::size_bytes)
    }

    /// In memory, without what tells where spilled rows are.
    fn table_bytes(&self) -> usize {
        self.keys.size_bytes() + self.sides.iter().map(JoinRows::size_bytes).sum::<usize>()
    }

    /// What was spilled.
    pub fn tier(&self) -> Option<&Tier> {
        self.spill.as_ref().map(|spill| &spill.tier)
    }
}

/// Rows of a snapshot with every row as often as it was there, once each: what only grows keeps equal rows apart, though
/// they may have been one when the snapshot was taken.
fn one_by_one(batch: &RecordBatch, counts: usize) -> Result<RecordBatch, ArrowError> {
    use arrow_array::cast::AsArray;
    use arrow_array::types::UInt32Type;
    let times = batch.column(counts).as_primitive::<UInt32Type>().values();
    let rows = (0..batch.num_rows() as u32).zip(times);
    let rows: UInt32Array = rows
        .flat_map(|(row, &times)| std::iter::repeat_n(row, times as usize))
        .collect::<Vec<u32>>()
        .into();
    let mut columns = take_record_batch(batch, &rows)?.columns().to_vec();
    columns[counts] = Arc::new(UInt32Array::from(vec![1; rows.len()]));
    RecordBatch::try_new(batch.schema(), columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(only_grows: bool) -> JoinTable {
        let schema: SchemaRef = std::sync::Arc::new(Schema::new(vec![
            Field::new("k", ArrowType::Int64, true),
            Field::new("v", ArrowType::Int64, true),
        ]));
        let input = || JoinInput {
            schema: schema.clone(),
            keys: vec![0],
            only_grows,
            counts_matches: true,
        };
        let codec = KeyCodec::new(vec![ArrowType::Int64]).unwrap();
        JoinTable::new(codec, [input(), input()], 128, None).unwrap()
    }

    fn held(table: &JoinTable) -> Vec<(u32, u32)> {
        let mut rows = Vec::new();
        let mut row = table.side(0).first(0);
        while row != crate::NO_ROW {
            rows.push((table.side(0).count(row), table.side(0).matches(row)));
            row = table.side(0).next(row);
            assert!(rows.len() < 10, "the list has no end");
        }
        rows
    }

    #[test]
    fn equal_rows_come_back_whether_they_are_kept_apart_or_not() {
        let numbers: Vec<ArrayRef> = vec![std::sync::Arc::new(Int64Array::from(vec![7, 7, 7]))];
        let columns = vec![numbers[0].clone(), numbers[0].clone()];
        for (before, after, expected) in [
            (false, true, vec![(1, 2); 3]),
            (true, false, vec![(3, 2)]),
            (true, true, vec![(1, 2); 3]),
        ] {
            let mut old = table(before);
            let moments = [Moment::TIMELESS; 2];
            let (keys, rows) = old.begin(0, &numbers, &columns, 3, moments).unwrap();
            for (key, row) in keys.into_iter().zip(rows) {
                old.side_mut(0).add(key, row, 2, Moment::TIMELESS);
            }
            old.finish(0).unwrap();
            let [snapshot, _] = old.snapshot(Extent::Whole).unwrap();
            let mut new = table(after);
            for batch in snapshot.groups.values().flatten() {
                new.restore(0, batch, moments).unwrap();
            }
            assert_eq!(held(&new), expected);
        }
    }
}
