//! The nouns, a file each: what is asked, what is answered, and how.

mod artifacts;
mod audit;
mod bundle;
mod catalog;
mod checkpoints;
mod clusters;
mod connections;
mod deployments;
mod diagnostic;
mod drafts;
mod functions;
mod health;
mod members;
mod metrics;
mod openapi;
mod operations;
mod plan;
mod preview;
pub mod recovered;
mod runs;
mod savepoints;
mod secrets;
mod session;
mod streams;
mod tokens;
mod users;
mod validation;
mod verdict;
mod versions;
mod workspaces;

pub use diagnostic::Diagnostic;
pub use verdict::Verdict;

use axum::http::Uri;

use crate::problem::Problem;
use crate::routes::Routes;

/// Everything there is, with its document.
pub fn all() -> Routes {
    Routes::new()
        .merge(health::routes())
        .merge(session::routes())
        .merge(users::routes())
        .merge(tokens::routes())
        .merge(audit::routes())
        .merge(workspaces::routes())
        .merge(members::routes())
        .merge(secrets::routes())
        .merge(connections::routes())
        .merge(clusters::routes())
        .merge(catalog::routes())
        .merge(drafts::routes())
        .merge(versions::routes())
        .merge(validation::routes())
        .merge(verdict::routes())
        .merge(preview::routes())
        .merge(deployments::routes())
        .merge(checkpoints::routes())
        .merge(savepoints::routes())
        .merge(runs::routes())
        .merge(streams::routes())
        .merge(artifacts::routes())
        .merge(bundle::routes())
        .merge(functions::routes())
        .merge(operations::routes())
        .merge(openapi::routes())
        .with_document(openapi::complete)
}

pub async fn no_route(uri: Uri) -> Problem {
    Problem::not_found("route", uri.path())
}

pub async fn wrong_method() -> Problem {
    Problem::wrong_method()
}
