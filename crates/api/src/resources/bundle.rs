//! A workspace as files of SQL and YAML: written, compared with other files, and made what they say.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jobs::bundle as known;
use serde::{Deserialize, Serialize};
use store::Role;
use tokio_stream::StreamExt;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::diagnostic::Diagnostic;
use super::versions::DiffLine;
use crate::access::{InWorkspace, Need};
use crate::app::{App, turn};
use crate::body::{Held, Json, json};
use crate::etag::location;
use crate::operations::{Ending, Operation};
use crate::problem::{Problem, Result};
use crate::routes::Routes;

/// A bundle has no more, however little of it must be escaped.
const IMPORT_BYTES_MAX: usize = known::BYTES_MAX;

/// A workspace as files.
#[derive(Debug, Serialize, ToSchema)]
struct Bundle {
    /// Texts by paths: `workspace.yaml`, `catalog.sql`, `connections/NAME.yaml`, `jobs/NAME.sql`, `jobs/NAME.yaml`,
    /// `secrets.yaml`.
    files: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BundleContent {
    /// Texts by paths, as they were exported.
    files: BTreeMap<String, String>,
    /// Whether what no file names is deleted.
    #[serde(default)]
    prune: bool,
}

/// What an import would change.
#[derive(Debug, Serialize, ToSchema)]
struct BundleDiff {
    changes: Vec<BundleChange>,
    /// With an error among them nothing would be done.
    diagnostics: Vec<FileDiagnostic>,
}

/// What an import has changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct BundleReport {
    /// False if the files have faults, and nothing has changed; or if it broke off, and `changes` are those that
    /// were made: import again.
    applied: bool,
    changes: Vec<BundleChange>,
    diagnostics: Vec<FileDiagnostic>,
}

#[derive(Debug, Serialize, ToSchema)]
struct BundleChange {
    /// `catalog`, `database`, `table`, `view`, `connection`, `job`, `version` or `deployment`.
    noun: &'static str,
    name: String,
    action: BundleAction,
    /// None if it is unchanged.
    lines: Vec<DiffLine>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BundleAction {
    Create,
    Update,
    Delete,
    Unchanged,
}

/// A diagnostic, and the file that its place is in.
#[derive(Debug, Serialize, ToSchema)]
struct FileDiagnostic {
    #[schema(required)]
    file: Option<String>,
    #[serde(flatten)]
    diagnostic: Diagnostic,
}

impl From<known::Change> for BundleChange {
    fn from(change: known::Change) -> BundleChange {
        BundleChange {
            noun: change.noun,
            name: change.name,
            action: match change.action {
                known::Action::Create => BundleAction::Create,
                known::Action::Update => BundleAction::Update,
                known::Action::Delete => BundleAction::Delete,
                known::Action::Unchanged => BundleAction::Unchanged,
            },
            lines: change.lines.into_iter().map(DiffLine::from).collect(),
        }
    }
}

impl From<known::FileDiagnostic> for FileDiagnostic {
    fn from(found: known::FileDiagnostic) -> FileDiagnostic {
        FileDiagnostic {
            file: found.file,
            diagnostic: found.diagnostic.into(),
        }
    }
}

impl From<known::BundleDiff> for BundleDiff {
    fn from(diff: known::BundleDiff) -> BundleDiff {
        BundleDiff {
            changes: diff.changes.into_iter().map(BundleChange::from).collect(),
            diagnostics: diff.diagnostics.into_iter().map(FileDiagnostic::from).collect(),
        }
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Role::Viewer), routes!(export_workspace))
        .add(Need::Role(Role::Owner), routes!(compare_import))
        .add_creating_from(
            Need::Role(Role::Owner),
            IMPORT_BYTES_MAX,
            routes!(import_workspace),
        )
}

