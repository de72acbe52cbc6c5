//! Versions: a draft's text at one time, with the catalog it was written against. Never changed.
//!
//! Numbers count from 1 for each draft, without gaps.

use std::collections::BTreeMap;

use model::DraftId;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::seal::{digest, hex};
use crate::{Error, Page, PageRequest, Result, Store, check, draft, row};

const NOUN: &str = "version";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub draft_id: DraftId,
    pub number: u32,
    pub sql: String,
    pub settings: BTreeMap<String, String>,
    /// The workspace's catalog as statements that make it.
    pub catalog_ddl: String,
    /// The same for the same text, settings and catalog, whatever the draft.
    pub content_hash: String,
    pub comment: String,
    pub created_at: i64,
    pub created_by: String,
}

/// A version in a list, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionSummary {
    pub draft_id: DraftId,
    pub number: u32,
    pub content_hash: String,
    pub comment: String,
    pub created_at: i64,
    pub created_by: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewVersion {
    pub comment: String,
    pub catalog_ddl: String,
    /// Of the draft whose text was checked; `None` takes the draft as it is.
    pub revision: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
pub struct Versions<'a> {
    pub(crate) store: &'a Store,
}

impl Versions<'_> {
    /// Keeps the draft's text and settings of this moment.
    pub async fn create(
        &self,
        workspace: &str,
        draft_id: DraftId,
        new: NewVersion,
        by: &str,
    ) -> Result<Version> {
        check::comment(&new.comment)?;
        check::sql("catalog", &new.catalog_ddl)?;
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        let draft = match new.revision {
            Some(revision) => draft::read_for_change(&mut write, workspace, draft_id, revision).await?,
            None => sqlx::query_as("SELECT * FROM drafts WHERE id = $1 AND workspace = $2")
                .bind(draft_id.to_string())
                .bind(workspace)
                .fetch_optional(write.connection())
                .await?
                .ok_or_else(|| Error::not_found("draft", draft_id))?,
        };
        let settings = check::map("settings", &draft.settings)?;
        let content = [
            draft.sql.as_bytes(),
            settings.as_bytes(),
            new.catalog_ddl.as_bytes(),
        ];
        let content_hash = hex(&digest("version", &content));
        let version: Version = sqlx::query_as(
            "INSERT INTO versions
             (draft_id, number, sql, settings, catalog_ddl, content_hash, comment, created_at, created_by)
             SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4, $5, $6, $7, $8
             FROM versions WHERE draft_id = $1 RETURNING *",
        )
        .bind(draft_id.to_string())
        .bind(&draft.sql)
        .bind(&settings)
        .bind(&new.catalog_ddl)
        .bind(content_hash)
        .bind(&new.comment)
        .bind(now)
        .bind(by)
        .fetch_one(write.connection())
        .await?;
        let detail = json!({ "number": version.number, "comment": version.comment });
        write
            .audit(by, Some(workspace), "version.create", draft_id, detail)
            .await?;
        write.commit().await?;
        Ok(version)
    }

    pub async fn get(&self, workspace: &str, draft_id: DraftId, number: u32) -> Result<Version> {
        sqlx::query_as(
            "SELECT versions.* FROM versions JOIN drafts ON drafts.id = versions.draft_id
             WHERE versions.draft_id = $1 AND versions.number = $2 AND drafts.workspace = $3",
        )
        .bind(draft_id.to_string())
        .bind(number)
        .bind(workspace)
        .fetch_optional(self.store.readers())
        .await?
        .ok_or_else(|| Error::not_found(NOUN, number))
    }

    /// The one with the highest number.
    pub async fn latest(&self, workspace: &str, draft_id: DraftId) -> Result<Option<Version>> {
        let version = sqlx::query_as(
            "SELECT versions.* FROM versions JOIN drafts ON drafts.id = versions.draft_id
             WHERE versions.draft_id = $1 AND drafts.workspace = $2
             ORDER BY versions.number DESC LIMIT 1",
        )
        .bind(draft_id.to_string())
        .bind(workspace)
        .fetch_optional(self.store.readers())
        .await?;
        Ok(version)
    }

    /// Newest first. `q` is looked for in comments.
    pub async fn list(
        &self,
        workspace: &str,
        draft_id: DraftId,
        request: &PageRequest,
    ) -> Result<Page<VersionSummary>> {
        let range = request.range("versions")?;
        let versions: Vec<VersionSummary> = sqlx::query_as(
            r"SELECT versions.draft_id, versions.number, versions.content_hash, versions.comment,
              versions.created_at, versions.created_by
              FROM versions JOIN drafts ON drafts.id = versions.draft_id
              WHERE versions.draft_id = $1 AND drafts.workspace = $2 AND versions.number < $3
              AND lower(versions.comment) LIKE lower($4) ESCAPE '\'
              ORDER BY versions.number DESC LIMIT $5",
        )
        .bind(draft_id.to_string())
        .bind(workspace)
        .bind(range.descending_number()?)
        .bind(&range.pattern)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(versions, |version| version.number.to_string()))
    }
}

impl FromRow<'_, SqliteRow> for Version {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Version {
            draft_id: row::parsed(row, "draft_id")?,
            number: row::number(row, "number")?,
            sql: row.try_get("sql")?,
            settings: row::json(row, "settings")?,
            catalog_ddl: row.try_get("catalog_ddl")?,
            content_hash: row.try_get("content_hash")?,
            comment: row.try_get("comment")?,
            created_at: row.try_get("created_at")?,
            created_by: row.try_get("created_by")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for VersionSummary {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(VersionSummary {
            draft_id: row::parsed(row, "draft_id")?,
            number: row::number(row, "number")?,
            content_hash: row.try_get("content_hash")?,
            comment: row.try_get("comment")?,
            created_at: row.try_get("created_at")?,
            created_by: row.try_get("created_by")?,
        })
    }
}
