//! Versions: what a draft was at a time. They never change.

use std::collections::BTreeMap;

use axum::extract::State;
use model::DraftId;
use serde::{Deserialize, Serialize};
use store::Role;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::drafts::DraftPath;
use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path, Query};
use crate::etag::Created;
use crate::page::{Page, PageQuery};
use crate::problem::Result;
use crate::routes::Routes;
use crate::time::Time;

#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    #[schema(value_type = String)]
    draft_id: DraftId,
    /// From 1, without gaps.
    number: u32,
    sql: String,
    settings: BTreeMap<String, String>,
    /// The workspace's catalog of then, as statements that make it.
    catalog_ddl: String,
    /// The same for the same text, settings and catalog.
    content_hash: String,
    comment: String,
    created_at: Time,
    /// The user's name.
    created_by: String,
}

/// A version in a list, without its text.
#[derive(Debug, Serialize, ToSchema)]
struct VersionSummary {
    #[schema(value_type = String)]
    draft_id: DraftId,
    number: u32,
    content_hash: String,
    comment: String,
    created_at: Time,
    created_by: String,
}

/// What has changed from one version to another.
#[derive(Debug, Serialize, ToSchema)]
struct VersionDiff {
    lines: Vec<DiffLine>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DiffLine {
    op: DiffOp,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
enum DiffOp {
    /// The line stayed.
    #[serde(rename = " ")]
    Same,
    /// It came.
    #[serde(rename = "+")]
    Added,
    /// It went.
    #[serde(rename = "-")]
    Removed,
}

/// What a version needs, with the reasons in words.
#[derive(Debug, Serialize, ToSchema)]
struct Estimate {
    parallelism: u32,
    memory_bytes: u64,
    reasons: Vec<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VersionContent {
    #[serde(default)]
    comment: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct VersionPath {
    /// The draft's id.
    #[param(value_type = String)]
    id: DraftId,
    /// The version's number.
    n: u32,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DiffQuery {
    /// The number of the version to compare with.
    against: u32,
}

impl From<store::VersionSummary> for VersionSummary {
    fn from(version: store::VersionSummary) -> VersionSummary {
        VersionSummary {
            draft_id: version.draft_id,
            number: version.number,
            content_hash: version.content_hash,
            comment: version.comment,
            created_at: Time::of(version.created_at),
            created_by: version.created_by,
        }
    }
}

impl From<jobs::DiffLine> for DiffLine {
    fn from(line: jobs::DiffLine) -> DiffLine {
        DiffLine {
            op: match line.op {
                '+' => DiffOp::Added,
                '-' => DiffOp::Removed,
                _ => DiffOp::Same,
            },
            text: line.text,
        }
    }
}

async fn show(app: &App, version: store::Version) -> Result<Version> {
    Ok(Version {
        draft_id: version.draft_id,
        number: version.number,
        sql: version.sql,
        settings: version.settings,
        catalog_ddl: version.catalog_ddl,
        content_hash: version.content_hash,
        comment: version.comment,
        created_at: Time::of(version.created_at),
        created_by: app.name_of(&version.created_by).await?,
    })
}

pub async fn created(app: &App, workspace: &str, version: store::Version) -> Result<Created<Version>> {
    Ok(Created {
        location: format!(
            "/workspaces/{workspace}/drafts/{}/versions/{}",
            version.draft_id, version.number
        ),
        revision: None,
        body: show(app, version).await?,
    })
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Role::Viewer), routes!(list_versions))
        .add_creating(Need::Role(Role::Developer), routes!(create_version))
        .add(Need::Role(Role::Viewer), routes!(get_version))
        .add(Need::Role(Role::Viewer), routes!(diff_versions))
        .add(Need::Role(Role::Developer), routes!(estimate_version))
}

/// Versions of a draft, newest first
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/drafts/{id}/versions",
    tag = "versions",
    params(DraftPath, PageQuery),
    responses((status = 200, description = "A page", body = Page<VersionSummary>))
)]
async fn list_versions(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DraftPath>,
    page: PageQuery,
) -> Result<Json<Page<VersionSummary>>> {
    app.store().drafts().get(&at.name, path.id).await?;
    let versions = app.store().versions();
    let versions = versions.list(&at.name, path.id, &page.request()).await?;
    let mut page = Page::of(versions, VersionSummary::from);
    for version in &mut page.items {
        version.created_by = app.name_of(&version.created_by).await?;
    }
    Ok(Json(page))
}

/// Keep a draft as it is now
///
/// A text that could not be deployed is refused with its diagnostics.
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/drafts/{id}/versions",
    tag = "versions",
    params(DraftPath),
    request_body = VersionContent,
    responses((status = 201, description = "Kept", body = Version))
)]
async fn create_version(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DraftPath>,
    Json(content): Json<VersionContent>,
) -> Result<Created<Version>> {
    let version = app
        .jobs
        .create_version(&at.actor(), &at.name, path.id, &content.comment)
        .await?;
    created(&app, &at.name, version).await
}

/// A version with its text
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/drafts/{id}/versions/{n}",
    tag = "versions",
    params(VersionPath),
    responses((status = 200, description = "The version", body = Version))
)]
async fn get_version(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<VersionPath>,
) -> Result<Json<Version>> {
    let version = app.store().versions().get(&at.name, path.id, path.n).await?;
    show(&app, version).await.map(Json)
}

/// What has changed from one version to another, line by line
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/drafts/{id}/versions/{n}/diff",
    tag = "versions",
    params(VersionPath, DiffQuery),
    responses((status = 200, description = "The lines of both", body = VersionDiff))
)]
async fn diff_versions(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<VersionPath>,
    Query(query): Query<DiffQuery>,
) -> Result<Json<VersionDiff>> {
    let lines = app.jobs.diff(&at.name, path.id, path.n, query.against).await?;
    Ok(Json(VersionDiff {
        lines: lines.into_iter().map(DiffLine::from).collect(),
    }))
}

/// How much a version needs, from its plan and a short run that writes nothing
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/drafts/{id}/versions/{n}/estimate",
    tag = "versions",
    params(VersionPath),
    responses((status = 200, description = "The estimate", body = Estimate))
)]
async fn estimate_version(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<VersionPath>,
) -> Result<Json<Estimate>> {
    let estimate = app.jobs.estimate(&at.name, path.id, path.n).await?;
    Ok(Json(Estimate {
        parallelism: estimate.parallelism,
        memory_bytes: estimate.memory_bytes,
        reasons: estimate.reasons,
    }))
}
