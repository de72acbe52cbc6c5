//! Drafts: a job's text while it is written.

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use axum::http::StatusCode;
use model::{DeploymentId, DraftId};
use serde::{Deserialize, Serialize};
use store::{DraftChange, NewDraft, Role};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path, Query};
use crate::etag::{Created, IfMatch, Tagged};
use crate::names::Phase;
use crate::page::{Page, PageQuery};
use crate::problem::{Problem, Result};
use crate::routes::Routes;
use crate::time::Time;

/// Deployments that a page of drafts shows beside them, altogether.
const DEPLOYMENTS_SHOWN_MAX: u32 = 1000;

#[derive(Debug, Serialize, ToSchema)]
pub struct Draft {
    #[schema(value_type = String)]
    id: DraftId,
    workspace: String,
    name: String,
    sql: String,
    /// What the session starts with, as by SET.
    settings: BTreeMap<String, String>,
    /// From 1, raised by every change; also the ETag.
    revision: u64,
    created_at: Time,
    updated_at: Time,
    /// The user's name.
    updated_by: String,
}

/// A draft in a list, without its text.
#[derive(Debug, Serialize, ToSchema)]
struct DraftSummary {
    #[schema(value_type = String)]
    id: DraftId,
    workspace: String,
    name: String,
    revision: u64,
    created_at: Time,
    updated_at: Time,
    updated_by: String,
    /// What runs of it, newest first.
    deployments: Vec<DraftDeployment>,
}

#[derive(Debug, Serialize, ToSchema)]
struct DraftDeployment {
    #[schema(value_type = String)]
    id: DeploymentId,
    name: String,
    phase: Phase,
    version: u32,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DraftContent {
    /// One of its kind in the workspace.
    name: String,
    /// At most 1 MiB.
    sql: String,
    /// Left out: none, or as they are.
    #[serde(default)]
    settings: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rollback {
    /// The number of the version to go back to.
    version: u32,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct DraftPath {
    /// The draft's id.
    #[param(value_type = String)]
    pub id: DraftId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SaveQuery {
    /// Whether an editor saves by itself: not each such save is audited.
    #[serde(default)]
    autosave: bool,
}

pub async fn show(app: &App, draft: store::Draft) -> Result<Tagged<Draft>> {
    Ok(Tagged {
        revision: draft.revision,
        body: Draft {
            id: draft.id,
            workspace: draft.workspace,
            name: draft.name,
            sql: draft.sql,
            settings: draft.settings,
            revision: draft.revision,
            created_at: Time::of(draft.created_at),
            updated_at: Time::of(draft.updated_at),
            updated_by: app.name_of(&draft.updated_by).await?,
        },
    })
}

pub async fn created(app: &App, draft: store::Draft) -> Result<Created<Draft>> {
    let location = format!("/workspaces/{}/drafts/{}", draft.workspace, draft.id);
    let Tagged { revision, body } = show(app, draft).await?;
    Ok(Created {
        location,
        revision: Some(revision),
        body,
    })
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Role::Viewer), routes!(list_drafts))
        .add_creating(Need::Role(Role::Developer), routes!(create_draft))
        .add(Need::Role(Role::Viewer), routes!(get_draft))
        .add(Need::Role(Role::Developer), routes!(save_draft))
        .add(Need::Role(Role::Developer), routes!(delete_draft))
        .add_creating(Need::Role(Role::Developer), routes!(roll_back_draft))
}

/// Drafts, newest first
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/drafts",
    tag = "drafts",
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<DraftSummary>))
)]
async fn list_drafts(
    State(app): State<App>,
    at: InWorkspace,
    page: PageQuery,
) -> Result<Json<Page<DraftSummary>>> {
    let drafts = app.store().drafts().list(&at.name, &page.request()).await?;
    let ids: Vec<DraftId> = drafts.items.iter().map(|draft| draft.id).collect();
    let deployments = app.store().deployments();
    let mut deployed: HashMap<DraftId, Vec<DraftDeployment>> = HashMap::new();
    for deployment in deployments
        .of_drafts(&at.name, &ids, DEPLOYMENTS_SHOWN_MAX)
        .await?
    {
        let shown = DraftDeployment {
            id: deployment.id,
            name: deployment.name,
            phase: Phase(deployment.phase),
            version: deployment.version,
        };
        deployed.entry(deployment.draft_id).or_default().push(shown);
    }
    let mut items = Vec::with_capacity(drafts.items.len());
    for draft in drafts.items {
        items.push(DraftSummary {
            deployments: deployed.remove(&draft.id).unwrap_or_default(),
            id: draft.id,
            workspace: draft.workspace,
            name: draft.name,
            revision: draft.revision,
            created_at: Time::of(draft.created_at),
            updated_at: Time::of(draft.updated_at),
            updated_by: app.name_of(&draft.updated_by).await?,
        });
    }
    Ok(Json(Page {
        items,
        next_cursor: drafts.next_cursor,
    }))
}

