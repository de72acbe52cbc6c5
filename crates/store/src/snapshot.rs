//! Snapshots: the state of a job at one moment, from which another attempt can go on.
//!
//! The engine writes checkpoints by itself, now and then, and removes them when newer ones have come. People ask for
//! savepoints, and those stay until people remove them: what people do is audited. Here lies what is known of a
//! snapshot; its files lie where the engine put them.

use std::fmt;
use std::str::FromStr;

use model::{DeploymentId, RunId, SnapshotId};
use serde::{Serialize, Serializer};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::{Error, Page, PageRequest, Result, Store, check, row};

const NOUN: &str = "snapshot";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub id: SnapshotId,
    pub deployment_id: DeploymentId,
    /// The attempt that wrote it.
    pub run_id: RunId,
    pub kind: SnapshotKind,
    pub state: SnapshotState,
    /// As the engine knows it, with no meaning here.
    pub location: String,
    /// Of its files; `None` as long as it is written.
    pub bytes: Option<u64>,
    pub created_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSnapshot {
    pub run_id: RunId,
    pub kind: SnapshotKind,
    pub location: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SnapshotKind {
    Checkpoint,
    Savepoint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SnapshotState {
    /// Nobody can go on from it yet.
    Writing,
    Complete,
    /// Nobody ever will.
    Failed,
}

#[derive(Debug, Clone, Copy)]
pub struct Snapshots<'a> {
    pub(crate) store: &'a Store,
}

impl Snapshots<'_> {
    /// A snapshot that is being written by an attempt of the deployment. `by` is who asked for it, if somebody did.
    pub async fn insert(
        &self,
        workspace: &str,
        deployment_id: DeploymentId,
        new: NewSnapshot,
        by: Option<&str>,
    ) -> Result<Snapshot> {
        check::location(&new.location)?;
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        let id: SnapshotId = self.store.new_id(now);
        let snapshot: Option<Snapshot> = sqlx::query_as(
            "INSERT INTO snapshots (id, deployment_id, run_id, kind, state, location, created_at)
             SELECT $1, runs.deployment_id, runs.id, $4, $5, $6, $7 FROM runs
             JOIN deployments ON deployments.id = runs.deployment_id
             WHERE runs.id = $3 AND runs.deployment_id = $2 AND deployments.workspace = $8 RETURNING *",
        )
        .bind(id.to_string())
        .bind(deployment_id.to_string())
        .bind(new.run_id.to_string())
        .bind(new.kind.name())
        .bind(SnapshotState::Writing.name())
        .bind(&new.location)
        .bind(now)
        .bind(workspace)
        .fetch_optional(write.connection())
        .await?;
        let snapshot = snapshot.ok_or_else(|| Error::not_found("run", new.run_id))?;
        if let Some(by) = by {
            let detail = json!({ "deployment": deployment_id, "kind": new.kind });
            write
                .audit(by, Some(workspace), "snapshot.create", id, detail)
                .await?;
        }
        write.commit().await?;
        Ok(snapshot)
    }

    /// It was written, with so many bytes. [`Error::Stale`] if it is not being written any more.
    pub async fn complete(&self, id: SnapshotId, bytes: u64) -> Result<Snapshot> {
        self.end(id, SnapshotState::Complete, Some(bytes)).await
    }

    /// It could not be written. [`Error::Stale`] if it is not being written any more.
    pub async fn fail(&self, id: SnapshotId) -> Result<Snapshot> {
        self.end(id, SnapshotState::Failed, None).await
    }

    pub async fn get(
        &self,
        workspace: &str,
        deployment_id: DeploymentId,
        id: SnapshotId,
    ) -> Result<Snapshot> {
        sqlx::query_as(
            "SELECT snapshots.* FROM snapshots JOIN deployments ON deployments.id = snapshots.deployment_id
             WHERE snapshots.id = $1 AND deployments.id = $2 AND deployments.workspace = $3",
        )
        .bind(id.to_string())
        .bind(deployment_id.to_string())
        .bind(workspace)
        .fetch_optional(self.store.readers())
        .await?
        .ok_or_else(|| Error::not_found(NOUN, id))
    }

    /// Newest first. `q` is looked for in kinds, states and locations.
    pub async fn list(
        &self,
        workspace: &str,
        deployment_id: DeploymentId,
        request: &PageRequest,
    ) -> Result<Page<Snapshot>> {
        let range = request.range("snapshots")?;
        let snapshots: Vec<Snapshot> = sqlx::query_as(
            r"SELECT snapshots.* FROM snapshots JOIN deployments ON deployments.id = snapshots.deployment_id
              WHERE deployments.id = $1 AND deployments.workspace = $2 AND snapshots.id < $3
              AND (kind LIKE lower($4) ESCAPE '\' OR state LIKE lower($4) ESCAPE '\'
                   OR lower(location) LIKE lower($4) ESCAPE '\')
              ORDER BY snapshots.id DESC LIMIT $5",
        )
        .bind(deployment_id.to_string())
        .bind(workspace)
        .bind(range.descending())
        .bind(&range.pattern)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(snapshots, |snapshot| snapshot.id.to_string()))
    }

    /// The newest that an attempt can go on from.
    pub async fn latest(&self, deployment_id: DeploymentId) -> Result<Option<Snapshot>> {
        let snapshot = sqlx::query_as(
            "SELECT * FROM snapshots WHERE deployment_id = $1 AND state = $2 ORDER BY id DESC LIMIT 1",
        )
        .bind(deployment_id.to_string())
        .bind(SnapshotState::Complete.name())
        .fetch_optional(self.store.readers())
        .await?;
        Ok(snapshot)
    }

    /// Forgets the snapshot; its files are the caller's. `by` is who removed it, if somebody did.
    pub async fn delete(
        &self,
        workspace: &str,
        deployment_id: DeploymentId,
        id: SnapshotId,
        by: Option<&str>,
    ) -> Result<()> {
        let mut write = self.store.write().await?;
        let deleted = sqlx::query(
            "DELETE FROM snapshots WHERE id = $1 AND deployment_id =
             (SELECT id FROM deployments WHERE id = $2 AND workspace = $3)",
        )
        .bind(id.to_string())
        .bind(deployment_id.to_string())
        .bind(workspace)
        .execute(write.connection())
        .await?;
        if deleted.rows_affected() == 0 {
            return Err(Error::not_found(NOUN, id));
        }
        if let Some(by) = by {
            let detail = json!({ "deployment": deployment_id });
            write
                .audit(by, Some(workspace), "snapshot.delete", id, detail)
                .await?;
        }
        write.commit().await
    }

    async fn end(&self, id: SnapshotId, state: SnapshotState, bytes: Option<u64>) -> Result<Snapshot> {
        let mut write = self.store.write().await?;
        let snapshot: Option<Snapshot> = sqlx::query_as(
            "UPDATE snapshots SET state = $1, bytes = $2 WHERE id = $3 AND state = $4 RETURNING *",
        )
        .bind(state.name())
        .bind(bytes.map(row::signed))
        .bind(id.to_string())
        .bind(SnapshotState::Writing.name())
        .fetch_optional(write.connection())
        .await?;
        if let Some(snapshot) = snapshot {
            write.commit().await?;
            return Ok(snapshot);
        }
        drop(write);
        let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM snapshots WHERE id = $1")
            .bind(id.to_string())
            .fetch_one(self.store.readers())
            .await?;
        Err(match there {
            0 => Error::not_found(NOUN, id),
            _ => Error::stale(NOUN, id),
        })
    }
}

macro_rules! words {
    ($named:ident: $($one:ident $word:literal),+) => {
        impl $named {
            pub const ALL: &'static [$named] = &[$($named::$one),+];

            pub fn name(self) -> &'static str {
                match self {
                    $($named::$one => $word,)+
                }
            }
        }

        impl FromStr for $named {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                let found = $named::ALL.iter().find(|one| one.name() == text);
                found.copied().ok_or_else(|| Error::invalid(NOUN, format!("has no '{text}'")))
            }
        }

        impl fmt::Display for $named {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl Serialize for $named {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    };
}

words!(SnapshotKind: Checkpoint "checkpoint", Savepoint "savepoint");
words!(SnapshotState: Writing "writing", Complete "complete", Failed "failed");

impl FromRow<'_, SqliteRow> for Snapshot {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Snapshot {
            id: row::parsed(row, "id")?,
            deployment_id: row::parsed(row, "deployment_id")?,
            run_id: row::parsed(row, "run_id")?,
            kind: row::parsed(row, "kind")?,
            state: row::parsed(row, "state")?,
            location: row.try_get("location")?,
            bytes: row::optional_number(row, "bytes")?,
            created_at: row.try_get("created_at")?,
        })
    }
}
