//! The rows of both inputs of a join that wait for a while: in lists by key, the latest time first.
//!
//! A place in a list is found from its head on, or from a milestone: a long search leaves some on its way. So keys with
//! many rows that come out of order cost no more than their logarithm, and other keys have none.
//!
//! Every key has a timer for each input, which says when its rows are looked through for those that have waited long
//! enough.

use std::collections::BTreeMap;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, SchemaRef};
use dataflow::Error;

use crate::{Extent, KeyChanges, KeyCodec, KeySet, NO_ROW, RowStore, Slab};

/// No time, where the time of a timer stands.
const NO_TIMER: i64 = i64::MAX;

/// A search leaves a milestone after so many steps.
const STEPS_MAX: usize = 32;

/// A row that waits.
#[derive(Debug, Clone, Copy)]
pub struct TimedRow {
    pub time_ms: i64,
    /// It has found a match.
    pub matched: bool,
    /// The number of its key.
    pub key: u32,
    next: u32,
    /// The number of what it holds.
    stored: u32,
}

/// What there is of a key, by input.
#[derive(Debug, Clone, Copy)]
struct OfKey {
    heads: [u32; 2],
    /// The earliest of each input.
    timers: [i64; 2],
    /// Timers that are set, later ones as well.
    set: u32,
    /// Rows at or before this time are gone, or on their way out.
    expired: [i64; 2],
    /// No row that waits has an earlier time.
    oldest: [i64; 2],
    milestones: [u32; 2],
}

/// A key that no row waits for.
const NOTHING: OfKey = OfKey {
    heads: [NO_ROW; 2],
    timers: [NO_TIMER; 2],
    set: 0,
    expired: [i64::MIN; 2],
    oldest: [i64::MAX; 2],
    milestones: [0; 2],
};

pub struct TimedRows {
    codec: KeyCodec,
    keys: KeySet,
    of_keys: Vec<OfKey>,
    rows: Vec<TimedRow>,
    numbers: Slab,
    /// What the rows of each input hold.
    stores: [RowStore; 2],
    timers: BTreeMap<i64, Vec<(u32, u8)>>,
    /// By input, key and time: rows with which a search may begin, each the last of its time.
    milestones: [BTreeMap<(u32, i64), u32>; 2],
}

impl TimedRows {
    pub fn new(codec: KeyCodec, schemas: [SchemaRef; 2]) -> TimedRows {
        TimedRows {
            keys: KeySet::new(&codec),
            codec,
            of_keys: Vec::new(),
            rows: Vec::new(),
            numbers: Slab::default(),
            stores: schemas.map(RowStore::new),
            timers: BTreeMap::new(),
            milestones: Default::default(),
        }
    }

    pub fn codec(&self) -> &KeyCodec {
        &self.codec
    }

    pub fn key_set(&self) -> &KeySet {
        &self.keys
    }

    /// What has changed since this was last asked; `None`: all is to be said.
    pub fn take_changes(&mut self, extent: Extent) -> Option<KeyChanges> {
        self.keys.take_changes(extent)
    }

    /// The numbers of the keys of a chunk.
    pub fn keys(&mut self, columns: &[ArrayRef], rows: usize) -> Result<Vec<u32>, ArrowError> {
        let encoded = self.codec.encode(columns)?;
        let mut numbers = Vec::with_capacity(rows);
        self.keys.intern(&encoded, 0..rows, &mut numbers);
        if self.of_keys.len() < self.keys.high() {
            self.of_keys.resize(self.keys.high(), NOTHING);
        }
        Ok(numbers)
    }

    /// Begins with a batch of an input, of which rows can be added until [`TimedRows::close`].
    pub fn open(&mut self, input: usize, batch: &RecordBatch) {
        self.stores[input].open(batch);
    }

    /// No more rows of this input's open batch are going to wait.
    pub fn close(&mut self, input: usize) -> Result<(), Error> {
        self.stores[input].close()
    }

    /// Lets a row of the open batch wait.
    pub fn add(&mut self, input: usize, key: u32, time_ms: i64, row: usize, matched: bool) {
        self.keys.note(key);
        let (before, next) = self.find(input, key, time_ms);
        let oldest = &mut self.of_keys[key as usize].oldest[input];
        *oldest = time_ms.min(*oldest);
        let number = self.numbers.take();
        let added = TimedRow {
            time_ms,
            matched,
            key,
            next,
            stored: self.stores[input].keep(row),
        };
        match self.rows.get_mut(number as usize) {
            Some(place) => *place = added,
            None => self.rows.push(added),
        }
        match before {
            NO_ROW => self.of_keys[key as usize].heads[input] = number,
            before => self.rows[before as usize].next = number,
        }
    }

