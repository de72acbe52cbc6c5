//! The server's side: starts workers, finds them again, asks them, ends them.
//!
//! Nothing is remembered here. What is known of a run stands in its folder and in its worker, so that any server
//! over the same data folder gives the same answers.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use runner::protocol::{
    ANSWER_BYTES_MAX, Answer, REQUEST_BYTES_MAX, Request, VERSION, read_line, write_line,
};
use runner::{
    CheckReport, Checkpoint, CheckpointOrigin, ConnectionReport, ConnectionTest, Diagnostic, End, LogPage,
    Metrics, Outcome, Preview, PreviewRequest, Program, Purpose, RunKey, RunSpec, RunState, Runner,
    RunnerError, SavepointKey, SavepointOrigin, SavepointState, SavepointTime, SnapshotLocation,
    StateVerdict, StoppedBy, check_id,
};
use state::{Checkpoints, Listed, find_savepoint};
use stdx::file::make_folder;
use stdx::{Clock, Countdown, SystemClock};

use crate::folder::{DataFolder, RunFolder, SOCKET};
use crate::preview::{self, Slots};
use crate::storage::{Patience, SnapshotKind, Snapshots};
use crate::worker::{EXIT_TAKEN, lock, savepoints};
use crate::{check, log, probe, process, socket, verdict};

/// How long a worker may take to answer, unless the options say otherwise.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a process may take from its start to its first answer.
const SPAWN_WAIT: Duration = Duration::from_secs(10);
/// How long a killed process may take to be gone.
const KILL_WAIT: Duration = Duration::from_secs(5);
/// How often it is looked for a worker that starts or ends.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// How often a run that shall stop is asked whether it has.
const STOP_LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Bytes of the log that are told of a worker that could not begin.
const LOG_SHOWN_BYTES_MAX: usize = 2_000;

#[derive(Debug, Clone)]
pub struct EmbeddedOptions {
    /// What is started as a worker, with these arguments and the run's folder behind them.
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// Where runs have their folders.
    pub data: PathBuf,
    /// Files that no table may touch, besides those of the server in the data folder.
    pub denied: Vec<PathBuf>,
    /// Where checkpoints and savepoints go; `None`: into the data folder.
    pub snapshots: Option<SnapshotLocation>,
    /// How long a worker may take to answer before it counts as unreachable.
    pub answer_timeout: Duration,
    pub clock: Arc<dyn Clock>,
}

impl EmbeddedOptions {
    /// Workers are this program: `worker --folder DIR`.
    pub fn new(data: &Path) -> io::Result<EmbeddedOptions> {
        Ok(EmbeddedOptions {
            program: std::env::current_exe()?,
            arguments: vec!["worker".to_string(), "--folder".to_string()],
            data: data.to_path_buf(),
            denied: Vec::new(),
            snapshots: None,
            answer_timeout: ANSWER_TIMEOUT,
            clock: Arc::new(SystemClock),
        })
    }
}

/// Runs jobs on worker processes of this machine.
#[derive(Debug)]
pub struct EmbeddedRunner {
    options: EmbeddedOptions,
    data: DataFolder,
    snapshots: Snapshots,
    /// Workers that this process started and whose end the system tells it.
    children: Mutex<Vec<Child>>,
    previews: Arc<Slots>,
}

impl EmbeddedRunner {
    pub fn new(options: EmbeddedOptions) -> Result<EmbeddedRunner, RunnerError> {
        let failed = |cause| RunnerError::io(format!("data folder '{}'", options.data.display()), cause);
        let data = DataFolder::new(&options.data).map_err(failed)?;
        for folder in [data.runs(), data.deployments()] {
            make_folder(&folder).map_err(failed)?;
        }
        let snapshots = data
            .snapshots(
                options.snapshots.as_ref(),
                Patience::SERVER,
                options.clock.clone(),
            )
            .map_err(|error| of_storage("place of checkpoints", error))?;
        Ok(EmbeddedRunner {
            options,
            data,
            snapshots,
            children: Mutex::default(),
            previews: Arc::default(),
        })
    }

    /// Finds out whether checkpoints and savepoints can be written where they shall go, and read again. Fails with
    /// what is wrong, which names no credentials.
    pub fn probe_snapshots(&self) -> Result<(), RunnerError> {
        self.snapshots
            .probe()
            .map_err(|error| of_storage("the place of checkpoints cannot be used", error))
    }

