//! What a run goes on from, and what it leaves to those that come after it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use std::time::Duration;

use dataflow::Error;
use engine::{Checkpointing, Committed, SnapshotKeeper, Taken};
use plan::Config;
use runner::{Diagnostic, FailureCause, Kind, Restore, RunFailure, RunSpec, SavepointKey};
use state::{Chain, Checkpoints, Extent, Found, Label, Storage, read_savepoint};
use stdx::step;

use super::shared::Shared;
use crate::storage::{SnapshotKind, Snapshots};

/// `execution.checkpointing.interval`, unless it is set.
const INTERVAL: Duration = Duration::from_secs(10);
/// `execution.checkpointing.timeout`, unless it is set.
const TIMEOUT: Duration = Duration::from_secs(600);
/// `execution.checkpointing.num-retained`, unless it is set: if the last one is damaged there is one before it.
const RETAINED: usize = 2;

/// A checkpoint of at most so many bytes says all every time, unless `execution.checkpointing.incremental` is set.
const WHOLE_BYTES_MAX: u64 = 4 << 20;
/// Where nearly all has changed, so many checkpoints say all before another one says what has changed, unless one sees
/// before that little does by now.
const WHOLE_FOR_A_WHILE: u32 = 8;
/// Changes that have outgrown what they change did so fast if they are not more.
const CHANGES_FAST_MAX: usize = 8;
/// Checkpoints that are read together with what they are changes of, about; more are put together.
const CHANGES_MAX: usize = 32;
/// More are never read together.
const CHANGES_LIMIT: usize = 128;

/// Where state lies that concerns a run.
pub struct Places {
    /// Checkpoints and savepoints of all deployments.
    pub snapshots: Snapshots,
    /// Where state goes that does not fit into memory.
    pub spilled: PathBuf,
}

/// What stands for the number of a checkpoint where a savepoint was found: those are numbered from one.
const SAVEPOINT: u64 = 0;

/// The checkpoints of the run's deployment.
pub struct Recovery {
    checkpoints: Arc<Checkpoints>,
    restore: Restore,
    /// Where the savepoint lies that is begun from, if one is.
    restored: Option<Arc<dyn Storage>>,
    /// What is gone on from, until its job has come.
    found: Option<Found>,
    /// The savepoint turned out to be damaged.
    savepoint_fault: Option<String>,
    /// The damaged checkpoints that were told of.
    told: BTreeSet<u64>,
}

impl Recovery {
    /// Looks for what the run goes on from. To be called by the one attempt that holds the deployment's lock.
    pub fn open(places: &Places, spec: &RunSpec, shared: &Shared) -> Result<Recovery, RunFailure> {
        let Places { snapshots, .. } = places;
        // Nobody else writes there now: what a death has left is cleared away.
        let open = |kind| {
            let opened = snapshots.open(kind, &spec.deployment_id);
            opened.map_err(|error| unreachable(&error))
        };
        open(SnapshotKind::Savepoints)?;
        let checkpoints =
            Checkpoints::open(open(SnapshotKind::Checkpoints)?).map_err(|error| unreachable(&error))?;
        let mut recovery = Recovery {
            checkpoints: Arc::new(checkpoints),
            restore: spec.restore.clone(),
            restored: match &spec.restore {
                Restore::Savepoint { savepoint, .. } => {
                    Some(snapshots.at(SnapshotKind::Savepoints, &savepoint.deployment_id))
                }
                Restore::None | Restore::Latest { .. } => None,
            },
            found: None,
            savepoint_fault: None,
            told: BTreeSet::new(),
        };
        step("restore: checkpoints are looked for");
        recovery.found = recovery.latest()?;
        step("restore: one was found");
        recovery.tell(shared);
        Ok(recovery)
    }

    fn latest(&self) -> Result<Option<Found>, RunFailure> {
        let since_epoch = match self.restore {
            Restore::None => return Ok(None),
            Restore::Latest { since_epoch } | Restore::Savepoint { since_epoch, .. } => since_epoch,
        };
        let latest = self
            .checkpoints
            .latest(since_epoch)
            .map_err(|error| match error {
                Error::Data { message, .. } => failure(
                    FailureCause::State,
                    message,
                    "start the deployment from a savepoint, or without its state",
                ),
                error => unreachable(&error),
            })?;
        match latest {
            None => self.savepoint(),
            found => Ok(found),
        }
    }