/// The workspace as files
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/export",
    tag = "bundles",
    responses((status = 200, description = "The files", body = Bundle))
)]
async fn export_workspace(State(app): State<App>, at: InWorkspace) -> Result<Response> {
    let busy = || Problem::too_many("other exports are under way").retry_after(5);
    let place = Arc::clone(&app.exports).try_acquire_owned().map_err(|_| busy())?;
    let turn = turn(&app.bundles).await?;
    let known::Bundle { files } = app.jobs.export(&at.name).await?;
    drop(turn);
    let text = serde_json::to_vec(&Bundle { files }).map_err(|fault| Problem::logged(&fault))?;
    // The place is taken until the last byte has left.
    let body = tokio_stream::once(Bytes::from(text)).map(move |bytes| {
        let _ = &place;
        Ok::<_, Infallible>(bytes)
    });
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((json, Body::from_stream(body)).into_response())
}

/// What an import of these files would change
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/import/diff",
    tag = "bundles",
    request_body = BundleContent,
    responses((status = 200, description = "The changes", body = BundleDiff))
)]
async fn compare_import(
    State(app): State<App>,
    at: InWorkspace,
    request: Request,
) -> Result<Json<BundleDiff>> {
    let content: BundleContent = json(request, IMPORT_BYTES_MAX).await?;
    let _turn = turn(&app.bundles).await?;
    let bundle = known::Bundle { files: content.files };
    let diff = app.jobs.bundle_diff(&at.name, &bundle, content.prune).await?;
    Ok(Json(BundleDiff::from(diff)))
}

/// Make the workspace what these files say
///
/// The operation's result is a BundleReport.
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/import",
    tag = "bundles",
    request_body = BundleContent,
    responses((status = 202, description = "It is being done", body = Operation, headers(("Location" = String))))
)]
async fn import_workspace(State(app): State<App>, at: InWorkspace, request: Request) -> Result<Response> {
    let held = request.extensions().get::<Held>().cloned();
    let content: BundleContent = json(request, IMPORT_BYTES_MAX).await?;
    let id = app.store().new_id(app.store().clock().now_ms());
    let owner = at.caller.principal().key();
    let working = app.clone();
    let work = async move {
        // The files are in memory until they are applied.
        let _held = held;
        // Few operations run at all, so that each gets its turn.
        let _turn = match working.bundles.acquire().await {
            Ok(turn) => turn,
            Err(closed) => {
                return Ending {
                    result: None,
                    problem: Some(Problem::logged(&closed)),
                };
            }
        };
        let bundle = known::Bundle { files: content.files };
        let actor = at.actor();
        let applied = working.jobs.apply(&actor, &at.name, bundle, content.prune);
        match applied.await {
            Ok(report) => ending(report),
            Err(unfinished) => unfinished_ending(unfinished),
        }
    };
    let operation = app.operations.begin(owner, id, "import", work)?;
    let place = location(&format!("/operations/{id}"));
    let headers: [(_, HeaderValue); 1] = [(header::LOCATION, place)];
    Ok((StatusCode::ACCEPTED, headers, Json(operation)).into_response())
}

fn ending(report: known::BundleReport) -> Ending {
    let applied = report.applied;
    let BundleDiff { changes, diagnostics } = report.diff.into();
    let shown = BundleReport {
        applied,
        changes,
        diagnostics,
    };
    match serde_json::to_value(&shown) {
        Ok(result) => Ending {
            result: Some(result),
            problem: (!applied).then(|| {
                Problem::invalid("the files have faults, and nothing has changed")
                    .hint("The result says which.")
            }),
        },
        Err(fault) => Ending {
            result: None,
            problem: Some(Problem::logged(&fault)),
        },
    }
}

fn unfinished_ending(unfinished: known::Unfinished) -> Ending {
    let known::Unfinished { error, applied } = unfinished;
    let problem = Problem::from(error);
    if applied.is_empty() {
        return Ending {
            result: None,
            problem: Some(problem),
        };
    }
    let shown = BundleReport {
        applied: false,
        changes: applied.into_iter().map(BundleChange::from).collect(),
        diagnostics: Vec::new(),
    };
    match serde_json::to_value(&shown) {
        Ok(result) => Ending {
            result: Some(result),
            problem: Some(
                problem.hint("The result says what was changed until then. Apply the files again."),
            ),
        },
        Err(fault) => Ending {
            result: None,
            problem: Some(Problem::logged(&fault)),
        },
    }
}
