//! Rows of a snapshot on their way from where they are kept to the operators that they belong to.
//!
//! They are read on a thread of its own while shards are built, and no more than a little ahead of what these take in, unless
//! a shard waits for rows behind: a file has all key groups of one shard before those of the next, and tables in the order
//! of their names, whoever asks for them first.

use std::collections::{HashMap, VecDeque};
use std::io::Read;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use arrow_array::RecordBatch;
use dataflow::Error;
use state::{GroupRows, OperatorId, SnapshotReader, shard_of};

/// Rows that were read and not taken yet, unless somebody waits for others.
const HELD_BYTES_MAX: usize = 64 << 20;

pub(crate) struct Incoming {
    shards: usize,
    key_groups: u16,
    /// Of the job; the rows of others are forgotten, if that is allowed.
    operators: Vec<OperatorId>,
    drops_unclaimed: bool,
    held: Mutex<Held>,
    /// Rows have come, or no more will come.
    has_come: Condvar,
    /// Rows were taken, or somebody waits for others.
    goes_on: Condvar,
}

/// A table of an operator.
type Table = (OperatorId, String);

#[derive(Default)]
struct Held {
    /// Of each table by shard.
    rows: HashMap<Table, Vec<VecDeque<GroupRows>>>,
    bytes: usize,
    /// The table that is being read, and the shard: those before it have no more rows.
    at: Option<(Table, usize)>,
    /// Those who wait for rows that are not there yet.
    waiting: usize,
    /// Nobody asks any more.
    is_closed: bool,
    /// Nobody wants to know the rest, either.
    is_abandoned: bool,
    /// Nothing more comes.
    is_over: bool,
}

impl Incoming {
    pub fn new(
        shards: usize,
        key_groups: u16,
        operators: Vec<OperatorId>,
        drops_unclaimed: bool,
    ) -> Incoming {
        Incoming {
            shards,
            key_groups,
            operators,
            drops_unclaimed,
            held: Mutex::default(),
            has_come: Condvar::new(),
            goes_on: Condvar::new(),
        }
    }

    /// Reads all rows, those that nobody takes included: what is damaged anywhere must not be gone on from. Returns whether
    /// all are of operators that the job has, if others are not allowed.
    pub fn read<R: Read>(&self, reader: &mut SnapshotReader<R>) -> Result<bool, Error> {
        // However it ends, nobody waits for more.
        let _over = Over(self);
        while let Some(rows) = reader.next_rows()? {
            if !self.operators.contains(&rows.operator) {
                match self.drops_unclaimed {
                    true => continue,
                    false => return Ok(false),
                }
            }
            if self.put(rows) {
                break;
            }
        }
        Ok(true)
    }

    /// Returns whether the rest is of no use.
    fn put(&self, rows: GroupRows) -> bool {
        let mut held = self.held();
        while held.bytes >= HELD_BYTES_MAX && held.waiting == 0 && !held.is_closed {
            held = self.goes_on.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        if held.is_closed {
            return held.is_abandoned;
        }
        let table = (rows.operator, rows.table.clone());
        let shard = shard_of(rows.group, self.key_groups, self.shards);
        held.at = Some((table.clone(), shard));
        held.bytes += rows.bytes;
        let shards = held
            .rows
            .entry(table)
            .or_insert_with(|| (0..self.shards).map(|_| VecDeque::new()).collect());
        shards[shard].push_back(rows);
        self.has_come.notify_all();
        false
    }

    /// The next key group of a table that belongs to a shard; waits until it is there. `None` behind the last.
    pub fn take(&self, table: &Table, shard: usize) -> Option<(u16, Vec<RecordBatch>)> {
        let mut held = self.held();
        let mut is_waiting = false;
        let taken = loop {
            let rows = held
                .rows
                .get_mut(table)
                .and_then(|shards| shards[shard].pop_front());
            if let Some(rows) = rows {
                held.bytes -= rows.bytes;
                break Some((rows.group, rows.batches));
            }
            let is_behind = |(at, at_shard): &(Table, usize)| (at, *at_shard) > (table, shard);
            if held.is_over || held.at.as_ref().is_some_and(is_behind) {
                break None;
            }
            if !is_waiting {
                is_waiting = true;
                held.waiting += 1;
                self.goes_on.notify_one();
            }
            held = self.has_come.wait(held).unwrap_or_else(PoisonError::into_inner);
        };
        held.waiting -= usize::from(is_waiting);
        self.goes_on.notify_one();
        taken
    }

    /// Nobody wants to know the rest.
    pub fn abandon(&self) {
        self.held().is_abandoned = true;
    }

    /// Nobody asks any more.
    fn close(&self) {
        let mut held = self.held();
        held.is_closed = true;
        held.rows.clear();
        self.goes_on.notify_one();
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until it is dropped there are some who ask.
pub(crate) struct Asking<'a>(pub &'a Incoming);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct Over<'a>(&'a Incoming);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.held().is_over = true;
        self.0.has_come.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{ArrayRef, Int64Array};
    use state::{OperatorSnapshot, Snapshot, TableSnapshot};

