//! One row of each key: the last, or the first that is still waiting for its time.
//!
//! A key whose row was given out for good keeps no row any more, but is remembered.

use std::collections::BTreeMap;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use dataflow::Error;

use crate::ranked::{add_rows, key_names, restored_rows};
use crate::slices::arrow_error;
use crate::snapshot::{SNAPSHOT_ROWS_MAX, TableSnapshot};
use crate::{Ages, Extent, KeyCodec, KeySet, Moment, RowStore};

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Sole {
    time: i64,
    /// `NONE`: none yet, or given out.
    row: u32,
    /// The row of the batch at hand that is to take its place.
    next: u32,
    given_out: bool,
}

const EMPTY: Sole = Sole {
    time: i64::MIN,
    row: NONE,
    next: NONE,
    given_out: false,
};

/// A row that took the place of another.
#[derive(Debug, Clone, Copy)]
pub struct Replaced {
    pub before: Option<u32>,
    pub row: u32,
}

pub struct SoleRows {
    codec: KeyCodec,
    keys: KeySet,
    key_columns: Vec<usize>,
    rows: RowStore,
    soles: Vec<Sole>,
    ages: Ages,
    touched: Vec<u32>,
    /// Keys whose row waits, by its time; not all that stand here still do.
    waiting: BTreeMap<i64, Vec<u32>>,
}

impl SoleRows {
    pub fn new(schema: SchemaRef, key_columns: Vec<usize>) -> Result<SoleRows, Error> {
        let types = key_columns
            .iter()
            .map(|column| schema.field(*column).data_type().clone())
            .collect();
        let codec = KeyCodec::new(types).map_err(arrow_error)?;
        Ok(SoleRows {
            keys: KeySet::new(&codec),
            codec,
            key_columns,
            rows: RowStore::new(schema),
            soles: Vec::new(),
            ages: Ages::default(),
            touched: Vec::new(),
            waiting: BTreeMap::new(),
        })
    }

    pub fn rows(&self) -> &RowStore {
        &self.rows
    }

    fn numbers(&mut self, columns: &[ArrayRef], rows: usize) -> Result<Vec<u32>, Error> {
        let keys = self.codec.encode(columns).map_err(arrow_error)?;
        let mut numbers = Vec::with_capacity(rows);
        self.keys.intern(&keys, 0..rows, &mut numbers);
        self.soles.resize(self.keys.high(), EMPTY);
        Ok(numbers)
    }

    fn key_columns_of(&self, batch: &RecordBatch) -> Vec<ArrayRef> {
        self.key_columns
            .iter()
            .map(|column| batch.column(*column).clone())
            .collect()
    }

    /// The rows of a batch whose keys were not seen before. The rows themselves are not kept.
    pub fn unseen(&mut self, batch: &RecordBatch, moment: Moment) -> Result<Vec<u32>, Error> {
        let columns = self.key_columns_of(batch);
        let numbers = self.numbers(&columns, batch.num_rows())?;
        let mut rows = Vec::new();
        for (row, number) in numbers.into_iter().enumerate() {
            if self.soles[number as usize].given_out && !self.ages.is_over(number, moment) {
                continue;
            }
            self.soles[number as usize].given_out = true;
            self.keys.note(number);
            self.ages.touch(number, moment);
            rows.push(row as u32);
        }
        Ok(rows)
    }

    /// Each row takes the place of its key's row, unless it is older. What was replaced is to be let go when it
    /// was sent.
    pub fn keep_last(
        &mut self,
        batch: &RecordBatch,
        times: &[i64],
        moment: Moment,
    ) -> Result<Vec<Replaced>, Error> {
        let replaced = self.replace(batch, times, moment, |time, held| time >= held)?;
        for number in &self.touched {
            self.ages.touch(*number, moment);
        }
        Ok(replaced)
    }

