//! Idempotency keys: a request that is sent twice is done once, and answered twice in the same words.
//!
//! A key belongs to a principal. Whoever claims it first does the work and leaves the answer, which is sealed,
//! because it may show a token. A claim whose owner died can be taken over after a while.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::Row;

use crate::seal::Sealed;
use crate::{Error, Result, Store};

const NOUN: &str = "idempotency key";
const KEY_CHARACTERS_MAX: usize = 200;
/// A version, which is the longest answer, with its text, settings and catalog escaped.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// How long an answer is kept.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// How long a request may take before another one takes over its claim.
const IN_FLIGHT_MS_MAX: i64 = 60_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Do the work, then call [`Idempotency::finish`] or [`Idempotency::abandon`].
    New,
    /// It was done: answer this.
    Answered(Answer),
    /// Somebody is at it: come back later.
    InFlight,
}

#[derive(Debug, Clone, Copy)]
pub struct Idempotency<'a> {
    pub(crate) store: &'a Store,
}

impl Idempotency<'_> {
    /// Claims a key for a request, which its hash tells from others: another request under the same key is an
    /// [`Error::Conflict`].
    pub async fn claim(&self, principal: &str, key: &str, request_hash: &str) -> Result<Claim> {
        let length = key.len();
        if length == 0 || length > KEY_CHARACTERS_MAX || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = format!("must be 1 to {KEY_CHARACTERS_MAX} visible ASCII characters");
            return Err(Error::invalid(NOUN, message));
        }
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        sqlx::query(
            "DELETE FROM idempotency_keys WHERE principal = $1 AND key = $2
             AND (expires_at <= $3 OR (sealed_answer IS NULL AND created_at <= $4))",
        )
        .bind(principal)
        .bind(key)
        .bind(now)
        .bind(now - IN_FLIGHT_MS_MAX)
        .execute(write.connection())
        .await?;
        let claimed = sqlx::query(
            "INSERT INTO idempotency_keys (principal, key, request_hash, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (principal, key) DO NOTHING",
        )
        .bind(principal)
        .bind(key)
        .bind(request_hash)
        .bind(now)
        .bind(now + KEPT_MS)
        .execute(write.connection())
        .await?;
        if claimed.rows_affected() == 1 {
            write.commit().await?;
            return Ok(Claim::New);
        }
        let row = sqlx::query(
            "SELECT request_hash, key_id, sealed_answer FROM idempotency_keys
             WHERE principal = $1 AND key = $2",
        )
        .bind(principal)
        .bind(key)
        .fetch_one(write.connection())
        .await?;
        drop(write);
        if row.try_get::<&str, _>("request_hash")? != request_hash {
            return Err(Error::conflict(NOUN, key, "was used for another request"));
        }
        let key_id: Option<String> = row.try_get("key_id")?;
        let bytes: Option<Vec<u8>> = row.try_get("sealed_answer")?;
        let (Some(key_id), Some(bytes)) = (key_id, bytes) else {
            return Ok(Claim::InFlight);
        };
        let sealed = Sealed { key_id, bytes };
        let opened = self.store.key().open(&purpose(principal, key), key, &sealed)?;
        let answer = serde_json::from_slice(&opened).map_err(Error::database)?;
        Ok(Claim::Answered(answer))
    }

    /// Keeps the answer for those who ask again.
    pub async fn finish(&self, principal: &str, key: &str, answer: &Answer) -> Result<()> {
        let text = serde_json::to_vec(answer).map_err(Error::database)?;
        if text.len() > ANSWER_BYTES_MAX {
            let message = format!("must be at most {ANSWER_BYTES_MAX} bytes, got {}", text.len());
            return Err(Error::invalid("answer", message));
        }
        let sealed = self.store.key().seal(&purpose(principal, key), &text)?;
        let mut write = self.store.write().await?;
        sqlx::query(
            "UPDATE idempotency_keys SET key_id = $1, sealed_answer = $2
             WHERE principal = $3 AND key = $4 AND sealed_answer IS NULL",
        )
        .bind(sealed.key_id)
        .bind(sealed.bytes)
        .bind(principal)
        .bind(key)
        .execute(write.connection())
        .await?;
        write.commit().await
    }

    /// Gives the key back, because nothing was done: the request may be sent again.
    pub async fn abandon(&self, principal: &str, key: &str) -> Result<()> {
        let mut write = self.store.write().await?;
        sqlx::query(
            "DELETE FROM idempotency_keys WHERE principal = $1 AND key = $2 AND sealed_answer IS NULL",
        )
        .bind(principal)
        .bind(key)
        .execute(write.connection())
        .await?;
        write.commit().await
    }
}

fn purpose<'a>(principal: &'a str, key: &'a str) -> [&'a str; 3] {
    ["idempotency", principal, key]
}
