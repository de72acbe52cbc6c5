//! The rows of both inputs of a join that wait for a while: in lists by key, the latest time first.
//!
//! Chunks are kept whole until their last row has gone. Every key has a timer for each input, which says when its
//! rows are looked through for those that have waited long enough.

use std::collections::{BTreeMap, VecDeque};

use arrow_array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::interleave::interleave;

use crate::{KeyCodec, KeySet, NO_ROW, Slab};

/// No time, where the time of a timer stands.
const NO_TIMER: i64 = i64::MAX;

/// A row that waits.
#[derive(Debug, Clone, Copy)]
pub struct TimedRow {
    pub time_ms: i64,
    /// It has found a match.
    pub matched: bool,
    /// The number of its key.
    pub key: u32,
    next: u32,
    chunk: u32,
    row: u32,
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
}

pub struct TimedRows {
    codec: KeyCodec,
    keys: KeySet,
    of_keys: Vec<OfKey>,
    rows: Vec<TimedRow>,
    numbers: Slab,
    chunks: [Chunks; 2],
    timers: BTreeMap<i64, Vec<(u32, u8)>>,
}

/// The chunks of one input that rows wait in.
struct Chunks {
    schema: SchemaRef,
    held: VecDeque<Held>,
    /// The number of the first one.
    first: u32,
    bytes: usize,
}

struct Held {
    batch: RecordBatch,
    /// Rows that wait. More may come while the chunk is worked on.
    waiting: usize,
}

impl TimedRows {
    pub fn new(codec: KeyCodec, schemas: [SchemaRef; 2]) -> TimedRows {
        let chunks = |schema: SchemaRef| Chunks {
            schema,
            held: VecDeque::new(),
            first: 0,
            bytes: 0,
        };
        let [left, right] = schemas;
        TimedRows {
            keys: KeySet::new(&codec),
            codec,
            of_keys: Vec::new(),
            rows: Vec::new(),
            numbers: Slab::default(),
            chunks: [chunks(left), chunks(right)],
            timers: BTreeMap::new(),
        }
    }

    pub fn codec(&self) -> &KeyCodec {
        &self.codec
    }

    pub fn key_set(&self) -> &KeySet {
        &self.keys
    }

    /// The numbers of the keys of a chunk.
    pub fn keys(&mut self, columns: &[ArrayRef], rows: usize) -> Result<Vec<u32>, ArrowError> {
        let encoded = self.codec.encode(columns)?;
        let mut numbers = Vec::with_capacity(rows);
        self.keys.intern(&encoded, 0..rows, &mut numbers);
        let nothing = OfKey {
            heads: [NO_ROW; 2],
            timers: [NO_TIMER; 2],
            set: 0,
            expired: [i64::MIN; 2],
            oldest: [i64::MAX; 2],
        };
        if self.of_keys.len() < self.keys.high() {
            self.of_keys.resize(self.keys.high(), nothing);
        }
        Ok(numbers)
    }

    /// Takes in a chunk, some of whose rows are going to wait. To be followed by [`TimedRows::settle_chunk`].
    pub fn hold(&mut self, input: usize, batch: RecordBatch) -> u32 {
        let chunks = &mut self.chunks[input];
        chunks.bytes += batch.get_array_memory_size();
        chunks.held.push_back(Held { batch, waiting: 0 });
        chunks.first + chunks.held.len() as u32 - 1
    }

    /// No more rows of this input's last chunk are going to wait.
    pub fn settle_chunk(&mut self, input: usize) {
        let chunks = &mut self.chunks[input];
        if chunks.held.back().is_some_and(|last| last.waiting == 0)
            && let Some(last) = chunks.held.pop_back()
        {
            chunks.bytes -= last.batch.get_array_memory_size();
        }
    }

    /// Lets a row wait: the row `row` of chunk `chunk`.
    pub fn add(&mut self, input: usize, key: u32, time_ms: i64, chunk: u32, row: u32, matched: bool) {
        let number = self.numbers.take();
        let oldest = &mut self.of_keys[key as usize].oldest[input];
        *oldest = time_ms.min(*oldest);
        let mut before = NO_ROW;
        let mut next = self.of_keys[key as usize].heads[input];
        while next != NO_ROW && self.rows[next as usize].time_ms > time_ms {
            before = next;
            next = self.rows[next as usize].next;
        }
        let added = TimedRow {
            time_ms,
            matched,
            key,
            next,
            chunk,
            row,
        };
        match self.rows.get_mut(number as usize) {
            Some(place) => *place = added,
            None => self.rows.push(added),
        }
        match before {
            NO_ROW => self.of_keys[key as usize].heads[input] = number,
            before => self.rows[before as usize].next = number,
        }
        let held = &mut self.chunks[input];
        if let Some(held) = held.held.get_mut((chunk - held.first) as usize) {
            held.waiting += 1;
        }
    }

