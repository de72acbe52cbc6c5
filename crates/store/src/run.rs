//! Runs: attempts of a deployment.
//!
//! Each run has an epoch of its own, greater than that of every run before it. A run that is not the newest is
//! fenced: all that can still be written of it is how it ended.

use model::phase::State;
use model::{DeploymentId, Move, PhaseName, RunId};
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::{Error, Page, PageRequest, Result, Store, check, row};

const NOUN: &str = "run";

#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub id: RunId,
    pub deployment_id: DeploymentId,
    /// As the restart strategy counts.
    pub attempt: u32,
    pub epoch: u64,
    pub version: u32,
    pub parallelism: u32,
    pub memory_bytes_max: u64,
    pub phase: PhaseName,
    pub started_at: i64,
    /// `None` as long as a process may be at work.
    pub ended_at: Option<i64>,
    /// As it was given, with no meaning here.
    pub failure: Option<Value>,
    pub pid: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    pub attempt: u32,
    pub version: u32,
    pub parallelism: u32,
    pub memory_bytes_max: u64,
    /// The epoch of an attempt that has run and is not known here, as after an old copy was restored; 0 if there is
    /// none. The new attempt's is greater.
    pub epoch_above: u64,
}

/// What is written with a move.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunEnd {
    /// `None` leaves what is there. Never a secret.
    pub failure: Option<Value>,
}

#[derive(Debug, Clone, Copy)]
pub struct Runs<'a> {
    pub(crate) store: &'a Store,
}

