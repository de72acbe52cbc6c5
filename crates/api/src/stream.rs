//! Server-sent events.
//!
//! A stream is a task that sends events until it has no more, its reader leaves or does not read, its caller may not
//! see it any longer, or the server shuts down. A principal has a bounded number of streams, and all together have
//! one. A comment goes out every ten seconds, so that both ends notice when the other is gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use crate::access::Caller;
use crate::app::App;
use crate::problem::{Problem, Result};

const HEARTBEAT: Duration = Duration::from_secs(10);
const OF_PRINCIPAL_MAX: usize = 32;
const ALL_MAX: usize = 1024;
/// Events that wait for the reader; whoever sends more waits too.
const EVENTS_WAITING_MAX: usize = 16;
/// How long a reader may read nothing.
const READER_PATIENCE: Duration = Duration::from_secs(30);

/// Streams under way, by principal.
#[derive(Debug, Default)]
pub struct Streams {
    counts: Mutex<HashMap<String, usize>>,
}

/// The right to one stream; given back when it is dropped.
struct Permit {
    streams: Arc<Streams>,
    principal: String,
}

impl Streams {
    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self: &Arc<Streams>, principal: &str) -> Result<Permit> {
        let mut counts = self.counts();
        let all: usize = counts.values().sum();
        let own = counts.get(principal).copied().unwrap_or(0);
        if all >= ALL_MAX || own >= OF_PRINCIPAL_MAX {
            return Err(Problem::too_many(format!(
                "at most {OF_PRINCIPAL_MAX} streams are open for one user or token, {ALL_MAX} for all"
            ))
            .hint("Close streams that nobody looks at."));
        }
        counts.insert(principal.to_string(), own + 1);
        Ok(Permit {
            streams: Arc::clone(self),
            principal: principal.to_string(),
        })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.streams.counts();
        if let Some(count) = counts.get_mut(&self.principal) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.principal);
            }
        }
    }
}

/// Told to every request by the server: whether it shuts down.
#[derive(Debug, Clone)]
pub struct ShuttingDown(pub watch::Receiver<bool>);

/// A stream that may be opened. Extracted before anything is begun for it.
pub struct Opening {
    app: App,
    caller: Caller,
    shutting_down: Option<ShuttingDown>,
    permit: Permit,
}

impl FromRequestParts<App> for Opening {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let permit = app.streams.take(&caller.principal().key())?;
        Ok(Opening {
            app: app.clone(),
            caller,
            shutting_down: parts.extensions.get().cloned(),
            permit,
        })
    }
}

/// Nobody reads any more: stop.
#[derive(Debug)]
pub struct Gone;

/// Where events go.
pub struct Events {
    sender: mpsc::Sender<Bytes>,
}

impl Events {
    /// Waits until there is room for the event.
    pub async fn send(&self, name: &str, data: &impl Serialize) -> std::result::Result<(), Gone> {
        let event = match encode(name, data) {
            Ok(event) => event,
            Err(fault) => {
                Problem::logged(&fault);
                return Err(Gone);
            }
        };
        match tokio::time::timeout(READER_PATIENCE, self.sender.send(event)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }
}

/// JSON as it is written here has no line breaks, so that it is one line of data.
fn encode(name: &str, data: &impl Serialize) -> serde_json::Result<Bytes> {
    let mut event = format!("event: {name}\ndata: ").into_bytes();
    let start = event.len();
    serde_json::to_writer(&mut event, data)?;
    // What was handed through as it is may have some between its parts.
    for byte in &mut event[start..] {
        if matches!(*byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    event.extend_from_slice(b"\n\n");
    Ok(event.into())
}

impl Opening {
    /// Answers with what `work` sends.
    pub fn respond<F>(self, work: impl FnOnce(Events) -> F) -> Response
    where
        F: Future<Output = std::result::Result<(), Gone>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(EVENTS_WAITING_MAX);
        let work = work(Events {
            sender: sender.clone(),
        });
        tokio::spawn(async move {
            let permit = self.permit;
            tokio::select! {
                // Either way there is nobody to tell.
                _ = work => {}
                () = until_over(&self.app, &self.caller, self.shutting_down, sender) => {}
            }
            drop(permit);
        });
        let body = ReceiverStream::new(receiver).map(Ok::<Bytes, std::convert::Infallible>);
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/event-stream"),
            ),
            // For proxies that would collect events before they pass them on.
            (
                header::HeaderName::from_static("x-accel-buffering"),
                HeaderValue::from_static("no"),
            ),
        ];
        (headers, Body::from_stream(body)).into_response()
    }
}

/// Returns when the stream must not go on. Keeps it alive meanwhile.
async fn until_over(
    app: &App,
    caller: &Caller,
    shutting_down: Option<ShuttingDown>,
    sender: mpsc::Sender<Bytes>,
) {
    let mut credentials = app.watch_credentials();
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    // Its first tick is at once.
    heartbeat.tick().await;
    let down = async {
        match shutting_down {
            Some(ShuttingDown(mut receiver)) => {
                // A server that is gone has shut down too.
                let _ = receiver.wait_for(|down| *down).await;
            }
            None => std::future::pending().await,
        }
    };
    tokio::pin!(down);
    loop {
        tokio::select! {
            () = sender.closed() => return,
            () = &mut down => return,
            // The application holds the sender.
            _ = credentials.changed() => {}
            _ = heartbeat.tick() => {
                // Where there is no room, events are on their way.
                let _ = sender.try_send(Bytes::from_static(b":\n\n"));
            }
        }
        if !caller.still_may(app).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_data() {
        let raw = serde_json::value::RawValue::from_string("{\"a\":\n1}".to_string()).unwrap();
        let event = encode("rows", &raw).unwrap();
        assert_eq!(event, "event: rows\ndata: {\"a\": 1}\n\n");
        let event = encode("rows", &"a\nb").unwrap();
        assert_eq!(event, "event: rows\ndata: \"a\\nb\"\n\n");
    }

    #[test]
    fn a_principal_has_so_many_streams_and_gets_them_back() {
        let streams = Arc::new(Streams::default());
        let mut taken: Vec<Permit> = (0..OF_PRINCIPAL_MAX)
            .map(|_| streams.take("us_1").ok().unwrap())
            .collect();
        assert!(streams.take("us_1").is_err());
        assert!(streams.take("us_2").is_ok());
        taken.pop();
        assert!(streams.take("us_1").is_ok());
        taken.clear();
        assert!(streams.counts().is_empty());
    }
}
