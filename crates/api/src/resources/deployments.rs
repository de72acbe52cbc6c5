//! Deployments: what should run, and how that goes.

use axum::extract::State;
use axum::http::StatusCode;
use jobs::RestoreWish;
use model::{DeploymentId, DesiredState, DraftId, PhaseName, SavepointId};
use runner::FailureCause as Cause;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use store::{ConditionKind as Kind, DeploymentFilter, Role};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::diagnostic::Diagnostic;
use super::savepoints::SavepointContent;
use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path, Query, SMALL_BYTES_MAX, SmallJson};
use crate::etag::{Created, IfMatch, Tagged};
use crate::names::{Desired, Phase};
use crate::page::{Page, PageQuery};
use crate::problem::{Problem, Result};
use crate::routes::Routes;
use crate::time::Time;

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Deployment {
    #[schema(value_type = String)]
    pub id: DeploymentId,
    workspace: String,
    name: String,
    #[schema(value_type = String)]
    draft_id: DraftId,
    /// The number of the draft's version that should run.
    version: u32,
    /// `embedded`, or `flink`.
    engine: String,
    /// Null: it runs on the machine of the server.
    #[schema(required)]
    cluster: Option<String>,
    /// Null: as the version ran before, else one shard; an estimate says how many are worth it.
    #[schema(required)]
    parallelism: Option<u32>,
    desired: Desired,
    /// From 1, raised by every change that a person makes; also the ETag.
    revision: u64,
    /// Raised whenever something is asked for that concerns the run.
    generation: u64,
    /// The generation that the phase speaks of.
    observed_generation: u64,
    pub phase: Phase,
    conditions: Vec<Condition>,
    /// The savepoint that its runs begin from as long as there is no newer checkpoint.
    #[schema(required, value_type = Option<String>)]
    restore_savepoint: Option<SavepointId>,
    #[schema(required)]
    last_error: Option<Failure>,
    created_at: Time,
    updated_at: Time,
}

