//! Snapshots of a [`MatchTable`]: rows that wait, and of each key the rows taken, their links and the runs.
//!
//! Rows and links are told apart by numbers that count within a key only: what comes from several shards may use
//! the same ones.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch};
use arrow_schema::{Field, Schema};
use dataflow::Error;

use super::{MatchTable, NOT_BEGUN, Run, RunQueue};
use crate::ranked::{restored_rows, snapshot_rows};
use crate::slices::arrow_error;
use crate::{NO_ROW, OperatorSnapshot, SNAPSHOT_ROWS_MAX, TableSnapshot};

/// The tables' names in snapshots.
const WAITING: &str = "waiting";
const TAKEN: &str = "taken";
const LINKS: &str = "links";
const RUNS: &str = "runs";

impl MatchTable {
    pub fn snapshot(&self, key_groups: u16) -> Result<OperatorSnapshot, Error> {
        let mut snapshot = OperatorSnapshot::default();
        let waiting: Vec<u32> = self.waiting.values().map(|(_, row)| *row).collect();
        let waiting = snapshot_rows(&self.rows.store, &waiting, &self.key_columns, key_groups)?;
        let (mut taken, mut links, mut runs) = (Vec::new(), Vec::new(), Vec::new());
        for (key, group) in self.groups.iter().enumerate() {
            let key = key as u32;
            let (mut seen_rows, mut seen_links) = (HashSet::new(), HashSet::new());
            for (queue, is_completed) in [(&group.partial, false), (&group.completed, true)] {
                for (place, run) in queue.runs().iter().enumerate() {
                    runs.push((key, place as i64, is_completed, *run));
                    // The first links before those that stand on them.
                    let mut own = Vec::new();
                    let mut at = run.link;
                    while at != NO_ROW && seen_links.insert(at) {
                        own.push((key, at));
                        let link = self.chains.link(at);
                        if seen_rows.insert(link.row) {
                            taken.push(link.row);
                        }
                        at = link.before;
                    }
                    links.extend(own.into_iter().rev());
                }
            }
        }
        let tables = [
            (WAITING, waiting),
            (TAKEN, self.snapshot_taken(&taken, key_groups)?),
            (LINKS, self.snapshot_links(&links, key_groups)?),
            (RUNS, self.snapshot_runs(&runs, key_groups)?),
        ];
        for (name, table) in tables {
            snapshot.tables.insert(name.to_string(), table);
        }
        Ok(snapshot)
    }

    /// Key columns, the number of the row, all its columns.
    fn snapshot_taken(&self, rows: &[u32], key_groups: u16) -> Result<TableSnapshot, Error> {
        let mut table = TableSnapshot::default();
        for part in rows.chunks(SNAPSHOT_ROWS_MAX) {
            let batch = self.rows.gather(part)?;
            let mut columns: Vec<ArrayRef> = self
                .key_columns
                .iter()
                .map(|column| batch.column(*column).clone())
                .collect();
            columns.push(longs(part.iter().map(|row| self.rows.number(*row) as i64)));
            columns.extend_from_slice(batch.columns());
            table.add(&numbered(columns)?, self.key_columns.len(), key_groups)?;
        }
        Ok(table)
    }

    /// Key columns, the number of the link and of the one before, the variable, the number of the row.
    fn snapshot_links(&self, links: &[(u32, u32)], key_groups: u16) -> Result<TableSnapshot, Error> {
        let mut table = TableSnapshot::default();
        for part in links.chunks(SNAPSHOT_ROWS_MAX) {
            let keys: Vec<u32> = part.iter().map(|(key, _)| *key).collect();
            let links = || part.iter().map(|(_, link)| self.chains.link(*link));
            let mut columns = self.keys.columns(&self.codec, &keys).map_err(arrow_error)?;
            columns.push(longs(part.iter().map(|(_, link)| i64::from(*link))));
            columns.push(places(links().map(|link| link.before)));
            columns.push(Arc::new(Int32Array::from_iter_values(
                links().map(|link| link.variable as i32),
            )));
            columns.push(longs(links().map(|link| self.rows.number(link.row) as i64)));
            table.add(&numbered(columns)?, self.key_columns.len(), key_groups)?;
        }
        Ok(table)
    }

    /// Key columns, the place in the queue, whether that is the one of completed runs, the state, the link, the
    /// number and the time of the first row.
    fn snapshot_runs(&self, runs: &[(u32, i64, bool, Run)], key_groups: u16) -> Result<TableSnapshot, Error> {
        let mut table = TableSnapshot::default();
        for part in runs.chunks(SNAPSHOT_ROWS_MAX) {
            let keys: Vec<u32> = part.iter().map(|(key, ..)| *key).collect();
            let runs = || part.iter().map(|(.., run)| run);
            let mut columns = self.keys.columns(&self.codec, &keys).map_err(arrow_error)?;
            columns.push(longs(part.iter().map(|(_, place, ..)| *place)));
            let completed: Vec<bool> = part.iter().map(|(_, _, completed, _)| *completed).collect();
            columns.push(Arc::new(BooleanArray::from(completed)));
            columns.push(Arc::new(Int32Array::from_iter_values(
                runs().map(|run| run.state as i32),
            )));
            columns.push(places(runs().map(|run| run.link)));
            columns.push(Arc::new(Int64Array::from_iter(
                runs().map(|run| (run.start != NOT_BEGUN).then_some(run.start as i64)),
            )));
            columns.push(longs(runs().map(|run| run.start_ms)));
            table.add(&numbered(columns)?, self.key_columns.len(), key_groups)?;
        }
        Ok(table)
    }

