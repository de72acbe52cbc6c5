//! Deployments: what should run (desired), and what was seen of it (observed).
//!
//! People change what is desired, at a revision that they have read; each such change raises the generation.
//! The reconcile loop writes what it observed, at the epoch of the run it observed: whoever looks at an older run
//! changes nothing. Observations do not raise the revision, so that they never make a person's change stale.

use std::collections::BTreeMap;

use model::phase::State;
use model::{DeploymentId, DesiredState, DraftId, Move, PhaseName, SavepointId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, QueryBuilder, Row, Sqlite};

use crate::{Error, Page, PageRequest, Result, Store, check, row, savepoint};

const NOUN: &str = "deployment";
/// Much more than one machine has cores.
const PARALLELISM_MAX: u32 = 4096;

#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    pub id: DeploymentId,
    pub workspace: String,
    pub name: String,
    pub draft_id: DraftId,
    /// The number of the draft's version that should run.
    pub version: u32,
    /// `embedded`, or that of its cluster.
    pub engine: String,
    /// `None`: it runs on this machine.
    pub cluster: Option<String>,
    /// `None`: chosen by the platform.
    pub parallelism: Option<u32>,
    pub desired: DesiredState,
    /// From 1, raised by every change that a person makes.
    pub revision: u64,
    /// From 1, raised whenever something is asked for that concerns the run.
    pub generation: u64,
    pub phase: PhaseName,
    /// Of the newest run; 0 if there is none.
    pub epoch: u64,
    /// The epoch from which on runs have left what another one goes on from.
    pub restore_since: u64,
    /// What runs begin from that find nothing newer.
    pub restore_savepoint: Option<SavepointId>,
    /// State that the version has no use for may be dropped.
    pub drops_state: bool,
    /// The generation that the phase speaks of.
    pub observed_generation: u64,
    pub conditions: Vec<Condition>,
    /// As it was given, with no meaning here.
    pub last_error: Option<Value>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Something that holds beside the phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    pub kind: ConditionKind,
    pub since: i64,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConditionKind {
    /// The run does not answer. Whether it still runs is not known, so no other one is started.
    Unreachable,
    /// The next attempt waits.
    BackOff,
    WaitingForCapacity,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeployment {
    /// One of its kind in the workspace.
    pub name: String,
    pub draft_id: DraftId,
    pub version: u32,
    pub engine: String,
    pub cluster: Option<String>,
    pub parallelism: Option<u32>,
    pub desired: DesiredState,
    /// What its runs begin from that find no checkpoint of it.
    pub savepoint: Option<SavepointId>,
    pub drops_state: bool,
}

/// What is `None` stays as it is. Anything but the name asks anew, even for what is already asked for: that is
/// how a failed job is started again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeploymentChange {
    pub name: Option<String>,
    pub version: Option<u32>,
    /// `Some(None)`: chosen by the platform.
    pub parallelism: Option<Option<u32>>,
    pub desired: Option<DesiredState>,
    /// `None`: from its newest checkpoint, if it has one.
    pub restore: Option<RestoreFrom>,
    /// Whether state that the version has no use for may be dropped.
    pub drops_state: Option<bool>,
    /// The name of a savepoint of the state in which what runs now stops; empty if it has none.
    pub savepoint_at_stop: Option<String>,
}

/// What the next run goes on from: nothing that was before it, neither before the newest run that is known here, nor
/// before the run of the epoch `above`, which may be known elsewhere only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RestoreFrom {
    pub above: u64,
    /// `None`: it begins anew.
    pub savepoint: Option<SavepointId>,
}

/// What the reconcile loop saw.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observed {
    /// The generation that was acted upon.
    pub observed_generation: u64,
    pub conditions: Vec<Condition>,
    /// Never a secret.
    pub last_error: Option<Value>,
}

/// Which deployments a list holds: those that fit all that is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeploymentFilter {
    pub workspace: Option<String>,
    /// Empty: any.
    pub phases: Vec<PhaseName>,
    pub draft_id: Option<DraftId>,
}

/// A deployment beside the draft that it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentOfDraft {
    pub draft_id: DraftId,
    pub id: DeploymentId,
    pub name: String,
    pub version: u32,
    pub phase: PhaseName,
}

