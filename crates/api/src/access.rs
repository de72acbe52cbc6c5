//! Who may do what: the one place that decides it.
//!
//! Every route says what it needs when it is added (see [`crate::routes`]), and nothing of it runs before [`guard`]
//! has found that whoever asks has it. What a handler learns of its caller it gets from here; without a guard before
//! it, it gets nothing and refuses.
//!
//! - Viewers read. Developers work on drafts, versions, the catalog and artifacts, and try them out. Operators deploy.
//!   Owners keep members, secrets and connections. Each role may do all that those before it may.
//! - Administrators own every workspace, and keep users and workspaces.
//! - A token may do what its user may now, and no more than its own role in its own workspace.
//! - Who is no member of a workspace does not learn whether there is one.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use model::UserId;
use store::{Role, Token};

use crate::app::App;
use crate::credentials::{Credential, Means, Principal};
use crate::problem::{Problem, Result};

/// What a route asks of whoever calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// To be somebody. What the route shows and does is that person's own.
    SignedIn,
    /// This role at least, in the workspace that is the path's `{ws}`.
    Role(Role),
    /// To keep the whole installation.
    Admin,
}

impl Need {
    /// As the OpenAPI document names it.
    pub fn name(self) -> &'static str {
        match self {
            Need::Nothing => "nothing",
            Need::SignedIn => "signed_in",
            Need::Role(role) => role.name(),
            Need::Admin => "admin",
        }
    }
}

/// What was found before a handler runs.
#[derive(Debug, Clone)]
struct Grant {
    principal: Arc<Principal>,
    credential: Arc<Credential>,
    need: Need,
    /// The workspace of the path, and the role there.
    workspace: Option<(String, Role)>,
}

/// Who asks, for a route that needs somebody.
#[derive(Debug, Clone)]
pub struct Caller {
    grant: Grant,
}

/// Who asks and where, for a route that needs a role.
#[derive(Debug, Clone)]
pub struct InWorkspace {
    pub caller: Caller,
    /// The workspace, which exists.
    pub name: String,
    pub role: Role,
}

/// Stands before every route.
pub async fn guard(need: Need, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admit(need, &mut parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    }
}

async fn admit(need: Need, parts: &mut Parts) -> Result<()> {
    if need == Need::Nothing {
        return Ok(());
    }
    let app = parts
        .extensions
        .get::<App>()
        .cloned()
        .ok_or_else(|| Problem::logged(&"a route stands outside of the router"))?;
    let credential = Credential::of(&parts.headers)?;
    let principal = Principal::of(&app, &credential).await?;
    if !is_safe(&parts.method) {
        principal.check_csrf(&parts.headers)?;
    }
    let workspace = workspace_of(parts).await;
    let workspace = decide(&app, &principal, need, workspace).await?;
    parts.extensions.insert(Grant {
        principal: Arc::new(principal),
        credential: Arc::new(credential),
        need,
        workspace,
    });
    Ok(())
}

/// Whether the principal has what is needed, and with which role where.
async fn decide(
    app: &App,
    principal: &Principal,
    need: Need,
    workspace: Option<String>,
) -> Result<Option<(String, Role)>> {
    match need {
        Need::Nothing | Need::SignedIn => Ok(None),
        Need::Admin if is_admin(principal) => Ok(None),
        Need::Admin => Err(Problem::forbidden("only an administrator may do this")),
        Need::Role(needed) => {
            let workspace =
                workspace.ok_or_else(|| Problem::logged(&"a route needs a role and names no workspace"))?;
            let role = role_in(app, principal, &workspace).await?;
            if role < needed {
                return Err(Problem::forbidden(format!(
                    "this needs the role {needed} in the workspace '{workspace}'; yours is {role}"
                ))
                .hint("An owner of the workspace gives roles."));
            }
            Ok(Some((workspace, role)))
        }
    }
}

/// The role that counts in a workspace, or that there is none such.
async fn role_in(app: &App, principal: &Principal, workspace: &str) -> Result<Role> {
    let unknown = || Problem::not_found("workspace", workspace);
    let user = &principal.user;
    let of_user = if user.is_admin {
        app.store().workspaces().get(workspace).await?;
        Role::Owner
    } else {
        let role = app.store().members().role(workspace, user.id).await?;
        role.ok_or_else(unknown)?
    };
    match &principal.means {
        Means::Local | Means::Session { .. } => Ok(of_user),
        Means::Token(token) => match &token.workspace {
            Some(only) if only != workspace => Err(unknown()),
            _ => Ok(of_user.min(token.role)),
        },
    }
}

