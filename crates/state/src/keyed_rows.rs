//! Rows by key, in the order in which they came.
//!
//! Rows are held in Arrow's row format, their key columns in front, so that two are the same if their bytes are. Keys
//! that do not fit into the memory of the table are spilled with their rows, and come back with the next row that has
//! them.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_row::{RowConverter, SortField};
use arrow_schema::{Schema, SchemaRef};
use dataflow::Error;

use crate::row_lists::{ListAges, RowLists, read, write};
use crate::slices::arrow_error;
use crate::spill::{Budget, KEPT_MAX, Packed, SpilledRows, Tier};
use crate::{Ages, Extent, KeyCodec, KeySet, Moment, SNAPSHOT_ROWS_MAX, TableSnapshot};

/// Rows that are restored at once: so many keys come into memory before others can go.
const RESTORED_MAX: usize = 1 << 12;

/// A row as it is held.
pub type HeldRow = Box<[u8]>;

pub struct KeyedRows {
    codec: KeyCodec,
    keys: KeySet,
    converter: Arc<RowConverter>,
    /// By the number of the key.
    rows: Vec<Vec<HeldRow>>,
    ages: Ages,
    held: usize,
    row_bytes: usize,
    schema: SchemaRef,
    key_columns: Vec<usize>,
    /// All columns, those of the key first.
    order: Vec<usize>,
    key_groups: u16,
    spill: Option<Tier>,
}

impl KeyedRows {
    /// Without a budget it takes the memory that it needs.
    pub fn new(
        schema: SchemaRef,
        key_columns: &[usize],
        key_groups: u16,
        budget: Option<Budget>,
    ) -> Result<KeyedRows, Error> {
        let types = |columns: &[usize]| -> Vec<_> {
            let fields = columns.iter().map(|column| schema.field(*column));
            fields.map(|field| field.data_type().clone()).collect()
        };
        let rest = (0..schema.fields().len()).filter(|column| !key_columns.contains(column));
        let order: Vec<usize> = key_columns.iter().copied().chain(rest).collect();
        let codec = KeyCodec::new(types(key_columns)).map_err(arrow_error)?;
        let fields = types(&order).into_iter().map(SortField::new).collect();
        Ok(KeyedRows {
            keys: KeySet::new(&codec),
            codec,
            converter: Arc::new(RowConverter::new(fields).map_err(arrow_error)?),
            rows: Vec::new(),
            ages: Ages::default(),
            held: 0,
            row_bytes: 0,
            key_columns: key_columns.to_vec(),
            order,
            schema,
            key_groups,
            spill: budget
                .filter(|_| !key_columns.is_empty())
                .map(|budget| Tier::new(budget, key_groups)),
        })
    }

    /// The numbers of these rows' keys. When all rows were dealt with, call [`KeyedRows::finish`]. Numbers given before
    /// may belong to others now.
    pub fn intern(&mut self, batch: &RecordBatch, moment: Moment) -> Result<Vec<u32>, Error> {
        let columns = self
            .key_columns
            .iter()
            .map(|column| batch.column(*column).clone());
        self.intern_keys(&columns.collect::<Vec<_>>(), batch.num_rows(), moment)
    }

    fn intern_keys(&mut self, columns: &[ArrayRef], rows: usize, moment: Moment) -> Result<Vec<u32>, Error> {
        self.make_way(rows)?;
        let keys = self.codec.encode(columns).map_err(arrow_error)?;
        let mut numbers = Vec::with_capacity(rows);
        self.keys.intern(&keys, 0..rows, &mut numbers);
        if self.rows.len() < self.keys.high() {
            self.rows.resize_with(self.keys.high(), Vec::new);
        }
        if let Some(tier) = self.spill.as_mut().filter(|tier| tier.is_active()) {
            let held = &self.rows;
            let is_here = |number: u32| !held[number as usize].is_empty();
            let fetched = tier.fetch(self.keys.high(), &keys, columns, &numbers, is_here)?;
            tier.write_all(&numbers);
            for (number, value) in fetched.numbers.iter().zip(fetched.values.iter()) {
                let (written_ms, rows) = read(value);
                for row in rows {
                    self.push(*number, row.into());
                }
                self.ages.restore_one(*number, written_ms, moment);
            }
        }
        Ok(numbers)
    }

