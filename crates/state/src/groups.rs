//! Aggregates by key, and how many rows each key has.
//!
//! A key is there as long as rows of it are: when the last is taken back, the key goes away, and with it the
//! accumulators of its group. What comes for the key afterwards starts with empty ones, so that nothing of the old
//! rows is left in the new results, not even the rounding of a floating-point sum.
//!
//! Keys that do not fit into the memory of the table are spilled with their accumulators' state, and come back with the
//! next row that has them.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::{ArrowError, SchemaRef};
use dataflow::Error;

use crate::slices::arrow_error;
use crate::snapshot::{GroupOrder, SNAPSHOT_ROWS_MAX, TableSnapshot};
use crate::spill::{Budget, KEPT_MAX, OneRow, SpilledRows, Tier};
use crate::{Ages, Aggregates, Extent, KeyCodec, KeySet, Keys, Moment};

/// The group of a key without rows.
const NONE: u32 = u32::MAX;

pub struct GroupTable {
    codec: KeyCodec,
    keys: KeySet,
    pub aggregates: Aggregates,
    /// By number of the key.
    entries: Vec<Entry>,
    ages: Ages,
    /// Of rows of snapshots: keys, state columns, the number of rows, when they last changed.
    schema: SchemaRef,
    key_groups: u16,
    spill: Option<Spill>,
}

/// Where keys go that do not fit into memory.
struct Spill {
    tier: Tier,
    form: Arc<OneRow>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    group: u32,
    rows: i64,
}

const EMPTY: Entry = Entry { group: NONE, rows: 0 };

/// Rows that are restored at once: so many keys come into memory before others can go.
const RESTORED_MAX: usize = 1 << 12;

impl Spill {
    /// `None` where rows cannot be written as bytes, or all have the same key: the table stays in memory.
    fn new(budget: Budget, schema: &SchemaRef, keys: usize, key_groups: u16) -> Option<Spill> {
        let form = OneRow::new(schema, keys).filter(|_| keys > 0)?;
        Some(Spill {
            tier: Tier::new(budget, key_groups),
            form: Arc::new(form),
        })
    }
}

impl GroupTable {
    /// `schema` is that of its snapshots: keys, state columns, the number of rows, when they last changed. Without a
    /// budget it takes what it needs.
    pub fn new(
        codec: KeyCodec,
        aggregates: Aggregates,
        schema: SchemaRef,
        key_groups: u16,
        budget: Option<Budget>,
    ) -> GroupTable {
        let keys = codec.types().len();
        GroupTable {
            spill: budget.and_then(|budget| Spill::new(budget, &schema, keys, key_groups)),
            keys: KeySet::new(&codec),
            codec,
            aggregates,
            entries: Vec::new(),
            ages: Ages::default(),
            schema,
            key_groups,
        }
    }

    pub fn codec(&self) -> &KeyCodec {
        &self.codec
    }

    /// Appends the number of the key of each row of a chunk to `numbers`; keys not seen before have no group yet. Numbers
    /// given before may belong to others now.
    pub fn numbers(
        &mut self,
        keys: &Keys,
        columns: &[ArrayRef],
        rows: usize,
        moment: Moment,
        numbers: &mut Vec<u32>,
    ) -> Result<(), Error> {
        self.make_way(rows)?;
        self.keys.intern(keys, 0..rows, numbers);
        self.entries.resize(self.keys.high(), EMPTY);
        if self.tier().is_some_and(Tier::is_active) {
            self.fetch(keys, columns, numbers, moment)?;
        }
        Ok(())
    }

    /// Brings back what was spilled of keys that have no rows here.
    fn fetch(
        &mut self,
        keys: &Keys,
        columns: &[ArrayRef],
        numbers: &[u32],
        moment: Moment,
    ) -> Result<(), Error> {
        let Some(Spill { tier, form }) = &mut self.spill else {
            return Ok(());
        };
        let entries = &self.entries;
        let is_here = |number: u32| entries[number as usize].group != NONE;
        let fetched = tier.fetch(self.keys.high(), keys, columns, numbers, is_here)?;
        if fetched.numbers.is_empty() {
            return Ok(());
        }
        let columns = form.columns(&fetched.values)?;
        self.take_in(&fetched.numbers, &columns, moment)
    }

