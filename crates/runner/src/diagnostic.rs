//! A diagnostic as it travels: with its place counted out, so that the reader needs no text.

use model::LineColumn;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Error,
    Warning,
    Info,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Parse,
    Validation,
    Runtime,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    pub severity: Severity,
    pub kind: Kind,
    pub message: String,
    pub hint: Option<String>,
    pub span: Option<Place>,
}

/// A place in a text. Lines and columns count from one, columns in characters; `start` and `end` are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    pub start: u32,
    pub end: u32,
}

impl Place {
    pub fn of(span: model::Span, text: &str) -> Place {
        let first = LineColumn::of(text, span.start as usize);
        let last = LineColumn::of(text, span.end as usize);
        Place {
            line: first.line as u32,
            column: first.column as u32,
            end_line: last.line as u32,
            end_column: last.column as u32,
            start: span.start,
            end: span.end,
        }
    }
}

impl Diagnostic {
    /// A diagnostic of the planner about `text`.
    pub fn of(diagnostic: &model::Diagnostic, text: &str) -> Diagnostic {
        Diagnostic {
            severity: match diagnostic.severity {
                model::Severity::Error => Severity::Error,
                model::Severity::Warning => Severity::Warning,
                model::Severity::Info => Severity::Info,
            },
            kind: match diagnostic.kind {
                model::ErrorKind::Parse => Kind::Parse,
                model::ErrorKind::Validation => Kind::Validation,
                model::ErrorKind::Runtime => Kind::Runtime,
            },
            message: diagnostic.message.clone(),
            hint: diagnostic.hint.clone(),
            span: diagnostic.span.map(|span| Place::of(span, text)),
        }
    }

    /// An error without a place.
    pub fn error(kind: Kind, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            kind,
            message: message.into(),
            hint: None,
            span: None,
        }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hint = Some(hint.into());
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let text = "SELECT\n\té, pric FROM bid";
        let start = text.find("pric").unwrap();
        let wrong =
            model::Diagnostic::validation(model::Span::new(start, start + 4), "column 'pric' not found");
        let place = Diagnostic::of(&wrong, text).span.unwrap();
        assert_eq!(
            (place.line, place.column, place.end_line, place.end_column),
            (2, 5, 2, 9)
        );
        assert_eq!(&text[place.start as usize..place.end as usize], "pric");
    }
}
