//! Why a request was refused, as a problem document: RFC 9457, `application/problem+json`.
//!
//! The title is the kind of problem; the detail says what it is about here; the hint says what to do. Faults of the
//! platform itself are logged where they are turned into an answer, and the answer tells nothing of them.

use std::any::Any;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::resources::{Diagnostic, Verdict};

pub type Result<T> = std::result::Result<T, Problem>;

const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem: `urn:oceanus:problem:not-found`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The kind of problem in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    // Small, because problems are handed on everywhere.
    detail: Option<Box<str>>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// What is wrong with a text, each with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    diagnostics: Vec<Diagnostic>,
    /// What becomes of the state, if not all of it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    // Boxed, as above.
    verdict: Option<Box<Verdict>>,
    #[serde(skip)]
    #[schema(ignore)]
    // Boxed, as above.
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Problem {
        Problem {
            kind,
            title,
            status: status.as_u16(),
            detail: None,
            hint: None,
            diagnostics: Vec::new(),
            verdict: None,
            header: None,
        }
    }

    /// The request cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "urn:oceanus:problem:malformed",
            "the request cannot be read",
        )
        .detail(detail)
    }

    pub fn not_signed_in(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "urn:oceanus:problem:not-signed-in",
            "not signed in",
        )
        .detail(detail)
        // Browsers put up no window of their own for it.
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    pub fn forbidden(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::FORBIDDEN,
            "urn:oceanus:problem:forbidden",
            "this is not allowed",
        )
        .detail(detail)
    }

    pub fn not_found(noun: &str, name: &str) -> Problem {
        Problem::no_such(format!("{noun} '{}' not found", shown(name)))
    }

    pub fn no_such(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::NOT_FOUND,
            "urn:oceanus:problem:not-found",
            "there is no such thing",
        )
        .detail(detail)
    }

    pub fn wrong_method() -> Problem {
        Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "urn:oceanus:problem:method-not-allowed",
            "this cannot be done here",
        )
    }

    pub fn conflict(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::CONFLICT,
            "urn:oceanus:problem:conflict",
            "something stands against it",
        )
        .detail(detail)
    }

    /// A change would lose state, and does not say that it may.
    fn state_not_kept(forecast: jobs::Forecast) -> Problem {
        let is_impossible = forecast.verdict.worst() == runner::StateFate::Impossible;
        let hint = match is_impossible {
            true => "Begin anew (\"restore\": \"none\"), or deploy it under another name.",
            false => {
                "Allow it (\"allow_reset\": true), begin anew (\"restore\": \"none\"), or keep the version."
            }
        };
        let problem = Problem::new(
            StatusCode::CONFLICT,
            "urn:oceanus:problem:state-not-kept",
            "state would be lost",
        );
        Problem {
            verdict: Some(Box::new(Verdict::from(forecast.clone()))),
            ..problem.detail(forecast.headline()).hint(hint)
        }
    }

    pub fn stale(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "urn:oceanus:problem:stale",
            "it was changed meanwhile",
        )
        .detail(detail)
        .hint("Read it again, and decide anew.")
    }

    pub fn too_large(bytes_max: usize) -> Problem {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "urn:oceanus:problem:too-large",
            "the request is too large",
        )
        .detail(format!("the body may have at most {bytes_max} bytes"))
    }

    pub fn unsupported(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "urn:oceanus:problem:unsupported-media-type",
            "the body is of a type that is not read here",
        )
        .detail(detail)
    }

    /// The request can be read, and asks for something that is wrong.
    pub fn invalid(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "urn:oceanus:problem:invalid",
            "the request is not valid",
        )
        .detail(detail)
    }

    pub fn precondition_missing() -> Problem {
        Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "urn:oceanus:problem:precondition-required",
            "a precondition is needed",
        )
        .hint("Send the ETag that was read as If-Match.")
    }

    pub fn too_many(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "urn:oceanus:problem:too-many",
            "a bound is reached",
        )
        .detail(detail)
    }

    pub fn timed_out() -> Problem {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "urn:oceanus:problem:timed-out",
            "the request took too long to arrive",
        )
    }

    pub fn unavailable(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "urn:oceanus:problem:unavailable",
            "this does not answer now",
        )
        .detail(detail)
        .hint("Try again in a while.")
    }

    /// A fault of ours, which the log tells more of.
    pub fn internal() -> Problem {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "urn:oceanus:problem:internal",
            "the platform failed",
        )
        .hint("The server's log says why.")
    }

    fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.detail = Some(detail.into().into_boxed_str());
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    pub fn retry_after(self, seconds: u64) -> Problem {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Problem {
        self.header = Some(Box::new((name, value)));
        self
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Without the HTTP around it, for an operation that failed.
    pub fn logged(fault: &dyn std::fmt::Display) -> Problem {
        tracing::error!(%fault, "a request failed");
        Problem::internal()
    }
}

/// The start of a text that was sent here, on one line.
fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 100;
    let start: String = text.chars().take(CHARACTERS_MAX).collect();
    start.escape_debug().to_string()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        // Texts and numbers only: this cannot fail.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, Body::from(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(header) = self.header {
            let (name, value) = *header;
            headers.insert(name, value);
        }
        response
    }
}

impl From<jobs::Error> for Problem {
    fn from(error: jobs::Error) -> Problem {
        match error {
            jobs::Error::NotFound { noun, name } => Problem::not_found(noun, &name),
            jobs::Error::Conflict(message) => Problem::conflict(message),
            error @ jobs::Error::Stale { .. } => Problem::stale(error.to_string()),
            jobs::Error::Invalid {
                message,
                hint,
                diagnostics,
            } => Problem {
                hint,
                diagnostics: diagnostics.into_iter().map(Diagnostic::from).collect(),
                ..Problem::invalid(message)
            },
            jobs::Error::StateNotKept(forecast) => Problem::state_not_kept(*forecast),
            jobs::Error::Busy(message) => Problem::too_many(message).retry_after(1),
            jobs::Error::Unreachable(message) => Problem::unavailable(message),
            jobs::Error::Internal(message) => Problem::logged(&message),
        }
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Problem {
        match error {
            // These come from the request's line and headers, not from what it asks for.
            error @ store::Error::Invalid {
                what: "limit" | "cursor" | "search text" | "idempotency key",
                ..
            } => Problem::malformed(error.to_string()),
            error => Problem::from(jobs::Error::from(error)),
        }
    }
}

/// For what came out of a handler that panicked: the panic itself is printed where it happens.
pub fn of_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    Problem::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_is_wrong_and_no_more() {
        let problem = Problem::not_found("draft", "x\n'; DROP");
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"type":"urn:oceanus:problem:not-found","title":"there is no such thing","status":404,"detail":"draft 'x\\n\\'; DROP' not found"}"#
        );
    }

    #[test]
    fn a_fault_of_ours_is_not_told() {
        let problem = Problem::from(jobs::Error::Internal("/var/lib/oceanus: hunter2".to_string()));
        let told = serde_json::to_string(&problem).unwrap();
        assert!(
            told.contains("\"status\":500") && !told.contains("hunter2"),
            "{told}"
        );
    }

    #[test]
    fn a_wrong_cursor_is_malformed_and_a_wrong_name_invalid() {
        let invalid = |what| store::Error::Invalid {
            what,
            message: "must be another".to_string(),
        };
        assert_eq!(Problem::from(invalid("cursor")).status, 400);
        assert_eq!(Problem::from(invalid("draft name")).status, 422);
    }
}
