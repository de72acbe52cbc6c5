//! The rows of both inputs of a join by their common key.

use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::{ArrowError, DataType as ArrowType, Field, Schema, SchemaRef};
use arrow_select::take::take_record_batch;
use dataflow::Error;

use crate::join_rows::{JoinChanges, JoinRows};
use crate::slices::arrow_error;
use crate::{Extent, KeyCodec, KeySet, Moment, SNAPSHOT_ROWS_MAX, TableSnapshot};

pub struct JoinTable {
    codec: KeyCodec,
    keys: KeySet,
    sides: [JoinRows; 2],
    /// Keys that may have lost their last row.
    idle: Vec<u32>,
}

/// An input of a join.
pub struct JoinInput {
    pub schema: SchemaRef,
    /// No row is ever taken back, nor does it expire.
    pub only_grows: bool,
    /// Each row is to know how many rows of the other input it matches.
    pub counts_matches: bool,
}

impl JoinTable {
    pub fn new(codec: KeyCodec, inputs: [JoinInput; 2]) -> Result<JoinTable, ArrowError> {
        let [left, right] = inputs;
        let rows = |input: JoinInput| JoinRows::new(&input.schema, input.only_grows, input.counts_matches);
        Ok(JoinTable {
            keys: KeySet::new(&codec),
            codec,
            sides: [rows(left)?, rows(right)?],
            idle: Vec::new(),
        })
    }

    pub fn side(&self, side: usize) -> &JoinRows {
        &self.sides[side]
    }

    pub fn side_mut(&mut self, side: usize) -> &mut JoinRows {
        &mut self.sides[side]
    }