impl Runs<'_> {
    /// Begins an attempt, in phase `starting`, and fences those before it.
    pub async fn create(&self, deployment_id: DeploymentId, new: NewRun) -> Result<Run> {
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        let epoch: Option<i64> = sqlx::query_scalar(
            "UPDATE deployments SET epoch = CASE WHEN epoch > $2 THEN epoch ELSE $2 END + 1
             WHERE id = $1 RETURNING epoch",
        )
        .bind(deployment_id.to_string())
        .bind(row::signed(new.epoch_above))
        .fetch_optional(write.connection())
        .await?;
        let epoch = epoch.ok_or_else(|| Error::not_found("deployment", deployment_id))?;
        let id: RunId = self.store.new_id(now);
        let run = sqlx::query_as(
            "INSERT INTO runs (id, deployment_id, attempt, epoch, version, parallelism, memory_bytes_max, phase,
             started_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *",
        )
        .bind(id.to_string())
        .bind(deployment_id.to_string())
        .bind(new.attempt)
        .bind(epoch)
        .bind(new.version)
        .bind(new.parallelism)
        .bind(row::signed(new.memory_bytes_max))
        .bind(PhaseName::Starting.name())
        .bind(now)
        .fetch_one(write.connection())
        .await?;
        write.commit().await?;
        Ok(run)
    }

    pub async fn get(&self, deployment_id: DeploymentId, id: RunId) -> Result<Run> {
        sqlx::query_as("SELECT * FROM runs WHERE id = $1 AND deployment_id = $2")
            .bind(id.to_string())
            .bind(deployment_id.to_string())
            .fetch_optional(self.store.readers())
            .await?
            .ok_or_else(|| Error::not_found(NOUN, id))
    }

    /// In whatever deployment it is.
    pub async fn by_id(&self, id: RunId) -> Result<Option<Run>> {
        let run = sqlx::query_as("SELECT * FROM runs WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.store.readers())
            .await?;
        Ok(run)
    }

    /// The run of the highest epoch.
    pub async fn latest(&self, deployment_id: DeploymentId) -> Result<Option<Run>> {
        let run = sqlx::query_as("SELECT * FROM runs WHERE deployment_id = $1 ORDER BY epoch DESC LIMIT 1")
            .bind(deployment_id.to_string())
            .fetch_optional(self.store.readers())
            .await?;
        Ok(run)
    }

    /// How many runs of the deployment have failed since then.
    pub async fn failures_since(&self, deployment_id: DeploymentId, since_ms: i64) -> Result<u32> {
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM runs WHERE deployment_id = $1 AND phase = $2 AND ended_at >= $3",
        )
        .bind(deployment_id.to_string())
        .bind(PhaseName::Failed.name())
        .bind(since_ms)
        .fetch_one(self.store.readers())
        .await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Newest first. `q` is looked for in phases and failures.
    pub async fn list(&self, deployment_id: DeploymentId, request: &PageRequest) -> Result<Page<Run>> {
        let range = request.range("runs")?;
        let runs: Vec<Run> = sqlx::query_as(
            r"SELECT * FROM runs WHERE deployment_id = $1 AND epoch < $2
              AND (phase LIKE lower($3) ESCAPE '\' OR lower(COALESCE(failure, '')) LIKE lower($3) ESCAPE '\')
              ORDER BY epoch DESC LIMIT $4",
        )
        .bind(deployment_id.to_string())
        .bind(range.descending_number()?)
        .bind(&range.pattern)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(runs, |run| run.epoch.to_string()))
    }

    /// All runs of all deployments that have not ended, newest first.
    pub async fn live(&self, request: &PageRequest) -> Result<Page<Run>> {
        let range = request.range("live runs")?;
        let runs: Vec<Run> =
            sqlx::query_as("SELECT * FROM runs WHERE ended_at IS NULL AND id < $1 ORDER BY id DESC LIMIT $2")
                .bind(range.descending())
                .bind(range.rows())
                .fetch_all(self.store.readers())
                .await?;
        Ok(range.page(runs, |run| run.id.to_string()))
    }

    /// Moves the run on. Where no process can be at work any more, the run has ended, and does not move again.
    ///
    /// [`Error::Stale`] if its phase is another by now, or if it is fenced and the move is not to its end.
    pub async fn advance<T: State>(&self, id: RunId, to: Move<T>, end: RunEnd) -> Result<Run> {
        let has_ended = !to.to().may_have_worker();
        let failure = match &end.failure {
            Some(failure) => Some(check::json("failure", failure)?),
            None => None,
        };
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        let run = sqlx::query_as(
            "UPDATE runs SET phase = $1, ended_at = $2, failure = COALESCE($3, failure)
             WHERE id = $4 AND phase = $5 AND ended_at IS NULL
             AND ($2 IS NOT NULL OR epoch = (SELECT epoch FROM deployments WHERE id = runs.deployment_id))
             RETURNING *",
        )
        .bind(to.to().name())
        .bind(has_ended.then_some(now))
        .bind(failure)
        .bind(id.to_string())
        .bind(to.from().name())
        .fetch_optional(write.connection())
        .await?;
        match run {
            Some(run) => {
                write.commit().await?;
                Ok(run)
            }
            None => {
                drop(write);
                Err(self.gone_or_stale(id).await?)
            }
        }
    }

    pub async fn set_pid(&self, id: RunId, pid: Option<u32>) -> Result<Run> {
        let mut write = self.store.write().await?;
        let run = sqlx::query_as("UPDATE runs SET pid = $1 WHERE id = $2 RETURNING *")
            .bind(pid)
            .bind(id.to_string())
            .fetch_optional(write.connection())
            .await?;
        let run = run.ok_or_else(|| Error::not_found(NOUN, id))?;
        write.commit().await?;
        Ok(run)
    }

    async fn gone_or_stale(&self, id: RunId) -> Result<Error> {
        let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM runs WHERE id = $1")
            .bind(id.to_string())
            .fetch_one(self.store.readers())
            .await?;
        Ok(match there {
            0 => Error::not_found(NOUN, id),
            _ => Error::stale(NOUN, id),
        })
    }
}

impl FromRow<'_, SqliteRow> for Run {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Run {
            id: row::parsed(row, "id")?,
            deployment_id: row::parsed(row, "deployment_id")?,
            attempt: row::number(row, "attempt")?,
            epoch: row::number(row, "epoch")?,
            version: row::number(row, "version")?,
            parallelism: row::number(row, "parallelism")?,
            memory_bytes_max: row::number(row, "memory_bytes_max")?,
            phase: row::parsed(row, "phase")?,
            started_at: row.try_get("started_at")?,
            ended_at: row.try_get("ended_at")?,
            failure: row::optional_json(row, "failure")?,
            pid: row::optional_number(row, "pid")?,
        })
    }
}
