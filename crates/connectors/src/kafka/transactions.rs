//! The transactions that all sinks of a job share: `'sink.delivery-guarantee' = 'exactly-once'`.
//!
//! librdkafka cannot go on with a transaction that another process has prepared, so that a commit is the point of no
//! return, and notes its epoch in the transaction: as the offset that a group named after the prefix has committed.
//! Whoever comes next reads it there.
//!
//! Two producers take turns, so that rows behind a barrier need not wait until those before it are committed. A
//! producer has one transaction at a time: rows of the barrier that is committed next, or of the one behind it. Writers
//! count barriers from 0, and so does what is committed. A writer waits at a barrier until its rows are delivered:
//! nothing else keeps those it sends by the other producer behind them, and a reader wants the last row of a key last.
//!
//! The first commit of an attempt is that of the first producer. An attempt that was shut out there commits nothing,
//! even if it still has the other one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use dataflow::{Epoch, Error, OptionError, Transaction};

use super::client::{Client, Kind, Producer, Settings, TopicPartition};
use super::properties::Properties;
use super::servers;
use crate::network::NetworkAccess;

/// How long it may take to take back what was only tried.
const BEGIN_PATIENCE: Duration = Duration::from_secs(60);
/// How long whoever has failed waits for the cluster to drop what is open. It does so by itself, later.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// Those in use, by cluster and prefix.
#[derive(Debug, Default)]
pub struct TransactionPool(Mutex<BTreeMap<Place, Weak<Transactions>>>);

/// Servers and prefix.
type Place = (Vec<(String, u16)>, String);

impl TransactionPool {
    /// The one of this prefix. Whoever names it must mean the same cluster, reached in the same way.
    pub fn get(
        &self,
        properties: &Properties,
        prefix: &str,
        network: &NetworkAccess,
    ) -> Result<Arc<Transactions>, OptionError> {
        let mut pool = lock(&self.0);
        pool.retain(|_, transactions| transactions.strong_count() > 0);
        let place = (properties.sorted_servers(), prefix.to_string());
        if let Some(found) = pool.get(&place).and_then(Weak::upgrade) {
            found.check_same(properties)?;
            return Ok(found);
        }
        let transactions = Arc::new(Transactions {
            properties: properties.clone(),
            prefix: prefix.to_string(),
            network: network.clone(),
            protocol: Mutex::new(()),
            attempt: Mutex::new(None),
        });
        pool.insert(place, Arc::downgrade(&transactions));
        Ok(transactions)
    }
}

pub struct Transactions {
    properties: Properties,
    prefix: String,
    network: NetworkAccess,
    /// Held by whoever begins or commits, for as long as that takes.
    protocol: Mutex<()>,
    /// Held for moments. `None` before the beginning.
    attempt: Mutex<Option<Attempt>>,
}

/// What the process that runs now has begun.
struct Attempt {
    lanes: [Lane; 2],
    /// The last epoch that is noted.
    committed: Option<Epoch>,
    /// Barriers whose rows are committed.
    barriers: u64,
    /// What is open now is not committed any more.
    has_failed: bool,
}

struct Lane {
    client: Arc<Client>,
    has_transaction: bool,
}

/// Which of the two has the rows behind so many barriers.
fn lane_of(barriers: u64) -> usize {
    usize::from(barriers % 2 == 1)
}

impl Attempt {
    /// Whether nothing was written that is not behind a last commit.
    fn is_fresh(&self) -> bool {
        self.barriers == 0 && !self.has_failed && self.lanes.iter().all(|lane| !lane.has_transaction)
    }
}

impl Lane {
    fn begin(&mut self) -> Result<(), Error> {
        if !self.has_transaction {
            self.client.begin_transaction()?;
            self.has_transaction = true;
        }
        Ok(())
    }
}

impl Drop for Lane {
    /// Readers of committed rows wait for what is open.
    fn drop(&mut self) {
        if self.has_transaction
            && let Err(error) = self.client.abort_transaction(END_PATIENCE)
        {
            tracing::warn!(%error, "a transaction of kafka is left to time out, or to the next attempt");
        }
    }
}