    /// The savepoint that is begun from, if one is.
    fn savepoint(&self) -> Result<Option<Found>, RunFailure> {
        let (Restore::Savepoint { savepoint, .. }, Some(storage)) = (&self.restore, &self.restored) else {
            return Ok(None);
        };
        let unusable = |message: String| {
            failure(
                FailureCause::State,
                message,
                "start the deployment from another savepoint, from its latest checkpoint, or without its state",
            )
        };
        let SavepointKey { savepoint_id, .. } = savepoint;
        if let Some(message) = &self.savepoint_fault {
            return Err(unusable(format!(
                "savepoint {savepoint_id} cannot be read: {message}"
            )));
        }
        match read_savepoint(&**storage, savepoint_id) {
            Ok(Some((label, reader))) => Ok(Some(Found {
                number: SAVEPOINT,
                label,
                reader,
                damaged: Vec::new(),
            })),
            Ok(None) => Err(unusable(format!(
                "savepoint {savepoint_id} is not there any more"
            ))),
            Err(Error::Data { message, .. }) => Err(unusable(format!(
                "savepoint {savepoint_id} cannot be read: {message}"
            ))),
            Err(error) => Err(unreachable(&error)),
        }
    }

    /// Says what is gone on from, and loudly what is not.
    fn tell(&mut self, shared: &Shared) {
        let Some(found) = &self.found else {
            tracing::info!("the run begins anew: it goes on from no checkpoint");
            shared.note_checkpoints(|metrics| metrics.restored = None);
            return;
        };
        for (number, message) in &found.damaged {
            if self.told.insert(*number) {
                tell_damage(*number, message);
            }
        }
        let taken_by = &found.label.run_id;
        match &self.restore {
            Restore::Savepoint { savepoint, .. } if found.number == SAVEPOINT => {
                let id = savepoint.savepoint_id.clone();
                tracing::info!(savepoint = id, taken_by, "the run goes on from a savepoint");
                shared.note_checkpoints(|metrics| {
                    metrics.restored = None;
                    metrics.restored_savepoint = Some(id);
                });
            }
            _ => {
                let number = found.number;
                tracing::info!(checkpoint = number, taken_by, "the run goes on from a checkpoint");
                shared.note_checkpoints(|metrics| metrics.restored = Some(number));
            }
        }
    }

    /// Whether a run before this one has done the job, and gone on to the next.
    pub fn has_done(&self, job: usize) -> bool {
        self.found.as_ref().is_some_and(|found| found.label.job > job)
    }

