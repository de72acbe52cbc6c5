//! Deployments: what should run. The reconcile loop makes it so.

use std::sync::Arc;

use model::id::{DeploymentId, DraftId, RunId, SavepointId};
use model::phase::DesiredState;
use runner::{Checkpoint, LogPage, Metrics, PlanSummary, Purpose, RunKey, Runner, Secrets};
use store::{Deployment, RestoreFrom, Run, Version};

use crate::savepoints::key_of;
use crate::surroundings::whole_pages;
use crate::{Error, Jobs, Result, lock};

/// Bytes of log lines in one answer.
const LOG_BYTES_MAX: usize = 256 << 10;

#[derive(Debug, Clone)]
pub struct NewDeployment {
    pub name: String,
    pub draft_id: DraftId,
    pub version: u32,
    /// `None`: it runs on this machine.
    pub cluster: Option<String>,
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
        let store = &self.inner.store;
        let version = store.versions().get(workspace, new.draft_id, new.version).await?;
        let engine = match &new.cluster {
            Some(cluster) => {
                let engine: Arc<dyn Runner> = self.granted_cluster(workspace, cluster).await?;
                self.check_runs_on(&engine, workspace, &version).await?;
                engine
            }
            None => {
                self.check_parallelism(new.parallelism)?;
                Arc::clone(&self.inner.runner)
            }
        };
        if let Some(savepoint) = new.savepoint {
            if new.cluster.is_some() {
                self.check_savepoint_on(&engine, workspace, savepoint).await?;
            }
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
            engine: engine.name().to_string(),
            cluster: new.cluster,
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
        let before = store.deployments().get(workspace, id).await?;
        if let Some(parallelism) = change.parallelism
            && before.cluster.is_none()
        {
            self.check_parallelism(parallelism)?;
        }
        if let Some(cluster) = &before.cluster
            && (change.version.is_some()
                || change.parallelism.is_some()
                || change.desired == Some(DesiredState::Running))
        {
            self.granted_cluster(workspace, cluster).await?;
        }
        if let Some(number) = change.version
            && before.cluster.is_some()
        {
            let version = store.versions().get(workspace, before.draft_id, number).await?;
            let engine = self.engine_of(&before).await?;
            self.check_runs_on(&engine, workspace, &version).await?;
        }
        if let RestoreWish::Savepoint(savepoint) = change.restore
            && before.cluster.is_some()
        {
            let engine = self.engine_of(&before).await?;
            self.check_savepoint_on(&engine, workspace, savepoint).await?;
        }
        let is_savepoint = matches!(change.restore, RestoreWish::Savepoint(_));
        if change.version.is_some() || is_savepoint {
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
                above: self.last_epoch(&before).await?,
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
        let engine = self
            .engine_of(&self.inner.store.deployments().get(workspace, id).await?)
            .await?;
        self.inner
            .store
            .deployments()
            .delete(workspace, id, revision, actor)
            .await?;
        lock(&self.inner.weights).remove(&id);
        // What is left of them on disk is only in the way: the deployment is gone either way.
        self.forget(&engine, runs.iter()).await;
        self.forget_checkpoints(&engine, id).await;
        self.announce(workspace, id);
        Ok(())
    }

    /// Removes what a deployment that is gone has left to go on from.
    pub(crate) async fn forget_checkpoints(&self, engine: &Arc<dyn Runner>, id: DeploymentId) {
        let deployment = id.to_string();
        let forgotten = self
            .ask(engine, move |runner| runner.forget_checkpoints(&deployment))
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
        let engine = self.engine_in(workspace, id).await?;
        let Some(run) = self.inner.store.runs().latest(id).await? else {
            return Err(Error::not_found("run of deployment", &id.to_string()));
        };
        let run = key(&run);
        Ok(self
            .look_at_run(&engine, move |runner| runner.metrics(&run))
            .await??)
    }

    /// Its checkpoints, the newest first: no more than are retained.
    pub async fn checkpoints(&self, workspace: &str, id: DeploymentId) -> Result<Vec<Checkpoint>> {
        let engine = self.engine_in(workspace, id).await?;
        let id = id.to_string();
        Ok(self
            .look_at_run(&engine, move |runner| runner.checkpoints(&id))
            .await??)
    }

    /// Log lines of an attempt, the last one unless it is named, from a byte offset on.
    pub async fn logs(
        &self,
        workspace: &str,
        id: DeploymentId,
        run: Option<RunId>,
        after: u64,
    ) -> Result<LogPage> {
        let deployment = self.inner.store.deployments().get(workspace, id).await?;
        let engine = self.engine_of(&deployment).await?;
        let run = match run {
            Some(run) => self.inner.store.runs().get(id, run).await?,
            None => match self.inner.store.runs().latest(id).await? {
                Some(run) => run,
                None => return Ok(LogPage::default()),
            },
        };
        let run_id = run.id.to_string();
        let mut page = self
            .look_at_run(&engine, move |runner| runner.logs(&run_id, after, LOG_BYTES_MAX))
            .await??;
        if deployment.cluster.is_some() {
            let secrets = self.secrets_of(&deployment, run.version).await?;
            for line in &mut page.lines {
                *line = secrets.redact(line).into_owned();
            }
        }
        Ok(page)
    }

    async fn engine_in(&self, workspace: &str, id: DeploymentId) -> Result<Arc<dyn Runner>> {
        let deployment = self.inner.store.deployments().get(workspace, id).await?;
        self.engine_of(&deployment).await
    }

    /// What must not be told of what a cluster says, which knows no secrets as such.
    pub(crate) async fn secrets_of(&self, deployment: &Deployment, version: u32) -> Result<Secrets> {
        let version = self.version_of(deployment, version).await?;
        Ok(self.program_of(&deployment.workspace, &version).await?.secrets)
    }

    /// Refuses a savepoint that the engine has not.
    async fn check_savepoint_on(
        &self,
        engine: &Arc<dyn Runner>,
        workspace: &str,
        savepoint: SavepointId,
    ) -> Result<()> {
        let savepoint = self.inner.store.savepoints().get(workspace, savepoint).await?;
        let wanted = key_of(&savepoint);
        let found = self
            .look_at_run(engine, move |runner| runner.find_savepoint(&wanted))
            .await??;
        match found {
            Some(_) => Ok(()),
            None => Err(Error::invalid(format!(
                "savepoint '{}' was taken of a job that runs elsewhere",
                savepoint.id
            ))
            .with_hint("a deployment begins from savepoints of jobs on its own cluster")),
        }
    }

    /// Refuses a version that its engine could not be given.
    async fn check_runs_on(
        &self,
        engine: &Arc<dyn Runner>,
        workspace: &str,
        version: &Version,
    ) -> Result<()> {
        let program = self.program_of(workspace, version).await?;
        let report = self
            .look_at_run(engine, move |runner| runner.check(&program, Purpose::Deployment))
            .await?;
        match report.has_errors() {
            true => Err(Error::diagnosed(
                format!("the version cannot run on '{}'", engine.name()),
                report.diagnostics,
            )),
            false => Ok(()),
        }
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