    /// As [`TimedRows::add`], in place of the row of this key and time if one waits.
    pub fn replace(
        &mut self,
        input: usize,
        key: u32,
        time_ms: i64,
        row: usize,
        matched: bool,
    ) -> Result<(), Error> {
        let (_, at) = self.find(input, key, time_ms);
        if at == NO_ROW || self.rows[at as usize].time_ms != time_ms {
            self.add(input, key, time_ms, row, matched);
            return Ok(());
        }
        self.keys.note(key);
        let stored = self.stores[input].keep(row);
        let place = &mut self.rows[at as usize];
        let before = std::mem::replace(&mut place.stored, stored);
        place.matched = matched;
        self.stores[input].release(&[before])
    }

    /// Where a time stands in a key's list: the earliest row behind it, and the latest row that is not, or [`NO_ROW`].
    pub fn find(&mut self, input: usize, key: u32, time_ms: i64) -> (u32, u32) {
        let of_key = &mut self.of_keys[key as usize];
        let mut after = NO_ROW;
        let mut at = of_key.heads[input];
        if of_key.milestones[input] > 0
            && self.rows[at as usize].time_ms > time_ms
            && let Some((_, &milestone)) = self.milestones[input]
                .range((key, time_ms.saturating_add(1))..=(key, i64::MAX))
                .next()
        {
            after = milestone;
            at = self.rows[milestone as usize].next;
        }
        let mut steps = 0;
        while at != NO_ROW && self.rows[at as usize].time_ms > time_ms {
            if steps >= STEPS_MAX && self.rows[after as usize].time_ms > self.rows[at as usize].time_ms {
                steps = 0;
                let place = (key, self.rows[after as usize].time_ms);
                if self.milestones[input].insert(place, after).is_none() {
                    of_key.milestones[input] += 1;
                }
            }
            after = at;
            at = self.rows[at as usize].next;
            steps += 1;
        }
        (after, at)
    }

    pub fn row(&self, number: u32) -> &TimedRow {
        &self.rows[number as usize]
    }

    /// The row behind it, of the same time or an earlier one, or [`NO_ROW`].
    pub fn next(&self, number: u32) -> u32 {
        self.rows[number as usize].next
    }

    pub fn mark_matched(&mut self, number: u32) {
        let row = &mut self.rows[number as usize];
        row.matched = true;
        self.keys.note(row.key);
    }

    /// Until when rows of a key are gone.
    pub fn expired(&self, input: usize, key: u32) -> i64 {
        self.of_keys[key as usize].expired[input]
    }

    pub fn set_expired(&mut self, input: usize, key: u32, time_ms: i64) {
        let expired = &mut self.of_keys[key as usize].expired[input];
        *expired = time_ms.max(*expired);
    }

    /// Takes rows of a key at or before a time off its list. They stay readable until [`TimedRows::release`].
    /// Gives the least time that is left.
    pub fn expire(&mut self, input: usize, key: u32, time_ms: i64, out: &mut Vec<u32>) -> Option<i64> {
        let oldest = self.of_keys[key as usize].oldest[input];
        if oldest > time_ms {
            return (oldest != i64::MAX).then_some(oldest);
        }
        self.keys.note(key);
        let (after, mut at) = self.find(input, key, time_ms);
        let last = match after {
            NO_ROW => {
                self.of_keys[key as usize].heads[input] = NO_ROW;
                None
            }
            after => {
                self.rows[after as usize].next = NO_ROW;
                Some(self.rows[after as usize].time_ms)
            }
        };
        self.forget_milestones(input, key, time_ms);
        while at != NO_ROW {
            out.push(at);
            at = self.rows[at as usize].next;
        }
        self.of_keys[key as usize].oldest[input] = last.unwrap_or(i64::MAX);
        last
    }

    /// Forgets milestones of rows of a key at or before a time.
    fn forget_milestones(&mut self, input: usize, key: u32, time_ms: i64) {
        let count = &mut self.of_keys[key as usize].milestones[input];
        while *count > 0
            && let Some((&place, _)) = self.milestones[input]
                .range((key, i64::MIN)..=(key, time_ms))
                .next()
        {
            self.milestones[input].remove(&place);
            *count -= 1;
        }
    }

    /// Lets go of rows of one input.
    pub fn release(&mut self, input: usize, rows: &[u32]) -> Result<(), Error> {
        let stored: Vec<u32> = rows.iter().map(|&row| self.rows[row as usize].stored).collect();
        self.numbers.give_back(rows);
        self.stores[input].release(&stored)
    }

    /// The timer of a key for the rows of an input.
    pub fn has_timer(&self, input: usize, key: u32) -> bool {
        self.of_keys[key as usize].timers[input] != NO_TIMER
    }

