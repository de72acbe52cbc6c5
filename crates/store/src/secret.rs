//! Secrets: values that jobs use and nobody reads.
//!
//! A value is sealed with the master key, bound to its workspace and name, and comes back by
//! [`Secrets::reveal`] only.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::seal::Sealed;
use crate::{Error, Page, PageRequest, Result, Store, check};

const NOUN: &str = "secret";
const VALUE_BYTES_MAX: usize = 1 << 16;

/// What can be said of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    pub name: String,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Debug, Clone, Copy)]
pub struct Secrets<'a> {
    pub(crate) store: &'a Store,
}

impl Secrets<'_> {
    /// Makes the secret, or gives it another value.
    pub async fn put(&self, workspace: &str, name: &str, value: &SecretString, by: &str) -> Result<Secret> {
        check::identifier("secret name", name)?;
        let value = value.expose_secret();
        if value.len() > VALUE_BYTES_MAX {
            let message = format!("must be at most {VALUE_BYTES_MAX} bytes, got {}", value.len());
            return Err(Error::invalid("secret value", message));
        }
        let sealed = self
            .store
            .key()
            .seal(&purpose(workspace, name), value.as_bytes())?;
        let mut write = self.store.write().await?;
        let secret = sqlx::query_as(
            "INSERT INTO secrets (workspace, name, key_id, sealed, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $5)
             ON CONFLICT (workspace, name) DO UPDATE SET key_id = $3, sealed = $4, updated_at = $5
             RETURNING name, created_at, updated_at",
        )
        .bind(workspace)
        .bind(name)
        .bind(sealed.key_id)
        .bind(sealed.bytes)
        .bind(write.now_ms)
        .fetch_one(write.connection())
        .await
        .map_err(|cause| Error::or_refers(cause, || Error::not_found("workspace", workspace)))?;
        write
            .audit(by, Some(workspace), "secret.put", name, json!({}))
            .await?;
        write.commit().await?;
        Ok(secret)
    }

    /// By name.
    pub async fn list(&self, workspace: &str, request: &PageRequest) -> Result<Page<Secret>> {
        let range = request.range("secrets")?;
        let secrets: Vec<Secret> = sqlx::query_as(
            r"SELECT name, created_at, updated_at FROM secrets
              WHERE workspace = $1 AND name > $2 AND lower(name) LIKE lower($3) ESCAPE '\'
              ORDER BY name LIMIT $4",
        )
        .bind(workspace)
        .bind(range.ascending())
        .bind(&range.pattern)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(secrets, |secret| secret.name.clone()))
    }

    /// The value, for the job that uses it.
    pub async fn reveal(&self, workspace: &str, name: &str) -> Result<SecretString> {
        let row = sqlx::query("SELECT key_id, sealed FROM secrets WHERE workspace = $1 AND name = $2")
            .bind(workspace)
            .bind(name)
            .fetch_optional(self.store.readers())
            .await?
            .ok_or_else(|| Error::not_found(NOUN, name))?;
        let sealed = Sealed {
            key_id: row.try_get("key_id")?,
            bytes: row.try_get("sealed")?,
        };
        let opened = self.store.key().open(&purpose(workspace, name), name, &sealed)?;
        let text = std::str::from_utf8(&opened).map_err(Error::database)?;
        Ok(SecretString::from(text))
    }

    pub async fn delete(&self, workspace: &str, name: &str, by: &str) -> Result<()> {
        let mut write = self.store.write().await?;
        let deleted = sqlx::query("DELETE FROM secrets WHERE workspace = $1 AND name = $2")
            .bind(workspace)
            .bind(name)
            .execute(write.connection())
            .await?;
        if deleted.rows_affected() == 0 {
            return Err(Error::not_found(NOUN, name));
        }
        write
            .audit(by, Some(workspace), "secret.delete", name, json!({}))
            .await?;
        write.commit().await
    }
}

fn purpose<'a>(workspace: &'a str, name: &'a str) -> [&'a str; 3] {
    ["secret", workspace, name]
}

impl FromRow<'_, SqliteRow> for Secret {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Secret {
            name: row.try_get("name")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}