    /// Takes in rows: of these keys, the columns behind them.
    fn take_in(&mut self, numbers: &[u32], columns: &[ArrayRef], moment: Moment) -> Result<(), Error> {
        let (state, counters) = columns.split_at(columns.len() - 2);
        let rows = counters[0].as_primitive::<Int64Type>().values();
        let written = counters[1].as_primitive::<Int64Type>().values();
        let mut groups = Vec::with_capacity(numbers.len());
        for (row, number) in numbers.iter().enumerate() {
            groups.push(self.add_row(*number));
            self.entries[*number as usize].rows = rows[row];
            self.ages.restore_one(*number, written[row], moment);
        }
        self.aggregates.make_room();
        self.aggregates.merge(&groups, state)
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
        let entries = &self.entries;
        let numbers = tier.choose(excess, &self.keys, |number| {
            entries
                .get(number as usize)
                .is_some_and(|entry| entry.group != NONE)
        });
        if numbers.is_empty() {
            return Ok(());
        }
        self.keep(&numbers)?;
        let mut groups = Vec::with_capacity(numbers.len());
        for number in &numbers {
            groups.push(std::mem::replace(&mut self.entries[*number as usize], EMPTY).group);
            self.ages.forget(*number);
        }
        self.aggregates.remove_groups(&groups);
        self.keys.give_away(&numbers);
        if let Some(Spill { tier, .. }) = &mut self.spill {
            tier.gone(&numbers);
        }
        Ok(())
    }

    /// Makes sure that the spilled rows have what these keys have.
    fn keep(&mut self, numbers: &[u32]) -> Result<(), Error> {
        for part in numbers.chunks(KEPT_MAX) {
            let Some(Spill { tier, .. }) = &self.spill else {
                return Ok(());
            };
            let written = tier.written(part.iter().copied());
            if written.is_empty() {
                continue;
            }
            let columns = self.state_columns(&written)?;
            if let Some(Spill { tier, form }) = &mut self.spill {
                let values = form.values(&columns)?;
                tier.keep(&self.keys, &self.codec, &written, |row| values.row(row).data())?;
            }
        }
        Ok(())
    }

    /// All numbers are below it.
    pub fn numbers_high(&self) -> usize {
        self.entries.len()
    }

    /// The group of a key, if it has rows.
    #[inline]
    pub fn group(&self, number: u32) -> Option<u32> {
        let group = self.entries[number as usize].group;
        (group != NONE).then_some(group)
    }

    /// Adds a row to a key: gives its group, an empty one if this is its first row. Call
    /// [`Aggregates::make_room`] before the group is used.
    #[inline]
    pub fn add_row(&mut self, number: u32) -> u32 {
        let entry = &mut self.entries[number as usize];
        if entry.group == NONE {
            entry.group = self.aggregates.add_group();
        }
        entry.rows += 1;
        entry.group
    }

    /// Takes a row of a key back: gives its group, `None` if the key has no rows. After its last row a key has no
    /// group; the old one is the caller's to free ([`Aggregates::remove_groups`]).
    #[inline]
    pub fn take_row(&mut self, number: u32) -> Option<u32> {
        let entry = &mut self.entries[number as usize];
        if entry.group == NONE {
            return None;
        }
        let group = entry.group;
        entry.rows -= 1;
        if entry.rows == 0 {
            *entry = EMPTY;
        }
        Some(group)
    }

    /// Notes that rows change these keys now, each named once.
    pub fn touch(&mut self, numbers: impl Iterator<Item = u32> + Clone, moment: Moment) {
        // One thing after the other: what is slow to come from memory comes side by side.
        self.keys.note_all(numbers.clone());
        if moment.expires() {
            numbers.clone().for_each(|number| self.ages.touch(number, moment));
        }
        if let Some(Spill { tier, .. }) = &mut self.spill {
            numbers.for_each(|number| tier.write(number));
        }
    }