    /// Spills keys that were not used lately where so many more do not fit.
    fn make_way(&mut self, incoming: usize) -> Result<(), Error> {
        let table_bytes = self.table_bytes();
        let Some(tier) = &mut self.spill else {
            return Ok(());
        };
        let excess = tier.excess(self.keys.len(), self.keys.room(), incoming, table_bytes);
        if excess == 0 {
            return Ok(());
        }
        let rows = &self.rows;
        let numbers = tier.choose(excess, &self.keys, |number| {
            rows.get(number as usize).is_some_and(|rows| !rows.is_empty())
        });
        if numbers.is_empty() {
            return Ok(());
        }
        self.keep(&numbers)?;
        for number in &numbers {
            self.forget_rows(*number);
        }
        self.keys.give_away(&numbers);
        if let Some(tier) = &mut self.spill {
            tier.gone(&numbers);
        }
        Ok(())
    }

    /// Makes sure that the spilled rows have what these keys have.
    fn keep(&mut self, numbers: &[u32]) -> Result<(), Error> {
        let Some(tier) = &mut self.spill else {
            return Ok(());
        };
        let written = tier.written(numbers.iter().copied());
        for part in written.chunks(KEPT_MAX) {
            let mut values = Packed::default();
            for number in part {
                let written_ms = self.ages.written_ms(*number);
                let rows = self.rows[*number as usize].iter().map(|row| &row[..]);
                values.add_with(|bytes| write(written_ms, rows, bytes));
            }
            tier.keep(&self.keys, &self.codec, part, |at| values.get(at))?;
        }
        Ok(())
    }

    /// The rows of a batch as they would be held.
    pub fn encode(&self, batch: &RecordBatch) -> Result<Vec<HeldRow>, Error> {
        let columns: Vec<ArrayRef> = self
            .order
            .iter()
            .map(|column| batch.column(*column).clone())
            .collect();
        if columns.is_empty() {
            return Ok(vec![HeldRow::default(); batch.num_rows()]);
        }
        let rows = self.converter.convert_columns(&columns).map_err(arrow_error)?;
        Ok(rows.iter().map(|row| row.data().into()).collect())
    }

