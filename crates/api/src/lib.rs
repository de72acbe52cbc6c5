//! The REST and streaming interface: everything the platform does, over HTTP.
//!
//! What always holds:
//!
//! - Who may do what is decided in [`access`], for every route, before anything of it runs: deny by default.
//! - Every refusal is a problem document (RFC 9457) that says what is wrong, where, and what to do about it.
//! - Everything that grows is bounded: bodies, pages, streams, operations, sign-ins, connections.
//! - No secret is in an answer, an error or a log.
//! - What a route takes and gives is in the OpenAPI document, which is made from the routes themselves.
//!
//! Knows nothing of SQL, of engines and of the database file: it asks [`jobs`] and, through it, [`store`].
//!
//! A noun is a file in `resources/`, with its requests, answers, routes and handlers. The way of a request:
//! [`headers`] and [`origin`], then the router, [`access`] and [`idempotency`], and the handler.

mod access;
mod app;
mod body;
mod console;
mod credentials;
mod etag;
mod headers;
mod idempotency;
mod names;
mod operations;
mod origin;
mod page;
mod problem;
mod resources;
mod routes;
mod server;
mod stream;
mod throttle;
mod time;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;

pub use app::LOCAL_USER;
pub use console::{Asset, Console, Encoding};
pub use server::serve;
pub use tls::Tls;

use app::App;

/// Where everything of this interface lies.
pub const BASE: &str = "/api/v1";

const UPLOAD_BYTES_MAX_DEFAULT: usize = 64 << 20;
const SESSION_LIFETIME_DEFAULT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Who works here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Whoever reaches this machine's loopback interface, as the administrator named [`LOCAL_USER`].
    SingleUser,
    /// Users, who sign in.
    Users,
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub mode: Mode,
    /// Names under which this server may be called, without ports, besides those of the loopback interface. Empty
    /// in [`Mode::Users`]: any.
    pub hosts: Vec<String>,
    /// Whether browsers reach it through TLS: cookies are then sent through nothing else.
    pub secure: bool,
    /// Of one artifact.
    pub upload_bytes_max: usize,
    /// How long a browser stays signed in.
    pub session_lifetime: Duration,
}

impl Settings {
    pub fn new(mode: Mode) -> Settings {
        Settings {
            mode,
            hosts: Vec::new(),
            secure: false,
            upload_bytes_max: UPLOAD_BYTES_MAX_DEFAULT,
            session_lifetime: SESSION_LIFETIME_DEFAULT,
        }
    }
}

/// Everything that is answered. Without a console there is the API alone.
///
/// Routes that are added to it afterwards stand outside of its checks.
pub fn router(jobs: jobs::Jobs, settings: Settings, console: Option<Arc<dyn Console>>) -> Router {
    let app = App::new(jobs, settings);
    let (api, _) = resources::all().split();
    let api = api
        .method_not_allowed_fallback(resources::wrong_method)
        .fallback(resources::no_route);
    let console = console::routes(console);
    Router::new()
        .nest(BASE, api)
        .merge(console)
        .layer(middleware::from_fn(origin::check))
        .layer(Extension(app.clone()))
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(middleware::from_fn_with_state(app.clone(), headers::finish))
        .with_state(app)
}

/// What the routes take and give, as an OpenAPI 3.1 document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, document) = resources::all().split();
    document
}
