//! Tokens: keys for programs. Everybody keeps their own.

use axum::extract::State;
use axum::http::StatusCode;
use model::{TokenId, UserId};
use serde::{Deserialize, Serialize};
use store::ExposeSecret;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Caller, Need};
use crate::app::App;
use crate::body::{Json, Path, SMALL_BYTES_MAX, SmallJson};
use crate::etag::Created;
use crate::names::Role;
use crate::page::{Page, PageQuery};
use crate::problem::Result;
use crate::routes::Routes;
use crate::time::Time;

#[derive(Debug, Clone, Serialize, ToSchema)]
struct Token {
    #[schema(value_type = String)]
    id: TokenId,
    name: String,
    /// The id of the user for whom it stands.
    #[schema(value_type = String)]
    user: UserId,
    /// Null: every workspace of the user.
    #[schema(required)]
    workspace: Option<String>,
    /// At most this role, and never more than the user's own.
    role: Role,
    /// Null: never.
    #[schema(required)]
    expires_at: Option<Time>,
    created_at: Time,
    /// To the minute.
    #[schema(required)]
    last_used_at: Option<Time>,
}

/// A token with its text, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
struct NewToken {
    #[serde(flatten)]
    known: Token,
    /// To be sent as `Authorization: Bearer`.
    token: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenContent {
    name: String,
    /// Null: every workspace of the user.
    #[serde(default)]
    workspace: Option<String>,
    role: Role,
    /// Null: never.
    #[serde(default)]
    expires_at: Option<Time>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct TokenPath {
    /// The token's id.
    #[param(value_type = String)]
    id: TokenId,
}

impl From<store::Token> for Token {
    fn from(token: store::Token) -> Token {
        Token {
            id: token.id,
            name: token.name,
            user: token.user,
            workspace: token.workspace,
            role: Role(token.role),
            expires_at: token.expires_at.map(Time::of),
            created_at: Time::of(token.created_at),
            last_used_at: token.last_used_at.map(Time::of),
        }
    }
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::SignedIn, routes!(list_tokens))
        .add_creating_from(Need::SignedIn, SMALL_BYTES_MAX, routes!(create_token))
        .add(Need::SignedIn, routes!(delete_token))
}

/// One's own tokens, newest first
#[utoipa::path(
    get,
    path = "/tokens",
    tag = "tokens",
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<Token>))
)]
async fn list_tokens(State(app): State<App>, caller: Caller, page: PageQuery) -> Result<Json<Page<Token>>> {
    let tokens = app.store().tokens();
    let tokens = tokens.list(Some(caller.user_id()), &page.request()).await?;
    Ok(Json(Page::of(tokens, Token::from)))
}

/// Make a token
///
/// Its text is in the answer, and never shown again.
#[utoipa::path(
    post,
    path = "/tokens",
    tag = "tokens",
    request_body = TokenContent,
    responses((status = 201, description = "Made", body = NewToken))
)]
async fn create_token(
    State(app): State<App>,
    caller: Caller,
    SmallJson(content): SmallJson<TokenContent>,
) -> Result<Created<NewToken>> {
    let expires_at = content.expires_at.map(Time::ms);
    caller
        .check_new_token(&app, content.workspace.as_deref(), content.role.0, expires_at)
        .await?;
    let new = store::NewToken {
        name: content.name,
        user: caller.user_id(),
        workspace: content.workspace,
        role: content.role.0,
        expires_at,
    };
    let (token, text) = app.store().tokens().create(new, &caller.actor()).await?;
    Ok(Created {
        location: format!("/tokens/{}", token.id),
        revision: None,
        body: NewToken {
            known: Token::from(token),
            token: text.expose_secret().to_string(),
        },
    })
}

/// Delete a token
#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    tag = "tokens",
    params(TokenPath),
    responses((status = 204, description = "Deleted: it opens nothing any more"))
)]
async fn delete_token(
    State(app): State<App>,
    caller: Caller,
    Path(path): Path<TokenPath>,
) -> Result<StatusCode> {
    let token = app.store().tokens().get(path.id).await?;
    caller.check_token(&token)?;
    app.store().tokens().delete(path.id, &caller.actor()).await?;
    app.credentials_changed();
    Ok(StatusCode::NO_CONTENT)
}
