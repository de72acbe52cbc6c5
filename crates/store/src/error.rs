//! What can go wrong, sorted by what the caller can do about it.

use std::path::PathBuf;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing of that name, at least not in this workspace.
    #[error("{noun} '{name}' not found")]
    NotFound { noun: &'static str, name: String },

    /// What is there stands against it. The message goes on after the name: `already exists`.
    #[error("{noun} '{name}' {message}")]
    Conflict {
        noun: &'static str,
        name: String,
        message: String,
    },

    /// It was changed in between: read it again, and decide anew.
    #[error("{noun} '{name}' has changed since it was read")]
    Stale { noun: &'static str, name: String },

    /// The input is wrong. The message goes on after what is wrong: `must be …, got …`.
    #[error("{what} {message}")]
    Invalid { what: &'static str, message: String },

    /// What is stored was sealed with another key, or was tampered with.
    #[error("'{name}' cannot be opened: {message}")]
    Unsealable { name: String, message: String },

    /// Another process holds the database.
    #[error("'{}' is in use by another process", path.display())]
    InUse { path: PathBuf },

    #[error("{what}: {cause}")]
    Io {
        what: String,
        #[source]
        cause: std::io::Error,
    },

    /// The database itself failed: nothing that the caller could change.
    #[error("the metadata database failed: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(crate) fn not_found(noun: &'static str, name: impl ToString) -> Error {
        Error::NotFound {
            noun,
            name: name.to_string(),
        }
    }

    pub(crate) fn conflict(noun: &'static str, name: impl ToString, message: impl Into<String>) -> Error {
        Error::Conflict {
            noun,
            name: name.to_string(),
            message: message.into(),
        }
    }

    pub(crate) fn stale(noun: &'static str, name: impl ToString) -> Error {
        Error::Stale {
            noun,
            name: name.to_string(),
        }
    }

    pub(crate) fn invalid(what: &'static str, message: impl Into<String>) -> Error {
        Error::Invalid {
            what,
            message: message.into(),
        }
    }

    pub(crate) fn io(what: impl Into<String>, cause: std::io::Error) -> Error {
        Error::Io {
            what: what.into(),
            cause,
        }
    }

    pub(crate) fn database(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Database(cause.into())
    }

    /// `already exists` instead of the database's own words about a unique key.
    pub(crate) fn or_exists(cause: sqlx::Error, noun: &'static str, name: &str) -> Error {
        match cause.as_database_error() {
            Some(error) if error.is_unique_violation() => Error::conflict(noun, name, "already exists"),
            _ => Error::from(cause),
        }
    }

    /// Turns a broken reference into the error that the reference stands for.
    pub(crate) fn or_refers(cause: sqlx::Error, otherwise: impl FnOnce() -> Error) -> Error {
        match cause.as_database_error() {
            Some(error) if error.is_foreign_key_violation() => otherwise(),
            _ => Error::from(cause),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(cause: sqlx::Error) -> Error {
        Error::database(cause)
    }
}