impl Transactions {
    /// Does something with the attempt, which must have begun.
    fn with<T>(&self, act: impl FnOnce(&mut Attempt) -> Result<T, Error>) -> Result<T, Error> {
        match &mut *lock(&self.attempt) {
            Some(attempt) if attempt.has_failed => {
                Err(Error::internal("a commit to Kafka has failed before"))
            }
            Some(attempt) => act(attempt),
            None => Err(Error::internal("the transactions of Kafka have not begun")),
        }
    }

    /// Two clients of one id would shut each other out.
    fn check_same(&self, properties: &Properties) -> Result<(), OptionError> {
        let other = properties.transactional("");
        let own = self.properties.transactional("");
        // Their order is of no interest.
        let Some(name) = own.difference(&other, "bootstrap.servers") else {
            return Ok(());
        };
        let prefix = "sink.transactional-id-prefix";
        let message = format!(
            "tables with '{prefix}' = '{}' are written together, and '{name}' is not the same for all of them",
            self.prefix
        );
        Err(OptionError::new(prefix, message).hint(format!("set '{name}' to the same value for all of them")))
    }

    fn connect(&self, kind: Kind, settings: &Settings) -> Result<Client, Error> {
        let servers = self.properties.server_list();
        Client::new(kind, settings, &servers, self.network.clone())
    }

    /// A writer of one shard. It may be made before the transactions have begun.
    pub fn participant(self: &Arc<Self>) -> Participant {
        Participant {
            transactions: Arc::clone(self),
            barriers: 0,
            entered: false,
            lanes: [None, None],
        }
    }

    /// The client that rows behind so many barriers go to, with its transaction begun.
    fn enter(&self, barriers: u64) -> Result<Arc<Client>, Error> {
        self.with(|attempt| {
            if !matches!(barriers.checked_sub(attempt.barriers), Some(0 | 1)) {
                return Err(Error::internal(format!(
                    "rows were written behind {barriers} barriers when {} were committed",
                    attempt.barriers
                )));
            }
            let lane = &mut attempt.lanes[lane_of(barriers)];
            lane.begin()?;
            Ok(Arc::clone(&lane.client))
        })
    }

    fn begun(&self) -> Result<Attempt, Error> {
        servers::check(&self.properties, &self.network)?;
        let lane = |number: usize| -> Result<Lane, Error> {
            let settings = self
                .properties
                .transactional(&format!("{}-{number}", self.prefix));
            Ok(Lane {
                client: Arc::new(self.connect(Kind::Producer, &settings)?),
                has_transaction: false,
            })
        };
        let lanes = [lane(0)?, lane(1)?];
        // Both, before the note is read: behind that no earlier attempt can commit.
        for lane in &lanes {
            lane.client.init_transactions()?;
        }
        let reader = self.connect(Kind::Consumer, &self.properties.of_group(&self.group()))?;
        let noted = reader.committed(&[note_place()])?.into_iter().next().flatten();
        if noted.is_none() {
            // What the cluster does not allow is found now, not at the first checkpoint.
            let client = &lanes[0].client;
            client.begin_transaction()?;
            client.note_offset(&self.group(), &note_place(), 0)?;
            client.abort_transaction(BEGIN_PATIENCE)?;
        }
        let committed = noted.and_then(|offset| u64::try_from(offset).ok());
        tracing::info!(prefix = self.prefix, ?committed, "transactions of kafka begin");
        Ok(Attempt {
            lanes,
            committed,
            barriers: 0,
            has_failed: false,
        })
    }

    fn try_commit(&self, epoch: Epoch, is_last: bool) -> Result<(), Error> {
        let (lane, client) = self.with(|attempt| {
            if attempt.committed.is_some_and(|committed| epoch <= committed) {
                return Err(Error::internal(format!("epoch {epoch} was committed before")));
            }
            let lane = lane_of(attempt.barriers);
            if is_last && attempt.lanes[1 - lane].has_transaction {
                // The engine commits each epoch before the last. One of them would be visible without the other.
                return Err(Error::internal(
                    "rows of two epochs wait for the last commit to Kafka",
                ));
            }
            attempt.lanes[lane].begin()?;
            Ok((lane, Arc::clone(&attempt.lanes[lane].client)))
        })?;
        // Meanwhile others may write behind the next barrier.
        self.commit_with(&client, epoch)?;
        self.with(|attempt| {
            attempt.lanes[lane].has_transaction = false;
            attempt.committed = Some(epoch);
            // Behind the last commit another job of this process may come, whose writers count anew.
            attempt.barriers = if is_last { 0 } else { attempt.barriers + 1 };
            Ok(())
        })
    }

