//! Sessions of browsers.
//!
//! The browser holds 256 random bits; the database holds their hash only, so that who reads the database cannot
//! sign in. The token against forged requests is another hash of the same bits, and is stored nowhere.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::UserId;
use secrecy::SecretString;
use serde_json::json;
use sqlx::{FromRow, Row};

use crate::seal::{digest, hex, random_text};
use crate::{Error, Result, Store, User};

#[derive(Debug)]
pub struct NewSession {
    /// For the cookie; shown this once.
    pub id: SecretString,
    /// Goes with every unsafe request.
    pub csrf_token: String,
    pub expires_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub user: User,
    pub csrf_token: String,
    pub created_at: i64,
    pub expires_at: i64,
}

#[derive(Debug, Clone, Copy)]
pub struct Sessions<'a> {
    pub(crate) store: &'a Store,
}

impl Sessions<'_> {
    /// Begins a session of a user who was verified.
    pub async fn create(&self, user: UserId, lifetime: Duration) -> Result<NewSession> {
        let id = random_text()?;
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        let lifetime_ms = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
        let expires_at = now.saturating_add(lifetime_ms);
        sqlx::query(
            "INSERT INTO sessions (id_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(id_hash(&id))
        .bind(user.to_string())
        .bind(now)
        .bind(expires_at)
        .execute(write.connection())
        .await
        .map_err(|cause| Error::or_refers(cause, || Error::not_found("user", user)))?;
        let by = user.to_string();
        write.audit(&by, None, "session.create", user, json!({})).await?;
        write.commit().await?;
        Ok(NewSession {
            csrf_token: csrf_token(&id),
            id: SecretString::from(id),
            expires_at,
        })
    }

    /// The session of this id, unless it is unknown, ended or expired.
    pub async fn find(&self, id: &str) -> Result<Option<Session>> {
        let row = sqlx::query(
            "SELECT users.*, sessions.created_at AS begun_at, sessions.expires_at FROM sessions
             JOIN users ON users.id = sessions.user_id
             WHERE sessions.id_hash = $1 AND sessions.expires_at > $2",
        )
        .bind(id_hash(id))
        .bind(self.store.now_ms())
        .fetch_optional(self.store.readers())
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        Ok(Some(Session {
            user: User::from_row(&row)?,
            csrf_token: csrf_token(id),
            created_at: row.try_get("begun_at")?,
            expires_at: row.try_get("expires_at")?,
        }))
    }

    /// Ends the session; one that has ended stays so.
    pub async fn end(&self, id: &str) -> Result<()> {
        let mut write = self.store.write().await?;
        sqlx::query("DELETE FROM sessions WHERE id_hash = $1")
            .bind(id_hash(id))
            .execute(write.connection())
            .await?;
        write.commit().await
    }
}

pub(crate) fn id_hash(id: &str) -> String {
    hex(&digest("session id", &[id.as_bytes()]))
}

fn csrf_token(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest("session csrf token", &[id.as_bytes()]))
}
