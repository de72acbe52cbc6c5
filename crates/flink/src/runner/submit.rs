//! A run becomes a job of the cluster.

use std::collections::BTreeMap;

use runner::{Diagnostic, FailureCause, Kind, Restore, RunFailure, RunSpec, RunState, Runner, RunnerError};
use sha2::{Digest, Sha256};

use super::{FlinkRunner, failure, is_over, locked, of_rest};
use crate::fault;
use crate::jobmanager::{JarRun, RestError};
use crate::record::{RunRecord, Snapshot};
use crate::submission;

/// The JAR that runs SQL, as Maven builds it from `java/runner`.
const RUNNER_JAR: &[u8] = include_bytes!("../../runner.jar");

/// Options that hold unless the script or the version says otherwise.
const DEFAULTS: [(&str, &str); 2] = [
    ("execution.checkpointing.interval", "10 s"),
    (
        "execution.checkpointing.externalized-checkpoint-retention",
        "RETAIN_ON_CANCELLATION",
    ),
];

impl FlinkRunner {
    pub(super) fn submit(&self, spec: &RunSpec, record: &RunRecord) -> Result<RunState, RunnerError> {
        let key = spec.key();
        let submission = submission::of(&spec.program).map_err(RunnerError::Invalid)?;
        let restored = self.restored(spec)?;
        let deployment = &spec.deployment_id;
        let mut configuration: BTreeMap<String, String> = DEFAULTS
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        configuration.insert(
            "execution.checkpointing.dir".to_string(),
            self.storage.checkpoints(deployment),
        );
        configuration.insert(
            "execution.checkpointing.savepoint-dir".to_string(),
            self.storage.savepoints(deployment),
        );
        configuration.insert(
            "pipeline.name".to_string(),
            format!("{deployment} {}", spec.run_id),
        );
        let run = JarRun {
            program_args_list: submission.arguments,
            parallelism: spec.parallelism,
            job_id: Some(record.job_id.clone()),
            // What nobody is to keep belongs to the job that goes on from it, and goes when it is not needed any more.
            claim_mode: restored.as_ref().map(|snapshot| match snapshot.is_kept {
                true => "NO_CLAIM",
                false => "CLAIM",
            }),
            savepoint_path: restored.map(|snapshot| snapshot.path),
            allow_non_restored_state: spec.drops_state,
            flink_configuration: configuration,
            ..JarRun::default()
        };
        let asked_ms = self.clock.now_ms();
        self.records
            .change_run(&key, |record| record.asked_ms = Some(asked_ms))?;
        match self.run_jar(&run) {
            Ok(job_id) if job_id == record.job_id => {}
            Ok(job_id) => {
                return Err(RunnerError::Conflict(format!(
                    "the cluster gave the job the id {job_id}, not {}",
                    record.job_id
                )));
            }
            Err(RestError::Refused(errors)) if is_duplicate(&errors) => {}
            // Then nothing was submitted.
            Err(RestError::Refused(errors)) if fault::is_of_program(&errors) => {
                self.records.change_run(&key, |record| record.asked_ms = None)?;
                let fault = fault::of_submission(&errors, &submission.steps, &spec.program);
                return Err(RunnerError::Invalid(fault));
            }
            // It may have been: a dispatcher that answers too late is told of in the same way.
            Err(RestError::Refused(errors)) => {
                let fault = fault::of_submission(&errors, &submission.steps, &spec.program);
                return Err(RunnerError::Unreachable(fault.message));
            }
            Err(error) => return Err(of_rest(error)),
        }
        self.records
            .change_run(&key, |record| record.is_submitted = true)?;
        tracing::info!(run = spec.run_id, job = record.job_id, "submitted a job");
        self.observe(&key)
    }

