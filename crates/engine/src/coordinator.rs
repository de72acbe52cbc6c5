//! Looks after a job while its shards run: takes checkpoints, keeps them, and makes visible what sinks have prepared.
//!
//! Whatever happens to the process, each row becomes visible once: a checkpoint says what was prepared up to its
//! barrier, it is kept before any of that is committed, and to commit something twice does no harm.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use dataflow::{Committable, Committer, Epoch, Error, Transaction};
use graph::{Graph, NodeId};
use model::{Diagnostic, ErrorKind};
use state::{Extent, Snapshot};
use stdx::{Clock, step};

use crate::checkpoints::{Checkpointing, Schedule, Taken};
use crate::savepoints::{Wanted, settle};
use crate::shared::{Complete, Event, Shared};

/// The longest sleep: a clock that is moved by hand tells nobody.
const SLEEP_MAX: Duration = Duration::from_millis(500);

pub(crate) struct Coordinator {
    shared: Arc<Shared>,
    /// Commits first, since it cannot be repeated.
    transaction: Option<Arc<dyn Transaction>>,
    /// What the transaction had committed when the job began.
    committed: Epoch,
    committers: Committers,
    clock: Arc<dyn Clock>,
    keeping: Option<Keeping>,
}

/// What there is of a job that keeps snapshots.
struct Keeping {
    how: Checkpointing,
    schedule: Schedule,
    /// What the next one asks for: changes only where those before them are kept.
    next: Extent,
    /// The last one that was taken is kept: what has changed since can be kept, too.
    is_kept: bool,
}

impl Coordinator {
    pub fn new(
        shared: Arc<Shared>,
        transaction: Option<Arc<dyn Transaction>>,
        committers: Committers,
        clock: Arc<dyn Clock>,
    ) -> Coordinator {
        Coordinator {
            shared,
            transaction,
            committed: 0,
            committers,
            clock,
            keeping: None,
        }
    }

    pub fn keep_snapshots(&mut self, how: Checkpointing) {
        self.shared.keep_last();
        let schedule = Schedule::new(&how, self.clock.now_us());
        self.keeping = Some(Keeping {
            how,
            schedule,
            next: Extent::Whole,
            is_kept: false,
        });
    }

    /// Commits what a restored snapshot says was prepared. To be called before any shard runs.
    pub fn begin(&mut self) -> Result<(), Error> {
        let epoch = self.shared.epoch();
        if let Some(transaction) = &self.transaction {
            match transaction.begin()? {
                Some(committed) if epoch < committed && self.keeping.is_some() => {
                    return Err(Error::internal(format!(
                        "the job begins at epoch {epoch}, and epoch {committed} was committed"
                    )));
                }
                // It comes from a time when its commits could be repeated.
                Some(committed) if epoch > committed => transaction.note(epoch)?,
                Some(committed) => self.committed = committed,
                None => transaction.note(epoch)?,
            }
        }
        step("restore: earlier attempts are shut out");
        self.committers.commit(&self.shared, epoch)?;
        step("restore: what was prepared is committed");
        Ok(())
    }

    /// Works until all shards have ended, or something has failed.
    pub fn run(&mut self) -> Result<(), Error> {
        loop {
            let complete = match self.shared.wait(self.patience()) {
                Event::AllEnded => return Ok(()),
                Event::Failed(error) => return Err(error),
                Event::Complete(complete) => Some(complete),
                Event::Time => None,
            };
            let work = AssertUnwindSafe(|| match complete {
                Some(complete) => self.keep(complete),
                None => self.tick(),
            });
            // A panic would leave the shards running for ever.
            let worked = catch_unwind(work)
                .unwrap_or_else(|_| Err(Error::internal("the coordinator of the job panicked")));
            if let Err(error) = worked {
                // It comes back as an event: the shards are told, too.
                self.shared.fail(error);
            }
        }
    }

    /// Whether there is something to do now, while shards run.
    pub fn has_work(&self) -> bool {
        self.keeping
            .as_ref()
            .is_some_and(|keeping| self.shared.has_complete() || self.is_due(&keeping.schedule))
    }

    /// Does what there is to do, without waiting for more.
    pub fn work(&mut self) -> Result<(), Error> {
        match self.shared.take_complete() {
            Some(complete) => self.keep(complete),
            None => self.tick(),
        }
    }