/// Something that holds beside the phase.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Condition {
    kind: ConditionKind,
    since: Time,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ConditionKind {
    /// The run does not answer. Whether it still runs is not known, so no other one is started.
    Unreachable,
    /// The next attempt waits.
    BackOff,
    WaitingForCapacity,
}

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Failure {
    cause: FailureCause,
    /// At least one.
    diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FailureCause {
    /// The program is wrong.
    Invalid,
    /// What there is to go on from does not fit, or cannot be read. A start from a savepoint or without state helps.
    State,
    /// The job failed on a row or on the outside world.
    Runtime,
    /// It used more memory than it may.
    Memory,
    /// Another attempt of the deployment was still there.
    Locked,
    /// A later attempt of the deployment has run.
    Fenced,
    /// A fault of the platform.
    Internal,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeploymentContent {
    /// One of its kind in the workspace.
    name: String,
    #[schema(value_type = String)]
    draft_id: DraftId,
    version: u32,
    /// The cluster that it runs on, for good. Null: the machine of the server.
    #[serde(default)]
    cluster: Option<String>,
    /// Null: as the version ran before, else one shard; an estimate says how many are worth it.
    #[serde(default)]
    parallelism: Option<u32>,
    /// `running` unless it is given.
    #[serde(default)]
    desired: Option<Desired>,
    /// What it begins from: nothing, or a savepoint.
    #[serde(default)]
    restore: Restore,
    /// Whether state of a savepoint may be dropped that the version has no use for.
    #[serde(default)]
    allow_reset: bool,
}

/// What is left out stays as it is. What is given is asked for anew, even if it was before: that is how a failed job
/// is started again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeploymentChange {
    #[serde(default)]
    desired: Option<Desired>,
    #[serde(default)]
    version: Option<u32>,
    /// Null: as the version ran before, else one shard; an estimate says how many are worth it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    parallelism: Option<Option<u32>>,
    /// What the next run goes on from. `latest` unless it is given.
    #[serde(default)]
    restore: Restore,
    /// Whether state may be dropped that the version has no use for.
    #[serde(default)]
    allow_reset: bool,
    /// A savepoint of the state in which it stops. Only with `desired` of `stopped` or `suspended`.
    #[serde(default)]
    savepoint: Option<SavepointContent>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Restore {
    /// The newest checkpoint, or what it began from.
    #[default]
    Latest,
    /// Nothing: it begins anew, now and after any failure that comes before its first checkpoint.
    None,
    /// By its id: one of the workspace that is done, of this deployment or of another.
    Savepoint(String),
}

impl Restore {
    pub fn wish(self) -> Result<RestoreWish> {
        Ok(match self {
            Restore::Latest => RestoreWish::Latest,
            Restore::None => RestoreWish::Nothing,
            Restore::Savepoint(id) => {
                let id = id.parse();
                RestoreWish::Savepoint(id.map_err(|error| Problem::malformed(format!("restore: {error}")))?)
            }
        })
    }
}

/// Tells null from what is left out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct DeploymentPath {
    /// The deployment's id.
    #[param(value_type = String)]
    pub id: DeploymentId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeploymentQuery {
    /// Only those in one of these phases, separated by commas.
    #[param(example = "running,recovering")]
    phase: Option<String>,
    /// Only those of this draft.
    #[param(value_type = Option<String>)]
    draft_id: Option<DraftId>,
}

pub fn show(deployment: store::Deployment) -> Deployment {
    let condition = |condition: store::Condition| Condition {
        kind: match condition.kind {
            Kind::Unreachable => ConditionKind::Unreachable,
            Kind::BackOff => ConditionKind::BackOff,
            Kind::WaitingForCapacity => ConditionKind::WaitingForCapacity,
        },
        since: Time::of(condition.since),
        message: condition.message,
    };
    Deployment {
        id: deployment.id,
        workspace: deployment.workspace,
        name: deployment.name,
        draft_id: deployment.draft_id,
        version: deployment.version,
        engine: deployment.engine,
        cluster: deployment.cluster,
        parallelism: deployment.parallelism,
        desired: Desired(deployment.desired),
        revision: deployment.revision,
        generation: deployment.generation,
        observed_generation: deployment.observed_generation,
        phase: Phase(deployment.phase),
        conditions: deployment.conditions.into_iter().map(condition).collect(),
        restore_savepoint: deployment.restore_savepoint,
        last_error: deployment.last_error.map(Failure::from),
        created_at: Time::of(deployment.created_at),
        updated_at: Time::of(deployment.updated_at),
    }
}

fn tagged(deployment: store::Deployment) -> Tagged<Deployment> {
    Tagged {
        revision: deployment.revision,
        body: show(deployment),
    }
}

pub fn created(deployment: store::Deployment) -> Created<Deployment> {
    let Tagged { revision, body } = tagged(deployment);
    Created {
        location: format!("/workspaces/{}/deployments/{}", body.workspace, body.id),
        revision: Some(revision),
        body,
    }
}

/// As it was written down; what an older version wrote in other words is shown as it is.
impl From<Value> for Failure {
    fn from(written: Value) -> Failure {
        let text = written.to_string();
        match serde_json::from_value::<runner::RunFailure>(written) {
            Ok(failure) => Failure {
                cause: match failure.cause {
                    Cause::Invalid => FailureCause::Invalid,
                    Cause::State => FailureCause::State,
                    Cause::Runtime => FailureCause::Runtime,
                    Cause::Memory => FailureCause::Memory,
                    Cause::Locked => FailureCause::Locked,
                    Cause::Fenced => FailureCause::Fenced,
                    Cause::Internal => FailureCause::Internal,
                },
                diagnostics: failure.diagnostics.into_iter().map(Diagnostic::from).collect(),
            },
            Err(_) => Failure {
                cause: FailureCause::Internal,
                diagnostics: vec![runner::Diagnostic::error(runner::Kind::Runtime, text).into()],
            },
        }
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Role::Viewer), routes!(list_deployments))
        .add_creating_from(
            Need::Role(Role::Operator),
            SMALL_BYTES_MAX,
            routes!(create_deployment),
        )
        .add(Need::Role(Role::Viewer), routes!(get_deployment))
        .add(Need::Role(Role::Operator), routes!(change_deployment))
        .add(Need::Role(Role::Operator), routes!(delete_deployment))
}

/// Deployments, newest first
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/deployments",
    tag = "deployments",
    params(DeploymentQuery, PageQuery),
    responses((status = 200, description = "A page", body = Page<Deployment>))
)]
async fn list_deployments(
    State(app): State<App>,
    at: InWorkspace,
    Query(query): Query<DeploymentQuery>,
    page: PageQuery,
) -> Result<Json<Page<Deployment>>> {
    let mut phases: Vec<PhaseName> = Vec::new();
    let names = query.phase.iter().flat_map(|names| names.split(','));
    for name in names.filter(|name| !name.is_empty()) {
        let phase = name.parse();
        phases.push(phase.map_err(|error| Problem::malformed(format!("phase: {error}")))?);
    }
    let filter = DeploymentFilter {
        workspace: Some(at.name),
        phases,
        draft_id: query.draft_id,
    };
    let deployments = app.store().deployments().list(&filter, &page.request()).await?;
    Ok(Json(Page::of(deployments, show)))
}

