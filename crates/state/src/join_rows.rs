//! The rows of one input of a join, in lists by the number of their key.
//!
//! Where the input only grows, rows are numbered as they come and kept in columns. Where rows can be taken back,
//! equal rows are one with a count: it is found by its encoded value. So are rows that expire: all that are equal do
//! together, as in Flink, whose state has one entry for them.

use arrow_array::{ArrayRef, UInt32Array};
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::take::take;

use crate::join_spill::{SpilledRow, write_number};
use crate::row_columns::{RowColumns, nullable};
use crate::{Ages, Extent, KeyChanges, KeyCodec, KeySet, Moment, NO_ROW};

pub struct JoinRows {
    store: Store,
    /// The first row of each key.
    heads: Vec<u32>,
    next: Vec<u32>,
    /// How many rows of the other input each row matches; empty if nobody asks.
    matches: Vec<u32>,
    counts_matches: bool,
    ages: Ages,
    /// The key of each row, where rows expire.
    keys: Vec<u32>,
    /// Of rows that only grow, those of the last snapshot.
    told: Option<u32>,
}

/// What there is to say of the rows in a snapshot.
pub enum JoinChanges {
    All,
    /// These have come, and of those before nothing has changed.
    Since(u32),
    Of(KeyChanges),
}

enum Store {
    Growing(RowColumns),
    Changing(Changing),
}

/// Distinct rows with counts. A row's number is that of its value in the set.
struct Changing {
    codec: KeyCodec,
    values: KeySet,
    counts: Vec<u32>,
    previous: Vec<u32>,
    columns: usize,
    /// Rows whose count has become zero, or never was more.
    gone: Vec<u32>,
}

impl JoinRows {
    /// `only_grows`: no row is ever taken back, nor does it expire.
    pub fn new(schema: &SchemaRef, only_grows: bool, counts_matches: bool) -> Result<JoinRows, ArrowError> {
        let store = if only_grows {
            Store::Growing(RowColumns::new(nullable(schema)))
        } else {
            let types = schema.fields().iter().map(|field| field.data_type().clone());
            let codec = KeyCodec::new(types.collect())?;
            Store::Changing(Changing {
                values: KeySet::new(&codec),
                codec,
                counts: Vec::new(),
                previous: Vec::new(),
                columns: schema.fields().len(),
                gone: Vec::new(),
            })
        };
        Ok(JoinRows {
            store,
            heads: Vec::new(),
            next: Vec::new(),
            matches: Vec::new(),
            counts_matches,
            ages: Ages::default(),
            keys: Vec::new(),
            told: None,
        })
    }

    /// Gives numbers to the rows of a chunk, which are to be added or taken back one after the other;
    /// [`JoinRows::finish`] ends the round. All keys have numbers below `keys`.
    pub fn begin(&mut self, columns: &[ArrayRef], rows: usize, keys: usize) -> Result<Vec<u32>, ArrowError> {
        if self.heads.len() < keys {
            self.heads.resize(keys, NO_ROW);
        }
        let mut numbers = Vec::with_capacity(rows);
        let high = match &mut self.store {
            Store::Growing(store) => {
                let first = store.add(columns, rows)?;
                numbers.extend(first..first + rows as u32);
                store.rows()
            }
            Store::Changing(store) => {
                let values = store.codec.encode(columns)?;
                store.values.intern(&values, 0..rows, &mut numbers);
                let high = store.values.high();
                store.counts.resize(high, 0);
                store.previous.resize(high, NO_ROW);
                high
            }
        };
        self.next.resize(high, NO_ROW);
        if self.counts_matches {
            self.matches.resize(high, 0);
        }
        Ok(numbers)
    }

    /// Adds a row that matches so many rows of the other input.
    pub fn add(&mut self, key: u32, row: u32, matches: u32, moment: Moment) {
        self.touch(row, moment);
        if moment.expires() {
            if self.keys.len() <= row as usize {
                self.keys.resize(self.next.len(), NO_ROW);
            }
            self.keys[row as usize] = key;
        }
        if self.counts_matches {
            self.matches[row as usize] = matches;
        }
        if let Store::Changing(store) = &mut self.store {
            store.counts[row as usize] += 1;
            if store.counts[row as usize] > 1 {
                return;
            }
            store.previous[row as usize] = NO_ROW;
            let head = self.heads[key as usize];
            if head != NO_ROW {
                store.previous[head as usize] = row;
            }
        }
        self.next[row as usize] = self.heads[key as usize];
        self.heads[key as usize] = row;
    }

    #[inline]
    fn note(&mut self, row: u32) {
        if let Store::Changing(store) = &mut self.store {
            store.values.note(row);
        }
    }