    /// How long there is nothing to do unless something happens.
    fn patience(&self) -> Duration {
        let Some(Keeping { schedule, .. }) = &self.keeping else {
            return SLEEP_MAX;
        };
        if self.is_due(schedule) {
            return Duration::ZERO;
        }
        let wake_us = schedule.wake_us();
        let wait_us = wake_us.map_or(i64::MAX, |wake_us| wake_us.saturating_sub(self.clock.now_us()));
        Duration::from_micros(wait_us.max(0) as u64).min(SLEEP_MAX)
    }

    fn is_due(&self, schedule: &Schedule) -> bool {
        schedule.is_due(self.clock.now_us()) || schedule.is_idle() && self.shared.wants_savepoint()
    }

    /// Starts a checkpoint if one is due, or somebody waits for a savepoint.
    fn tick(&mut self) -> Result<(), Error> {
        let Some(Keeping { schedule, next, .. }) = &mut self.keeping else {
            return Ok(());
        };
        let now_us = self.clock.now_us();
        schedule.check_timeout(now_us)?;
        if schedule.is_due(now_us) || schedule.is_idle() && self.shared.wants_savepoint() {
            let epoch = self.shared.epoch() + 1;
            if self.shared.start_checkpoint(epoch, *next, now_us) {
                schedule.begin(now_us);
                step("checkpoint: its barrier has set out");
            } else {
                schedule.put_off(now_us);
            }
        }
        Ok(())
    }

    /// Keeps a snapshot, and then makes visible what it says was prepared.
    fn keep(&mut self, complete: Complete) -> Result<(), Error> {
        let Some(Keeping {
            how,
            schedule,
            next,
            is_kept: last_is_kept,
        }) = &mut self.keeping
        else {
            return Ok(());
        };
        let epoch = complete.snapshot.epoch;
        step("checkpoint: its barrier has passed");
        let mut taken = Taken {
            snapshot: complete.snapshot,
            extent: complete.extent,
            began_us: complete.began_us,
            is_last: false,
        };
        let kept = how.keeper.keep(&taken);
        if complete.savepoints.is_empty() {
            // Committing need not hold the state in memory.
            taken.snapshot = Snapshot::default();
        }
        if let Err(error) = &kept {
            settle(&complete.savepoints, Err(error));
        }
        let is_kept = kept.is_ok();
        *last_is_kept = is_kept;
        // What has changed since one that is lost, nobody knows any more.
        *next = *kept.as_ref().unwrap_or(&Extent::Whole);
        self.shared.set_next(*next);
        // Rows of two epochs cannot wait for the same transaction.
        let may_fail = self.transaction.is_none();
        match (kept, may_fail) {
            (Err(error), false) => return Err(error),
            (kept, _) => schedule.end(kept.map(drop), self.clock.now_us())?,
        }
        if is_kept {
            step("checkpoint: it is kept");
            self.commit(epoch)?;
            step("checkpoint: it is committed");
            self.hand_over(&complete.savepoints, taken);
        }
        self.shared.has_kept();
        Ok(())
    }

    /// Gives a snapshot, of which all is committed, to those who asked for it.
    fn hand_over(&self, savepoints: &[Wanted], mut taken: Taken) {
        if savepoints.is_empty() {
            return;
        }
        if taken.extent != Extent::Whole {
            let late = Error::internal("it was asked for when the job was stopping already");
            return settle(savepoints, Err(&late));
        }
        self.shared.forget_committed(&mut taken.snapshot);
        settle(savepoints, Ok(&taken));
    }

    /// Makes visible what was prepared up to an epoch, whose snapshot is safe.
    pub fn commit(&mut self, epoch: Epoch) -> Result<(), Error> {
        if let Some(transaction) = &self.transaction {
            transaction.commit(epoch, false)?;
            step("checkpoint: its transaction is committed");
        }
        self.committers.commit(&self.shared, epoch)
    }

