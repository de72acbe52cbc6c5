//! Runs the statements of a program, one job after the other.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;

use connectors::{Console, Stream};
use dataflow::Error;
use engine::{Committed, Job, JobOptions, RestoreError};
use graph::Graph;
use plan::session::{Outcome, Session};
use runner::{Diagnostic, End, FailureCause, Kind, Program, Purpose, RunFailure, RunSpec};
use sql::ast::Statement;
use stdx::step;

use super::lock::{self, Taken};
use super::recovery::{Places, Recovery};
use super::savepoints::JobLabel;
use super::shared::Shared;
use crate::check::{check, drops_state};
use crate::memory::state_budget;
use crate::planning::{self, runtime_diagnostic, tell};
use crate::summary::node_names;

/// Runs the program to its end, whatever that is. `lock` is the file of its deployment's lock, not yet taken.
pub fn run(spec: &RunSpec, lock: io::Result<File>, places: &Places, shared: &Arc<Shared>) -> End {
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
    match run_program(spec, places, shared) {
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

fn run_program(spec: &RunSpec, places: &Places, shared: &Arc<Shared>) -> Result<(), RunFailure> {
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
    let mut recovery = Recovery::open(places, spec, shared)?;
    let stream: Stream = Arc::new(Mutex::new(shared.log_stream()));
    let console = Console {
        output: stream.clone(),
        error: stream,
    };
    let mut session =
        planning::open(program, console, shared.clock.clone()).map_err(|fault| invalid(vec![fault]))?;
    let script = sql::parse_script(&program.sql);
    let mut jobs = 0;
    for statement in &script.statements {
        if shared.stopped().is_some() {
            return Ok(());
        }
        match session.execute(&program.sql, statement) {
            Ok(Outcome::Insert(graph)) => {
                if !recovery.has_done(jobs) {
                    run_job(
                        spec,
                        statement,
                        &session,
                        graph,
                        jobs,
                        &mut recovery,
                        places,
                        shared,
                    )?;
                }
                jobs += 1;
            }
            Ok(Outcome::Done { .. } | Outcome::Rows { .. }) => {}
            // Refused by the check.
            Ok(Outcome::Query(_)) => {}
            Err(fault) => return Err(invalid(vec![tell(&fault, program, Some(&program.sql))])),
        }
    }
    recovery.check_taken(jobs)
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
    number: usize,
    recovery: &mut Recovery,
    places: &Places,
    shared: &Arc<Shared>,
) -> Result<(), RunFailure> {
    let failure = |error| runtime_failure(error, statement, &spec.program);
    let parallelism = parallelism(spec, session);
    let last_committed = Job::last_committed(&graph).map_err(failure)?;
    let options = JobOptions {
        parallelism,
        drop_unclaimed_state: spec.drops_state || drops_state(session.config()),
        last_committed: last_committed.epoch().unwrap_or(0),
        state: state_budget(
            session.config(),
            spec.memory_bytes_max.map(|bytes| bytes / 2),
            &places.spilled,
        ),
        ..JobOptions::default()
    };
    let job = loop {
        let (options, context) = (options.clone(), session.context());
        let Some(mut found) = recovery.begin(number, last_committed, shared)? else {
            break Job::new(&graph, context, options).map_err(failure)?;
        };
        match Job::restore_from(&graph, context, options, &mut found.reader) {
            Ok(job) => break job,
            Err(RestoreError::Unreadable(error)) => recovery.pass_over(found, &error, shared)?,
            Err(RestoreError::Unclaimed(error)) => {
                return Err(RunFailure {
                    cause: FailureCause::State,
                    ..failure(error)
                });
            }
            Err(RestoreError::Failed(error)) => return Err(failure(error)),
        }
    };
    step("restore: the job is built");
    let is_transactional = last_committed != Committed::Repeatable;
    let how = recovery.checkpointing(
        spec,
        number,
        parallelism,
        is_transactional,
        session.config(),
        shared,
    );
    let job = job.keep_snapshots(how);
    let label = JobLabel {
        job: number,
        parallelism,
    };
    let control = shared.begin_job(node_names(&graph), label);
    drop(graph);
    tracing::info!(parallelism, "a job begins");
    let outcome = job.run(&control);
    shared.end_job();
    outcome.map(drop).map_err(failure)
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
