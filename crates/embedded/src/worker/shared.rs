//! What the threads of a worker have in common: how far the run is, and what was asked of it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::{Control, Statistics};
use runner::{
    CheckpointMetrics, End, Metrics, NodeMetrics, Outcome, RunKey, RunSpec, RunState, SavepointState,
    SavepointTime, Secrets, SnapshotLocation, StoppedBy,
};
use stdx::Clock;

use super::savepoints::{JobLabel, Savepoints};
use crate::folder::RunFolder;
use crate::log::{Log, LogStream};
use crate::process;
use crate::storage::{Patience, SnapshotKind, Snapshots};
use crate::summary::node_id;

pub struct Shared {
    pub key: RunKey,
    pub clock: Arc<dyn Clock>,
    folder: RunFolder,
    log: Arc<Log>,
    savepoints: Arc<Savepoints>,
    state: Mutex<State>,
    changed: Condvar,
    /// Held while the outcome is written; whether it has been.
    outcome: Mutex<bool>,
}

#[derive(Default)]
struct State {
    spec: Option<(RunSpec, Snapshots)>,
    /// When the first row could flow.
    started_ms: Option<i64>,
    stop: Option<StoppedBy>,
    job: Option<CurrentJob>,
    /// Counts of jobs that have ended.
    before: Metrics,
    /// How many jobs have ended.
    jobs: usize,
    rows_in_per_second: f64,
    checkpoints: CheckpointMetrics,
}

/// The job that runs now.
struct CurrentJob {
    control: Control,
    names: Vec<String>,
}

