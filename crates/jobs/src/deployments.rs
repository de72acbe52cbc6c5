//! Deployments: what should run. The reconcile loop makes it so.

use model::id::{DeploymentId, DraftId, RunId, SavepointId};
use model::phase::DesiredState;
use runner::{Checkpoint, LogPage, Metrics, PlanSummary, Purpose, RunKey};
use store::{Deployment, RestoreFrom, Run, Version};

use crate::surroundings::whole_pages;
use crate::{Error, Jobs, Result, lock};

/// Bytes of log lines in one answer.
const LOG_BYTES_MAX: usize = 256 << 10;

#[derive(Debug, Clone)]
pub struct NewDeployment {
    pub name: String,
    pub draft_id: DraftId,
    pub version: u32,
    /// `None` leaves it to the platform.
    pub parallelism: Option<u32>,
    pub desired: DesiredState,
    /// What it begins from.
    pub savepoint: Option<SavepointId>,
    /// State that the version has no use for may be dropped.
    pub allow_reset: bool,
}

#[derive(Debug, Clone, Default)]
pub struct DeploymentChange {
    pub desired: Option<DesiredState>,
    pub version: Option<u32>,
    pub parallelism: Option<Option<u32>>,
    pub restore: RestoreWish,
    /// State that the version has no use for may be dropped.
    pub allow_reset: bool,
    /// The name of a savepoint of the state in which what runs now stops; empty if it has none.
    pub savepoint_at_stop: Option<String>,
}

/// What the next run goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RestoreWish {
    /// The newest checkpoint, or what it began from.
    #[default]
    Latest,
    /// Nothing that was before it.
    Nothing,
    Savepoint(SavepointId),
}

impl Jobs {
    pub async fn create_deployment(
        &self,
        actor: &str,
        workspace: &str,
        new: NewDeployment,
    ) -> Result<Deployment> {
        self.check_parallelism(new.parallelism)?;
        let store = &self.inner.store;
        store.versions().get(workspace, new.draft_id, new.version).await?;
        if let Some(savepoint) = new.savepoint {
            let restore = RestoreWish::Savepoint(savepoint);
            self.check_state(
                workspace,
                None,
                new.draft_id,
                new.version,
                restore,
                new.allow_reset,
            )
            .await?;
        }
        let new = store::NewDeployment {
            name: new.name,
            draft_id: new.draft_id,
            version: new.version,
            engine: self.inner.runner.name().to_string(),
            parallelism: new.parallelism,
            desired: new.desired,
            savepoint: new.savepoint,
            drops_state: new.allow_reset,
        };
        let made = store.deployments().create(workspace, new, actor).await?;
        self.inner.queue.nudge(made.id);
        self.announce(workspace, made.id);
        Ok(made)
    }

    pub async fn change_deployment(
        &self,
        actor: &str,
        workspace: &str,
        id: DeploymentId,
        revision: u64,
        change: DeploymentChange,
    ) -> Result<Deployment> {
        let store = &self.inner.store;
        if let Some(parallelism) = change.parallelism {
            self.check_parallelism(parallelism)?;
        }
        let is_savepoint = matches!(change.restore, RestoreWish::Savepoint(_));
        if change.version.is_some() || is_savepoint {
            let before = store.deployments().get(workspace, id).await?;
            let (draft_id, version) = (before.draft_id, change.version.unwrap_or(before.version));
            store.versions().get(workspace, draft_id, version).await?;
            let (restore, allow_reset) = (change.restore, change.allow_reset);
            self.check_state(workspace, Some(&before), draft_id, version, restore, allow_reset)
                .await?;
        }
        if change.savepoint_at_stop.is_some()
            && !matches!(
                change.desired,
                Some(DesiredState::Stopped | DesiredState::Suspended)
            )
        {
            return Err(Error::invalid(
                "a savepoint of the state in which a deployment stops needs one that stops",
            )
            .with_hint("ask for 'stopped' or 'suspended' too, or take a savepoint while it runs"));
        }
        let savepoint = match change.restore {
            RestoreWish::Latest => None,
            RestoreWish::Nothing => Some(None),
            RestoreWish::Savepoint(savepoint) => Some(Some(savepoint)),
        };
        let restore = match savepoint {
            Some(savepoint) => Some(RestoreFrom {
                above: self.last_epoch(id).await?,
                savepoint,
            }),
            None => None,
        };
        let chooses_state = change.version.is_some() || restore.is_some();
        let change = store::DeploymentChange {
            name: None,
            version: change.version,
            parallelism: change.parallelism,
            desired: change.desired,
            restore,
            drops_state: chooses_state.then_some(change.allow_reset),
            savepoint_at_stop: change.savepoint_at_stop,
        };
        let changed = store
            .deployments()
            .change(workspace, id, revision, change, actor)
            .await?;
        self.inner.queue.nudge(id);
        self.announce(workspace, id);
        Ok(changed)
    }

