//! Sessions of browsers: signing in and out, and who one is.

use std::net::{IpAddr, Ipv6Addr};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{NewAuditEvent, PAGE_ITEMS_MAX, PageRequest};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::users::User;
use crate::Mode;
use crate::access::{Caller, Need};
use crate::app::App;
use crate::body::{Hidden, Json, json};
use crate::credentials::{self, CSRF_SINGLE_USER, Credential, Means, Principal};
use crate::headers::Peer;
use crate::names::Role;
use crate::problem::{Problem, Result};
use crate::routes::Routes;
use crate::time::Time;

/// Anybody may send it.
const SIGN_IN_BYTES_MAX: usize = 16 << 10;
const WORKSPACES_MAX: usize = 1000;
/// Of a name that was tried, in the audit.
const NAME_CHARACTERS_MAX: usize = 63;

/// Who one is, and where.
#[derive(Debug, Serialize, ToSchema)]
struct Session {
    user: User,
    /// Those that one may see, by name.
    workspaces: Vec<SessionWorkspace>,
    /// To be sent as `X-CSRF-Token` with every request that changes something; null for a token, which needs none.
    #[schema(required)]
    csrf_token: Option<String>,
    mode: SessionMode,
    /// When one must sign in anew; null if never.
    #[schema(required)]
    expires_at: Option<Time>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SessionWorkspace {
    name: String,
    display_name: String,
    role: Role,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SessionMode {
    /// Nobody signs in or out.
    SingleUser,
    Users,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    name: String,
    #[schema(value_type = String, format = Password)]
    password: Hidden,
}

pub fn routes() -> Routes {
    Routes::new()
        .add(Need::Nothing, routes!(sign_in))
        .add(Need::SignedIn, routes!(get_session))
        .add(Need::SignedIn, routes!(sign_out))
}

/// Sign in
///
/// The session is in the answer's cookie.
#[utoipa::path(
    post,
    path = "/session",
    tag = "session",
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in", body = Session, headers(("Set-Cookie" = String))),
        (status = 401, description = "The name or the password is wrong", body = Problem,
         content_type = "application/problem+json"),
        (status = 429, description = "Too many sign-ins have failed", body = Problem,
         content_type = "application/problem+json"),
    )
)]
async fn sign_in(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Result<Response> {
    if app.is_single_user() {
        return Err(Problem::conflict(
            "nobody signs in here: this server has one user",
        ));
    }
    let before = Credential::of(request.headers());
    let SignIn { name, password } = json(request, SIGN_IN_BYTES_MAX).await?;
    let address = address(peer);
    app.sign_ins.check(&name, &address)?;
    let place = app
        .passwords
        .try_acquire()
        .map_err(|_| Problem::unavailable("too many sign-ins are under way").retry_after(1))?;
    let user = app.store().users().verify(&name, &password.0).await?;
    drop(place);
    let Some(user) = user else {
        app.sign_ins.failed(&name, &address);
        tell_of_failure(&app, &name, &address).await?;
        return Err(Problem::not_signed_in("the name or the password is wrong"));
    };
    app.sign_ins.succeeded(&name, &address);
    let lifetime = app.settings.session_lifetime;
    let begun = app.store().sessions().create(user.id, lifetime).await?;
    // The browser forgets the session that it had, and so does the server.
    if let Ok(Credential::Session(id)) = before {
        end(&app, &id).await?;
    }
    let principal = Principal {
        user,
        means: Means::Session {
            id: begun.id.clone(),
            csrf_token: begun.csrf_token,
            expires_at: begun.expires_at,
        },
    };
    let cookie = credentials::cookie(&begun.id, lifetime.as_secs(), app.settings.secure);
    let session = Json(show(&app, &principal).await?);
    Ok(([(header::SET_COOKIE, cookie)], session).into_response())
}

/// Who one is
#[utoipa::path(
    get,
    path = "/session",
    tag = "session",
    responses((status = 200, description = "The session, the token's user, or the one user", body = Session))
)]
async fn get_session(State(app): State<App>, caller: Caller) -> Result<Json<Session>> {
    show(&app, caller.principal()).await.map(Json)
}