    /// As [`SoleRows::keep_last`], with every row that took the place of another, in the order in which they came.
    pub fn keep_each(
        &mut self,
        batch: &RecordBatch,
        times: &[i64],
        moment: Moment,
    ) -> Result<Vec<Replaced>, Error> {
        let columns = self.key_columns_of(batch);
        let numbers = self.numbers(&columns, batch.num_rows())?;
        let mut over = Vec::new();
        for &number in &numbers {
            if self.ages.is_over(number, moment) {
                over.extend(self.expire(number));
            }
        }
        self.rows.release(&over)?;
        self.rows.open(batch);
        let mut replaced = Vec::with_capacity(batch.num_rows());
        for (row, number) in numbers.into_iter().enumerate() {
            let sole = &mut self.soles[number as usize];
            let before = (sole.row != NONE).then_some(sole.row);
            if before.is_some() && times[row] < sole.time {
                continue;
            }
            sole.row = self.rows.keep(row);
            sole.time = times[row];
            let row = sole.row;
            replaced.push(Replaced { before, row });
            self.keys.note(number);
            self.ages.touch(number, moment);
        }
        self.rows.close()?;
        Ok(replaced)
    }

    /// Each row takes the place of its key's waiting row if it is older than it. Rows that wait have no age: it begins
    /// when they are given out.
    pub fn keep_first(&mut self, batch: &RecordBatch, times: &[i64], moment: Moment) -> Result<(), Error> {
        let replaced = self.replace(batch, times, moment, |time, held| time < held)?;
        let before: Vec<u32> = replaced.iter().filter_map(|one| one.before).collect();
        self.rows.release(&before)?;
        for number in std::mem::take(&mut self.touched) {
            let time = self.soles[number as usize].time;
            self.waiting.entry(time).or_default().push(number);
        }
        Ok(())
    }

    fn replace(
        &mut self,
        batch: &RecordBatch,
        times: &[i64],
        moment: Moment,
        wins: impl Fn(i64, i64) -> bool,
    ) -> Result<Vec<Replaced>, Error> {
        let columns = self.key_columns_of(batch);
        let numbers = self.numbers(&columns, batch.num_rows())?;
        self.touched.clear();
        let mut over = Vec::new();
        for (row, number) in numbers.into_iter().enumerate() {
            if self.ages.is_over(number, moment) {
                over.extend(self.expire(number));
            }
            let sole = &mut self.soles[number as usize];
            if sole.given_out {
                continue;
            }
            let has_row = sole.row != NONE || sole.next != NONE;
            if has_row && !wins(times[row], sole.time) {
                continue;
            }
            if sole.next == NONE {
                self.touched.push(number);
            }
            sole.next = row as u32;
            sole.time = times[row];
        }
        self.rows.release(&over)?;
        self.rows.open(batch);
        let mut replaced = Vec::with_capacity(self.touched.len());
        for &number in &self.touched {
            let sole = &mut self.soles[number as usize];
            let row = self.rows.keep(sole.next as usize);
            replaced.push(Replaced {
                before: (sole.row != NONE).then_some(sole.row),
                row,
            });
            sole.row = row;
            sole.next = NONE;
            self.keys.note(number);
        }
        self.rows.close()?;
        Ok(replaced)
    }

    pub fn release(&mut self, rows: &[u32]) -> Result<(), Error> {
        self.rows.release(rows)
    }

    /// Forgets what there is of a key. Gives the row that it held.
    fn expire(&mut self, number: u32) -> Option<u32> {
        self.keys.note(number);
        self.ages.forget(number);
        let sole = std::mem::replace(&mut self.soles[number as usize], EMPTY);
        (sole.row != NONE).then_some(sole.row)
    }

    /// Looks at some keys, others each time, and forgets those that are over. Returns whether all have had their turn.
    pub fn sweep(&mut self, looks: usize, moment: Moment) -> Result<bool, Error> {
        let mut over = Vec::new();
        let is_done = self.ages.sweep(looks, moment, &mut over);
        let mut released = Vec::new();
        for number in over {
            released.extend(self.expire(number));
            self.keys.remove(number);
        }
        self.rows.release(&released)?;
        if is_done {
            self.keys.shrink();
        }
        Ok(is_done)
    }

