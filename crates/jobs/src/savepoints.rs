//! Savepoints: asked for by people, taken by runs. The reconcile loop finds out what becomes of them.

use std::sync::Arc;

use model::id::{DeploymentId, SavepointId};
use model::phase::{DesiredState, PhaseName};
use runner::{Restore, Runner, RunnerError, SavepointKey, SavepointOrigin, SavepointState, SavepointTime};
use store::{Deployment, Run, Savepoint, SavepointEnd, SavepointFilter, TakenSavepoint};

use crate::decide::{self, Fate, Waiting};
use crate::deployments::key;
use crate::surroundings::whole_pages;
use crate::{Jobs, Result};

impl Jobs {
    /// Asks for a savepoint of a deployment that runs. What becomes of it stands in the store.
    pub async fn create_savepoint(
        &self,
        actor: &str,
        workspace: &str,
        deployment: DeploymentId,
        name: &str,
    ) -> Result<Savepoint> {
        let store = &self.inner.store;
        let savepoint = store
            .savepoints()
            .create(workspace, deployment, name, actor)
            .await?;
        self.inner.queue.nudge(deployment);
        self.announce(workspace, deployment);
        Ok(savepoint)
    }

    /// Removes a savepoint that no deployment goes on from.
    pub async fn delete_savepoint(&self, actor: &str, workspace: &str, id: SavepointId) -> Result<()> {
        let store = &self.inner.store;
        store.savepoints().get(workspace, id).await?;
        let mut freed = Vec::new();
        for deployment in store.savepoints().used_by(id).await? {
            if self.has_checkpoint(&deployment).await? {
                freed.push(deployment.id);
            }
        }
        let deleted = store.savepoints().delete(workspace, id, &freed, actor).await?;
        match self.engines_of(deleted.deployment_id).await {
            Ok(engines) => {
                for engine in engines {
                    self.forget_savepoint(&engine, key_of(&deleted)).await;
                }
            }
            Err(error) => tracing::warn!(savepoint = %id, %error, "the savepoint's file stays"),
        }
        self.announce(workspace, deleted.deployment_id);
        Ok(())
    }

    /// Whether a deployment has checkpoints that its next run would go on from. A single one may turn out to be of rows
    /// that were never committed, and is passed over then.
    async fn has_checkpoint(&self, deployment: &Deployment) -> Result<bool> {
        let (id, since) = (deployment.id.to_string(), deployment.restore_since);
        let engine = self.engine_of(deployment).await?;
        let checkpoints = self
            .look_at_run(&engine, move |runner| runner.checkpoints(&id))
            .await??;
        let origins = checkpoints
            .iter()
            .filter_map(|checkpoint| checkpoint.origin.as_ref());
        Ok(origins.filter(|origin| origin.epoch >= since).count() >= 2)
    }

    /// What is left of it is only in the way: nobody finds it without the store.
    pub(crate) async fn forget_savepoint(&self, engine: &Arc<dyn Runner>, savepoint: SavepointKey) {
        let id = savepoint.savepoint_id.clone();
        let forgotten = self
            .ask(engine, move |runner| runner.forget_savepoint(&savepoint))
            .await;
        if let Err(error) = forgotten.and_then(|forgotten| Ok(forgotten?)) {
            tracing::warn!(savepoint = id, %error, "the savepoint's file stays");
        }
    }

    /// Where all savepoints of a workspace lie.
    pub(crate) async fn savepoints_in(&self, workspace: &str) -> Result<Vec<SavepointKey>> {
        let mut page = whole_pages();
        let mut keys = Vec::new();
        loop {
            let filter = SavepointFilter::default();
            let read = self
                .inner
                .store
                .savepoints()
                .list(workspace, &filter, &page)
                .await?;
            keys.extend(read.items.iter().map(key_of));
            page.cursor = read.next_cursor;
            if page.cursor.is_none() {
                return Ok(keys);
            }
        }
    }