    pub(super) fn run_jar(&self, run: &JarRun) -> Result<String, RestError> {
        let known = locked(&self.jar).clone();
        if let Some(jar) = known {
            match self.submitter.run_jar(&jar, run) {
                // The cluster has forgotten it: a JobManager that starts anew may have an empty folder.
                Err(RestError::Refused(errors) | RestError::NotFound(errors)) if lacks_jar(&errors) => {}
                other => return other,
            }
        }
        let name = jar_name();
        let found = self.jobmanager.jars()?.into_iter().find(|(_, jar)| *jar == name);
        let jar = match found {
            Some((id, _)) => id,
            None => self.submitter.upload(&name, RUNNER_JAR)?,
        };
        *locked(&self.jar) = Some(jar.clone());
        self.submitter.run_jar(&jar, run)
    }

    /// What a run goes on from.
    pub(super) fn restored(&self, spec: &RunSpec) -> Result<Option<Snapshot>, RunnerError> {
        let (savepoint, since_epoch) = match &spec.restore {
            Restore::None => return Ok(None),
            Restore::Latest { since_epoch } => (None, *since_epoch),
            Restore::Savepoint {
                savepoint,
                since_epoch,
            } => (Some(savepoint), *since_epoch),
        };
        for run in self.records.runs_of(&spec.deployment_id)? {
            if run.epoch < since_epoch || run.epoch >= spec.epoch {
                continue;
            }
            let on_disk = self.storage.newest_on_disk(&spec.deployment_id, &run.job_id);
            let known = run.snapshots.last().cloned();
            let newest = known.into_iter().chain(on_disk).max_by_key(|snapshot| {
                // The state that a stop left lies behind all checkpoints.
                (snapshot.is_last, snapshot.number)
            });
            if newest.is_some() {
                return Ok(newest);
            }
        }
        let Some(savepoint) = savepoint else {
            return Ok(None);
        };
        match self.records.savepoint(savepoint)? {
            Some(found) => Ok(Some(Snapshot {
                number: 0,
                path: found.path,
                bytes: found.origin.bytes,
                began_ms: found.origin.taken_ms,
                taken_ms: found.origin.taken_ms,
                is_last: false,
                is_kept: true,
            })),
            None => Err(RunnerError::Invalid(
                Diagnostic::error(
                    Kind::Validation,
                    format!("savepoint {} is not there", savepoint.savepoint_id),
                )
                .hint("choose another one, or begin anew"),
            )),
        }
    }

    /// Whether another attempt of the deployment stands in the way.
    pub(super) fn rival(&self, spec: &RunSpec) -> Result<Option<RunFailure>, RunnerError> {
        for other in self.records.runs_of(&spec.deployment_id)? {
            if other.epoch == spec.epoch || other.outcome.is_some() {
                continue;
            }
            if other.epoch > spec.epoch {
                return Ok(Some(failure(
                    FailureCause::Fenced,
                    "a later attempt of this deployment was started",
                )));
            }
            match self.jobmanager.job(&other.job_id) {
                Ok(job) if !is_over(job.state) => {
                    // Nobody looks after it any more.
                    self.cancel(&other)?;
                    return Ok(Some(failure(
                        FailureCause::Locked,
                        "another attempt of this deployment still runs",
                    )));
                }
                Ok(_) => {}
                // What is not known there may be elsewhere, or on its way.
                Err(RestError::NotFound(_)) => {
                    let state = self.missing(&other, "an earlier attempt")?;
                    if let RunState::Unreachable { message } = state {
                        return Err(RunnerError::Unreachable(message));
                    }
                }
                Err(error) => return Err(of_rest(error)),
            }
        }
        Ok(None)
    }
}

/// Flink has taken a job of this id before.
fn is_duplicate(errors: &str) -> bool {
    errors.contains("DuplicateJobSubmissionException")
        || fault::step_failure(errors)
            .is_some_and(|failure| failure.class.ends_with("DuplicateJobSubmissionException"))
}

fn lacks_jar(errors: &str) -> bool {
    errors.contains("does not exist") && errors.contains(".jar")
}

/// Says which version of the JAR it is, so that a newer platform uploads its own.
fn jar_name() -> String {
    let digest = Sha256::digest(RUNNER_JAR);
    let short: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("oceanus-runner-{short}.jar")
}
