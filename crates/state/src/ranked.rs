//! The rows of each key in an order, the first of them at hand.
//!
//! The first `limit` rows of a key stand in a list. Where rows can be taken back the others wait in a tree, since
//! one of them may have to move up; where rows only come they are not kept at all. Rows that are equal in the order
//! stand as they came.
//!
//! With a budget, keys that do not fit into it are spilled with their rows, and come back with the next row that has
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_row::{RowConverter, SortField};
use arrow_schema::{Field, Schema, SchemaRef};
use dataflow::Error;

use crate::row_lists::{ListAges, RowLists, read, write};
use crate::slices::arrow_error;
use crate::snapshot::{SNAPSHOT_ROWS_MAX, TableSnapshot};
use crate::sort_key::{SortCodec, SortKey};
use crate::spill::{Budget, KEPT_MAX, Packed, SpilledRows, Tier};
use crate::{Ages, Extent, KeyCodec, KeySet, Moment, RowStore, hash_columns};

/// Of a row behind the first ones, besides its entry: its place in two trees, which are three quarters full.
const WAITING_BYTES: usize = 40;

/// Room that a new key gets at most: many keys have few rows.
const FIRST_RESERVED: usize = 2;

/// A row among those of its key.
#[derive(Debug, Clone)]
struct Entry {
    key: SortKey,
    /// Tells rows of equal keys apart: it counts up as they come.
    number: u64,
    /// Of the row as a whole, to find it when it is taken back.
    hash: u64,
    row: u32,
}

/// Rows behind the first ones.
#[derive(Default)]
struct Rest {
    /// By key and number: the hash and the row.
    ordered: BTreeMap<(SortKey, u64), (u64, u32)>,
    /// Hashes with the numbers, so that a row is found among many that are equal in the order.
    by_hash: BTreeSet<(u64, u64)>,
}

impl Rest {
    fn insert(&mut self, entry: Entry) {
        self.by_hash.insert((entry.hash, entry.number));
        self.ordered
            .insert((entry.key, entry.number), (entry.hash, entry.row));
    }

    fn pop_first(&mut self) -> Option<Entry> {
        let ((key, number), (hash, row)) = self.ordered.pop_first()?;
        self.by_hash.remove(&(hash, number));
        Some(Entry {
            key,
            number,
            hash,
            row,
        })
    }

    /// Takes a row out: of several that are equal the one that came first.
    fn take(&mut self, key: &SortKey, hash: u64) -> Option<u32> {
        // Rows of other keys may have the same hash.
        for (_, number) in self.by_hash.range((hash, 0)..=(hash, u64::MAX)) {
            let place = (key.clone(), *number);
            if let Some((_, row)) = self.ordered.remove(&place) {
                self.by_hash.remove(&(hash, place.1));
                return Some(row);
            }
        }
        None
    }
}

#[derive(Default)]
struct Group {
    first: Vec<Entry>,
    /// Few groups have any.
    rest: Option<Box<Rest>>,
    /// The last round in which it was looked at.
    round: u64,
}

impl Group {
    fn let_rest_go_if_empty(&mut self) {
        if self.rest.as_ref().is_some_and(|rest| rest.ordered.is_empty()) {
            self.rest = None;
        }
    }
}

/// A key of which the first rows may have changed, and what they were.
#[derive(Debug)]
pub struct Touched {
    group: u32,
    pub before: Vec<u32>,
}

pub struct RankedTable {
    codec: KeyCodec,
    keys: KeySet,
    key_columns: Vec<usize>,
    order: SortCodec,
    order_columns: Vec<usize>,
    groups: Vec<Group>,
    rows: RowStore,
    limit: usize,
    /// Rows can be taken back.
    is_updating: bool,
    /// Of rows that are equal in the order the one that came last stands first.
    newest_first: bool,
    next: u64,
    round: u64,
    touched: Vec<Touched>,
    /// Rows that stand nowhere any more, and may still be wanted for what is sent.
    dropped: Vec<u32>,
    /// Rows behind the first ones.
    waiting: usize,
    ages: Ages,
    /// Rows of keys that were found to be over since [`RankedTable::take_expired`].
    expired: Vec<u32>,
    /// Keys by the time at which they close.
    closing: BTreeMap<i64, Vec<u32>>,
    spill: Option<Spill>,
}