#[derive(Debug, Clone, Copy)]
pub struct Deployments<'a> {
    pub(crate) store: &'a Store,
}

/// What people do.
impl Deployments<'_> {
    /// The phase follows from what is desired: pending, suspended or stopped.
    pub async fn create(&self, workspace: &str, new: NewDeployment, by: &str) -> Result<Deployment> {
        check::title("deployment name", &new.name)?;
        check::identifier("engine", &new.engine)?;
        check_parallelism(new.parallelism)?;
        let phase = match new.desired {
            DesiredState::Running => PhaseName::Pending,
            DesiredState::Suspended => PhaseName::Suspended,
            DesiredState::Stopped => PhaseName::Stopped,
        };
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        require_version(write.connection(), workspace, new.draft_id, new.version).await?;
        if let Some(savepoint) = new.savepoint {
            savepoint::require_done(write.connection(), workspace, savepoint).await?;
        }
        let id: DeploymentId = self.store.new_id(now);
        let deployment = sqlx::query_as(
            "INSERT INTO deployments (id, workspace, name, draft_id, version, engine, parallelism, desired,
             revision, generation, phase, epoch, observed_generation, conditions, created_at, updated_at,
             restore_savepoint, drops_state, cluster)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, 1, $9, 0, 0, '[]', $10, $10, $11, $12, $13) RETURNING *",
        )
        .bind(id.to_string())
        .bind(workspace)
        .bind(&new.name)
        .bind(new.draft_id.to_string())
        .bind(new.version)
        .bind(&new.engine)
        .bind(new.parallelism)
        .bind(new.desired.name())
        .bind(phase.name())
        .bind(now)
        .bind(new.savepoint.map(|id| id.to_string()))
        .bind(i64::from(new.drops_state))
        .bind(&new.cluster)
        .fetch_one(write.connection())
        .await
        .map_err(|cause| Error::or_exists(cause, NOUN, &new.name))?;
        let detail = json!({
            "name": new.name,
            "draft": new.draft_id,
            "version": new.version,
            "desired": new.desired,
            "savepoint": new.savepoint,
            "cluster": new.cluster,
        });
        write
            .audit(by, Some(workspace), "deployment.create", id, detail)
            .await?;
        write.commit().await?;
        Ok(deployment)
    }

    pub async fn get(&self, workspace: &str, id: DeploymentId) -> Result<Deployment> {
        sqlx::query_as("SELECT * FROM deployments WHERE id = $1 AND workspace = $2")
            .bind(id.to_string())
            .bind(workspace)
            .fetch_optional(self.store.readers())
            .await?
            .ok_or_else(|| Error::not_found(NOUN, id))
    }

    /// Newest first. `q` is looked for in names.
    pub async fn list(&self, filter: &DeploymentFilter, request: &PageRequest) -> Result<Page<Deployment>> {
        let range = request.range("deployments")?;
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM deployments WHERE id < ");
        query.push_bind(range.descending());
        if let Some(workspace) = &filter.workspace {
            query.push(" AND workspace = ").push_bind(workspace);
        }
        if let Some(draft_id) = filter.draft_id {
            query.push(" AND draft_id = ").push_bind(draft_id.to_string());
        }
        if !filter.phases.is_empty() {
            query.push(" AND phase IN (");
            let mut phases = query.separated(", ");
            for phase in &filter.phases {
                phases.push_bind(phase.name());
            }
            query.push(")");
        }
        query
            .push(" AND lower(name) LIKE lower(")
            .push_bind(&range.pattern);
        query.push(r") ESCAPE '\' ORDER BY id DESC LIMIT ");
        query.push_bind(range.rows());
        let deployments: Vec<Deployment> = query.build_query_as().fetch_all(self.store.readers()).await?;
        Ok(range.page(deployments, |deployment| deployment.id.to_string()))
    }

    /// The deployments of these drafts, newest first, at most so many of them altogether.
    pub async fn of_drafts(
        &self,
        workspace: &str,
        drafts: &[DraftId],
        count_max: u32,
    ) -> Result<Vec<DeploymentOfDraft>> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT draft_id, id, name, version, phase FROM deployments WHERE draft_id IN (",
        );
        let mut ids = query.separated(", ");
        for draft in drafts {
            ids.push_bind(draft.to_string());
        }
        query.push(") AND workspace = ").push_bind(workspace);
        query.push(" ORDER BY id DESC LIMIT ").push_bind(count_max);
        let deployments = query.build_query_as().fetch_all(self.store.readers()).await?;
        Ok(deployments)
    }

    /// How many deployments of a workspace are in each phase.
    pub async fn phase_counts(&self, workspace: &str) -> Result<BTreeMap<PhaseName, u64>> {
        let rows = sqlx::query(
            "SELECT phase, COUNT(*) AS many FROM deployments WHERE workspace = $1 GROUP BY phase",
        )
        .bind(workspace)
        .fetch_all(self.store.readers())
        .await?;
        let mut counts = BTreeMap::new();
        for one in &rows {
            counts.insert(row::parsed(one, "phase")?, row::number(one, "many")?);
        }
        Ok(counts)
    }

    /// Changes the deployment that was read at this revision. What has read its input to the end begins anew when
    /// anything is asked of it: whoever lets it run again wants it read again.
    pub async fn change(
        &self,
        workspace: &str,
        id: DeploymentId,
        revision: u64,
        change: DeploymentChange,
        by: &str,
    ) -> Result<Deployment> {
        if let Some(name) = &change.name {
            check::title("deployment name", name)?;
        }
        check_parallelism(change.parallelism.flatten())?;
        let asks = change.version.is_some()
            || change.parallelism.is_some()
            || change.desired.is_some()
            || change.restore.is_some();
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        let before = read_for_change(write.connection(), workspace, id, revision).await?;
        if let Some(version) = change.version {
            require_version(write.connection(), workspace, before.draft_id, version).await?;
        }
        let from = change.restore.as_ref();
        if let Some(savepoint) = from.and_then(|from| from.savepoint) {
            savepoint::require_done(write.connection(), workspace, savepoint).await?;
        }
        if let Some(name) = &change.savepoint_at_stop {
            if !before.phase.may_have_worker() {
                let message = format!(
                    "is {}: nothing runs that a savepoint could be taken of",
                    before.phase
                );
                return Err(Error::conflict(NOUN, before.name, message));
            }
            savepoint::insert(self.store, &mut write, &before, name, true, by).await?;
        }
        let name = change.name.as_deref().unwrap_or(&before.name);
        let version = change.version.unwrap_or(before.version);
        let parallelism = change.parallelism.unwrap_or(before.parallelism);
        let desired = change.desired.unwrap_or(before.desired);
        let deployment = sqlx::query_as(
            "UPDATE deployments SET name = $1, version = $2, parallelism = $3, desired = $4,
             revision = revision + 1, generation = generation + $5, updated_at = $6,
             restore_since = CASE
                WHEN $7 IS NOT NULL THEN MAX(epoch, $7) + 1
                WHEN $5 = 1 AND phase = 'finished' THEN epoch + 1
                ELSE restore_since END,
             restore_savepoint = CASE
                WHEN $7 IS NOT NULL THEN $9
                WHEN $5 = 1 AND phase = 'finished' THEN NULL
                ELSE restore_savepoint END,
             drops_state = COALESCE($10, drops_state)
             WHERE id = $8 RETURNING *",
        )
        .bind(name)
        .bind(version)
        .bind(parallelism)
        .bind(desired.name())
        .bind(i64::from(asks))
        .bind(now)
        .bind(from.map(|from| row::signed(from.above)))
        .bind(id.to_string())
        .bind(
            from.and_then(|from| from.savepoint)
                .map(|savepoint| savepoint.to_string()),
        )
        .bind(change.drops_state.map(i64::from))
        .fetch_one(write.connection())
        .await
        .map_err(|cause| Error::or_exists(cause, NOUN, name))?;
        let detail = json!({
            "name": name,
            "version": version,
            "parallelism": parallelism,
            "desired": desired,
            "begins_anew": from.is_some_and(|from| from.savepoint.is_none()),
            "savepoint": from.and_then(|from| from.savepoint),
            "drops_state": change.drops_state == Some(true),
        });
        write
            .audit(by, Some(workspace), "deployment.update", id, detail)
            .await?;
        write.commit().await?;
        Ok(deployment)
    }

    /// Removes the deployment with its runs. Nothing of it may still run.
    pub async fn delete(&self, workspace: &str, id: DeploymentId, revision: u64, by: &str) -> Result<()> {
        let mut write = self.store.write().await?;
        let before = read_for_change(write.connection(), workspace, id, revision).await?;
        let live: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM runs WHERE deployment_id = $1 AND ended_at IS NULL")
                .bind(id.to_string())
                .fetch_one(write.connection())
                .await?;
        if before.phase.may_have_worker() || live > 0 {
            let message = format!("is {}: stop it first", before.phase);
            return Err(Error::conflict(NOUN, before.name, message));
        }
        let now = write.now_ms;
        savepoint::fail_pending(write.connection(), id, now).await?;
        sqlx::query("DELETE FROM deployments WHERE id = $1")
            .bind(id.to_string())
            .execute(write.connection())
            .await?;
        let detail = json!({ "name": before.name });
        write
            .audit(by, Some(workspace), "deployment.delete", id, detail)
            .await?;
        write.commit().await
    }
}

