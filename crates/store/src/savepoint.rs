//! Savepoints: what people asked to be kept of a deployment's state, and what became of it.
//!
//! One is pending until the reconcile loop has found out whether it was taken, and then done or failed for good. It
//! outlives its deployment, and goes with its workspace.

use std::fmt;
use std::str::FromStr;

use model::{DeploymentId, DesiredState, DraftId, RunId, SavepointId};
use serde_json::json;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, QueryBuilder, Row, Sqlite};

use crate::database::Write;
use crate::deployment::Deployment;
use crate::{Error, Page, PageRequest, Result, Store, check, row};

const NOUN: &str = "savepoint";
/// Of one deployment.
const PENDING_MAX: i64 = 8;
/// Characters of a reason.
const REASON_CHARACTERS_MAX: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Savepoint {
    pub id: SavepointId,
    pub workspace: String,
    pub deployment_id: DeploymentId,
    /// As the deployment was called then.
    pub deployment_name: String,
    pub draft_id: DraftId,
    /// Whose state it is; until it is done, the version that was wanted when it was asked for.
    pub version: u32,
    /// What people call it; empty if they do not.
    pub name: String,
    /// It is the state in which the deployment stops.
    pub at_stop: bool,
    pub status: SavepointStatus,
    /// Of one that failed.
    pub reason: Option<String>,
    pub created_by: String,
    pub created_at: i64,
    /// When it came to be done or failed.
    pub ended_at: Option<i64>,
    /// Of one that is done.
    pub taken: Option<TakenSavepoint>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavepointStatus {
    Pending,
    Done,
    Failed,
}

/// What is known of a savepoint that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenSavepoint {
    pub run_id: RunId,
    pub epoch: u64,
    pub parallelism: u32,
    pub taken_at: i64,
    pub bytes: u64,
}

/// How a pending savepoint ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SavepointEnd {
    Done {
        /// Whose state it is.
        version: u32,
        taken: TakenSavepoint,
    },
    Failed {
        reason: String,
    },
}

/// Which savepoints a list holds: those that fit all that is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavepointFilter {
    pub deployment_id: Option<DeploymentId>,
    pub status: Option<SavepointStatus>,
}

#[derive(Debug, Clone, Copy)]
pub struct Savepoints<'a> {
    pub(crate) store: &'a Store,
}

/// What people do.
impl Savepoints<'_> {
    /// Asks for a savepoint of a deployment that should run.
    pub async fn create(
        &self,
        workspace: &str,
        deployment_id: DeploymentId,
        name: &str,
        by: &str,
    ) -> Result<Savepoint> {
        let mut write = self.store.write().await?;
        let deployment: Option<Deployment> =
            sqlx::query_as("SELECT * FROM deployments WHERE id = $1 AND workspace = $2")
                .bind(deployment_id.to_string())
                .bind(workspace)
                .fetch_optional(write.connection())
                .await?;
        let deployment = deployment.ok_or_else(|| Error::not_found("deployment", deployment_id))?;
        let is_known = deployment.observed_generation == deployment.generation;
        let is_over = is_known && deployment.phase.is_over();
        if deployment.desired != DesiredState::Running || is_over {
            let message = format!(
                "is {}: nothing runs that a savepoint could be taken of",
                deployment.phase
            );
            return Err(Error::conflict("deployment", deployment.name, message));
        }
        let savepoint = insert(self.store, &mut write, &deployment, name, false, by).await?;
        write.commit().await?;
        Ok(savepoint)
    }

    pub async fn get(&self, workspace: &str, id: SavepointId) -> Result<Savepoint> {
        sqlx::query_as("SELECT * FROM savepoints WHERE id = $1 AND workspace = $2")
            .bind(id.to_string())
            .bind(workspace)
            .fetch_optional(self.store.readers())
            .await?
            .ok_or_else(|| Error::not_found(NOUN, id))
    }

    /// Newest first. `q` is looked for in names of savepoints and deployments.
    pub async fn list(
        &self,
        workspace: &str,
        filter: &SavepointFilter,
        request: &PageRequest,
    ) -> Result<Page<Savepoint>> {
        let range = request.range("savepoints")?;
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM savepoints WHERE workspace = ");
        query.push_bind(workspace);
        query.push(" AND id < ").push_bind(range.descending());
        if let Some(deployment_id) = filter.deployment_id {
            query
                .push(" AND deployment_id = ")
                .push_bind(deployment_id.to_string());
        }
        if let Some(status) = filter.status {
            query.push(" AND status = ").push_bind(status.name());
        }
        query
            .push(" AND (lower(name) LIKE lower(")
            .push_bind(&range.pattern);
        query.push(r") ESCAPE '\' OR lower(deployment_name) LIKE lower(");
        query.push_bind(&range.pattern);
        query.push(r") ESCAPE '\') ORDER BY id DESC LIMIT ");
        query.push_bind(range.rows());
        let savepoints: Vec<Savepoint> = query.build_query_as().fetch_all(self.store.readers()).await?;
        Ok(range.page(savepoints, |savepoint| savepoint.id.to_string()))
    }

    /// The deployments that begin from it as long as they find nothing newer.
    pub async fn used_by(&self, id: SavepointId) -> Result<Vec<Deployment>> {
        let deployments =
            sqlx::query_as("SELECT * FROM deployments WHERE restore_savepoint = $1 ORDER BY id LIMIT $2")
                .bind(id.to_string())
                .bind(i64::from(crate::PAGE_ITEMS_MAX))
                .fetch_all(self.store.readers())
                .await?;
        Ok(deployments)
    }

    /// Removes it; `freed` are deployments that have begun from it and need it no more. Nobody else may need it.
    pub async fn delete(
        &self,
        workspace: &str,
        id: SavepointId,
        freed: &[DeploymentId],
        by: &str,
    ) -> Result<Savepoint> {
        let mut write = self.store.write().await?;
        for deployment in freed {
            sqlx::query(
                "UPDATE deployments SET restore_savepoint = NULL WHERE id = $1 AND restore_savepoint = $2",
            )
            .bind(deployment.to_string())
            .bind(id.to_string())
            .execute(write.connection())
            .await?;
        }
        let needed_by: Option<String> = sqlx::query_scalar(
            "SELECT name FROM deployments WHERE restore_savepoint = $1 ORDER BY id LIMIT 1",
        )
        .bind(id.to_string())
        .fetch_optional(write.connection())
        .await?;
        if let Some(deployment) = needed_by {
            let message =
                format!("is what the deployment '{deployment}' goes on from: it has no checkpoint yet");
            return Err(Error::conflict(NOUN, id, message));
        }
        let deleted: Option<Savepoint> =
            sqlx::query_as("DELETE FROM savepoints WHERE id = $1 AND workspace = $2 RETURNING *")
                .bind(id.to_string())
                .bind(workspace)
                .fetch_optional(write.connection())
                .await?;
        let deleted = deleted.ok_or_else(|| Error::not_found(NOUN, id))?;
        let detail = json!({
            "name": deleted.name,
            "deployment": deleted.deployment_id,
            "status": deleted.status.name(),
        });
        write
            .audit(by, Some(workspace), "savepoint.delete", id, detail)
            .await?;
        write.commit().await?;
        Ok(deleted)
    }
}

