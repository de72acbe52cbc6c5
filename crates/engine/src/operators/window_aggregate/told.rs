//! The results that were told of windows, so that they can be taken back.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::{DataType as ArrowType, Field, Schema, SchemaRef};
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use dataflow::{Chunk, Error};
use model::RowKind;
use state::{NO_ROW, RowStore, SNAPSHOT_ROWS_MAX, SliceTable, TableSnapshot};

use crate::expression::arrow_error;
use crate::operators::Build;
use crate::operators::results::stayed;

pub(super) struct Told {
    /// Results, and the properties of windows as they were told with them.
    rows: RowStore,
    /// By group: the row that was told of it.
    of_groups: Vec<u32>,
    /// How many of the columns held are results: properties alone change nothing.
    results: usize,
    /// Of all that is told: keys, results, properties.
    schema: SchemaRef,
    /// Whether somebody wants to know what a row was before an update.
    sends_before: bool,
}

/// What there is to tell of some keys of a window now.
pub(super) struct Current {
    pub keys: Vec<ArrayRef>,
    pub results: Vec<ArrayRef>,
    pub properties: Vec<ArrayRef>,
    /// How many rows each key has.
    pub counts: ArrayRef,
}

impl Told {
    /// The node's columns are so many keys, so many results, and the properties.
    pub fn new(build: &Build<'_>, keys: usize, results: usize) -> Told {
        let schema = build.node.schema.arrow();
        let mut fields = schema.fields()[keys..].to_vec();
        if fields.is_empty() {
            // Somebody must tell how many rows there are.
            fields.push(Arc::new(Field::new("nothing", ArrowType::Int64, false)));
        }
        Told {
            results,
            rows: RowStore::new(Arc::new(Schema::new(fields))),
            of_groups: Vec::new(),
            schema,
            sends_before: build.node.changelog.update_before,
        }
    }

    fn of(&self, group: u32) -> u32 {
        self.of_groups.get(group as usize).copied().unwrap_or(NO_ROW)
    }

    fn set(&mut self, group: u32, row: u32) {
        if self.of_groups.len() <= group as usize {
            self.of_groups.resize(group as usize + 1, NO_ROW);
        }
        self.of_groups[group as usize] = row;
    }

