//! Checkpoints: the state of a job at one moment, from which the next run goes on.

use axum::extract::State;
use serde::Serialize;
use store::Role;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::deployments::DeploymentPath;
use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path};
use crate::page::Page;
use crate::problem::Result;
use crate::routes::Routes;
use crate::time::Time;

/// Where its file lies is the engine's business.
#[derive(Debug, Serialize, ToSchema)]
struct Checkpoint {
    /// They are numbered over all runs of a deployment.
    number: u64,
    bytes: u64,
    /// Null if it is damaged, so that no run can go on from it.
    #[schema(required)]
    origin: Option<CheckpointOrigin>,
}

/// Where a checkpoint comes from.
#[derive(Debug, Serialize, ToSchema)]
struct CheckpointOrigin {
    /// The run that took it.
    run_id: String,
    parallelism: usize,
    /// When its barrier set out from the sources.
    began_at: Time,
    /// When it had passed all operators, and was about to be written.
    taken_at: Time,
    /// Of a job that was stopped, or had read its input to the end.
    is_last: bool,
}

impl From<runner::Checkpoint> for Checkpoint {
    fn from(checkpoint: runner::Checkpoint) -> Checkpoint {
        let origin = |origin: runner::CheckpointOrigin| CheckpointOrigin {
            run_id: origin.run_id,
            parallelism: origin.parallelism,
            began_at: Time::of(origin.began_ms),
            taken_at: Time::of(origin.taken_ms),
            is_last: origin.is_last,
        };
        Checkpoint {
            number: checkpoint.number,
            bytes: checkpoint.bytes,
            origin: checkpoint.origin.map(origin),
        }
    }
}

pub fn routes() -> Routes {
    Routes::new().add(Need::Role(Role::Viewer), routes!(list_checkpoints))
}

/// Checkpoints that are retained, newest first
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/deployments/{id}/checkpoints",
    tag = "deployments",
    params(DeploymentPath),
    responses((status = 200, description = "All of them", body = Page<Checkpoint>))
)]
async fn list_checkpoints(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
) -> Result<Json<Page<Checkpoint>>> {
    let checkpoints = app.jobs.checkpoints(&at.name, path.id).await?;
    Ok(Json(Page {
        items: checkpoints.into_iter().map(Checkpoint::from).collect(),
        next_cursor: None,
    }))
}