    /// The earliest timer of a key for the rows of an input.
    pub fn timer(&self, input: usize, key: u32) -> Option<i64> {
        let time_ms = self.of_keys[key as usize].timers[input];
        (time_ms != NO_TIMER).then_some(time_ms)
    }

    pub fn set_timer(&mut self, input: usize, key: u32, time_ms: i64) {
        // The end of time is never waited for.
        let time_ms = time_ms.min(NO_TIMER - 1);
        let of_key = &mut self.of_keys[key as usize];
        of_key.timers[input] = time_ms.min(of_key.timers[input]);
        of_key.set += 1;
        self.keys.note(key);
        self.timers.entry(time_ms).or_default().push((key, input as u8));
    }

    /// Takes the timers of the earliest time out if it is not behind `until_ms`: keys and inputs.
    pub fn due(&mut self, until_ms: i64) -> Option<Vec<(u32, u8)>> {
        let first = self.timers.first_entry()?;
        if *first.key() > until_ms {
            return None;
        }
        let due = first.remove();
        for &(key, input) in &due {
            let of_key = &mut self.of_keys[key as usize];
            of_key.timers[usize::from(input)] = NO_TIMER;
            of_key.set -= 1;
            self.keys.note(key);
        }
        Some(due)
    }

    pub fn next_timer(&self) -> Option<i64> {
        self.timers.first_key_value().map(|(time_ms, _)| *time_ms)
    }

    /// Forgets a key that has neither rows nor timers. Returns whether it does.
    pub fn forget_if_idle(&mut self, key: u32) -> bool {
        let of_key = &mut self.of_keys[key as usize];
        let is_idle = of_key.heads == [NO_ROW; 2] && of_key.set == 0;
        if is_idle {
            *of_key = NOTHING;
            self.keys.remove(key);
        }
        is_idle
    }

