//! Clusters that jobs may run on. Administrators keep them; a workspace sees those that it may use.

use axum::extract::State;
use axum::http::StatusCode;
use jobs::ClusterReport;
use serde::{Deserialize, Serialize};
use store::{NewCluster, Role};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Caller, InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path};
use crate::page::{Page, PageQuery};
use crate::problem::{Problem, Result};
use crate::routes::Routes;
use crate::time::Time;

/// An Apache Flink cluster.
#[derive(Debug, Serialize, ToSchema)]
struct Cluster {
    name: String,
    /// Where its JobManager's REST interface listens.
    address: String,
    /// Where its checkpoints and savepoints go, as its own file systems name it.
    storage: String,
    /// Those that may run jobs on it.
    workspaces: Vec<String>,
    #[serde(flatten)]
    state: ClusterState,
    created_at: Time,
    updated_at: Time,
}

/// A cluster, as a workspace that may use it sees it.
#[derive(Debug, Serialize, ToSchema)]
struct UsableCluster {
    name: String,
    #[serde(flatten)]
    state: ClusterState,
}

/// How a cluster is, by its own account.
#[derive(Debug, Serialize, ToSchema)]
struct ClusterState {
    /// Why nothing is known of it; null if it answers.
    #[schema(required)]
    unreachable: Option<String>,
    /// Of Flink.
    #[schema(required)]
    version: Option<String>,
    #[schema(required)]
    task_managers: Option<u32>,
    #[schema(required)]
    slots_total: Option<u32>,
    #[schema(required)]
    slots_available: Option<u32>,
    #[schema(required)]
    jobs_running: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClusterContent {
    /// Where its JobManager's REST interface listens: `http://host:8081`.
    address: String,
    /// Where its checkpoints and savepoints go: an address that all of its machines can reach, as in `file:///shared/folder`
    /// or `s3://bucket/folder`.
    storage: String,
    /// Those that may run jobs on it: none unless they are given.
    #[serde(default)]
    workspaces: Vec<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ClusterPath {
    /// The cluster's name.
    name: String,
}

impl ClusterState {
    fn of(state: std::result::Result<runner::ClusterState, String>) -> ClusterState {
        let (state, unreachable) = match state {
            Ok(state) => (Some(state), None),
            Err(message) => (None, Some(message)),
        };
        ClusterState {
            unreachable,
            task_managers: state.as_ref().map(|state| state.task_managers),
            slots_total: state.as_ref().map(|state| state.slots_total),
            slots_available: state.as_ref().map(|state| state.slots_available),
            jobs_running: state.as_ref().map(|state| state.jobs_running),
            version: state.map(|state| state.version),
        }
    }
}

fn show(report: ClusterReport) -> Cluster {
    Cluster {
        name: report.cluster.name,
        address: report.cluster.address,
        storage: report.cluster.storage,
        workspaces: report.cluster.workspaces,
        state: ClusterState::of(report.state),
        created_at: Time::of(report.cluster.created_at),
        updated_at: Time::of(report.cluster.updated_at),
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Admin, routes!(list_clusters))
        .add(Need::Admin, routes!(get_cluster))
        .add(Need::Admin, routes!(put_cluster))
        .add(Need::Admin, routes!(delete_cluster))
        .add(Need::Role(Role::Viewer), routes!(list_usable_clusters))
}

/// Clusters, by name
#[utoipa::path(
    get,
    path = "/clusters",
    tag = "clusters",
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<Cluster>))
)]
async fn list_clusters(State(app): State<App>, page: PageQuery) -> Result<Json<Page<Cluster>>> {
    let clusters = app.jobs.clusters(None, &page.request()).await?;
    Ok(Json(Page::of(clusters, show)))
}

/// A cluster
#[utoipa::path(
    get,
    path = "/clusters/{name}",
    tag = "clusters",
    params(ClusterPath),
    responses((status = 200, description = "The cluster", body = Cluster))
)]
async fn get_cluster(State(app): State<App>, Path(path): Path<ClusterPath>) -> Result<Json<Cluster>> {
    Ok(Json(show(app.jobs.cluster(&path.name).await?)))
}

/// Attach a cluster, or change what is known of it
///
/// It need not answer: jobs wait until it does.
#[utoipa::path(
    put,
    path = "/clusters/{name}",
    tag = "clusters",
    params(ClusterPath),
    request_body = ClusterContent,
    responses((status = 200, description = "The cluster", body = Cluster))
)]
async fn put_cluster(
    State(app): State<App>,
    caller: Caller,
    Path(path): Path<ClusterPath>,
    Json(content): Json<ClusterContent>,
) -> Result<Json<Cluster>> {
    let new = NewCluster {
        address: content.address,
        storage: content.storage,
        workspaces: content.workspaces,
    };
    let report = app.jobs.put_cluster(&caller.actor(), &path.name, new).await?;
    Ok(Json(show(report)))
}

/// Forget a cluster that no deployment has
///
/// Nothing is stopped there.
#[utoipa::path(
    delete,
    path = "/clusters/{name}",
    tag = "clusters",
    params(ClusterPath),
    responses(
        (status = 204, description = "Forgotten"),
        (status = 409, description = "It has deployments", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn delete_cluster(
    State(app): State<App>,
    caller: Caller,
    Path(path): Path<ClusterPath>,
) -> Result<StatusCode> {
    app.jobs.delete_cluster(&caller.actor(), &path.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Clusters that the workspace may use, by name
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/clusters",
    tag = "clusters",
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<UsableCluster>))
)]
async fn list_usable_clusters(
    State(app): State<App>,
    at: InWorkspace,
    page: PageQuery,
) -> Result<Json<Page<UsableCluster>>> {
    let clusters = app.jobs.clusters(Some(&at.name), &page.request()).await?;
    let usable = |report: ClusterReport| UsableCluster {
        name: report.cluster.name,
        state: ClusterState::of(report.state),
    };
    Ok(Json(Page::of(clusters, usable)))
}
