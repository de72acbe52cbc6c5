//! Secrets: values that jobs use as `${secret.name}`, and that nobody reads.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use store::Role;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Hidden, Json, Path};
use crate::page::{Page, PageQuery};
use crate::problem::Result;
use crate::routes::Routes;
use crate::time::Time;

/// What can be said of a secret.
#[derive(Debug, Serialize, ToSchema)]
struct Secret {
    name: String,
    created_at: Time,
    updated_at: Time,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SecretContent {
    /// At most 64 KiB. Never shown again.
    #[schema(value_type = String, format = Password)]
    value: Hidden,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct SecretPath {
    /// The secret's name.
    name: String,
}

impl From<store::Secret> for Secret {
    fn from(secret: store::Secret) -> Secret {
        Secret {
            name: secret.name,
            created_at: Time::of(secret.created_at),
            updated_at: Time::of(secret.updated_at),
        }
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Role::Viewer), routes!(list_secrets))
        .add(Need::Role(Role::Owner), routes!(put_secret))
        .add(Need::Role(Role::Owner), routes!(delete_secret))
}

/// Names of secrets
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/secrets",
    tag = "secrets",
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<Secret>))
)]
async fn list_secrets(
    State(app): State<App>,
    at: InWorkspace,
    page: PageQuery,
) -> Result<Json<Page<Secret>>> {
    let secrets = app.store().secrets().list(&at.name, &page.request()).await?;
    Ok(Json(Page::of(secrets, Secret::from)))
}

/// Make a secret, or give it another value
#[utoipa::path(
    put,
    path = "/workspaces/{ws}/secrets/{name}",
    tag = "secrets",
    params(SecretPath),
    request_body = SecretContent,
    responses((status = 200, description = "The secret, without its value", body = Secret))
)]
async fn put_secret(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<SecretPath>,
    Json(content): Json<SecretContent>,
) -> Result<Json<Secret>> {
    let secrets = app.store().secrets();
    let secret = secrets
        .put(&at.name, &path.name, &content.value.0, &at.actor())
        .await?;
    Ok(Json(Secret::from(secret)))
}

/// Delete a secret
#[utoipa::path(
    delete,
    path = "/workspaces/{ws}/secrets/{name}",
    tag = "secrets",
    params(SecretPath),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_secret(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<SecretPath>,
) -> Result<StatusCode> {
    app.store()
        .secrets()
        .delete(&at.name, &path.name, &at.actor())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
