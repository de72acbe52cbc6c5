//! Members: who has which role in a workspace.

use axum::extract::State;
use axum::http::StatusCode;
use model::UserId;
use serde::{Deserialize, Serialize};
use store::Role as Needed;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{InWorkspace, Need};
use crate::app::App;
use crate::body::{Json, Path, SmallJson};
use crate::names::Role;
use crate::page::{Page, PageQuery};
use crate::problem::{Problem, Result};
use crate::routes::Routes;

#[derive(Debug, Serialize, ToSchema)]
struct Member {
    workspace: String,
    /// The user's id.
    #[schema(value_type = String)]
    user: UserId,
    user_name: String,
    role: Role,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberContent {
    role: Role,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct MemberPath {
    /// The user's id or name.
    user: String,
}

impl From<store::Member> for Member {
    fn from(member: store::Member) -> Member {
        Member {
            workspace: member.workspace,
            user: member.user,
            user_name: member.user_name,
            role: Role(member.role),
        }
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Role(Needed::Viewer), routes!(list_members))
        .add(Need::Role(Needed::Owner), routes!(put_member))
        .add(Need::Role(Needed::Owner), routes!(remove_member))
}

/// Members, by name
#[utoipa::path(
    get,
    path = "/workspaces/{ws}/members",
    tag = "members",
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<Member>))
)]
async fn list_members(
    State(app): State<App>,
    at: InWorkspace,
    page: PageQuery,
) -> Result<Json<Page<Member>>> {
    let members = app.store().members().list(&at.name, &page.request()).await?;
    Ok(Json(Page::of(members, Member::from)))
}

/// Make a user a member, or give another role
#[utoipa::path(
    put,
    path = "/workspaces/{ws}/members/{user}",
    tag = "members",
    params(MemberPath),
    request_body = MemberContent,
    responses((status = 200, description = "The member", body = Member))
)]
async fn put_member(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<MemberPath>,
    SmallJson(content): SmallJson<MemberContent>,
) -> Result<Json<Member>> {
    let user = find(&app, &path.user).await?;
    let members = app.store().members();
    let member = members.put(&at.name, user, content.role.0, &at.actor()).await?;
    app.credentials_changed();
    Ok(Json(Member::from(member)))
}

/// Remove a member
#[utoipa::path(
    delete,
    path = "/workspaces/{ws}/members/{user}",
    tag = "members",
    params(MemberPath),
    responses((status = 204, description = "Removed"))
)]
async fn remove_member(
    State(app): State<App>,
    at: InWorkspace,
    Path(path): Path<MemberPath>,
) -> Result<StatusCode> {
    let user = find(&app, &path.user).await?;
    app.store().members().remove(&at.name, user, &at.actor()).await?;
    app.credentials_changed();
    Ok(StatusCode::NO_CONTENT)
}

/// A name may look like an id, but then there is a user of that id or none.
async fn find(app: &App, user: &str) -> Result<UserId> {
    if let Ok(id) = user.parse::<UserId>() {
        return Ok(id);
    }
    match app.store().users().by_name(user).await? {
        Some(user) => Ok(user.id),
        None => Err(Problem::not_found("user", user)),
    }
}
