//! Runs the statements of a program, one job after the other.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use connectors::{Console, Stream};
use dataflow::Error;
use engine::{Control, Job, JobOptions};
use graph::Graph;
use plan::session::{Outcome, Session};
use runner::{Diagnostic, End, FailureCause, Kind, Program, Purpose, RunFailure, RunSpec};
use sql::ast::Statement;
use stdx::{Clock, Countdown};

use super::lock::{self, Taken};
use super::shared::Shared;
use crate::check::check;
use crate::planning::{self, runtime_diagnostic, tell};
use crate::summary::node_names;

/// `execution.checkpointing.interval`, or this: how often sinks commit what they have written.
const COMMIT_INTERVAL: Duration = Duration::from_secs(10);
/// The first commits come sooner, each after twice the time, so that a new job soon shows what it does.
const FIRST_COMMIT: Duration = Duration::from_millis(500);
const COMMIT_INTERVAL_KEY: &str = "execution.checkpointing.interval";
/// How often it is looked whether a commit is due or ready.
const COMMIT_TICK: Duration = Duration::from_millis(50);

/// Runs the program to its end, whatever that is. `lock` is the file of its deployment's lock, not yet taken.
pub fn run(spec: &RunSpec, lock: io::Result<File>, shared: &Arc<Shared>) -> End {
    tracing::info!(
        run = spec.run_id,
        deployment = spec.deployment_id,
        epoch = spec.epoch,
        version = env!("CARGO_PKG_VERSION"),
        "the run begins"
    );
    // Held to the end of the process, not of this function: the outcome is written behind it.
    match lock.and_then(|file| lock::take(file, spec, shared)) {
        Ok(Taken::Yes(file)) => std::mem::forget(file),
        Ok(Taken::Stopped(by)) => return End::Stopped { by },
        Ok(Taken::Locked) => {
            return failed(
                FailureCause::Locked,
                "another attempt of this deployment still runs",
                "wait until it has ended, or stop it",
            );
        }
        Ok(Taken::Fenced { epoch }) => {
            return failed(
                FailureCause::Fenced,
                &format!("a later attempt of this deployment has run: epoch {epoch}"),
                "nothing is to be done: this attempt is out of date",
            );
        }
        Err(error) => {
            return failed(
                FailureCause::Internal,
                &format!("cannot lock the deployment: {error}"),
                "see whether the data folder can be written",
            );
        }
    }
    match run_program(spec, shared) {
        Ok(()) => match shared.stopped() {
            Some(by) => End::Stopped { by },
            None => End::Finished,
        },
        Err(failure) => End::Failed(failure),
    }
}

fn failed(cause: FailureCause, message: &str, hint: &str) -> End {
    End::Failed(RunFailure {
        cause,
        diagnostics: vec![Diagnostic::error(Kind::Runtime, message).hint(hint)],
    })
}

fn run_program(spec: &RunSpec, shared: &Arc<Shared>) -> Result<(), RunFailure> {
    let program = &spec.program;
    // All of it is checked before anything is run: half a script would be worse than none.
    let report = check(program, Purpose::Deployment, shared.clock.clone());
    for diagnostic in report
        .diagnostics
        .iter()
        .filter(|diagnostic| !diagnostic.is_error())
    {
        tracing::warn!("{}", diagnostic.message);
    }
    if report.has_errors() {
        return Err(invalid(report.diagnostics));
    }
    let stream: Stream = Arc::new(Mutex::new(shared.log_stream()));
    let console = Console {
        output: stream.clone(),
        error: stream,
    };
    let mut session =
        planning::open(program, console, shared.clock.clone()).map_err(|fault| invalid(vec![fault]))?;
    let script = sql::parse_script(&program.sql);
    for statement in &script.statements {
        if shared.stopped().is_some() {
            return Ok(());
        }
        match session.execute(&program.sql, statement) {
            Ok(Outcome::Insert(graph)) => run_job(spec, statement, &session, graph, shared)?,
            Ok(Outcome::Done { .. } | Outcome::Rows { .. }) => {}
            // Refused by the check.
            Ok(Outcome::Query(_)) => {}
            Err(fault) => return Err(invalid(vec![tell(&fault, program, Some(&program.sql))])),
        }
    }
    Ok(())
}

