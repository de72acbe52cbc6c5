//! Requests that are sent again: done once, answered twice in the same words.
//!
//! A request with an `Idempotency-Key` runs to its end even if its sender leaves, so that the answer is there when it
//! asks again. What was refused leaves the key free. What a server has done that died before it answered is known to
//! the next one, which answers in its place.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use store::{Answer, Claim};

use crate::access::Caller;
use crate::app::App;
use crate::body::{Held, Whole, read};
use crate::problem::{Problem, Result};
use crate::resources::recovered;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// What is kept of an answer beside its status and body.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];
const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// Stands before a route that creates, and behind its guard.
pub async fn once(bytes_max: usize, request: Request, next: Next) -> Response {
    if !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    match answer(bytes_max, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn answer(bytes_max: usize, request: Request, next: Next) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &()).await?;
    let app = parts
        .extensions
        .get::<App>()
        .cloned()
        .ok_or_else(|| Problem::logged(&"a route stands outside of the router"))?;
    let key = parts.headers.get(KEY).and_then(|key| key.to_str().ok());
    let key = key
        .ok_or_else(|| Problem::malformed("the Idempotency-Key must be visible ASCII characters"))?
        .to_string();
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let head = format!("{} {target}\n", parts.method);
    let whole = Request::from_parts(parts.clone(), body);
    let bytes = read(whole, bytes_max, BODY_TIME_MAX).await?;
    let hash = hash(&[head.as_bytes(), &bytes]);
    let principal = caller.principal().key();
    match app.store().idempotency().claim(&principal, &key, &hash).await? {
        Claim::Answered(answer) => replay(answer),
        Claim::Done(done) => {
            let response = recovered::answer(&app, &done).await?;
            let mut response = keep(&app, &principal, &key, response).await?;
            response
                .headers_mut()
                .insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(response)
        }
        Claim::InFlight => {
            Err(Problem::conflict("a request with this Idempotency-Key is under way").retry_after(1))
        }
        Claim::New => {
            let held = parts.extensions.get::<Held>().cloned();
            parts.extensions.insert(Whole(bytes));
            let request = Request::from_parts(parts, Body::empty());
            let work = async move {
                // The room of its body is taken until then.
                let _held = held;
                let (its_app, its_principal, its_key) = (app.clone(), principal.clone(), key.clone());
                let handled = tokio::spawn(async move {
                    let keys = its_app.store().idempotency();
                    keys.work(&its_principal, &its_key, next.run(request)).await
                });
                match handled.await {
                    Ok(response) => keep(&app, &principal, &key, response).await,
                    // It panicked: nobody works on it any more.
                    Err(fault) => {
                        app.store().idempotency().abandon(&principal, &key).await?;
                        Err(Problem::logged(&fault))
                    }
                }
            };
            // Its sender may leave; what was begun is brought to its end.
            let done = tokio::spawn(work).await;
            done.unwrap_or_else(|fault| Err(Problem::logged(&fault)))
        }
    }
}

/// Keeps the answer of what was done, or gives the key back.
async fn keep(app: &App, principal: &str, key: &str, response: Response) -> Result<Response> {
    let keys = app.store().idempotency();
    if !response.status().is_success() {
        keys.abandon(principal, key).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|fault| Problem::logged(&fault))?;
    let mut headers = BTreeMap::new();
    for name in KEPT {
        if let Some(Ok(value)) = parts.headers.get(&name).map(HeaderValue::to_str) {
            headers.insert(name.to_string(), value.to_string());
        }
    }
    let answer = Answer {
        status: parts.status.as_u16(),
        headers,
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    if let Err(error) = keys.finish(principal, key, &answer).await {
        // What was asked for is done, and that is what counts.
        tracing::warn!(%error, "an answer could not be kept for its idempotency key");
        // Whoever asks again is told what was done.
        keys.abandon(principal, key).await?;
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn replay(answer: Answer) -> Result<Response> {
    let status = StatusCode::from_u16(answer.status).map_err(|fault| Problem::logged(&fault))?;
    let mut response = (status, answer.body).into_response();
    for (name, value) in &answer.headers {
        let name = HeaderName::try_from(name).map_err(|fault| Problem::logged(&fault))?;
        let value = HeaderValue::try_from(value).map_err(|fault| Problem::logged(&fault))?;
        response.headers_mut().insert(name, value);
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
