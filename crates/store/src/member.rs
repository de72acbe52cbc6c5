//! Members: which user has which role in a workspace.

use std::fmt;
use std::str::FromStr;

use model::UserId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Row};

use crate::{Error, Page, PageRequest, Result, Store, row};

const NOUN: &str = "member";

/// What a user may do, each role more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Viewer,
    Developer,
    Operator,
    Owner,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub workspace: String,
    pub user: UserId,
    pub user_name: String,
    pub role: Role,
}

#[derive(Debug, Clone, Copy)]
pub struct Members<'a> {
    pub(crate) store: &'a Store,
}

impl Members<'_> {
    /// Makes the user a member, or gives another role.
    pub async fn put(&self, workspace: &str, user: UserId, role: Role, by: &str) -> Result<Member> {
        let mut write = self.store.write().await?;
        require(write.connection(), workspace, user).await?;
        sqlx::query(
            "INSERT INTO members (workspace, user_id, role) VALUES ($1, $2, $3)
             ON CONFLICT (workspace, user_id) DO UPDATE SET role = $3",
        )
        .bind(workspace)
        .bind(user.to_string())
        .bind(role.name())
        .execute(write.connection())
        .await?;
        let member = sqlx::query_as(
            "SELECT members.*, users.name AS user_name FROM members JOIN users ON users.id = members.user_id
             WHERE members.workspace = $1 AND members.user_id = $2",
        )
        .bind(workspace)
        .bind(user.to_string())
        .fetch_one(write.connection())
        .await?;
        let detail = json!({ "role": role });
        write
            .audit(by, Some(workspace), "member.put", user, detail)
            .await?;
        write.commit().await?;
        Ok(member)
    }

    /// `None` if the user is no member, or there is no such workspace.
    pub async fn role(&self, workspace: &str, user: UserId) -> Result<Option<Role>> {
        let row = sqlx::query("SELECT role FROM members WHERE workspace = $1 AND user_id = $2")
            .bind(workspace)
            .bind(user.to_string())
            .fetch_optional(self.store.readers())
            .await?;
        match &row {
            Some(row) => Ok(Some(row::parsed(row, "role")?)),
            None => Ok(None),
        }
    }

    /// By the users' names.
    pub async fn list(&self, workspace: &str, request: &PageRequest) -> Result<Page<Member>> {
        let range = request.range("members")?;
        let members: Vec<Member> = sqlx::query_as(
            r"SELECT members.*, users.name AS user_name FROM members
              JOIN users ON users.id = members.user_id
              WHERE members.workspace = $1 AND users.name > $2 AND lower(users.name) LIKE lower($3) ESCAPE '\'
              ORDER BY users.name LIMIT $4",
        )
        .bind(workspace)
        .bind(range.ascending())
        .bind(&range.pattern)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(members, |member| member.user_name.clone()))
    }

    pub async fn remove(&self, workspace: &str, user: UserId, by: &str) -> Result<()> {
        let mut write = self.store.write().await?;
        let removed = sqlx::query("DELETE FROM members WHERE workspace = $1 AND user_id = $2")
            .bind(workspace)
            .bind(user.to_string())
            .execute(write.connection())
            .await?;
        if removed.rows_affected() == 0 {
            return Err(Error::not_found(NOUN, user));
        }
        write
            .audit(by, Some(workspace), "member.remove", user, json!({}))
            .await?;
        write.commit().await
    }
}

impl Role {
    pub const ALL: &'static [Role] = &[Role::Viewer, Role::Developer, Role::Operator, Role::Owner];

    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Developer => "developer",
            Role::Operator => "operator",
            Role::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Role::ALL.iter().find(|role| role.name() == text);
        found
            .copied()
            .ok_or_else(|| Error::invalid("role", "must be viewer, developer, operator or owner"))
    }
}

async fn require(connection: &mut SqliteConnection, workspace: &str, user: UserId) -> Result<()> {
    let workspaces: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM workspaces WHERE name = $1")
        .bind(workspace)
        .fetch_one(&mut *connection)
        .await?;
    if workspaces == 0 {
        return Err(Error::not_found("workspace", workspace));
    }
    let users: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM users WHERE id = $1")
        .bind(user.to_string())
        .fetch_one(connection)
        .await?;
    if users == 0 {
        return Err(Error::not_found("user", user));
    }
    Ok(())
}

impl FromRow<'_, SqliteRow> for Member {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Member {
            workspace: row.try_get("workspace")?,
            user: row::parsed(row, "user_id")?,
            user_name: row.try_get("user_name")?,
            role: row::parsed(row, "role")?,
        })
    }
}