/// Where keys go that do not fit into memory.
struct Spill {
    tier: Tier,
    converter: Arc<RowConverter>,
}

/// Rows that are restored at once: so many keys come into memory before others can go.
const RESTORED_MAX: usize = 1 << 12;

impl RankedTable {
    /// `key_columns` and `order_columns` are columns of the rows.
    pub fn new(
        schema: SchemaRef,
        key_columns: Vec<usize>,
        order: SortCodec,
        order_columns: Vec<usize>,
        limit: usize,
        is_updating: bool,
    ) -> Result<RankedTable, Error> {
        let types = key_columns
            .iter()
            .map(|column| schema.field(*column).data_type().clone())
            .collect();
        let codec = KeyCodec::new(types).map_err(arrow_error)?;
        Ok(RankedTable {
            keys: KeySet::new(&codec),
            codec,
            key_columns,
            order,
            order_columns,
            groups: Vec::new(),
            rows: RowStore::new(schema),
            limit,
            is_updating,
            newest_first: false,
            closing: BTreeMap::new(),
            next: 0,
            round: 0,
            touched: Vec::new(),
            dropped: Vec::new(),
            waiting: 0,
            ages: Ages::default(),
            expired: Vec::new(),
            spill: None,
        })
    }

    /// Lets it spill what does not fit into a budget.
    pub fn spilling(mut self, budget: Option<Budget>, key_groups: u16) -> Result<RankedTable, Error> {
        let fields = self.rows.schema().fields().iter();
        let fields: Vec<SortField> = fields
            .map(|field| SortField::new(field.data_type().clone()))
            .collect();
        if let Some(budget) = budget
            && !self.key_columns.is_empty()
            && RowConverter::supports_fields(&fields)
        {
            self.spill = Some(Spill {
                tier: Tier::new(budget, key_groups),
                converter: Arc::new(RowConverter::new(fields).map_err(arrow_error)?),
            });
        }
        Ok(self)
    }

    /// Of rows that are equal in the order the one that came last is to stand first. For rows that only come.
    pub fn newest_first(self) -> RankedTable {
        RankedTable {
            newest_first: true,
            ..self
        }
    }

    pub fn rows(&self) -> &RowStore {
        &self.rows
    }

    /// Adds rows and takes rows back, `is_added` tells which. Keys that are over begin anew: nobody is told of the rows
    /// that they had.
    pub fn update(
        &mut self,
        batch: &RecordBatch,
        moment: Moment,
        is_added: impl Fn(usize) -> bool,
    ) -> Result<(), Error> {
        self.update_keys(batch, moment, is_added, None)
    }

    /// Adds rows of keys that close: `closes` tells when, the same for all rows of a key.
    pub fn add_closing(&mut self, batch: &RecordBatch, closes: &[i64]) -> Result<(), Error> {
        self.update_keys(batch, Moment::TIMELESS, |_| true, Some(closes))?;
        let touched = self.take_touched();
        self.finish_round(&touched)
    }

    fn update_keys(
        &mut self,
        batch: &RecordBatch,
        moment: Moment,
        is_added: impl Fn(usize) -> bool,
        closes: Option<&[i64]>,
    ) -> Result<(), Error> {
        let columns = self
            .key_columns
            .iter()
            .map(|column| batch.column(*column).clone());
        let numbers = self.numbers(&columns.collect::<Vec<_>>(), batch.num_rows(), moment)?;
        let (order, hashes) = self.places_of(batch)?;
        if moment.expires() {
            for &number in &numbers {
                if self.ages.is_over(number, moment) {
                    self.expire(number);
                }
            }
        }
        self.rows.open(batch);
        for (row, (key, hash)) in order.into_iter().zip(hashes).enumerate() {
            self.keys.note(numbers[row]);
            if is_added(row) {
                if let Some(closes) = closes
                    && self.groups[numbers[row] as usize].first.is_empty()
                {
                    self.closing.entry(closes[row]).or_default().push(numbers[row]);
                }
                if self.add(numbers[row], key, hash, row) {
                    self.ages.touch(numbers[row], moment);
                }
            } else {
                self.take_back(numbers[row], &key, hash);
                self.ages.touch(numbers[row], moment);
            }
        }
        self.rows.close()
    }