/// What the reconcile loop does.
impl Deployments<'_> {
    /// In whatever workspace it is.
    pub async fn by_id(&self, id: DeploymentId) -> Result<Deployment> {
        sqlx::query_as("SELECT * FROM deployments WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.store.readers())
            .await?
            .ok_or_else(|| Error::not_found(NOUN, id))
    }

    /// All that need a look, newest first: those that wait or may have a worker, and those of which something was
    /// asked that was not acted upon.
    pub async fn unsettled(&self, request: &PageRequest) -> Result<Page<DeploymentId>> {
        let range = request.range("unsettled deployments")?;
        let rows = sqlx::query(
            "SELECT id FROM deployments WHERE id < $1 AND
             (phase NOT IN ('suspended', 'stopped', 'finished', 'failed') OR generation <> observed_generation)
             ORDER BY id DESC LIMIT $2",
        )
        .bind(range.descending())
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        let mut ids: Vec<DeploymentId> = Vec::with_capacity(rows.len());
        for one in &rows {
            ids.push(row::parsed(one, "id")?);
        }
        Ok(range.page(ids, ToString::to_string))
    }

    /// Moves the phase on and writes what was observed, unless another run or another phase has come meanwhile:
    /// [`Error::Stale`].
    pub async fn advance<T: State>(
        &self,
        id: DeploymentId,
        epoch: u64,
        to: Move<T>,
        observed: Observed,
    ) -> Result<Deployment> {
        self.write_observed(id, epoch, to.from(), to.to(), &observed)
            .await
    }

    /// Writes what was observed; the phase stays. Writes nothing if nothing is new.
    pub async fn observe(&self, id: DeploymentId, epoch: u64, observed: Observed) -> Result<Deployment> {
        let now = self.by_id(id).await?;
        if now.epoch != epoch {
            return Err(Error::stale(NOUN, now.name));
        }
        let is_known = now.observed_generation == observed.observed_generation
            && now.conditions == observed.conditions
            && now.last_error == observed.last_error;
        if is_known {
            return Ok(now);
        }
        self.write_observed(id, epoch, now.phase, now.phase, &observed)
            .await
    }

    async fn write_observed(
        &self,
        id: DeploymentId,
        epoch: u64,
        from: PhaseName,
        to: PhaseName,
        observed: &Observed,
    ) -> Result<Deployment> {
        let conditions = check::json("conditions", &observed.conditions)?;
        let last_error = match &observed.last_error {
            Some(error) => Some(check::json("error", error)?),
            None => None,
        };
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        let deployment = sqlx::query_as(
            "UPDATE deployments SET phase = $1, observed_generation = $2, conditions = $3, last_error = $4,
             updated_at = $5 WHERE id = $6 AND epoch = $7 AND phase = $8 RETURNING *",
        )
        .bind(to.name())
        .bind(row::signed(observed.observed_generation))
        .bind(conditions)
        .bind(last_error)
        .bind(now)
        .bind(id.to_string())
        .bind(row::signed(epoch))
        .bind(from.name())
        .fetch_optional(write.connection())
        .await?;
        match deployment {
            Some(deployment) => {
                write.commit().await?;
                Ok(deployment)
            }
            None => {
                drop(write);
                let there = self.by_id(id).await?;
                Err(Error::stale(NOUN, there.name))
            }
        }
    }
}

