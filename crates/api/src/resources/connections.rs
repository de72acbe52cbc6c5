//! Connections: named options that tables share. Passwords in them are references to secrets.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{NewConnection, Role};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path};
use crate::page::{Page, PageQuery};
use crate::problem::Result;
use crate::routes::Routes;
use crate::time::Time;

#[derive(Debug, Serialize, ToSchema)]
struct Connection {
    name: String,
    /// The connector that it is for.
    kind: String,
    options: BTreeMap<String, String>,
    created_at: Time,
    updated_at: Time,
}

/// Whether what a connection leads to is there.
#[derive(Debug, Serialize, ToSchema)]
struct ConnectionReport {
    /// All checks are well, and there is at least one.
    reachable: bool,
    checks: Vec<ConnectionCheck>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ConnectionCheck {
    /// `host:port`, or a path.
    address: String,
    ok: bool,
    message: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConnectionContent {
    /// The connector that it is for.
    kind: String,
    #[serde(default)]
    options: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ConnectionPath {
    /// The connection's name.
    name: String,
}

impl From<store::Connection> for Connection {
    fn from(connection: store::Connection) -> Connection {
        Connection {
            name: connection.name,
            kind: connection.kind,
            options: connection.options,
            created_at: Time::of(connection.created_at),
            updated_at: Time::of(connection.updated_at),
        }
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Role::Viewer), routes!(list_connections))
        .add(Need::Role(Role::Viewer), routes!(get_connection))
        .add(Need::Role(Role::Owner), routes!(put_connection))
        .add(Need::Role(Role::Owner), routes!(delete_connection))
        .add(Need::Role(Role::Owner), routes!(test_connection))
}

/// Connections, by name
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/connections",
    tag = "connections",
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<Connection>))
)]
async fn list_connections(
    State(app): State<App>,
    at: InWorkspace,
    page: PageQuery,
) -> Result<Json<Page<Connection>>> {
    let connections = app.store().connections();
    let connections = connections.list(&at.name, &page.request()).await?;
    Ok(Json(Page::of(connections, Connection::from)))
}

/// A connection
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/connections/{name}",
    tag = "connections",
    params(ConnectionPath),
    responses((status = 200, description = "The connection", body = Connection))
)]
async fn get_connection(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<ConnectionPath>,
) -> Result<Json<Connection>> {
    let connection = app.store().connections().get(&at.name, &path.name).await?;
    Ok(Json(Connection::from(connection)))
}

/// Make a connection, or give it other options
#[utoipa::path(
    put,
    path = "/workspaces/{ws}/connections/{name}",
    tag = "connections",
    params(ConnectionPath),
    request_body = ConnectionContent,
    responses((status = 200, description = "The connection", body = Connection))
)]
async fn put_connection(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<ConnectionPath>,
    Json(content): Json<ConnectionContent>,
) -> Result<Json<Connection>> {
    let new = NewConnection {
        kind: content.kind,
        options: content.options,
    };
    let connections = app.store().connections();
    let connection = connections.put(&at.name, &path.name, new, &at.actor()).await?;
    Ok(Json(Connection::from(connection)))
}

/// Delete a connection
#[utoipa::path(
    delete,
    path = "/workspaces/{ws}/connections/{name}",
    tag = "connections",
    params(ConnectionPath),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_connection(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<ConnectionPath>,
) -> Result<StatusCode> {
    app.store()
        .connections()
        .delete(&at.name, &path.name, &at.actor())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Try whether what a connection leads to is there
///
/// Only what jobs may reach is tried. Nothing is read or written there.
#[utoipa::path(
    post,
    path = "/workspaces/{ws}/connections/{name}/test",
    tag = "connections",
    params(ConnectionPath),
    responses((status = 200, description = "What was found", body = ConnectionReport))
)]
async fn test_connection(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<ConnectionPath>,
) -> Result<Json<ConnectionReport>> {
    let report = app.jobs.test_connection(&at.name, &path.name).await?;
    let check = |check: runner::ConnectionCheck| ConnectionCheck {
        address: check.address,
        ok: check.ok,
        message: check.message,
    };
    Ok(Json(ConnectionReport {
        reachable: report.reachable,
        checks: report.checks.into_iter().map(check).collect(),
    }))
}