    /// What has changed since this was last asked.
    pub fn take_changes(&mut self, extent: Extent) -> JoinChanges {
        match &mut self.store {
            Store::Changing(store) => match store.values.take_changes(extent) {
                Some(changes) => JoinChanges::Of(changes),
                None => JoinChanges::All,
            },
            // Which rows of before match another number of rows by now, nobody has noted.
            Store::Growing(_) if self.counts_matches => JoinChanges::All,
            Store::Growing(store) => match (self.told.replace(store.rows() as u32), extent) {
                (Some(told), Extent::Changes) => JoinChanges::Since(told),
                _ => JoinChanges::All,
            },
        }
    }

    /// The columns of rows that are no more, in parts.
    pub fn gone_columns(&self, changes: &KeyChanges) -> Result<Vec<Vec<ArrayRef>>, ArrowError> {
        match &self.store {
            Store::Changing(store) => changes.gone_columns(&store.codec),
            Store::Growing(_) => Ok(Vec::new()),
        }
    }

    /// Notes that a row is written.
    pub fn touch(&mut self, row: u32, moment: Moment) {
        self.note(row);
        self.ages.touch(row, moment);
    }

    /// Whether a row counts as gone, though nobody has taken it away yet.
    #[inline]
    pub fn is_over(&self, row: u32, moment: Moment) -> bool {
        self.ages.is_over(row, moment)
    }

    /// Takes a row back, if it is there. Returns whether its key has no row any more.
    pub fn retract(&mut self, key: u32, row: u32, moment: Moment) -> bool {
        if let Store::Changing(store) = &mut self.store
            && store.counts[row as usize] > 1
        {
            store.counts[row as usize] -= 1;
            self.touch(row, moment);
            return false;
        }
        self.take_out(key, row)
    }

    /// Takes all that are equal to a row away from its key, if it is there. Returns whether that has no row any more.
    pub fn take_out(&mut self, key: u32, row: u32) -> bool {
        let Store::Changing(store) = &mut self.store else {
            debug_assert!(false, "the input only grows");
            return false;
        };
        self.ages.forget(row);
        let count = &mut store.counts[row as usize];
        store.gone.push(row);
        if *count > 0 {
            *count = 0;
            let (previous, next) = (store.previous[row as usize], self.next[row as usize]);
            match previous {
                NO_ROW => self.heads[key as usize] = next,
                previous => self.next[previous as usize] = next,
            }
            if next != NO_ROW {
                store.previous[next as usize] = previous;
            }
        }
        self.heads[key as usize] == NO_ROW
    }

    /// Ends a round: forgets rows that are gone.
    pub fn finish(&mut self) {
        if let Store::Changing(store) = &mut self.store
            && !store.gone.is_empty()
        {
            store.gone.sort_unstable();
            store.gone.dedup();
            for row in std::mem::take(&mut store.gone) {
                if store.counts[row as usize] == 0 {
                    store.values.remove(row);
                }
            }
        }
    }

    /// Looks at some rows, others each time, and takes out those that are over. Their keys are appended to `idle` where
    /// they have no row left. Returns whether all have had their turn.
    pub fn sweep(&mut self, looks: usize, moment: Moment, idle: &mut Vec<u32>) -> bool {
        let mut over = Vec::new();
        let is_done = self.ages.sweep(looks, moment, &mut over);
        for row in over {
            let key = self.keys[row as usize];
            if self.take_out(key, row) {
                idle.push(key);
            }
        }
        self.finish();
        if is_done && let Store::Changing(store) = &mut self.store {
            store.values.shrink();
        }
        is_done
    }

    /// How many rows can be added before it needs twice the memory for their numbers.
    pub(crate) fn room(&self) -> usize {
        match &self.store {
            Store::Growing(_) => usize::MAX,
            Store::Changing(store) => store.values.room(),
        }
    }

    /// The rows of a key, in the order in which they were added.
    fn of_key(&self, key: u32) -> Vec<u32> {
        let mut rows = Vec::new();
        let mut row = self.first(key);
        while row != NO_ROW {
            rows.push(row);
            row = self.next(row);
        }
        rows.reverse();
        rows
    }

    /// What there is of keys, as bytes: hands it to `told` key by key.
    pub(crate) fn spill(&self, keys: &[u32], mut told: impl FnMut(usize, &[u8])) -> Result<(), ArrowError> {
        let rows: Vec<Vec<u32>> = keys.iter().map(|key| self.of_key(*key)).collect();
        let encoded = match &self.store {
            Store::Changing(_) => None,
            Store::Growing(store) => {
                let all: Vec<usize> = (0..store.schema().fields().len()).collect();
                let rows: Vec<u32> = rows.iter().flatten().copied().collect();
                let types = store
                    .schema()
                    .fields()
                    .iter()
                    .map(|field| field.data_type().clone());
                let codec = KeyCodec::new(types.collect())?;
                Some(codec.encode(&store.gather(&all, &rows)?)?)
            }
        };
        let mut place = 0;
        let (mut value, mut bytes) = (Vec::new(), Vec::new());
        for (at, rows) in rows.iter().enumerate() {
            value.clear();
            write_number(rows.len(), &mut value);
            for &row in rows {
                bytes.clear();
                match (&self.store, &encoded) {
                    (Store::Changing(store), _) => store.values.append_key(&store.codec, row, &mut bytes),
                    (_, Some(encoded)) => encoded.append_bytes(place, &mut bytes),
                    _ => {}
                }
                place += 1;
                let row = SpilledRow {
                    count: self.count(row),
                    matches: self.matches.get(row as usize).copied().unwrap_or(0),
                    written_ms: self.written_ms(row),
                    bytes: &bytes,
                };
                row.write(&mut value);
            }
            told(at, &value);
        }
        Ok(())
    }