    fn try_note(&self, epoch: Epoch) -> Result<(), Error> {
        let client = self.with(|attempt| {
            if !attempt.is_fresh() {
                return Err(Error::internal(
                    "rows were written to Kafka before their first epoch was noted",
                ));
            }
            attempt.lanes[0].begin()?;
            Ok(Arc::clone(&attempt.lanes[0].client))
        })?;
        self.commit_with(&client, epoch)?;
        self.with(|attempt| {
            attempt.lanes[0].has_transaction = false;
            attempt.committed = Some(epoch);
            Ok(())
        })
    }

    /// Remembers that what is open is not committed any more.
    fn note_failure<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        if outcome.is_err()
            && let Some(attempt) = &mut *lock(&self.attempt)
        {
            attempt.has_failed = true;
        }
        outcome
    }

    /// Commits the transaction that is open, and the epoch with it.
    fn commit_with(&self, client: &Client, epoch: Epoch) -> Result<(), Error> {
        let offset = i64::try_from(epoch).map_err(|_| Error::internal("an epoch is too large for Kafka"))?;
        client.note_offset(&self.group(), &note_place(), offset)?;
        client.commit_transaction()
    }

    fn group(&self) -> String {
        format!("oceanus-{}", self.prefix)
    }
}

/// Where the epoch is noted. Brokers take offsets of topics that exist only, and forget those of a topic that is
/// deleted. This one holds what groups have committed: it is there as soon as one of them asks, stays, and does not
/// change with the tables of a job.
fn note_place() -> TopicPartition {
    TopicPartition {
        topic: "__consumer_offsets".to_string(),
        partition: 0,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Transaction for Transactions {
    fn begin(&self) -> Result<Option<Epoch>, Error> {
        let _protocol = lock(&self.protocol);
        let earlier = {
            let mut attempt = lock(&self.attempt);
            if let Some(Attempt { committed, .. }) = attempt.as_ref().filter(|attempt| attempt.is_fresh()) {
                return Ok(*committed);
            }
            attempt.take()
        };
        // A job of this process has failed: what it left open is dropped, too.
        drop(earlier);
        let attempt = self.begun()?;
        let committed = attempt.committed;
        *lock(&self.attempt) = Some(attempt);
        Ok(committed)
    }

    fn commit(&self, epoch: Epoch, is_last: bool) -> Result<(), Error> {
        let _protocol = lock(&self.protocol);
        self.note_failure(self.try_commit(epoch, is_last))
    }

    fn note(&self, epoch: Epoch) -> Result<(), Error> {
        let _protocol = lock(&self.protocol);
        self.note_failure(self.try_note(epoch))
    }
}

impl std::fmt::Debug for Transactions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transactions")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// A writer's part in the transactions.
pub struct Participant {
    transactions: Arc<Transactions>,
    /// That it has seen.
    barriers: u64,
    /// Whether it has written behind the last one.
    entered: bool,
    lanes: [Option<Producer>; 2],
}

impl Participant {
    /// The producer for rows behind the last barrier.
    pub fn producer(&mut self) -> Result<&mut Producer, Error> {
        let lane = &mut self.lanes[lane_of(self.barriers)];
        if !self.entered {
            let client = self.transactions.enter(self.barriers)?;
            self.entered = true;
            return Ok(lane.get_or_insert_with(|| Producer::new(client)));
        }
        lane.as_mut()
            .ok_or_else(|| Error::internal("a transaction of Kafka was entered without a producer"))
    }

    /// Learns what became of records, without waiting.
    pub fn serve(&self) -> Result<(), Error> {
        self.lanes.iter().flatten().try_for_each(Producer::serve)
    }

    /// Waits until all is delivered. What comes behind a barrier is of the next epoch.
    pub fn close(&mut self, is_barrier: bool) -> Result<(), Error> {
        if self.entered
            && let Some(producer) = &self.lanes[lane_of(self.barriers)]
        {
            producer.flush()?;
        }
        if is_barrier {
            self.barriers += 1;
            self.entered = false;
        }
        Ok(())
    }
}
