//! What comes in a request: its body, the parts of its path, its query. Whatever cannot be read is a problem.
//!
//! The bodies of all requests together have a bounded room in memory, whoever reads them. Room is taken as bytes
//! arrive, so that nobody has any by only announcing much, and given back when the request was worked on.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use store::SecretString;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::StreamExt;

use crate::app::App;
use crate::problem::{Problem, Result};

/// Room for a few fields, such as a password or the name of a workspace. Bodies up to here take no room of all: as
/// many as there may be connections are not much.
pub const SMALL_BYTES_MAX: usize = 64 << 10;
/// Room for a draft with its text and settings, however much of it must be escaped.
pub const JSON_BYTES_MAX: usize = 8 << 20;
/// How long the body of a request with JSON may take.
const JSON_TIME_MAX: Duration = Duration::from_secs(30);

/// For all bodies of JSON together.
const JSON_ROOM_BYTES: usize = 256 << 20;
/// For all larger bodies together, such as artifacts: two of the largest. What fills it leaves JSON its own.
const FILES_ROOM_BYTES: usize = 2 * store::ARTIFACT_BYTES_MAX;

/// Memory for the bodies of all requests; permits are bytes.
pub struct Rooms {
    json: Arc<Semaphore>,
    files: Arc<Semaphore>,
}

impl Rooms {
    pub fn new() -> Rooms {
        Rooms {
            json: Arc::new(Semaphore::new(JSON_ROOM_BYTES)),
            files: Arc::new(Semaphore::new(FILES_ROOM_BYTES)),
        }
    }

    fn of(&self, bytes_max: usize) -> &Arc<Semaphore> {
        if bytes_max <= JSON_BYTES_MAX {
            &self.json
        } else {
            &self.files
        }
    }
}

/// The room that a request's body takes, until the last clone is dropped.
#[derive(Debug, Clone, Default)]
pub struct Held(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Held {
    /// Takes room for a body of so many bytes that had room for `before`.
    fn grow(&self, room: &Arc<Semaphore>, before: usize, bytes: usize) -> Result<()> {
        let counted = |bytes: usize| bytes.saturating_sub(SMALL_BYTES_MAX);
        let more = counted(bytes) - counted(before);
        if more == 0 {
            return Ok(());
        }
        let full = || Problem::too_many("other large requests are under way").retry_after(5);
        let more = u32::try_from(more).map_err(|_| full())?;
        let permit = Arc::clone(room)
            .try_acquire_many_owned(more)
            .map_err(|_| full())?;
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_mut() {
            Some(held) => held.merge(permit),
            None => *held = Some(permit),
        }
        Ok(())
    }
}

/// A body that was read already: whoever reads it again is given the same bytes.
#[derive(Debug, Clone)]
pub struct Whole(pub Bytes);

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

/// JSON of a few fields.
#[derive(Debug)]
pub struct SmallJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for SmallJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        json(request, SMALL_BYTES_MAX).await.map(SmallJson)
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
pub async fn read(request: Request, bytes_max: usize, time_max: Duration) -> Result<Bytes> {
    let (parts, body) = request.into_parts();
    if let Some(Whole(bytes)) = parts.extensions.get() {
        if bytes.len() > bytes_max {
            return Err(Problem::too_large(bytes_max));
        }
        return Ok(bytes.clone());
    }
    let (Some(app), Some(held)) = (parts.extensions.get::<App>(), parts.extensions.get::<Held>()) else {
        return Err(Problem::logged(&"a body is read outside of the routes"));
    };
    let length = parts.headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > bytes_max as u64) {
        return Err(Problem::too_large(bytes_max));
    }
    tokio::time::timeout(time_max, collect(body, bytes_max, app.bodies.of(bytes_max), held))
        .await
        .map_err(|_| Problem::timed_out())?
}

async fn collect(body: Body, bytes_max: usize, room: &Arc<Semaphore>, held: &Held) -> Result<Bytes> {
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::malformed("the body broke off"))?;
        let length = bytes.len() + chunk.len();
        if length > bytes_max {
            return Err(Problem::too_large(bytes_max));
        }
        if length > bytes.capacity() {
            // Twice as much each time, but never more than there may be.
            let capacity = length.max(bytes.capacity() * 2).min(bytes_max);
            held.grow(room, bytes.capacity(), capacity)?;
            bytes.reserve_exact(capacity - bytes.len());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: usize) -> Body {
        let chunks: Vec<_> = (0..bytes / 1000)
            .map(|_| Ok::<_, std::convert::Infallible>(Bytes::from(vec![1; 1000])))
            .collect();
        Body::from_stream(tokio_stream::iter(chunks))
    }

    #[tokio::test]
    async fn all_bodies_share_a_room_and_give_it_back() {
        let room = Arc::new(Semaphore::new(1 << 20));
        let first = Held::default();
        let bytes = collect(body(700_000), 800_000, &room, &first).await.unwrap();
        assert_eq!(bytes.len(), 700_000);
        // What may still come is counted as what it takes in memory.
        let left = room.available_permits();
        let taken = (1 << 20) - left;
        assert!((600_000..=800_000).contains(&taken), "{taken}");
        let second = Held::default();
        let refused = collect(body(700_000), 800_000, &room, &second).await.unwrap_err();
        assert_eq!(refused.status(), 429);
        drop(second);
        assert_eq!(room.available_permits(), left);
        // Small ones are taken all the same.
        let small = Held::default();
        collect(body(60_000), SMALL_BYTES_MAX, &room, &small)
            .await
            .unwrap();
        assert_eq!(room.available_permits(), left);
        // Somebody still works on the first.
        let other = first.clone();
        drop(first);
        assert_eq!(room.available_permits(), left);
        drop(other);
        assert_eq!(room.available_permits(), 1 << 20);
    }
}