/// A token of an administrator is one only if nothing was held back from it.
fn is_admin(principal: &Principal) -> bool {
    principal.user.is_admin
        && match &principal.means {
            Means::Local | Means::Session { .. } => true,
            Means::Token(token) => token.workspace.is_none() && token.role == Role::Owner,
        }
}

impl Caller {
    pub fn principal(&self) -> &Principal {
        &self.grant.principal
    }

    pub fn user_id(&self) -> UserId {
        self.principal().user.id
    }

    /// As changes name who made them.
    pub fn actor(&self) -> String {
        self.principal().actor()
    }

    pub fn is_admin(&self) -> bool {
        is_admin(self.principal())
    }

    /// Whether it still has what its route needs: streams ask while they go on.
    pub async fn still_may(&self, app: &App) -> bool {
        let Ok(principal) = Principal::of(app, &self.grant.credential).await else {
            return false;
        };
        let workspace = self.grant.workspace.as_ref().map(|(name, _)| name.clone());
        decide(app, &principal, self.grant.need, workspace).await.is_ok()
    }

    /// The role in a workspace that is not the path's.
    pub async fn role_in(&self, app: &App, workspace: &str) -> Result<Role> {
        role_in(app, self.principal(), workspace).await
    }

    /// A user's own things are changed by that user and by administrators.
    pub fn check_own(&self, noun: &'static str, name: &str, owner: UserId) -> Result<()> {
        if owner == self.user_id() || self.is_admin() {
            return Ok(());
        }
        Err(Problem::not_found(noun, name))
    }

    /// A token ends itself and what reaches no further, and none of the other keys of its user.
    pub fn check_token(&self, token: &Token) -> Result<()> {
        self.check_own("token", &token.id.to_string(), token.user)?;
        let Means::Token(own) = &self.principal().means else {
            return Ok(());
        };
        let reaches = own.workspace.is_none() || own.workspace == token.workspace;
        if own.id == token.id || (token.role <= own.role && reaches) {
            return Ok(());
        }
        Err(Problem::forbidden(
            "a token ends no other that reaches further than itself",
        ))
    }

    /// A new token gets no more than whoever makes it has, for no longer.
    pub async fn check_new_token(
        &self,
        app: &App,
        workspace: Option<&str>,
        role: Role,
        expires_at: Option<i64>,
    ) -> Result<()> {
        let own = match workspace {
            Some(workspace) => role_in(app, self.principal(), workspace).await?,
            // Everywhere the user's own role is the most, whatever the token says.
            None => match &self.principal().means {
                Means::Local | Means::Session { .. } => Role::Owner,
                Means::Token(token) => token.role,
            },
        };
        if role > own {
            return Err(Problem::forbidden(format!(
                "a token's role may not exceed your own, which is {own}"
            )));
        }
        if let Means::Token(token) = &self.principal().means {
            let wider = token.workspace.is_some() && token.workspace.as_deref() != workspace;
            let outlives = token
                .expires_at
                .is_some_and(|mine| expires_at.is_none_or(|wanted| wanted > mine));
            if wider || outlives {
                return Err(Problem::forbidden(
                    "a token makes no other that reaches further or lasts longer than itself",
                ));
            }
        }
        Ok(())
    }

    /// Passwords are changed by their users, and by administrators for others.
    pub fn check_password_of(&self, user: UserId) -> Result<()> {
        if user == self.user_id() || self.is_admin() {
            return Ok(());
        }
        Err(Problem::forbidden(
            "only an administrator may change somebody else's password",
        ))
    }
}

impl InWorkspace {
    pub fn actor(&self) -> String {
        self.caller.actor()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        match parts.extensions.get::<Grant>() {
            Some(grant) => Ok(Caller { grant: grant.clone() }),
            None => Err(Problem::logged(
                &"a handler wants a caller where its route needs none",
            )),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for InWorkspace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, state).await?;
        match caller.grant.workspace.clone() {
            Some((name, role)) => Ok(InWorkspace { caller, name, role }),
            None => Err(Problem::logged(
                &"a handler wants a workspace where its route needs none",
            )),
        }
    }
}

async fn workspace_of(parts: &mut Parts) -> Option<String> {
    let parameters = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    let found = parameters.iter().find(|(name, _)| *name == "ws");
    found.map(|(_, value)| value.to_string())
}

pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
