//! Attempts of a deployment: made, started, asked to stop, ended.
//!
//! An attempt is written down before it is started, and its end before anything follows it. Whoever dies in between
//! leaves an attempt that the next one finds by its id and epoch.

use std::sync::Arc;

use model::id::{DeploymentId, RunId};
use model::phase::{DesiredState, PhaseName};
use runner::{
    Diagnostic, End, FailureCause, Kind, LOCK_WAIT_MS, Outcome, RunFailure, RunSpec, Runner, RunnerError,
};
use serde_json::Value;
use store::{Condition, ConditionKind, Deployment, NewRun, Observed, PageRequest, Run};

use crate::decide::Rest;
use crate::deployments::key;
use crate::reconcile::WAITING_MS;
use crate::resources::Share;
use crate::{Error, Jobs, Result, lock};

/// Attempts of a deployment whose folders, with their logs, are kept.
const FOLDERS_KEPT: usize = 20;
/// Older ones that are looked for at each new attempt; more are there only after such a look was cut off.
const FOLDERS_LOOKED_FOR: usize = 5;

/// Of a failure.
const DIAGNOSTICS_STORED_MAX: usize = 20;
/// Of a message, and of a hint.
const CHARACTERS_STORED_MAX: usize = 1_000;

/// Room for a run that is not made yet. Given back when it goes out of scope: by then the run has its own, or there
/// is none.
struct Reservation<'a> {
    jobs: &'a Jobs,
    deployment: DeploymentId,
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        lock(&self.jobs.inner.capacity).end_reservation(self.deployment);
    }
}

impl Jobs {
    /// Writes a new attempt down, if there is room; else returns when to look again.
    pub(crate) async fn make_run(
        &self,
        deployment: &Deployment,
        latest: Option<&Run>,
    ) -> Result<Option<i64>> {
        let wanted = match self.weight(deployment, latest).await {
            Ok(wanted) => wanted,
            Err(Error::Invalid {
                message, diagnostics, ..
            }) => {
                self.refuse(deployment, message, diagnostics).await?;
                return Ok(Some(WAITING_MS));
            }
            Err(error) => return Err(error),
        };
        let _reservation = match self.reserve(deployment, wanted).await? {
            Ok(reservation) => reservation,
            Err(lack) => {
                self.remember_weight(deployment, wanted);
                let phase = waiting(deployment.phase);
                return self.wait_for_capacity(deployment, phase, lack).await.map(Some);
            }
        };
        let engine = self.engine_of(deployment).await?;
        lock(&self.inner.weights).remove(&deployment.id);
        let is_current = deployment.observed_generation == deployment.generation;
        let new = NewRun {
            attempt: self.failures(deployment, latest, is_current).await? + 1,
            version: deployment.version,
            parallelism: wanted.cores,
            memory_bytes_max: wanted.memory_bytes,
            epoch_above: self.last_epoch(deployment).await?,
        };
        let run = self.inner.store.runs().create(deployment.id, new).await?;
        if deployment.cluster.is_none() {
            lock(&self.inner.capacity).give(run.id, &deployment.workspace, wanted);
        }
        let written = self.inner.store.deployments().by_id(deployment.id).await?;
        let observed = Observed {
            observed_generation: deployment.generation,
            conditions: Vec::new(),
            last_error: deployment.last_error.clone(),
        };
        self.move_deployment(&written, PhaseName::Starting, observed)
            .await?;
        self.announce(&deployment.workspace, deployment.id);
        self.forget_old_folders(&engine, deployment.id).await;
        Ok(None)
    }

