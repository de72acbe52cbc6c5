//! The loop that makes deployments so.
//!
//! It may die at any point: everything it does can be done again. A run is written down before it is started, so
//! that whoever comes back finds it by its id and epoch.

use std::sync::Arc;
use std::time::Duration;

use model::id::DeploymentId;
use model::phase::{DesiredState, PhaseName};
use runner::{
    Diagnostic, End, FailureCause, Kind, LOCK_WAIT_MS, Outcome, RunFailure, RunSpec, RunState, RunnerError,
};
use serde_json::Value;
use store::{Condition, ConditionKind, Deployment, NewRun, Observed, PageRequest, Run};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::decide::{self, Action, ActiveRun, EndKind, Known, LastEnd, Rest};
use crate::deployments::key;
use crate::resources::Share;
use crate::{Error, Jobs, Result, lock};

/// Deployments looked at side by side.
const TASKS_MAX: usize = 16;
/// How long the loop sleeps when nobody wakes it.
const SLEEP_MAX: Duration = Duration::from_millis(500);
/// When to look again at what changes soon, at what runs, and at what waits for others.
const SOON_MS: i64 = 50;
const RUNNING_MS: i64 = 1_000;
const WAITING_MS: i64 = 1_000;
/// Steps of one look: more than any way from one rest to the next.
const STEPS_MAX: usize = 16;

impl Jobs {
    /// Starts the loop. Runs outlive it.
    pub fn spawn(&self) -> JoinHandle<()> {
        let jobs = self.clone();
        tokio::spawn(async move { jobs.run_loop().await })
    }

    /// Ends the loop after what it is at. Workers go on.
    pub fn shut_down(&self) {
        self.inner.queue.close();
    }