    /// Takes the place of checkpoints and savepoints for the server of this name, if it is nobody's yet; returns whose
    /// it is.
    pub fn claim_snapshots(&self, owner: &str) -> Result<String, RunnerError> {
        self.snapshots
            .claim(owner)
            .map_err(|error| of_storage("the place of checkpoints cannot be taken", error))
    }

    fn clock(&self) -> &dyn Clock {
        &*self.options.clock
    }

    fn dial(&self, folder: &RunFolder, key: &RunKey) -> Result<Connection, DialError> {
        Connection::dial(folder, key, self.options.answer_timeout)
    }

    fn folder(&self, run_id: &str) -> Result<RunFolder, RunnerError> {
        check_id(run_id)?;
        Ok(self.data.run(run_id))
    }

    /// The program kept away from the server's own files.
    fn guarded(&self, program: &Program) -> Program {
        let mut program = program.clone();
        program.files.denied.extend(self.own_and_denied());
        program
    }

    fn own_and_denied(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.data
            .own_files()
            .into_iter()
            .chain(self.snapshots.folders())
            .chain(self.options.denied.iter().cloned())
    }

    /// Takes note of children that have ended, so that they do not stay behind as zombies.
    fn reap(&self) {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        // One that cannot be asked about is not ours any more.
        children.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    }

    fn spawn(&self, folder: &RunFolder) -> Result<Child, RunnerError> {
        let failed = |cause| {
            RunnerError::io(
                format!("cannot start '{}'", self.options.program.display()),
                cause,
            )
        };
        let output = log::open_file(folder.path()).map_err(failed)?;
        let mut arguments: Vec<&std::ffi::OsStr> = self.options.arguments.iter().map(AsRef::as_ref).collect();
        arguments.push(folder.path().as_os_str());
        process::spawn_apart(&self.options.program, arguments, folder.path(), output).map_err(failed)
    }

    /// Starts a worker and waits until it answers.
    fn spawn_and_dial(&self, folder: &RunFolder, key: &RunKey) -> Result<Connection, RunnerError> {
        let mut child = self.spawn(folder)?;
        let mut wait = Countdown::new(self.clock(), SPAWN_WAIT);
        let connection = loop {
            // Asked before the attempt: a worker that ends may have answered before.
            let ended = child.try_wait().ok().flatten();
            match self.dial(folder, key) {
                Ok(connection) => break Ok(connection),
                Err(DialError::Refused(message)) => break Err(RunnerError::Conflict(message)),
                Err(DialError::Absent(_) | DialError::Silent(_)) => {}
            }
            match ended {
                // Another server was faster, and its worker will answer.
                Some(status) if status.code() == Some(i32::from(EXIT_TAKEN)) => {}
                Some(status) => break Err(broken(folder, status)),
                None => {}
            }
            if wait.is_over(self.clock()) {
                break Err(RunnerError::Unreachable(format!(
                    "the worker of run {} does not answer after its start",
                    key.run_id
                )));
            }
            self.clock().sleep(LOOK_INTERVAL);
        };
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        children.push(child);
        connection
    }

    /// What can be known without a worker that answers.
    fn observe_files(
        &self,
        folder: &RunFolder,
        key: &RunKey,
        silence: &str,
    ) -> Result<RunState, RunnerError> {
        let failed = |cause| RunnerError::io(format!("folder of run {}", key.run_id), cause);
        let Some(worker) = folder.worker().map_err(failed)? else {
            return Ok(match outcome_of(folder, key)? {
                Some(outcome) => RunState::Ended(outcome),
                None => RunState::Absent,
            });
        };
        if worker.process.is_alive().map_err(failed)? {
            return Ok(RunState::Unreachable {
                message: format!(
                    "the worker (process {}) does not answer: {silence}",
                    worker.process.pid
                ),
            });
        }
        // It may have written its outcome since it was last looked for.
        Ok(match outcome_of(folder, key)? {
            Some(outcome) => RunState::Ended(outcome),
            None => RunState::Lost {
                message: format!(
                    "the worker (process {}) is gone and left no outcome: it was killed, or the machine was restarted",
                    worker.process.pid
                ),
            },
        })
    }

