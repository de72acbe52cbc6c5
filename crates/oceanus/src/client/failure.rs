//! Why a command did not do what it was asked for, with an exit code for each thing that a caller can do about it.

use std::collections::BTreeMap;

use model::{Diagnostic, ErrorKind, Severity, Span};
use serde::Deserialize;
use serde_json::{Value, json};

use super::show::Format;

pub type Result<T> = std::result::Result<T, Failure>;

/// The job, or the server, failed: look at what it says.
pub const EXIT_FAILED: u8 = 1;
/// What was asked for is wrong, or names what is not there: change it.
pub const EXIT_WRONG_INPUT: u8 = 2;
/// The server does not answer now: try again.
pub const EXIT_UNAVAILABLE: u8 = 3;
/// Not signed in, or not allowed.
pub const EXIT_FORBIDDEN: u8 = 4;
/// Something stands against it, or somebody else has changed it: look, and decide anew.
pub const EXIT_CONFLICT: u8 = 5;

#[derive(Debug)]
pub enum Failure {
    /// The server refused.
    Refused(Box<Refused>),
    /// No answer, or none that can be read.
    Unavailable { message: String, hint: Option<String> },
    /// It cannot be done from here as it was asked for.
    Wrong { message: String, hint: Option<String> },
    /// Something stands against it here, without a server's word.
    Conflict { message: String, hint: Option<String> },
    /// What was started did not go well, which has been told.
    Told { code: u8 },
    /// This machine is at fault.
    Local(String),
    /// Whoever read the output has left.
    ReaderLeft,
}

#[derive(Debug)]
pub struct Refused {
    problem: Problem,
    /// What its diagnostics are about.
    texts: Texts,
}

/// Texts that diagnostics may be about, each with its name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Texts {
    /// Of diagnostics that name no file.
    one: Option<(String, String)>,
    files: BTreeMap<String, String>,
}

/// A problem document (RFC 9457) of the server.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Problem {
    pub title: String,
    pub status: u16,
    pub detail: Option<String>,
    pub hint: Option<String>,
    #[serde(default)]
    pub diagnostics: Vec<Found>,
    /// All of it, for programs.
    #[serde(skip)]
    pub document: Value,
}

/// Something that is wrong with a text, as the server tells it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Found {
    pub severity: String,
    pub kind: Option<String>,
    pub message: String,
    pub hint: Option<String>,
    pub span: Option<Place>,
    /// Of several files the one that it is about.
    pub file: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Place {
    pub line: u32,
    pub column: u32,
    pub start: u32,
    pub end: u32,
}

impl Failure {
    pub fn refused(problem: Problem) -> Failure {
        let texts = Texts::default();
        Failure::Refused(Box::new(Refused { problem, texts }))
    }

    pub fn wrong(message: impl Into<String>) -> Failure {
        Failure::Wrong {
            message: message.into(),
            hint: None,
        }
    }