/// Add a draft
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/drafts",
    tag = "drafts",
    request_body = DraftContent,
    responses(
        (status = 201, description = "Added", body = Draft),
        (status = 409, description = "There is one of this name", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn create_draft(
    State(app): State<App>,
    at: InWorkspace,
    Json(content): Json<DraftContent>,
) -> Result<Created<Draft>> {
    let new = NewDraft {
        name: content.name,
        sql: content.sql,
        settings: content.settings.unwrap_or_default(),
    };
    let draft = app.store().drafts().create(&at.name, new, &at.actor()).await?;
    created(&app, draft).await
}

/// A draft with its text
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/drafts/{id}",
    tag = "drafts",
    params(DraftPath),
    responses((status = 200, description = "The draft", body = Draft, headers(("ETag" = String))))
)]
async fn get_draft(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DraftPath>,
) -> Result<Tagged<Draft>> {
    let draft = app.store().drafts().get(&at.name, path.id).await?;
    show(&app, draft).await
}

/// Save a draft
#[utoipa::path(
    put,
    path = "/workspaces/{ws}/drafts/{id}",
    tag = "drafts",
    params(DraftPath, SaveQuery, IfMatch),
    request_body = DraftContent,
    responses(
        (status = 200, description = "Saved", body = Draft, headers(("ETag" = String))),
        (status = 409, description = "There is another of this name", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn save_draft(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DraftPath>,
    Query(query): Query<SaveQuery>,
    from: IfMatch,
    Json(content): Json<DraftContent>,
) -> Result<Tagged<Draft>> {
    let drafts = app.store().drafts();
    let before = drafts.get(&at.name, path.id).await?;
    let change = DraftChange {
        // A name that stays is no renaming, which would be audited.
        name: Some(content.name).filter(|name| *name != before.name),
        sql: Some(content.sql),
        settings: content.settings,
    };
    let actor = at.actor();
    let saved = if query.autosave {
        drafts
            .autosave(&at.name, path.id, from.revision, change, &actor)
            .await?
    } else {
        drafts
            .update(&at.name, path.id, from.revision, change, &actor)
            .await?
    };
    show(&app, saved).await
}

/// Delete a draft with its versions
#[utoipa::path(
    delete,
    path = "/workspaces/{ws}/drafts/{id}",
    tag = "drafts",
    params(DraftPath, IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "One of its versions is deployed", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn delete_draft(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DraftPath>,
    from: IfMatch,
) -> Result<StatusCode> {
    let drafts = app.store().drafts();
    drafts
        .delete(&at.name, path.id, from.revision, &at.actor())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a draft the text and settings of one of its versions
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/drafts/{id}/rollback",
    tag = "drafts",
    params(DraftPath),
    request_body = Rollback,
    responses((status = 200, description = "The draft as it is now", body = Draft, headers(("ETag" = String))))
)]
async fn roll_back_draft(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DraftPath>,
    Json(rollback): Json<Rollback>,
) -> Result<Tagged<Draft>> {
    let draft = app
        .jobs
        .roll_back(&at.actor(), &at.name, path.id, rollback.version)
        .await?;
    show(&app, draft).await
}