    fn ask(&self, key: &RunKey, request: Request) -> Result<Result<Answer, RunState>, RunnerError> {
        let folder = self.folder(&key.run_id)?;
        if let Some(outcome) = outcome_of(&folder, key)? {
            return Ok(Err(RunState::Ended(outcome)));
        }
        match self.dial(&folder, key) {
            Ok(mut connection) => match connection.ask(request) {
                Ok(answer) => Ok(Ok(answer)),
                Err(DialError::Refused(message)) => Err(RunnerError::Conflict(message)),
                // It has left in between, or hangs.
                Err(DialError::Absent(error) | DialError::Silent(error)) => {
                    self.observe_files(&folder, key, &error.to_string()).map(Err)
                }
            },
            Err(DialError::Refused(message)) => Err(RunnerError::Conflict(message)),
            Err(DialError::Absent(error) | DialError::Silent(error)) => {
                self.observe_files(&folder, key, &error.to_string()).map(Err)
            }
        }
    }
}

impl Runner for EmbeddedRunner {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn check(&self, program: &Program, purpose: Purpose) -> CheckReport {
        check::check(&self.guarded(program), purpose, self.options.clock.clone())
    }

    fn compare(&self, before: &Program, after: &Program) -> Result<StateVerdict, Vec<Diagnostic>> {
        verdict::compare(&self.guarded(before), &self.guarded(after), &self.options.clock)
    }

    fn preview(&self, mut request: PreviewRequest) -> Result<Box<dyn Preview>, RunnerError> {
        check_size(&request.program)?;
        request.program = self.guarded(&request.program);
        preview::open(request, self.options.clock.clone(), &self.previews)
    }

    fn test_connection(&self, test: &ConnectionTest) -> ConnectionReport {
        let mut test = test.clone();
        test.files.denied.extend(self.own_and_denied());
        probe::test(&test)
    }

    fn start(&self, spec: &RunSpec) -> Result<RunState, RunnerError> {
        self.reap();
        check_id(&spec.deployment_id)?;
        check_size(&spec.program)?;
        let key = spec.key();
        let folder = self.folder(&key.run_id)?;
        let mut spec = spec.clone();
        spec.program = self.guarded(&spec.program);
        prepare(&folder, &spec)?;
        if let Some(outcome) = outcome_of(&folder, &key)? {
            return Ok(RunState::Ended(outcome));
        }
        let mut connection = match self.dial(&folder, &key) {
            Ok(connection) => connection,
            Err(DialError::Refused(message)) => return Err(RunnerError::Conflict(message)),
            Err(DialError::Absent(error) | DialError::Silent(error)) => {
                match self.observe_files(&folder, &key, &error.to_string())? {
                    RunState::Absent => self.spawn_and_dial(&folder, &key)?,
                    state => return Ok(state),
                }
            }
        };
        let secrets = spec.program.secrets.expose().clone();
        let request = Request::Start {
            spec: Box::new(spec),
            secrets,
            snapshots: self.options.snapshots.clone(),
        };
        match connection.ask(request) {
            Ok(Answer::Started {}) => {}
            Ok(answer) => return Err(out_of_turn(&key, &answer)),
            Err(DialError::Refused(message)) => return Err(RunnerError::Conflict(message)),
            Err(DialError::Absent(error) | DialError::Silent(error)) => {
                return self.observe_files(&folder, &key, &error.to_string());
            }
        }
        self.observe(&key)
    }

    fn observe(&self, run: &RunKey) -> Result<RunState, RunnerError> {
        self.reap();
        match self.ask(run, Request::Status {})? {
            Ok(Answer::Status { state }) => Ok(state),
            Ok(answer) => Err(out_of_turn(run, &answer)),
            Err(state) => Ok(state),
        }
    }

    fn metrics(&self, run: &RunKey) -> Result<Metrics, RunnerError> {
        match self.ask(run, Request::Metrics {})? {
            Ok(Answer::Metrics { metrics }) => Ok(metrics),
            Ok(answer) => Err(out_of_turn(run, &answer)),
            Err(RunState::Ended(outcome)) => Ok(outcome.metrics),
            Err(RunState::Unreachable { message }) => Err(RunnerError::Unreachable(message)),
            Err(RunState::Lost { message }) => Err(RunnerError::NotFound(message)),
            Err(_) => Err(RunnerError::NotFound(format!("run {} has not begun", run.run_id))),
        }
    }

    fn logs(&self, run_id: &str, after: u64, bytes_max: usize) -> Result<LogPage, RunnerError> {
        let folder = self.folder(run_id)?;
        if !folder.exists() {
            return Err(RunnerError::NotFound(format!("run {run_id} has left nothing")));
        }
        log::read(folder.path(), after, bytes_max)
            .map_err(|cause| RunnerError::io(format!("log of run {run_id}"), cause))
    }

