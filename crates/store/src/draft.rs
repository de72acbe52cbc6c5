//! Drafts: a job's text while it is written.
//!
//! Every change raises the revision, and names the one it was made from: of two who change the same draft the
//! second is told so, and nothing is overwritten unseen.

use std::collections::BTreeMap;

use model::DraftId;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::{Error, Page, PageRequest, Result, Store, check, row};

const NOUN: &str = "draft";
/// Of the saves that an editor makes by itself, one in this time is audited.
const AUTOSAVE_AUDIT_MS: i64 = 5 * 60 * 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub id: DraftId,
    pub workspace: String,
    pub name: String,
    pub sql: String,
    pub settings: BTreeMap<String, String>,
    /// From 1, raised by every change.
    pub revision: u64,
    pub created_at: i64,
    pub updated_at: i64,
    pub updated_by: String,
}

/// A draft in a list, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftSummary {
    pub id: DraftId,
    pub workspace: String,
    pub name: String,
    pub revision: u64,
    pub created_at: i64,
    pub updated_at: i64,
    pub updated_by: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewDraft {
    /// One of its kind in the workspace.
    pub name: String,
    pub sql: String,
    pub settings: BTreeMap<String, String>,
}

/// What is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DraftChange {
    pub name: Option<String>,
    pub sql: Option<String>,
    pub settings: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Copy)]
pub struct Drafts<'a> {
    pub(crate) store: &'a Store,
}

