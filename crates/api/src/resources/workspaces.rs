//! Workspaces: what everything else lies in.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use store::Role as Needed;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::{Caller, InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path, SMALL_BYTES_MAX, SmallJson};
use crate::credentials::Means;
use crate::etag::Created;
use crate::names::Role;
use crate::page::{Page, PageQuery};
use crate::problem::{Problem, Result};
use crate::routes::Routes;
use crate::time::Time;

#[derive(Debug, Serialize, ToSchema)]
pub struct Workspace {
    /// Stands in addresses and never changes.
    name: String,
    display_name: String,
    created_at: Time,
}

/// A workspace and how things are in it.
#[derive(Debug, Serialize, ToSchema)]
struct WorkspaceDetail {
    name: String,
    display_name: String,
    created_at: Time,
    /// One's own.
    role: Role,
    /// How many deployments are in each phase; phases of none are left out.
    phases: BTreeMap<&'static str, u64>,
    counts: WorkspaceCounts,
}

#[derive(Debug, Serialize, ToSchema)]
struct WorkspaceCounts {
    drafts: u64,
    deployments: u64,
    connections: u64,
    secrets: u64,
    members: u64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WorkspaceContent {
    /// A letter and up to 62 letters, digits and hyphens, all in lower case.
    name: String,
    display_name: String,
}

impl From<store::Workspace> for Workspace {
    fn from(workspace: store::Workspace) -> Workspace {
        Workspace {
            name: workspace.name,
            display_name: workspace.display_name,
            created_at: Time::of(workspace.created_at),
        }
    }
}

pub fn created(workspace: store::Workspace) -> Created<Workspace> {
    Created {
        location: format!("/workspaces/{}", workspace.name),
        revision: None,
        body: Workspace::from(workspace),
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::SignedIn, routes!(list_workspaces))
        .add_creating_from(Need::Admin, SMALL_BYTES_MAX, routes!(create_workspace))
        .add(Need::Role(Needed::Viewer), routes!(get_workspace))
        .add(Need::Admin, routes!(delete_workspace))
}

/// The workspaces that one may see, by name
#[utoipa::path(
    get,
    path = "/workspaces",
    tag = "workspaces",
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<Workspace>))
)]
async fn list_workspaces(
    State(app): State<App>,
    caller: Caller,
    page: PageQuery,
) -> Result<Json<Page<Workspace>>> {
    let workspaces = app.store().workspaces();
    let request = page.request();
    let principal = caller.principal();
    let page = match &principal.means {
        // One, or none if its user has left it.
        Means::Token(token) if token.workspace.is_some() => {
            let only = token.workspace.as_deref().unwrap_or_default();
            let items = match caller.role_in(&app, only).await {
                Ok(_) => vec![workspaces.get(only).await?],
                Err(problem) if problem.status() == StatusCode::NOT_FOUND => Vec::new(),
                Err(problem) => return Err(problem),
            };
            store::Page {
                items,
                next_cursor: None,
            }
        }
        _ if principal.user.is_admin => workspaces.list(&request).await?,
        _ => workspaces.list_of_user(principal.user.id, &request).await?,
    };
    Ok(Json(Page::of(page, Workspace::from)))
}

/// Add a workspace
#[utoipa::path(
    post,
    path = "/workspaces",
    tag = "workspaces",
    request_body = WorkspaceContent,
    responses(
        (status = 201, description = "Added", body = Workspace),
        (status = 409, description = "There is one of this name", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn create_workspace(
    State(app): State<App>,
    caller: Caller,
    SmallJson(content): SmallJson<WorkspaceContent>,
) -> Result<Created<Workspace>> {
    let new = store::NewWorkspace {
        name: content.name,
        display_name: content.display_name,
    };
    let workspace = app.store().workspaces().create(new, &caller.actor()).await?;
    Ok(created(workspace))
}

/// A workspace and how things are in it
#[utoipa::path(
    get,
    path = "/workspaces/{ws}",
    tag = "workspaces",
    responses((status = 200, description = "The workspace", body = WorkspaceDetail))
)]
async fn get_workspace(State(app): State<App>, at: InWorkspace) -> Result<Json<WorkspaceDetail>> {
    let workspace = app.store().workspaces().get(&at.name).await?;
    let counts = app.store().workspaces().counts(&at.name).await?;
    let phases = app.store().deployments().phase_counts(&at.name).await?;
    Ok(Json(WorkspaceDetail {
        name: workspace.name,
        display_name: workspace.display_name,
        created_at: Time::of(workspace.created_at),
        role: Role(at.role),
        phases: phases
            .into_iter()
            .map(|(phase, count)| (phase.name(), count))
            .collect(),
        counts: WorkspaceCounts {
            drafts: counts.drafts,
            deployments: counts.deployments,
            connections: counts.connections,
            secrets: counts.secrets,
            members: counts.members,
        },
    }))
}

/// Remove a workspace with all that lies in it
#[utoipa::path(
    delete,
    path = "/workspaces/{ws}",
    tag = "workspaces",
    responses(
        (status = 204, description = "Removed"),
        (status = 409, description = "Something in it still runs", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn delete_workspace(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode> {
    app.jobs.delete_workspace(&caller.actor(), &name).await?;
    app.credentials_changed();
    Ok(StatusCode::NO_CONTENT)
}