    /// Takes the group from a key that is over; it is the caller's to free.
    pub fn expire(&mut self, number: u32, moment: Moment) -> Option<u32> {
        if !self.ages.is_over(number, moment) {
            return None;
        }
        self.ages.forget(number);
        let entry = std::mem::replace(&mut self.entries[number as usize], EMPTY);
        (entry.group != NONE).then_some(entry.group)
    }

    /// Looks at some keys, others each time, and forgets those that are over. Returns whether all have had their turn.
    pub fn sweep(&mut self, looks: usize, moment: Moment) -> Result<bool, Error> {
        let mut over = Vec::new();
        let is_done = self.ages.sweep(looks, moment, &mut over);
        let mut groups = Vec::with_capacity(over.len());
        for number in &over {
            groups.extend(self.expire(*number, moment));
        }
        self.forget(&over)?;
        self.aggregates.remove_groups(&groups);
        if is_done {
            self.keys.shrink();
        }
        match &mut self.spill {
            None => Ok(is_done),
            Some(Spill { tier, .. }) => {
                tier.sweep(is_done, looks, |value| written_ms(value) <= moment.over_ms)
            }
        }
    }

    /// Whether there is anything that can be over some day.
    pub fn has_ages(&self) -> bool {
        !self.ages.is_empty() || self.tier().is_some_and(Tier::is_active)
    }

    /// Forgets keys that have no rows; their numbers go to others.
    pub fn forget(&mut self, numbers: &[u32]) -> Result<(), Error> {
        if let Some(Spill { tier, .. }) = &mut self.spill {
            tier.remove(&self.keys, &self.codec, numbers)?;
        }
        for &number in numbers {
            debug_assert!(self.group(number).is_none(), "a key with rows stays");
            self.ages.forget(number);
            self.keys.remove(number);
        }
        Ok(())
    }

    /// The key columns of these numbers, in their order.
    pub fn key_columns(&self, numbers: &[u32]) -> Result<Vec<ArrayRef>, ArrowError> {
        self.keys.columns(&self.codec, numbers)
    }

    /// The columns behind the keys: state, the number of rows, when they last changed. The keys have rows.
    fn state_columns(&self, numbers: &[u32]) -> Result<Vec<ArrayRef>, Error> {
        let entries = || numbers.iter().map(|number| self.entries[*number as usize]);
        let groups = UInt32Array::from_iter_values(entries().map(|entry| entry.group));
        let mut columns = self.aggregates.state(&groups)?;
        columns.push(Arc::new(Int64Array::from_iter_values(
            entries().map(|entry| entry.rows),
        )));
        columns.push(Arc::new(Int64Array::from_iter_values(
            numbers.iter().map(|number| self.ages.written_ms(*number)),
        )));
        Ok(columns)
    }

    /// In memory.
    pub fn size_bytes(&self) -> usize {
        self.table_bytes() + self.tier().map_or(0, Tier::size_bytes)
    }

    /// In memory, without what tells where spilled rows are.
    fn table_bytes(&self) -> usize {
        self.keys.size_bytes()
            + self.entries.capacity() * size_of::<Entry>()
            + self.ages.size_bytes()
            + self.aggregates.size_bytes()
    }

    /// What was spilled.
    pub fn tier(&self) -> Option<&Tier> {
        self.spill.as_ref().map(|spill| &spill.tier)
    }

