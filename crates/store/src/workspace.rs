//! Workspaces: what everything else lies in.

use model::UserId;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::{Error, Page, PageRequest, Result, Role, Store, check, deployment, row};

const NOUN: &str = "workspace";
/// Of one user, in the answer to a sign-in.
const OF_USER_MAX: i64 = 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Stands in addresses and never changes.
    pub name: String,
    pub display_name: String,
    pub created_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWorkspace {
    /// `[a-z][a-z0-9-]{0,62}`.
    pub name: String,
    pub display_name: String,
}

/// How much there is in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkspaceCounts {
    pub drafts: u64,
    pub deployments: u64,
    pub connections: u64,
    pub secrets: u64,
    pub members: u64,
}

#[derive(Debug, Clone, Copy)]
pub struct Workspaces<'a> {
    pub(crate) store: &'a Store,
}

impl Workspaces<'_> {
    pub async fn create(&self, new: NewWorkspace, by: &str) -> Result<Workspace> {
        check::slug("workspace name", &new.name)?;
        check::title("display name", &new.display_name)?;
        let mut write = self.store.write().await?;
        let workspace = sqlx::query_as(
            "INSERT INTO workspaces (name, display_name, created_at) VALUES ($1, $2, $3) RETURNING *",
        )
        .bind(&new.name)
        .bind(&new.display_name)
        .bind(write.now_ms)
        .fetch_one(write.connection())
        .await
        .map_err(|cause| Error::or_exists(cause, NOUN, &new.name))?;
        write
            .audit(by, Some(&new.name), "workspace.create", &new.name, json!({}))
            .await?;
        write.commit().await?;
        Ok(workspace)
    }

    pub async fn get(&self, name: &str) -> Result<Workspace> {
        sqlx::query_as("SELECT * FROM workspaces WHERE name = $1")
            .bind(name)
            .fetch_optional(self.store.readers())
            .await?
            .ok_or_else(|| Error::not_found(NOUN, name))
    }

    /// By name.
    pub async fn list(&self, request: &PageRequest) -> Result<Page<Workspace>> {
        let range = request.range("workspaces")?;
        let workspaces: Vec<Workspace> = sqlx::query_as(
            r"SELECT * FROM workspaces WHERE name > $1
              AND (lower(name) LIKE lower($2) ESCAPE '\' OR lower(display_name) LIKE lower($2) ESCAPE '\')
              ORDER BY name LIMIT $3",
        )
        .bind(range.ascending())
        .bind(&range.pattern)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(workspaces, |workspace| workspace.name.clone()))
    }

    /// Those that a user is a member of, by name, with the role there.
    pub async fn of_user(&self, user: UserId) -> Result<Vec<(Workspace, Role)>> {
        let rows = sqlx::query(
            "SELECT workspaces.*, members.role FROM members
             JOIN workspaces ON workspaces.name = members.workspace
             WHERE members.user_id = $1 ORDER BY workspaces.name LIMIT $2",
        )
        .bind(user.to_string())
        .bind(OF_USER_MAX)
        .fetch_all(self.store.readers())
        .await?;
        let mut workspaces = Vec::with_capacity(rows.len());
        for one in &rows {
            workspaces.push((Workspace::from_row(one)?, row::parsed(one, "role")?));
        }
        Ok(workspaces)
    }

    /// Those that a user is a member of, as pages by name.
    pub async fn list_of_user(&self, user: UserId, request: &PageRequest) -> Result<Page<Workspace>> {
        let range = request.range("workspaces")?;
        let workspaces: Vec<Workspace> = sqlx::query_as(
            r"SELECT workspaces.* FROM members JOIN workspaces ON workspaces.name = members.workspace
              WHERE members.user_id = $1 AND workspaces.name > $2
              AND (lower(workspaces.name) LIKE lower($3) ESCAPE '\'
                   OR lower(workspaces.display_name) LIKE lower($3) ESCAPE '\')
              ORDER BY workspaces.name LIMIT $4",
        )
        .bind(user.to_string())
        .bind(range.ascending())
        .bind(&range.pattern)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(workspaces, |workspace| workspace.name.clone()))
    }

    pub async fn counts(&self, name: &str) -> Result<WorkspaceCounts> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM drafts WHERE workspace = $1) AS drafts,
             (SELECT COUNT(*) FROM deployments WHERE workspace = $1) AS deployments,
             (SELECT COUNT(*) FROM connections WHERE workspace = $1) AS connections,
             (SELECT COUNT(*) FROM secrets WHERE workspace = $1) AS secrets,
             (SELECT COUNT(*) FROM members WHERE workspace = $1) AS members",
        )
        .bind(name)
        .fetch_one(self.store.readers())
        .await?;
        Ok(WorkspaceCounts {
            drafts: row::number(&row, "drafts")?,
            deployments: row::number(&row, "deployments")?,
            connections: row::number(&row, "connections")?,
            secrets: row::number(&row, "secrets")?,
            members: row::number(&row, "members")?,
        })
    }

    /// Removes it with all that lies in it, the audit excepted. Nothing in it may still run.
    pub async fn delete(&self, name: &str, by: &str) -> Result<()> {
        let mut write = self.store.write().await?;
        if let Some(deployment) = deployment::one_that_may_run(write.connection(), name).await? {
            let message = format!("has the deployment '{deployment}', which is not stopped");
            return Err(Error::conflict(NOUN, name, message));
        }
        let deleted = sqlx::query("DELETE FROM workspaces WHERE name = $1")
            .bind(name)
            .execute(write.connection())
            .await?;
        if deleted.rows_affected() == 0 {
            return Err(Error::not_found(NOUN, name));
        }
        write
            .audit(by, Some(name), "workspace.delete", name, json!({}))
            .await?;
        write.commit().await
    }
}

impl FromRow<'_, SqliteRow> for Workspace {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Workspace {
            name: row.try_get("name")?,
            display_name: row.try_get("display_name")?,
            created_at: row.try_get("created_at")?,
        })
    }
}
