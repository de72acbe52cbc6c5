//! One row of each key: the last, or the first that is still waiting for its time.
//!
//! A key whose row was given out for good keeps no row any more, but is remembered.
//!
//! Keys that do not fit into the memory of the table are spilled, unless their row waits for its time, and come back with
//! the next row that has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_row::{RowConverter, SortField};
use arrow_schema::SchemaRef;
use dataflow::Error;

use crate::ranked::{add_rows, key_names, restored_rows};
use crate::slices::arrow_error;
use crate::snapshot::{SNAPSHOT_ROWS_MAX, TableSnapshot};
use crate::sole_spill::{SoleForm, SpilledSole, Told};
use crate::spill::{Budget, KEPT_MAX, Packed, SpilledRows, Tier};
use crate::{Ages, Extent, KeyCodec, KeySet, Moment, RowStore};

/// Rows that are restored at once: so many keys come into memory before others can go.
const RESTORED_MAX: usize = 1 << 12;

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

impl Sole {
    fn is_held(&self) -> bool {
        self.row != NONE || self.given_out
    }
}

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
    /// Rows that are held wait for their time.
    waits: bool,
    key_groups: u16,
    spill: Option<Spill>,
}

/// Where keys go that do not fit into memory.
struct Spill {
    tier: Tier,
    converter: Arc<RowConverter>,
}

