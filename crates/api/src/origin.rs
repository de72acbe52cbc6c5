//! Where a request comes from, as far as a browser says so.
//!
//! A name that leads a browser here must be one that this server goes by, or another site could make its own name
//! lead here (DNS rebinding). A page of another site must neither change nor read anything.

use axum::Extension;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header, uri::Authority};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::problem::{Problem, Result};
use crate::{BASE, Settings};

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Refuses what comes under a wrong name or from another site.
pub async fn check(Extension(app): Extension<App>, request: Request, next: Next) -> Response {
    match admit(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn admit(app: &App, request: &Request) -> Result<()> {
    let headers = request.headers();
    let host = host(request)?;
    if !goes_by(&app.settings, app.is_single_user(), &host) {
        return Err(
            Problem::forbidden(format!("this server does not go by the name '{}'", host.host()))
                .hint("The setting 'hosts' names more."),
        );
    }
    // A program that sends its token is no browser that was led here.
    let is_api = request.uri().path().starts_with(BASE);
    if !is_api || headers.contains_key(header::AUTHORIZATION) {
        return Ok(());
    }
    check_origin(&app.settings, &host, headers, request.method())
}

/// The name under which the server was called.
fn host(request: &Request) -> Result<Authority> {
    if let Some(authority) = request.uri().authority() {
        return Ok(authority.clone());
    }
    let mut values = request.headers().get_all(header::HOST).iter();
    let host = values.next().and_then(|value| value.to_str().ok()?.parse().ok());
    match (host, values.next()) {
        (Some(host), None) => Ok(host),
        _ => Err(Problem::malformed("the Host header is missing or no name")),
    }
}

fn goes_by(settings: &Settings, is_single_user: bool, host: &Authority) -> bool {
    let any = settings.hosts.is_empty() && !is_single_user;
    any || is_loopback(host.host()) || is_named(settings, host)
}

fn is_loopback(name: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|loopback| name.eq_ignore_ascii_case(loopback))
}

fn is_named(settings: &Settings, host: &Authority) -> bool {
    let mut names = settings.hosts.iter();
    names.any(|name| name.eq_ignore_ascii_case(host.host()))
}

fn check_origin(settings: &Settings, host: &Authority, headers: &HeaderMap, method: &Method) -> Result<()> {
    let refuse = || Problem::forbidden("the request comes from a page of another site");
    if let Some(site) = headers.get(SEC_FETCH_SITE)
        && site != "same-origin"
        && site != "none"
    {
        return Err(refuse());
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().ok().and_then(|text| text.split_once("://"));
    let origin: Option<Authority> = origin.and_then(|(_, authority)| authority.parse().ok());
    // Behind a proxy the name that the browser sees may be another one of ours.
    let is_ours = origin.is_some_and(|origin| {
        origin.as_str().eq_ignore_ascii_case(host.as_str()) || is_named(settings, &origin)
    });
    // Browsers send it with every request that changes something, some with others too.
    match is_ours {
        true => Ok(()),
        false => {
            tracing::debug!(%method, "a request of another site was refused");
            Err(refuse())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mode;

    fn named(hosts: &[&str]) -> Settings {
        Settings {
            hosts: hosts.iter().map(ToString::to_string).collect(),
            ..Settings::new(Mode::Users)
        }
    }

    #[test]
    fn only_its_own_names_lead_to_a_single_users_server() {
        let by = |settings: &Settings, single, host: &str| goes_by(settings, single, &host.parse().unwrap());
        let none = named(&[]);
        for host in ["localhost", "LOCALHOST:8180", "127.0.0.1:1", "[::1]:80"] {
            assert!(by(&none, true, host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:8180", "127.0.0.1.nip.io"] {
            assert!(!by(&none, true, host), "{host}");
            assert!(by(&none, false, host), "{host}");
        }
        let some = named(&["Ocean.example"]);
        assert!(by(&some, false, "ocean.example:443") && by(&some, true, "ocean.example"));
        assert!(!by(&some, false, "evil.example"));
    }

    #[test]
    fn a_page_of_another_site_is_told_by_its_origin() {
        let settings = named(&["ocean.example"]);
        let host: Authority = "127.0.0.1:8180".parse().unwrap();
        let check = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            check_origin(&settings, &host, &headers, &Method::POST).is_ok()
        };
        for ours in ["http://127.0.0.1:8180", "https://ocean.example"] {
            assert!(check("origin", ours), "{ours}");
        }
        for other in [
            "null",
            "http://127.0.0.1:9999",
            "http://evil.example",
            "",
            "http://127.0.0.1:8180.evil.example",
        ] {
            assert!(!check("origin", other), "{other}");
        }
        assert!(check(SEC_FETCH_SITE, "same-origin") && check(SEC_FETCH_SITE, "none"));
        assert!(!check(SEC_FETCH_SITE, "cross-site") && !check(SEC_FETCH_SITE, "same-site"));
    }
}
