//! Why something could not be done, sorted by what the caller can do about it.

use runner::RunnerError;

use crate::Forecast;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{noun} '{name}' not found")]
    NotFound { noun: &'static str, name: String },
    /// Something else is in the way: change that first.
    #[error("{0}")]
    Conflict(String),
    /// It has changed since it was read: read it again.
    #[error("{noun} '{name}' has changed since it was read")]
    Stale { noun: &'static str, name: String },
    /// The request is wrong: show it, do not retry.
    #[error("{message}")]
    Invalid {
        message: String,
        hint: Option<String>,
        diagnostics: Vec<runner::Diagnostic>,
    },
    /// State would be lost that nobody has said may be.
    #[error("{}", .0.headline())]
    StateNotKept(Box<Forecast>),
    /// A bound is reached: retry later.
    #[error("{0}")]
    Busy(String),
    /// What runs does not answer: retry later.
    #[error("{0}")]
    Unreachable(String),
    /// The machine or this program is at fault.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    pub fn not_found(noun: &'static str, name: &str) -> Error {
        Error::NotFound {
            noun,
            name: name.to_string(),
        }
    }

    pub fn invalid(message: impl Into<String>) -> Error {
        Error::Invalid {
            message: message.into(),
            hint: None,
            diagnostics: Vec::new(),
        }
    }

    pub fn with_hint(mut self, text: impl Into<String>) -> Error {
        if let Error::Invalid { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    /// A text of a person's that does not check.
    pub fn diagnosed(message: impl Into<String>, diagnostics: Vec<runner::Diagnostic>) -> Error {
        Error::Invalid {
            message: message.into(),
            hint: None,
            diagnostics,
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Error {
        match error {
            store::Error::NotFound { noun, name } => Error::NotFound { noun, name },
            error @ store::Error::Conflict { .. } => Error::Conflict(error.to_string()),
            store::Error::Stale { noun, name } => Error::Stale { noun, name },
            error @ store::Error::Invalid { .. } => Error::invalid(error.to_string()),
            other => Error::Internal(other.to_string()),
        }
    }
}

impl From<RunnerError> for Error {
    fn from(error: RunnerError) -> Error {
        match error {
            RunnerError::Invalid(diagnostic) => Error::Invalid {
                message: diagnostic.message.clone(),
                hint: diagnostic.hint.clone(),
                diagnostics: vec![diagnostic],
            },
            RunnerError::Busy(message) => Error::Busy(message),
            RunnerError::NotFound(message) => Error::NotFound {
                noun: "run",
                name: message,
            },
            RunnerError::Conflict(message) => Error::Conflict(message),
            RunnerError::Unreachable(message) => Error::Unreachable(message),
            error @ RunnerError::Io { .. } => Error::Internal(error.to_string()),
        }
    }
}
