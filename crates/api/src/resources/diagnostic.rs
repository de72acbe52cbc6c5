//! What is wrong with a text, and where.

use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Diagnostic {
    pub severity: Severity,
    /// Which step refused it.
    pub kind: DiagnosticKind,
    pub message: String,
    /// What to do about it.
    #[schema(required)]
    pub hint: Option<String>,
    /// Null if the fault has no place in the text.
    #[schema(required)]
    pub span: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Error,
    Warning,
    Info,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiagnosticKind {
    Parse,
    Validation,
    Runtime,
}

/// A place in a text. Lines and columns count from one, columns in characters; `start` and `end` are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Span {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    pub start: u32,
    pub end: u32,
}

impl From<runner::Diagnostic> for Diagnostic {
    fn from(diagnostic: runner::Diagnostic) -> Diagnostic {
        Diagnostic {
            severity: match diagnostic.severity {
                runner::Severity::Error => Severity::Error,
                runner::Severity::Warning => Severity::Warning,
                runner::Severity::Info => Severity::Info,
            },
            kind: match diagnostic.kind {
                runner::Kind::Parse => DiagnosticKind::Parse,
                runner::Kind::Validation => DiagnosticKind::Validation,
                runner::Kind::Runtime => DiagnosticKind::Runtime,
            },
            message: diagnostic.message,
            hint: diagnostic.hint,
            span: diagnostic.span.map(Span::from),
        }
    }
}

impl From<runner::Place> for Span {
    fn from(place: runner::Place) -> Span {
        Span {
            line: place.line,
            column: place.column,
            end_line: place.end_line,
            end_column: place.end_column,
            start: place.start,
            end: place.end,
        }
    }
}