    fn request_stop(&self, run: &RunKey) -> Result<(), RunnerError> {
        match self.ask(run, Request::Stop {})? {
            Ok(Answer::Stopping {}) => Ok(()),
            Ok(answer) => Err(out_of_turn(run, &answer)),
            Err(RunState::Unreachable { message }) => Err(RunnerError::Unreachable(message)),
            // There is nothing to stop.
            Err(_) => Ok(()),
        }
    }

    fn kill(&self, run: &RunKey) -> Result<RunState, RunnerError> {
        self.reap();
        let folder = self.folder(&run.run_id)?;
        if let Some(outcome) = outcome_of(&folder, run)? {
            return Ok(RunState::Ended(outcome));
        }
        let failed = |cause| RunnerError::io(format!("cannot kill run {}", run.run_id), cause);
        let Some(worker) = folder.worker().map_err(failed)? else {
            return self.observe(run);
        };
        if worker.run_id != run.run_id || worker.epoch != run.epoch {
            return Err(of_another(run, &worker.run_id, worker.epoch));
        }
        // What its last counts were, if it can still say so.
        let metrics = self.metrics(run).unwrap_or_default();
        if !worker.process.kill().map_err(failed)? {
            return self.observe(run);
        }
        let mut wait = Countdown::new(self.clock(), KILL_WAIT);
        while worker.process.is_alive().map_err(failed)? {
            if wait.is_over(self.clock()) {
                return Ok(RunState::Unreachable {
                    message: format!("the worker (process {}) does not die", worker.process.pid),
                });
            }
            self.clock().sleep(LOOK_INTERVAL);
        }
        self.reap();
        if let Some(outcome) = outcome_of(&folder, run)? {
            return Ok(RunState::Ended(outcome));
        }
        let outcome = Outcome {
            run_id: run.run_id.clone(),
            epoch: run.epoch,
            started_ms: None,
            ended_ms: self.clock().now_ms(),
            end: End::Stopped { by: StoppedBy::Kill },
            metrics,
            failed_savepoints: BTreeMap::new(),
        };
        folder.write_outcome(&outcome).map_err(failed)?;
        tracing::warn!(run = run.run_id, process = worker.process.pid, "killed a worker");
        Ok(RunState::Ended(outcome))
    }

    fn stop(&self, run: &RunKey, patience: Duration) -> Result<RunState, RunnerError> {
        match self.request_stop(run) {
            Ok(()) => {}
            // One that does not answer is given its time, too: it may be about to end.
            Err(RunnerError::Unreachable(_)) => {}
            Err(error) => return Err(error),
        }
        let mut wait = Countdown::new(self.clock(), patience);
        loop {
            let state = self.observe(run)?;
            if state.is_over() || state == RunState::Absent {
                return Ok(state);
            }
            if wait.is_over(self.clock()) {
                return self.kill(run);
            }
            self.clock().sleep(STOP_LOOK_INTERVAL);
        }
    }

