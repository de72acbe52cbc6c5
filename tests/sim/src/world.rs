//! What outlives the processes of a simulation: rows to read, rows that became visible, objects in a storage.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use dataflow::{Epoch, Error};
use model::Schema;
use stdx::Random;

/// Partitions of a source.
pub const PARTITIONS: usize = 3;

/// How badly things go.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// That the process dies, at each step of a job.
    pub death: f64,
    /// That it dies in a commit, in a write to the storage, or between them.
    pub death_in_protocol: f64,
    /// That the outside world fails, at each call.
    pub fault: f64,
    /// That somebody stops the job, at each step.
    pub stop: f64,
}

impl Weather {
    pub fn of(random: &mut Random) -> Weather {
        let mut often = |most: f64| {
            if random.chance(0.3) {
                0.0
            } else {
                random.unit() * most
            }
        };
        Weather {
            death: often(0.02),
            death_in_protocol: often(0.3),
            fault: often(0.005),
            stop: often(0.005),
        }
    }
}

#[derive(Debug)]
pub struct World {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    random: Random,
    weather: Weather,
    /// Rows of sources as JSON, by table and partition.
    rows: BTreeMap<String, Vec<Vec<String>>>,
    /// What sinks have made visible, by table: changes as JSON.
    visible: BTreeMap<String, Vec<String>>,
    /// Names of what was prepared, and is visible.
    committed: BTreeSet<String>,
    prepared: u64,
    objects: BTreeMap<String, Vec<u8>>,
    /// Files that state was spilled to.
    spills: usize,
    transactions: Transactions,
    /// Who waits for the clock, of the process that runs now.
    sleepers: Vec<(i64, Waker)>,
}

/// An outside system with transactions: rows of an epoch become visible all at once, together with its number.
#[derive(Debug, Default)]
struct Transactions {
    /// Whether the process that runs now has shut out those before it.
    has_begun: bool,
    /// Rows that are not visible, by the barriers that their writer has seen.
    open: BTreeMap<u64, Vec<(String, String)>>,
    committed: Option<Epoch>,
    /// Barriers whose rows are committed, of the process that runs now.
    barriers: u64,
}