fn invalid(diagnostics: Vec<Diagnostic>) -> RunFailure {
    RunFailure {
        cause: FailureCause::Invalid,
        diagnostics,
    }
}

fn run_job(
    spec: &RunSpec,
    statement: &Statement,
    session: &Session,
    graph: Graph,
    shared: &Arc<Shared>,
) -> Result<(), RunFailure> {
    let failure = |error| runtime_failure(error, statement, &spec.program);
    let parallelism = parallelism(spec, session);
    let options = JobOptions {
        parallelism,
        ..JobOptions::default()
    };
    let job = Job::new(&graph, session.context(), options).map_err(failure)?;
    let commits = has_committers(&graph).map_err(failure)?;
    let control = shared.begin_job(node_names(&graph));
    drop(graph);
    tracing::info!(parallelism, "a job begins");
    let has_ended = AtomicBool::new(false);
    let outcome = thread::scope(|scope| {
        if commits {
            let interval = session
                .config()
                .duration(COMMIT_INTERVAL_KEY)
                .filter(|interval| !interval.is_zero())
                .unwrap_or(COMMIT_INTERVAL);
            let (control, has_ended, clock) = (&control, &has_ended, &shared.clock);
            let spawned = thread::Builder::new()
                .name("commits".to_string())
                .spawn_scoped(scope, move || {
                    commit_now_and_then(control, interval, has_ended, &**clock)
                });
            if let Err(error) = spawned {
                return Err(Error::io("cannot start a thread", error));
            }
        }
        let outcome = job.run(&control);
        has_ended.store(true, Ordering::Release);
        outcome
    });
    shared.end_job();
    outcome.map(drop).map_err(failure)
}

/// Makes visible what sinks have written so far. Nothing is kept for a restart yet: an attempt that comes after a
/// failure begins anew and writes again.
fn commit_now_and_then(control: &Control, interval: Duration, has_ended: &AtomicBool, clock: &dyn Clock) {
    let mut pause = FIRST_COMMIT.min(interval);
    let mut wait = Countdown::new(clock, pause);
    while !has_ended.load(Ordering::Acquire) {
        if let Some(snapshot) = control.take_snapshot() {
            control.commit(snapshot.epoch);
        }
        if wait.is_over(clock) && control.trigger_checkpoint().is_some() {
            pause = pause.saturating_mul(2).min(interval);
            wait = Countdown::new(clock, pause);
        }
        clock.sleep(COMMIT_TICK);
    }
}

fn has_committers(graph: &Graph) -> Result<bool, Error> {
    for (_, sink) in graph.sinks() {
        if sink.sink.committer()?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// As the deployment says, else as the settings say, else as many as there are cores.
fn parallelism(spec: &RunSpec, session: &Session) -> usize {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let key_groups = usize::from(JobOptions::default().key_groups);
    match spec.parallelism.or_else(|| session.config().parallelism()) {
        Some(parallelism) => parallelism as usize,
        // Nobody asked for so many, so that fewer are no fault.
        None => cores().min(key_groups),
    }
}

fn runtime_failure(error: Error, statement: &Statement, program: &Program) -> RunFailure {
    let cause = match &error {
        Error::Invalid(_) => FailureCause::Invalid,
        Error::Internal(_) => FailureCause::Internal,
        Error::Option(_) | Error::Io { .. } | Error::Data { .. } | Error::Evaluation { .. } => {
            FailureCause::Runtime
        }
    };
    let fault = runtime_diagnostic(error).or_at(statement.span);
    RunFailure {
        cause,
        diagnostics: vec![tell(&fault, program, Some(&program.sql))],
    }
}
