//! Connections: named options that tables share. A value refers to a secret as `${secret.name}`; it never is one.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::{Error, Page, PageRequest, Result, Store, check, row};

const NOUN: &str = "connection";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub name: String,
    /// The connector that it is for.
    pub kind: String,
    pub options: BTreeMap<String, String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConnection {
    pub kind: String,
    pub options: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy)]
pub struct Connections<'a> {
    pub(crate) store: &'a Store,
}

impl Connections<'_> {
    /// Makes the connection, or gives it other options.
    pub async fn put(&self, workspace: &str, name: &str, new: NewConnection, by: &str) -> Result<Connection> {
        check::identifier("connection name", name)?;
        check::identifier("connection kind", &new.kind)?;
        let options = check::connection_options(&new.options)?;
        let mut write = self.store.write().await?;
        let connection = sqlx::query_as(
            "INSERT INTO connections (workspace, name, kind, options, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $5)
             ON CONFLICT (workspace, name) DO UPDATE SET kind = $3, options = $4, updated_at = $5
             RETURNING *",
        )
        .bind(workspace)
        .bind(name)
        .bind(&new.kind)
        .bind(options)
        .bind(write.now_ms)
        .fetch_one(write.connection())
        .await
        .map_err(|cause| Error::or_refers(cause, || Error::not_found("workspace", workspace)))?;
        // Values stay out: someone may have written a password into one.
        let names: Vec<&String> = new.options.keys().collect();
        let detail = json!({ "kind": new.kind, "options": names });
        write
            .audit(by, Some(workspace), "connection.put", name, detail)
            .await?;
        write.commit().await?;
        Ok(connection)
    }

    pub async fn get(&self, workspace: &str, name: &str) -> Result<Connection> {
        sqlx::query_as("SELECT * FROM connections WHERE workspace = $1 AND name = $2")
            .bind(workspace)
            .bind(name)
            .fetch_optional(self.store.readers())
            .await?
            .ok_or_else(|| Error::not_found(NOUN, name))
    }

    /// By name. `q` is looked for in names and kinds.
    pub async fn list(&self, workspace: &str, request: &PageRequest) -> Result<Page<Connection>> {
        let range = request.range("connections")?;
        let connections: Vec<Connection> = sqlx::query_as(
            r"SELECT * FROM connections WHERE workspace = $1 AND name > $2
              AND (lower(name) LIKE lower($3) ESCAPE '\' OR lower(kind) LIKE lower($3) ESCAPE '\')
              ORDER BY name LIMIT $4",
        )
        .bind(workspace)
        .bind(range.ascending())
        .bind(&range.pattern)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(connections, |connection| connection.name.clone()))
    }

    pub async fn delete(&self, workspace: &str, name: &str, by: &str) -> Result<()> {
        let mut write = self.store.write().await?;
        let deleted = sqlx::query("DELETE FROM connections WHERE workspace = $1 AND name = $2")
            .bind(workspace)
            .bind(name)
            .execute(write.connection())
            .await?;
        if deleted.rows_affected() == 0 {
            return Err(Error::not_found(NOUN, name));
        }
        write
            .audit(by, Some(workspace), "connection.delete", name, json!({}))
            .await?;
        write.commit().await
    }
}

impl FromRow<'_, SqliteRow> for Connection {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Connection {
            name: row.try_get("name")?,
            kind: row.try_get("kind")?,
            options: row::json(row, "options")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}