    /// Room for a run that is to be made, or why there is none. What runs on a cluster needs none here.
    async fn reserve(
        &self,
        deployment: &Deployment,
        wanted: Share,
    ) -> Result<std::result::Result<Option<Reservation<'_>>, String>> {
        if let (Some(name), Some(cluster)) = (&deployment.cluster, self.cluster_of(deployment).await?) {
            let lack = self.lacks_slots(&cluster, name, wanted.cores, 0).await?;
            return Ok(lack.map_or(Ok(None), Err));
        }
        let reserved = lock(&self.inner.capacity).reserve(deployment.id, &deployment.workspace, wanted);
        Ok(reserved.map(|()| {
            Some(Reservation {
                jobs: self,
                deployment: deployment.id,
            })
        }))
    }

    /// What the next attempt needs. One that is made again keeps what was found for it; a first one is weighed.
    async fn weight(&self, deployment: &Deployment, latest: Option<&Run>) -> Result<Share> {
        let known = lock(&self.inner.weights).get(&deployment.id).copied();
        if let Some((generation, wanted)) = known
            && generation == deployment.generation
        {
            return Ok(wanted);
        }
        let kept = latest.filter(|run| run.version == deployment.version);
        if let (None, Some(run)) = (deployment.parallelism, kept) {
            return Ok(Share {
                cores: run.parallelism,
                memory_bytes: run.memory_bytes_max,
            });
        }
        let version = self.version_of(deployment, deployment.version).await?;
        let program = self.program_of(&deployment.workspace, &version).await?;
        // A sampled run would keep people waiting who did not ask for one.
        let parallelism = deployment.parallelism.unwrap_or(1);
        let estimate = self.estimate_of(program, Some(parallelism)).await?;
        Ok(Share {
            cores: estimate.parallelism,
            memory_bytes: estimate.memory_bytes,
        })
    }

    /// Why there is no room yet for what shall run instead of a run.
    async fn lacks_instead_of(&self, deployment: &Deployment, run: &Run) -> Result<Option<String>> {
        let wanted = match self.weight(deployment, Some(run)).await {
            Ok(wanted) => wanted,
            // What cannot run at all is told of when its turn comes.
            Err(Error::Invalid { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let lack = match (&deployment.cluster, self.cluster_of(deployment).await?) {
            (Some(name), Some(cluster)) => {
                self.lacks_slots(&cluster, name, wanted.cores, run.parallelism)
                    .await?
            }
            _ => lock(&self.inner.capacity).lacks_instead_of(run.id, &deployment.workspace, wanted),
        };
        if lack.is_some() {
            self.remember_weight(deployment, wanted);
        }
        Ok(lack)
    }

    /// While it waits it is asked for each second: what it needs does not change until somebody changes it.
    fn remember_weight(&self, deployment: &Deployment, wanted: Share) {
        let known = (deployment.generation, wanted);
        lock(&self.inner.weights).insert(deployment.id, known);
    }

    /// Of whatever attempt ran last, whether the store knows it or is an old copy that does not.
    pub(crate) async fn last_epoch(&self, deployment: &Deployment) -> Result<u64> {
        let id = deployment.id.to_string();
        let engine = self.engine_of(deployment).await?;
        let last = self.ask(&engine, move |runner| runner.last_epoch(&id)).await??;
        Ok(last.unwrap_or(0))
    }

    /// Old attempts stay in the store; their logs go. Best effort: what stays is looked for at the next attempt.
    async fn forget_old_folders(&self, engine: &Arc<dyn Runner>, deployment: DeploymentId) {
        let page = PageRequest {
            limit: (FOLDERS_KEPT + FOLDERS_LOOKED_FOR) as u32,
            ..PageRequest::default()
        };
        match self.inner.store.runs().list(deployment, &page).await {
            Ok(runs) => {
                let old = runs.items.iter().skip(FOLDERS_KEPT);
                self.forget(engine, old.filter(|run| run.ended_at.is_some()))
                    .await;
            }
            Err(error) => tracing::warn!(%deployment, %error, "old logs stay"),
        }
    }

    /// Removes what is left of these runs outside of the store.
    pub(crate) async fn forget<'a>(&self, engine: &Arc<dyn Runner>, runs: impl Iterator<Item = &'a Run>) {
        for run in runs {
            let (id, run) = (run.id, key(run));
            let forgotten = self.ask(engine, move |runner| runner.forget(&run)).await;
            if let Err(error) = forgotten.and_then(|forgotten| Ok(forgotten?)) {
                tracing::warn!(run = %id, %error, "the run's folder stays");
            }
        }
    }

    /// Says that the deployment waits, and when to look again.
    async fn wait_for_capacity(
        &self,
        deployment: &Deployment,
        phase: PhaseName,
        message: String,
    ) -> Result<i64> {
        let waits = deployment.conditions.iter().any(|condition| {
            condition.kind == ConditionKind::WaitingForCapacity && condition.message == message
        });
        if !waits {
            let observed = Observed {
                observed_generation: deployment.observed_generation,
                conditions: vec![Condition {
                    kind: ConditionKind::WaitingForCapacity,
                    since: self.inner.clock.now_ms(),
                    message,
                }],
                last_error: deployment.last_error.clone(),
            };
            if phase == deployment.phase {
                self.inner
                    .store
                    .deployments()
                    .observe(deployment.id, deployment.epoch, observed)
                    .await?;
            } else {
                self.move_deployment(deployment, phase, observed).await?;
            }
            self.announce(&deployment.workspace, deployment.id);
        }
        Ok(WAITING_MS)
    }

    /// The version cannot run at all: a person must look.
    async fn refuse(
        &self,
        deployment: &Deployment,
        message: String,
        mut diagnostics: Vec<Diagnostic>,
    ) -> Result<()> {
        if diagnostics.is_empty() {
            diagnostics.push(Diagnostic::error(Kind::Validation, message));
        }
        let failure = RunFailure {
            cause: FailureCause::Invalid,
            diagnostics,
        };
        let observed = Observed {
            observed_generation: deployment.generation,
            conditions: Vec::new(),
            last_error: Some(json(&failure)?),
        };
        if deployment.phase == PhaseName::Failed {
            self.inner
                .store
                .deployments()
                .observe(deployment.id, deployment.epoch, observed)
                .await?;
        } else {
            self.move_deployment(deployment, PhaseName::Failed, observed)
                .await?;
        }
        self.announce(&deployment.workspace, deployment.id);
        Ok(())
    }

    pub(crate) async fn start_run(&self, deployment: &Deployment, run: &Run) -> Result<Option<i64>> {
        let version = self.version_of(deployment, run.version).await?;
        let program = self.program_of(&deployment.workspace, &version).await?;
        let spec = RunSpec {
            run_id: run.id.to_string(),
            deployment_id: deployment.id.to_string(),
            epoch: run.epoch,
            program,
            parallelism: Some(run.parallelism),
            memory_bytes_max: Some(run.memory_bytes_max),
            lock_wait_ms: LOCK_WAIT_MS,
            restore: self.restore_of(deployment).await?,
            drops_state: deployment.drops_state,
        };
        let engine = self.engine_of(deployment).await?;
        let started = self.ask(&engine, move |runner| runner.start(&spec)).await?;
        match started {
            Ok(_) => Ok(None),
            Err(RunnerError::Invalid(diagnostic)) => {
                let outcome = failed(run, FailureCause::Invalid, diagnostic, self.inner.clock.now_ms());
                self.record_end(deployment, run, &outcome).await?;
                Ok(None)
            }
            Err(RunnerError::Conflict(message)) => {
                let diagnostic = Diagnostic::error(Kind::Runtime, message);
                let outcome = failed(run, FailureCause::Internal, diagnostic, self.inner.clock.now_ms());
                self.record_end(deployment, run, &outcome).await?;
                Ok(None)
            }
            Err(error) => {
                let rest = Rest::Unreachable(error.to_string());
                self.settle(deployment, Some(run), &rest).await
            }
        }
    }

    /// Asks a run to end. One that is to make way for another of its deployment goes on until that one has room; then,
    /// and where the run does not answer, it is said when to look again.
    pub(crate) async fn request_stop(&self, deployment: &Deployment, run: &Run) -> Result<Option<i64>> {
        let makes_way = deployment.desired == DesiredState::Running && run.phase != PhaseName::Stopping;
        if makes_way && let Some(lack) = self.lacks_instead_of(deployment, run).await? {
            let message = format!("{lack}; until there is room, the run of before goes on");
            return self
                .wait_for_capacity(deployment, deployment.phase, message)
                .await
                .map(Some);
        }
        let asked_ms = self.inner.clock.now_ms();
        let run_key = key(run);
        let engine = self.engine_of(deployment).await?;
        let asked = self
            .ask(&engine, move |runner| runner.request_stop(&run_key))
            .await?;
        lock(&self.inner.stopping).entry(run.id).or_insert(asked_ms);
        match asked {
            Ok(()) => {}
            Err(RunnerError::Unreachable(message)) => {
                let rest = Rest::Unreachable(message);
                return self.settle(deployment, Some(run), &rest).await;
            }
            Err(error) => return Err(error.into()),
        }
        // A run that makes room for another one of the same deployment is on its way to a new shape.
        let replaced = deployment.desired == DesiredState::Running
            && matches!(deployment.phase, PhaseName::Running | PhaseName::Rescaling);
        let target = if replaced {
            PhaseName::Rescaling
        } else {
            PhaseName::Stopping
        };
        let observed = Observed {
            observed_generation: deployment.observed_generation,
            conditions: Vec::new(),
            last_error: deployment.last_error.clone(),
        };
        self.move_run(run, PhaseName::Stopping).await?;
        self.move_deployment(deployment, target, observed).await?;
        self.announce(&deployment.workspace, deployment.id);
        Ok(None)
    }

    pub(crate) async fn record_end(
        &self,
        deployment: &Deployment,
        run: &Run,
        outcome: &Outcome,
    ) -> Result<()> {
        let (target, failure) = match &outcome.end {
            End::Finished => (PhaseName::Finished, None),
            End::Stopped { .. } => (PhaseName::Stopped, None),
            End::Failed(failure) => {
                let mut told = failure.clone();
                if deployment.cluster.is_some() {
                    let secrets = self.secrets_of(deployment, run.version).await?;
                    for diagnostic in &mut told.diagnostics {
                        diagnostic.message = secrets.redact(&diagnostic.message).into_owned();
                    }
                }
                (PhaseName::Failed, Some(json(&told)?))
            }
        };
        if let Some(failure) = &failure {
            let observed = Observed {
                observed_generation: deployment.observed_generation,
                conditions: deployment.conditions.clone(),
                last_error: Some(failure.clone()),
            };
            self.inner
                .store
                .deployments()
                .observe(deployment.id, deployment.epoch, observed)
                .await?;
        }
        self.end_run(run, target, failure).await?;
        self.let_go(run.id);
        self.announce(&deployment.workspace, deployment.id);
        Ok(())
    }

    /// The run is over: nothing is remembered of it here.
    fn let_go(&self, run: RunId) {
        lock(&self.inner.stopping).remove(&run);
        lock(&self.inner.capacity).take_back(run);
    }

    /// Shows people why the loop cannot get on.
    pub(crate) async fn show_trouble(&self, id: DeploymentId, message: String) -> Result<()> {
        let deployment = self.inner.store.deployments().by_id(id).await?;
        let failure = RunFailure {
            cause: FailureCause::Internal,
            diagnostics: vec![Diagnostic::error(Kind::Runtime, message)],
        };
        let failure = json(&failure)?;
        if deployment.last_error.as_ref() == Some(&failure) {
            return Ok(());
        }
        let observed = Observed {
            observed_generation: deployment.observed_generation,
            conditions: deployment.conditions.clone(),
            last_error: Some(failure),
        };
        self.inner
            .store
            .deployments()
            .observe(id, deployment.epoch, observed)
            .await?;
        self.announce(&deployment.workspace, id);
        Ok(())
    }
}

/// The phase of a deployment that has no room, from the phase it was in.
fn waiting(phase: PhaseName) -> PhaseName {
    match phase {
        PhaseName::Rescaling => PhaseName::Rescaling,
        PhaseName::Starting | PhaseName::Running | PhaseName::Recovering => PhaseName::Recovering,
        _ => PhaseName::Pending,
    }
}

/// A failure as it is stored. What a job tells may hold a value of any length, which the store would refuse: the end
/// of a run must be written down whatever it says.
fn json(failure: &RunFailure) -> Result<Value> {
    let mut stored = failure.clone();
    stored.diagnostics.truncate(DIAGNOSTICS_STORED_MAX);
    for diagnostic in &mut stored.diagnostics {
        shorten(&mut diagnostic.message);
        if let Some(hint) = &mut diagnostic.hint {
            shorten(hint);
        }
    }
    serde_json::to_value(stored)
        .map_err(|error| Error::Internal(format!("a failure cannot be written: {error}")))
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(CHARACTERS_STORED_MAX) {
        text.truncate(end);
        text.push('…');
    }
}

fn failed(run: &Run, cause: FailureCause, diagnostic: Diagnostic, now_ms: i64) -> Outcome {
    Outcome {
        run_id: run.id.to_string(),
        epoch: run.epoch,
        started_ms: Some(run.started_at),
        ended_ms: now_ms,
        end: End::Failed(RunFailure {
            cause,
            diagnostics: vec![diagnostic],
        }),
        metrics: runner::Metrics::default(),
        failed_savepoints: std::collections::BTreeMap::new(),
    }
}

pub(crate) fn lost(run: &Run, message: String, now_ms: i64) -> Outcome {
    let diagnostic = Diagnostic::error(Kind::Runtime, message).hint(
        "its process was ended from outside, or the machine went down; the log's last lines may say more",
    );
    failed(run, FailureCause::Runtime, diagnostic, now_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_stored_however_long_it_is() {
        // Each character is six bytes of JSON.
        let long = Diagnostic::error(Kind::Runtime, "\u{1}".repeat(1 << 20)).hint("é".repeat(1 << 20));
        let failure = RunFailure {
            cause: FailureCause::Runtime,
            diagnostics: vec![long; 100],
        };
        let stored = json(&failure).unwrap();
        let read: RunFailure = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(read.diagnostics.len(), DIAGNOSTICS_STORED_MAX);
        assert!(read.diagnostics[0].message.ends_with('…'));
        // What the store takes of an error.
        assert!(stored.to_string().len() < 1 << 18);
    }
}
