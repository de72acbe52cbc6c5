//! What is wrong with a text, and how it would be run. Wrong SQL is no refusal: it is what was asked for.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use store::Role;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::diagnostic::Diagnostic;
use super::plan::Plan;
use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::Json;
use crate::problem::Result;
use crate::routes::Routes;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Text {
    /// At most 1 MiB.
    sql: String,
    /// What the session starts with, as by SET.
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Validation {
    diagnostics: Vec<Diagnostic>,
    statements: Vec<Statement>,
    /// Null if nothing would run, or if something is wrong.
    #[schema(required)]
    plan: Option<Plan>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Statement {
    /// `create_table`, `insert`, `query`, ...
    kind: String,
    /// Bytes in the text.
    start: u32,
    end: u32,
    line: u32,
}

pub fn routes() -> Routes {
    Routes::new().add(Need::Role(Role::Developer), routes!(validate))
}

/// Check a text
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/validate",
    tag = "drafts",
    request_body = Text,
    responses((status = 200, description = "What is wrong with it, and its plan", body = Validation))
)]
async fn validate(
    State(app): State<App>,
    at: InWorkspace,
    Json(text): Json<Text>,
) -> Result<Json<Validation>> {
    let report = app.jobs.validate(&at.name, &text.sql, &text.settings).await?;
    let statement = |statement: runner::StatementSummary| Statement {
        kind: statement.kind,
        start: statement.start,
        end: statement.end,
        line: statement.line,
    };
    Ok(Json(Validation {
        diagnostics: report.diagnostics.into_iter().map(Diagnostic::from).collect(),
        statements: report.statements.into_iter().map(statement).collect(),
        plan: report.plan.map(Plan::from),
    }))
}
