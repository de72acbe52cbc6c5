//! Runs that go on though they should not, and state that nobody can go on from: the store does not know them, or knows that they are over.
//!
//! That happens after an old copy of the store was restored while jobs went on. Nobody looks after such a run, and
//! nobody could stop it: it is stopped at the start of the server. What is left of runs that are over stays for a
//! while, so that the right copy still finds them.

use std::sync::Arc;
use std::time::Duration;

use model::id::{DeploymentId, RunId, SavepointId};
use runner::{Outcome, RunKey, RunState, Runner};
use serde_json::json;
use store::NewAuditEvent;
use tokio::task::JoinSet;

use crate::{Error, Jobs, Result};

/// How long an orphan may take to end in order before it is ended by force.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// Orphans that are stopped side by side.
const STOPS_MAX: usize = 4;
/// How long what is left of a run that nobody knows is kept.
const KEPT_MS: i64 = 7 * 24 * 3600 * 1000;
const ACTOR: &str = "system";

/// Why a run should not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Orphan {
    Unknown,
    /// It was written down that it is over.
    Over,
}

impl Orphan {
    fn reason(self) -> &'static str {
        match self {
            Orphan::Unknown => "the store does not know the run",
            Orphan::Over => "the store knows the run as over",
        }
    }
}

impl Jobs {
    /// Looks once at every run of which something is left, and stops those that should not go on. What fails is told
    /// and left for the next start.
    pub(crate) async fn stop_orphans(&self) {
        match self.engines().await {
            Ok(engines) => {
                for engine in &engines {
                    self.stop_orphans_of(engine).await;
                }
            }
            Err(error) => tracing::error!(%error, "clusters cannot be listed"),
        }
    }

    async fn stop_orphans_of(&self, engine: &Arc<dyn Runner>) {
        let runs = match self.ask(engine, |runner| runner.runs()).await {
            Ok(Ok(runs)) => runs,
            Ok(Err(error)) => return tracing::error!(%error, "runs cannot be listed"),
            Err(error) => return tracing::error!(%error, "runs cannot be listed"),
        };
        let mut stops = JoinSet::new();
        for run in runs {
            if stops.len() >= STOPS_MAX {
                stops.join_next().await;
            }
            let (jobs, engine) = (self.clone(), Arc::clone(engine));
            stops.spawn(async move {
                let id = run.run_id.clone();
                if let Err(error) = jobs.look_for_orphan(&engine, run).await {
                    tracing::error!(run = id, %error, "a run that should not go on could not be stopped");
                }
            });
        }
        while stops.join_next().await.is_some() {}
        if let Err(error) = self.forget_orphaned_state(engine).await {
            tracing::error!(%error, "state that nobody knows could not be looked for");
        }
    }

    /// Removes checkpoints of deployments, and savepoints, that the store does not know and that are older than what a
    /// right copy would find: a server has died between forgetting them and removing them.
    async fn forget_orphaned_state(&self, engine: &Arc<dyn Runner>) -> Result<()> {
        let kept_since_ms = self.inner.clock.now_ms() - KEPT_MS;
        for id in self.ask(engine, |runner| runner.with_checkpoints()).await?? {
            let Ok(deployment) = id.parse::<DeploymentId>() else {
                continue;
            };
            match self.inner.store.deployments().by_id(deployment).await {
                Err(store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => continue,
            }
            let checkpoints = self.ask(engine, move |runner| runner.checkpoints(&id)).await??;
            let mut origins = checkpoints
                .iter()
                .filter_map(|checkpoint| checkpoint.origin.as_ref());
            if origins.all(|origin| origin.taken_ms < kept_since_ms) && deployment.time_ms() < kept_since_ms {
                tracing::info!(%deployment, "removing checkpoints of a deployment that nobody knows");
                self.forget_checkpoints(engine, deployment).await;
            }
        }
        for savepoint in self.ask(engine, |runner| runner.savepoints()).await?? {
            let Ok(id) = savepoint.savepoint_id.parse::<SavepointId>() else {
                continue;
            };
            if self.inner.store.savepoints().by_id(id).await?.is_none() && id.time_ms() < kept_since_ms {
                tracing::info!(savepoint = %id, "removing a savepoint that nobody knows");
                self.forget_savepoint(engine, savepoint).await;
            }
        }
        Ok(())
    }

    async fn look_for_orphan(&self, engine: &Arc<dyn Runner>, run: RunKey) -> Result<()> {
        let Some(orphan) = self.orphan(&run).await? else {
            return Ok(());
        };
        let asked = run.clone();
        let state = self.ask(engine, move |runner| runner.observe(&asked)).await??;
        match state {
            // A process that was never told what to run leaves by itself.
            RunState::Absent | RunState::Lost { .. } => Ok(()),
            RunState::Ended(outcome) => self.forget_orphan(engine, run, orphan, &outcome).await,
            RunState::Starting
            | RunState::Running { .. }
            | RunState::Stopping
            | RunState::Unreachable { .. } => self.stop_orphan(engine, run, orphan).await,
        }
    }

    async fn orphan(&self, run: &RunKey) -> Result<Option<Orphan>> {
        let Ok(id) = run.run_id.parse::<RunId>() else {
            return Ok(Some(Orphan::Unknown));
        };
        Ok(match self.inner.store.runs().by_id(id).await? {
            Some(known) if known.epoch != run.epoch => Some(Orphan::Unknown),
            Some(known) if known.phase.is_over() => Some(Orphan::Over),
            Some(_) => None,
            None => Some(Orphan::Unknown),
        })
    }

    async fn stop_orphan(&self, engine: &Arc<dyn Runner>, run: RunKey, orphan: Orphan) -> Result<()> {
        tracing::warn!(
            run = run.run_id,
            epoch = run.epoch,
            reason = orphan.reason(),
            "stopping a run"
        );
        let asked = run.clone();
        let left = self
            .ask(engine, move |runner| runner.stop(&asked, STOP_PATIENCE))
            .await??;
        if !left.is_over() && left != RunState::Absent {
            return Err(Error::Unreachable(format!("run {} goes on", run.run_id)));
        }
        let event = NewAuditEvent {
            actor: ACTOR.to_string(),
            workspace: None,
            action: "run.stop".to_string(),
            subject: run.run_id,
            detail: json!({ "epoch": run.epoch, "reason": orphan.reason() }),
        };
        self.inner.store.audit().append(event).await?;
        Ok(())
    }

    /// What is over belongs to its deployment if the store knows it; else it goes after a while.
    async fn forget_orphan(
        &self,
        engine: &Arc<dyn Runner>,
        run: RunKey,
        orphan: Orphan,
        outcome: &Outcome,
    ) -> Result<()> {
        let age_ms = self.inner.clock.now_ms() - outcome.ended_ms;
        if orphan == Orphan::Unknown && age_ms >= KEPT_MS {
            tracing::info!(
                run = run.run_id,
                "removing what is left of a run that nobody knows"
            );
            self.ask(engine, move |runner| runner.forget(&run)).await??;
        }
        Ok(())
    }
}
