//! Clusters that jobs may run on. Administrators keep them, and say which workspaces may use them.

use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::{Error, Page, PageRequest, Result, Store, check, row};

const NOUN: &str = "cluster";
const ADDRESS_BYTES_MAX: usize = 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub name: String,
    /// Where its JobManager's REST interface listens.
    pub address: String,
    /// Where its checkpoints and savepoints go, as its own file systems name it.
    pub storage: String,
    /// That may run jobs on it, in order.
    pub workspaces: Vec<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCluster {
    pub address: String,
    pub storage: String,
    pub workspaces: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
pub struct Clusters<'a> {
    pub(crate) store: &'a Store,
}

impl Clusters<'_> {
    /// Attaches a cluster, or changes what is known of it.
    pub async fn put(&self, name: &str, mut new: NewCluster, by: &str) -> Result<Cluster> {
        check::identifier("cluster name", name)?;
        for (what, text) in [("address", &new.address), ("storage", &new.storage)] {
            if text.is_empty() || text.len() > ADDRESS_BYTES_MAX {
                let message = format!("must have 1 to {ADDRESS_BYTES_MAX} bytes, got {}", text.len());
                return Err(Error::invalid(what, message));
            }
        }
        new.workspaces.sort_unstable();
        new.workspaces.dedup();
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        sqlx::query(
            "INSERT INTO clusters (name, address, storage, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (name) DO UPDATE SET address = $2, storage = $3, updated_at = $4",
        )
        .bind(name)
        .bind(&new.address)
        .bind(&new.storage)
        .bind(now)
        .execute(write.connection())
        .await?;
        sqlx::query("DELETE FROM cluster_workspaces WHERE cluster = $1")
            .bind(name)
            .execute(write.connection())
            .await?;
        for workspace in &new.workspaces {
            sqlx::query("INSERT INTO cluster_workspaces (cluster, workspace) VALUES ($1, $2)")
                .bind(name)
                .bind(workspace)
                .execute(write.connection())
                .await
                .map_err(|cause| Error::or_refers(cause, || Error::not_found("workspace", workspace)))?;
        }
        let detail = json!({
            "address": new.address, "storage": new.storage, "workspaces": new.workspaces,
        });
        write.audit(by, None, "cluster.put", name, detail).await?;
        write.commit().await?;
        self.get(name).await
    }

    pub async fn get(&self, name: &str) -> Result<Cluster> {
        sqlx::query_as("SELECT * FROM clusters_granted WHERE name = $1")
            .bind(name)
            .fetch_optional(self.store.readers())
            .await?
            .ok_or_else(|| Error::not_found(NOUN, name))
    }

    /// By name, those that a workspace may use if one is given. `q` is looked for in names.
    pub async fn list(&self, workspace: Option<&str>, request: &PageRequest) -> Result<Page<Cluster>> {
        let range = request.range("clusters")?;
        let clusters: Vec<Cluster> = sqlx::query_as(
            r"SELECT * FROM clusters_granted WHERE name > $1 AND lower(name) LIKE lower($2) ESCAPE '\'
              AND ($3 IS NULL OR name IN (SELECT cluster FROM cluster_workspaces WHERE workspace = $3))
              ORDER BY name LIMIT $4",
        )
        .bind(range.ascending())
        .bind(&range.pattern)
        .bind(workspace)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(clusters, |cluster| cluster.name.clone()))
    }

    /// Forgets a cluster that no deployment has. What runs there goes on.
    pub async fn delete(&self, name: &str, by: &str) -> Result<()> {
        let mut write = self.store.write().await?;
        let used: Option<String> =
            sqlx::query_scalar("SELECT name FROM deployments WHERE cluster = $1 ORDER BY id LIMIT 1")
                .bind(name)
                .fetch_optional(write.connection())
                .await?;
        if let Some(used) = used {
            let message = format!("has deployments, '{used}' among them: delete those first");
            return Err(Error::conflict(NOUN, name, message));
        }
        let deleted = sqlx::query("DELETE FROM clusters WHERE name = $1")
            .bind(name)
            .execute(write.connection())
            .await?;
        if deleted.rows_affected() == 0 {
            return Err(Error::not_found(NOUN, name));
        }
        write.audit(by, None, "cluster.delete", name, json!({})).await?;
        write.commit().await
    }
}

impl FromRow<'_, SqliteRow> for Cluster {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Cluster {
            name: row.try_get("name")?,
            address: row.try_get("address")?,
            storage: row.try_get("storage")?,
            workspaces: row::json(row, "workspaces")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}