    use super::*;

    const KEY_GROUPS: u16 = 16;

    fn id(fingerprint: u64) -> OperatorId {
        OperatorId {
            fingerprint,
            number: 0,
        }
    }

    fn table(rows: i64) -> TableSnapshot {
        let mut table = TableSnapshot::default();
        for from in (0..rows).step_by(10_000) {
            let column: ArrayRef = Arc::new(Int64Array::from_iter_values(from..rows.min(from + 10_000)));
            let batch = RecordBatch::try_from_iter([("key", column)]).unwrap();
            table.add(&batch, 1, KEY_GROUPS).unwrap();
        }
        table
    }

    /// Of two operators with two tables each.
    fn file(rows: i64) -> Vec<u8> {
        let operators = [1, 2].map(|fingerprint| {
            let tables = ["a", "b"].map(|name| (name.to_string(), table(rows)));
            let operator = OperatorSnapshot {
                tables: BTreeMap::from(tables),
                ..OperatorSnapshot::default()
            };
            (id(fingerprint), Arc::new(operator))
        });
        let snapshot = Snapshot {
            epoch: 1,
            key_groups: KEY_GROUPS,
            operators: BTreeMap::from(operators),
        };
        let mut file = Vec::new();
        snapshot.write(b"", &mut file).unwrap();
        file
    }

    fn sum(incoming: &Incoming, operator: u64, name: &str, shard: usize) -> i64 {
        let table = (id(operator), name.to_string());
        let mut sum = 0;
        while let Some((group, batches)) = incoming.take(&table, shard) {
            assert_eq!(shard_of(group, KEY_GROUPS, incoming.shards), shard);
            for batch in batches {
                sum += batch
                    .column(0)
                    .as_primitive::<Int64Type>()
                    .values()
                    .iter()
                    .sum::<i64>();
            }
        }
        sum
    }

    /// Takes the tables of each shard in this order; gives the sums of all shards, and what the reader says.
    fn take_all(file: &[u8], shards: usize, order: &[(u64, &str)]) -> (Vec<i64>, Result<bool, Error>) {
        let mut reader = SnapshotReader::open(vec![file]).unwrap();
        let incoming = Incoming::new(shards, KEY_GROUPS, vec![id(1), id(2)], false);
        thread::scope(|scope| {
            let asking = Asking(&incoming);
            let reading = scope.spawn(|| incoming.read(&mut reader));
            let takers: Vec<_> = (0..shards)
                .map(|shard| {
                    let incoming = &incoming;
                    let sums = order
                        .iter()
                        .map(move |(operator, name)| sum(incoming, *operator, name, shard));
                    scope.spawn(move || sums.collect::<Vec<i64>>())
                })
                .collect();
            let mut sums = vec![0; order.len()];
            for taker in takers {
                let own = taker.join().unwrap();
                sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            }
            drop(asking);
            (sums, reading.join().unwrap())
        })
    }