impl World {
    pub fn new(random: Random, rows: BTreeMap<String, Vec<Vec<String>>>) -> Arc<World> {
        Arc::new(World {
            inner: Mutex::new(Inner {
                random,
                weather: Weather::default(),
                rows,
                visible: BTreeMap::new(),
                committed: BTreeSet::new(),
                prepared: 0,
                objects: BTreeMap::new(),
                spills: 0,
                transactions: Transactions::default(),
                sleepers: Vec::new(),
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_weather(&self, weather: Weather) {
        self.lock().weather = weather;
    }

    pub fn weather(&self) -> Weather {
        self.lock().weather
    }

    pub fn chance(&self, probability: f64) -> bool {
        self.lock().random.chance(probability)
    }

    pub fn below(&self, bound: u64) -> u64 {
        self.lock().random.below(bound)
    }

    /// Whether the outside world fails in this call.
    pub fn fault(&self, what: &str) -> Result<(), Error> {
        let mut inner = self.lock();
        let fault = inner.weather.fault;
        if inner.random.chance(fault) {
            let cause = io::Error::from(io::ErrorKind::TimedOut);
            return Err(Error::io(what, cause));
        }
        Ok(())
    }

    /// Whether the process dies at this point of the protocol.
    pub fn death(&self, place: &str) -> Result<(), Error> {
        let mut inner = self.lock();
        let death = inner.weather.death_in_protocol;
        if inner.random.chance(death) {
            return Err(Error::internal(format!("died {place}")));
        }
        Ok(())
    }

    /// Rows of a partition from one on.
    pub fn rows(&self, table: &str, partition: usize, from: usize, count: usize) -> Vec<String> {
        let inner = self.lock();
        let all = inner
            .rows
            .get(table)
            .and_then(|partitions| partitions.get(partition))
            .map_or(&[][..], Vec::as_slice);
        all.iter().skip(from).take(count).cloned().collect()
    }

    pub fn note_spill(&self) {
        self.lock().spills += 1;
    }

    pub fn spills(&self) -> usize {
        self.lock().spills
    }

    /// A name that no other prepared part has.
    pub fn part_name(&self) -> String {
        let mut inner = self.lock();
        inner.prepared += 1;
        format!("part-{}", inner.prepared)
    }

    /// Makes a part visible; one that is visible stays as it is, unless that is forgotten.
    pub fn publish(&self, table: &str, part: &str, rows: &[String], forgets: bool) {
        let mut inner = self.lock();
        if inner.committed.insert(part.to_string()) || forgets {
            let visible = inner.visible.entry(table.to_string()).or_default();
            visible.extend_from_slice(rows);
        }
    }

    /// Another process begins.
    pub fn new_process(&self) {
        let mut inner = self.lock();
        inner.transactions.has_begun = false;
        inner.sleepers.clear();
    }

    /// Wakes somebody when the clock gets there.
    pub fn wake_at(&self, at_us: i64, waker: Waker) {
        self.lock().sleepers.push((at_us, waker));
    }

    /// When the next one is to be waked.
    pub fn next_wake_us(&self) -> Option<i64> {
        self.lock().sleepers.iter().map(|(at_us, _)| *at_us).min()
    }

    /// Wakes all whose time has come.
    pub fn wake(&self, now_us: i64) {
        let mut inner = self.lock();
        let (due, rest) = std::mem::take(&mut inner.sleepers)
            .into_iter()
            .partition(|(at_us, _)| *at_us <= now_us);
        inner.sleepers = rest;
        drop(inner);
        let due: Vec<(i64, Waker)> = due;
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Shuts out the process before this one, and tells the epoch that was committed last.
    pub fn begin_transactions(&self) -> Option<Epoch> {
        let transactions = &mut self.lock().transactions;
        if !transactions.has_begun {
            transactions.has_begun = true;
            transactions.open.clear();
            transactions.barriers = 0;
        }
        transactions.committed
    }

    /// Adds rows of a writer that has seen so many barriers.
    pub fn write_in_transaction(&self, table: &str, barriers: u64, rows: Vec<String>) {
        let transactions = &mut self.lock().transactions;
        let open = transactions.open.entry(barriers).or_default();
        open.extend(rows.into_iter().map(|row| (table.to_string(), row)));
    }

    pub fn note_epoch(&self, epoch: Epoch) {
        self.lock().transactions.committed = Some(epoch);
    }

    pub fn commit_transaction(&self, epoch: Epoch, is_last: bool) -> Result<(), Error> {
        let inner = &mut *self.lock();
        let transactions = &mut inner.transactions;
        if transactions.committed.is_some_and(|committed| epoch <= committed) {
            return Err(Error::internal(format!("epoch {epoch} was committed before")));
        }
        let later = match is_last {
            true => BTreeMap::new(),
            false => transactions.open.split_off(&(transactions.barriers + 1)),
        };
        let rows = std::mem::replace(&mut transactions.open, later);
        for (table, row) in rows.into_values().flatten() {
            inner.visible.entry(table).or_default().push(row);
        }
        transactions.committed = Some(epoch);
        transactions.barriers += 1;
        Ok(())
    }

    pub fn visible(&self) -> BTreeMap<String, Vec<String>> {
        self.lock().visible.clone()
    }

    pub fn put_object(&self, name: &str, bytes: Vec<u8>) {
        self.lock().objects.insert(name.to_string(), bytes);
    }

    pub fn object(&self, name: &str) -> Option<Vec<u8>> {
        self.lock().objects.get(name).cloned()
    }

    pub fn objects(&self) -> Vec<(String, u64)> {
        let inner = self.lock();
        let listed = inner.objects.iter();
        listed
            .map(|(name, bytes)| (name.clone(), bytes.len() as u64))
            .collect()
    }

    pub fn remove_object(&self, name: &str) {
        self.lock().objects.remove(name);
    }
}

/// Changes of a table as they stand in [`World::visible`].
pub fn encode(schema: &Schema, chunk: &dataflow::Chunk) -> Result<Vec<String>, Error> {
    let options = formats::json::EncodeOptions::readable();
    let mut encoder = formats::json::RowEncoder::new(schema, options);
    let mut rows = Vec::with_capacity(chunk.rows());
    for row in 0..chunk.rows() {
        let kind = if chunk.kind(row).is_addition() { '+' } else { '-' };
        let mut line = vec![kind as u8];
        encoder.encode_row(&chunk.batch, row, &mut line)?;
        rows.push(String::from_utf8_lossy(&line).into_owned());
    }
    Ok(rows)
}
