//! The audit trail: who changed what, and when.

use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use store::Role;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::Json;
use crate::page::{Page, PageQuery};
use crate::problem::Result;
use crate::routes::Routes;
use crate::time::Time;

#[derive(Debug, Serialize, ToSchema)]
struct AuditEvent {
    /// Rises with time.
    id: i64,
    at: Time,
    /// The user's name, or the id of one who is gone, or `system`, or `anonymous`.
    actor: String,
    #[schema(required)]
    workspace: Option<String>,
    /// The noun and what was done to it: `draft.update`.
    action: String,
    /// The id or name of what was changed.
    subject: String,
    detail: Value,
}

impl From<store::AuditEvent> for AuditEvent {
    fn from(event: store::AuditEvent) -> AuditEvent {
        AuditEvent {
            id: event.id,
            at: Time::of(event.at),
            actor: event.actor_name.unwrap_or(event.actor),
            workspace: event.workspace,
            action: event.action,
            subject: event.subject,
            detail: event.detail,
        }
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Admin, routes!(list_all_audit_events))
        .add(Need::Role(Role::Viewer), routes!(list_audit_events))
}

/// What was changed anywhere, newest first
#[utoipa::path(
    get,
    path = "/audit",
    tag = "audit",
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<AuditEvent>))
)]
async fn list_all_audit_events(State(app): State<App>, page: PageQuery) -> Result<Json<Page<AuditEvent>>> {
    let events = app.store().audit().list(None, &page.request()).await?;
    Ok(Json(Page::of(events, AuditEvent::from)))
}

/// What was changed in the workspace, newest first
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/audit",
    tag = "audit",
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<AuditEvent>))
)]
async fn list_audit_events(
    State(app): State<App>,
    at: InWorkspace,
    page: PageQuery,
) -> Result<Json<Page<AuditEvent>>> {
    let audit = app.store().audit();
    let events = audit.list(Some(&at.name), &page.request()).await?;
    Ok(Json(Page::of(events, AuditEvent::from)))
}
