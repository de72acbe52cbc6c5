//! Idempotency keys: a request that is sent twice is done once, and answered twice in the same words.
//!
//! A key belongs to a principal. Whoever claims it first does the work and leaves the answer, which is sealed,
//! because it may show a token. What the work changes is noted with the key in the same transaction: whoever takes
//! over a claim that was given up, by its maker or because its process died, learns whether it was done. No claim is
//! taken from a maker that still works, however long that takes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use crate::seal::Sealed;
use crate::{Error, Result, Store, row};

const NOUN: &str = "idempotency key";
const KEY_CHARACTERS_MAX: usize = 200;
/// A version, which is the longest answer, with its text, settings and catalog escaped.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// How long an answer is kept.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// When a claim was made that was given up.
const GIVEN_UP_MS: i64 = 0;

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
    /// It was done, and whoever did it died before it left an answer.
    Done(Done),
    /// Somebody is at it: come back later.
    InFlight,
}

/// What a request has done, as the audit tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub action: String,
    pub workspace: Option<String>,
    pub subject: String,
    pub detail: Value,
}

tokio::task_local! {
    /// The principal and the key for which this task works.
    static CLAIMED: (String, String);
}

#[derive(Debug, Clone, Copy)]
pub struct Idempotency<'a> {
    pub(crate) store: &'a Store,
}

impl Idempotency<'_> {
    /// Does the work of a key that was claimed. What it changes, in this task, is noted with the key.
    pub async fn work<F: Future>(&self, principal: &str, key: &str, work: F) -> F::Output {
        CLAIMED
            .scope((principal.to_string(), key.to_string()), work)
            .await
    }

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
             AND ((expires_at <= $3 AND (sealed_answer IS NOT NULL OR created_at = $4))
                  OR (sealed_answer IS NULL AND done IS NULL AND created_at = $4))",
        )
        .bind(principal)
        .bind(key)
        .bind(now)
        .bind(GIVEN_UP_MS)
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
            "SELECT request_hash, key_id, sealed_answer, done, created_at FROM idempotency_keys
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
            let is_given_up = row.try_get::<i64, _>("created_at")? == GIVEN_UP_MS;
            return Ok(match row::optional_json(&row, "done")? {
                Some(done) if is_given_up => Claim::Done(done),
                _ => Claim::InFlight,
            });
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

    /// Gives the key back: the request may be sent again. If it failed behind what it was to do, that stays noted.
    pub async fn abandon(&self, principal: &str, key: &str) -> Result<()> {
        let mut write = self.store.write().await?;
        sqlx::query(
            "UPDATE idempotency_keys SET created_at = $3
             WHERE principal = $1 AND key = $2 AND sealed_answer IS NULL",
        )
        .bind(principal)
        .bind(key)
        .bind(GIVEN_UP_MS)
        .execute(write.connection())
        .await?;
        write.commit().await
    }
}

/// Gives up all claims without an answer: those who made them are gone, since one process at a time has the database.
pub(crate) async fn give_up_all(store: &Store) -> Result<()> {
    let mut write = store.write().await?;
    sqlx::query("UPDATE idempotency_keys SET created_at = $1 WHERE sealed_answer IS NULL")
        .bind(GIVEN_UP_MS)
        .execute(write.connection())
        .await?;
    write.commit().await
}

/// Removes what has expired, but no claim whose maker still works, and says how many there were.
pub(crate) async fn remove_expired(connection: &mut SqliteConnection, now_ms: i64) -> Result<u64> {
    let removed = sqlx::query(
        "DELETE FROM idempotency_keys
         WHERE expires_at <= $1 AND (sealed_answer IS NOT NULL OR created_at = $2)",
    )
    .bind(now_ms)
    .bind(GIVEN_UP_MS)
    .execute(connection)
    .await?;
    Ok(removed.rows_affected())
}

/// Notes what is done in this transaction with the key for which this task works, if there is one.
pub(crate) async fn note(connection: &mut SqliteConnection, done: impl FnOnce() -> Done) -> Result<()> {
    let Ok((principal, key)) = CLAIMED.try_with(Clone::clone) else {
        return Ok(());
    };
    let done = serde_json::to_string(&done()).map_err(Error::database)?;
    sqlx::query(
        "UPDATE idempotency_keys SET done = $1
         WHERE principal = $2 AND key = $3 AND done IS NULL AND sealed_answer IS NULL",
    )
    .bind(done)
    .bind(principal)
    .bind(key)
    .execute(connection)
    .await?;
    Ok(())
}

fn purpose<'a>(principal: &'a str, key: &'a str) -> [&'a str; 3] {
    ["idempotency", principal, key]
}
