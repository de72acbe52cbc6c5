//! What SQL can call, for people and completion.

use dataflow::FunctionKind as Kind;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::Need;
use crate::body::Json;
use crate::routes::Routes;

#[derive(Debug, Serialize, ToSchema)]
struct Functions {
    /// By category and name.
    items: Vec<Function>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Function {
    name: &'static str,
    kind: FunctionKind,
    /// `string`, `math`, `temporal`, ...
    category: &'static str,
    /// `SUBSTRING(string, start [, length])`
    signatures: &'static [&'static str],
    description: &'static str,
    example: FunctionExample,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FunctionKind {
    Scalar,
    Aggregate,
    Table,
    Window,
}

#[derive(Debug, Serialize, ToSchema)]
struct FunctionExample {
    expression: &'static str,
    result: &'static str,
}

pub fn routes() -> Routes {
    Routes::new().add(Need::SignedIn, routes!(list_functions))
}

/// All functions
#[utoipa::path(
    get,
    path = "/functions",
    tag = "catalog",
    responses((status = 200, description = "All of them", body = Functions))
)]
async fn list_functions() -> Json<Functions> {
    let show = |doc: dataflow::FunctionDoc| Function {
        name: doc.name,
        kind: match doc.kind {
            Kind::Scalar => FunctionKind::Scalar,
            Kind::Aggregate => FunctionKind::Aggregate,
            Kind::Table => FunctionKind::Table,
            Kind::Window => FunctionKind::Window,
        },
        category: doc.category,
        signatures: doc.signatures,
        description: doc.doc,
        example: FunctionExample {
            expression: doc.example.0,
            result: doc.example.1,
        },
    };
    Json(Functions {
        items: functions::catalogue().into_iter().map(show).collect(),
    })
}
