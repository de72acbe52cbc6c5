//! Sessions by key: stretches of time that merge when they touch.
//!
//! The number of a session is also the slot of its accumulators, or of whatever else belongs to it. The
//! sessions of a key hang together in a list without memory of its own; most keys have one. Whoever waits for a
//! session's end stands in a bucket of time, once per session: when the bucket is due, a session that has grown
//! meanwhile moves to a later one.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::{KeyCodec, KeySet, Keys, Slab};

const NONE: u32 = u32::MAX;
/// How finely the gap is cut into buckets of time.
const BUCKETS_PER_GAP: i64 = 32;

#[derive(Debug, Clone, Copy)]
pub struct Session {
    /// Half-open, in milliseconds.
    pub start: i64,
    pub end: i64,
    /// The number of its key.
    pub key: u32,
    next: u32,
}

/// What became of a stretch of time that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It belongs to this session.
    To(u32),
    /// Even merged it ends too early: nothing was changed.
    Late,
}

pub struct SessionTable {
    codec: KeyCodec,
    keys: KeySet,
    /// The first session of each key.
    heads: Vec<u32>,
    sessions: Vec<Session>,
    numbers: Slab,
    buckets: BTreeMap<i64, Vec<u32>>,
    bucket_ms: i64,
    /// Sessions swallowed by others: `(swallowed, swallower)`, in order.
    merged: Vec<(u32, u32)>,
    /// Swallowed sessions still stand in a bucket; their number is free once they have left it.
    dead: usize,
    /// Keys that were interned for rows that came too late, and may have no session.
    idle_keys: Vec<u32>,
    /// No session closes before this.
    next_close: i64,
}

impl SessionTable {
    pub fn new(codec: KeyCodec, gap_ms: i64) -> SessionTable {
        SessionTable {
            keys: KeySet::new(&codec),
            codec,
            heads: Vec::new(),
            sessions: Vec::new(),
            numbers: Slab::default(),
            buckets: BTreeMap::new(),
            bucket_ms: (gap_ms / BUCKETS_PER_GAP).max(1),
            merged: Vec::new(),
            dead: 0,
            idle_keys: Vec::new(),
            next_close: i64::MAX,
        }
    }

    pub fn codec(&self) -> &KeyCodec {
        &self.codec
    }

    /// All session numbers are below it.
    pub fn high(&self) -> usize {
        self.numbers.high()
    }