    /// The first row of a key, or [`NO_ROW`].
    pub fn first(&self, input: usize, key: u32) -> u32 {
        self.of_keys[key as usize].heads[input]
    }

    pub fn row(&self, number: u32) -> &TimedRow {
        &self.rows[number as usize]
    }

    /// The row behind it, of the same time or an earlier one, or [`NO_ROW`].
    pub fn next(&self, number: u32) -> u32 {
        self.rows[number as usize].next
    }

    pub fn mark_matched(&mut self, number: u32) {
        self.rows[number as usize].matched = true;
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
        let mut last = None;
        let mut before = NO_ROW;
        let mut at = self.of_keys[key as usize].heads[input];
        while at != NO_ROW && self.rows[at as usize].time_ms > time_ms {
            last = Some(self.rows[at as usize].time_ms);
            before = at;
            at = self.rows[at as usize].next;
        }
        match before {
            NO_ROW => self.of_keys[key as usize].heads[input] = NO_ROW,
            before => self.rows[before as usize].next = NO_ROW,
        }
        while at != NO_ROW {
            out.push(at);
            at = self.rows[at as usize].next;
        }
        self.of_keys[key as usize].oldest[input] = last.unwrap_or(i64::MAX);
        last
    }

    /// Lets go of rows of one input.
    pub fn release(&mut self, input: usize, rows: &[u32]) {
        let chunks = &mut self.chunks[input];
        for &row in rows {
            let at = (self.rows[row as usize].chunk - chunks.first) as usize;
            if let Some(held) = chunks.held.get_mut(at) {
                held.waiting -= 1;
                if held.waiting == 0 && at + 1 < chunks.held.len() {
                    chunks.empty(at);
                }
            }
        }
        // The last chunk may still be worked on.
        while chunks.held.len() > 1 && chunks.held.front().is_some_and(|held| held.waiting == 0) {
            chunks.empty(0);
            chunks.held.pop_front();
            chunks.first += 1;
        }
        self.numbers.give_back(rows);
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
            of_key.expired = [i64::MIN; 2];
            of_key.oldest = [i64::MAX; 2];
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

    /// All rows of an input that wait.
    pub fn all(&self, input: usize) -> Vec<u32> {
        let mut all = Vec::new();
        for of_key in &self.of_keys {
            let mut at = of_key.heads[input];
            while at != NO_ROW {
                all.push(at);
                at = self.rows[at as usize].next;
            }
        }
        all
    }

    /// These columns of these rows of an input; NULL for [`NO_ROW`].
    pub fn gather(&self, input: usize, columns: &[usize], rows: &[u32]) -> Result<Vec<ArrayRef>, ArrowError> {
        let chunks = &self.chunks[input];
        let mut used: Vec<&RecordBatch> = Vec::new();
        let mut places: Vec<u32> = vec![NO_ROW; chunks.held.len()];
        let mut indices = Vec::with_capacity(rows.len());
        for &row in rows {
            if row == NO_ROW {
                indices.push((usize::MAX, 0));
                continue;
            }
            let row = &self.rows[row as usize];
            let at = (row.chunk - chunks.first) as usize;
            if places[at] == NO_ROW {
                places[at] = used.len() as u32;
                used.push(&chunks.held[at].batch);
            }
            indices.push((places[at] as usize, row.row as usize));
        }
        for index in &mut indices {
            index.0 = index.0.min(used.len());
        }
        columns
            .iter()
            .map(|&column| {
                let null = new_null_array(chunks.schema.field(column).data_type(), 1);
                let mut arrays: Vec<&dyn Array> =
                    used.iter().map(|batch| batch.column(column).as_ref()).collect();
                arrays.push(null.as_ref());
                interleave(&arrays, &indices)
            })
            .collect()
    }

    pub fn size_bytes(&self) -> usize {
        self.keys.size_bytes()
            + self.of_keys.capacity() * size_of::<OfKey>()
            + self.rows.capacity() * size_of::<TimedRow>()
            + self.chunks.iter().map(|chunks| chunks.bytes).sum::<usize>()
            + self.timers.len() * 48
    }
}

impl Chunks {
    /// Lets the rows of a chunk go that nobody waits in.
    fn empty(&mut self, at: usize) {
        let held = &mut self.held[at];
        if held.batch.num_rows() > 0 {
            self.bytes -= held.batch.get_array_memory_size();
            held.batch = RecordBatch::new_empty(self.schema.clone());
        }
    }
}