    /// What an attempt of the deployment goes on from.
    pub(crate) async fn restore_of(&self, deployment: &Deployment) -> Result<Restore> {
        let since_epoch = deployment.restore_since;
        let Some(id) = deployment.restore_savepoint else {
            return Ok(Restore::Latest { since_epoch });
        };
        let savepoint = match self.inner.store.savepoints().by_id(id).await? {
            Some(savepoint) => key_of(&savepoint),
            // The worker finds nothing there, and says so.
            None => SavepointKey {
                deployment_id: deployment.id.to_string(),
                savepoint_id: id.to_string(),
            },
        };
        Ok(Restore::Savepoint {
            savepoint,
            since_epoch,
        })
    }

    /// Asks the run for what people wait for, and writes down what has become of it; returns whether some still wait.
    /// To be called before anything is done about the run: one that shall stop is asked first.
    pub(crate) async fn pursue_savepoints(
        &self,
        engine: &Arc<dyn Runner>,
        deployment: &Deployment,
        active: Option<&Run>,
    ) -> Result<bool> {
        let mut waits = false;
        for savepoint in self.inner.store.savepoints().pending(deployment.id).await? {
            let state = match self.savepoint_state(engine, &savepoint, active).await? {
                Ok(state) => state,
                Err(RunnerError::Unreachable(_)) => {
                    waits = true;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let is_current = deployment.observed_generation == deployment.generation;
            let has_failed = matches!(deployment.phase, PhaseName::Failed | PhaseName::Finished);
            let waiting = Waiting {
                at_stop: savepoint.at_stop,
                runs_on: deployment.desired == DesiredState::Running && !(is_current && has_failed),
            };
            let end = match decide::decide_savepoint(waiting, state) {
                Fate::Wait => {
                    waits = true;
                    continue;
                }
                Fate::Done(origin) => self.done(&savepoint, origin).await?,
                Fate::Failed(reason) if deployment.cluster.is_some() => {
                    let secrets = self.secrets_of(deployment, deployment.version).await?;
                    let reason = secrets.redact(&reason).into_owned();
                    SavepointEnd::Failed { reason }
                }
                Fate::Failed(reason) => SavepointEnd::Failed { reason },
            };
            tracing::info!(savepoint = %savepoint.id, ?end, "a savepoint is settled");
            self.inner.store.savepoints().settle(savepoint.id, end).await?;
            self.announce(&deployment.workspace, deployment.id);
        }
        Ok(waits)
    }

    async fn savepoint_state(
        &self,
        engine: &Arc<dyn Runner>,
        savepoint: &Savepoint,
        active: Option<&Run>,
    ) -> Result<std::result::Result<SavepointState, RunnerError>> {
        let asked = key_of(savepoint);
        let time = match savepoint.at_stop {
            true => SavepointTime::AtStop,
            false => SavepointTime::Now,
        };
        let Some(run) = active.map(key) else {
            // The last run may have taken it.
            let found = self
                .ask(engine, move |runner| runner.find_savepoint(&asked))
                .await?;
            return Ok(found.map(|found| found.map_or(SavepointState::NotTaken {}, SavepointState::Done)));
        };
        self.ask(engine, move |runner| runner.savepoint(&run, &asked, time))
            .await
    }

    async fn done(&self, savepoint: &Savepoint, origin: SavepointOrigin) -> Result<SavepointEnd> {
        let Ok(run_id) = origin.run_id.parse() else {
            let reason = format!("it says that it is of '{}', which is no run", origin.run_id);
            return Ok(SavepointEnd::Failed { reason });
        };
        let run = self.inner.store.runs().by_id(run_id).await?;
        Ok(SavepointEnd::Done {
            version: run.map_or(savepoint.version, |run| run.version),
            taken: TakenSavepoint {
                run_id,
                epoch: origin.epoch,
                parallelism: u32::try_from(origin.parallelism).unwrap_or(u32::MAX),
                taken_at: origin.taken_ms,
                bytes: origin.bytes,
            },
        })
    }
}

/// Where it lies, if it is there.
pub(crate) fn key_of(savepoint: &Savepoint) -> SavepointKey {
    SavepointKey {
        deployment_id: savepoint.deployment_id.to_string(),
        savepoint_id: savepoint.id.to_string(),
    }
}