impl Drafts<'_> {
    pub async fn create(&self, workspace: &str, new: NewDraft, by: &str) -> Result<Draft> {
        check::title("draft name", &new.name)?;
        check::sql("sql", &new.sql)?;
        let settings = check::map("settings", &new.settings)?;
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        let id: DraftId = self.store.new_id(now);
        let draft = sqlx::query_as(
            "INSERT INTO drafts
             (id, workspace, name, sql, settings, revision, created_at, updated_at, updated_by)
             VALUES ($1, $2, $3, $4, $5, 1, $6, $6, $7) RETURNING *",
        )
        .bind(id.to_string())
        .bind(workspace)
        .bind(&new.name)
        .bind(&new.sql)
        .bind(settings)
        .bind(now)
        .bind(by)
        .fetch_one(write.connection())
        .await
        .map_err(|cause| match cause.as_database_error() {
            Some(error) if error.is_foreign_key_violation() => Error::not_found("workspace", workspace),
            _ => Error::or_exists(cause, NOUN, &new.name),
        })?;
        let detail = json!({ "name": new.name });
        write
            .audit(by, Some(workspace), "draft.create", id, detail)
            .await?;
        write.commit().await?;
        Ok(draft)
    }

    pub async fn get(&self, workspace: &str, id: DraftId) -> Result<Draft> {
        sqlx::query_as("SELECT * FROM drafts WHERE id = $1 AND workspace = $2")
            .bind(id.to_string())
            .bind(workspace)
            .fetch_optional(self.store.readers())
            .await?
            .ok_or_else(|| Error::not_found(NOUN, id))
    }

    /// Newest first. `q` is looked for in names.
    pub async fn list(&self, workspace: &str, request: &PageRequest) -> Result<Page<DraftSummary>> {
        let range = request.range("drafts")?;
        let drafts: Vec<DraftSummary> = sqlx::query_as(
            r"SELECT id, workspace, name, revision, created_at, updated_at, updated_by FROM drafts
              WHERE workspace = $1 AND id < $2 AND lower(name) LIKE lower($3) ESCAPE '\'
              ORDER BY id DESC LIMIT $4",
        )
        .bind(workspace)
        .bind(range.descending())
        .bind(&range.pattern)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(drafts, |draft| draft.id.to_string()))
    }

    /// Changes the draft that was read at this revision.
    pub async fn update(
        &self,
        workspace: &str,
        id: DraftId,
        revision: u64,
        change: DraftChange,
        by: &str,
    ) -> Result<Draft> {
        self.change(workspace, id, revision, change, by, Saving::Asked)
            .await
    }

    /// As [`Drafts::update`], for an editor that saves by itself every few seconds: most of it is not audited.
    pub async fn autosave(
        &self,
        workspace: &str,
        id: DraftId,
        revision: u64,
        change: DraftChange,
        by: &str,
    ) -> Result<Draft> {
        self.change(workspace, id, revision, change, by, Saving::Automatic)
            .await
    }

    /// Removes the draft with its versions, unless one of them is deployed.
    pub async fn delete(&self, workspace: &str, id: DraftId, revision: u64, by: &str) -> Result<()> {
        let mut write = self.store.write().await?;
        let before = read_for_change(&mut write, workspace, id, revision).await?;
        sqlx::query("DELETE FROM drafts WHERE id = $1")
            .bind(id.to_string())
            .execute(write.connection())
            .await
            .map_err(|cause| {
                Error::or_refers(cause, || Error::conflict(NOUN, &before.name, "has a deployment"))
            })?;
        let detail = json!({ "name": before.name });
        write
            .audit(by, Some(workspace), "draft.delete", id, detail)
            .await?;
        write.commit().await
    }

    async fn change(
        &self,
        workspace: &str,
        id: DraftId,
        revision: u64,
        change: DraftChange,
        by: &str,
        saving: Saving,
    ) -> Result<Draft> {
        if let Some(name) = &change.name {
            check::title("draft name", name)?;
        }
        if let Some(sql) = &change.sql {
            check::sql("sql", sql)?;
        }
        let settings = match &change.settings {
            Some(settings) => Some(check::map("settings", settings)?),
            None => None,
        };
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        let before = read_for_change(&mut write, workspace, id, revision).await?;
        let draft: Draft = sqlx::query_as(
            "UPDATE drafts SET name = COALESCE($1, name), sql = COALESCE($2, sql),
             settings = COALESCE($3, settings), revision = revision + 1, updated_at = $4, updated_by = $5
             WHERE id = $6 RETURNING *",
        )
        .bind(&change.name)
        .bind(&change.sql)
        .bind(settings)
        .bind(now)
        .bind(by)
        .bind(id.to_string())
        .fetch_one(write.connection())
        .await
        .map_err(|cause| Error::or_exists(cause, NOUN, change.name.as_deref().unwrap_or(&before.name)))?;
        let quiet = saving == Saving::Automatic
            && before.updated_by == by
            && now - before.updated_at < AUTOSAVE_AUDIT_MS
            && change.name.is_none();
        if !quiet {
            let mut detail = json!({ "revision": draft.revision });
            if let Some(name) = &change.name {
                detail["name"] = json!(name);
            }
            write
                .audit(by, Some(workspace), "draft.update", id, detail)
                .await?;
        }
        write.commit().await?;
        Ok(draft)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saving {
    Asked,
    Automatic,
}

/// The draft inside of the transaction, if it still has this revision.
pub(crate) async fn read_for_change(
    write: &mut crate::database::Write,
    workspace: &str,
    id: DraftId,
    revision: u64,
) -> Result<Draft> {
    let draft: Option<Draft> = sqlx::query_as("SELECT * FROM drafts WHERE id = $1 AND workspace = $2")
        .bind(id.to_string())
        .bind(workspace)
        .fetch_optional(write.connection())
        .await?;
    let draft = draft.ok_or_else(|| Error::not_found(NOUN, id))?;
    if draft.revision != revision {
        return Err(Error::stale(NOUN, draft.name));
    }
    Ok(draft)
}

impl FromRow<'_, SqliteRow> for Draft {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Draft {
            id: row::parsed(row, "id")?,
            workspace: row.try_get("workspace")?,
            name: row.try_get("name")?,
            sql: row.try_get("sql")?,
            settings: row::json(row, "settings")?,
            revision: row::number(row, "revision")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            updated_by: row.try_get("updated_by")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for DraftSummary {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(DraftSummary {
            id: row::parsed(row, "id")?,
            workspace: row.try_get("workspace")?,
            name: row.try_get("name")?,
            revision: row::number(row, "revision")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            updated_by: row.try_get("updated_by")?,
        })
    }
}