    pub fn has_ages(&self) -> bool {
        !self.ages.is_empty()
    }

    /// The waiting rows whose time has come, oldest first: they are given out, and to be let go when they were
    /// sent.
    pub fn give_out(&mut self, until: i64, moment: Moment) -> Vec<u32> {
        let mut due = Vec::new();
        while let Some(entry) = self.waiting.first_entry() {
            if *entry.key() > until {
                break;
            }
            let (time, numbers) = entry.remove_entry();
            for number in numbers {
                let sole = &mut self.soles[number as usize];
                if !sole.given_out && sole.row != NONE && sole.time == time {
                    due.push(sole.row);
                    sole.row = NONE;
                    sole.given_out = true;
                    self.keys.note(number);
                    self.ages.touch(number, moment);
                }
            }
        }
        due
    }

    /// The rows that are held with their keys before them, the keys whose row was given out, and when keys were last
    /// written.
    pub fn snapshot(&mut self, extent: Extent, key_groups: u16) -> Result<[TableSnapshot; 3], Error> {
        let changes = self.keys.take_changes(extent);
        let ages = self
            .ages
            .snapshot(changes.as_ref(), &self.keys, &self.codec, key_groups)?;
        let mut rows = TableSnapshot::default();
        let mut given_out = TableSnapshot::default();
        let numbers = match changes {
            None => (0..self.soles.len() as u32).collect(),
            Some(changes) => {
                for table in [&mut rows, &mut given_out] {
                    *table = TableSnapshot::of_changes();
                    let names = key_names(&self.key_columns);
                    changes.tell(table, names, &self.keys, &self.codec, key_groups)?;
                }
                changes.numbers
            }
        };
        let soles = numbers
            .iter()
            .filter_map(|number| Some((*number, self.soles.get(*number as usize)?)));
        let held: Vec<u32> = soles
            .clone()
            .map(|(_, sole)| sole.row)
            .filter(|row| *row != NONE)
            .collect();
        add_rows(&mut rows, &self.rows, &held, &self.key_columns, key_groups)?;
        let told: Vec<u32> = soles
            .filter(|(_, sole)| sole.given_out)
            .map(|(number, _)| number)
            .collect();
        let schema = self.rows.schema();
        let fields: Vec<_> = self
            .key_columns
            .iter()
            .zip(key_names(&self.key_columns))
            .map(|(column, name)| schema.field(*column).clone().with_name(name))
            .collect();
        let schema = std::sync::Arc::new(arrow_schema::Schema::new(fields));
        for part in told.chunks(SNAPSHOT_ROWS_MAX) {
            let columns = self.keys.columns(&self.codec, part).map_err(arrow_error)?;
            let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(part.len()));
            let batch =
                RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(arrow_error)?;
            given_out.add(&batch, self.key_columns.len(), key_groups)?;
        }
        Ok([rows, given_out, ages])
    }

    /// Rows of [`SoleRows::snapshot`], without their keys.
    pub fn restored(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        restored_rows(&self.rows, batch, self.key_columns.len())
    }

    /// Takes in what [`SoleRows::snapshot`] gave.
    pub fn restore_given_out(&mut self, batch: &RecordBatch, moment: Moment) -> Result<(), Error> {
        let numbers = self.numbers(batch.columns(), batch.num_rows())?;
        for number in numbers {
            self.soles[number as usize].given_out = true;
            self.ages.touch(number, moment);
        }
        Ok(())
    }

    /// Takes in what [`SoleRows::snapshot`] gave, once the rows are there.
    pub fn restore_ages(&mut self, batch: &RecordBatch, moment: Moment) -> Result<(), Error> {
        self.ages.restore(batch, &mut self.keys, &self.codec, moment)
    }

    pub fn size_bytes(&self) -> usize {
        self.keys.size_bytes()
            + self.ages.size_bytes()
            + self.soles.capacity() * size_of::<Sole>()
            + self.rows.size_bytes()
    }
}