    /// Keys with their timers, by input.
    pub fn all_timers(&self) -> impl Iterator<Item = (i64, u32, usize)> + '_ {
        self.timers.iter().flat_map(|(&time_ms, keys)| {
            keys.iter()
                .map(move |&(key, input)| (time_ms, key, usize::from(input)))
        })
    }

    /// All rows of an input that wait, or those of some keys.
    pub fn all(&self, input: usize, changes: Option<&KeyChanges>) -> Vec<u32> {
        let mut all = Vec::new();
        let keys: Vec<u32> = match changes {
            None => (0..self.of_keys.len() as u32).collect(),
            Some(changes) => changes.numbers.clone(),
        };
        for of_key in keys.iter().filter_map(|key| self.of_keys.get(*key as usize)) {
            let mut at = of_key.heads[input];
            while at != NO_ROW {
                all.push(at);
                at = self.rows[at as usize].next;
            }
        }
        all
    }

    /// These columns of these rows of an input; NULL for [`NO_ROW`].
    pub fn gather(&self, input: usize, columns: &[usize], rows: &[u32]) -> Result<Vec<ArrayRef>, Error> {
        let stored: Vec<u32> = rows
            .iter()
            .map(|&row| match row {
                NO_ROW => NO_ROW,
                row => self.rows[row as usize].stored,
            })
            .collect();
        self.stores[input].gather_columns(columns, &stored)
    }

    pub fn size_bytes(&self) -> usize {
        self.keys.size_bytes()
            + self.of_keys.capacity() * size_of::<OfKey>()
            + self.rows.capacity() * size_of::<TimedRow>()
            + self.stores.iter().map(RowStore::size_bytes).sum::<usize>()
            + self.timers.len() * 48
            + self
                .milestones
                .iter()
                .map(|milestones| milestones.len() * 32)
                .sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::Int64Array;
    use arrow_schema::{DataType, Field, Schema};

    use super::*;

    fn table(schema: &SchemaRef) -> TimedRows {
        let codec = KeyCodec::new(vec![DataType::Int64]).unwrap();
        TimedRows::new(codec, [schema.clone(), schema.clone()])
    }

    fn batch(values: std::ops::Range<i64>) -> RecordBatch {
        let schema = Arc::new(Schema::new(vec![Field::new("k", DataType::Int64, false)]));
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
        RecordBatch::try_new(schema, vec![column]).unwrap()
    }

    /// Values of rows of input 1 as they are gathered.
    fn gathered(table: &TimedRows, rows: &[u32]) -> Vec<i64> {
        let columns = table.gather(1, &[0], rows).unwrap();
        let values = columns[0].as_any().downcast_ref::<Int64Array>().unwrap();
        values.values().to_vec()
    }

    /// Times in a list, in its order.
    fn times(table: &TimedRows, mut at: u32) -> Vec<i64> {
        let mut times = Vec::new();
        while at != NO_ROW {
            times.push(table.row(at).time_ms);
            at = table.next(at);
        }
        times
    }

    /// Long lists with equal times, which come in any order and go from their ends, are what a sorted list would be.
    #[test]
    fn places_are_found_in_long_lists() {
        let batch = batch(1..3);
        let mut table = table(&batch.schema());
        let keys = table.keys(batch.columns(), 2).unwrap();
        let mut sorted: [Vec<i64>; 2] = Default::default();
        let mut state = 7u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for step in 0..4_000i64 {
            let of = random(2) as usize;
            let (key, model) = (keys[of], &mut sorted[of]);
            if step % 500 == 499 {
                let until = step / 2 - 200;
                let mut gone = Vec::new();
                let left = table.expire(1, key, until, &mut gone);
                assert_eq!(gone.len(), model.iter().filter(|time| **time <= until).count());
                table.release(1, &gone).unwrap();
                model.retain(|time| *time > until);
                assert_eq!(left, model.first().copied());
            }
            let time_ms = step / 2 - random(600) as i64;
            table.open(1, &batch);
            table.add(1, key, time_ms, 0, false);
            table.close(1).unwrap();
            model.insert(model.partition_point(|time| *time <= time_ms), time_ms);

            let wanted = step / 2 - random(700) as i64;
            let (after, at) = table.find(1, key, wanted);
            let place = model.partition_point(|time| *time <= wanted);
            assert_eq!(
                (after != NO_ROW).then(|| table.row(after).time_ms),
                model.get(place).copied()
            );
            let expected: Vec<i64> = model[..place].iter().rev().copied().collect();
            assert_eq!(times(&table, at), expected);
        }
        assert!(
            table.milestones[1].len() > 20,
            "the lists were long enough to have milestones"
        );
    }

    /// A row that stays holds neither the rows that came with it nor a place for each batch that comes after it.
    #[test]
    fn rows_that_stay_cost_no_more_than_themselves() {
        const ROWS: i64 = 500;
        let keys = batch(0..2);
        let mut table = table(&keys.schema());
        let keys = table.keys(keys.columns(), 2).unwrap();
        let (mut stay, mut expected) = (Vec::new(), Vec::new());
        let mut bytes_max = 0;
        for round in 0..1_000 {
            table.open(1, &batch(round * ROWS..(round + 1) * ROWS));
            let stays = round % 10 == 0;
            for row in 0..ROWS {
                let key = keys[usize::from(!stays || row > 0)];
                table.add(1, key, round, row as usize, false);
            }
            table.close(1).unwrap();
            if stays {
                stay.push(table.find(1, keys[0], round).1);
                expected.push(round * ROWS);
            }
            let mut gone = Vec::new();
            table.expire(1, keys[1], round, &mut gone);
            table.release(1, &gone).unwrap();
            bytes_max = bytes_max.max(table.stores[1].size_bytes());
        }
        assert_eq!(gathered(&table, &stay), expected);
        // Some batches may wait until it is worth it to put their rows together.
        assert!(bytes_max < 250_000, "{bytes_max} bytes were held");
    }

    /// Of rows of one key and time the last takes the place of those before, whatever stands around them.
    #[test]
    fn a_row_takes_the_place_of_the_one_of_its_key_and_time() {
        let rows = batch(0..600);
        let mut table = table(&rows.schema());
        let keys = table.keys(batch(0..2).columns(), 2).unwrap();
        table.open(1, &rows);
        for row in 0..600 {
            let time_ms = (row as i64 * 37) % 200;
            table.replace(1, keys[0], time_ms, row, row % 2 == 1).unwrap();
        }
        table.close(1).unwrap();
        assert_eq!((table.stores[1].len(), table.numbers.in_use()), (200, 200));
        for time_ms in 0..200 {
            let (_, at) = table.find(1, keys[0], time_ms);
            let last = (400..600).find(|row| (row * 37) % 200 == time_ms).unwrap();
            assert_eq!(table.row(at).time_ms, time_ms);
            assert_eq!(table.row(at).matched, last % 2 == 1);
            assert_eq!(gathered(&table, &[at]), [last]);
        }
        let mut gone = Vec::new();
        assert_eq!(table.expire(1, keys[0], 99, &mut gone), Some(100));
        assert_eq!(gone.len(), 100);
        table.release(1, &gone).unwrap();
        assert_eq!(table.stores[1].len(), 100);
        // The other key has nothing to do with it.
        table.open(1, &rows);
        table.replace(1, keys[1], 150, 7, false).unwrap();
        table.close(1).unwrap();
        assert_eq!(table.stores[1].len(), 101);
    }
}