    /// The numbers of the keys and of the rows of a chunk of one side, for a round that ends with
    /// [`JoinTable::finish`].
    pub fn begin(
        &mut self,
        side: usize,
        keys: &[ArrayRef],
        columns: &[ArrayRef],
        rows: usize,
    ) -> Result<(Vec<u32>, Vec<u32>), ArrowError> {
        let encoded = self.codec.encode(keys)?;
        let mut numbers = Vec::with_capacity(rows);
        self.keys.intern(&encoded, 0..rows, &mut numbers);
        let rows = self.sides[side].begin(columns, rows, self.keys.high())?;
        Ok((numbers, rows))
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
    pub fn sweep(&mut self, side: usize, looks: usize, moment: Moment) -> bool {
        let is_done = self.sides[side].sweep(looks, moment, &mut self.idle);
        self.finish(side);
        if is_done {
            self.keys.shrink();
        }
        is_done
    }

    /// Ends a round: forgets rows and keys that are gone.
    pub fn finish(&mut self, side: usize) {
        self.sides[side].finish();
        if self.idle.is_empty() {
            return;
        }
        let mut idle = std::mem::take(&mut self.idle);
        idle.sort_unstable();
        idle.dedup();
        for key in idle {
            if self.sides.iter().all(|side| side.first(key) == crate::NO_ROW) {
                self.keys.remove(key);
            }
        }
    }

    /// The rows of one side: the key columns, all columns, how often the row is there, what it matches, and when it was
    /// last written.
    pub fn snapshot(
        &mut self,
        side: usize,
        extent: Extent,
        schema: &Schema,
        keys: &[usize],
        key_groups: u16,
    ) -> Result<TableSnapshot, Error> {
        let changes = self.sides[side].take_changes(extent);
        let rows = &self.sides[side];
        let width = schema.fields().len();
        let all: Vec<usize> = (0..width).collect();
        let mut fields: Vec<Field> = Vec::with_capacity(keys.len() + width + 3);
        for column in keys.iter().chain(&all) {
            let data_type = schema.field(*column).data_type().clone();
            fields.push(Field::new(format!("c{}", fields.len()), data_type, true));
        }
        let mut snapshot = match &changes {
            JoinChanges::All => TableSnapshot::default(),
            JoinChanges::Since(_) => TableSnapshot::of_changes(),
            // A row is told by its values.
            JoinChanges::Of(_) => {
                TableSnapshot::of_changes_by(fields.iter().map(|field| field.name().clone()).collect())
            }
        };
        if let JoinChanges::Of(changes) = &changes {
            let schema = std::sync::Arc::new(Schema::new(fields.clone()));
            for values in rows.gone_columns(changes).map_err(arrow_error)? {
                let mut columns: Vec<ArrayRef> = keys.iter().map(|&key| values[key].clone()).collect();
                columns.extend(values);
                let batch = RecordBatch::try_new(schema.clone(), columns).map_err(arrow_error)?;
                snapshot.add_changed(&batch, keys.len(), key_groups)?;
            }
        }
        fields.push(Field::new("count", ArrowType::UInt32, false));
        fields.push(Field::new("matches", ArrowType::UInt32, false));
        fields.push(Field::new("written", ArrowType::Int64, false));
        let schema = std::sync::Arc::new(Schema::new(fields));
        for part in rows.of_changes(&changes).chunks(SNAPSHOT_ROWS_MAX) {
            let values = rows.gather(&all, part).map_err(arrow_error)?;
            let mut columns: Vec<ArrayRef> = keys.iter().map(|&key| values[key].clone()).collect();
            columns.extend(values);
            let numbers = |of: &dyn Fn(u32) -> u32| -> ArrayRef {
                std::sync::Arc::new(UInt32Array::from_iter_values(part.iter().map(|&row| of(row))))
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
            columns.push(std::sync::Arc::new(Int64Array::from_iter_values(written)));
            let batch = RecordBatch::try_new(schema.clone(), columns).map_err(arrow_error)?;
            snapshot.add(&batch, keys.len(), key_groups)?;
        }
        Ok(snapshot)
    }

    /// Takes in a batch of [`JoinTable::snapshot`], of rows with so many key columns.
    pub fn restore(
        &mut self,
        side: usize,
        batch: &RecordBatch,
        keys: usize,
        moment: Moment,
    ) -> Result<(), Error> {
        use arrow_array::cast::AsArray;
        use arrow_array::types::{Int64Type, UInt32Type};
        let width = batch.num_columns() - 3;
        let batch = match self.sides[side].only_grows() {
            true => one_by_one(batch, width).map_err(arrow_error)?,
            false => batch.clone(),
        };
        let columns = batch.columns();
        let counts = columns[width].as_primitive::<UInt32Type>().values();
        let matches = columns[width + 1].as_primitive::<UInt32Type>().values();
        let written = columns[width + 2].as_primitive::<Int64Type>().values();
        let (numbers, rows) = self
            .begin(side, &columns[..keys], &columns[keys..width], batch.num_rows())
            .map_err(arrow_error)?;
        let held = &mut self.sides[side];
        for (at, (key, row)) in numbers.into_iter().zip(rows).enumerate() {
            for _ in 0..counts[at] {
                held.add(key, row, matches[at], moment);
            }
            held.restore_age(row, written[at], moment);
        }
        self.finish(side);
        Ok(())
    }

    pub fn size_bytes(&self) -> usize {
        self.keys.size_bytes() + self.sides.iter().map(JoinRows::size_bytes).sum::<usize>()
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
    columns[counts] = std::sync::Arc::new(UInt32Array::from(vec![1; rows.len()]));
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
            only_grows,
            counts_matches: true,
        };
        let codec = KeyCodec::new(vec![ArrowType::Int64]).unwrap();
        JoinTable::new(codec, [input(), input()]).unwrap()
    }

    fn rows_of(table: &JoinTable) -> Vec<(u32, u32)> {
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
            let schema = Schema::new(vec![
                Field::new("k", ArrowType::Int64, true),
                Field::new("v", ArrowType::Int64, true),
            ]);
            let (keys, rows) = old.begin(0, &numbers, &columns, 3).unwrap();
            for (key, row) in keys.into_iter().zip(rows) {
                old.side_mut(0).add(key, row, 2, Moment::TIMELESS);
            }
            old.finish(0);
            let snapshot = old.snapshot(0, Extent::Whole, &schema, &[0], 128).unwrap();
            let mut new = table(after);
            for batch in snapshot.groups.values().flatten() {
                new.restore(0, batch, 1, Moment::TIMELESS).unwrap();
            }
            assert_eq!(rows_of(&new), expected);
        }
    }
}
