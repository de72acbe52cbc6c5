//! Savepoints: the state of a deployment at a moment that people have chosen, kept until people delete it.

use axum::extract::State;
use axum::http::StatusCode;
use model::{DeploymentId, DraftId, RunId, SavepointId};
use serde::{Deserialize, Serialize};
use store::{Role, SavepointFilter};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::deployments::DeploymentPath;
use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path, Query, SMALL_BYTES_MAX, SmallJson};
use crate::etag::Accepted;
use crate::page::{Page, PageQuery};
use crate::problem::{Problem, Result};
use crate::routes::Routes;
use crate::time::Time;

/// It lies apart from checkpoints, and outlives its deployment. Where is the engine's business.
#[derive(Debug, Serialize, ToSchema)]
pub struct Savepoint {
    #[schema(value_type = String)]
    id: SavepointId,
    workspace: String,
    #[schema(value_type = String)]
    deployment_id: DeploymentId,
    /// What the deployment was called when it was asked for.
    deployment_name: String,
    #[schema(value_type = String)]
    draft_id: DraftId,
    /// The number of the version whose state it is; until it is done, of the one that was wanted.
    version: u32,
    /// What people call it; empty if they do not.
    name: String,
    /// It is the state in which the deployment stopped.
    at_stop: bool,
    status: SavepointStatus,
    /// Of one that failed.
    #[schema(required)]
    reason: Option<String>,
    /// The user's name.
    created_by: String,
    created_at: Time,
    /// When it was found to be done or failed.
    #[schema(required)]
    ended_at: Option<Time>,
    /// Of one that is done.
    #[schema(required)]
    taken: Option<TakenSavepoint>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SavepointStatus {
    /// Asked for. A run takes it as soon as there is one.
    Pending,
    Done,
    Failed,
}

/// What was taken.
#[derive(Debug, Serialize, ToSchema)]
struct TakenSavepoint {
    /// The run that took it, and its epoch.
    #[schema(value_type = String)]
    run_id: RunId,
    epoch: u64,
    parallelism: u32,
    taken_at: Time,
    bytes: u64,
}

/// A savepoint that is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavepointContent {
    /// What people call it; it need not be one of its kind.
    #[serde(default)]
    pub name: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct SavepointPath {
    /// The savepoint's id.
    #[param(value_type = String)]
    pub id: SavepointId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SavepointQuery {
    /// Only those of this deployment, which may be gone.
    #[param(value_type = Option<String>)]
    deployment_id: Option<DeploymentId>,
    /// Only those of this status: `pending`, `done` or `failed`.
    #[param(example = "done")]
    status: Option<String>,
}

fn show(savepoint: store::Savepoint) -> Savepoint {
    Savepoint {
        id: savepoint.id,
        workspace: savepoint.workspace,
        deployment_id: savepoint.deployment_id,
        deployment_name: savepoint.deployment_name,
        draft_id: savepoint.draft_id,
        version: savepoint.version,
        name: savepoint.name,
        at_stop: savepoint.at_stop,
        status: match savepoint.status {
            store::SavepointStatus::Pending => SavepointStatus::Pending,
            store::SavepointStatus::Done => SavepointStatus::Done,
            store::SavepointStatus::Failed => SavepointStatus::Failed,
        },
        reason: savepoint.reason,
        created_by: savepoint.created_by,
        created_at: Time::of(savepoint.created_at),
        ended_at: savepoint.ended_at.map(Time::of),
        taken: savepoint.taken.map(|taken| TakenSavepoint {
            run_id: taken.run_id,
            epoch: taken.epoch,
            parallelism: taken.parallelism,
            taken_at: Time::of(taken.taken_at),
            bytes: taken.bytes,
        }),
    }
}

/// With the name of whoever asked for it.
async fn shown(app: &App, savepoint: store::Savepoint) -> Result<Savepoint> {
    let created_by = app.name_of(&savepoint.created_by).await?;
    Ok(Savepoint {
        created_by,
        ..show(savepoint)
    })
}

pub async fn accepted(app: &App, savepoint: store::Savepoint) -> Result<Accepted<Savepoint>> {
    let body = shown(app, savepoint).await?;
    Ok(Accepted {
        location: format!("/workspaces/{}/savepoints/{}", body.workspace, body.id),
        body,
    })
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Role::Viewer), routes!(list_savepoints))
        .add_creating_from(
            Need::Role(Role::Operator),
            SMALL_BYTES_MAX,
            routes!(create_savepoint),
        )
        .add(Need::Role(Role::Viewer), routes!(get_savepoint))
        .add(Need::Role(Role::Operator), routes!(delete_savepoint))
}

/// Savepoints, newest first
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/savepoints",
    tag = "savepoints",
    params(SavepointQuery, PageQuery),
    responses((status = 200, description = "A page", body = Page<Savepoint>))
)]
async fn list_savepoints(
    State(app): State<App>,
    at: InWorkspace,
    Query(query): Query<SavepointQuery>,
    page: PageQuery,
) -> Result<Json<Page<Savepoint>>> {
    let status = query.status.as_deref().map(str::parse).transpose();
    let filter = SavepointFilter {
        deployment_id: query.deployment_id,
        status: status
            .map_err(|error: store::SavepointStatusError| Problem::malformed(format!("status: {error}")))?,
    };
    let savepoints = app
        .store()
        .savepoints()
        .list(&at.name, &filter, &page.request())
        .await?;
    let mut shown = Page::of(savepoints, show);
    for savepoint in &mut shown.items {
        savepoint.created_by = app.name_of(&savepoint.created_by).await?;
    }
    Ok(Json(shown))
}

/// Take a savepoint of a deployment that runs, and goes on
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/deployments/{id}/savepoints",
    tag = "savepoints",
    params(DeploymentPath),
    request_body = SavepointContent,
    responses(
        (status = 202, description = "It is asked for; read it again to see what becomes of it", body = Savepoint),
        (status = 409, description = "Nothing runs, or too many are waited for", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn create_savepoint(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
    SmallJson(content): SmallJson<SavepointContent>,
) -> Result<Accepted<Savepoint>> {
    let savepoint = app
        .jobs
        .create_savepoint(&at.actor(), &at.name, path.id, &content.name)
        .await?;
    accepted(&app, savepoint).await
}

/// A savepoint
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/savepoints/{id}",
    tag = "savepoints",
    params(SavepointPath),
    responses((status = 200, description = "The savepoint", body = Savepoint))
)]
async fn get_savepoint(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<SavepointPath>,
) -> Result<Json<Savepoint>> {
    let savepoint = app.store().savepoints().get(&at.name, path.id).await?;
    Ok(Json(shown(&app, savepoint).await?))
}

/// Delete a savepoint that no deployment goes on from
#[utoipa::path(
    delete,
    path = "/workspaces/{ws}/savepoints/{id}",
    tag = "savepoints",
    params(SavepointPath),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "A deployment goes on from it and has no checkpoint yet", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn delete_savepoint(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<SavepointPath>,
) -> Result<StatusCode> {
    app.jobs.delete_savepoint(&at.actor(), &at.name, path.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
