//! What happens to deployments, while it happens.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use jobs::DeploymentEvent;
use model::{DeploymentId, RunId};
use serde::Serialize;
use store::Role;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::MissedTickBehavior;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::deployments::{Deployment, DeploymentPath, show};
use super::metrics::Metrics;
use super::runs::{LogPage, LogQuery};
use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Path, Query};
use crate::problem::Result;
use crate::routes::Routes;
use crate::stream::{Events, Gone, Opening};

const METRICS_INTERVAL: Duration = Duration::from_secs(1);
const LOG_INTERVAL: Duration = Duration::from_millis(500);

/// The event `deployment` of a workspace: it has changed, or is gone.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeploymentChanged {
    #[schema(value_type = String)]
    id: DeploymentId,
}

/// The event `reset`: some events were missed, so that everything must be read again.
#[derive(Debug, Serialize)]
struct Reset {}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Role::Viewer), routes!(watch_workspace))
        .add(Need::Role(Role::Viewer), routes!(watch_deployment))
        .add(Need::Role(Role::Viewer), routes!(watch_log))
}

/// Watch all deployments
///
/// Events: `deployment` (a DeploymentChanged) whenever one has changed, `reset` when some were missed.
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/events",
    tag = "deployments",
    responses((status = 200, description = "Events", body = String, content_type = "text/event-stream"))
)]
async fn watch_workspace(State(app): State<App>, at: InWorkspace, stream: Opening) -> Response {
    let changes = app.jobs.subscribe();
    stream.respond(|events| tell_changes(changes, at.name, events))
}

async fn tell_changes(
    mut changes: Receiver<DeploymentEvent>,
    workspace: String,
    events: Events,
) -> std::result::Result<(), Gone> {
    loop {
        match changes.recv().await {
            Ok(change) if change.workspace == workspace => {
                let changed = DeploymentChanged {
                    id: change.deployment_id,
                };
                events.send("deployment", &changed).await?;
            }
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => events.send("reset", &Reset {}).await?,
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

/// Watch a deployment
///
/// Events: `deployment` (a Deployment) at once and whenever it has changed, `metrics` (Metrics) every second while it
/// runs. Ends when the deployment is deleted.
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/deployments/{id}/events",
    tag = "deployments",
    params(DeploymentPath),
    responses((status = 200, description = "Events", body = String, content_type = "text/event-stream"))
)]
async fn watch_deployment(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
    stream: Opening,
) -> Result<Response> {
    let changes = app.jobs.subscribe();
    app.store().deployments().get(&at.name, path.id).await?;
    Ok(stream.respond(|events| tell_deployment(app, at.name, path.id, changes, events)))
}

async fn tell_deployment(
    app: App,
    workspace: String,
    id: DeploymentId,
    mut changes: Receiver<DeploymentEvent>,
    events: Events,
) -> std::result::Result<(), Gone> {
    let mut metrics_due = tokio::time::interval(METRICS_INTERVAL);
    metrics_due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told: Option<Deployment> = None;
    let mut is_changed = true;
    loop {
        if is_changed {
            let read = app.store().deployments().get(&workspace, id).await;
            let Some(now) = there(read.map_err(jobs::Error::from))? else {
                return Ok(());
            };
            let now = show(now);
            if told.as_ref() != Some(&now) {
                events.send("deployment", &now).await?;
                told = Some(now);
            }
            is_changed = false;
        }
        tokio::select! {
            change = changes.recv() => is_changed = concerns(change, &mut changes, id)?,
            _ = metrics_due.tick() => {
                let may_run = told.as_ref().is_some_and(|told| told.phase.0.may_have_worker());
                if may_run && let Ok(metrics) = app.jobs.metrics(&workspace, id).await {
                    events.send("metrics", &Metrics::from(metrics)).await?;
                }
            }
        }
    }
}

/// Whether this change, or one of those that wait behind it, may be one of this deployment.
fn concerns(
    change: std::result::Result<DeploymentEvent, RecvError>,
    changes: &mut Receiver<DeploymentEvent>,
    id: DeploymentId,
) -> std::result::Result<bool, Gone> {
    let mut concerned = match change {
        Ok(change) => change.deployment_id == id,
        Err(RecvError::Lagged(_)) => true,
        Err(RecvError::Closed) => return Err(Gone),
    };
    loop {
        match changes.try_recv() {
            Ok(change) => concerned |= change.deployment_id == id,
            Err(TryRecvError::Lagged(_)) => concerned = true,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(concerned),
        }
    }
}

/// Watch a log
///
/// Events: `lines` (a LogPage). With a run it ends behind the run's last line; without one it goes on with the next run.
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/deployments/{id}/logs/stream",
    tag = "runs",
    params(DeploymentPath, LogQuery),
    responses((status = 200, description = "Events", body = String, content_type = "text/event-stream"))
)]
async fn watch_log(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
    Query(query): Query<LogQuery>,
    stream: Opening,
) -> Result<Response> {
    app.store().deployments().get(&at.name, path.id).await?;
    if let Some(run) = query.run {
        app.store().runs().get(path.id, run).await?;
    }
    Ok(stream.respond(|events| tell_log(app, at.name, path.id, query, events)))
}

async fn tell_log(
    app: App,
    workspace: String,
    id: DeploymentId,
    query: LogQuery,
    events: Events,
) -> std::result::Result<(), Gone> {
    let mut after = query.after;
    let mut followed: Option<RunId> = query.run;
    loop {
        let runs = app.store().runs();
        let newest = match query.run {
            Some(run) => there(runs.get(id, run).await.map_err(jobs::Error::from).map(Some))?,
            None => there(runs.latest(id).await.map_err(jobs::Error::from))?,
        };
        let Some(newest) = newest.flatten() else {
            // No run yet, or nothing is left of it.
            if query.run.is_some() {
                return Ok(());
            }
            let deployment = app.store().deployments().get(&workspace, id).await;
            if there(deployment.map_err(jobs::Error::from))?.is_none() {
                return Ok(());
            }
            tokio::time::sleep(LOG_INTERVAL).await;
            continue;
        };
        let run = *followed.get_or_insert(newest.id);
        let page = there(app.jobs.logs(&workspace, id, Some(run), after).await)?;
        if let Some(page) = page {
            after = page.next;
            if !page.lines.is_empty() {
                let page = LogPage {
                    run: Some(run),
                    lines: page.lines,
                    next: page.next,
                    skipped: page.skipped,
                };
                events.send("lines", &page).await?;
                continue;
            }
        } else if run == newest.id {
            return Ok(());
        }
        // It was over before its log was read to the end: the next one had begun. That one is read from its start,
        // wherever this one was begun.
        if run != newest.id {
            followed = Some(newest.id);
            after = 0;
            continue;
        }
        if query.run.is_some() && newest.ended_at.is_some() {
            return Ok(());
        }
        tokio::time::sleep(LOG_INTERVAL).await;
    }
}

/// What was read, or that it is gone. A fault ends the stream: whoever reads it comes back.
fn there<T>(read: std::result::Result<T, jobs::Error>) -> std::result::Result<Option<T>, Gone> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(jobs::Error::NotFound { .. }) => Ok(None),
        Err(error) => {
            tracing::warn!(%error, "a stream ends");
            Err(Gone)
        }
    }
}
