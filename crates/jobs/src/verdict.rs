//! What becomes of a deployment's state if another version takes it up, before that is asked for.

use std::collections::BTreeMap;

use model::id::{DeploymentId, DraftId, SavepointId};
use model::phase::PhaseName;
use runner::{Diagnostic, Program, StateFate, StateVerdict};
use store::{Deployment, Savepoint};

use crate::deployments::RestoreWish;
use crate::{Error, Jobs, Result};

/// What is to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidate {
    /// Of the deployment's draft; `None`: the version that is wanted.
    Version(Option<u32>),
    /// A text that is no version yet, over the catalog of now.
    Text {
        sql: String,
        settings: BTreeMap<String, String>,
    },
}

/// Whose state there is to go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateOf {
    pub draft_id: DraftId,
    pub version: u32,
    /// The savepoint that holds it; `None`: a checkpoint, or what runs now.
    pub savepoint: Option<SavepointId>,
}

/// What becomes of state. Without state there is nothing to become of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forecast {
    pub of: Option<StateOf>,
    pub verdict: StateVerdict,
}

impl Jobs {
    /// What would become of the state of a deployment. Changes nothing.
    pub async fn forecast(
        &self,
        workspace: &str,
        id: DeploymentId,
        candidate: Candidate,
        restore: RestoreWish,
    ) -> Result<Forecast> {
        let deployment = self.inner.store.deployments().get(workspace, id).await?;
        let after = match candidate {
            Candidate::Version(version) => {
                let version = version.unwrap_or(deployment.version);
                let version = self.version_of(&deployment, version).await?;
                self.program_of(workspace, &version).await?
            }
            Candidate::Text { sql, settings } => self.program(workspace, &sql, &settings).await?,
        };
        match self.state_of(&deployment, restore).await? {
            Some(of) => self.forecast_from(workspace, of, after).await,
            None => Ok(Forecast::default()),
        }
    }

    /// What would become of a savepoint in a version of any draft. Changes nothing.
    pub async fn forecast_of_savepoint(
        &self,
        workspace: &str,
        id: SavepointId,
        draft_id: DraftId,
        version: u32,
    ) -> Result<Forecast> {
        let store = &self.inner.store;
        let savepoint = store.savepoints().get(workspace, id).await?;
        let version = store.versions().get(workspace, draft_id, version).await?;
        let after = self.program_of(workspace, &version).await?;
        self.forecast_from(workspace, of_savepoint(&savepoint), after)
            .await
    }

    async fn forecast_from(&self, workspace: &str, of: StateOf, after: Program) -> Result<Forecast> {
        let versions = self.inner.store.versions();
        let before = versions.get(workspace, of.draft_id, of.version).await?;
        let before = self.program_of(workspace, &before).await?;
        let compared = self
            .ask_in_turn(move |runner| runner.compare(&before, &after))
            .await?;
        let refused = |diagnostics: Vec<Diagnostic>| {
            Error::diagnosed("it cannot be told what becomes of the state", diagnostics)
        };
        Ok(Forecast {
            of: Some(of),
            verdict: compared.map_err(refused)?,
        })
    }

    /// Whose state the next run of a deployment would go on from; `None` if it begins anew, or if that is not known.
    async fn state_of(&self, deployment: &Deployment, restore: RestoreWish) -> Result<Option<StateOf>> {
        let store = &self.inner.store;
        let wanted = match restore {
            RestoreWish::Nothing => return Ok(None),
            RestoreWish::Savepoint(id) => Some(id),
            // Whatever is asked of it, it begins anew.
            RestoreWish::Latest if deployment.phase == PhaseName::Finished => return Ok(None),
            RestoreWish::Latest => None,
        };
        if let Some(id) = wanted {
            let savepoint = store.savepoints().get(&deployment.workspace, id).await?;
            return Ok(Some(of_savepoint(&savepoint)));
        }
        let own = |version| StateOf {
            draft_id: deployment.draft_id,
            version,
            savepoint: None,
        };
        // What runs leaves a checkpoint when it stops.
        let latest = store.runs().latest(deployment.id).await?;
        if let Some(run) = latest.filter(|run| !run.phase.is_over() && run.epoch >= deployment.restore_since)
        {
            return Ok(Some(own(run.version)));
        }
        let id = deployment.id.to_string();
        let engine = self.engine_of(deployment).await?;
        let checkpoints = self
            .look_at_run(&engine, move |runner| runner.checkpoints(&id))
            .await??;
        let newest = checkpoints
            .into_iter()
            .filter_map(|checkpoint| checkpoint.origin)
            .find(|origin| origin.epoch >= deployment.restore_since);
        if let Some(origin) = newest {
            let Ok(run) = origin.run_id.parse() else {
                return Ok(None);
            };
            let run = store.runs().by_id(run).await?;
            return Ok(run.map(|run| own(run.version)));
        }
        match deployment.restore_savepoint {
            Some(id) => Ok(store.savepoints().by_id(id).await?.as_ref().map(of_savepoint)),
            None => Ok(None),
        }
    }

    /// Refuses a version that would lose state, unless that is allowed. `before` is `None` for a deployment that is
    /// not there yet.
    pub(crate) async fn check_state(
        &self,
        workspace: &str,
        before: Option<&Deployment>,
        draft_id: DraftId,
        version: u32,
        restore: RestoreWish,
        allow_reset: bool,
    ) -> Result<()> {
        let of = match (before, restore) {
            (Some(before), restore) => self.state_of(before, restore).await?,
            (None, RestoreWish::Savepoint(id)) => {
                let savepoint = self.inner.store.savepoints().get(workspace, id).await?;
                Some(of_savepoint(&savepoint))
            }
            (None, RestoreWish::Latest | RestoreWish::Nothing) => None,
        };
        let Some(of) = of.filter(|of| (of.draft_id, of.version) != (draft_id, version)) else {
            return Ok(());
        };
        let after = self
            .inner
            .store
            .versions()
            .get(workspace, draft_id, version)
            .await?;
        let forecast = match self.program_of(workspace, &after).await {
            Ok(after) => self.forecast_from(workspace, of, after).await,
            Err(error) => Err(error),
        };
        let verdict = match forecast {
            Ok(forecast) => forecast.verdict,
            // A version that cannot be planned fails by itself, and one that is gone has nothing to be compared with:
            // the run still refuses state that it has no use for.
            Err(Error::Invalid { message, .. }) => {
                tracing::info!(message, "a change is made without a verdict on its state");
                return Ok(());
            }
            Err(Error::NotFound { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let allowed = match verdict.worst() {
            StateFate::Kept | StateFate::New | StateFate::Gone => true,
            StateFate::Reset => allow_reset || verdict.drops_state,
            StateFate::Impossible => false,
        };
        match allowed {
            true => Ok(()),
            false => Err(Error::StateNotKept(Box::new(Forecast {
                of: Some(of),
                verdict,
            }))),
        }
    }
}

impl Forecast {
    /// What is not kept, in a sentence.
    pub fn headline(&self) -> String {
        let lost: Vec<String> = self
            .verdict
            .parts
            .iter()
            .filter(|part| part.fate >= StateFate::Reset)
            .map(|part| {
                format!(
                    "{}: {}",
                    part.name,
                    part.reason.as_deref().unwrap_or("its state is not kept")
                )
            })
            .collect();
        format!("not all state is kept: {}", lost.join("; "))
    }
}

fn of_savepoint(savepoint: &Savepoint) -> StateOf {
    StateOf {
        draft_id: savepoint.draft_id,
        version: savepoint.version,
        savepoint: Some(savepoint.id),
    }
}