/// What the reconcile loop does.
impl Savepoints<'_> {
    /// In whatever workspace it is.
    pub async fn by_id(&self, id: SavepointId) -> Result<Option<Savepoint>> {
        let savepoint = sqlx::query_as("SELECT * FROM savepoints WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.store.readers())
            .await?;
        Ok(savepoint)
    }

    /// Those of a deployment that are pending, oldest first.
    pub async fn pending(&self, deployment_id: DeploymentId) -> Result<Vec<Savepoint>> {
        let savepoints = sqlx::query_as(
            "SELECT * FROM savepoints WHERE deployment_id = $1 AND status = 'pending' ORDER BY id LIMIT $2",
        )
        .bind(deployment_id.to_string())
        .bind(PENDING_MAX)
        .fetch_all(self.store.readers())
        .await?;
        Ok(savepoints)
    }

    /// The deployments of which some are pending.
    pub async fn awaited(&self) -> Result<Vec<DeploymentId>> {
        let rows = sqlx::query("SELECT DISTINCT deployment_id FROM savepoints WHERE status = 'pending'")
            .fetch_all(self.store.readers())
            .await?;
        let mut ids = Vec::with_capacity(rows.len());
        for one in &rows {
            ids.push(row::parsed(one, "deployment_id")?);
        }
        Ok(ids)
    }

    /// Writes how a pending savepoint has ended; one that is not pending any more stays as it is.
    pub async fn settle(&self, id: SavepointId, end: SavepointEnd) -> Result<()> {
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        match end {
            SavepointEnd::Done { version, taken } => {
                sqlx::query(
                    "UPDATE savepoints SET status = 'done', version = $1, run_id = $2, epoch = $3,
                     parallelism = $4, taken_at = $5, bytes = $6, ended_at = $7
                     WHERE id = $8 AND status = 'pending'",
                )
                .bind(version)
                .bind(taken.run_id.to_string())
                .bind(row::signed(taken.epoch))
                .bind(taken.parallelism)
                .bind(taken.taken_at)
                .bind(row::signed(taken.bytes))
                .bind(now)
                .bind(id.to_string())
                .execute(write.connection())
                .await?;
            }
            SavepointEnd::Failed { reason } => {
                let reason: String = reason.chars().take(REASON_CHARACTERS_MAX).collect();
                sqlx::query(
                    "UPDATE savepoints SET status = 'failed', reason = $1, ended_at = $2
                     WHERE id = $3 AND status = 'pending'",
                )
                .bind(reason)
                .bind(now)
                .bind(id.to_string())
                .execute(write.connection())
                .await?;
            }
        }
        write.commit().await
    }
}

