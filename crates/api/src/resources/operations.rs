//! Operations: long work that was begun, and what became of it.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::access::{Caller, Need};
use crate::app::App;
use crate::body::{Json, Path};
use crate::operations::{Operation, OperationId};
use crate::problem::Result;
use crate::routes::Routes;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct OperationPath {
    /// The operation's id.
    #[param(value_type = String)]
    id: OperationId,
}

pub fn routes() -> Routes {
    Routes::new().add(Need::SignedIn, routes!(get_operation))
}

/// An operation that one has begun
#[utoipa::path(
    get,
    path = "/operations/{id}",
    tag = "operations",
    params(OperationPath),
    responses((status = 200, description = "The operation", body = Operation))
)]
async fn get_operation(
    State(app): State<App>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> Result<Json<Operation>> {
    app.operations.get(&caller.principal().key(), path.id).map(Json)
}