    pub fn len(&self) -> usize {
        self.numbers.in_use() - self.dead
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn session(&self, number: u32) -> Session {
        self.sessions[number as usize]
    }

    /// The numbers of these rows' keys, for [`SessionTable::add`]. When all rows were added, call
    /// [`SessionTable::finish`].
    pub fn intern(&mut self, keys: &Keys, rows: Range<usize>, out: &mut Vec<u32>) {
        self.keys.intern(keys, rows, out);
        self.heads.resize(self.keys.high(), NONE);
    }

    /// Adds `[start, end)` to the sessions of a key, merging all it touches, unless `is_late` of the end of
    /// what would come of it. Sessions that were swallowed are told by [`SessionTable::take_merged`].
    #[inline]
    pub fn add(&mut self, key: u32, start: i64, end: i64, is_late: impl Fn(i64) -> bool) -> Added {
        let head = self.heads[key as usize];
        let (mut merged_start, mut merged_end) = (start, end);
        let mut touched = 0;
        let mut at = head;
        let mut target = NONE;
        while at != NONE {
            let session = &self.sessions[at as usize];
            // Touching is enough, as in Flink. Sessions held never touch each other, so that one pass finds all.
            if session.start <= end && session.end >= start {
                merged_start = merged_start.min(session.start);
                merged_end = merged_end.max(session.end);
                touched += 1;
                if target == NONE {
                    target = at;
                }
            }
            at = session.next;
        }
        if touched == 0 {
            if is_late(end) {
                self.idle_keys.push(key);
                return Added::Late;
            }
            let number = self.numbers.take();
            let session = Session {
                start,
                end,
                key,
                next: head,
            };
            match self.sessions.get_mut(number as usize) {
                Some(place) => *place = session,
                None => self.sessions.push(session),
            }
            self.heads[key as usize] = number;
            self.wait(number, end);
            return Added::To(number);
        }
        // What is held has not closed yet, so neither has what came of the merge.
        if touched > 1 {
            self.swallow(key, target, start, end);
        }
        let session = &mut self.sessions[target as usize];
        session.start = merged_start;
        session.end = merged_end;
        Added::To(target)
    }

    /// Takes the sessions of a key that touch `[start, end)`, other than `target`, off its list.
    fn swallow(&mut self, key: u32, target: u32, start: i64, end: i64) {
        let mut before = NONE;
        let mut at = self.heads[key as usize];
        while at != NONE {
            let Session {
                start: own_start,
                end: own_end,
                next,
                ..
            } = self.sessions[at as usize];
            if at != target && own_start <= end && own_end >= start {
                match before {
                    NONE => self.heads[key as usize] = next,
                    before => self.sessions[before as usize].next = next,
                }
                self.merged.push((at, target));
                // An empty stretch marks the dead until their bucket is due.
                self.sessions[at as usize].end = i64::MIN;
                self.dead += 1;
            } else {
                before = at;
            }
            at = next;
        }
    }

    /// Ends a round of [`SessionTable::add`]: tells which sessions were swallowed, `(swallowed, swallower)` in
    /// order, and forgets keys that have no session.
    pub fn finish(&mut self) -> Vec<(u32, u32)> {
        if !self.idle_keys.is_empty() {
            let mut idle = std::mem::take(&mut self.idle_keys);
            idle.sort_unstable();
            idle.dedup();
            for key in idle {
                if self.heads[key as usize] == NONE {
                    self.keys.remove(key);
                }
            }
        }
        std::mem::take(&mut self.merged)
    }

    fn wait(&mut self, number: u32, end: i64) {
        self.next_close = self.next_close.min(end);
        self.buckets
            .entry(end.div_euclid(self.bucket_ms))
            .or_default()
            .push(number);
    }

    /// Appends sessions that end at or before `end` to `closed`, in the order of their ends. They stay until
    /// [`SessionTable::remove`].
    pub fn close(&mut self, end: i64, closed: &mut Vec<u32>) {
        let last = end.div_euclid(self.bucket_ms);
        let mut due: Vec<(i64, u32)> = Vec::new();
        let mut freed = Vec::new();
        let mut moved = Vec::new();
        while let Some(entry) = self.buckets.first_entry() {
            let bucket = *entry.key();
            if bucket > last {
                break;
            }
            let mut waiting = entry.remove();
            waiting.retain(|&number| {
                let own_end = self.sessions[number as usize].end;
                if own_end == i64::MIN {
                    freed.push(number);
                    false
                } else if own_end <= end {
                    due.push((own_end, number));
                    false
                } else if own_end.div_euclid(self.bucket_ms) != bucket {
                    moved.push(number);
                    false
                } else {
                    true
                }
            });
            if !waiting.is_empty() {
                // Only the last bucket can keep some: their end lies behind `end`.
                self.buckets.insert(bucket, waiting);
                break;
            }
        }
        due.sort_unstable();
        closed.extend(due.iter().map(|&(_, number)| number));
        self.next_close = match self.buckets.first_key_value() {
            None => i64::MAX,
            Some((bucket, waiting)) => {
                let ends = waiting.iter().map(|&number| self.sessions[number as usize].end);
                let first = ends.filter(|&own_end| own_end != i64::MIN).min();
                first
                    .unwrap_or(bucket.saturating_mul(self.bucket_ms))
                    .max(end.saturating_add(1))
            }
        };
        for number in moved {
            let own_end = self.sessions[number as usize].end;
            self.wait(number, own_end);
        }
        self.dead -= freed.len();
        self.numbers.give_back(&freed);
    }

    /// No session ends before this; none may end then either.
    pub fn next_close(&self) -> Option<i64> {
        (self.next_close != i64::MAX).then_some(self.next_close)
    }

    /// Forgets closed sessions, and keys that have no other.
    pub fn remove(&mut self, closed: &[u32]) {
        for &number in closed {
            let Session { key, next, .. } = self.sessions[number as usize];
            let mut at = self.heads[key as usize];
            if at == number {
                self.heads[key as usize] = next;
            } else {
                while at != NONE {
                    let following = self.sessions[at as usize].next;
                    if following == number {
                        self.sessions[at as usize].next = next;
                        break;
                    }
                    at = following;
                }
            }
            if self.heads[key as usize] == NONE {
                self.keys.remove(key);
            }
        }
        self.numbers.give_back(closed);
    }

    /// The numbers of all sessions that are open.
    pub fn open(&self) -> Vec<u32> {
        let mut open: Vec<u32> = self.buckets.values().flatten().copied().collect();
        open.retain(|&number| self.sessions[number as usize].end != i64::MIN);
        open.sort_unstable();
        open
    }

    pub fn key_set(&self) -> &KeySet {
        &self.keys
    }

    pub fn size_bytes(&self) -> usize {
        self.keys.size_bytes()
            + self.heads.capacity() * 4
            + self.sessions.capacity() * size_of::<Session>()
            + self.numbers.in_use() * 4
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::Int64Array;

    use super::*;

    fn table(gap_ms: i64) -> SessionTable {
        SessionTable::new(
            KeyCodec::new(vec![arrow_schema::DataType::Int64]).unwrap(),
            gap_ms,
        )
    }

    fn add(table: &mut SessionTable, key: i64, start: i64, end: i64, closed: i64) -> Added {
        let keys = table
            .codec()
            .encode(&[Arc::new(Int64Array::from(vec![key]))])
            .unwrap();
        let mut numbers = Vec::new();
        table.intern(&keys, 0..1, &mut numbers);
        table.add(numbers[0], start, end, |end| end <= closed)
    }

    #[test]
    fn stretches_that_touch_become_one() {
        let mut table = table(10);
        assert_eq!(add(&mut table, 1, 0, 10, 0), Added::To(0));
        assert_eq!(add(&mut table, 1, 20, 30, 0), Added::To(1));
        assert_eq!(add(&mut table, 2, 5, 15, 0), Added::To(2));
        let Added::To(survivor) = add(&mut table, 1, 10, 20, 0) else {
            panic!("late")
        };
        assert_eq!(table.finish(), [(1 - survivor, survivor)]);
        let session = table.session(survivor);
        assert_eq!((session.start, session.end), (0, 30));
        assert_eq!(table.len(), 2);
        let mut closed = Vec::new();
        table.close(29, &mut closed);
        assert_eq!(closed, [2]);
        table.remove(&closed);
        closed.clear();
        table.close(30, &mut closed);
        assert_eq!(closed, [survivor]);
        table.remove(&closed);
        assert!(table.is_empty());
        assert!(table.key_set().is_empty());
        assert_eq!(table.next_close(), None);
    }

    #[test]
    fn a_late_stretch_leaves_nothing_behind() {
        let mut table = table(10);
        assert_eq!(add(&mut table, 1, 0, 10, 10), Added::Late);
        assert_eq!(add(&mut table, 1, 1, 11, 10), Added::To(0));
        table.finish();
        assert_eq!(table.key_set().len(), 1);
        assert_eq!(add(&mut table, 2, 0, 10, 10), Added::Late);
        table.finish();
        assert_eq!(table.key_set().len(), 1);
        // Alone it would be late; with the open session it is not.
        assert_eq!(add(&mut table, 1, -5, 5, 10), Added::To(0));
    }
}
