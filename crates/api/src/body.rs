//! What comes in a request: its body, the parts of its path, its query. Whatever cannot be read is a problem.

use std::time::Duration;

use axum::body::Body;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use store::SecretString;
use tokio_stream::StreamExt;

use crate::problem::{Problem, Result};

/// Room for a draft with its text and settings, however much of it must be escaped.
pub const JSON_BYTES_MAX: usize = 8 << 20;
/// How long the body of a request with JSON may take.
const JSON_TIME_MAX: Duration = Duration::from_secs(30);

/// JSON, both ways.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        json(request, JSON_BYTES_MAX).await.map(Json)
    }
}

/// Reads a body as JSON.
pub async fn json<T: DeserializeOwned>(request: Request, bytes_max: usize) -> Result<T> {
    if media_type(&request) != "application/json" {
        return Err(Problem::unsupported("the body must be sent as application/json"));
    }
    let bytes = read(request, bytes_max, JSON_TIME_MAX).await?;
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        match path.as_str() {
            _ if !error.is_data() => Problem::malformed(format!("the body is not JSON: {error}")),
            "." => Problem::invalid(error.to_string()),
            path => Problem::invalid(format!("{path}: {error}")),
        }
    })?;
    reader
        .end()
        .map_err(|error| Problem::malformed(format!("the body is not JSON: {error}")))?;
    Ok(value)
}

/// The type that the body is said to be of, without its parameters.
pub fn media_type(request: &Request) -> String {
    let value = request.headers().get(header::CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// The whole body, of at most so many bytes, within a time.
pub async fn read(request: Request, bytes_max: usize, time_max: Duration) -> Result<Vec<u8>> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > bytes_max as u64) {
        return Err(Problem::too_large(bytes_max));
    }
    tokio::time::timeout(time_max, collect(request.into_body(), bytes_max))
        .await
        .map_err(|_| Problem::timed_out())?
}

async fn collect(body: Body, bytes_max: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::malformed("the body broke off"))?;
        if bytes.len() + chunk.len() > bytes_max {
            return Err(Problem::too_large(bytes_max));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The parts of the path. One that cannot be what it stands for names nothing that is there.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Path(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => Err(match error.kind() {
                ErrorKind::DeserializeError { message, .. } | ErrorKind::Message(message) => {
                    Problem::no_such(message.clone())
                }
                ErrorKind::ParseErrorAtKey { key, value, .. } => Problem::not_found(key, value),
                _ => Problem::no_such("the path names nothing"),
            }),
            Err(fault) => Err(Problem::logged(&fault)),
        }
    }
}

/// The query.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|axum::extract::Query(value)| Query(value))
            .map_err(|rejection| Problem::malformed(rejection.body_text()))
    }
}

/// A text that is repeated in no message.
#[derive(Debug, Clone)]
pub struct Hidden(pub SecretString);

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match String::deserialize(deserializer) {
            Ok(text) => Ok(Hidden(SecretString::from(text))),
            // Its own words would repeat the value.
            Err(_) => Err(serde::de::Error::custom("must be a text")),
        }
    }
}