    /// Forgets a deployment of which nothing runs.
    pub async fn delete_deployment(
        &self,
        actor: &str,
        workspace: &str,
        id: DeploymentId,
        revision: u64,
    ) -> Result<()> {
        // Read before: they go with the deployment.
        let runs = self.runs_of(id).await?;
        self.inner
            .store
            .deployments()
            .delete(workspace, id, revision, actor)
            .await?;
        lock(&self.inner.weights).remove(&id);
        // What is left of them on disk is only in the way: the deployment is gone either way.
        self.forget(runs.iter()).await;
        self.forget_checkpoints(id).await;
        self.announce(workspace, id);
        Ok(())
    }

    /// Removes what a deployment that is gone has left to go on from.
    pub(crate) async fn forget_checkpoints(&self, id: DeploymentId) {
        let deployment = id.to_string();
        let forgotten = self
            .ask(move |runner| runner.forget_checkpoints(&deployment))
            .await;
        if let Err(error) = forgotten.and_then(|forgotten| Ok(forgotten?)) {
            tracing::warn!(deployment = %id, %error, "the deployment's checkpoints stay");
        }
    }

    pub(crate) async fn runs_of(&self, id: DeploymentId) -> Result<Vec<Run>> {
        let mut page = whole_pages();
        let mut runs = Vec::new();
        loop {
            let read = self.inner.store.runs().list(id, &page).await?;
            runs.extend(read.items);
            page.cursor = read.next_cursor;
            if page.cursor.is_none() {
                return Ok(runs);
            }
        }
    }

    /// The plan of the version that is wanted.
    pub async fn plan(&self, workspace: &str, id: DeploymentId) -> Result<PlanSummary> {
        let deployment = self.inner.store.deployments().get(workspace, id).await?;
        let version = self.version_of(&deployment, deployment.version).await?;
        let program = self.program_of(workspace, &version).await?;
        let report = self
            .ask_in_turn(move |runner| runner.check(&program, Purpose::Deployment))
            .await?;
        match report.plan {
            Some(plan) => Ok(plan),
            None => Err(Error::diagnosed(
                "the version cannot be planned",
                report.diagnostics,
            )),
        }
    }

    /// Counts of the last attempt, now or at its end.
    pub async fn metrics(&self, workspace: &str, id: DeploymentId) -> Result<Metrics> {
        self.inner.store.deployments().get(workspace, id).await?;
        let Some(run) = self.inner.store.runs().latest(id).await? else {
            return Err(Error::not_found("run of deployment", &id.to_string()));
        };
        let run = key(&run);
        Ok(self.look_at_run(move |runner| runner.metrics(&run)).await??)
    }

    /// Its checkpoints, the newest first: no more than are retained.
    pub async fn checkpoints(&self, workspace: &str, id: DeploymentId) -> Result<Vec<Checkpoint>> {
        self.inner.store.deployments().get(workspace, id).await?;
        let id = id.to_string();
        Ok(self.look_at_run(move |runner| runner.checkpoints(&id)).await??)
    }

    /// Log lines of an attempt, the last one unless it is named, from a byte offset on.
    pub async fn logs(
        &self,
        workspace: &str,
        id: DeploymentId,
        run: Option<RunId>,
        after: u64,
    ) -> Result<LogPage> {
        self.inner.store.deployments().get(workspace, id).await?;
        let run = match run {
            Some(run) => self.inner.store.runs().get(id, run).await?,
            None => match self.inner.store.runs().latest(id).await? {
                Some(run) => run,
                None => return Ok(LogPage::default()),
            },
        };
        let run = run.id.to_string();
        Ok(self
            .look_at_run(move |runner| runner.logs(&run, after, LOG_BYTES_MAX))
            .await??)
    }

    pub(crate) async fn version_of(&self, deployment: &Deployment, number: u32) -> Result<Version> {
        Ok(self
            .inner
            .store
            .versions()
            .get(&deployment.workspace, deployment.draft_id, number)
            .await?)
    }

    pub(crate) fn check_parallelism(&self, parallelism: Option<u32>) -> Result<()> {
        let most = self
            .inner
            .settings
            .capacity_cores
            .min(self.inner.settings.workspace_cores);
        match parallelism {
            Some(parallelism) if parallelism == 0 || parallelism > most => Err(Error::invalid(format!(
                "parallelism must be from 1 to {most}, got {parallelism}"
            ))
            .with_hint("leave it out: it stays as it was, one at first")),
            _ => Ok(()),
        }
    }
}

pub(crate) fn key(run: &Run) -> RunKey {
    RunKey {
        run_id: run.id.to_string(),
        epoch: run.epoch,
    }
}