    pub fn wrong_with_hint(message: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::Wrong {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    pub fn local(what: impl std::fmt::Display, cause: impl std::fmt::Display) -> Failure {
        Failure::Local(format!("{what}: {cause}"))
    }

    /// Says which text the server's diagnostics are about.
    pub fn about(self, texts: impl FnOnce() -> Texts) -> Failure {
        match self {
            Failure::Refused(mut refused) => {
                refused.texts = texts();
                Failure::Refused(refused)
            }
            other => other,
        }
    }

    /// What to do about a refusal of this status from here.
    pub fn hint_at_status(mut self, status: u16, hint: &str) -> Failure {
        if let Failure::Refused(refused) = &mut self
            && refused.problem.status == status
        {
            refused.problem.hint = Some(hint.to_string());
        }
        self
    }

    /// The same for a kind of problem, such as `state-not-kept`.
    pub fn hint_at_kind(mut self, kind: &str, hint: &str) -> Failure {
        if let Failure::Refused(refused) = &mut self
            && refused.problem.document["type"] == json!(format!("urn:oceanus:problem:{kind}"))
        {
            refused.problem.hint = Some(hint.to_string());
        }
        self
    }

    pub fn is_status(&self, wanted: u16) -> bool {
        matches!(self, Failure::Refused(refused) if refused.problem.status == wanted)
    }

    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Refused(refused) => match refused.problem.status {
                401 | 403 => EXIT_FORBIDDEN,
                409 | 412 | 428 => EXIT_CONFLICT,
                408 | 429 | 502..=504 => EXIT_UNAVAILABLE,
                400..=499 => EXIT_WRONG_INPUT,
                _ => EXIT_FAILED,
            },
            Failure::Unavailable { .. } => EXIT_UNAVAILABLE,
            Failure::Wrong { .. } => EXIT_WRONG_INPUT,
            Failure::Conflict { .. } => EXIT_CONFLICT,
            Failure::Told { code } => *code,
            Failure::Local(_) => EXIT_FAILED,
            Failure::ReaderLeft => 0,
        }
    }

    /// For standard error: text for people, one JSON object for programs.
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Table => self.text(),
            Format::Json => match self.document() {
                Some(document) => format!("{document}\n"),
                None => String::new(),
            },
        }
    }

    fn text(&self) -> String {
        let (message, hint) = match self {
            Failure::Refused(refused) => return refused.problem.text(&refused.texts),
            Failure::Unavailable { message, hint }
            | Failure::Wrong { message, hint }
            | Failure::Conflict { message, hint } => (message, hint),
            Failure::Local(message) => (message, &None),
            Failure::Told { .. } | Failure::ReaderLeft => return String::new(),
        };
        message_with_hint("error", message, hint.as_deref())
    }

    fn document(&self) -> Option<Value> {
        match self {
            Failure::Refused(refused) => Some(refused.problem.document.clone()),
            Failure::Unavailable { message, hint }
            | Failure::Wrong { message, hint }
            | Failure::Conflict { message, hint } => Some(json!({ "title": message, "hint": hint })),
            Failure::Local(message) => Some(json!({ "title": message })),
            Failure::Told { .. } | Failure::ReaderLeft => None,
        }
    }
}

impl Problem {
    /// The problem that an answer describes; one that describes none is told by its status.
    pub fn of_answer(status: u16, body: &str) -> Problem {
        let document: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let read: std::result::Result<Problem, _> = serde_json::from_value(document.clone());
        match read {
            Ok(problem) => Problem { document, ..problem },
            Err(_) => Problem {
                title: format!("the server answered with status {status}"),
                status,
                detail: None,
                hint: Some("is this the address of an Oceanus server?".to_string()),
                diagnostics: Vec::new(),
                document: json!({ "title": format!("status {status}"), "status": status }),
            },
        }
    }

    fn text(&self, texts: &Texts) -> String {
        let message = match &self.detail {
            Some(detail) => format!("{}: {detail}", self.title),
            None => self.title.clone(),
        };
        let mut text = String::new();
        for found in &self.diagnostics {
            text.push_str(&found.render(texts));
        }
        text.push_str(&message_with_hint("error", &message, self.hint.as_deref()));
        text
    }
}

impl Texts {
    pub fn one(name: &str, text: &str) -> Texts {
        Texts {
            one: Some((name.to_string(), text.to_string())),
            files: BTreeMap::new(),
        }
    }

    /// Texts by path.
    pub fn files(files: BTreeMap<String, String>) -> Texts {
        Texts { one: None, files }
    }

    /// What messages call the text, and the text if it is at hand.
    fn of<'a>(&'a self, file: Option<&'a str>) -> (&'a str, Option<&'a str>) {
        match (file, &self.one) {
            (Some(file), _) => (file, self.files.get(file).map(String::as_str)),
            (None, Some((name, text))) => (name, Some(text)),
            (None, None) => ("server", None),
        }
    }
}