    /// What is held as batches of the table's schema.
    pub fn snapshot(&mut self, extent: Extent) -> Result<TableSnapshot, Error> {
        if let Some(rows) = self.spilled(extent)? {
            return Ok(TableSnapshot::of_spilled(rows, self.key_names().collect()));
        }
        let unchanged = self.keys.unchanged();
        let (mut table, mut held) = match self.keys.take_changes(extent) {
            None => (
                TableSnapshot::of_all(unchanged),
                (0..self.entries.len() as u32).collect(),
            ),
            Some(changes) => {
                // A key that was written and not removed has a row.
                let mut table = TableSnapshot::of_changes_by(self.key_names().collect());
                changes.tell_gone(&mut table, self.key_names(), &self.codec, self.key_groups)?;
                (table, changes.numbers)
            }
        };
        held.retain(|number| self.group(*number).is_some());
        for numbers in held.chunks(SNAPSHOT_ROWS_MAX) {
            // Much state is copied once.
            let keys = self.key_columns(numbers).map_err(arrow_error)?;
            let order = GroupOrder::new(&keys, numbers.len(), self.key_groups)?;
            let numbers: Vec<u32> = order.rows.iter().map(|row| numbers[*row as usize]).collect();
            let mut columns = self.key_columns(&numbers).map_err(arrow_error)?;
            columns.extend(self.state_columns(&numbers)?);
            let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)?;
            table.add_in_order(&batch, &order);
        }
        Ok(table)
    }

    /// All that it has as spilled rows, once there are any.
    fn spilled(&mut self, extent: Extent) -> Result<Option<SpilledRows>, Error> {
        if !self.tier().is_some_and(Tier::is_active) {
            return Ok(None);
        }
        let held = (0..self.entries.len() as u32).filter(|number| self.group(*number).is_some());
        self.keep(&held.collect::<Vec<_>>())?;
        let Some(Spill { tier, form }) = &mut self.spill else {
            return Ok(None);
        };
        let (extent, view) = tier.view(extent)?;
        Ok(Some(SpilledRows::new(form.clone(), extent, view)))
    }

    fn key_names(&self) -> impl Iterator<Item = String> + Clone {
        let fields = &self.schema.fields()[..self.codec.types().len()];
        fields.iter().map(|field| field.name().clone())
    }

    /// Makes room at once for so many keys in all, if they fit into memory: to grow step by step takes twice the memory, and
    /// much of the time. Some are there already, and tell how large they are.
    pub fn expect(&mut self, keys: usize) {
        let held = self.keys.len();
        let more = keys.saturating_sub(held);
        let bytes = self.table_bytes() / held.max(1) * keys;
        if more == 0 || held == 0 || self.tier().is_some_and(|tier| !tier.has_room_for(bytes)) {
            return;
        }
        self.keys.reserve(more);
        self.entries.reserve(more);
        self.aggregates.make_room_for(keys);
    }

    /// Keys in memory.
    pub fn held(&self) -> usize {
        self.keys.len()
    }

    /// Takes in a batch of a snapshot.
    pub fn restore(&mut self, batch: &RecordBatch, moment: Moment) -> Result<(), Error> {
        for from in (0..batch.num_rows()).step_by(RESTORED_MAX) {
            let rows = RESTORED_MAX.min(batch.num_rows() - from);
            let part = batch.slice(from, rows);
            let (keys, behind) = part.columns().split_at(self.codec.types().len());
            let encoded = self.codec.encode(keys).map_err(arrow_error)?;
            let mut numbers = Vec::with_capacity(rows);
            self.make_way(rows)?;
            self.keys.intern(&encoded, 0..rows, &mut numbers);
            self.entries.resize(self.keys.high(), EMPTY);
            if let Some(Spill { tier, .. }) = &mut self.spill {
                // Each key is in a snapshot once.
                tier.come(self.keys.high(), &numbers);
                numbers.iter().for_each(|number| tier.write(*number));
            }
            self.take_in(&numbers, behind, moment)?;
        }
        Ok(())
    }
}