    /// What rows are ordered by, and their hashes where they can be taken back.
    fn places_of(&self, batch: &RecordBatch) -> Result<(Vec<SortKey>, Vec<u64>), Error> {
        let columns = self
            .order_columns
            .iter()
            .map(|column| batch.column(*column).clone());
        let order = self
            .order
            .encode(&columns.collect::<Vec<_>>(), batch.num_rows())
            .map_err(arrow_error)?;
        let hashes = if self.is_updating {
            hash_columns(batch.columns(), batch.num_rows()).map_err(arrow_error)?
        } else {
            vec![0; batch.num_rows()]
        };
        Ok((order.into_iter().collect(), hashes))
    }

    /// The numbers of keys, all of which are to be written. Numbers given before may belong to others now.
    fn numbers(&mut self, columns: &[ArrayRef], rows: usize, moment: Moment) -> Result<Vec<u32>, Error> {
        self.make_way(rows)?;
        let keys = self.codec.encode(columns).map_err(arrow_error)?;
        let mut numbers = Vec::with_capacity(rows);
        self.keys.intern(&keys, 0..rows, &mut numbers);
        if self.groups.len() < self.keys.high() {
            self.groups.resize_with(self.keys.high(), Group::default);
        }
        let Some(Spill { tier, converter }) = self.spill.as_mut().filter(|spill| spill.tier.is_active())
        else {
            return Ok(numbers);
        };
        let groups = &self.groups;
        let is_here = |number: u32| !groups[number as usize].first.is_empty();
        let fetched = tier.fetch(self.keys.high(), &keys, columns, &numbers, is_here)?;
        tier.write_all(&numbers);
        let parser = converter.parser();
        let (mut owners, mut rows) = (Vec::new(), Vec::new());
        for (number, value) in fetched.numbers.iter().zip(fetched.values.iter()) {
            let (written_ms, held) = read(value);
            self.ages.restore_one(*number, written_ms, moment);
            for row in held {
                owners.push(*number);
                rows.push(parser.parse(row));
            }
        }
        if owners.is_empty() {
            return Ok(numbers);
        }
        let columns = converter.convert_rows(rows).map_err(arrow_error)?;
        let batch = RecordBatch::try_new(self.rows.schema().clone(), columns).map_err(arrow_error)?;
        let (order, hashes) = self.places_of(&batch)?;
        self.rows.open(&batch);
        for (row, (key, hash)) in order.into_iter().zip(hashes).enumerate() {
            self.add(owners[row], key, hash, row);
        }
        self.rows.close()?;
        // Nothing has changed of these keys.
        let touched = self.take_touched();
        self.finish_round(&touched)?;
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
        let groups = &self.groups;
        let numbers = tier.choose(excess, &self.keys, |number| {
            let group = groups.get(number as usize);
            group.is_some_and(|group| !group.first.is_empty())
        });
        if numbers.is_empty() {
            return Ok(());
        }
        self.keep(&numbers)?;
        let mut released = Vec::new();
        for number in &numbers {
            self.ages.forget(*number);
            let group = std::mem::take(&mut self.groups[*number as usize]);
            released.extend(rows_of(&group));
            self.waiting -= group.rest.map_or(0, |rest| rest.ordered.len());
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
            let newest_first = self.newest_first;
            let rows = part
                .iter()
                .map(|number| in_order(&self.groups[*number as usize], newest_first));
            let rows: Vec<Vec<u32>> = rows.collect();
            let batch = self.rows.gather(&rows.concat())?;
            let encoded = converter.convert_columns(batch.columns()).map_err(arrow_error)?;
            let (mut values, mut next) = (Packed::default(), 0);
            for (number, rows) in part.iter().zip(rows) {
                let held = (next..next + rows.len()).map(|row| encoded.row(row).data());
                next += rows.len();
                values.add_with(|bytes| write(self.ages.written_ms(*number), held, bytes));
            }
            tier.keep(&self.keys, &self.codec, part, |at| values.get(at))?;
        }
        Ok(())
    }

    /// Takes away all rows of a key.
    fn expire(&mut self, number: u32) {
        self.keys.note(number);
        self.ages.forget(number);
        let group = &mut self.groups[number as usize];
        self.expired.extend(group.first.drain(..).map(|entry| entry.row));
        if let Some(rest) = group.rest.take() {
            self.waiting -= rest.ordered.len();
            self.expired
                .extend(rest.ordered.into_values().map(|(_, row)| row));
        }
    }