    fn runs(&self) -> Result<Vec<RunKey>, RunnerError> {
        let failed = |cause| RunnerError::io("folder of runs", cause);
        let mut runs = Vec::new();
        for entry in fs::read_dir(self.data.runs()).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let Some(run_id) = name.to_str().filter(|name| check_id(name).is_ok()) else {
                continue;
            };
            match self.data.run(run_id).spec() {
                Ok(Some(spec)) => runs.push(spec.key()),
                Ok(None) => {}
                Err(error) => tracing::warn!(run = run_id, %error, "a run's folder is broken"),
            }
        }
        runs.sort();
        Ok(runs)
    }

    fn last_epoch(&self, deployment_id: &str) -> Result<Option<u64>, RunnerError> {
        check_id(deployment_id)?;
        lock::last_epoch(&self.data.lock(deployment_id))
            .map_err(|cause| RunnerError::io(format!("lock of deployment {deployment_id}"), cause))
    }

    fn forget(&self, run: &RunKey) -> Result<(), RunnerError> {
        let state = self.observe(run)?;
        if !state.is_over() && state != RunState::Absent {
            return Err(RunnerError::Conflict(format!("run {} is not over", run.run_id)));
        }
        let folder = self.folder(&run.run_id)?;
        let failed = |cause| RunnerError::io(format!("cannot remove run {}", run.run_id), cause);
        // An outcome is written a moment before its process is gone.
        let mut wait = Countdown::new(self.clock(), KILL_WAIT);
        while let Some(worker) = folder.worker().map_err(failed)?
            && worker.process.is_alive().map_err(failed)?
        {
            if wait.is_over(self.clock()) {
                return Err(RunnerError::Conflict(format!(
                    "run {} has not left yet",
                    run.run_id
                )));
            }
            self.clock().sleep(LOOK_INTERVAL);
            self.reap();
        }
        match fs::remove_dir_all(folder.path()) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(failed(cause)),
            _ => Ok(()),
        }
    }

    fn checkpoints(&self, deployment_id: &str) -> Result<Vec<Checkpoint>, RunnerError> {
        check_id(deployment_id)?;
        let storage = self.snapshots.at(SnapshotKind::Checkpoints, deployment_id);
        let listed = Checkpoints::list(&*storage)
            .map_err(|error| of_storage(format!("checkpoints of deployment {deployment_id}"), error))?;
        Ok(listed.into_iter().map(told).collect())
    }

    fn forget_checkpoints(&self, deployment_id: &str) -> Result<(), RunnerError> {
        check_id(deployment_id)?;
        self.snapshots.remove_checkpoints(deployment_id).map_err(|error| {
            of_storage(
                format!("cannot remove the checkpoints of deployment {deployment_id}"),
                error,
            )
        })
    }

    fn with_checkpoints(&self) -> Result<Vec<String>, RunnerError> {
        self.snapshots
            .deployments(SnapshotKind::Checkpoints)
            .map_err(|error| of_storage("place of checkpoints", error))
    }

    fn savepoint(
        &self,
        run: &RunKey,
        savepoint: &SavepointKey,
        time: SavepointTime,
    ) -> Result<SavepointState, RunnerError> {
        savepoint.check()?;
        let request = Request::Savepoint {
            savepoint_id: savepoint.savepoint_id.clone(),
            time,
        };
        let state = match self.ask(run, request)? {
            Ok(Answer::Savepoint { state }) => return Ok(state),
            Ok(answer) => return Err(out_of_turn(run, &answer)),
            Err(state) => state,
        };
        match state {
            RunState::Unreachable { message } => Err(RunnerError::Unreachable(message)),
            state => {
                // It may have been taken before the end.
                if let Some(origin) = self.find_savepoint(savepoint)? {
                    return Ok(SavepointState::Done(origin));
                }
                let RunState::Ended(mut outcome) = state else {
                    return Ok(SavepointState::NotTaken {});
                };
                Ok(match outcome.failed_savepoints.remove(&savepoint.savepoint_id) {
                    Some(message) => SavepointState::Failed { message },
                    None => SavepointState::NotTaken {},
                })
            }
        }
    }

    fn find_savepoint(&self, savepoint: &SavepointKey) -> Result<Option<SavepointOrigin>, RunnerError> {
        savepoint.check()?;
        let storage = self
            .snapshots
            .at(SnapshotKind::Savepoints, &savepoint.deployment_id);
        match find_savepoint(&*storage, &savepoint.savepoint_id) {
            Ok(found) => Ok(found.map(|(label, bytes)| savepoints::origin(&label, bytes))),
            Err(error) => Err(of_storage(format!("savepoint {}", savepoint.savepoint_id), error)),
        }
    }

    fn forget_savepoint(&self, savepoint: &SavepointKey) -> Result<(), RunnerError> {
        savepoint.check()?;
        let storage = self
            .snapshots
            .at(SnapshotKind::Savepoints, &savepoint.deployment_id);
        storage.remove(&savepoint.savepoint_id).map_err(|error| {
            of_storage(
                format!("cannot remove savepoint {}", savepoint.savepoint_id),
                error,
            )
        })
    }

    fn savepoints(&self) -> Result<Vec<SavepointKey>, RunnerError> {
        let failed = |error| of_storage("place of savepoints", error);
        let mut found = Vec::new();
        for deployment_id in self
            .snapshots
            .deployments(SnapshotKind::Savepoints)
            .map_err(failed)?
        {
            let storage = self.snapshots.at(SnapshotKind::Savepoints, &deployment_id);
            for (savepoint_id, _) in storage.list().map_err(failed)? {
                if check_id(&savepoint_id).is_ok() {
                    found.push(SavepointKey {
                        deployment_id: deployment_id.clone(),
                        savepoint_id,
                    });
                }
            }
        }
        Ok(found)
    }
}

fn of_storage(what: impl Into<String>, error: dataflow::Error) -> RunnerError {
    RunnerError::io(what, io::Error::other(error.to_string()))
}