    /// What is different of these groups.
    pub fn tell(&mut self, current: Current, groups: &[u32]) -> Result<Option<Chunk>, Error> {
        let counts = current.counts.as_primitive::<Int64Type>().values();
        let before: Vec<u32> = groups.iter().map(|group| self.of(*group)).collect();
        let is_there = |place: usize| counts[place] > 0;
        let both: Vec<u32> = (0..groups.len() as u32)
            .filter(|place| before[*place as usize] != NO_ROW && is_there(*place as usize))
            .collect();
        let same = self.stayed(&both, &before, &current.results)?;
        let known: Vec<u32> = before.iter().copied().filter(|row| *row != NO_ROW).collect();
        let old = self.rows.gather(&known)?;

        let mut rows: Vec<u32> = Vec::new();
        let mut values: Vec<(usize, usize)> = Vec::new();
        let mut kinds: Vec<RowKind> = Vec::new();
        let mut add = |place: usize, kind: RowKind, value: (usize, usize)| {
            rows.push(place as u32);
            values.push(value);
            kinds.push(kind);
        };
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        let (mut old_row, mut both_row) = (0, 0);
        for (place, &row) in before.iter().enumerate() {
            match (row != NO_ROW, is_there(place)) {
                (true, true) => {
                    if !same.get(both_row).copied().unwrap_or(false) {
                        if self.sends_before {
                            add(place, RowKind::UpdateBefore, (0, old_row));
                        }
                        add(place, RowKind::UpdateAfter, (1, place));
                        gone.push(row);
                        kept.push(place);
                    }
                    both_row += 1;
                }
                (true, false) => {
                    add(place, RowKind::Delete, (0, old_row));
                    gone.push(row);
                    self.of_groups[groups[place] as usize] = NO_ROW;
                }
                (false, true) => {
                    add(place, RowKind::Insert, (1, place));
                    kept.push(place);
                }
                (false, false) => {}
            }
            old_row += usize::from(row != NO_ROW);
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let count = rows.len();
        let rows = UInt32Array::from(rows);
        let of_rows = |column: &ArrayRef| take(column.as_ref(), &rows, None).map_err(arrow_error);
        let mut columns = current.keys.iter().map(of_rows).collect::<Result<Vec<_>, _>>()?;
        let mut now = current.results;
        now.extend(current.properties);
        for (old, new) in old.columns().iter().zip(&now) {
            let sides = [old.as_ref(), new.as_ref()];
            columns.push(interleave(&sides, &values).map_err(arrow_error)?);
        }
        if now.is_empty() {
            now.push(Arc::new(Int64Array::from_value(0, groups.len())));
        }
        self.keep(groups, &kept, now)?;
        self.rows.release(&gone)?;
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        let all_inserts = kinds.iter().all(|kind| *kind == RowKind::Insert);
        Ok(Some(Chunk {
            batch: batch.map_err(arrow_error)?,
            kinds: (!all_inserts).then(|| kinds.into()),
        }))
    }

    /// Whether results are what was told, for those at these places.
    fn stayed(&self, places: &[u32], before: &[u32], results: &[ArrayRef]) -> Result<Vec<bool>, Error> {
        let old: Vec<u32> = places.iter().map(|place| before[*place as usize]).collect();
        let old = self.rows.gather(&old)?;
        let places = UInt32Array::from(places.to_vec());
        let new = results
            .iter()
            .map(|column| take(column.as_ref(), &places, None).map_err(arrow_error))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(
            match stayed(&old.columns()[..self.results], &new, places.len())? {
                Some(stayed) => stayed.values().iter().collect(),
                None => Vec::new(),
            },
        )
    }

    /// Holds what was told of the groups at these places.
    fn keep(&mut self, groups: &[u32], places: &[usize], columns: Vec<ArrayRef>) -> Result<(), Error> {
        let options = RecordBatchOptions::new().with_row_count(Some(groups.len()));
        let batch = RecordBatch::try_new_with_options(self.rows.schema().clone(), columns, &options);
        self.rows.open(&batch.map_err(arrow_error)?);
        for &place in places {
            let row = self.rows.keep(place);
            self.set(groups[place], row);
        }
        self.rows.close()
    }

    /// Nobody asks for these groups any more.
    pub fn forget(&mut self, groups: &[u32]) -> Result<(), Error> {
        let mut gone = Vec::new();
        for &group in groups {
            let row = self.of(group);
            if row != NO_ROW {
                gone.push(row);
                self.of_groups[group as usize] = NO_ROW;
            }
        }
        self.rows.release(&gone)
    }

    /// The keys of windows of which something was told, the results, start and end.
    pub fn snapshot(&self, windows: &SliceTable, key_groups: u16) -> Result<TableSnapshot, Error> {
        let mut snapshot = TableSnapshot::default();
        let types = windows.codec().types();
        let bigint = ArrowType::Int64;
        let results = self.rows.schema().fields().iter().map(|field| field.data_type());
        let fields: Vec<Field> = types
            .iter()
            .chain(results)
            .chain([&bigint, &bigint])
            .enumerate()
            .map(|(place, data_type)| Field::new(format!("c{place}"), data_type.clone(), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        for id in windows.slice_ids() {
            let Some(slice) = windows.get(id) else { continue };
            let told: Vec<u32> = (0..slice.groups.len() as u32)
                .filter(|number| self.of(slice.groups[*number as usize]) != NO_ROW)
                .collect();
            for part in told.chunks(SNAPSHOT_ROWS_MAX) {
                let rows: Vec<u32> = part
                    .iter()
                    .map(|number| self.of(slice.groups[*number as usize]))
                    .collect();
                let mut columns = slice.keys.columns(windows.codec(), part).map_err(arrow_error)?;
                columns.extend_from_slice(self.rows.gather(&rows)?.columns());
                columns.push(Arc::new(Int64Array::from_value(id.start, rows.len())));
                columns.push(Arc::new(Int64Array::from_value(id.end, rows.len())));
                let batch = RecordBatch::try_new(schema.clone(), columns).map_err(arrow_error)?;
                snapshot.add(&batch, types.len(), key_groups)?;
            }
        }
        Ok(snapshot)
    }

    /// Takes in a batch of [`Told::snapshot`], of rows that belong to these groups.
    pub fn restore(&mut self, batch: &RecordBatch, groups: &[u32]) -> Result<(), Error> {
        let end = batch.num_columns() - 2;
        let from = end - self.rows.schema().fields().len();
        let results = batch.columns()[from..end].to_vec();
        let all: Vec<usize> = (0..groups.len()).collect();
        self.keep(groups, &all, results)
    }

    pub fn size_bytes(&self) -> usize {
        self.rows.size_bytes() + self.of_groups.capacity() * 4
    }
}
