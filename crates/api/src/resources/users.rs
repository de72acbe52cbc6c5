//! Users: people who sign in. Administrators keep them; everybody changes their own password.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use model::UserId;
use serde::{Deserialize, Serialize};
use store::{ExposeSecret, NewUser};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::session::address;
use crate::access::{Caller, Need};
use crate::app::{App, LOCAL_USER};
use crate::body::{Hidden, Json, Path, SMALL_BYTES_MAX, SmallJson};
use crate::credentials::Means;
use crate::etag::Created;
use crate::headers::Peer;
use crate::page::{Page, PageQuery};
use crate::problem::{Problem, Result};
use crate::routes::Routes;
use crate::time::Time;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct User {
    #[schema(value_type = String)]
    id: UserId,
    name: String,
    /// Owns every workspace, and keeps users and workspaces.
    is_admin: bool,
    created_at: Time,
}

impl From<store::User> for User {
    fn from(user: store::User) -> User {
        User {
            id: user.id,
            name: user.name,
            is_admin: user.is_admin,
            created_at: Time::of(user.created_at),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserContent {
    /// A letter or digit and up to 62 of a-z, 0-9, `.`, `_`, `@` and `-`.
    name: String,
    /// At least eight characters.
    #[schema(value_type = String, format = Password)]
    password: Hidden,
    #[serde(default)]
    is_admin: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    /// Needed to change one's own.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    current_password: Option<Hidden>,
    /// At least eight characters.
    #[schema(value_type = String, format = Password)]
    password: Hidden,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct UserPath {
    /// The user's id.
    #[param(value_type = String)]
    id: UserId,
}

pub fn created(user: store::User) -> Created<User> {
    Created {
        location: format!("/users/{}", user.id),
        revision: None,
        body: User::from(user),
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Admin, routes!(list_users))
        .add_creating_from(Need::Admin, SMALL_BYTES_MAX, routes!(create_user))
        .add(Need::Admin, routes!(get_user))
        .add(Need::Admin, routes!(delete_user))
        .add(Need::SignedIn, routes!(set_password))
}

/// Users, by name
#[utoipa::path(
    get,
    path = "/users",
    tag = "users",
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<User>))
)]
async fn list_users(State(app): State<App>, page: PageQuery) -> Result<Json<Page<User>>> {
    let users = app.store().users().list(&page.request()).await?;
    Ok(Json(Page::of(users, User::from)))
}

/// Add a user
#[utoipa::path(
    post,
    path = "/users",
    tag = "users",
    request_body = UserContent,
    responses(
        (status = 201, description = "Added", body = User),
        (status = 409, description = "There is one of this name", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn create_user(
    State(app): State<App>,
    caller: Caller,
    SmallJson(content): SmallJson<UserContent>,
) -> Result<Created<User>> {
    if content.name == LOCAL_USER {
        let refused = Problem::invalid(format!("'{LOCAL_USER}' is the user of single-user mode"));
        return Err(refused.hint("Choose another name."));
    }
    let new = NewUser {
        name: content.name,
        password: Some(content.password.0),
        is_admin: content.is_admin,
    };
    let user = app.store().users().create(new, &caller.actor()).await?;
    Ok(created(user))
}

/// A user
#[utoipa::path(
    get,
    path = "/users/{id}",
    tag = "users",
    params(UserPath),
    responses((status = 200, description = "The user", body = User))
)]
async fn get_user(State(app): State<App>, Path(path): Path<UserPath>) -> Result<Json<User>> {
    let user = app.store().users().get(path.id).await?;
    Ok(Json(User::from(user)))
}

/// Remove a user
///
/// Sessions, tokens and memberships go too. An administrator always remains.
#[utoipa::path(
    delete,
    path = "/users/{id}",
    tag = "users",
    params(UserPath),
    responses(
        (status = 204, description = "Removed"),
        (status = 409, description = "This is the last administrator", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn delete_user(
    State(app): State<App>,
    caller: Caller,
    Path(path): Path<UserPath>,
) -> Result<StatusCode> {
    app.store().users().delete(path.id, &caller.actor()).await?;
    app.credentials_changed();
    Ok(StatusCode::NO_CONTENT)
}

/// Change a password
///
/// Ends all other sessions of the user.
#[utoipa::path(
    put,
    path = "/users/{id}/password",
    tag = "users",
    params(UserPath),
    request_body = PasswordChange,
    responses((status = 204, description = "Changed"))
)]
async fn set_password(
    State(app): State<App>,
    caller: Caller,
    Path(path): Path<UserPath>,
    peer: Option<Extension<Peer>>,
    SmallJson(change): SmallJson<PasswordChange>,
) -> Result<StatusCode> {
    caller.check_password_of(path.id)?;
    let busy = || Problem::unavailable("too many passwords are being verified").retry_after(1);
    let _place = app.passwords.try_acquire().map_err(|_| busy())?;
    let user = app.store().users().get(path.id).await?;
    if user.name == LOCAL_USER {
        return Err(Problem::conflict("the user of this machine has no password"));
    }
    let mut session = None;
    if path.id == caller.user_id() {
        let current = change.current_password.ok_or_else(|| {
            Problem::invalid("current_password is missing").hint("One's own password is needed to change it.")
        })?;
        let address = address(peer);
        app.sign_ins.check(&user.name, &address)?;
        if app
            .store()
            .users()
            .verify(&user.name, &current.0)
            .await?
            .is_none()
        {
            app.sign_ins.failed(&user.name, &address);
            return Err(Problem::invalid("current_password is not the current one"));
        }
        if let Means::Session { id, .. } = &caller.principal().means {
            session = Some(id.expose_secret());
        }
    }
    let users = app.store().users();
    users
        .change_password(path.id, &change.password.0, session, &caller.actor())
        .await?;
    app.credentials_changed();
    Ok(StatusCode::NO_CONTENT)
}