/// As the platform knows it.
fn told(listed: Listed) -> Checkpoint {
    let origin = listed.label.map(|label| CheckpointOrigin {
        run_id: label.run_id,
        epoch: label.epoch,
        parallelism: label.parallelism,
        began_ms: label.began_us.div_euclid(1000),
        taken_ms: label.taken_us.div_euclid(1000),
        is_last: label.is_last,
    });
    Checkpoint {
        number: listed.number,
        bytes: listed.bytes,
        origin,
    }
}

fn check_size(program: &Program) -> Result<(), RunnerError> {
    program
        .size_fault()
        .map_or(Ok(()), |fault| Err(RunnerError::Invalid(fault)))
}

/// Makes the folder of a run, or makes sure that it is this run's.
fn prepare(folder: &RunFolder, spec: &RunSpec) -> Result<(), RunnerError> {
    let failed = |cause| RunnerError::io(format!("folder of run {}", spec.run_id), cause);
    make_folder(folder.path()).map_err(failed)?;
    match folder.spec().map_err(failed)? {
        None => folder.write_spec(spec).map_err(failed),
        Some(found) if found.key() == spec.key() && found.deployment_id == spec.deployment_id => Ok(()),
        Some(found) => Err(of_another(&spec.key(), &found.run_id, found.epoch)),
    }
}

fn outcome_of(folder: &RunFolder, key: &RunKey) -> Result<Option<Outcome>, RunnerError> {
    let outcome = folder
        .outcome()
        .map_err(|cause| RunnerError::io(format!("folder of run {}", key.run_id), cause))?;
    match outcome {
        Some(outcome) if outcome.run_id != key.run_id || outcome.epoch != key.epoch => {
            Err(of_another(key, &outcome.run_id, outcome.epoch))
        }
        other => Ok(other),
    }
}

fn of_another(key: &RunKey, run_id: &str, epoch: u64) -> RunnerError {
    RunnerError::Conflict(format!(
        "the folder of run {} (epoch {}) holds run {run_id} of epoch {epoch}",
        key.run_id, key.epoch
    ))
}

fn out_of_turn(key: &RunKey, answer: &Answer) -> RunnerError {
    RunnerError::Conflict(format!("the worker of run {} answered {answer:?}", key.run_id))
}

/// A worker that ended before it could answer.
fn broken(folder: &RunFolder, status: ExitStatus) -> RunnerError {
    let tail = log::read(folder.path(), 0, LOG_SHOWN_BYTES_MAX).unwrap_or_default();
    let told = tail.lines.last().cloned().unwrap_or_default();
    RunnerError::io(
        "the worker could not begin",
        io::Error::other(format!("{status}: {told}")),
    )
}

/// A worker on the line, which is the one that is meant.
struct Connection {
    out: UnixStream,
    input: BufReader<UnixStream>,
}

/// Why a worker cannot be spoken with.
enum DialError {
    /// Nobody listens.
    Absent(io::Error),
    /// Somebody listens and does not answer.
    Silent(io::Error),
    /// It is another run, or speaks another version.
    Refused(String),
}

impl Connection {
    fn dial(folder: &RunFolder, key: &RunKey, timeout: Duration) -> Result<Connection, DialError> {
        let stream = socket::dial(folder.path(), SOCKET, timeout).map_err(classify)?;
        let mut connection = Connection {
            out: stream.try_clone().map_err(classify)?,
            input: BufReader::new(stream),
        };
        let hello = Request::Hello {
            run_id: key.run_id.clone(),
            epoch: key.epoch,
        };
        match connection.ask(hello)? {
            Answer::Hello { run_id, epoch, .. } if run_id == key.run_id && epoch == key.epoch => {
                Ok(connection)
            }
            answer => Err(DialError::Refused(format!("it answered {answer:?}"))),
        }
    }

    fn ask(&mut self, request: Request) -> Result<Answer, DialError> {
        write_line(&mut self.out, request, REQUEST_BYTES_MAX).map_err(classify)?;
        let line = read_line::<Answer>(&mut self.input, ANSWER_BYTES_MAX).map_err(classify)?;
        let Some(line) = line else {
            return Err(DialError::Absent(io::Error::from(io::ErrorKind::ConnectionReset)));
        };
        if line.version != VERSION {
            return Err(DialError::Refused(format!(
                "it speaks version {}, not {VERSION}",
                line.version
            )));
        }
        match line.body {
            Answer::Refused { message } => Err(DialError::Refused(message)),
            answer => Ok(answer),
        }
    }
}

fn classify(error: io::Error) -> DialError {
    match error.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => DialError::Absent(error),
        _ => DialError::Silent(error),
    }
}
