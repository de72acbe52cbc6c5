//! What is told to a person whose text or data is wrong.

use std::fmt;

use crate::{LineColumn, Span};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
    Info,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// Which step refused the text. Two engines agree on an error when its kind is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not a statement.
    Parse,
    /// The statement does not fit the catalog, the types or what can be planned.
    Validation,
    /// The job failed while it ran.
    Runtime,
}

impl ErrorKind {
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Parse => "parse",
            ErrorKind::Validation => "validation",
            ErrorKind::Runtime => "runtime",
        }
    }
}

/// A message with its place, and what to do about it.
///
/// The message is one sentence in lower case without a full stop; the hint is a sentence a person can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    pub kind: ErrorKind,
    pub message: String,
    /// Bytes in the text that was given; `None` if the fault has no place there.
    pub span: Option<Span>,
    pub hint: Option<String>,
}

impl Diagnostic {
    pub fn error(kind: ErrorKind, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            kind,
            message: message.into(),
            span: None,
            hint: None,
        }
    }

    pub fn parse(span: Span, message: impl Into<String>) -> Self {
        Diagnostic::error(ErrorKind::Parse, message).at(span)
    }

    pub fn validation(span: Span, message: impl Into<String>) -> Self {
        Diagnostic::error(ErrorKind::Validation, message).at(span)
    }

    pub fn runtime(message: impl Into<String>) -> Self {
        Diagnostic::error(ErrorKind::Runtime, message)
    }

    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Gives a place to a diagnostic that has none yet.
    pub fn or_at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        if hint.is_some() {
            self.hint = hint;
        }
        self
    }

    /// The whole message for a terminal:
    ///
    /// ```text
    /// job.sql:3:8: error: column 'pric' not found
    ///   |
    /// 3 | SELECT pric FROM bid
    ///   |        ^^^^
    ///   = help: did you mean 'price'?
    /// ```
    pub fn render(&self, file: &str, source: &str) -> String {
        let mut text = String::new();
        let Some(span) = self.span else {
            text.push_str(&format!("{file}: {}: {}\n", self.severity.name(), self.message));
            if let Some(hint) = &self.hint {
                text.push_str(&format!("  = help: {hint}\n"));
            }
            return text;
        };
        let place = LineColumn::of(source, span.start as usize);
        text.push_str(&format!(
            "{file}:{}:{}: {}: {}\n",
            place.line,
            place.column,
            self.severity.name(),
            self.message
        ));
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        let line = source.lines().nth(place.line - 1).unwrap_or("");
        // Tabs keep their width, so that the underline stands below what it marks.
        let lead: String = line
            .chars()
            .take(place.column - 1)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let room = line.chars().count().saturating_sub(place.column - 1);
        let width = span
            .text(source)
            .lines()
            .next()
            .map_or(0, |marked| marked.chars().count());
        let underline = "^".repeat(width.min(room).max(1));
        text.push_str(&format!(
            "{margin} |\n{number} | {line}\n{margin} | {lead}{underline}\n"
        ));
        if let Some(hint) = &self.hint {
            text.push_str(&format!("{margin} = help: {hint}\n"));
        }
        text
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_underlines_its_place() {
        let source = "SELECT\n\té, pric FROM bid";
        let start = source.find("pric").unwrap();
        let diagnostic = Diagnostic::validation(Span::new(start, start + 4), "column 'pric' not found")
            .hint("did you mean 'price'?");
        assert_eq!(
            diagnostic.render("job.sql", source),
            "job.sql:2:5: error: column 'pric' not found\n  |\n2 | \té, pric FROM bid\n  | \t   ^^^^\n  = help: did you mean 'price'?\n"
        );
    }

    #[test]
    fn a_place_at_the_end_of_the_text_is_still_a_place() {
        let rendered = Diagnostic::parse(Span::new(6, 6), "unexpected end").render("-", "SELECT");
        assert!(
            rendered.starts_with("-:1:7: error: unexpected end\n"),
            "{rendered}"
        );
    }
}