    /// Takes in what [`MatchTable::snapshot`] gave; `batches` gives those of a table, `times` the times of rows.
    pub fn restore<I: Iterator<Item = RecordBatch>>(
        &mut self,
        batches: impl Fn(&str) -> I,
        times: impl Fn(&RecordBatch) -> Result<Vec<i64>, Error>,
    ) -> Result<(), Error> {
        let width = self.key_columns.len();
        let mut rows: HashMap<(u32, i64), u32> = HashMap::new();
        for batch in batches(TAKEN) {
            let keys = self
                .numbers(&batch.columns()[..width], batch.num_rows())
                .map_err(arrow_error)?;
            let numbers = batch.column(width).as_primitive::<Int64Type>();
            let taken = restored_rows(&self.rows.store, &batch, width + 1)?;
            let times = times(&taken)?;
            self.rows.open(&taken);
            for (place, key) in keys.into_iter().enumerate() {
                let row = self.rows.keep(place, times[place]);
                self.rows.restore(row, numbers.value(place) as u64);
                rows.insert((key, numbers.value(place)), row);
            }
            self.rows.close()?;
        }
        let links = self.restore_links(batches(LINKS), &rows)?;
        // Links stand on the rows from now on.
        for row in rows.into_values() {
            self.rows.release(row);
        }
        self.rows.let_go()?;
        self.restore_runs(batches(RUNS), &links)?;
        for batch in batches(WAITING) {
            let waiting = restored_rows(&self.rows.store, &batch, width)?;
            self.add(&waiting, &times(&waiting)?, |_, _| true)?;
        }
        Ok(())
    }

    fn restore_links(
        &mut self,
        batches: impl Iterator<Item = RecordBatch>,
        rows: &HashMap<(u32, i64), u32>,
    ) -> Result<HashMap<(u32, i64), u32>, Error> {
        let width = self.key_columns.len();
        let mut links = HashMap::new();
        for batch in batches {
            let keys = self
                .numbers(&batch.columns()[..width], batch.num_rows())
                .map_err(arrow_error)?;
            let numbers = batch.column(width).as_primitive::<Int64Type>();
            let before = batch.column(width + 1).as_primitive::<Int64Type>();
            let variables = batch.column(width + 2).as_primitive::<Int32Type>();
            let taken = batch.column(width + 3).as_primitive::<Int64Type>();
            for (place, key) in keys.into_iter().enumerate() {
                let before = match before.is_valid(place) {
                    true => known(&links, key, before.value(place))?,
                    false => NO_ROW,
                };
                let row = known(rows, key, taken.value(place))?;
                let variable = variables.value(place) as u32;
                let link = self.chains.take(row, variable, before, &mut self.rows);
                links.insert((key, numbers.value(place)), link);
            }
        }
        Ok(links)
    }

    fn restore_runs(
        &mut self,
        batches: impl Iterator<Item = RecordBatch>,
        links: &HashMap<(u32, i64), u32>,
    ) -> Result<(), Error> {
        let width = self.key_columns.len();
        let mut queues: BTreeMap<(u32, bool), BTreeMap<i64, Run>> = BTreeMap::new();
        for batch in batches {
            let keys = self
                .numbers(&batch.columns()[..width], batch.num_rows())
                .map_err(arrow_error)?;
            let places = batch.column(width).as_primitive::<Int64Type>();
            let completed = batch.column(width + 1).as_boolean();
            let states = batch.column(width + 2).as_primitive::<Int32Type>();
            let ends = batch.column(width + 3).as_primitive::<Int64Type>();
            let starts = batch.column(width + 4).as_primitive::<Int64Type>();
            let times = batch.column(width + 5).as_primitive::<Int64Type>();
            for (place, key) in keys.into_iter().enumerate() {
                let link = match ends.is_valid(place) {
                    true => known(links, key, ends.value(place))?,
                    false => NO_ROW,
                };
                if link != NO_ROW {
                    self.chains.lock(link);
                }
                let run = Run {
                    state: states.value(place) as u32,
                    link,
                    start: match starts.is_valid(place) {
                        true => starts.value(place) as u64,
                        false => NOT_BEGUN,
                    },
                    start_ms: times.value(place),
                };
                let queue = queues.entry((key, completed.value(place))).or_default();
                queue.insert(places.value(place), run);
            }
        }
        for ((key, is_completed), runs) in queues {
            let queue = RunQueue::restored(runs.into_values().collect());
            let group = &mut self.groups[key as usize];
            match is_completed {
                true => group.completed = queue,
                false => group.partial = queue,
            }
        }
        Ok(())
    }

    /// All runs that have not come to their end, with their keys.
    pub fn partial_runs(&self) -> impl Iterator<Item = (u32, &Run)> {
        let groups = self.groups.iter().enumerate();
        groups.flat_map(|(key, group)| group.partial.runs().iter().map(move |run| (key as u32, run)))
    }
}

fn known(numbers: &HashMap<(u32, i64), u32>, key: u32, number: i64) -> Result<u32, Error> {
    let found = numbers.get(&(key, number)).copied();
    found.ok_or_else(|| Error::internal("a snapshot of matches lacks a row that it speaks of"))
}

fn longs(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// NULL for none.
fn places(values: impl Iterator<Item = u32>) -> ArrayRef {
    Arc::new(Int64Array::from_iter(
        values.map(|value| (value != NO_ROW).then_some(i64::from(value))),
    ))
}

fn numbered(columns: Vec<ArrayRef>) -> Result<RecordBatch, Error> {
    let fields: Vec<Field> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| Field::new(format!("c{at}"), column.data_type().clone(), true))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(arrow_error)
}
