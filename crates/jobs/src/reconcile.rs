//! The loop that makes deployments so.
//!
//! It may die at any point: everything it does can be done again. A run is written down before it is started, so
//! that whoever comes back finds it by its id and epoch.

use std::sync::Arc;
use std::time::Duration;

use model::id::{DeploymentId, RunId};
use model::phase::PhaseName;
use runner::{End, Purpose, RestartStrategy, RunFailure, RunState, RunnerError};
use store::{Condition, ConditionKind, Deployment, Observed, Run};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::attempts::lost;
use crate::decide::{self, Action, ActiveRun, EndKind, Known, LastEnd, Rest};
use crate::deployments::key;
use crate::resources::Share;
use crate::surroundings::whole_pages;
use crate::{Error, Jobs, Result, lock};

/// Deployments looked at side by side.
const TASKS_MAX: usize = 16;
/// How long the loop sleeps when nobody wakes it.
const SLEEP_MAX: Duration = Duration::from_millis(500);
/// When to look again at what changes soon, at what runs, and at what waits for others.
const SOON_MS: i64 = 50;
const RUNNING_MS: i64 = 1_000;
const SAVEPOINT_MS: i64 = 200;
pub(crate) const WAITING_MS: i64 = 1_000;
/// Restart strategies that are remembered.
const RESTARTS_KNOWN_MAX: usize = 10_000;
/// Of a failure that a condition names.
const REASON_CHARACTERS_MAX: usize = 160;
/// Steps of one look: more than any way from one rest to the next.
const STEPS_MAX: usize = 16;

/// A deployment that is being looked at. Whatever becomes of the look, there will be another.
struct Look {
    jobs: Jobs,
    id: DeploymentId,
    next_ms: Option<i64>,
}