    /// Forgets the rows of keys that were spilled: they do not count as taken away.
    pub(crate) fn give_away(&mut self, keys: &[u32]) {
        let rows: Vec<u32> = keys.iter().flat_map(|key| self.of_key(*key)).collect();
        for key in keys {
            if let Some(head) = self.heads.get_mut(*key as usize) {
                *head = NO_ROW;
            }
        }
        for row in &rows {
            self.ages.forget(*row);
        }
        if let Store::Changing(store) = &mut self.store {
            for row in &rows {
                store.counts[*row as usize] = 0;
            }
            store.values.give_away(&rows);
        }
    }

    /// Whether equal rows are kept apart.
    pub fn only_grows(&self) -> bool {
        matches!(self.store, Store::Growing(_))
    }

    pub fn has_ages(&self) -> bool {
        !self.ages.is_empty()
    }

    pub fn written_ms(&self, row: u32) -> i64 {
        self.ages.written_ms(row)
    }

    /// When a row was last written, according to [`JoinRows::written_ms`].
    pub fn restore_age(&mut self, row: u32, written_ms: i64, moment: Moment) {
        self.ages.restore_one(row, written_ms, moment);
    }

    /// The first row of a key, or [`NO_ROW`].
    #[inline]
    pub fn first(&self, key: u32) -> u32 {
        self.heads.get(key as usize).copied().unwrap_or(NO_ROW)
    }

    /// The row behind this one in the list of its key, or [`NO_ROW`].
    #[inline]
    pub fn next(&self, row: u32) -> u32 {
        self.next[row as usize]
    }

    /// How often the row is there.
    #[inline]
    pub fn count(&self, row: u32) -> u32 {
        match &self.store {
            Store::Growing(_) => 1,
            Store::Changing(store) => store.counts[row as usize],
        }
    }

    pub fn counts_matches(&self) -> bool {
        self.counts_matches
    }

    pub fn matches(&self, row: u32) -> u32 {
        self.matches[row as usize]
    }

    pub fn set_matches(&mut self, row: u32, matches: u32) {
        self.matches[row as usize] = matches;
        self.note(row);
    }

    /// These columns of these rows; NULL for [`NO_ROW`].
    pub fn gather(&self, columns: &[usize], rows: &[u32]) -> Result<Vec<ArrayRef>, ArrowError> {
        match &self.store {
            Store::Growing(store) => store.gather(columns, rows),
            Store::Changing(store) => store.gather(columns, rows),
        }
    }

    /// All rows that are there.
    pub fn all(&self) -> Vec<u32> {
        self.of_changes(&JoinChanges::All)
    }

    /// All rows that are there, or those of the changes.
    pub fn of_changes(&self, changes: &JoinChanges) -> Vec<u32> {
        let high = match &self.store {
            Store::Growing(store) => store.rows() as u32,
            Store::Changing(store) => store.counts.len() as u32,
        };
        let mut rows: Vec<u32> = match changes {
            JoinChanges::All => (0..high).collect(),
            JoinChanges::Since(first) => (*first..high).collect(),
            JoinChanges::Of(changes) => changes.numbers.clone(),
        };
        rows.retain(|row| self.count(*row) > 0);
        rows
    }

    pub fn size_bytes(&self) -> usize {
        let store = match &self.store {
            Store::Growing(store) => store.size_bytes(),
            Store::Changing(store) => {
                store.values.size_bytes() + (store.counts.capacity() + store.previous.capacity()) * 4
            }
        };
        let numbers =
            self.heads.capacity() + self.next.capacity() + self.matches.capacity() + self.keys.capacity();
        store + numbers * 4 + self.ages.size_bytes()
    }
}

impl Changing {
    fn gather(&self, columns: &[usize], rows: &[u32]) -> Result<Vec<ArrayRef>, ArrowError> {
        debug_assert!(columns.iter().all(|&column| column < self.columns));
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        let present: Vec<u32> = rows.iter().copied().filter(|&row| row != NO_ROW).collect();
        let values = self.values.columns(&self.codec, &present)?;
        if present.len() == rows.len() {
            return Ok(columns.iter().map(|&column| values[column].clone()).collect());
        }
        let mut seen = 0;
        let places: UInt32Array = rows
            .iter()
            .map(|&row| {
                (row != NO_ROW).then(|| {
                    seen += 1;
                    seen - 1
                })
            })
            .collect();
        columns
            .iter()
            .map(|&column| take(values[column].as_ref(), &places, None))
            .collect()
    }
}
