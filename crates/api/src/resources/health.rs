//! Whether the server is there, and whether it can work.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::Need;
use crate::app::App;
use crate::body::Json;
use crate::problem::{Problem, Result};
use crate::routes::Routes;

#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`
    status: &'static str,
    version: &'static str,
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Nothing, routes!(get_health))
        .add(Need::Nothing, routes!(get_readiness))
}

const OK: Health = Health {
    status: "ok",
    version: env!("CARGO_PKG_VERSION"),
};

/// Whether the server is there
#[utoipa::path(
    get,
    path = "/health",
    tag = "server",
    responses((status = 200, description = "It is", body = Health))
)]
async fn get_health() -> Json<Health> {
    Json(OK)
}

/// Whether the server can work: its database answers
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "server",
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "It cannot", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn get_readiness(State(app): State<App>) -> Result<Json<Health>> {
    match app.store().users().count().await {
        Ok(_) => Ok(Json(OK)),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            Err(Problem::unavailable("the database does not answer"))
        }
    }
}
