//! The verdict: what becomes of state if another version goes on from it. Asking changes nothing.

use std::collections::BTreeMap;

use axum::extract::State;
use jobs::Candidate;
use model::{DraftId, SavepointId};
use serde::{Deserialize, Serialize};
use store::Role;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::deployments::{DeploymentPath, Restore};
use super::diagnostic::Span;
use super::savepoints::SavepointPath;
use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path};
use crate::problem::{Problem, Result};
use crate::routes::Routes;

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Verdict {
    /// Whose state it is; null if there is none, so that it begins anew.
    #[schema(required)]
    of: Option<StateOf>,
    /// The worst that becomes of anything.
    worst: StateFate,
    /// Nothing is lost: no approval is needed.
    keeps_all: bool,
    /// The text itself says that state may be dropped which it has no use for.
    drops_state: bool,
    /// In the order of the new text; what is only in the old one stands at the end.
    parts: Vec<PartVerdict>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct StateOf {
    #[schema(value_type = String)]
    draft_id: DraftId,
    version: u32,
    /// The savepoint that holds it; null: a checkpoint, or what runs now.
    #[schema(required, value_type = Option<String>)]
    savepoint_id: Option<SavepointId>,
}

/// What becomes of what one operator remembers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct PartVerdict {
    kind: PartKind,
    fate: StateFate,
    /// `GROUP BY`, `join`, or the name of a table.
    name: String,
    /// What it remembers.
    keeps: String,
    /// In words, if it is not kept.
    #[schema(required)]
    reason: Option<String>,
    /// In the text of the version whose state it is.
    #[schema(required)]
    before: Option<Span>,
    /// In the new text.
    #[schema(required)]
    after: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PartKind {
    Source,
    Operator,
    Sink,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StateFate {
    /// It goes on where it was.
    Kept,
    /// There was nothing like it: it begins with nothing.
    New,
    /// It is no longer there, and nothing is lost with it.
    Gone,
    /// What it remembers is dropped.
    Reset,
    /// The new version cannot go on from any state of the old one.
    Impossible,
}

/// What is to go on: a version, or a text that is none yet; without either, the version that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VerdictQuestion {
    /// Of the deployment's draft.
    #[serde(default)]
    version: Option<u32>,
    /// Over the catalog of now.
    #[serde(default)]
    sql: Option<String>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    #[serde(default)]
    restore: Restore,
}

/// The version that is to begin from a savepoint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SavepointVerdictQuestion {
    #[schema(value_type = String)]
    draft_id: DraftId,
    version: u32,
}

impl From<runner::StateFate> for StateFate {
    fn from(fate: runner::StateFate) -> StateFate {
        match fate {
            runner::StateFate::Kept => StateFate::Kept,
            runner::StateFate::New => StateFate::New,
            runner::StateFate::Gone => StateFate::Gone,
            runner::StateFate::Reset => StateFate::Reset,
            runner::StateFate::Impossible => StateFate::Impossible,
        }
    }
}

impl From<jobs::Forecast> for Verdict {
    fn from(forecast: jobs::Forecast) -> Verdict {
        let part = |part: runner::PartVerdict| PartVerdict {
            kind: match part.kind {
                runner::PartKind::Source => PartKind::Source,
                runner::PartKind::Operator => PartKind::Operator,
                runner::PartKind::Sink => PartKind::Sink,
            },
            fate: part.fate.into(),
            name: part.name,
            keeps: part.keeps,
            reason: part.reason,
            before: part.before.map(Span::from),
            after: part.after.map(Span::from),
        };
        Verdict {
            of: forecast.of.map(|of| StateOf {
                draft_id: of.draft_id,
                version: of.version,
                savepoint_id: of.savepoint,
            }),
            worst: forecast.verdict.worst().into(),
            keeps_all: forecast.verdict.keeps_all(),
            drops_state: forecast.verdict.drops_state,
            parts: forecast.verdict.parts.into_iter().map(part).collect(),
        }
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Role::Developer), routes!(ask_verdict))
        .add(Need::Role(Role::Developer), routes!(ask_savepoint_verdict))
}

/// What becomes of a deployment's state
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/deployments/{id}/verdict",
    tag = "deployments",
    params(DeploymentPath),
    request_body = VerdictQuestion,
    responses((status = 200, description = "Nothing was changed", body = Verdict))
)]
async fn ask_verdict(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<DeploymentPath>,
    Json(question): Json<VerdictQuestion>,
) -> Result<Json<Verdict>> {
    let candidate = match (question.version, question.sql) {
        (Some(_), Some(_)) => return Err(Problem::malformed("name a version, or give a text, not both")),
        (version, None) => Candidate::Version(version),
        (None, Some(sql)) => Candidate::Text {
            sql,
            settings: question.settings,
        },
    };
    let forecast = app
        .jobs
        .forecast(&at.name, path.id, candidate, question.restore.wish()?)
        .await?;
    Ok(Json(Verdict::from(forecast)))
}

/// What becomes of a savepoint in a version of any draft
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/savepoints/{id}/verdict",
    tag = "savepoints",
    params(SavepointPath),
    request_body = SavepointVerdictQuestion,
    responses((status = 200, description = "Nothing was changed", body = Verdict))
)]
async fn ask_savepoint_verdict(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<SavepointPath>,
    Json(question): Json<SavepointVerdictQuestion>,
) -> Result<Json<Verdict>> {
    let forecast = app
        .jobs
        .forecast_of_savepoint(&at.name, path.id, question.draft_id, question.version)
        .await?;
    Ok(Json(Verdict::from(forecast)))
}