    /// Makes visible the rest, when all shards have ended.
    pub fn finish(&mut self) -> Result<(), Error> {
        let Some(Keeping { how, is_kept, .. }) = &self.keeping else {
            // Nobody goes on from here, so that the number only has to be new.
            self.commit_last(self.shared.epoch().max(self.committed) + 1)?;
            return self.committers.finish(&self.shared);
        };
        let snapshot = self.shared.last_snapshot();
        // Of a job that has read its input to the end no rows are left.
        let extent = match snapshot.has_changes() {
            true => Extent::Changes,
            false => Extent::Whole,
        };
        if extent == Extent::Changes && !is_kept {
            return Err(Error::internal(
                "what the last snapshot says the changes of could not be kept",
            ));
        }
        let mut taken = Taken {
            snapshot,
            extent,
            began_us: self.clock.now_us(),
            is_last: true,
        };
        how.keeper.keep(&taken)?;
        step("end: the last checkpoint is kept");
        self.commit_last(taken.snapshot.epoch)?;
        step("end: the last transaction is committed");
        self.committers.finish(&self.shared)?;
        step("end: all is committed");
        if self.shared.was_cut() && taken.snapshot.has_committables() {
            // Whoever goes on from here may be another version, which does not write to the same places.
            self.shared.forget_committed(&mut taken.snapshot);
            // What has changed is told already, by the one that is kept.
            taken.snapshot.forget_changes();
            how.keeper.keep(&taken)?;
        }
        if self.shared.was_cut() {
            self.hand_over(&self.shared.take_savepoints(), taken);
        }
        Ok(())
    }

    fn commit_last(&self, epoch: Epoch) -> Result<(), Error> {
        match &self.transaction {
            Some(transaction) => transaction.commit(epoch, true),
            None => Ok(()),
        }
    }
}

/// The one transaction of all sinks that need one.
pub(crate) fn transaction(graph: &Graph) -> Result<Option<Arc<dyn Transaction>>, Error> {
    let mut found: Option<Arc<dyn Transaction>> = None;
    for (node, sink) in graph.sinks() {
        let Some(transaction) = sink.sink.transaction() else {
            continue;
        };
        match &found {
            Some(other) if !Arc::ptr_eq(other, &transaction) => {
                let message = "rows of one job cannot be committed in two transactions at once".to_string();
                let fault = Diagnostic::error(ErrorKind::Validation, message)
                    .at(graph.nodes[node].span)
                    .hint("write to one cluster with one 'sink.transactional-id-prefix', or write to the others in jobs of their own");
                return Err(Error::Invalid(Box::new(fault)));
            }
            _ => found = Some(transaction),
        }
    }
    Ok(found)
}

/// The committers of all sinks that have one.
pub(crate) struct Committers {
    by_node: BTreeMap<NodeId, Box<dyn Committer>>,
}

impl Committers {
    pub fn new(by_node: BTreeMap<NodeId, Box<dyn Committer>>) -> Committers {
        Committers { by_node }
    }

    /// Makes visible what was prepared up to an epoch. Every committer is called: it may wait for the clock.
    pub fn commit(&mut self, shared: &Shared, epoch: Epoch) -> Result<(), Error> {
        let mut prepared = by_node(shared.take_prepared(Some(epoch)));
        let mut pending = Vec::new();
        for (node, committer) in &mut self.by_node {
            committer.commit(prepared.remove(node).unwrap_or_default(), false)?;
            pending.push((*node, committer.pending()));
        }
        shared.settle(pending);
        Ok(())
    }

    /// Makes visible all that was prepared, when all shards have ended.
    pub fn finish(&mut self, shared: &Shared) -> Result<(), Error> {
        let mut prepared = by_node(shared.take_prepared(None));
        let mut pending = Vec::new();
        for (node, committer) in &mut self.by_node {
            let committables = prepared.remove(node).unwrap_or_default();
            match (shared.was_cut(), shared.keeps_last()) {
                (false, _) => committer.commit(committables, true)?,
                // Another job goes on from here.
                (true, true) => committer.commit(committables, false)?,
                (true, false) => committer.stop(committables)?,
            }
            pending.push((*node, committer.pending()));
        }
        shared.settle(pending);
        Ok(())
    }
}

fn by_node(prepared: Vec<(NodeId, Vec<Committable>)>) -> HashMap<NodeId, Vec<Committable>> {
    let mut by_node: HashMap<NodeId, Vec<Committable>> = HashMap::new();
    for (node, mut committables) in prepared {
        by_node.entry(node).or_default().append(&mut committables);
    }
    by_node
}
