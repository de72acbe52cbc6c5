//! Snapshots of rows that wait by their time.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch};
use arrow_schema::{Field, Schema, SchemaRef};
use dataflow::Error;
use state::{KeyChanges, OperatorSnapshot, SNAPSHOT_ROWS_MAX, TableSnapshot, TimedRows};

use super::TABLES;
use super::stage::Stage;
use crate::expression::arrow_error;
use crate::operators::Build;

/// The table of timers.
const TIMERS: &str = "timers";

/// All of the table, or what belongs to keys that have changed.
pub(super) fn snapshot(
    table: &TimedRows,
    changes: Option<&KeyChanges>,
    stage: &Stage,
) -> Result<OperatorSnapshot, Error> {
    let mut snapshot = OperatorSnapshot::default();
    for (input, name) in TABLES.iter().enumerate() {
        let rows = rows_snapshot(
            table,
            changes,
            input,
            &stage.schemas[input],
            &stage.keys[input],
            stage.key_groups,
        )?;
        snapshot.tables.insert((*name).to_string(), rows);
    }
    let timers = timers_snapshot(table, changes, stage.key_groups)?;
    snapshot.tables.insert(TIMERS.to_string(), timers);
    Ok(snapshot)
}

/// Fills the table with what belongs to a shard.
pub(super) fn restore(table: &mut TimedRows, build: &Build<'_>, stage: &Stage) -> Result<(), Error> {
    let width = stage.keys[0].len();
    for (input, name) in TABLES.iter().enumerate() {
        for batch in build.restored(name) {
            let own = batch.num_columns() - 2;
            let keys = table
                .keys(&batch.columns()[..width], batch.num_rows())
                .map_err(arrow_error)?;
            let times = batch.column(own).as_primitive::<Int64Type>().values();
            let matched = batch.column(own + 1).as_boolean();
            let columns = batch.columns()[width..own].to_vec();
            let rows = RecordBatch::try_new(stage.schemas[input].clone(), columns).map_err(arrow_error)?;
            table.open(input, &rows);
            for (row, key) in keys.into_iter().enumerate() {
                table.add(input, key, times[row], row, matched.value(row));
            }
            table.close(input)?;
        }
    }
    for batch in build.restored(TIMERS) {
        let keys = table
            .keys(&batch.columns()[..width], batch.num_rows())
            .map_err(arrow_error)?;
        let times = batch.column(width).as_primitive::<Int64Type>().values();
        let right = batch.column(width + 1).as_boolean();
        for (row, key) in keys.into_iter().enumerate() {
            table.set_timer(usize::from(right.value(row)), key, times[row]);
        }
    }
    Ok(())
}

/// A table of a snapshot that is yet to be filled; of changes, it says which keys they are of.
fn begin(table: &TimedRows, changes: Option<&KeyChanges>, key_groups: u16) -> Result<TableSnapshot, Error> {
    let Some(changes) = changes else {
        return Ok(TableSnapshot::default());
    };
    let mut snapshot = TableSnapshot::of_changes();
    let names = (0..table.codec().types().len()).map(column_name);
    changes.tell(&mut snapshot, names, table.key_set(), table.codec(), key_groups)?;
    Ok(snapshot)
}

fn rows_snapshot(
    table: &TimedRows,
    changes: Option<&KeyChanges>,
    input: usize,
    schema: &SchemaRef,
    keys: &[usize],
    key_groups: u16,
) -> Result<TableSnapshot, Error> {
    let mut snapshot = begin(table, changes, key_groups)?;
    let all: Vec<usize> = (0..schema.fields().len()).collect();
    // From the earliest on, so that rows of one time keep their order when they are added again.
    let mut numbers = table.all(input, changes);
    numbers.reverse();
    for rows in numbers.chunks(SNAPSHOT_ROWS_MAX) {
        let values = table.gather(input, &all, rows)?;
        let mut columns: Vec<ArrayRef> = keys.iter().map(|&key| values[key].clone()).collect();
        columns.extend(values);
        let waiting = || rows.iter().map(|&row| table.row(row));
        columns.push(Arc::new(Int64Array::from_iter_values(
            waiting().map(|row| row.time_ms),
        )));
        columns.push(Arc::new(
            waiting().map(|row| Some(row.matched)).collect::<BooleanArray>(),
        ));
        snapshot.add(&unnamed(columns)?, keys.len(), key_groups)?;
    }
    Ok(snapshot)
}

fn timers_snapshot(
    table: &TimedRows,
    changes: Option<&KeyChanges>,
    key_groups: u16,
) -> Result<TableSnapshot, Error> {
    let mut snapshot = begin(table, changes, key_groups)?;
    let is_meant = |key: u32| changes.is_none_or(|changes| changes.numbers.binary_search(&key).is_ok());
    let timers: Vec<(i64, u32, usize)> = table.all_timers().filter(|(_, key, _)| is_meant(*key)).collect();
    for part in timers.chunks(SNAPSHOT_ROWS_MAX) {
        let keys: Vec<u32> = part.iter().map(|(_, key, _)| *key).collect();
        let mut columns = table
            .key_set()
            .columns(table.codec(), &keys)
            .map_err(arrow_error)?;
        let key_columns = columns.len();
        columns.push(Arc::new(Int64Array::from_iter_values(
            part.iter().map(|(time_ms, _, _)| *time_ms),
        )));
        let right = part.iter().map(|(_, _, input)| Some(*input == 1));
        columns.push(Arc::new(right.collect::<BooleanArray>()));
        snapshot.add(&unnamed(columns)?, key_columns, key_groups)?;
    }
    Ok(snapshot)
}

fn column_name(index: usize) -> String {
    format!("c{index}")
}

/// Columns of a snapshot, named by their places.
fn unnamed(columns: Vec<ArrayRef>) -> Result<RecordBatch, Error> {
    let fields: Vec<Field> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| Field::new(column_name(index), column.data_type().clone(), true))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(arrow_error)
}