    /// The rows of keys that were over, which are to be released; nobody is told of them.
    pub fn take_expired(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.expired)
    }

    /// Looks at some keys, others each time, and forgets those that are over: their rows are told by
    /// [`RankedTable::take_expired`]. Returns whether all keys have had their turn.
    pub fn sweep(&mut self, looks: usize, moment: Moment) -> Result<bool, Error> {
        let mut over = Vec::new();
        let is_done = self.ages.sweep(looks, moment, &mut over);
        for number in &over {
            self.expire(*number);
            self.groups[*number as usize] = Group::default();
        }
        self.forget(over)?;
        if is_done {
            self.keys.shrink();
        }
        match &mut self.spill {
            None => Ok(is_done),
            Some(Spill { tier, .. }) => tier.sweep(is_done, looks, |value| read(value).0 <= moment.over_ms),
        }
    }

    /// Forgets keys without rows.
    fn forget(&mut self, numbers: Vec<u32>) -> Result<(), Error> {
        if let Some(Spill { tier, .. }) = &mut self.spill {
            tier.remove(&self.keys, &self.codec, &numbers)?;
        }
        for number in numbers {
            self.ages.forget(number);
            self.keys.remove(number);
        }
        Ok(())
    }

    pub fn has_ages(&self) -> bool {
        !self.ages.is_empty() || self.tier().is_some_and(Tier::is_active)
    }

    /// Takes in what [`RankedTable::snapshot`] gave, once the rows are there.
    pub fn restore_ages(&mut self, batch: &RecordBatch, moment: Moment) -> Result<(), Error> {
        for from in (0..batch.num_rows()).step_by(RESTORED_MAX) {
            let part = batch.slice(from, RESTORED_MAX.min(batch.num_rows() - from));
            let keys = &part.columns()[..self.key_columns.len()];
            let mut numbers = self.numbers(keys, part.num_rows(), moment)?;
            self.ages.restore_numbers(&numbers, &part, moment);
            numbers.retain(|number| self.groups[*number as usize].first.is_empty());
            self.forget(numbers)?;
        }
        Ok(())
    }

    /// Returns whether the row is kept.
    fn add(&mut self, number: u32, key: SortKey, hash: u64, row: usize) -> bool {
        let group = &mut self.groups[number as usize];
        let newest_first = self.newest_first;
        let stays_before =
            move |other: &Entry, key: &SortKey| other.key < *key || (other.key == *key && !newest_first);
        let is_full = group.first.len() >= self.limit;
        let is_behind = is_full && group.first.last().is_none_or(|last| stays_before(last, &key));
        if is_behind && !self.is_updating {
            return false;
        }
        let entry = Entry {
            number: self.next,
            hash,
            row: self.rows.keep(row),
            key,
        };
        self.next += 1;
        if is_behind {
            group.rest.get_or_insert_default().insert(entry);
            self.waiting += 1;
            return true;
        }
        touch(number, group, self.round, &mut self.touched);
        if group.first.capacity() == 0 {
            group.first.reserve_exact(self.limit.min(FIRST_RESERVED));
        }
        let place = group
            .first
            .partition_point(|other| stays_before(other, &entry.key));
        group.first.insert(place, entry);
        if group.first.len() > self.limit
            && let Some(last) = group.first.pop()
        {
            if self.is_updating {
                group.rest.get_or_insert_default().insert(last);
                self.waiting += 1;
            } else {
                self.dropped.push(last.row);
            }
        }
        true
    }

    /// A row that was never added is passed over, as in Flink.
    fn take_back(&mut self, number: u32, key: &SortKey, hash: u64) {
        let group = &mut self.groups[number as usize];
        let from = group.first.partition_point(|other| other.key < *key);
        let same = group.first[from..]
            .iter()
            .take_while(|other| other.key == *key)
            .position(|other| other.hash == hash);
        if let Some(place) = same {
            touch(number, group, self.round, &mut self.touched);
            self.dropped.push(group.first.remove(from + place).row);
            if let Some(moved_up) = group.rest.as_mut().and_then(|rest| rest.pop_first()) {
                self.waiting -= 1;
                group.first.push(moved_up);
            }
            group.let_rest_go_if_empty();
            return;
        }
        if group.first.is_empty() {
            // Nobody knows the key: it is to be forgotten again.
            touch(number, group, self.round, &mut self.touched);
            return;
        }
        if let Some(row) = group.rest.as_mut().and_then(|rest| rest.take(key, hash)) {
            self.waiting -= 1;
            self.dropped.push(row);
            group.let_rest_go_if_empty();
        }
    }

    /// What changed since the last round, in the order in which it did first.
    pub fn take_touched(&mut self) -> Vec<Touched> {
        self.round += 1;
        std::mem::take(&mut self.touched)
    }

    /// The first rows of a key as they are now.
    pub fn first_of(&self, touched: &Touched, rows: &mut Vec<u32>) {
        let group = &self.groups[touched.group as usize];
        rows.extend(group.first.iter().map(|entry| entry.row));
    }

    /// As [`RankedTable::first_of`]; tells of each row whether it is equal in the order to the one before it.
    pub fn ordered(&self, touched: &Touched, rows: &mut Vec<u32>) -> Vec<bool> {
        let group = &self.groups[touched.group as usize];
        rows.extend(group.first.iter().map(|entry| entry.row));
        let mut before: Option<&SortKey> = None;
        let mut equal = Vec::with_capacity(group.first.len());
        for entry in &group.first {
            equal.push(before == Some(&entry.key));
            before = Some(&entry.key);
        }
        equal
    }

    /// Ends a round: what was dropped in it is not wanted any more, and keys without rows are forgotten.
    pub fn finish_round(&mut self, touched: &[Touched]) -> Result<(), Error> {
        let numbers = touched.iter().map(|one| one.group);
        let gone = numbers.filter(|number| self.groups[*number as usize].first.is_empty());
        self.forget(gone.collect())?;
        let dropped = std::mem::take(&mut self.dropped);
        self.rows.release(&dropped)
    }

    /// The keys that close until then, in the order in which they do.
    pub fn close(&mut self, until: i64) -> Vec<u32> {
        let mut closed = Vec::new();
        while let Some(entry) = self.closing.first_entry()
            && *entry.key() <= until
        {
            closed.extend(entry.remove());
        }
        closed
    }

    /// The first rows of a closed key, which is forgotten; they are to be released when they were sent.
    pub fn take_closed(&mut self, key: u32) -> Vec<u32> {
        let group = std::mem::take(&mut self.groups[key as usize]);
        self.keys.remove(key);
        group.first.into_iter().map(|entry| entry.row).collect()
    }

    pub fn release(&mut self, rows: &[u32]) -> Result<(), Error> {
        self.rows.release(rows)
    }

    /// The rows with their keys before them, those of a key in their order, and when keys were last written.
    pub fn snapshot(&mut self, extent: Extent, key_groups: u16) -> Result<[TableSnapshot; 2], Error> {
        if self.tier().is_some_and(Tier::is_active) {
            return self.spilled(extent);
        }
        let unchanged = self.keys.unchanged();
        let changes = self.keys.take_changes(extent);
        let ages = self
            .ages
            .snapshot(changes.as_ref(), &self.keys, &self.codec, key_groups)?;
        let (mut table, numbers) = match changes {
            None => (
                TableSnapshot::of_all(unchanged),
                (0..self.groups.len() as u32).collect(),
            ),
            Some(changes) => {
                let mut table = TableSnapshot::of_changes();
                let names = key_names(&self.key_columns);
                changes.tell(&mut table, names, &self.keys, &self.codec, key_groups)?;
                (table, changes.numbers)
            }
        };
        let mut rows: Vec<u32> = Vec::new();
        for group in numbers
            .iter()
            .filter_map(|number| self.groups.get(*number as usize))
        {
            rows.extend(in_order(group, self.newest_first));
        }
        add_rows(&mut table, &self.rows, &rows, &self.key_columns, key_groups)?;
        Ok([table, ages])
    }

    /// All that it has as spilled rows.
    fn spilled(&mut self, extent: Extent) -> Result<[TableSnapshot; 2], Error> {
        let held = 0..self.groups.len() as u32;
        let held = held.filter(|number| !self.groups[*number as usize].first.is_empty());
        self.keep(&held.collect::<Vec<_>>())?;
        let types = self.codec.types().to_vec();
        let codec = || KeyCodec::new(types.clone()).map_err(arrow_error);
        let all = self.rows.schema();
        let keys = self.key_columns.iter().zip(key_names(&self.key_columns));
        let mut fields: Vec<Field> = keys
            .map(|(column, name)| all.field(*column).clone().with_name(name))
            .collect();
        fields.extend(all.fields().iter().map(|field| field.as_ref().clone()));
        let schema = Arc::new(Schema::new(fields));
        let Some(Spill { tier, converter }) = &mut self.spill else {
            return Err(Error::internal("a tier that is active is there"));
        };
        let rows = RowLists::new(codec()?, converter.clone(), self.key_columns.clone(), schema);
        let ages = ListAges::new(codec()?);
        let (extent, view) = tier.view(extent)?;
        let table =
            |form| TableSnapshot::of_spilled(SpilledRows::new(form, extent, view.clone()), Vec::new());
        Ok([table(Arc::new(rows)), table(Arc::new(ages))])
    }

    /// Rows of [`RankedTable::snapshot`], without their keys.
    pub fn restored(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        restored_rows(&self.rows, batch, self.key_columns.len())
    }

    /// Takes in what [`RankedTable::snapshot`] gave.
    pub fn restore(&mut self, batch: &RecordBatch, moment: Moment) -> Result<(), Error> {
        for from in (0..batch.num_rows()).step_by(RESTORED_MAX) {
            let part = batch.slice(from, RESTORED_MAX.min(batch.num_rows() - from));
            self.update(&self.restored(&part)?, moment, |_| true)?;
            let touched = self.take_touched();
            self.finish_round(&touched)?;
        }
        Ok(())
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
        let listed = self.rows.len() * (size_of::<Entry>() + 8);
        self.keys.size_bytes()
            + self.ages.size_bytes()
            + self.groups.capacity() * size_of::<Group>()
            + self.rows.size_bytes()
            + listed
            + self.waiting * WAITING_BYTES
    }
}