impl SoleRows {
    /// `waits`: rows that are held wait for their time. Without a budget it takes the memory that it needs.
    pub fn new(
        schema: SchemaRef,
        key_columns: Vec<usize>,
        waits: bool,
        key_groups: u16,
        budget: Option<Budget>,
    ) -> Result<SoleRows, Error> {
        let types: Vec<_> = key_columns
            .iter()
            .map(|column| schema.field(*column).data_type().clone())
            .collect();
        let codec = KeyCodec::new(types).map_err(arrow_error)?;
        let fields = schema.fields().iter();
        let fields: Vec<SortField> = fields
            .map(|field| SortField::new(field.data_type().clone()))
            .collect();
        let spill = match budget {
            Some(budget) if !key_columns.is_empty() && RowConverter::supports_fields(&fields) => {
                Some(Spill {
                    tier: Tier::new(budget, key_groups),
                    converter: Arc::new(RowConverter::new(fields).map_err(arrow_error)?),
                })
            }
            _ => None,
        };
        Ok(SoleRows {
            waits,
            key_groups,
            spill,
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

    /// The numbers of keys, all of which are to be written. Numbers given before may belong to others now.
    fn numbers(&mut self, columns: &[ArrayRef], rows: usize, moment: Moment) -> Result<Vec<u32>, Error> {
        self.make_way(rows)?;
        let keys = self.codec.encode(columns).map_err(arrow_error)?;
        let mut numbers = Vec::with_capacity(rows);
        self.keys.intern(&keys, 0..rows, &mut numbers);
        self.soles.resize(self.keys.high(), EMPTY);
        let Some(Spill { tier, converter }) = self.spill.as_mut().filter(|spill| spill.tier.is_active())
        else {
            return Ok(numbers);
        };
        let soles = &self.soles;
        let is_here = |number: u32| soles[number as usize].is_held();
        let fetched = tier.fetch(self.keys.high(), &keys, columns, &numbers, is_here)?;
        tier.write_all(&numbers);
        let spilled = fetched.numbers.iter().zip(fetched.values.iter());
        let spilled: Vec<_> = spilled
            .map(|(number, value)| (*number, SpilledSole::read(value)))
            .collect();
        if spilled.is_empty() {
            return Ok(numbers);
        }
        let parser = converter.parser();
        let rows = spilled.iter().filter_map(|(_, sole)| sole.row);
        let columns = converter
            .convert_rows(rows.map(|row| parser.parse(row)))
            .map_err(arrow_error)?;
        let rows = RecordBatch::try_new(self.rows.schema().clone(), columns).map_err(arrow_error)?;
        self.rows.open(&rows);
        let mut next = 0;
        for (number, spilled) in spilled {
            let sole = &mut self.soles[number as usize];
            sole.time = spilled.time;
            sole.given_out = spilled.given_out;
            if spilled.row.is_some() {
                sole.row = self.rows.keep(next);
                next += 1;
            }
            self.ages.restore_one(number, spilled.written_ms, moment);
        }
        self.rows.close()?;
        Ok(numbers)
    }

    /// Spills keys that were not used lately where so many more do not fit.
    fn make_way(&mut self, incoming: usize) -> Result<(), Error> {
        let table_bytes = self.table_bytes();
        let Some(Spill { tier, .. }) = &mut self.spill else {
            return Ok(());
        };
        let excess = tier.excess(self.keys.len(), self.keys.room(), incoming, table_bytes);
        if excess == 0 {
            return Ok(());
        }
        let (soles, waits) = (&self.soles, self.waits);
        let numbers = tier.choose(excess, &self.keys, |number| {
            let sole = soles.get(number as usize);
            sole.is_some_and(|sole| sole.is_held() && !(waits && sole.row != NONE))
        });
        if numbers.is_empty() {
            return Ok(());
        }
        self.keep(&numbers)?;
        let mut released = Vec::new();
        for number in &numbers {
            self.ages.forget(*number);
            let sole = std::mem::replace(&mut self.soles[*number as usize], EMPTY);
            released.extend((sole.row != NONE).then_some(sole.row));
        }
        self.rows.release(&released)?;
        self.keys.give_away(&numbers);
        if let Some(Spill { tier, .. }) = &mut self.spill {
            tier.gone(&numbers);
        }
        Ok(())
    }

    /// Makes sure that the spilled rows have what these keys have.
    fn keep(&mut self, numbers: &[u32]) -> Result<(), Error> {
        let Some(Spill { tier, converter }) = &mut self.spill else {
            return Ok(());
        };
        let written = tier.written(numbers.iter().copied());
        for part in written.chunks(KEPT_MAX) {
            let soles = part.iter().map(|number| self.soles[*number as usize]);
            let rows: Vec<u32> = soles
                .clone()
                .map(|sole| sole.row)
                .filter(|row| *row != NONE)
                .collect();
            let batch = self.rows.gather(&rows)?;
            let rows = converter.convert_columns(batch.columns()).map_err(arrow_error)?;
            let (mut values, mut next) = (Packed::default(), 0);
            for (number, sole) in part.iter().zip(soles) {
                let row = (sole.row != NONE).then(|| {
                    next += 1;
                    rows.row(next - 1).data()
                });
                let spilled = SpilledSole {
                    written_ms: self.ages.written_ms(*number),
                    time: sole.time,
                    given_out: sole.given_out,
                    row,
                };
                values.add_with(|bytes| spilled.write(bytes));
            }
            tier.keep(&self.keys, &self.codec, part, |at| values.get(at))?;
        }
        Ok(())
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
        let numbers = self.numbers(&columns, batch.num_rows(), moment)?;
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
        let numbers = self.numbers(&columns, batch.num_rows(), moment)?;
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
        let numbers = self.numbers(&columns, batch.num_rows(), moment)?;
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
        for number in &over {
            released.extend(self.expire(*number));
        }
        self.tier_remove(&over)?;
        over.into_iter().for_each(|number| self.keys.remove(number));
        self.rows.release(&released)?;
        if is_done {
            self.keys.shrink();
        }
        match &mut self.spill {
            None => Ok(is_done),
            Some(Spill { tier, .. }) => {
                let is_over = |value: &[u8]| SpilledSole::read(value).written_ms <= moment.over_ms;
                tier.sweep(is_done, looks, is_over)
            }
        }
    }

    pub fn has_ages(&self) -> bool {
        !self.ages.is_empty() || self.tier().is_some_and(Tier::is_active)
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
                    if let Some(Spill { tier, .. }) = &mut self.spill {
                        tier.write(number);
                    }
                }
            }
        }
        due
    }

