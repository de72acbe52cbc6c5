//! Headers that every answer carries, and the log line that every request leaves.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;

/// The console is scripts and styles of its own; styles of elements are set by its parts at run time.
const CONSOLE_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";
/// Answers are data: whatever is in them, nothing of it runs.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";
const TRANSPORT_SECURITY: &str = "max-age=31536000";

/// Told to every request by the server: who is at the other end.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

pub async fn finish(State(app): State<App>, request: Request, next: Next) -> Response {
    let started_us = app.store().clock().now_us();
    let method = request.method().clone();
    // Without its query, which may hold what people look for.
    let path = request.uri().path().to_string();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let is_data = path.starts_with("/api");

    let mut response = next.run(request).await;

    let policy = if is_data { DATA_POLICY } else { CONSOLE_POLICY };
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if app.settings.secure {
        let value = HeaderValue::from_static(TRANSPORT_SECURITY);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    if is_data {
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    let took_us = app.store().clock().now_us() - started_us;
    tracing::debug!(
        target: "api::requests",
        %method,
        path,
        status = response.status().as_u16(),
        took_us,
        peer = peer.map(tracing::field::display),
        "answered"
    );
    response
}