/// The name of a deployment in the workspace that may still run.
pub(crate) async fn one_that_may_run(
    connection: &mut SqliteConnection,
    workspace: &str,
) -> Result<Option<String>> {
    let phases: Vec<&PhaseName> = PhaseName::ALL
        .iter()
        .filter(|phase| phase.may_have_worker())
        .collect();
    let mut query = QueryBuilder::<Sqlite>::new("SELECT name FROM deployments WHERE workspace = ");
    query.push_bind(workspace).push(" AND (phase IN (");
    let mut names = query.separated(", ");
    for phase in phases {
        names.push_bind(phase.name());
    }
    // One that was written down just now has not moved its deployment yet.
    query.push(") OR id IN (SELECT deployment_id FROM runs WHERE ended_at IS NULL)) ORDER BY id LIMIT 1");
    Ok(query.build_query_scalar().fetch_optional(connection).await?)
}

async fn read_for_change(
    connection: &mut SqliteConnection,
    workspace: &str,
    id: DeploymentId,
    revision: u64,
) -> Result<Deployment> {
    let deployment: Option<Deployment> =
        sqlx::query_as("SELECT * FROM deployments WHERE id = $1 AND workspace = $2")
            .bind(id.to_string())
            .bind(workspace)
            .fetch_optional(connection)
            .await?;
    let deployment = deployment.ok_or_else(|| Error::not_found(NOUN, id))?;
    if deployment.revision != revision {
        return Err(Error::stale(NOUN, deployment.name));
    }
    Ok(deployment)
}

