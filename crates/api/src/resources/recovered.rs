//! Answers to requests that were done by a server that died before it could answer them.
//!
//! What was made is shown as it is now. Nothing is done here.

use std::str::FromStr;

use axum::response::{IntoResponse, Response};
use store::Done;

use super::catalog::CatalogMessages;
use super::{deployments, drafts, savepoints, users, versions, workspaces};
use crate::app::App;
use crate::body::Json;
use crate::problem::{Problem, Result};

/// The answer to a request of which it is known what it has done.
pub async fn answer(app: &App, done: &Done) -> Result<Response> {
    let store = app.store();
    let workspace = done.workspace.as_deref().unwrap_or_default();
    Ok(match done.action.as_str() {
        "workspace.create" => {
            workspaces::created(store.workspaces().get(&done.subject).await?).into_response()
        }
        "user.create" => users::created(store.users().get(id(done)?).await?).into_response(),
        "draft.create" => {
            let draft = store.drafts().get(workspace, id(done)?).await?;
            drafts::created(app, draft).await?.into_response()
        }
        // A draft that was given the text of a version.
        "draft.update" => {
            let draft = store.drafts().get(workspace, id(done)?).await?;
            drafts::show(app, draft).await?.into_response()
        }
        "version.create" => {
            let number = done.detail["number"]
                .as_u64()
                .and_then(|number| u32::try_from(number).ok());
            let number = number.ok_or_else(|| lost(done))?;
            let version = store.versions().get(workspace, id(done)?, number).await?;
            versions::created(app, workspace, version).await?.into_response()
        }
        "deployment.create" => {
            let deployment = store.deployments().get(workspace, id(done)?).await?;
            deployments::created(deployment).into_response()
        }
        "savepoint.create" => {
            let savepoint = store.savepoints().get(workspace, id(done)?).await?;
            savepoints::accepted(app, savepoint).await?.into_response()
        }
        // What it said was only for people to read.
        "catalog.update" => Json(CatalogMessages { messages: Vec::new() }).into_response(),
        _ => return Err(lost(done)),
    })
}

fn id<T: FromStr>(done: &Done) -> Result<T> {
    done.subject.parse().map_err(|_| lost(done))
}

/// Such as a token, whose text was to be shown once.
fn lost(done: &Done) -> Problem {
    Problem::conflict(format!(
        "the request was done ({} {}), and its answer was lost when the server died",
        done.action, done.subject
    ))
    .hint("Delete what was made, and make it again under another Idempotency-Key.")
}