    /// Rows that were held, or encoded, as a batch.
    pub fn decode<'a>(&self, rows: impl ExactSizeIterator<Item = &'a HeldRow>) -> Result<RecordBatch, Error> {
        let count = rows.len();
        let parser = self.converter.parser();
        let columns = self
            .converter
            .convert_rows(rows.map(|row| parser.parse(row)))
            .map_err(arrow_error)?;
        let mut placed: Vec<Option<ArrayRef>> = vec![None; self.order.len()];
        for (column, place) in columns.into_iter().zip(&self.order) {
            placed[*place] = Some(column);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        RecordBatch::try_new_with_options(
            self.schema.clone(),
            placed.into_iter().flatten().collect(),
            &options,
        )
        .map_err(arrow_error)
    }

    pub fn rows(&self, key: u32) -> &[HeldRow] {
        &self.rows[key as usize]
    }

    /// Forgets the rows of a key if they are over: to be called before they are looked at.
    pub fn expire(&mut self, key: u32, moment: Moment) {
        if self.ages.is_over(key, moment) {
            self.clear(key);
        }
    }

    fn clear(&mut self, key: u32) {
        self.keys.note(key);
        self.forget_rows(key);
    }

    fn forget_rows(&mut self, key: u32) {
        self.ages.forget(key);
        let rows = std::mem::take(&mut self.rows[key as usize]);
        self.held -= rows.len();
        self.row_bytes -= rows.iter().map(|row| row.len()).sum::<usize>();
    }

    /// Notes that a key is written.
    pub fn touch(&mut self, key: u32, moment: Moment) {
        self.keys.note(key);
        self.ages.touch(key, moment);
    }

    /// Looks at some keys, others each time, and forgets those that are over. Returns whether all have had their turn.
    pub fn sweep(&mut self, looks: usize, moment: Moment) -> Result<bool, Error> {
        let mut over = Vec::new();
        let is_done = self.ages.sweep(looks, moment, &mut over);
        over.iter().for_each(|key| self.clear(*key));
        self.finish(over)?;
        if is_done {
            self.keys.shrink();
        }
        match &mut self.spill {
            None => Ok(is_done),
            Some(tier) => tier.sweep(is_done, looks, |value| read(value).0 <= moment.over_ms),
        }
    }

    pub fn has_ages(&self) -> bool {
        !self.ages.is_empty() || self.tier().is_some_and(Tier::is_active)
    }

    /// Takes in what [`KeyedRows::snapshot`] gave, once the rows are there.
    pub fn restore_ages(&mut self, batch: &RecordBatch, moment: Moment) -> Result<(), Error> {
        for from in (0..batch.num_rows()).step_by(RESTORED_MAX) {
            let part = batch.slice(from, RESTORED_MAX.min(batch.num_rows() - from));
            let keys = &part.columns()[..self.key_columns.len()];
            let numbers = self.intern_keys(keys, part.num_rows(), moment)?;
            self.ages.restore_numbers(&numbers, &part, moment);
            self.finish(numbers)?;
        }
        Ok(())
    }

    /// Adds a row behind those of its key.
    pub fn push(&mut self, key: u32, row: HeldRow) {
        self.held += 1;
        self.row_bytes += row.len();
        self.rows[key as usize].push(row);
        self.keys.note(key);
    }

    /// Takes out one of the rows of a key.
    pub fn remove(&mut self, key: u32, place: usize) -> HeldRow {
        let row = self.rows[key as usize].remove(place);
        self.held -= 1;
        self.row_bytes -= row.len();
        self.keys.note(key);
        row
    }

    /// Forgets those of these keys that have no row.
    pub fn finish(&mut self, mut numbers: Vec<u32>) -> Result<(), Error> {
        numbers.retain(|key| self.rows[*key as usize].is_empty());
        numbers.sort_unstable();
        numbers.dedup();
        if let Some(tier) = &mut self.spill {
            tier.remove(&self.keys, &self.codec, &numbers)?;
        }
        for key in numbers {
            self.rows[key as usize] = Vec::new();
            self.ages.forget(key);
            self.keys.remove(key);
        }
        Ok(())
    }

    /// The rows, the columns of their key in front, and when keys were last written.
    pub fn snapshot(&mut self, extent: Extent) -> Result<[TableSnapshot; 2], Error> {
        if self.tier().is_some_and(Tier::is_active) {
            return self.spilled(extent);
        }
        let key_groups = self.key_groups;
        let unchanged = self.keys.unchanged();
        let changes = self.keys.take_changes(extent);
        let ages = self
            .ages
            .snapshot(changes.as_ref(), &self.keys, &self.codec, key_groups)?;
        let schema = self.snapshot_schema();
        let mut table = TableSnapshot::of_all(unchanged);
        let held: Vec<&HeldRow> = match changes {
            None => self.rows.iter().flatten().collect(),
            Some(changes) => {
                table = TableSnapshot::of_changes();
                let names = schema.fields()[..self.key_columns.len()].iter();
                let names = names.map(|field| field.name().clone());
                changes.tell(&mut table, names, &self.keys, &self.codec, key_groups)?;
                let rows = changes
                    .numbers
                    .iter()
                    .filter_map(|key| self.rows.get(*key as usize));
                rows.flatten().collect()
            }
        };
        for part in held.chunks(SNAPSHOT_ROWS_MAX) {
            let batch = self.decode(part.iter().copied())?;
            let columns = self.order.iter().map(|column| batch.column(*column).clone());
            let options = RecordBatchOptions::new().with_row_count(Some(part.len()));
            let batch = RecordBatch::try_new_with_options(schema.clone(), columns.collect(), &options);
            table.add(&batch.map_err(arrow_error)?, self.key_columns.len(), key_groups)?;
        }
        Ok([table, ages])
    }

    /// All columns, those of the key first.
    fn snapshot_schema(&self) -> SchemaRef {
        let fields = self.order.iter().enumerate().map(|(place, column)| {
            let field = self.schema.field(*column).clone();
            field.with_name(format!("c{place}"))
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// All that it has as spilled rows.
    fn spilled(&mut self, extent: Extent) -> Result<[TableSnapshot; 2], Error> {
        let held = (0..self.rows.len() as u32).filter(|key| !self.rows[*key as usize].is_empty());
        self.keep(&held.collect::<Vec<_>>())?;
        let schema = self.snapshot_schema();
        let types = || self.codec.types().to_vec();
        let codec = || KeyCodec::new(types()).map_err(arrow_error);
        let rows = RowLists::new(codec()?, self.converter.clone(), Vec::new(), schema);
        let ages = ListAges::new(codec()?);
        let Some(tier) = &mut self.spill else {
            return Err(Error::internal("a tier that is active is there"));
        };
        let (extent, view) = tier.view(extent)?;
        let table =
            |form| TableSnapshot::of_spilled(SpilledRows::new(form, extent, view.clone()), Vec::new());
        Ok([table(Arc::new(rows)), table(Arc::new(ages))])
    }

    /// Takes in rows of a snapshot, in which the columns of the key stand in front.
    pub fn restore(&mut self, snapshot: &RecordBatch, moment: Moment) -> Result<(), Error> {
        for from in (0..snapshot.num_rows()).step_by(RESTORED_MAX) {
            let rows = RESTORED_MAX.min(snapshot.num_rows() - from);
            self.restore_part(&snapshot.slice(from, rows), moment)?;
        }
        Ok(())
    }

    fn restore_part(&mut self, snapshot: &RecordBatch, moment: Moment) -> Result<(), Error> {
        let mut columns: Vec<Option<ArrayRef>> = vec![None; self.order.len()];
        for (column, place) in snapshot.columns().iter().zip(&self.order) {
            columns[*place] = Some(column.clone());
        }
        let options = RecordBatchOptions::new().with_row_count(Some(snapshot.num_rows()));
        let columns = columns.into_iter().flatten().collect();
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        let batch = batch.map_err(arrow_error)?;
        let numbers = self.intern(&batch, moment)?;
        for (key, row) in numbers.into_iter().zip(self.encode(&batch)?) {
            self.push(key, row);
            self.touch(key, moment);
        }
        Ok(())
    }

    /// In memory.
    pub fn size_bytes(&self) -> usize {
        self.table_bytes() + self.tier().map_or(0, Tier::size_bytes)
    }

    /// What was spilled.
    pub fn tier(&self) -> Option<&Tier> {
        self.spill.as_ref()
    }

    /// In memory, without what tells where spilled rows are.
    fn table_bytes(&self) -> usize {
        let lists = self.rows.capacity() * size_of::<Vec<HeldRow>>();
        self.keys.size_bytes()
            + self.ages.size_bytes()
            + lists
            + self.held * size_of::<HeldRow>()
            + self.row_bytes
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Int64Array, StringArray};
    use arrow_schema::{DataType, Field, Schema};

    use super::*;

    fn batch(names: &[Option<&str>], numbers: &[i64]) -> RecordBatch {
        let fields = vec![
            Field::new("name", DataType::Utf8, true),
            Field::new("number", DataType::Int64, true),
        ];
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(names.to_vec())),
            Arc::new(Int64Array::from(numbers.to_vec())),
        ];
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
    }

    #[test]
    fn rows_come_back_by_key_and_through_a_snapshot() {
        let rows = batch(&[Some("a"), None, Some("b"), Some("c")], &[1, 2, 1, 3]);
        let mut table = KeyedRows::new(rows.schema(), &[1], 128, None).unwrap();
        let numbers = table.intern(&rows, Moment::TIMELESS).unwrap();
        for (key, row) in numbers.iter().zip(table.encode(&rows).unwrap()) {
            table.push(*key, row);
        }
        let taken = table.remove(numbers[3], 0);
        assert_eq!(table.decode([&taken].into_iter()).unwrap(), rows.slice(3, 1));
        table.finish(numbers).unwrap();
        let mut restored = KeyedRows::new(rows.schema(), &[1], 128, None).unwrap();
        let [snapshot, _] = table.snapshot(Extent::Whole).unwrap();
        assert_eq!(snapshot.rows(), 3);
        for part in snapshot.groups.values().flatten() {
            restored.restore(part, Moment::TIMELESS).unwrap();
        }
        let again = restored.intern(&rows, Moment::TIMELESS).unwrap();
        let held = restored.rows(again[0]);
        assert_eq!(
            restored.decode(held.iter()).unwrap(),
            batch(&[Some("a"), Some("b")], &[1, 1])
        );
        assert_eq!(
            restored.decode(restored.rows(again[1]).iter()).unwrap(),
            rows.slice(1, 1)
        );
        assert!(restored.rows(again[3]).is_empty());
    }
}