impl Drop for Look {
    fn drop(&mut self) {
        self.jobs.inner.queue.done(self.id, self.next_ms);
    }
}

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
        while let Err(error) = self.load().await {
            tracing::error!(%error, "deployments cannot be read; it is tried again");
            if self.inner.queue.is_closed() {
                return;
            }
            tokio::time::sleep(SLEEP_MAX).await;
        }
        let orphans = tokio::spawn({
            let jobs = self.clone();
            async move { jobs.stop_orphans().await }
        });
        let permits = Arc::new(Semaphore::new(TASKS_MAX));
        loop {
            if self.inner.queue.is_closed() {
                // All permits are back when no task is left.
                let _ = permits.acquire_many(TASKS_MAX as u32).await;
                // Who is left is found at the next start.
                orphans.abort();
                return;
            }
            let now_ms = self.inner.clock.now_ms();
            let due = self.inner.queue.take(now_ms, permits.available_permits());
            for id in due {
                // Only this loop takes permits, and it saw one for each.
                let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                    return;
                };
                let mut look = Look {
                    jobs: self.clone(),
                    id,
                    next_ms: Some(now_ms + WAITING_MS),
                };
                tokio::spawn(async move {
                    look.next_ms = look.jobs.look(id).await;
                    drop(look);
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

    /// Everything that is not settled, has a live run or a savepoint that is waited for, and what live runs were given.
    async fn load(&self) -> Result<()> {
        let mut page = whole_pages();
        loop {
            let runs = self.inner.store.runs().live(&page).await?;
            for run in runs.items {
                match self.inner.store.deployments().by_id(run.deployment_id).await {
                    Ok(deployment) => {
                        // A cluster counts its slots itself.
                        if deployment.cluster.is_none() {
                            lock(&self.inner.capacity).give(run.id, &deployment.workspace, share(&run));
                        }
                        self.inner.queue.nudge(deployment.id);
                    }
                    // It was deleted just now.
                    Err(store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
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
                break;
            }
        }
        for id in self.inner.store.savepoints().awaited().await? {
            self.inner.queue.nudge(id);
        }
        Ok(())
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
                if let Err(error) = self.show_trouble(id, error.to_string()).await {
                    tracing::warn!(deployment = %id, %error, "and it cannot be shown");
                }
                Some(now_ms + WAITING_MS)
            }
        }
    }

    /// Takes steps until there is nothing to do now; returns after how many milliseconds to look again.
    async fn reconcile(&self, id: DeploymentId) -> Result<Option<i64>> {
        for _ in 0..STEPS_MAX {
            let store = &self.inner.store;
            let deployment = store.deployments().by_id(id).await?;
            let engine = self.engine_of(&deployment).await?;
            let latest = store.runs().latest(id).await?;
            let active = latest.as_ref().filter(|run| !run.phase.is_over());
            let seen = match active {
                None => RunState::Absent,
                Some(run) => {
                    let run = key(run);
                    self.ask(&engine, move |runner| runner.observe(&run))
                        .await?
                        .unwrap_or_else(unreachable)
                }
            };
            let waits = self.pursue_savepoints(&engine, &deployment, active).await?;
            let known = self.known(&deployment, latest.as_ref()).await?;
            let action = decide::decide(&known, &seen, self.inner.clock.now_ms());
            tracing::debug!(deployment = %id, ?action, "reconciling");
            match (action, latest) {
                (Action::Rest(rest), latest) => {
                    let wait_ms = self.settle(&deployment, latest.as_ref(), &rest).await?;
                    let soon = waits.then_some(SAVEPOINT_MS);
                    return Ok(wait_ms.into_iter().chain(soon).min());
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
                    let wait_ms = self.request_stop(&deployment, &run).await?;
                    return Ok(Some(wait_ms.unwrap_or(SOON_MS)));
                }
                (Action::Kill, Some(run)) => {
                    let run_key = key(&run);
                    tracing::warn!(run = %run.id, "the run did not stop in time and is ended by force");
                    let left = self.ask(&engine, move |runner| runner.kill(&run_key)).await??;
                    return Ok(Some(if left.is_over() { SOON_MS } else { WAITING_MS }));
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

    async fn known(&self, deployment: &Deployment, latest: Option<&Run>) -> Result<Known> {
        let is_current = deployment.observed_generation == deployment.generation;
        let active = latest.filter(|run| !run.phase.is_over()).map(|run| ActiveRun {
            fits: run.version == deployment.version
                && run.epoch >= deployment.restore_since
                && deployment
                    .parallelism
                    .is_none_or(|wanted| wanted == run.parallelism),
            is_stopping: run.phase == PhaseName::Stopping,
            stopping_since_ms: self.stopping_since_ms(run.id),
        });
        let last_end = latest
            .filter(|run| run.phase.is_over() && is_current)
            .map(|run| LastEnd {
                ended_ms: run.ended_at.unwrap_or(run.started_at),
                kind: end_kind(run),
            });
        let failed = latest.filter(|run| run.phase == PhaseName::Failed && is_current);
        let restart = match failed {
            Some(run) => self.restart_strategy(deployment, run.version).await,
            None => RestartStrategy::default(),
        };
        let recent_failures = match restart.interval_ms() {
            Some(interval_ms) => {
                let since_ms = self.inner.clock.now_ms().saturating_sub(interval_ms);
                self.inner
                    .store
                    .runs()
                    .failures_since(deployment.id, since_ms)
                    .await?
            }
            None => 0,
        };
        Ok(Known {
            desired: deployment.desired,
            active,
            last_end,
            failures: self.failures(deployment, latest, is_current).await?,
            recent_failures,
            restart,
            has_failed: is_current && deployment.phase == PhaseName::Failed,
        })
    }

    /// Failures in a row up to this run. An attempt is numbered by the failures before it; one that ran well for a
    /// while starts the count anew.
    pub(crate) async fn failures(
        &self,
        deployment: &Deployment,
        latest: Option<&Run>,
        is_current: bool,
    ) -> Result<u32> {
        let Some(run) = latest.filter(|run| is_current && run.phase == PhaseName::Failed) else {
            return Ok(0);
        };
        let restart = self.restart_strategy(deployment, run.version).await;
        let lasted_ms = run.ended_at.unwrap_or(run.started_at) - run.started_at;
        Ok(match restart.healthy_ms() {
            Some(healthy_ms) if lasted_ms >= healthy_ms => 1,
            _ => run.attempt,
        })
    }

    /// What follows a failure of a version. One that cannot be planned any more has what holds without settings.
    async fn restart_strategy(&self, deployment: &Deployment, version: u32) -> RestartStrategy {
        let key = (deployment.draft_id, version);
        if let Some(known) = lock(&self.inner.restarts).get(&key) {
            return *known;
        }
        let strategy = match self.read_restart_strategy(deployment, version).await {
            Ok(strategy) => strategy,
            Err(error) => {
                tracing::warn!(deployment = %deployment.id, %error, "the restart strategy cannot be read");
                return RestartStrategy::default();
            }
        };
        let mut restarts = lock(&self.inner.restarts);
        if restarts.len() >= RESTARTS_KNOWN_MAX {
            restarts.clear();
        }
        restarts.insert(key, strategy);
        strategy
    }

    async fn read_restart_strategy(&self, deployment: &Deployment, version: u32) -> Result<RestartStrategy> {
        let version = self.version_of(deployment, version).await?;
        let program = self.program_of(&deployment.workspace, &version).await?;
        let report = self
            .ask(&self.inner.runner, move |runner| {
                runner.check(&program, Purpose::Deployment)
            })
            .await?;
        Ok(report.restart)
    }

    /// When this server asked the run to stop. A time that lies ahead was noted before the clock was set back.
    fn stopping_since_ms(&self, run: RunId) -> Option<i64> {
        let now_ms = self.inner.clock.now_ms();
        let mut stopping = lock(&self.inner.stopping);
        let since_ms = stopping.get_mut(&run)?;
        *since_ms = (*since_ms).min(now_ms);
        Some(*since_ms)
    }

    /// Writes down how things are. Nothing is written if it is written already.
    pub(crate) async fn settle(
        &self,
        deployment: &Deployment,
        run: Option<&Run>,
        rest: &Rest,
    ) -> Result<Option<i64>> {
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
            Rest::Starting => (Some(PhaseName::Starting), Some(SOON_MS)),
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
                let before = match self.failures(deployment, run, true).await? {
                    0 => "the attempt was stopped from outside".to_string(),
                    failures => format!("attempt {failures} failed{}", why(deployment)),
                };
                observed.conditions.push(condition(
                    ConditionKind::BackOff,
                    format!("{before}; the next follows within {seconds} s"),
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
}

/// What the last failure was, in so many words as a line has room for.
fn why(deployment: &Deployment) -> String {
    let failure = deployment
        .last_error
        .clone()
        .map(serde_json::from_value::<RunFailure>);
    let Some(Ok(RunFailure { diagnostics, .. })) = failure else {
        return String::new();
    };
    let Some(diagnostic) = diagnostics.first() else {
        return String::new();
    };
    let message = diagnostic.message.lines().next().unwrap_or_default();
    match message.char_indices().nth(REASON_CHARACTERS_MAX) {
        None => format!(" ({message})"),
        Some((end, _)) => format!(" ({}…)", &message[..end]),
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
