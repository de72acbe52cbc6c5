//! Snapshots: the state of a job at one moment, from which another attempt can go on.

use axum::extract::State;
use model::{DeploymentId, RunId, SnapshotId};
use serde::Serialize;
use store::Role;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::deployments::DeploymentPath;
use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path};
use crate::names::{SnapshotKind, SnapshotState};
use crate::page::{Page, PageQuery};
use crate::problem::Result;
use crate::routes::Routes;
use crate::time::Time;

/// Where its files lie is the engine's business.
#[derive(Debug, Serialize, ToSchema)]
struct Snapshot {
    #[schema(value_type = String)]
    id: SnapshotId,
    #[schema(value_type = String)]
    deployment_id: DeploymentId,
    /// The run that wrote it.
    #[schema(value_type = String)]
    run_id: RunId,
    kind: SnapshotKind,
    state: SnapshotState,
    /// Of its files; null as long as it is written.
    #[schema(required)]
    bytes: Option<u64>,
    created_at: Time,
}

impl From<store::Snapshot> for Snapshot {
    fn from(snapshot: store::Snapshot) -> Snapshot {
        Snapshot {
            id: snapshot.id,
            deployment_id: snapshot.deployment_id,
            run_id: snapshot.run_id,
            kind: SnapshotKind(snapshot.kind),
            state: SnapshotState(snapshot.state),
            bytes: snapshot.bytes,
            created_at: Time::of(snapshot.created_at),
        }
    }
}

pub fn routes() -> Routes {
    Routes::new().add(Need::Role(Role::Viewer), routes!(list_snapshots))
}

/// Snapshots, newest first
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/deployments/{id}/snapshots",
    tag = "snapshots",
    params(DeploymentPath, PageQuery),
    responses((status = 200, description = "A page", body = Page<Snapshot>))
)]
async fn list_snapshots(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
    page: PageQuery,
) -> Result<Json<Page<Snapshot>>> {
    app.store().deployments().get(&at.name, path.id).await?;
    let snapshots = app.store().snapshots();
    let snapshots = snapshots.list(&at.name, path.id, &page.request()).await?;
    Ok(Json(Page::of(snapshots, Snapshot::from)))
}