/// The rows of a key in their order, those that are equal in it as they came.
fn in_order(group: &Group, newest_first: bool) -> Vec<u32> {
    let mut rows = rows_of(group);
    if newest_first {
        rows[..group.first.len()].reverse();
    }
    rows
}

fn rows_of(group: &Group) -> Vec<u32> {
    let first = group.first.iter().map(|entry| entry.row);
    let rest = group.rest.iter().flat_map(|rest| rest.ordered.values());
    first.chain(rest.map(|(_, row)| *row)).collect()
}

fn touch(number: u32, group: &mut Group, round: u64, touched: &mut Vec<Touched>) {
    // Rounds count from zero; a group that was never looked at is of the round before all.
    if group.round != round + 1 {
        group.round = round + 1;
        touched.push(Touched {
            group: number,
            before: group.first.iter().map(|entry| entry.row).collect(),
        });
    }
}

/// What the columns of a key are called in front of a row.
pub(crate) fn key_names(key_columns: &[usize]) -> impl Iterator<Item = String> + Clone + '_ {
    key_columns.iter().map(|column| format!("key{column}"))
}

/// Rows as a table of a snapshot: their key columns, then all columns.
pub fn snapshot_rows(
    store: &RowStore,
    rows: &[u32],
    key_columns: &[usize],
    key_groups: u16,
) -> Result<TableSnapshot, Error> {
    let mut table = TableSnapshot::default();
    add_rows(&mut table, store, rows, key_columns, key_groups)?;
    Ok(table)
}