/// Sign out
#[utoipa::path(
    delete,
    path = "/session",
    tag = "session",
    responses((status = 204, description = "Signed out"))
)]
async fn sign_out(State(app): State<App>, caller: Caller) -> Result<Response> {
    let Means::Session { id, .. } = &caller.principal().means else {
        return Err(Problem::conflict("there is no session to end"));
    };
    end(&app, id).await?;
    let event = NewAuditEvent {
        actor: caller.actor(),
        workspace: None,
        action: "session.end".to_string(),
        subject: caller.actor(),
        detail: json!({}),
    };
    app.store().audit().append(event).await?;
    let cookie = credentials::no_cookie(app.settings.secure);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

async fn end(app: &App, id: &store::SecretString) -> Result<()> {
    use store::ExposeSecret;
    app.store().sessions().end(id.expose_secret()).await?;
    app.credentials_changed();
    Ok(())
}

async fn show(app: &App, principal: &Principal) -> Result<Session> {
    let (csrf_token, expires_at) = match &principal.means {
        Means::Local => (Some(CSRF_SINGLE_USER.to_string()), None),
        Means::Session {
            csrf_token,
            expires_at,
            ..
        } => (Some(csrf_token.clone()), Some(*expires_at)),
        Means::Token(token) => (None, token.expires_at),
    };
    Ok(Session {
        user: User::from(principal.user.clone()),
        workspaces: workspaces_of(app, principal).await?,
        csrf_token,
        mode: match app.settings.mode {
            Mode::SingleUser => SessionMode::SingleUser,
            Mode::Users => SessionMode::Users,
        },
        expires_at: expires_at.map(Time::of),
    })
}

async fn workspaces_of(app: &App, principal: &Principal) -> Result<Vec<SessionWorkspace>> {
    let workspaces = app.store().workspaces();
    let mut found = Vec::new();
    if principal.user.is_admin {
        let mut request = PageRequest {
            limit: PAGE_ITEMS_MAX,
            ..PageRequest::default()
        };
        loop {
            let page = workspaces.list(&request).await?;
            let owned = page.items.into_iter();
            found.extend(owned.map(|workspace| (workspace, store::Role::Owner)));
            request.cursor = page.next_cursor;
            if request.cursor.is_none() || found.len() >= WORKSPACES_MAX {
                break;
            }
        }
    } else {
        found = workspaces.of_user(principal.user.id).await?;
    }
    if let Means::Token(token) = &principal.means {
        found.retain(|(workspace, _)| {
            token
                .workspace
                .as_ref()
                .is_none_or(|only| *only == workspace.name)
        });
        for (_, role) in &mut found {
            *role = token.role.min(*role);
        }
    }
    let show = |(workspace, role): (store::Workspace, store::Role)| SessionWorkspace {
        name: workspace.name,
        display_name: workspace.display_name,
        role: Role(role),
    };
    Ok(found.into_iter().map(show).collect())
}

/// Tells those apart who sign in: an address, or a network of them.
pub fn address(peer: Option<Extension<Peer>>) -> String {
    match peer {
        Some(Extension(Peer(peer))) => match peer.ip().to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            // Whoever has one address of it has the whole network.
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
            }
        },
        None => "unknown".to_string(),
    }
}

async fn tell_of_failure(app: &App, name: &str, address: &str) -> Result<()> {
    let plain = |c: &char| c.is_ascii_graphic();
    let tried: String = name.chars().filter(plain).take(NAME_CHARACTERS_MAX).collect();
    let event = NewAuditEvent {
        actor: "anonymous".to_string(),
        workspace: None,
        action: "session.refuse".to_string(),
        subject: if tried.is_empty() { "-".to_string() } else { tried },
        detail: json!({ "address": address }),
    };
    app.store().audit().append(event).await?;
    Ok(())
}