impl Found {
    pub fn is_error(&self) -> bool {
        self.severity == "error"
    }

    /// With the place underlined where the text is at hand, as `oceanus run` does.
    pub fn render(&self, texts: &Texts) -> String {
        let mut diagnostic = Diagnostic {
            severity: match self.severity.as_str() {
                "warning" => Severity::Warning,
                "info" => Severity::Info,
                _ => Severity::Error,
            },
            kind: match self.kind.as_deref() {
                Some("parse") => ErrorKind::Parse,
                Some("runtime") => ErrorKind::Runtime,
                _ => ErrorKind::Validation,
            },
            message: self.message.clone(),
            span: None,
            hint: self.hint.clone(),
        };
        let (name, text) = texts.of(self.file.as_deref());
        let Some(place) = self.span else {
            return diagnostic.render(name, "");
        };
        let (start, end) = (place.start as usize, place.end as usize);
        match text {
            // A text that has changed since is not underlined in the wrong place.
            Some(text) if text.is_char_boundary(start) && text.is_char_boundary(end) && start <= end => {
                diagnostic = diagnostic.at(Span::new(start, end));
                diagnostic.render(name, text)
            }
            _ => diagnostic.render(&format!("{name}:{}:{}", place.line, place.column), ""),
        }
    }
}

/// `error: message`, and what to do about it on a line of its own.
pub fn message_with_hint(severity: &str, message: &str, hint: Option<&str>) -> String {
    let mut text = format!("{severity}: {message}\n");
    if let Some(hint) = hint {
        text.push_str(&format!("  = help: {hint}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> Failure {
        Failure::refused(Problem::of_answer(status, body))
    }

    #[test]
    fn each_kind_of_refusal_has_its_exit_code() {
        for (status, code) in [
            (400, 2),
            (401, 4),
            (403, 4),
            (404, 2),
            (409, 5),
            (412, 5),
            (422, 2),
            (429, 3),
            (500, 1),
            (503, 3),
        ] {
            assert_eq!(refused(status, "").exit_code(), code, "{status}");
        }
    }

    #[test]
    fn a_problem_shows_its_diagnostics_at_their_place() {
        let body = r#"{"title":"the request is not valid","status":422,"detail":"the draft has errors","hint":"mend it",
            "diagnostics":[{"severity":"error","kind":"validation","message":"column 'pric' not found",
              "hint":"did you mean 'price'?",
              "span":{"line":1,"column":8,"end_line":1,"end_column":12,"start":7,"end":11}}]}"#;
        let failure = refused(422, body).about(|| Texts::one("job.sql", "SELECT pric FROM bid"));
        assert_eq!(
            failure.render(Format::Table),
            "job.sql:1:8: error: column 'pric' not found\n  |\n1 | SELECT pric FROM bid\n  |        ^^^^\n  = help: did you mean 'price'?\n\
             error: the request is not valid: the draft has errors\n  = help: mend it\n"
        );
        let json: Value = serde_json::from_str(&failure.render(Format::Json)).unwrap();
        assert_eq!(json["diagnostics"][0]["hint"], "did you mean 'price'?");
        // Without its text the place is told in numbers.
        let failure = refused(422, body);
        assert!(
            failure
                .render(Format::Table)
                .starts_with("server:1:8: error: column 'pric' not found\n")
        );
        let failure = refused(422, body).about(|| Texts::one("job.sql", "short"));
        assert!(
            failure
                .render(Format::Table)
                .starts_with("job.sql:1:8: error: column 'pric' not found\n")
        );
    }

    #[test]
    fn what_is_no_problem_document_is_told_by_its_status() {
        let text = refused(502, "<html>Bad gateway</html>").render(Format::Table);
        assert_eq!(
            text,
            "error: the server answered with status 502\n  = help: is this the address of an Oceanus server?\n"
        );
    }
}
