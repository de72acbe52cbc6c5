//! Errors, sorted by what the caller can do about them.

use model::{Diagnostic, Span};

/// Why a job could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The user's text or options are wrong: show it, do not retry.
    #[error("{0}")]
    Invalid(Box<Diagnostic>),
    /// The user's options are wrong; whoever knows their place in the text adds it.
    #[error("{0}")]
    Option(#[from] OptionError),
    /// The outside world failed: a retry may help.
    #[error("{what}: {cause}")]
    Io {
        what: String,
        #[source]
        cause: std::io::Error,
    },
    /// A row is wrong: a retry meets it again.
    #[error("{message} ({place})")]
    Data { message: String, place: String },
    /// An expression failed on a row: division by zero, a failed cast. Whoever knows the call adds it.
    #[error("{message}")]
    Evaluation { message: String, call: Option<CallSite> },
    /// A fault of ours.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    pub fn io(what: impl Into<String>, cause: std::io::Error) -> Self {
        Error::Io {
            what: what.into(),
            cause,
        }
    }

    pub fn evaluation(message: impl Into<String>) -> Self {
        Error::Evaluation {
            message: message.into(),
            call: None,
        }
    }

    /// An evaluation failed in this call, or in one inside of it that is known already.
    pub fn in_call(mut self, function: &str, span: Span) -> Self {
        if let Error::Evaluation { call, .. } = &mut self {
            call.get_or_insert_with(|| CallSite {
                function: function.to_string(),
                span,
            });
        }
        self
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Error::Internal(message.into())
    }
}

/// A call in the user's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSite {
    pub function: String,
    pub span: Span,
}

/// A fault in the `WITH` options of a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OptionError {
    /// The option at fault; `None` if one is missing or the fault lies in their combination.
    pub key: Option<String>,
    pub message: String,
    pub hint: Option<String>,
}

impl OptionError {
    pub fn new(key: &str, message: impl Into<String>) -> Self {
        OptionError {
            key: Some(key.to_string()),
            message: message.into(),
            hint: None,
        }
    }

    pub fn missing(key: &str) -> Self {
        OptionError {
            key: None,
            message: format!("option '{key}' is missing"),
            hint: Some(format!("add '{key}' = '...' to the WITH clause")),
        }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