/// Adds rows to a table as [`snapshot_rows`] makes it.
pub(crate) fn add_rows(
    table: &mut TableSnapshot,
    store: &RowStore,
    rows: &[u32],
    key_columns: &[usize],
    key_groups: u16,
) -> Result<(), Error> {
    let schema = store.schema();
    let fields = key_columns
        .iter()
        .zip(key_names(key_columns))
        .map(|(column, name)| schema.field(*column).clone().with_name(name))
        .chain(schema.fields().iter().map(|field| field.as_ref().clone()));
    let keyed = std::sync::Arc::new(arrow_schema::Schema::new(fields.collect::<Vec<_>>()));
    for part in rows.chunks(SNAPSHOT_ROWS_MAX) {
        let batch = store.gather(part)?;
        let mut columns: Vec<ArrayRef> = key_columns
            .iter()
            .map(|column| batch.column(*column).clone())
            .collect();
        columns.extend_from_slice(batch.columns());
        let batch = RecordBatch::try_new(keyed.clone(), columns).map_err(arrow_error)?;
        table.add(&batch, key_columns.len(), key_groups)?;
    }
    Ok(())
}

/// The rows of a batch that [`snapshot_rows`] made.
pub fn restored_rows(store: &RowStore, batch: &RecordBatch, keys: usize) -> Result<RecordBatch, Error> {
    RecordBatch::try_new(store.schema().clone(), batch.columns()[keys..].to_vec()).map_err(arrow_error)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::Int64Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_schema::{DataType, Field, Schema, SortOptions};

    use super::*;

    fn table(limit: usize) -> RankedTable {
        let field = |name: &str| Field::new(name, DataType::Int64, false);
        let schema = Arc::new(Schema::new(vec![field("k"), field("order"), field("v")]));
        let order = SortCodec::new(vec![(DataType::Int64, SortOptions::default())]).unwrap();
        RankedTable::new(schema, vec![0], order, vec![1], limit, true).unwrap()
    }

    /// Rows of one key: what they are ordered by, and a value.
    fn batch(table: &RankedTable, rows: &[(i64, i64)]) -> RecordBatch {
        let column = |of: &dyn Fn(&(i64, i64)) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(rows.iter().map(of)))
        };
        let columns = vec![column(&|_| 1), column(&|row| row.0), column(&|row| row.1)];
        RecordBatch::try_new(table.rows.schema().clone(), columns).unwrap()
    }

    /// Adds rows, or takes them back.
    fn update(table: &mut RankedTable, rows: &[(i64, i64)], adds: bool) {
        let rows = batch(table, rows);
        table.update(&rows, Moment::TIMELESS, |_| adds).unwrap();
        let touched = table.take_touched();
        table.finish_round(&touched).unwrap();
    }

    /// All rows in their order, those behind the first ones included.
    fn held(table: &RankedTable) -> Vec<(i64, i64)> {
        let mut rows: Vec<u32> = Vec::new();
        for group in &table.groups {
            rows.extend(group.first.iter().map(|entry| entry.row));
            let rest = group.rest.iter().flat_map(|rest| rest.ordered.values());
            rows.extend(rest.map(|(_, row)| *row));
        }
        let batch = table.rows.gather(&rows).unwrap();
        let column = |place: usize| batch.column(place).as_primitive::<Int64Type>().values().to_vec();
        column(1).into_iter().zip(column(2)).collect()
    }

    #[test]
    fn rows_of_one_hash_are_told_apart_by_their_order() {
        let table = table(1);
        let column: ArrayRef = Arc::new(Int64Array::from(vec![3, 2, 2]));
        let keys = table.order.encode(&[column], 3).unwrap();
        let mut rest = Rest::default();
        for (number, key) in keys.iter().enumerate() {
            rest.insert(Entry {
                key: key.clone(),
                number: number as u64,
                hash: 9,
                row: number as u32,
            });
        }
        let taken = [1, 1, 1, 0].map(|place: usize| rest.take(&keys[place], 9));
        assert_eq!(taken, [Some(1), Some(2), None, Some(0)]);
        assert!(rest.by_hash.is_empty() && rest.ordered.is_empty());
    }

    #[test]
    fn rows_that_are_equal_in_the_order_stand_as_they_came_whatever_is_taken_back() {
        let mut state = 7u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        let mut table = table(5);
        let mut model: Vec<(i64, i64)> = Vec::new();
        for _ in 0..4_000 {
            if model.is_empty() || (model.len() < 60 && random(20) < 11) {
                let row = (random(4) as i64, random(9) as i64);
                update(&mut table, &[row], true);
                model.insert(model.partition_point(|other| other.0 <= row.0), row);
            } else {
                let row = model[random(model.len() as u64) as usize];
                update(&mut table, &[row], false);
                let first = model.iter().position(|other| *other == row).unwrap();
                model.remove(first);
            }
            assert_eq!(held(&table), model);
            assert_eq!(table.waiting, model.len().saturating_sub(5));
            let known = table.groups[0].rest.as_ref().map_or(0, |rest| rest.by_hash.len());
            assert_eq!(known, table.waiting);
        }
    }
}
