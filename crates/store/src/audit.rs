//! Audit events: who changed what, and when.
//!
//! Events are only added. Changes that go through the store add theirs in the same transaction; callers append
//! what happens outside, such as a failed sign-in. An event holds no secrets.

use serde_json::Value;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Row};

use crate::{Error, Page, PageRequest, Result, Store, check, row};

#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// Rises with time.
    pub id: i64,
    pub at: i64,
    /// A user's id, or `system`.
    pub actor: String,
    /// The user's name, as long as there is such a user.
    pub actor_name: Option<String>,
    /// `None` if it is not about a workspace.
    pub workspace: Option<String>,
    /// `draft.update`: the noun and what was done to it.
    pub action: String,
    /// The id or name of what was changed.
    pub subject: String,
    pub detail: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NewAuditEvent {
    pub actor: String,
    pub workspace: Option<String>,
    pub action: String,
    pub subject: String,
    /// Never a secret.
    pub detail: Value,
}

#[derive(Debug, Clone, Copy)]
pub struct Audit<'a> {
    pub(crate) store: &'a Store,
}

impl Audit<'_> {
    pub async fn append(&self, new: NewAuditEvent) -> Result<AuditEvent> {
        for (what, text) in [
            ("actor", &new.actor),
            ("action", &new.action),
            ("subject", &new.subject),
        ] {
            check::title(what, text)?;
        }
        let detail = check::json("detail", &new.detail)?;
        let mut write = self.store.write().await?;
        let at = write.now_ms;
        let workspace = new.workspace.as_deref();
        let event = insert(
            write.connection(),
            at,
            &new.actor,
            workspace,
            &new.action,
            &new.subject,
            &detail,
        )
        .await?;
        write.commit().await?;
        Ok(event)
    }

    /// Newest first; of one workspace, or of all and what belongs to none. `q` is looked for in the actor's id and
    /// name, in action and subject.
    pub async fn list(&self, workspace: Option<&str>, request: &PageRequest) -> Result<Page<AuditEvent>> {
        let range = request.range("audit")?;
        // Two statements, so that each goes along its index. Names are looked up for the rows that are shown, and the
        // users that are looked for once, not for every row that is passed over.
        let query = match workspace {
            Some(workspace) => sqlx::query_as(
                r"SELECT *, (SELECT name FROM users WHERE users.id = actor) AS actor_name
                  FROM audit_events WHERE id < $1 AND workspace = $4
                  AND (lower(actor) LIKE lower($2) ESCAPE '\' OR lower(action) LIKE lower($2) ESCAPE '\'
                       OR lower(subject) LIKE lower($2) ESCAPE '\'
                       OR actor IN (SELECT id FROM users WHERE lower(name) LIKE lower($2) ESCAPE '\'))
                  ORDER BY id DESC LIMIT $3",
            )
            .bind(range.descending_number()?)
            .bind(&range.pattern)
            .bind(range.rows())
            .bind(workspace),
            None => sqlx::query_as(
                r"SELECT *, (SELECT name FROM users WHERE users.id = actor) AS actor_name
                  FROM audit_events WHERE id < $1
                  AND (lower(actor) LIKE lower($2) ESCAPE '\' OR lower(action) LIKE lower($2) ESCAPE '\'
                       OR lower(subject) LIKE lower($2) ESCAPE '\'
                       OR actor IN (SELECT id FROM users WHERE lower(name) LIKE lower($2) ESCAPE '\'))
                  ORDER BY id DESC LIMIT $3",
            )
            .bind(range.descending_number()?)
            .bind(&range.pattern)
            .bind(range.rows()),
        };
        let events: Vec<AuditEvent> = query.fetch_all(self.store.readers()).await?;
        Ok(range.page(events, |event| event.id.to_string()))
    }
}

pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    at: i64,
    actor: &str,
    workspace: Option<&str>,
    action: &str,
    subject: &str,
    detail: &str,
) -> Result<AuditEvent> {
    sqlx::query_as(
        "INSERT INTO audit_events (at, actor, workspace, action, subject, detail)
         VALUES ($1, $2, $3, $4, $5, $6)
         RETURNING *, (SELECT name FROM users WHERE users.id = $2) AS actor_name",
    )
    .bind(at)
    .bind(actor)
    .bind(workspace)
    .bind(action)
    .bind(subject)
    .bind(detail)
    .fetch_one(connection)
    .await
    .map_err(Error::from)
}

impl FromRow<'_, SqliteRow> for AuditEvent {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(AuditEvent {
            id: row.try_get("id")?,
            at: row.try_get("at")?,
            actor: row.try_get("actor")?,
            actor_name: row.try_get("actor_name")?,
            workspace: row.try_get("workspace")?,
            action: row.try_get("action")?,
            subject: row.try_get("subject")?,
            detail: row::json(row, "detail")?,
        })
    }
}
