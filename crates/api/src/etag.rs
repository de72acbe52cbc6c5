//! Revisions over HTTP: an answer carries its revision as `ETag`, and a change names the one it was made from as
//! `If-Match`. There is no `If-Match: *`: who changes something has read it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::IntoParams;

use crate::body::Json;
use crate::problem::{Problem, Result};

/// The revision that a change was made from.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatch {
    /// The ETag that was read, with its quotes.
    #[param(rename = "If-Match", value_type = String, example = "\"7\"")]
    pub revision: u64,
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let value = values.next().ok_or_else(Problem::precondition_missing)?;
        if values.next().is_some() {
            return Err(not_a_tag());
        }
        revision_of(value).map(|revision| IfMatch { revision })
    }
}

fn revision_of(value: &HeaderValue) -> Result<u64> {
    let text = value.to_str().ok().and_then(|text| text.trim().strip_prefix('"'));
    let digits = text.and_then(|text| text.strip_suffix('"'));
    let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(not_a_tag)
}

fn not_a_tag() -> Problem {
    Problem::malformed("If-Match must be one ETag of this resource")
        .hint("An ETag is a revision in quotes, as in If-Match: \"7\".")
}

/// An answer with its revision.
#[derive(Debug)]
pub struct Tagged<T> {
    pub revision: u64,
    pub body: T,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, etag(self.revision))], Json(self.body)).into_response()
    }
}

/// The answer to a POST that created something.
#[derive(Debug)]
pub struct Created<T> {
    /// Below the base of the interface: `/workspaces/shop`.
    pub location: String,
    /// Of what has one.
    pub revision: Option<u64>,
    pub body: T,
}

/// The answer to a POST for something that comes about later.
#[derive(Debug)]
pub struct Accepted<T> {
    /// As in [`Created`].
    pub location: String,
    pub body: T,
}

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        let headers = [(header::LOCATION, location(&self.location))];
        (StatusCode::ACCEPTED, headers, Json(self.body)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self.body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::LOCATION, location(&self.location));
        if let Some(revision) = self.revision {
            headers.insert(header::ETAG, etag(revision));
        }
        response
    }
}

/// Ids and names of resources are plain ASCII; what is not says nothing.
pub fn location(path: &str) -> HeaderValue {
    HeaderValue::try_from(format!("{}{path}", crate::BASE)).unwrap_or(HeaderValue::from_static(crate::BASE))
}

fn etag(revision: u64) -> HeaderValue {
    // A number in quotes is visible ASCII.
    HeaderValue::try_from(format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_number_in_quotes() {
        let revision = |text: &'static str| revision_of(&HeaderValue::from_static(text)).ok();
        assert_eq!(revision("\"7\""), Some(7));
        for wrong in [
            "",
            "7",
            "\"7",
            "*",
            "W/\"7\"",
            "\"-7\"",
            "\"+7\"",
            "\"\"",
            "\"7\", \"8\"",
        ] {
            assert_eq!(revision(wrong), None, "{wrong}");
        }
    }
}