    /// The rows that are held with their keys before them, the keys whose row was given out, and when keys were last
    /// written.
    pub fn snapshot(&mut self, extent: Extent) -> Result<[TableSnapshot; 3], Error> {
        if self.tier().is_some_and(Tier::is_active) {
            return self.spilled(extent);
        }
        let key_groups = self.key_groups;
        let unchanged = self.keys.unchanged();
        let changes = self.keys.take_changes(extent);
        let ages = self
            .ages
            .snapshot(changes.as_ref(), &self.keys, &self.codec, key_groups)?;
        let mut rows = TableSnapshot::of_all(unchanged);
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

    /// All that it has as spilled rows.
    fn spilled(&mut self, extent: Extent) -> Result<[TableSnapshot; 3], Error> {
        let held = (0..self.soles.len() as u32).filter(|number| self.soles[*number as usize].is_held());
        self.keep(&held.collect::<Vec<_>>())?;
        let Some(Spill { tier, converter }) = &mut self.spill else {
            return Err(Error::internal("a tier that is active is there"));
        };
        let (extent, view) = tier.view(extent)?;
        let table = |told: Told| {
            let form = SoleForm::new(told, self.rows.schema(), &self.key_columns, converter.clone())?;
            let rows = SpilledRows::new(Arc::new(form), extent, view.clone());
            Ok::<_, Error>(TableSnapshot::of_spilled(rows, Vec::new()))
        };
        Ok([table(Told::Rows)?, table(Told::GivenOut)?, table(Told::Ages)?])
    }

    /// Rows of [`SoleRows::snapshot`], without their keys.
    pub fn restored(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        restored_rows(&self.rows, batch, self.key_columns.len())
    }

    /// Takes in what [`SoleRows::snapshot`] gave.
    pub fn restore_given_out(&mut self, batch: &RecordBatch, moment: Moment) -> Result<(), Error> {
        for part in parts(batch) {
            for number in self.numbers(part.columns(), part.num_rows(), moment)? {
                self.soles[number as usize].given_out = true;
                self.ages.touch(number, moment);
            }
        }
        Ok(())
    }

    /// Takes in what [`SoleRows::snapshot`] gave, once the rows are there.
    pub fn restore_ages(&mut self, batch: &RecordBatch, moment: Moment) -> Result<(), Error> {
        for part in parts(batch) {
            let keys = &part.columns()[..self.key_columns.len()];
            let mut numbers = self.numbers(keys, part.num_rows(), moment)?;
            self.ages.restore_numbers(&numbers, &part, moment);
            numbers.retain(|number| !self.soles[*number as usize].is_held());
            self.tier_remove(&numbers)?;
            for number in numbers {
                self.ages.forget(number);
                self.keys.remove(number);
            }
        }
        Ok(())
    }

    fn tier_remove(&mut self, numbers: &[u32]) -> Result<(), Error> {
        match &mut self.spill {
            None => Ok(()),
            Some(Spill { tier, .. }) => tier.remove(&self.keys, &self.codec, numbers),
        }
    }

    /// In memory.
    pub fn size_bytes(&self) -> usize {
        self.table_bytes() + self.tier().map_or(0, Tier::size_bytes)
    }

    /// What was spilled.
    pub fn tier(&self) -> Option<&Tier> {
        self.spill.as_ref().map(|spill| &spill.tier)
    }

    /// In memory, without what tells where spilled rows are.
    fn table_bytes(&self) -> usize {
        self.keys.size_bytes()
            + self.ages.size_bytes()
            + self.soles.capacity() * size_of::<Sole>()
            + self.rows.size_bytes()
    }
}

/// A batch in parts that can be restored.
fn parts(batch: &RecordBatch) -> impl Iterator<Item = RecordBatch> + '_ {
    (0..batch.num_rows())
        .step_by(RESTORED_MAX)
        .map(|from| batch.slice(from, RESTORED_MAX.min(batch.num_rows() - from)))
}