/// When a row was last written, from its bytes: the last column, which has no NULLs.
fn written_ms(value: &[u8]) -> i64 {
    let bytes = value.last_chunk().copied().unwrap_or_default();
    (u64::from_be_bytes(bytes) ^ 1 << 63) as i64
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use arrow_schema::{DataType, Field, Schema};

    use super::*;
    use crate::spill::SpillFolder;

    const KEYS: i64 = 20_000;
    const LIFE_MS: i64 = 1_000;

    fn at(now_ms: i64) -> Moment {
        Moment {
            now_ms,
            over_ms: now_ms - LIFE_MS,
        }
    }

    /// Of keys without accumulators.
    fn table(bytes: usize) -> GroupTable {
        let fields = ["key", "rows", "written"];
        let fields = fields.map(|name| Field::new(name, DataType::Int64, name == "key"));
        GroupTable::new(
            KeyCodec::new(vec![DataType::Int64]).unwrap(),
            Aggregates::new([]),
            Arc::new(Schema::new(fields.to_vec())),
            128,
            Some(Budget {
                bytes,
                files: Arc::new(SpillFolder::new(&std::env::temp_dir())),
            }),
        )
    }

    /// Adds a row to each of these keys; gives how many rows each has now.
    fn add(table: &mut GroupTable, keys: Range<i64>, moment: Moment) -> Vec<i64> {
        add_keys(table, &keys.collect::<Vec<_>>(), moment)
    }

    fn add_keys(table: &mut GroupTable, keys: &[i64], moment: Moment) -> Vec<i64> {
        let mut rows = Vec::new();
        for part in keys.chunks(1_000) {
            let column: ArrayRef = Arc::new(Int64Array::from(part.to_vec()));
            let encoded = table.codec().encode(std::slice::from_ref(&column)).unwrap();
            let mut numbers = Vec::new();
            let columns = [column.clone()];
            table
                .numbers(&encoded, &columns, column.len(), moment, &mut numbers)
                .unwrap();
            for number in numbers {
                if let Some(group) = table.expire(number, moment) {
                    table.aggregates.remove_groups(&[group]);
                }
                table.add_row(number);
                table.touch(std::iter::once(number), moment);
                rows.push(table.entries[number as usize].rows);
            }
            table.aggregates.make_room();
        }
        rows
    }

    fn take_all(table: &mut GroupTable, keys: Range<i64>, moment: Moment) {
        take_keys(table, &keys.collect::<Vec<_>>(), moment);
    }

    fn take_keys(table: &mut GroupTable, keys: &[i64], moment: Moment) {
        let column: ArrayRef = Arc::new(Int64Array::from(keys.to_vec()));
        let encoded = table.codec().encode(std::slice::from_ref(&column)).unwrap();
        let mut numbers = Vec::new();
        table
            .numbers(
                &encoded,
                std::slice::from_ref(&column),
                column.len(),
                moment,
                &mut numbers,
            )
            .unwrap();
        for number in &numbers {
            while table.take_row(*number).is_some() {}
        }
        table.forget(&numbers).unwrap();
    }

    fn told(mut table: TableSnapshot) -> (usize, usize) {
        let (mut rows, mut changed) = (0, 0);
        for spilled in std::mem::take(&mut table.spilled) {
            for group in 0..128 {
                let (held, gone) = spilled.of_group(group).unwrap();
                rows += held.iter().map(RecordBatch::num_rows).sum::<usize>();
                changed += gone.iter().map(RecordBatch::num_rows).sum::<usize>();
            }
        }
        (rows + table.rows(), changed)
    }

    #[test]
    fn a_table_keeps_its_budget_and_every_row() {
        let budget = 400_000;
        let mut table = table(budget);
        for round in 1..4 {
            let rows = add(&mut table, 0..KEYS, Moment::TIMELESS);
            assert!(rows.iter().all(|rows| *rows == round), "round {round}");
            assert!(table.size_bytes() <= budget, "{} bytes", table.size_bytes());
        }
        assert!(table.tier().unwrap().spilled_bytes() > 0);
    }

    #[test]
    fn what_is_restored_finds_its_room_where_it_fits_into_memory() {
        let mut whole = table(usize::MAX);
        add(&mut whole, 0..KEYS, Moment::TIMELESS);
        let snapshot = whole.snapshot(Extent::Whole).unwrap();
        for budget in [usize::MAX, 400_000] {
            let mut table = table(budget);
            for (number, batches) in snapshot.groups.values().enumerate() {
                for batch in batches {
                    table.restore(batch, Moment::TIMELESS).unwrap();
                }
                if number == 0 {
                    table.expect(KEYS as usize);
                    let has_room = table.held() + table.keys.room() >= KEYS as usize;
                    assert_eq!(has_room, budget == usize::MAX);
                }
                assert!(table.size_bytes() <= budget, "{} bytes", table.size_bytes());
            }
            assert_eq!(add(&mut table, 0..KEYS, Moment::TIMELESS), vec![2; KEYS as usize]);
        }
    }

    #[test]
    fn snapshots_of_spilled_keys_say_all_and_then_what_has_changed() {
        assert!((KEYS as usize) < SNAPSHOT_ROWS_MAX);
        let mut table = table(0);
        add(&mut table, 0..KEYS, Moment::TIMELESS);
        // What has changed before the first key was spilled nobody knows any more: it says all.
        assert_eq!(told(table.snapshot(Extent::Changes).unwrap()), (KEYS as usize, 0));
        add(&mut table, 100..600, Moment::TIMELESS);
        take_all(&mut table, 200..250, Moment::TIMELESS);
        // A key that has come and gone since is not worth a word.
        add(&mut table, KEYS..KEYS + 10, Moment::TIMELESS);
        take_all(&mut table, KEYS..KEYS + 10, Moment::TIMELESS);
        let (rows, gone) = told(table.snapshot(Extent::Changes).unwrap());
        assert_eq!((rows, gone), (450, 50));
        assert_eq!(told(table.snapshot(Extent::Changes).unwrap()), (0, 0));
        let (rows, _) = told(table.snapshot(Extent::Whole).unwrap());
        assert_eq!(rows, KEYS as usize - 50);
    }

    #[test]
    fn one_that_says_all_knows_how_much_of_it_is_as_it_was() {
        let mut table = table(usize::MAX);
        let mut is_mostly_unchanged = |keys: Range<i64>| {
            add(&mut table, keys, Moment::TIMELESS);
            let mut operator = crate::OperatorSnapshot::default();
            let table = table.snapshot(Extent::Whole).unwrap();
            let unchanged = table.unchanged;
            operator.tables.insert("groups".to_string(), table);
            let mut whole = crate::OperatorSnapshot::default();
            whole.absorb(operator);
            let id = crate::OperatorId {
                fingerprint: 1,
                number: 0,
            };
            let snapshot = crate::Snapshot {
                operators: [(id, Arc::new(whole))].into(),
                ..crate::Snapshot::default()
            };
            (unchanged, snapshot.is_mostly_unchanged())
        };
        // Before the first nothing was noted.
        assert_eq!(is_mostly_unchanged(0..KEYS), (0, false));
        assert_eq!(is_mostly_unchanged(0..100), (KEYS as usize - 100, true));
        assert_eq!(is_mostly_unchanged(100..KEYS), (100, false));
        assert_eq!(is_mostly_unchanged(0..0), (KEYS as usize, true));
    }

    /// The keys below `KEYS` that belong to a shard of two.
    fn keys_of(shard: usize) -> Vec<i64> {
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..KEYS));
        let hashes = crate::hash_columns(&[column], KEYS as usize).unwrap();
        let groups = hashes.iter().map(|hash| crate::key_group(*hash, 128));
        let owned = (0..KEYS).zip(groups);
        let owned = owned.filter(|(_, group)| crate::shard_of(*group, 128, 2) == shard);
        owned.map(|(key, _)| key).collect()
    }

    #[test]
    fn a_shard_that_begins_to_spill_says_all_beside_one_that_says_changes() {
        for forgets in [false, true] {
            let mut tables = [table(usize::MAX), table(250_000)];
            let keys = [keys_of(0), keys_of(1)];
            let snapshot = |tables: &mut [GroupTable; 2], epoch, extent| {
                let mut whole = crate::OperatorSnapshot::default();
                for (shard, table) in tables.iter_mut().enumerate() {
                    let mut told = table.snapshot(extent).unwrap();
                    told.say_all(crate::Share {
                        key_groups: 128,
                        shard,
                        shards: 2,
                    });
                    let mut operator = crate::OperatorSnapshot::default();
                    operator.tables.insert("groups".to_string(), told);
                    whole.absorb(operator);
                }
                let id = crate::OperatorId {
                    fingerprint: 1,
                    number: 0,
                };
                crate::Snapshot {
                    epoch,
                    key_groups: 128,
                    operators: [(id, Arc::new(whole))].into(),
                }
            };
            let file = |snapshot: &crate::Snapshot| {
                let mut file = Vec::new();
                snapshot.write(&[], &mut file).unwrap();
                file
            };
            for (table, keys) in tables.iter_mut().zip(&keys) {
                add_keys(table, &keys[..1_000], Moment::TIMELESS);
            }
            let first = file(&snapshot(&mut tables, 1, Extent::Whole));
            assert!(!tables[1].tier().unwrap().is_active());
            for (table, keys) in tables.iter_mut().zip(&keys) {
                take_keys(table, &keys[..10], Moment::TIMELESS);
                add_keys(table, &keys[1_000..5_000], Moment::TIMELESS);
            }
            assert!(tables[1].tier().unwrap().is_active());
            let mut second = snapshot(&mut tables, 2, Extent::Changes);
            if forgets {
                second.forget_changes();
            }
            let second = file(&second);
            let reader = crate::SnapshotReader::open(vec![&second[..], &first[..]]).unwrap();
            let read = reader.read_all().unwrap();
            let told = &read.operators.values().next().unwrap().tables["groups"];
            let rows = [0, 1].map(|shard| {
                let groups = told.groups.iter();
                let own = groups.filter(|(group, _)| crate::shard_of(**group, 128, 2) == shard);
                own.flat_map(|(_, batches)| batches)
                    .map(RecordBatch::num_rows)
                    .sum::<usize>()
            });
            // Where changes are forgotten, the shard that tells some is as it was.
            let expected: [usize; 2] = if forgets { [1_000, 4_990] } else { [4_990, 4_990] };
            assert_eq!(rows, expected);
        }
    }

    #[test]
    fn a_round_of_sweeps_comes_to_an_end_however_many_keys_are_in_memory() {
        let mut table = table(1 << 20);
        add(&mut table, 0..5 * KEYS, at(0));
        let held = table.keys.len();
        assert!(held > 5_000 && held < 4 * KEYS as usize, "{held} keys in memory");
        let mut calls = 1;
        while !table.sweep(1_000, at(10)).unwrap() {
            calls += 1;
        }
        // Those in memory, and those in files, once each.
        assert!(calls < 2 * 5 * KEYS as usize / 1_000, "{calls} calls");
    }

    #[test]
    fn spilled_keys_that_are_over_begin_anew_and_their_room_is_given_back() {
        let mut table = table(0);
        add(&mut table, 0..KEYS, at(0));
        add(&mut table, 0..KEYS / 2, at(900));
        let before = table.tier().unwrap().spilled_bytes();
        // Of the second half all are over, swept or not.
        let rows = add(&mut table, KEYS / 2..KEYS / 2 + 10, at(1_100));
        assert_eq!(rows, vec![1; 10]);
        while !table.sweep(1_000, at(1_100)).unwrap() {}
        let after = table.tier().unwrap().spilled_bytes();
        assert!(after < before * 2 / 3, "{before} bytes, {after} behind the sweep");
        let (rows, _) = told(table.snapshot(Extent::Whole).unwrap());
        assert_eq!(rows, KEYS as usize / 2 + 10);
        assert_eq!(add(&mut table, 0..5, at(1_200)), vec![3; 5]);
        while !table.sweep(1_000, at(9_000)).unwrap() {}
        let (rows, _) = told(table.snapshot(Extent::Whole).unwrap());
        assert_eq!(rows, 0);
    }
}
