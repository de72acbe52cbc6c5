//! The process that runs one attempt of a deployment.
//!
//! It listens on a socket in its folder and waits to be told what to run. It never speaks to the server of its own
//! accord, and goes on without one. As long as it lives it holds the lock of its deployment, so that two attempts
//! never run side by side; it leaves an outcome behind unless it is killed.

mod confine;
mod job;
mod keeper;
pub(crate) mod lock;
mod recovery;
pub(crate) mod savepoints;
mod serve;
mod shared;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use runner::{Diagnostic, End, FailureCause, Kind, Restore, RunFailure, RunSpec, StoppedBy};
use stdx::file::make_folder;
use stdx::{Clock, SystemClock};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::folder::{RunFolder, SOCKET, WorkerId};
use crate::log::Log;
use crate::planning;
use crate::process::{self, ProcessId};
use crate::socket;
use crate::storage::{SnapshotKind, Snapshots};
use confine::{Confinement, confine};
use recovery::Places;
use shared::Shared;

/// How long a worker waits to be told what to run.
pub const START_WAIT: Duration = Duration::from_secs(30);

/// The worker could not begin; its log says why.
pub const EXIT_BROKEN: u8 = 1;
/// Another process serves this run, or it is over.
pub const EXIT_TAKEN: u8 = 3;
/// Nobody said what to run.
pub const EXIT_UNUSED: u8 = 4;

/// Serves the run whose folder this is, until it is over. Takes over the whole process: its output, its limits, its
/// signals.
pub fn main(folder: &Path) -> ExitCode {
    match serve_run(folder) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Standard error leads to the log from the start.
            let _ = io::Write::write_all(
                &mut io::stderr(),
                format!("the worker cannot begin: {error}\n").as_bytes(),
            );
            ExitCode::from(EXIT_BROKEN)
        }
    }
}

fn serve_run(folder: &Path) -> io::Result<u8> {
    let folder = RunFolder::at(folder)?;
    process::limit_self()?;
    process::explain_failing_disk();
    // Held until the process ends: a second worker for the same run leaves at once.
    let own = File::open(folder.path())?;
    if own.try_lock().is_err() || folder.outcome()?.is_some() {
        return Ok(EXIT_TAKEN);
    }
    let spec = folder
        .spec()?
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no spec.json"))?;
    let log = Log::take_output(folder.path())?;
    report_to(&log);
    let process = ProcessId::own()?;
    let listener = socket::listen(folder.path(), SOCKET)?;
    folder.write_worker(&WorkerId {
        process,
        run_id: spec.run_id.clone(),
        epoch: spec.epoch,
    })?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let shared = Arc::new(Shared::new(folder.clone(), spec.key(), log, clock));
    stop_on_signal(&shared);
    serve::spawn(listener, shared.clone())?;
    let Some((spec, snapshots)) = shared.wait_for_start(START_WAIT) else {
        tracing::info!("nobody said what to run");
        folder.remove_worker()?;
        return Ok(EXIT_UNUSED);
    };
    // The server was told that it has started: whatever fails from here on is an end of the run.
    let end = run_confined(spec, snapshots, &folder, &shared)
        .unwrap_or_else(|error| internal(format!("the run cannot begin: {error}")));
    shared.finish(end)?;
    Ok(0)
}

fn run_confined(
    spec: RunSpec,
    snapshots: Snapshots,
    folder: &RunFolder,
    shared: &Arc<Shared>,
) -> io::Result<End> {
    let lock = lock::open(&spec, folder);
    let mut own = vec![folder.path().to_path_buf()];
    for kind in [SnapshotKind::Checkpoints, SnapshotKind::Savepoints] {
        if let Some(folder) = snapshots.folder(kind, &spec.deployment_id) {
            // A confined job could not make them.
            make_folder(&folder)?;
            own.push(folder);
        }
    }
    if let Restore::Savepoint { savepoint, .. } = &spec.restore {
        own.extend(snapshots.folder(SnapshotKind::Savepoints, &savepoint.deployment_id));
    }
    let places = Places {
        snapshots,
        spilled: folder.path().join("spilled"),
    };
    // Threads inherit it: those that run the job are started behind it.
    confine_to(&spec, &own)?;
    keeper::spawn(shared.clone(), spec.memory_bytes_max)?;
    let shared = shared.clone();
    let runs = thread::Builder::new()
        .name("run".to_string())
        .stack_size(planning::STACK_BYTES)
        .spawn(move || job::run(&spec, lock, &places, &shared))?;
    Ok(runs
        .join()
        .unwrap_or_else(|panic| internal(planning::panic_message(&*panic))))
}

/// Lets the kernel keep the job to its own folders.
fn confine_to(spec: &RunSpec, own: &[PathBuf]) -> io::Result<()> {
    let mut folders = spec.program.files.allowed.clone();
    folders.extend(own.iter().cloned());
    let program = std::env::current_exe().ok();
    match confine(&folders, program.as_deref()).map_err(io::Error::other)? {
        Confinement::Full => {}
        Confinement::Partial => {
            tracing::info!("the kernel confines the job only in part: it is an older one")
        }
        Confinement::None => {
            tracing::warn!("the kernel cannot confine the job; connectors still check every path")
        }
    }
    Ok(())
}

fn internal(message: String) -> End {
    End::Failed(RunFailure {
        cause: FailureCause::Internal,
        diagnostics: vec![Diagnostic::error(Kind::Runtime, message)],
    })
}

/// A machine that goes down asks its processes to end first: what was read is still committed.
fn stop_on_signal(shared: &Arc<Shared>) {
    let stopped = shared.clone();
    let handler = move || {
        tracing::info!("asked to end by a signal");
        stopped.stop(StoppedBy::Signal);
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tracing::warn!(%error, "signals will not stop the job gracefully");
    }
}

/// Lets events and panics become lines of the log.
fn report_to(log: &Arc<Log>) {
    let lines = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || lines.stream())
        .with_timer(Timestamps)
        .with_target(false)
        .with_ansi(false)
        .with_max_level(tracing::Level::INFO)
        .finish();
    // Nobody else sets one in this process.
    let _ = tracing::subscriber::set_global_default(subscriber);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "{}", planning::panic_message(panic.payload()));
    }));
}

struct Timestamps;

impl FormatTime for Timestamps {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        let mut text = String::new();
        let now = values::temporal::Instant::from_unit(SystemClock.now_us(), 6);
        let digits = values::temporal::FractionDigits::Exactly(3);
        values::temporal::write_timestamp(now, 'T', digits, &mut text);
        text.push('Z');
        out.write_str(&text)
    }
}
