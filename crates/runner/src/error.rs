//! Why a runner could not do what it was asked, sorted by what the caller can do about it.

use std::io;

use crate::Diagnostic;

#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The request is wrong: show it, do not retry.
    #[error("{}", .0.message)]
    Invalid(Diagnostic),
    /// A bound is reached: retry later.
    #[error("{0}")]
    Busy(String),
    /// Nothing is known of this run.
    #[error("{0}")]
    NotFound(String),
    /// Something else stands where this run should: a person must look.
    #[error("{0}")]
    Conflict(String),
    /// The run does not answer now; it may still be there. Retry, and start nothing in its place.
    #[error("{0}")]
    Unreachable(String),
    /// The machine failed: a retry may help.
    #[error("{what}: {cause}")]
    Io {
        what: String,
        #[source]
        cause: io::Error,
    },
}

impl RunnerError {
    pub fn io(what: impl Into<String>, cause: io::Error) -> RunnerError {
        RunnerError::Io {
            what: what.into(),
            cause,
        }
    }
}