/// Deploy a version
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/deployments",
    tag = "deployments",
    request_body = DeploymentContent,
    responses(
        (status = 201, description = "It will be made so", body = Deployment, headers(("ETag" = String))),
        (status = 409, description = "There is one of this name", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn create_deployment(
    State(app): State<App>,
    at: InWorkspace,
    SmallJson(content): SmallJson<DeploymentContent>,
) -> Result<Created<Deployment>> {
    let new = jobs::NewDeployment {
        name: content.name,
        draft_id: content.draft_id,
        version: content.version,
        cluster: content.cluster,
        parallelism: content.parallelism,
        desired: content.desired.map_or(DesiredState::Running, |desired| desired.0),
        savepoint: match content.restore.wish()? {
            RestoreWish::Latest | RestoreWish::Nothing => None,
            RestoreWish::Savepoint(savepoint) => Some(savepoint),
        },
        allow_reset: content.allow_reset,
    };
    let deployment = app.jobs.create_deployment(&at.actor(), &at.name, new).await?;
    Ok(created(deployment))
}

/// A deployment
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/deployments/{id}",
    tag = "deployments",
    params(DeploymentPath),
    responses((status = 200, description = "The deployment", body = Deployment, headers(("ETag" = String))))
)]
async fn get_deployment(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
) -> Result<Tagged<Deployment>> {
    let deployment = app.store().deployments().get(&at.name, path.id).await?;
    Ok(tagged(deployment))
}

/// Start, stop, suspend, upgrade or rescale
#[utoipa::path(
    patch,
    path = "/workspaces/{ws}/deployments/{id}",
    tag = "deployments",
    params(DeploymentPath, IfMatch),
    request_body = DeploymentChange,
    responses((status = 200, description = "It will be made so", body = Deployment, headers(("ETag" = String))))
)]
async fn change_deployment(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
    from: IfMatch,
    SmallJson(change): SmallJson<DeploymentChange>,
) -> Result<Tagged<Deployment>> {
    let change = jobs::DeploymentChange {
        desired: change.desired.map(|desired| desired.0),
        version: change.version,
        parallelism: change.parallelism,
        restore: change.restore.wish()?,
        allow_reset: change.allow_reset,
        savepoint_at_stop: change.savepoint.map(|savepoint| savepoint.name),
    };
    let deployment = app
        .jobs
        .change_deployment(&at.actor(), &at.name, path.id, from.revision, change)
        .await?;
    Ok(tagged(deployment))
}

/// Delete a deployment of which nothing runs
#[utoipa::path(
    delete,
    path = "/workspaces/{ws}/deployments/{id}",
    tag = "deployments",
    params(DeploymentPath, IfMatch),
    responses(
        (status = 204, description = "Deleted with its runs"),
        (status = 409, description = "It still runs", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn delete_deployment(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
    from: IfMatch,
) -> Result<StatusCode> {
    app.jobs
        .delete_deployment(&at.actor(), &at.name, path.id, from.revision)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
