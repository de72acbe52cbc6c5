//! A cluster as a runner: starts jobs, finds them again, asks about them, ends them.
//!
//! What is true of a job is what the cluster says. A cluster that does not answer says nothing, and nothing follows from
//! that; a job that it says it does not know is given a while before it counts as lost, because a JobManager that comes
//! back answers before it has found its jobs.

mod end;
mod submit;
mod watch;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use runner::{
    CheckReport, Checkpoint, ConnectionReport, ConnectionTest, Diagnostic, End, FailureCause, Kind, LogPage,
    Metrics, Outcome, Preview, PreviewRequest, Program, Purpose, RunFailure, RunKey, RunSpec, RunState,
    Runner, RunnerError, SavepointKey, SavepointOrigin, SavepointState, SavepointTime, StateVerdict,
    check_id,
};
use sha2::{Digest, Sha256};
use stdx::{Clock, Countdown};
use url::Url;

use crate::fault;
use crate::jobmanager::{self, Job, JobManager, JobState, RestError, Triggered};
use crate::metrics;
use crate::record::{Records, RunRecord, Snapshot, StopRequest};
use crate::snapshots::{self, Storage};
use crate::submission;

/// How long a question may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the cluster may take to plan a job and take it.
const SUBMIT_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a job may be unknown to a cluster that answers before it is lost.
const UNKNOWN_PATIENCE_MS: i64 = 5_000;
/// How long a job may still come that the cluster was asked for and has not spoken of.
const SUBMIT_PATIENCE_MS: i64 = 130_000;
/// How long a cancelled job may take to be gone.
const KILL_WAIT: Duration = Duration::from_secs(10);
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// How old statistics are at most, by Flink's `web.refresh-interval`, and how long they are waited for.
const STATISTICS_AGE_MS: i64 = 3_500;
const STATISTICS_PATIENCE_MS: i64 = 10_000;
/// How often a cluster is asked for the checkpoints of a job that runs.
const CHECKPOINTS_LOOK_MS: i64 = 2_000;
/// How often a job that could not take its last savepoint is asked again.
const STOP_ATTEMPTS_MAX: u32 = 20;
/// Checkpoints of a job that are remembered.
const SNAPSHOTS_REMEMBERED: usize = 5;

#[derive(Clone)]
pub struct FlinkOptions {
    /// Where the JobManager's REST interface listens.
    pub address: Url,
    /// Where checkpoints and savepoints go, as the cluster's file systems name it.
    pub storage: Url,
    /// What the platform remembers of the cluster's runs.
    pub folder: PathBuf,
    /// Knows programs, connections and previews without a cluster.
    pub planner: Arc<dyn Runner>,
    pub clock: Arc<dyn Clock>,
}

/// Runs jobs on a cluster.
pub struct FlinkRunner {
    jobmanager: JobManager,
    /// The same, with more time.
    submitter: JobManager,
    /// As runs remember it.
    address: String,
    storage: Storage,
    records: Records,
    planner: Arc<dyn Runner>,
    clock: Arc<dyn Clock>,
    /// The id of our JAR on the cluster.
    jar: Mutex<Option<String>>,
    watched: Mutex<HashMap<String, Watched>>,
}

/// What need not outlive this process.
#[derive(Debug, Default, Clone, Copy)]
struct Watched {
    /// Since when the cluster has said that it does not know the job.
    unknown_since_ms: Option<i64>,
    checkpoints_at_ms: i64,
    /// Since when a savepoint of it is done that its statistics do not know yet.
    savepoint_since_ms: Option<i64>,
    /// Since when it is seen to be over.
    over_since_ms: Option<i64>,
}

impl FlinkRunner {
    pub fn new(options: FlinkOptions) -> Result<FlinkRunner, RunnerError> {
        Ok(FlinkRunner {
            jobmanager: JobManager::new(&options.address, ANSWER_TIMEOUT),
            submitter: JobManager::new(&options.address, SUBMIT_TIMEOUT),
            address: options.address.to_string(),
            storage: Storage::new(&options.storage),
            records: Records::new(&options.folder)?,
            planner: options.planner,
            clock: options.clock,
            jar: Mutex::default(),
            watched: Mutex::default(),
        })
    }

    /// What the cluster is and has, if it answers.
    pub fn cluster(&self) -> Result<jobmanager::ClusterState, RunnerError> {
        self.jobmanager.overview().map_err(of_rest)
    }

    /// How a run is, if it is remembered.
    fn find(&self, run: &RunKey) -> Result<Option<(RunRecord, Result<Job, RestError>)>, RunnerError> {
        let Some(record) = self.records.run(run)? else {
            return Ok(None);
        };
        let job = self.jobmanager.job(&record.job_id);
        Ok(Some((record, job)))
    }
}