async fn require_version(
    connection: &mut SqliteConnection,
    workspace: &str,
    draft_id: DraftId,
    number: u32,
) -> Result<()> {
    let found: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM versions JOIN drafts ON drafts.id = versions.draft_id
         WHERE versions.draft_id = $1 AND versions.number = $2 AND drafts.workspace = $3",
    )
    .bind(draft_id.to_string())
    .bind(number)
    .bind(workspace)
    .fetch_one(connection)
    .await?;
    if found == 0 {
        return Err(Error::not_found("version", format!("{draft_id}/{number}")));
    }
    Ok(())
}

fn check_parallelism(parallelism: Option<u32>) -> Result<()> {
    match parallelism {
        Some(number) if !(1..=PARALLELISM_MAX).contains(&number) => {
            let message = format!("must be 1 to {PARALLELISM_MAX}, got {number}");
            Err(Error::invalid("parallelism", message))
        }
        _ => Ok(()),
    }
}

impl FromRow<'_, SqliteRow> for DeploymentOfDraft {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(DeploymentOfDraft {
            draft_id: row::parsed(row, "draft_id")?,
            id: row::parsed(row, "id")?,
            name: row.try_get("name")?,
            version: row::number(row, "version")?,
            phase: row::parsed(row, "phase")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for Deployment {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Deployment {
            id: row::parsed(row, "id")?,
            workspace: row.try_get("workspace")?,
            name: row.try_get("name")?,
            draft_id: row::parsed(row, "draft_id")?,
            version: row::number(row, "version")?,
            engine: row.try_get("engine")?,
            cluster: row.try_get("cluster")?,
            parallelism: row::optional_number(row, "parallelism")?,
            desired: row::parsed(row, "desired")?,
            revision: row::number(row, "revision")?,
            generation: row::number(row, "generation")?,
            phase: row::parsed(row, "phase")?,
            epoch: row::number(row, "epoch")?,
            restore_since: row::number(row, "restore_since")?,
            restore_savepoint: row::optional_parsed(row, "restore_savepoint")?,
            drops_state: row::number::<u32>(row, "drops_state")? == 1,
            observed_generation: row::number(row, "observed_generation")?,
            conditions: row::json(row, "conditions")?,
            last_error: row::optional_json(row, "last_error")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}
