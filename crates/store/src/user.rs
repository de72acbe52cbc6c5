//! Users: people who sign in.

use model::UserId;
use secrecy::SecretString;
use serde_json::json;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Row};

use crate::{Error, Page, PageRequest, Result, Store, check, row, session};

const NOUN: &str = "user";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub name: String,
    /// Owner of every workspace, and manages users.
    pub is_admin: bool,
    pub created_at: i64,
}

#[derive(Debug, Clone)]
pub struct NewUser {
    /// `[a-z0-9][a-z0-9._@-]{0,62}`, one of its kind.
    pub name: String,
    /// At least eight characters; a user without one cannot sign in by password.
    pub password: Option<SecretString>,
    pub is_admin: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Users<'a> {
    pub(crate) store: &'a Store,
}

impl Users<'_> {
    pub async fn create(&self, new: NewUser, by: &str) -> Result<User> {
        check::user_name(&new.name)?;
        let hash = match &new.password {
            Some(password) => Some(self.store.passwords().hash(password).await?),
            None => None,
        };
        let mut write = self.store.write().await?;
        let now = write.now_ms;
        let id: UserId = self.store.new_id(now);
        let user = sqlx::query_as(
            "INSERT INTO users (id, name, password_hash, is_admin, created_at) VALUES ($1, $2, $3, $4, $5)
             RETURNING *",
        )
        .bind(id.to_string())
        .bind(&new.name)
        .bind(hash)
        .bind(new.is_admin)
        .bind(now)
        .fetch_one(write.connection())
        .await
        .map_err(|cause| Error::or_exists(cause, NOUN, &new.name))?;
        let detail = json!({ "name": new.name, "is_admin": new.is_admin });
        write.audit(by, None, "user.create", id, detail).await?;
        write.commit().await?;
        Ok(user)
    }

    /// The user of this name and password. It takes as long if there is no such user.
    pub async fn verify(&self, name: &str, password: &SecretString) -> Result<Option<User>> {
        let row = sqlx::query("SELECT * FROM users WHERE name = $1")
            .bind(name)
            .fetch_optional(self.store.readers())
            .await?;
        let mut hash: Option<String> = None;
        let mut user = None;
        if let Some(row) = &row {
            hash = row.try_get("password_hash")?;
            user = Some(User::from_row(row)?);
        }
        let is_right = self.store.passwords().verify(password, hash).await?;
        Ok(user.filter(|_| is_right))
    }

    /// Gives another password, and ends all sessions that were begun with the old one.
    pub async fn set_password(&self, id: UserId, password: &SecretString, by: &str) -> Result<()> {
        self.change_password(id, password, None, by).await
    }

    /// As [`Users::set_password`], but this session goes on.
    pub async fn change_password(
        &self,
        id: UserId,
        password: &SecretString,
        session: Option<&str>,
        by: &str,
    ) -> Result<()> {
        let hash = self.store.passwords().hash(password).await?;
        let mut write = self.store.write().await?;
        let updated = sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2")
            .bind(hash)
            .bind(id.to_string())
            .execute(write.connection())
            .await?;
        if updated.rows_affected() == 0 {
            return Err(Error::not_found(NOUN, id));
        }
        sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id_hash <> $2")
            .bind(id.to_string())
            .bind(session.map(session::id_hash).unwrap_or_default())
            .execute(write.connection())
            .await?;
        write.audit(by, None, "user.set_password", id, json!({})).await?;
        write.commit().await
    }

    pub async fn get(&self, id: UserId) -> Result<User> {
        sqlx::query_as("SELECT * FROM users WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.store.readers())
            .await?
            .ok_or_else(|| Error::not_found(NOUN, id))
    }

    pub async fn by_name(&self, name: &str) -> Result<Option<User>> {
        let user = sqlx::query_as("SELECT * FROM users WHERE name = $1")
            .bind(name)
            .fetch_optional(self.store.readers())
            .await?;
        Ok(user)
    }

    /// By name.
    pub async fn list(&self, request: &PageRequest) -> Result<Page<User>> {
        let range = request.range("users")?;
        let users: Vec<User> = sqlx::query_as(
            r"SELECT * FROM users WHERE name > $1 AND lower(name) LIKE lower($2) ESCAPE '\'
              ORDER BY name LIMIT $3",
        )
        .bind(range.ascending())
        .bind(&range.pattern)
        .bind(range.rows())
        .fetch_all(self.store.readers())
        .await?;
        Ok(range.page(users, |user| user.name.clone()))
    }

    /// How many there are; none before the first start is over.
    pub async fn count(&self) -> Result<u64> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM users")
            .fetch_one(self.store.readers())
            .await?;
        Ok(count.unsigned_abs())
    }

    /// Removes the user with sessions, tokens and memberships. An administrator who can sign in always remains.
    pub async fn delete(&self, id: UserId, by: &str) -> Result<()> {
        let mut write = self.store.write().await?;
        let user: Option<User> = sqlx::query_as("SELECT * FROM users WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(write.connection())
            .await?;
        let user = user.ok_or_else(|| Error::not_found(NOUN, id))?;
        if user.is_admin && count_other_admins(write.connection(), id).await? == 0 {
            return Err(Error::conflict(NOUN, user.name, "is the last administrator"));
        }
        sqlx::query("DELETE FROM users WHERE id = $1")
            .bind(id.to_string())
            .execute(write.connection())
            .await?;
        let detail = json!({ "name": user.name });
        write.audit(by, None, "user.delete", id, detail).await?;
        write.commit().await
    }
}

/// Whoever has no password could let nobody in.
async fn count_other_admins(connection: &mut SqliteConnection, id: UserId) -> Result<i64> {
    let count = sqlx::query_scalar(
        "SELECT COUNT(*) FROM users WHERE is_admin = $1 AND password_hash IS NOT NULL AND id <> $2",
    )
    .bind(true)
    .bind(id.to_string())
    .fetch_one(connection)
    .await?;
    Ok(count)
}

impl FromRow<'_, SqliteRow> for User {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(User {
            id: row::parsed(row, "id")?,
            name: row.try_get("name")?,
            is_admin: row.try_get("is_admin")?,
            created_at: row.try_get("created_at")?,
        })
    }
}
