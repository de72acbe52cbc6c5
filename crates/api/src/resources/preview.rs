//! Rows of a text before it is deployed, as a stream. Leaving the stream cancels the work behind it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use runner::{EndReason, Next, Preview, PreviewEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::Role;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::diagnostic::Diagnostic;
use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::Json;
use crate::problem::Result;
use crate::routes::Routes;
use crate::stream::{Events, Gone, Opening};
use crate::time::Time;

/// Events that wait for the stream; the preview waits when there are more.
const EVENTS_WAITING_MAX: usize = 4;
/// How long it takes at most until a preview notices that nobody reads it.
const WAIT: Duration = Duration::from_millis(100);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PreviewText {
    /// At most 1 MiB. The last statement that gives rows is run.
    sql: String,
    /// What the session starts with, as by SET.
    #[serde(default)]
    settings: BTreeMap<String, String>,
    /// At most 1,000, which is also what comes without it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    rows_max: Option<u64>,
}

/// The event `schema`, the first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewSchema {
    columns: Vec<ColumnType>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ColumnType {
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: String,
}

/// The event `rows`.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewRows {
    #[schema(value_type = Vec<ChangelogRow>)]
    rows: Vec<Box<RawValue>>,
}

/// A row and what becomes of it. BIGINT and DECIMAL are texts in it, since browsers lose digits.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangelogRow<'a> {
    #[serde(rename = "op")]
    _op: Op,
    #[serde(borrow)]
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub row: &'a RawValue,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub enum Op {
    #[serde(rename = "+I")]
    Insert,
    #[serde(rename = "-U")]
    UpdateBefore,
    #[serde(rename = "+U")]
    UpdateAfter,
    #[serde(rename = "-D")]
    Delete,
}

/// The event `statistics`.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewStatistics {
    rows_in: u64,
    rows_out: u64,
    #[schema(required)]
    watermark: Option<Time>,
}

/// The event `end`, the last.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewEnd {
    reason: PreviewEndReason,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PreviewEndReason {
    /// All input has ended.
    Finished,
    /// As many rows or bytes as were asked for.
    Limit,
    /// The time is over.
    Time,
}

/// The event `failed`, the last.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewFailed {
    diagnostics: Vec<Diagnostic>,
}

pub fn routes() -> Routes {
    Routes::new().add(Need::Role(Role::Developer), routes!(preview))
}

/// Run a text and watch its rows
///
/// Events: `schema`, then `rows` and `statistics`, then `end` or `failed`. Nothing is written.
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/preview",
    tag = "drafts",
    request_body = PreviewText,
    responses(
        (status = 200, description = "Events", body = String, content_type = "text/event-stream"),
        (status = 429, description = "Too many previews or streams are open", body = crate::problem::Problem,
         content_type = "application/problem+json"),
    )
)]
async fn preview(
    State(app): State<App>,
    at: InWorkspace,
    stream: Opening,
    Json(text): Json<PreviewText>,
) -> Result<Response> {
    let preview = app
        .jobs
        .preview(&at.name, &text.sql, &text.settings, text.rows_max)
        .await?;
    Ok(stream.respond(|events| show(preview, events)))
}

async fn show(preview: Box<dyn Preview>, events: Events) -> std::result::Result<(), Gone> {
    let mut incoming = read(preview);
    while let Some(event) = incoming.recv().await {
        let name = event.name();
        match event {
            PreviewEvent::Schema { columns } => {
                let columns = columns.into_iter().map(ColumnType::from).collect();
                events.send(name, &PreviewSchema { columns }).await?;
            }
            PreviewEvent::Rows { rows } => events.send(name, &PreviewRows { rows }).await?,
            PreviewEvent::Statistics {
                rows_in,
                rows_out,
                watermark,
            } => {
                let statistics = PreviewStatistics {
                    rows_in,
                    rows_out,
                    watermark: watermark.and_then(Time::within),
                };
                events.send(name, &statistics).await?;
            }
            PreviewEvent::End { reason } => {
                let reason = PreviewEndReason::from(reason);
                events.send(name, &PreviewEnd { reason }).await?;
            }
            PreviewEvent::Failed { diagnostics } => {
                let diagnostics = diagnostics.into_iter().map(Diagnostic::from).collect();
                events.send(name, &PreviewFailed { diagnostics }).await?;
            }
        }
    }
    Ok(())
}

/// Hands the preview's events over from a thread that may wait for them. When the receiver is dropped, so is the
/// preview, and that cancels it.
pub fn read(mut preview: Box<dyn Preview>) -> mpsc::Receiver<PreviewEvent> {
    let (sender, receiver) = mpsc::channel(EVENTS_WAITING_MAX);
    tokio::task::spawn_blocking(move || {
        loop {
            match preview.next(WAIT) {
                Next::Event(event) => {
                    if sender.blocking_send(event).is_err() {
                        return;
                    }
                }
                Next::Pending if sender.is_closed() => return,
                Next::Pending => {}
                Next::Over => return,
            }
        }
    });
    receiver
}

impl From<runner::PreviewColumn> for ColumnType {
    fn from(column: runner::PreviewColumn) -> ColumnType {
        ColumnType {
            name: column.name,
            data_type: column.data_type,
        }
    }
}

impl From<EndReason> for PreviewEndReason {
    fn from(reason: EndReason) -> PreviewEndReason {
        match reason {
            EndReason::Finished => PreviewEndReason::Finished,
            EndReason::Limit => PreviewEndReason::Limit,
            EndReason::Time => PreviewEndReason::Time,
        }
    }
}