    /// What the job goes on from. `committed` is what its sinks say: a checkpoint behind it was kept, but its rows are
    /// lost.
    pub fn begin(
        &mut self,
        job: usize,
        committed: Committed,
        shared: &Shared,
    ) -> Result<Option<Found>, RunFailure> {
        let mut found = self.found.take_if(|found| found.label.job == job);
        // One that was taken when commits could be repeated is as good as ever.
        while let Some(transactional) = found.take_if(|found| found.label.is_transactional) {
            match committed {
                Committed::Never => return Err(unknown_commit(&transactional)),
                Committed::Epoch(committed) if transactional.reader.snapshot.epoch > committed => {
                    tracing::info!(
                        checkpoint = transactional.number,
                        "the rows of this checkpoint were not committed: the run goes on from the one before"
                    );
                    step("restore: one is passed over");
                    let removed = self.checkpoints.remove(transactional);
                    removed.map_err(|error| unreachable(&error))?;
                    found = self.before(job, shared)?;
                }
                Committed::Epoch(_) | Committed::Repeatable => {
                    found = Some(transactional);
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Rows of what [`Recovery::begin`] gave turned out to be damaged: looks for what was before it.
    pub fn pass_over(&mut self, damaged: Found, error: &Error, shared: &Shared) -> Result<(), RunFailure> {
        let Error::Data { message, .. } = error else {
            return Err(unreachable(error));
        };
        let Found { number, label, .. } = damaged;
        match number {
            SAVEPOINT => self.savepoint_fault = Some(message.clone()),
            number => {
                tell_damage(number, message);
                self.told.insert(number);
                self.checkpoints.pass_over(number, &label, message.clone());
            }
        }
        self.found = self.before(label.job, shared)?;
        Ok(())
    }

    /// The latest one of this job, once a later one cannot be gone on from.
    fn before(&mut self, job: usize, shared: &Shared) -> Result<Option<Found>, RunFailure> {
        shared.note_checkpoints(|metrics| {
            metrics.restored = None;
            metrics.restored_savepoint = None;
        });
        // Those of the job before it are not this job's.
        self.found = self.latest()?.filter(|found| found.label.job == job);
        self.tell(shared);
        Ok(self.found.take())
    }

    /// A program must have the job that its checkpoint is of.
    pub fn check_taken(&self, jobs: usize) -> Result<(), RunFailure> {
        match &self.found {
            None => Ok(()),
            Some(found) => Err(failure(
                FailureCause::State,
                format!(
                    "{} is of statement {} that writes rows, and the program has {jobs}",
                    match found.number {
                        SAVEPOINT => "the savepoint".to_string(),
                        number => format!("checkpoint {number}"),
                    },
                    found.label.job + 1
                ),
                "start the deployment without its state",
            )),
        }
    }

    /// How a job of the program takes checkpoints.
    pub fn checkpointing(
        &self,
        spec: &RunSpec,
        job: usize,
        parallelism: usize,
        is_transactional: bool,
        config: &Config,
        shared: &Arc<Shared>,
    ) -> Checkpointing {
        let duration = |key: &str| config.duration(&format!("execution.checkpointing.{key}"));
        let integer = |key: &str| config.integer(&format!("execution.checkpointing.{key}"));
        let keeper = Keeper {
            checkpoints: self.checkpoints.clone(),
            run_id: spec.run_id.clone(),
            epoch: spec.epoch,
            job,
            parallelism,
            is_transactional,
            // The one before is needed until the rows of the last are committed.
            retained: integer("num-retained")
                .map_or(RETAINED, |number| number as usize)
                .max(if is_transactional { RETAINED } else { 1 }),
            shared: shared.clone(),
            is_incremental: config.boolean("execution.checkpointing.incremental"),
            whole_left: AtomicU32::new(0),
            compactor: compactor(self.checkpoints.clone()),
        };
        Checkpointing {
            keeper: Arc::new(keeper),
            interval: Some(duration("interval").unwrap_or(INTERVAL)).filter(|interval| !interval.is_zero()),
            min_pause: duration("min-pause").unwrap_or_default(),
            timeout: duration("timeout").unwrap_or(TIMEOUT),
            tolerable_failures: integer("tolerable-failed-checkpoints").unwrap_or(0) as u32,
        }
    }
}

fn tell_damage(checkpoint: u64, message: &str) {
    tracing::error!(
        checkpoint,
        "{message}; the run goes on from the one before, and writes again what was written since"
    );
}

fn unknown_commit(found: &Found) -> RunFailure {
    failure(
        FailureCause::State,
        format!(
            "the outside system does not know any more whether the rows of checkpoint {} were committed",
            found.number
        ),
        "if the prefix of the transactions was changed, change it back; else start the deployment without its state",
    )
}

fn unreachable(error: &dyn std::fmt::Display) -> RunFailure {
    failure(
        FailureCause::Runtime,
        format!("the deployment's checkpoints cannot be reached: {error}"),
        "see whether the place that they go to can be read and written",
    )
}

fn failure(cause: FailureCause, message: String, hint: &str) -> RunFailure {
    RunFailure {
        cause,
        diagnostics: vec![Diagnostic::error(Kind::Runtime, message).hint(hint)],
    }
}

/// Keeps the snapshots of one job.
struct Keeper {
    checkpoints: Arc<Checkpoints>,
    run_id: String,
    epoch: u64,
    job: usize,
    parallelism: usize,
    is_transactional: bool,
    retained: usize,
    shared: Arc<Shared>,
    /// `execution.checkpointing.incremental`; if it is not set, the size decides.
    is_incremental: Option<bool>,
    /// So many checkpoints are yet to say all, until it is tried again whether changes are small.
    whole_left: AtomicU32,
    /// Asks for changes to be put together.
    compactor: Compactor,
}

/// What follows a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Whole,
    WholeForAWhile,
    Changes,
    /// Those that are there are put together meanwhile.
    ChangesBehindCompaction,
}

/// When the changes have outgrown what they change it is time for one that says all. Where they did so fast, the next one
/// does; where it took long, another one is not worth the job's time, and the compactor makes it of what there is.
fn next(chain: &Chain, is_incremental: Option<bool>) -> Next {
    let is_outgrown = chain.changes_bytes > chain.base_bytes;
    let is_long = chain.changes >= CHANGES_MAX;
    match is_incremental {
        // Those that there are were not put together.
        _ if chain.changes >= CHANGES_LIMIT => return Next::Whole,
        Some(false) => return Next::Whole,
        Some(true) => {}
        None if chain.base_bytes <= WHOLE_BYTES_MAX => return Next::Whole,
        // More of them would save little.
        None if chain.changes == 1 && chain.changes_bytes > chain.base_bytes / 2 => {
            return Next::WholeForAWhile;
        }
        None if is_outgrown && chain.changes <= CHANGES_FAST_MAX => return Next::Whole,
        None => {}
    }
    if is_outgrown || is_long {
        Next::ChangesBehindCompaction
    } else {
        Next::Changes
    }
}

/// Puts checkpoints together, beside the job, whenever it is asked to.
struct Compactor {
    asks: SyncSender<()>,
    has_failed: Arc<AtomicBool>,
}

fn compactor(checkpoints: Arc<Checkpoints>) -> Compactor {
    let (asks, asked) = mpsc::sync_channel(1);
    let has_failed = Arc::new(AtomicBool::new(false));
    let fails = has_failed.clone();
    let work = move || {
        while asked.recv().is_ok() {
            match checkpoints.compact() {
                Ok(count) => tracing::debug!(count, "checkpoints were put together"),
                Err(error) => {
                    tracing::warn!(%error, "checkpoints could not be put together: the next one says all");
                    fails.store(true, Ordering::Relaxed);
                }
            }
        }
    };
    if let Err(error) = thread::Builder::new().name("compactor".to_string()).spawn(work) {
        tracing::warn!(%error, "checkpoints are not put together: a thread could not be started");
    }
    Compactor { asks, has_failed }
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper")
            .field("run_id", &self.run_id)
            .field("job", &self.job)
            .finish_non_exhaustive()
    }
}

impl Keeper {
    /// Whether changes were found to be large a while ago. Only one thread asks.
    fn is_still_whole(&self) -> bool {
        let left = self.whole_left.load(Ordering::Relaxed);
        self.whole_left.store(left.saturating_sub(1), Ordering::Relaxed);
        left > 0
    }
}

impl SnapshotKeeper for Keeper {
    fn keep(&self, taken: &Taken) -> Result<Extent, Error> {
        let label = Label {
            run_id: self.run_id.clone(),
            epoch: self.epoch,
            job: self.job,
            parallelism: self.parallelism,
            began_us: taken.began_us,
            taken_us: self.shared.clock.now_us(),
            is_last: taken.is_last,
            is_transactional: self.is_transactional,
            parent: None,
        };
        let kept = self
            .checkpoints
            .keep(&label, &taken.snapshot, taken.extent, self.retained);
        let now_us = self.shared.clock.now_us();
        self.shared.note_checkpoints(|metrics| match &kept {
            Ok(kept) => {
                metrics.completed += 1;
                metrics.last_number = Some(kept.number);
                metrics.last_at_ms = Some(now_us.div_euclid(1000));
                metrics.last_duration_ms = (now_us - taken.began_us).max(0) as u64 / 1000;
                metrics.last_bytes = kept.bytes;
            }
            Err(_) => metrics.failed += 1,
        });
        let kept = kept?;
        if self.compactor.has_failed.swap(false, Ordering::Relaxed) {
            // What those that there are need may be damaged.
            return Ok(Extent::Whole);
        }
        if taken.snapshot.is_mostly_unchanged() {
            self.whole_left.store(0, Ordering::Relaxed);
        }
        Ok(match next(&kept.chain, self.is_incremental) {
            Next::Whole => Extent::Whole,
            Next::WholeForAWhile => {
                self.whole_left.store(WHOLE_FOR_A_WHILE, Ordering::Relaxed);
                Extent::Whole
            }
            Next::Changes if self.is_still_whole() => Extent::Whole,
            Next::Changes => Extent::Changes,
            Next::ChangesBehindCompaction => {
                // It is busy with it, or could not be started.
                let _ = self.compactor.asks.try_send(());
                Extent::Changes
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(base: u64, changes: &[u64], is_incremental: Option<bool>) -> Next {
        let chain = Chain {
            base_bytes: base << 20,
            changes_bytes: changes.iter().sum::<u64>() << 20,
            changes: changes.len(),
        };
        next(&chain, is_incremental)
    }

    #[test]
    fn changes_are_kept_where_they_are_small_beside_what_they_change() {
        assert_eq!(after(4, &[], None), Next::Whole);
        assert_eq!(after(100, &[], None), Next::Changes);
        assert_eq!(after(100, &[10, 10], None), Next::Changes);
        assert_eq!(after(100, &[60], None), Next::WholeForAWhile);
        assert_eq!(after(100, &[40, 40, 40], None), Next::Whole);
        assert_eq!(after(100, &[8; 13], None), Next::ChangesBehindCompaction);
        assert_eq!(after(1000, &[1; 32], None), Next::ChangesBehindCompaction);
        assert_eq!(after(1000, &[1; 128], None), Next::Whole);
    }

    #[test]
    fn who_says_so_has_it_one_way_or_the_other() {
        assert_eq!(after(1000, &[], Some(false)), Next::Whole);
        assert_eq!(after(1, &[1], Some(true)), Next::Changes);
        assert_eq!(after(1, &[2], Some(true)), Next::ChangesBehindCompaction);
    }
}