    async fn run_loop(self) {
        if let Err(error) = self.load().await {
            tracing::error!(%error, "deployments cannot be read; retrying as they are nudged");
        }
        let permits = Arc::new(Semaphore::new(TASKS_MAX));
        loop {
            if self.inner.queue.is_closed() {
                // All permits are back when no task is left.
                let _ = permits.acquire_many(TASKS_MAX as u32).await;
                return;
            }
            let now_ms = self.inner.clock.now_ms();
            let due = self.inner.queue.take(now_ms, permits.available_permits());
            for id in due {
                // Only this loop takes permits, and it saw one for each.
                let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                    return;
                };
                let jobs = self.clone();
                tokio::spawn(async move {
                    let next_ms = jobs.look(id).await;
                    jobs.inner.queue.done(id, next_ms);
                    drop(permit);
                });
            }
            let wait = match self.inner.queue.next_due_ms() {
                Some(at_ms) if permits.available_permits() > 0 => {
                    let ms = at_ms.saturating_sub(self.inner.clock.now_ms()).max(0);
                    Duration::from_millis(ms as u64).min(SLEEP_MAX)
                }
                _ => SLEEP_MAX,
            };
            // Either a nudge or the time: both mean to look again.
            let _ = tokio::time::timeout(wait, self.inner.queue.changed()).await;
        }
    }

    /// Everything that is not settled, and what live runs were given.
    async fn load(&self) -> Result<()> {
        let mut page = PageRequest {
            limit: 200,
            ..PageRequest::default()
        };
        loop {
            let runs = self.inner.store.runs().live(&page).await?;
            for run in runs.items {
                let deployment = self.inner.store.deployments().by_id(run.deployment_id).await?;
                lock(&self.inner.capacity).give(run.id, &deployment.workspace, share(&run));
            }
            page.cursor = runs.next_cursor;
            if page.cursor.is_none() {
                break;
            }
        }
        loop {
            let ids = self.inner.store.deployments().unsettled(&page).await?;
            for id in ids.items {
                self.inner.queue.nudge(id);
            }
            page.cursor = ids.next_cursor;
            if page.cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// Looks at a deployment and says when to look again.
    async fn look(&self, id: DeploymentId) -> Option<i64> {
        let outcome = self.reconcile(id).await;
        let now_ms = self.inner.clock.now_ms();
        match outcome {
            Ok(Some(wait_ms)) => Some(now_ms + wait_ms),
            Ok(None) => None,
            Err(Error::NotFound { .. }) => None,
            // Somebody changed it meanwhile: look at how it is now.
            Err(Error::Stale { .. } | Error::Conflict(_)) => Some(now_ms + SOON_MS),
            Err(error) => {
                tracing::warn!(deployment = %id, %error, "reconciling failed; it is tried again");
                Some(now_ms + WAITING_MS)
            }
        }
    }

    /// Takes steps until there is nothing to do now; returns after how many milliseconds to look again.
    async fn reconcile(&self, id: DeploymentId) -> Result<Option<i64>> {
        for _ in 0..STEPS_MAX {
            let store = &self.inner.store;
            let deployment = store.deployments().by_id(id).await?;
            let latest = store.runs().latest(id).await?;
            let active = latest.as_ref().filter(|run| !run.phase.is_over());
            let seen = match active {
                None => RunState::Absent,
                Some(run) => {
                    let run = key(run);
                    self.ask(move |runner| runner.observe(&run))
                        .await?
                        .unwrap_or_else(unreachable)
                }
            };
            let known = self.known(&deployment, latest.as_ref());
            let action = decide::decide(&known, &seen, self.inner.clock.now_ms());
            tracing::debug!(deployment = %id, ?action, "reconciling");
            match (action, latest) {
                (Action::Rest(rest), latest) => {
                    return self.settle(&deployment, latest.as_ref(), &rest).await;
                }
                (Action::MakeRun, latest) => {
                    if let Some(wait_ms) = self.make_run(&deployment, latest.as_ref()).await? {
                        return Ok(Some(wait_ms));
                    }
                }
                (Action::StartRun, Some(run)) => {
                    if let Some(wait_ms) = self.start_run(&deployment, &run).await? {
                        return Ok(Some(wait_ms));
                    }
                }
                (Action::RequestStop, Some(run)) => {
                    self.request_stop(&deployment, &run).await?;
                    return Ok(Some(SOON_MS));
                }
                (Action::Kill, Some(run)) => {
                    let run_key = key(&run);
                    tracing::warn!(run = %run.id, "the run did not stop in time and is ended by force");
                    self.ask(move |runner| runner.kill(&run_key)).await??;
                    return Ok(Some(SOON_MS));
                }
                (Action::RecordEnd(outcome), Some(run)) => {
                    self.record_end(&deployment, &run, &outcome).await?
                }
                (Action::RecordLost(message), Some(run)) => {
                    self.record_end(&deployment, &run, &lost(&run, message, self.inner.clock.now_ms()))
                        .await?;
                }
                // These speak of an active run, and so there is one.
                (_, None) => return Err(Error::Internal("an action without its run".to_string())),
            }
        }
        Ok(Some(SOON_MS))
    }

    fn known(&self, deployment: &Deployment, latest: Option<&Run>) -> Known {
        let is_current = deployment.observed_generation == deployment.generation;
        let active = latest.filter(|run| !run.phase.is_over()).map(|run| ActiveRun {
            fits: run.version == deployment.version
                && deployment
                    .parallelism
                    .is_none_or(|wanted| wanted == run.parallelism),
            stopping_since_ms: lock(&self.inner.stopping).get(&run.id).copied(),
        });
        let last_end = latest
            .filter(|run| run.phase.is_over() && is_current)
            .map(|run| LastEnd {
                ended_ms: run.ended_at.unwrap_or(run.started_at),
                kind: end_kind(run),
            });
        Known {
            desired: deployment.desired,
            active,
            last_end,
            failures: latest.map_or(0, |run| failures(run, is_current)),
        }
    }

    /// Writes down how things are. Nothing is written if it is written already.
    async fn settle(&self, deployment: &Deployment, run: Option<&Run>, rest: &Rest) -> Result<Option<i64>> {
        let now_ms = self.inner.clock.now_ms();
        let mut observed = Observed {
            observed_generation: deployment.generation,
            conditions: Vec::new(),
            last_error: deployment.last_error.clone(),
        };
        let condition = |kind: ConditionKind, message: String| Condition {
            kind,
            since: deployment
                .conditions
                .iter()
                .find(|condition| condition.kind == kind)
                .map_or(now_ms, |condition| condition.since),
            message,
        };
        let (target, wait_ms) = match rest {
            Rest::Starting if deployment.phase == PhaseName::Stopping => (None, Some(SOON_MS)),
            Rest::Starting => (Some(PhaseName::Starting), Some(SOON_MS)),
            // It was asked to stop, and what is wanted has changed since: it stops first.
            Rest::Running if deployment.phase == PhaseName::Stopping => (None, Some(SOON_MS)),
            Rest::Running => {
                observed.last_error = None;
                (Some(PhaseName::Running), Some(RUNNING_MS))
            }
            Rest::Stopping => {
                observed.observed_generation = deployment.observed_generation;
                let target = (deployment.phase != PhaseName::Rescaling).then_some(PhaseName::Stopping);
                (target, Some(SOON_MS))
            }
            Rest::Unreachable(message) => {
                observed.observed_generation = deployment.observed_generation;
                observed
                    .conditions
                    .push(condition(ConditionKind::Unreachable, message.clone()));
                (None, Some(WAITING_MS))
            }
            Rest::BackOff { until_ms } => {
                let seconds = (until_ms - now_ms + 999) / 1000;
                let failures = run.map_or(0, |run| failures(run, true));
                observed.conditions.push(condition(
                    ConditionKind::BackOff,
                    format!("attempt {failures} failed; the next follows within {seconds} s"),
                ));
                (
                    Some(PhaseName::Recovering),
                    Some((until_ms - now_ms).clamp(SOON_MS, WAITING_MS)),
                )
            }
            Rest::Finished => (Some(PhaseName::Finished), None),
            Rest::Failed => (Some(PhaseName::Failed), None),
            Rest::Stopped => (Some(PhaseName::Stopped), None),
            Rest::Suspended => (Some(PhaseName::Suspended), None),
        };
        // Only its kind and its start count for a condition that comes every time anew.
        let same_conditions = observed.conditions.len() == deployment.conditions.len()
            && observed
                .conditions
                .iter()
                .zip(&deployment.conditions)
                .all(|(new, old)| new.kind == old.kind);
        let same = same_conditions
            && observed.observed_generation == deployment.observed_generation
            && observed.last_error == deployment.last_error;
        if let Some(run) = run
            && !run.phase.is_over()
            && let Some(target) = target
        {
            self.move_run(run, target).await?;
        }
        match target {
            Some(target) if target != deployment.phase => {
                self.move_deployment(deployment, target, observed).await?;
                self.announce(&deployment.workspace, deployment.id);
            }
            _ if !same => {
                self.inner
                    .store
                    .deployments()
                    .observe(deployment.id, deployment.epoch, observed)
                    .await?;
                self.announce(&deployment.workspace, deployment.id);
            }
            _ => {}
        }
        Ok(wait_ms)
    }

    /// Writes a new attempt down, if there is room; else returns when to look again.
    async fn make_run(&self, deployment: &Deployment, latest: Option<&Run>) -> Result<Option<i64>> {
        let version = self.version_of(deployment, deployment.version).await?;
        let program = self
            .program_over(
                &deployment.workspace,
                &version.sql,
                &version.catalog_ddl,
                &version.settings,
            )
            .await?;
        // A run that is made again keeps what was found for it; a first one is weighed.
        let kept = latest.filter(|run| run.version == deployment.version);
        let (parallelism, memory_bytes_max) = match (deployment.parallelism, kept) {
            (None, Some(run)) => (run.parallelism, run.memory_bytes_max),
            // A sampled run would keep people waiting who did not ask for one.
            (wanted, _) => match self.estimate_of(program, Some(wanted.unwrap_or(1))).await {
                Ok(estimate) => (estimate.parallelism, estimate.memory_bytes),
                Err(Error::Invalid {
                    message, diagnostics, ..
                }) => return self.refuse(deployment, message, diagnostics).await.map(Some),
                Err(error) => return Err(error),
            },
        };
        let wanted = Share {
            cores: parallelism,
            memory_bytes: memory_bytes_max,
        };
        let lacks = lock(&self.inner.capacity).lacks(&deployment.workspace, wanted);
        if let Some(message) = lacks {
            return self.wait_for_capacity(deployment, message).await.map(Some);
        }
        let is_current = deployment.observed_generation == deployment.generation;
        let new = NewRun {
            attempt: latest.map_or(0, |run| failures(run, is_current)) + 1,
            version: deployment.version,
            parallelism,
            memory_bytes_max,
        };
        let run = self.inner.store.runs().create(deployment.id, new).await?;
        lock(&self.inner.capacity).give(run.id, &deployment.workspace, wanted);
        let written = self.inner.store.deployments().by_id(deployment.id).await?;
        let observed = Observed {
            observed_generation: deployment.generation,
            conditions: Vec::new(),
            last_error: deployment.last_error.clone(),
        };
        self.move_deployment(&written, PhaseName::Starting, observed)
            .await?;
        self.announce(&deployment.workspace, deployment.id);
        Ok(None)
    }

    /// Says that the deployment waits, and when to look again.
    async fn wait_for_capacity(&self, deployment: &Deployment, message: String) -> Result<i64> {
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
            let target = match deployment.phase {
                PhaseName::Recovering | PhaseName::Rescaling => deployment.phase,
                _ => PhaseName::Pending,
            };
            if target == deployment.phase {
                self.inner
                    .store
                    .deployments()
                    .observe(deployment.id, deployment.epoch, observed)
                    .await?;
            } else {
                self.move_deployment(deployment, target, observed).await?;
            }
            self.announce(&deployment.workspace, deployment.id);
        }
        Ok(WAITING_MS)
    }

    /// The version cannot run at all.
    async fn refuse(
        &self,
        deployment: &Deployment,
        message: String,
        mut diagnostics: Vec<Diagnostic>,
    ) -> Result<i64> {
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
        self.move_deployment(deployment, PhaseName::Failed, observed)
            .await?;
        self.announce(&deployment.workspace, deployment.id);
        Ok(WAITING_MS)
    }

    async fn start_run(&self, deployment: &Deployment, run: &Run) -> Result<Option<i64>> {
        let version = self.version_of(deployment, run.version).await?;
        let program = self
            .program_over(
                &deployment.workspace,
                &version.sql,
                &version.catalog_ddl,
                &version.settings,
            )
            .await?;
        let spec = RunSpec {
            run_id: run.id.to_string(),
            deployment_id: deployment.id.to_string(),
            epoch: run.epoch,
            program,
            parallelism: Some(run.parallelism),
            memory_bytes_max: Some(run.memory_bytes_max),
            lock_wait_ms: LOCK_WAIT_MS,
        };
        let started = self.ask(move |runner| runner.start(&spec)).await?;
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

    async fn request_stop(&self, deployment: &Deployment, run: &Run) -> Result<()> {
        let run_key = key(run);
        self.ask(move |runner| runner.request_stop(&run_key)).await??;
        lock(&self.inner.stopping).insert(run.id, self.inner.clock.now_ms());
        // A run that makes room for another one of the same deployment is on its way to a new shape.
        let replaced = deployment.desired == DesiredState::Running && deployment.phase == PhaseName::Running;
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
        Ok(())
    }

    async fn record_end(&self, deployment: &Deployment, run: &Run, outcome: &Outcome) -> Result<()> {
        let (target, failure) = match &outcome.end {
            End::Finished => (PhaseName::Finished, None),
            End::Stopped { .. } => (PhaseName::Stopped, None),
            End::Failed(failure) => (PhaseName::Failed, Some(json(failure)?)),
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
        lock(&self.inner.stopping).remove(&run.id);
        lock(&self.inner.capacity).take_back(run.id);
        self.announce(&deployment.workspace, deployment.id);
        Ok(())
    }
}

fn unreachable(error: RunnerError) -> RunState {
    RunState::Unreachable {
        message: error.to_string(),
    }
}

fn share(run: &Run) -> Share {
    Share {
        cores: run.parallelism,
        memory_bytes: run.memory_bytes_max,
    }
}

/// Failures in a row up to this run. An attempt is numbered by the failures before it; one that ran well for a
/// while starts the count anew.
fn failures(run: &Run, is_current: bool) -> u32 {
    if !is_current || run.phase != PhaseName::Failed {
        return 0;
    }
    let lasted_ms = run.ended_at.unwrap_or(run.started_at) - run.started_at;
    if lasted_ms >= decide::HEALTHY_MS {
        1
    } else {
        run.attempt
    }
}

fn end_kind(run: &Run) -> EndKind {
    match run.phase {
        PhaseName::Finished => EndKind::Finished,
        PhaseName::Failed => match run.failure.clone().map(serde_json::from_value::<RunFailure>) {
            Some(Ok(failure)) => decide::kind_of(&End::Failed(failure)),
            // Written by an older version: another attempt does no harm, they are bounded.
            _ => EndKind::FailedOnce,
        },
        _ => EndKind::Stopped,
    }
}

fn json(failure: &RunFailure) -> Result<Value> {
    serde_json::to_value(failure)
        .map_err(|error| Error::Internal(format!("a failure cannot be written: {error}")))
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
    }
}

fn lost(run: &Run, message: String, now_ms: i64) -> Outcome {
    let diagnostic = Diagnostic::error(Kind::Runtime, message).hint(
        "its process was ended from outside, or the machine went down; the log's last lines may say more",
    );
    failed(run, FailureCause::Runtime, diagnostic, now_ms)
}