    #[test]
    fn whoever_asks_gets_the_rows_of_his_shard_in_whatever_order() {
        let rows = 1_000;
        let file = file(rows);
        let all = rows * (rows - 1) / 2;
        let orders: [&[(u64, &str)]; 3] = [
            &[(1, "a"), (1, "b"), (2, "a"), (2, "b")],
            &[(2, "b"), (1, "b"), (2, "a"), (1, "a")],
            &[(2, "a"), (1, "a")],
        ];
        for order in orders {
            for shards in [1, 3] {
                let (sums, read) = take_all(&file, shards, order);
                assert_eq!(sums, vec![all; order.len()]);
                assert!(read.unwrap());
            }
        }
        // A table that is not there is empty.
        let (sums, _) = take_all(&file, 2, &[(1, "aa"), (3, "a"), (2, "b")]);
        assert_eq!(sums, [0, 0, all]);
    }

    #[test]
    fn whoever_has_taken_all_that_has_come_waits_for_the_rest() {
        let file = file(1_000);
        let mut reader = SnapshotReader::open(vec![&file[..]]).unwrap();
        let incoming = Incoming::new(2, KEY_GROUPS, vec![id(1), id(2)], false);
        let table = (id(1), "a".to_string());
        let mut next = || incoming.put(reader.next_rows().unwrap().unwrap());
        next();
        assert!(incoming.take(&table, 0).is_some());
        thread::scope(|scope| {
            // If this fails, nobody waits for ever.
            let _over = Over(&incoming);
            let of_first = scope.spawn(|| incoming.take(&table, 0));
            let of_second = scope.spawn(|| incoming.take(&table, 1));
            while incoming.held().waiting < 2 && !of_first.is_finished() {
                thread::yield_now();
            }
            next();
            assert!(of_first.join().unwrap().is_some());
            (2..usize::from(KEY_GROUPS) / 2).for_each(|_| {
                next();
            });
            assert!(!of_second.is_finished());
            // The first group of the other shard: the first shard has all.
            next();
            assert!(of_second.join().unwrap().is_some());
        });
        let groups = std::iter::from_fn(|| incoming.take(&table, 0)).count();
        assert_eq!(groups, usize::from(KEY_GROUPS) / 2 - 2);
    }

    #[test]
    fn rows_that_no_operator_claims_are_dropped_or_refused() {
        let file = file(1_000);
        for drops_unclaimed in [false, true] {
            let mut reader = SnapshotReader::open(vec![&file[..]]).unwrap();
            let incoming = Incoming::new(1, KEY_GROUPS, vec![id(1)], drops_unclaimed);
            let claimed = thread::scope(|scope| {
                let asking = Asking(&incoming);
                let reading = scope.spawn(|| incoming.read(&mut reader).unwrap());
                assert_eq!(sum(&incoming, 1, "b", 0), 1_000 * 999 / 2);
                drop(asking);
                reading.join().unwrap()
            });
            assert_eq!(claimed, drops_unclaimed);
        }
    }

    #[test]
    fn no_more_is_held_than_a_little_of_what_nobody_takes() {
        let rows = 4 << 20;
        let file = file(rows);
        assert!(file.len() > 2 * HELD_BYTES_MAX);
        let mut reader = SnapshotReader::open(vec![&file[..]]).unwrap();
        let incoming = Incoming::new(1, KEY_GROUPS, vec![id(1), id(2)], false);
        thread::scope(|scope| {
            let asking = Asking(&incoming);
            scope.spawn(|| incoming.read(&mut reader).unwrap());
            while incoming.held().bytes < HELD_BYTES_MAX {
                thread::yield_now();
            }
            // It would read on now if it did.
            thread::sleep(Duration::from_millis(100));
            let held = incoming.held().bytes;
            assert!(held < HELD_BYTES_MAX + (8 << 20), "{held} bytes");
            // Whoever waits for what is behind gets it all the same.
            assert_eq!(sum(&incoming, 2, "b", 0), rows * (rows - 1) / 2);
            drop(asking);
        });
        assert!(incoming.held().is_over);
    }

    #[test]
    fn damage_anywhere_is_told_though_nobody_takes_what_it_hit() {
        let mut file = file(1_000);
        let place = file.len() - 100;
        file[place] ^= 1;
        let (sums, read) = take_all(&file, 2, &[(1, "a")]);
        assert_eq!(sums, [1_000 * 999 / 2]);
        assert!(matches!(read, Err(Error::Data { .. })));
        // Nobody waits for what cannot come any more.
        let (_, read) = take_all(&file, 2, &[(2, "b"), (1, "a")]);
        assert!(read.is_err());
    }
}
