//! Runs, the attempts of a deployment: their plan, counts and log.

use axum::extract::State;
use model::{DeploymentId, RunId};
use serde::{Deserialize, Serialize};
use store::Role;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::deployments::{DeploymentPath, Failure};
use super::metrics::Metrics;
use super::plan::Plan;
use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path, Query};
use crate::names::Phase;
use crate::page::{Page, PageQuery};
use crate::problem::Result;
use crate::routes::Routes;
use crate::time::Time;

#[derive(Debug, Serialize, ToSchema)]
struct Run {
    #[schema(value_type = String)]
    id: RunId,
    #[schema(value_type = String)]
    deployment_id: DeploymentId,
    /// As restarts are counted.
    attempt: u32,
    /// Greater than that of every run before it.
    epoch: u64,
    version: u32,
    parallelism: u32,
    memory_bytes_max: u64,
    phase: Phase,
    started_at: Time,
    #[schema(required)]
    ended_at: Option<Time>,
    #[schema(required)]
    failure: Option<Failure>,
    #[schema(required)]
    pid: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LogPage {
    /// Whose log it is; null before the first run.
    #[schema(required, value_type = Option<String>)]
    pub run: Option<RunId>,
    pub lines: Vec<String>,
    /// The byte to go on from.
    pub next: u64,
    /// Whether lines before these are gone.
    pub skipped: bool,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// The run's id; left out, the last one.
    #[param(value_type = Option<String>)]
    pub run: Option<RunId>,
    /// The byte to go on from.
    #[serde(default)]
    #[param(default = 0)]
    pub after: u64,
}

impl From<store::Run> for Run {
    fn from(run: store::Run) -> Run {
        Run {
            id: run.id,
            deployment_id: run.deployment_id,
            attempt: run.attempt,
            epoch: run.epoch,
            version: run.version,
            parallelism: run.parallelism,
            memory_bytes_max: run.memory_bytes_max,
            phase: Phase(run.phase),
            started_at: Time::of(run.started_at),
            ended_at: run.ended_at.map(Time::of),
            failure: run.failure.map(Failure::from),
            pid: run.pid,
        }
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Role::Viewer), routes!(list_runs))
        .add(Need::Role(Role::Viewer), routes!(get_plan))
        .add(Need::Role(Role::Viewer), routes!(get_metrics))
        .add(Need::Role(Role::Viewer), routes!(get_log))
}

/// Runs, newest first
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/deployments/{id}/runs",
    tag = "runs",
    params(DeploymentPath, PageQuery),
    responses((status = 200, description = "A page", body = Page<Run>))
)]
async fn list_runs(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
    page: PageQuery,
) -> Result<Json<Page<Run>>> {
    app.store().deployments().get(&at.name, path.id).await?;
    let runs = app.store().runs().list(path.id, &page.request()).await?;
    Ok(Json(Page::of(runs, Run::from)))
}

/// The plan of the version that should run
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/deployments/{id}/plan",
    tag = "runs",
    params(DeploymentPath),
    responses((status = 200, description = "The plan", body = Plan))
)]
async fn get_plan(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
) -> Result<Json<Plan>> {
    let plan = app.jobs.plan(&at.name, path.id).await?;
    Ok(Json(Plan::from(plan)))
}

/// Counts of the last run, now or at its end
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/deployments/{id}/metrics",
    tag = "runs",
    params(DeploymentPath),
    responses((status = 200, description = "The counts", body = Metrics))
)]
async fn get_metrics(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
) -> Result<Json<Metrics>> {
    let metrics = app.jobs.metrics(&at.name, path.id).await?;
    Ok(Json(Metrics::from(metrics)))
}

/// Lines of a run's log
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/deployments/{id}/logs",
    tag = "runs",
    params(DeploymentPath, LogQuery),
    responses((status = 200, description = "Lines", body = LogPage))
)]
async fn get_log(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
    Query(query): Query<LogQuery>,
) -> Result<Json<LogPage>> {
    let run = match query.run {
        Some(run) => Some(run),
        None => {
            app.store().deployments().get(&at.name, path.id).await?;
            app.store().runs().latest(path.id).await?.map(|run| run.id)
        }
    };
    let page = app.jobs.logs(&at.name, path.id, run, query.after).await?;
    Ok(Json(LogPage {
        run,
        lines: page.lines,
        next: page.next,
        skipped: page.skipped,
    }))
}