/// Asks for a savepoint, in a transaction that may change the deployment too.
pub(crate) async fn insert(
    store: &Store,
    write: &mut Write,
    deployment: &Deployment,
    name: &str,
    at_stop: bool,
    by: &str,
) -> Result<Savepoint> {
    if !name.is_empty() {
        check::title("savepoint name", name)?;
    }
    let now = write.now_ms;
    let pending: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM savepoints WHERE deployment_id = $1 AND status = 'pending'")
            .bind(deployment.id.to_string())
            .fetch_one(write.connection())
            .await?;
    if pending >= PENDING_MAX {
        let message = format!("has {PENDING_MAX} savepoints that wait to be taken");
        return Err(Error::conflict("deployment", &deployment.name, message));
    }
    let id: SavepointId = store.new_id(now);
    let savepoint: Savepoint = sqlx::query_as(
        "INSERT INTO savepoints (id, workspace, deployment_id, deployment_name, draft_id, version, name, at_stop,
         status, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9, $10) RETURNING *",
    )
    .bind(id.to_string())
    .bind(&deployment.workspace)
    .bind(deployment.id.to_string())
    .bind(&deployment.name)
    .bind(deployment.draft_id.to_string())
    .bind(deployment.version)
    .bind(name)
    .bind(i64::from(at_stop))
    .bind(by)
    .bind(now)
    .fetch_one(write.connection())
    .await?;
    let detail = json!({ "name": name, "deployment": deployment.id, "at_stop": at_stop });
    write
        .audit(by, Some(&deployment.workspace), "savepoint.create", id, detail)
        .await?;
    Ok(savepoint)
}

/// Fails those that wait for a deployment which goes.
pub(crate) async fn fail_pending(
    connection: &mut SqliteConnection,
    deployment_id: DeploymentId,
    now: i64,
) -> Result<()> {
    sqlx::query(
        "UPDATE savepoints SET status = 'failed', reason = 'the deployment was deleted before it was taken',
         ended_at = $1 WHERE deployment_id = $2 AND status = 'pending'",
    )
    .bind(now)
    .bind(deployment_id.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// A savepoint of the workspace that is done.
pub(crate) async fn require_done(
    connection: &mut SqliteConnection,
    workspace: &str,
    id: SavepointId,
) -> Result<()> {
    let savepoint: Option<Savepoint> =
        sqlx::query_as("SELECT * FROM savepoints WHERE id = $1 AND workspace = $2")
            .bind(id.to_string())
            .bind(workspace)
            .fetch_optional(connection)
            .await?;
    match savepoint {
        None => Err(Error::not_found(NOUN, id)),
        Some(savepoint) if savepoint.status != SavepointStatus::Done => {
            let message = format!("is {}: there is nothing to go on from", savepoint.status.name());
            Err(Error::conflict(NOUN, id, message))
        }
        Some(_) => Ok(()),
    }
}

impl SavepointStatus {
    const ALL: [SavepointStatus; 3] = [
        SavepointStatus::Pending,
        SavepointStatus::Done,
        SavepointStatus::Failed,
    ];

    pub fn name(self) -> &'static str {
        match self {
            SavepointStatus::Pending => "pending",
            SavepointStatus::Done => "done",
            SavepointStatus::Failed => "failed",
        }
    }
}

/// A text that is no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavepointStatusError;

impl fmt::Display for SavepointStatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a savepoint is pending, done or failed")
    }
}

impl std::error::Error for SavepointStatusError {}

impl FromStr for SavepointStatus {
    type Err = SavepointStatusError;

    fn from_str(text: &str) -> std::result::Result<Self, SavepointStatusError> {
        let found = SavepointStatus::ALL
            .into_iter()
            .find(|status| status.name() == text);
        found.ok_or(SavepointStatusError)
    }
}

impl FromRow<'_, SqliteRow> for Savepoint {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let status: SavepointStatus = row::parsed(row, "status")?;
        let taken = match status {
            SavepointStatus::Done => Some(TakenSavepoint {
                run_id: row::parsed(row, "run_id")?,
                epoch: row::number(row, "epoch")?,
                parallelism: row::number(row, "parallelism")?,
                taken_at: row.try_get("taken_at")?,
                bytes: row::number(row, "bytes")?,
            }),
            SavepointStatus::Pending | SavepointStatus::Failed => None,
        };
        Ok(Savepoint {
            id: row::parsed(row, "id")?,
            workspace: row.try_get("workspace")?,
            deployment_id: row::parsed(row, "deployment_id")?,
            deployment_name: row.try_get("deployment_name")?,
            draft_id: row::parsed(row, "draft_id")?,
            version: row::number(row, "version")?,
            name: row.try_get("name")?,
            at_stop: row::number::<u32>(row, "at_stop")? == 1,
            status,
            reason: row.try_get("reason")?,
            created_by: row.try_get("created_by")?,
            created_at: row.try_get("created_at")?,
            ended_at: row.try_get("ended_at")?,
            taken,
        })
    }
}