impl Runner for FlinkRunner {
    fn name(&self) -> &'static str {
        "flink"
    }

    fn check(&self, program: &Program, purpose: Purpose) -> CheckReport {
        let mut report = self.planner.check(program, purpose);
        if purpose == Purpose::Deployment && !report.has_errors() {
            report.diagnostics.extend(submission::of(program).err());
        }
        report
    }

    fn compare(&self, before: &Program, after: &Program) -> Result<StateVerdict, Vec<Diagnostic>> {
        self.planner.compare(before, after)
    }

    fn preview(&self, request: PreviewRequest) -> Result<Box<dyn Preview>, RunnerError> {
        self.planner.preview(request)
    }

    fn test_connection(&self, test: &ConnectionTest) -> ConnectionReport {
        self.planner.test_connection(test)
    }

    fn start(&self, spec: &RunSpec) -> Result<RunState, RunnerError> {
        let key = spec.key();
        let record = self.records.add_run(RunRecord {
            run_id: spec.run_id.clone(),
            epoch: spec.epoch,
            deployment_id: spec.deployment_id.clone(),
            job_id: job_id(&key),
            parallelism: spec.parallelism.unwrap_or(1),
            address: self.address.clone(),
            asked_ms: None,
            is_submitted: false,
            started_ms: None,
            stop: None,
            is_killed: false,
            snapshots: Vec::new(),
            outcome: None,
            is_forgotten: false,
        })?;
        match self.observe(&key)? {
            RunState::Absent => {}
            state => return Ok(state),
        }
        if let Some(failure) = self.rival(spec)? {
            let outcome = Outcome {
                run_id: spec.run_id.clone(),
                epoch: spec.epoch,
                started_ms: None,
                ended_ms: self.clock.now_ms(),
                end: End::Failed(failure),
                metrics: Metrics::default(),
                failed_savepoints: BTreeMap::new(),
            };
            self.records
                .change_run(&key, |record| record.outcome = Some(outcome.clone()))?;
            return Ok(RunState::Ended(outcome));
        }
        self.submit(spec, &record)
    }

    fn observe(&self, run: &RunKey) -> Result<RunState, RunnerError> {
        let Some(record) = self.records.run(run)? else {
            return Ok(RunState::Absent);
        };
        if let Some(outcome) = record.outcome {
            return Ok(RunState::Ended(outcome));
        }
        let answered = match self.jobmanager.job(&record.job_id) {
            Ok(job) => {
                if let Some(watched) = locked(&self.watched).get_mut(&record.run_id) {
                    watched.unknown_since_ms = None;
                }
                // It is there, whatever became of the answer to its submission.
                let record = self
                    .records
                    .change_run(run, |record| record.is_submitted = true)?
                    .unwrap_or(record);
                self.state_of(&record, &job)
            }
            Err(RestError::NotFound(message)) => {
                let line = message.lines().next().unwrap_or_default();
                self.missing(&record, line)
            }
            Err(error) => {
                // What it said before its silence counts no more.
                if let Some(watched) = locked(&self.watched).get_mut(&record.run_id) {
                    watched.unknown_since_ms = None;
                }
                Err(of_rest(error))
            }
        };
        match answered {
            Err(RunnerError::Unreachable(message)) => Ok(RunState::Unreachable { message }),
            other => other,
        }
    }

    fn metrics(&self, run: &RunKey) -> Result<Metrics, RunnerError> {
        let unknown = || RunnerError::NotFound(format!("run {} has not begun", run.run_id));
        let (record, job) = self.find(run)?.ok_or_else(unknown)?;
        if let Some(outcome) = record.outcome {
            return Ok(outcome.metrics);
        }
        let job = job.map_err(of_rest)?;
        let told = self.jobmanager.checkpoints(&record.job_id).unwrap_or_default();
        Ok(metrics::of_job(
            &self.jobmanager,
            &record.job_id,
            &job,
            &told,
            self.clock.now_ms(),
        ))
    }

    fn logs(&self, run_id: &str, after: u64, bytes_max: usize) -> Result<LogPage, RunnerError> {
        let keys = self.records.all_runs()?;
        let found = keys.into_iter().find(|key| key.run_id == run_id);
        let unknown = || RunnerError::NotFound(format!("run {run_id} has left nothing"));
        let record = found
            .map(|key| self.records.run(&key))
            .transpose()?
            .flatten()
            .ok_or_else(unknown)?;
        let exceptions = match self.jobmanager.exceptions(&record.job_id) {
            Ok(exceptions) => exceptions,
            Err(RestError::NotFound(_)) => Vec::new(),
            Err(error) => return Err(of_rest(error)),
        };
        Ok(crate::fault::log(&exceptions, after, bytes_max))
    }

    fn request_stop(&self, run: &RunKey) -> Result<(), RunnerError> {
        let changed = self.records.change_run(run, |record| {
            record.stop.get_or_insert(StopRequest {
                attempt: 0,
                savepoint: None,
                is_asked: false,
            });
        })?;
        if changed.is_none() {
            return Ok(());
        }
        match self.observe(run)? {
            RunState::Unreachable { message } => Err(RunnerError::Unreachable(message)),
            _ => Ok(()),
        }
    }

    fn kill(&self, run: &RunKey) -> Result<RunState, RunnerError> {
        let Some(record) = self.records.change_run(run, |record| record.is_killed = true)? else {
            return Ok(RunState::Absent);
        };
        if let Some(outcome) = record.outcome {
            return Ok(RunState::Ended(outcome));
        }
        self.cancel(&record)?;
        let mut wait = Countdown::new(&*self.clock, KILL_WAIT);
        loop {
            let state = self.observe(run)?;
            if state.is_over() || state == RunState::Absent || wait.is_over(&*self.clock) {
                return Ok(state);
            }
            self.clock.sleep(LOOK_INTERVAL);
        }
    }

    fn stop(&self, run: &RunKey, patience: Duration) -> Result<RunState, RunnerError> {
        match self.request_stop(run) {
            // One that does not answer is given its time, too.
            Ok(()) | Err(RunnerError::Unreachable(_)) => {}
            Err(error) => return Err(error),
        }
        let mut wait = Countdown::new(&*self.clock, patience);
        loop {
            let state = self.observe(run)?;
            if state.is_over() || state == RunState::Absent {
                return Ok(state);
            }
            if wait.is_over(&*self.clock) {
                return self.kill(run);
            }
            self.clock.sleep(LOOK_INTERVAL);
        }
    }

    fn runs(&self) -> Result<Vec<RunKey>, RunnerError> {
        self.records.all_runs()
    }

    fn last_epoch(&self, deployment_id: &str) -> Result<Option<u64>, RunnerError> {
        self.records.last_epoch(deployment_id)
    }

    fn forget(&self, run: &RunKey) -> Result<(), RunnerError> {
        let state = self.observe(run)?;
        if !state.is_over() && state != RunState::Absent {
            return Err(RunnerError::Conflict(format!("run {} is not over", run.run_id)));
        }
        let record = self
            .records
            .change_run(run, |record| record.is_forgotten = true)?;
        match record {
            // The deployment may go on from them. The record goes with them.
            Some(record) if !record.snapshots.is_empty() => Ok(()),
            Some(_) => self.records.remove_run(run),
            None => Ok(()),
        }
    }

    fn checkpoints(&self, deployment_id: &str) -> Result<Vec<Checkpoint>, RunnerError> {
        let mut checkpoints = Vec::new();
        for run in self.records.runs_of(deployment_id)? {
            let mut of_run: Vec<Checkpoint> = run
                .snapshots
                .iter()
                .map(|snapshot| snapshots::told(snapshot, &run))
                .collect();
            of_run.reverse();
            checkpoints.extend(of_run);
        }
        Ok(checkpoints)
    }

    fn forget_checkpoints(&self, deployment_id: &str) -> Result<(), RunnerError> {
        check_id(deployment_id)?;
        for run in self.records.runs_of(deployment_id)? {
            self.remove_snapshots(&run)?;
        }
        Ok(())
    }

    fn with_checkpoints(&self) -> Result<Vec<String>, RunnerError> {
        self.records.with_snapshots()
    }

    fn savepoint(
        &self,
        run: &RunKey,
        savepoint: &SavepointKey,
        time: SavepointTime,
    ) -> Result<SavepointState, RunnerError> {
        if let Some(found) = self.find_savepoint(savepoint)? {
            return Ok(SavepointState::Done(found));
        }
        if time == SavepointTime::AtStop {
            self.records.change_run(run, |record| {
                let stop = record.stop.get_or_insert(StopRequest {
                    attempt: 0,
                    savepoint: None,
                    is_asked: false,
                });
                stop.savepoint.get_or_insert_with(|| savepoint.clone());
            })?;
        }
        let state = self.observe(run)?;
        let record = self.records.run(run)?;
        let Some(record) = record else {
            return Ok(SavepointState::NotTaken {});
        };
        match state {
            RunState::Unreachable { message } => return Err(RunnerError::Unreachable(message)),
            RunState::Ended(mut outcome) => {
                if let Some(found) = self.find_savepoint(savepoint)? {
                    return Ok(SavepointState::Done(found));
                }
                return Ok(match outcome.failed_savepoints.remove(&savepoint.savepoint_id) {
                    Some(message) => SavepointState::Failed { message },
                    None => SavepointState::NotTaken {},
                });
            }
            RunState::Lost { .. } => return Ok(SavepointState::NotTaken {}),
            RunState::Running { .. } => {}
            RunState::Absent | RunState::Starting | RunState::Stopping => {
                return Ok(SavepointState::Pending {});
            }
        }
        let trigger = hash(&["savepoint", &savepoint.savepoint_id]);
        let folder = self.storage.savepoints(&savepoint.deployment_id);
        let path = match self.jobmanager.triggered(&record.job_id, &trigger) {
            Ok(Triggered::InProgress) => return Ok(SavepointState::Pending {}),
            Ok(Triggered::Failed(message)) => return Ok(SavepointState::Failed { message }),
            Ok(Triggered::Completed(path)) => path,
            Err(RestError::NotFound(_)) => {
                return match self.jobmanager.savepoint(&record.job_id, &folder, &trigger) {
                    Ok(()) | Err(RestError::NotFound(_)) => Ok(SavepointState::Pending {}),
                    Err(RestError::Refused(errors)) => Ok(SavepointState::Failed {
                        message: fault::root_cause(&errors).unwrap_or(errors),
                    }),
                    Err(error) => Err(of_rest(error)),
                };
            }
            Err(error) => return Err(of_rest(error)),
        };
        let told = self.jobmanager.checkpoints(&record.job_id).map_err(of_rest)?;
        let taken = told
            .history
            .iter()
            .chain(&told.latest.savepoint)
            .find(|checkpoint| checkpoint.external_path.as_deref() == Some(&path));
        if taken.is_none() && self.may_be_told_soon(&record.run_id) {
            return Ok(SavepointState::Pending {});
        }
        let snapshot = Snapshot {
            number: taken.map_or(0, |taken| taken.id),
            bytes: taken.map_or(0, |taken| taken.bytes),
            began_ms: taken.map_or_else(|| self.clock.now_ms(), |taken| taken.began_ms),
            taken_ms: taken.map_or_else(|| self.clock.now_ms(), |taken| taken.ended_ms),
            path,
            is_last: false,
            is_kept: true,
        };
        Ok(SavepointState::Done(
            self.keep_savepoint(savepoint, &record, &snapshot)?,
        ))
    }

    fn find_savepoint(&self, savepoint: &SavepointKey) -> Result<Option<SavepointOrigin>, RunnerError> {
        Ok(self.records.savepoint(savepoint)?.map(|found| found.origin))
    }

    fn forget_savepoint(&self, savepoint: &SavepointKey) -> Result<(), RunnerError> {
        let Some(found) = self.records.savepoint(savepoint)? else {
            return Ok(());
        };
        // What the deployment would go on from stays, and belongs to it from now on.
        let mut is_needed = false;
        for run in self.records.runs_of(&savepoint.deployment_id)? {
            if run.snapshots.iter().any(|snapshot| snapshot.path == found.path) {
                is_needed = true;
                self.records.change_run(&run.key(), |record| {
                    for snapshot in &mut record.snapshots {
                        snapshot.is_kept &= snapshot.path != found.path;
                    }
                })?;
            }
        }
        if !is_needed {
            match self.jobmanager.dispose(&found.path) {
                Ok(()) | Err(RestError::NotFound(_)) => {}
                Err(error) => return Err(of_rest(error)),
            }
        }
        self.records.remove_savepoint(savepoint)
    }

    fn savepoints(&self) -> Result<Vec<SavepointKey>, RunnerError> {
        self.records.all_savepoints()
    }
}

fn of_rest(error: RestError) -> RunnerError {
    match error {
        RestError::Unreachable(message) => RunnerError::Unreachable(message),
        RestError::NotFound(message) => RunnerError::NotFound(message),
        RestError::Refused(errors) => {
            RunnerError::Conflict(fault::root_cause(&errors).unwrap_or_else(|| errors.clone()))
        }
    }
}

fn failure(cause: FailureCause, message: impl Into<String>) -> RunFailure {
    RunFailure {
        cause,
        diagnostics: vec![Diagnostic::error(Kind::Runtime, message)],
    }
}

fn is_over(state: JobState) -> bool {
    matches!(state, JobState::Failed | JobState::Canceled | JobState::Finished)
}

/// 128 bits in hexadecimal, as Flink's ids are.
fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hasher
        .finalize()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The job of a run: the same whoever submits it.
fn job_id(run: &RunKey) -> String {
    hash(&["job", &run.run_id, &run.epoch.to_string()])
}

fn stop_trigger(record: &RunRecord, attempt: u32) -> String {
    hash(&["stop", &record.job_id, &attempt.to_string()])
}

/// What it guards is plain data that is whole at every step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