impl Shared {
    pub fn new(folder: RunFolder, key: RunKey, log: Arc<Log>, clock: Arc<dyn Clock>) -> Shared {
        Shared {
            savepoints: Arc::new(Savepoints::new(&key, clock.clone())),
            key,
            clock,
            folder,
            log,
            state: Mutex::default(),
            changed: Condvar::new(),
            outcome: Mutex::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn log_stream(&self) -> LogStream {
        self.log.stream()
    }

    /// Takes what to run, and where its snapshots go; said again it changes nothing. Fails where that makes no sense.
    pub fn start(
        &self,
        mut spec: RunSpec,
        secrets: BTreeMap<String, String>,
        location: Option<&SnapshotLocation>,
    ) -> io::Result<()> {
        let mut state = self.lock();
        if state.spec.is_some() {
            return Ok(());
        }
        let mut hidden = secrets.clone();
        if let Some(SnapshotLocation::S3(location)) = location {
            let values = location.credentials.hidden().enumerate();
            // By names that no secret can have.
            hidden.extend(values.map(|(number, value)| (format!("s3 {number}"), value.to_string())));
        }
        self.log.hide(Secrets::new(hidden));
        let data = self.folder.data()?;
        let snapshots = |patience| {
            let snapshots = data.snapshots(location, patience, self.clock.clone());
            snapshots.map_err(io::Error::other)
        };
        let (of_job, of_server) = (snapshots(Patience::JOB)?, snapshots(Patience::SERVER)?);
        let place = |snapshots: &Snapshots| snapshots.at(SnapshotKind::Savepoints, &spec.deployment_id);
        self.savepoints.keep_in(place(&of_job), place(&of_server));
        spec.program.secrets = Secrets::new(secrets);
        state.spec = Some((spec, of_job));
        self.changed.notify_all();
        Ok(())
    }

    /// What to run, once it was said; `None` if it was not in time.
    pub fn wait_for_start(&self, patience: Duration) -> Option<(RunSpec, Snapshots)> {
        let state = self.lock();
        let (state, _) = self
            .changed
            .wait_timeout_while(state, patience, |state| state.spec.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        state.spec.clone()
    }

    /// Asks the run to end in order.
    pub fn stop(&self, by: StoppedBy) {
        let mut state = self.lock();
        state.stop.get_or_insert(by);
        if let Some(job) = &state.job {
            job.control.stop();
        }
        self.changed.notify_all();
    }

    pub fn stopped(&self) -> Option<StoppedBy> {
        self.lock().stop
    }

    /// Waits until the run is asked to stop, at most this long.
    pub fn wait_for_stop(&self, patience: Duration) -> Option<StoppedBy> {
        let state = self.lock();
        let (state, _) = self
            .changed
            .wait_timeout_while(state, patience, |state| state.stop.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        state.stop
    }

    /// A job begins; `names` are those of its nodes.
    pub fn begin_job(&self, names: Vec<String>, label: JobLabel) -> Control {
        let control = Control::new();
        self.savepoints.begin_job(&control, label);
        let mut state = self.lock();
        if state.stop.is_some() {
            control.stop();
        }
        state.started_ms.get_or_insert(self.clock.now_ms());
        state.job = Some(CurrentJob {
            control: control.clone(),
            names,
        });
        control
    }

    /// The job has ended: its counts stay.
    pub fn end_job(&self) {
        self.savepoints.end_job();
        let mut state = self.lock();
        let metrics = state.metrics();
        state.before = metrics;
        if state.job.take().is_some() {
            state.jobs += 1;
        }
    }

    /// Asks for a savepoint, and says what has become of it.
    pub fn savepoint(&self, savepoint_id: &str, time: SavepointTime) -> SavepointState {
        self.savepoints.request(savepoint_id, time)
    }

    pub fn run_state(&self) -> RunState {
        let state = self.lock();
        match (&state.spec, state.stop, state.started_ms) {
            (_, Some(_), _) => RunState::Stopping,
            (None, ..) => RunState::Absent,
            (Some(_), _, None) => RunState::Starting,
            (Some(_), _, Some(since_ms)) => RunState::Running { since_ms },
        }
    }

    pub fn metrics(&self) -> Metrics {
        let mut metrics = self.lock().metrics();
        metrics.at_ms = self.clock.now_ms();
        metrics.memory_bytes = process::resident_bytes().unwrap_or_default();
        metrics
    }

    /// Notes what has become of checkpoints.
    pub fn note_checkpoints(&self, note: impl FnOnce(&mut CheckpointMetrics)) {
        note(&mut self.lock().checkpoints);
    }

    pub fn set_rate(&self, rows_in_per_second: f64) {
        self.lock().rows_in_per_second = rows_in_per_second;
    }

    /// Writes how the run has ended. Only the first end counts; true if it was this one.
    pub fn finish(&self, end: End) -> io::Result<bool> {
        let mut is_written = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_written {
            return Ok(false);
        }
        match &end {
            End::Finished => tracing::info!("the run has finished"),
            End::Stopped { by } => tracing::info!(?by, "the run was stopped"),
            End::Failed(failure) => {
                for diagnostic in &failure.diagnostics {
                    let hint = diagnostic.hint.as_deref().unwrap_or_default();
                    match diagnostic.span {
                        Some(place) => tracing::error!(
                            line = place.line,
                            column = place.column,
                            hint,
                            "{}",
                            diagnostic.message
                        ),
                        None => tracing::error!(hint, "{}", diagnostic.message),
                    }
                }
                tracing::error!(cause = ?failure.cause, "the run has failed");
            }
        }
        let started_ms = self.lock().started_ms;
        self.folder.write_outcome(&Outcome {
            run_id: self.key.run_id.clone(),
            epoch: self.key.epoch,
            started_ms,
            ended_ms: self.clock.now_ms(),
            end,
            metrics: self.metrics(),
            failed_savepoints: self.savepoints.failed(),
        })?;
        *is_written = true;
        Ok(true)
    }
}

impl State {
    /// All that was counted so far.
    fn metrics(&self) -> Metrics {
        let mut metrics = self.before.clone();
        metrics.rows_in_per_second = self.rows_in_per_second;
        metrics.checkpoints = self.checkpoints.clone();
        let Some(job) = &self.job else {
            return metrics;
        };
        let Statistics {
            rows_in,
            rows_out,
            watermark,
            late_rows_dropped,
            late_rows_refired,
            rows_redirected,
            null_time_rows_dropped,
            null_rows_dropped,
            lookups_timed_out,
            unreadable_rows_dropped,
            nodes,
        } = job.control.statistics();
        metrics.rows_in += rows_in;
        metrics.rows_out += rows_out;
        metrics.late_rows += late_rows_dropped;
        metrics.refired_rows += late_rows_refired;
        metrics.redirected_rows += rows_redirected;
        metrics.null_time_rows += null_time_rows_dropped;
        metrics.null_rows += null_rows_dropped;
        metrics.unreadable_rows += unreadable_rows_dropped;
        metrics.timed_out_lookups += lookups_timed_out;
        metrics.watermark_ms = watermark;
        let named = nodes.iter().zip(&job.names).enumerate();
        metrics.nodes.extend(named.map(|(id, (node, name))| NodeMetrics {
            id: node_id(self.jobs, id),
            name: name.clone(),
            rows_in: node.rows_in,
            rows_out: node.rows_out,
            late_rows: node.late_rows_dropped,
            refired_rows: node.late_rows_refired,
            redirected_rows: node.rows_redirected,
            null_time_rows: node.null_time_rows_dropped,
            null_rows: node.null_rows_dropped,
            unreadable_rows: node.unreadable_rows_dropped,
            timed_out_lookups: node.lookups_timed_out,
            busy_us: node.busy_us,
            state_bytes: node.state_bytes,
            spilled_bytes: node.spilled_bytes,
            spill_lookups: node.spill_lookups,
            watermark_ms: node.watermark,
        }));
        metrics
    }
}
