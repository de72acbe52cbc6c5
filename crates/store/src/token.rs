//! Tokens: keys for programs, each of a user, with a role at most and until a time.
//!
//! The text is shown once and kept as its hash. That a token's role does not exceed its user's is for callers to
//! decide, when it is made and at every use: the user's role may have shrunk.

use model::{TokenId, UserId};
use secrecy::SecretString;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::seal::{digest, hex, random_text};
use crate::{Error, Page, PageRequest, Result, Role, Store, User, check, row};

const NOUN: &str = "token";
const PREFIX: &str = "oct_";
/// The last use is written down at most this often.
const LAST_USED_STEP_MS: i64 = 60_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    /// Who made it, and for whom it stands.
    pub user: UserId,
    /// `None`: every workspace of the user.
    pub workspace: Option<String>,
    /// At most this role.
    pub role: Role,
    /// `None`: never.
    pub expires_at: Option<i64>,
    pub created_at: i64,
    /// To the minute.
    pub last_used_at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    pub name: String,
    pub user: UserId,
    pub workspace: Option<String>,
    pub role: Role,
    pub expires_at: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a> {
    pub(crate) store: &'a Store,
}

impl Tokens<'_> {
    /// The token, and its text, which is shown this once.
    pub async fn create(&self, new: NewToken, by: &str) -> Result<(Token, SecretString)> {
        check::title("token name", &new.name)?;
        let text = format!("{PREFIX}{}", random_text()?);
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        if new.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(Error::invalid("expiry", "must lie in the future"));
        }
        let id: TokenId = self.store.new_id(now);
        let token = sqlx::query_as(
            "INSERT INTO tokens (id, token_hash, name, user_id, workspace, role, expires_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *",
        )
        .bind(id.to_string())
        .bind(token_hash(&text))
        .bind(&new.name)
        .bind(new.user.to_string())
        .bind(&new.workspace)
        .bind(new.role.name())
        .bind(new.expires_at)
        .bind(now)
        .fetch_one(write.connection())
        .await
        .map_err(|cause| {
            Error::or_refers(cause, || {
                Error::not_found("user or workspace of token", &new.name)
            })
        })?;
        let detail = json!({ "name": new.name, "user": new.user, "role": new.role });
        write
            .audit(by, new.workspace.as_deref(), "token.create", id, detail)
            .await?;
        write.commit().await?;
        Ok((token, SecretString::from(text)))
    }

    /// The token of this text and its user, unless it is unknown, deleted or expired. Counts as a use.
    pub async fn find(&self, text: &str) -> Result<Option<(Token, User)>> {
        if !text.starts_with(PREFIX) {
            return Ok(None);
        }
        let now = self.store.now_ms();
        let token: Option<Token> = sqlx::query_as(
            "SELECT * FROM tokens WHERE token_hash = $1 AND (expires_at IS NULL OR expires_at > $2)",
        )
        .bind(token_hash(text))
        .bind(now)
        .fetch_optional(self.store.readers())
        .await?;
        let Some(token) = token else {
            return Ok(None);
        };
        let user: Option<User> = sqlx::query_as("SELECT * FROM users WHERE id = $1")
            .bind(token.user.to_string())
            .fetch_optional(self.store.readers())
            .await?;
        let Some(user) = user else {
            return Ok(None);
        };
        if token
            .last_used_at
            .is_none_or(|last| now - last >= LAST_USED_STEP_MS)
        {
            let mut write = self.store.write().await?;
            sqlx::query("UPDATE tokens SET last_used_at = $1 WHERE id = $2")
                .bind(now)
                .bind(token.id.to_string())
                .execute(write.connection())
                .await?;
            write.commit().await?;
        }
        Ok(Some((token, user)))
    }

    pub async fn get(&self, id: TokenId) -> Result<Token> {
        sqlx::query_as("SELECT * FROM tokens WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.store.readers())
            .await?
            .ok_or_else(|| Error::not_found(NOUN, id))
    }

    /// Newest first; of one user, or all.
    pub async fn list(&self, user: Option<UserId>, request: &PageRequest) -> Result<Page<Token>> {
        let range = request.range("tokens")?;
        let user = user.map(|user| user.to_string());
        let tokens: Vec<Token> = sqlx::query_as(
            r"SELECT * FROM tokens WHERE ($1 IS NULL OR user_id = $1) AND id < $2
              AND lower(name) LIKE lower($3) ESCAPE '\' ORDER BY id DESC LIMIT $4",
        )
        .bind(user)
        .bind(range.descending())
        .bind(&range.pattern)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(tokens, |token| token.id.to_string()))
    }

    pub async fn delete(&self, id: TokenId, by: &str) -> Result<()> {
        let mut write = self.store.write().await?;
        let deleted: Option<Token> = sqlx::query_as("DELETE FROM tokens WHERE id = $1 RETURNING *")
            .bind(id.to_string())
            .fetch_optional(write.connection())
            .await?;
        let deleted = deleted.ok_or_else(|| Error::not_found(NOUN, id))?;
        let detail = json!({ "name": deleted.name, "user": deleted.user });
        write
            .audit(by, deleted.workspace.as_deref(), "token.delete", id, detail)
            .await?;
        write.commit().await
    }
}

fn token_hash(text: &str) -> String {
    hex(&digest("token", &[text.as_bytes()]))
}

impl FromRow<'_, SqliteRow> for Token {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Token {
            id: row::parsed(row, "id")?,
            name: row.try_get("name")?,
            user: row::parsed(row, "user_id")?,
            workspace: row.try_get("workspace")?,
            role: row::parsed(row, "role")?,
            expires_at: row.try_get("expires_at")?,
            created_at: row.try_get("created_at")?,
            last_used_at: row.try_get("last_used_at")?,
        })
    }
}
