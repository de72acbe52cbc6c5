//! The way to a server: JSON over HTTP, with the credentials that there are.
//!
//! A request that makes something carries a key, so that one whose answer was lost can be sent again without being
//! done twice. Credentials are sent to the server that they belong to, and redirects are not followed.

use std::io::{BufReader, Read};
use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use stdx::{Clock, Random, SystemClock};
use store::{ExposeSecret, SecretString};
use ureq::http::{Request, Response, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, AsSendBody, Body};

use super::failure::{Failure, Problem, Result};
use super::sse::Events;

const BASE: &str = "/api/v1";
/// How long an answer may take, its body included.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a stream may be silent: three of the server's heartbeats.
const SILENCE_MAX: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// How often a request is sent that can be sent again.
const TRIES: u32 = 2;
/// Items of one page, the most that a server gives.
const PAGE_ITEMS: &str = "200";
/// So that a list that never ends does not fill the memory.
const PAGES_MAX: usize = 1_000;

/// What shows who is asking.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A server in single-user mode needs none.
    None,
    Token(SecretString),
    /// For the moments of a sign-in.
    Session {
        cookie: SecretString,
        csrf_token: String,
    },
}

pub struct Server {
    url: String,
    agent: Agent,
    credentials: Credentials,
}

/// A request, but for its credentials.
#[derive(Debug, Clone, Default)]
pub struct Ask<'a> {
    method: &'static str,
    path: String,
    query: Vec<(&'a str, String)>,
    body: Option<Value>,
    /// The revision that was read.
    revision: Option<u64>,
}

impl<'a> Ask<'a> {
    /// The path lies below `/api/v1`; its parts come from [`path`].
    pub fn get(path: impl Into<String>) -> Ask<'a> {
        Ask::new("GET", path)
    }

    pub fn post(path: impl Into<String>, body: Value) -> Ask<'a> {
        Ask::new("POST", path).body(body)
    }

    pub fn put(path: impl Into<String>, body: Value) -> Ask<'a> {
        Ask::new("PUT", path).body(body)
    }

    pub fn patch(path: impl Into<String>, body: Value) -> Ask<'a> {
        Ask::new("PATCH", path).body(body)
    }

    pub fn delete(path: impl Into<String>) -> Ask<'a> {
        Ask::new("DELETE", path)
    }

    fn new(method: &'static str, path: impl Into<String>) -> Ask<'a> {
        Ask {
            method,
            path: path.into(),
            ..Ask::default()
        }
    }

    fn body(mut self, body: Value) -> Ask<'a> {
        self.body = Some(body);
        self
    }

    pub fn query(mut self, name: &'a str, value: impl ToString) -> Ask<'a> {
        self.query.push((name, value.to_string()));
        self
    }

    /// Only if it is still as it was read.
    pub fn at_revision(mut self, revision: u64) -> Ask<'a> {
        self.revision = Some(revision);
        self
    }
}

impl Server {
    /// `ca_file` holds authorities to trust instead of the public ones.
    pub fn new(url: &str, credentials: Credentials, ca_file: Option<&Path>) -> Result<Server> {
        let url = url.trim_end_matches('/').to_string();
        let address = Address::of(&url)?;
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("oceanus/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT_TIMEOUT));
        if address.is_loopback {
            config = config.proxy(None);
        }
        if let Some(file) = ca_file {
            let roots = RootCerts::from(authorities(file)?);
            config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        Ok(Server {
            url,
            agent: config.build().new_agent(),
            credentials,
        })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn with_credentials(self, credentials: Credentials) -> Server {
        Server { credentials, ..self }
    }

    /// The answer's JSON; `null` if it has no body.
    pub fn ask(&self, ask: Ask<'_>) -> Result<Value> {
        let mut response = self.send(&ask)?;
        read_json(&mut response)
    }

    pub fn ask_for<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T> {
        read_as(self.ask(ask)?)
    }

    /// The answer's JSON and one of its headers.
    pub fn ask_with_header(&self, ask: Ask<'_>, header: &str) -> Result<(Value, Option<String>)> {
        let mut response = self.send(&ask)?;
        let value = response
            .headers()
            .get(header)
            .and_then(|value| value.to_str().ok());
        let value = value.map(str::to_string);
        Ok((read_json(&mut response)?, value))
    }

    /// The items of all pages.
    pub fn all(&self, ask: Ask<'_>) -> Result<Vec<Value>> {
        let ask = ask.query("limit", PAGE_ITEMS);
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut page = ask.clone();
            if let Some(cursor) = &cursor {
                page = page.query("cursor", cursor);
            }
            let mut answer = self.ask(page)?;
            match answer.get_mut("items").map(Value::take) {
                Some(Value::Array(some)) => items.extend(some),
                _ => return Err(not_understood("a page without items")),
            }
            cursor = answer["next_cursor"].as_str().map(str::to_string);
            if cursor.is_none() {
                return Ok(items);
            }
        }
        Err(not_understood("a list without end"))
    }

    /// The events of a stream.
    pub fn events(&self, ask: Ask<'_>) -> Result<Events<impl std::io::BufRead + use<>>> {
        let response = self.send_as(&ask, "text/event-stream")?;
        let reader = response.into_body().into_with_config().limit(u64::MAX).reader();
        Ok(Events::new(BufReader::new(reader)))
    }

    fn send(&self, ask: &Ask<'_>) -> Result<Response<Body>> {
        self.send_as(ask, "application/json")
    }

    fn send_as(&self, ask: &Ask<'_>, accept: &str) -> Result<Response<Body>> {
        // Sent again only what does the same when it is done twice, and whose answer is whole.
        let can_be_repeated = matches!(ask.method, "GET" | "POST") && accept == "application/json";
        let tries = if can_be_repeated { TRIES } else { 1 };
        let key = idempotency_key();
        let mut response = Err(not_understood("nothing"));
        for _ in 0..tries {
            response = self.send_once(ask, accept, &key);
            if response.is_ok() {
                break;
            }
        }
        let mut response = response?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = read_body(&mut response)?;
        Err(Failure::refused(Problem::of_answer(status.as_u16(), &body)))
    }

    fn send_once(&self, ask: &Ask<'_>, accept: &str, key: &str) -> Result<Response<Body>> {
        let url = format!("{}{BASE}{}{}", self.url, ask.path, query_text(&ask.query));
        let mut request = Request::builder()
            .method(ask.method)
            .uri(url)
            .header("Accept", format!("{accept}, application/problem+json"));
        if ask.method == "POST" {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(revision) = ask.revision {
            request = request.header("If-Match", format!("\"{revision}\""));
        }
        request = match &self.credentials {
            // A page of another site cannot send this header, and that is all that it is for.
            Credentials::None => request.header("X-CSRF-Token", "command-line"),
            Credentials::Token(token) => {
                request.header("Authorization", format!("Bearer {}", token.expose_secret()))
            }
            Credentials::Session { cookie, csrf_token } => request
                .header("Cookie", cookie.expose_secret())
                .header("X-CSRF-Token", csrf_token),
        };
        let streams = accept == "text/event-stream";
        match &ask.body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json");
                self.run(request.body(body.to_string()), streams)
            }
            None => self.run(request.body(()), streams),
        }
    }

    fn run(
        &self,
        request: ureq::http::Result<Request<impl AsSendBody>>,
        streams: bool,
    ) -> Result<Response<Body>> {
        let request =
            request.map_err(|error| Failure::wrong(format!("the request cannot be sent: {error}")))?;
        let request = self
            .agent
            .configure_request(request)
            .timeout_global((!streams).then_some(ANSWER_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .timeout_per_read(Some(if streams { SILENCE_MAX } else { ANSWER_TIMEOUT }))
            .build();
        self.agent.run(request).map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        let hint = match error {
            ureq::Error::Io(cause) if cause.kind() == std::io::ErrorKind::ConnectionRefused => {
                "start one with `oceanus serve`, or name another with --url"
            }
            // A certificate that is not trusted comes as a fault of what was received.
            ureq::Error::Io(cause) if cause.kind() == std::io::ErrorKind::InvalidData => {
                "a certificate of your own authority is trusted by --ca-file FILE"
            }
            ureq::Error::HostNotFound => "is the name right?",
            _ => "try again in a while",
        };
        Failure::Unavailable {
            message: format!("no answer from {}: {error}", self.url),
            hint: Some(hint.to_string()),
        }
    }
}

/// What matters of the URL of a server.
pub struct Address {
    pub is_loopback: bool,
    pub is_encrypted: bool,
}

impl Address {
    pub fn of(url: &str) -> Result<Address> {
        let wrong = || {
            Failure::wrong_with_hint(
                format!("'{url}' is not the address of a server"),
                "such as http://127.0.0.1:8180 or https://oceanus.example.com",
            )
        };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let is_encrypted = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        let host = uri.host().ok_or_else(wrong)?;
        if uri.path() != "/" && !uri.path().is_empty() || uri.query().is_some() {
            return Err(wrong());
        }
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback = match host.parse::<std::net::IpAddr>() {
            Ok(ip) => ip.is_loopback(),
            Err(_) => host.eq_ignore_ascii_case("localhost"),
        };
        Ok(Address {
            is_loopback,
            is_encrypted,
        })
    }
}

fn authorities(file: &Path) -> Result<Vec<Certificate<'static>>> {
    let failed = |cause: &dyn std::fmt::Display| Failure::wrong(format!("{}: {cause}", file.display()));
    let pem = std::fs::read(file).map_err(|error| failed(&error))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(failed(&error)),
        }
    }
    match certificates.is_empty() {
        true => Err(failed(&"there is no certificate in it")),
        false => Ok(certificates),
    }
}

/// `/workspaces/a%20b/drafts`: parts that cannot break out of their place.
pub fn path(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("/{}", escape(part))).collect()
}

fn query_text(query: &[(&str, String)]) -> String {
    let pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)))
        .collect();
    match pairs.is_empty() {
        true => String::new(),
        false => format!("?{}", pairs.join("&")),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => escaped.push(byte.into()),
            // Dots alone would be another folder.
            b'.' if text != "." && text != ".." => escaped.push('.'),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// Tells this request from every other one of the same person.
fn idempotency_key() -> String {
    let seed =
        getrandom::u64().unwrap_or_else(|_| SystemClock.now_us() as u64 ^ u64::from(std::process::id()));
    let mut random = Random::new(seed);
    format!("{:016x}{:016x}", random.next_u64(), random.next_u64())
}

pub fn read_as<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| not_understood(&error.to_string()))
}

fn read_json(response: &mut Response<Body>) -> Result<Value> {
    let body = read_body(response)?;
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&body).map_err(|error| not_understood(&error.to_string()))
}

fn read_body(response: &mut Response<Body>) -> Result<String> {
    let mut body = String::new();
    let read = response
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .reader()
        .read_to_string(&mut body);
    match read {
        Ok(_) => Ok(body),
        Err(error) => Err(Failure::Unavailable {
            message: format!("the answer broke off: {error}"),
            hint: Some("try again in a while".to_string()),
        }),
    }
}

fn not_understood(what: &str) -> Failure {
    Failure::Unavailable {
        message: format!("the server's answer is not understood: {what}"),
        hint: Some("is it an Oceanus server of this version?".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_path_stay_in_their_place() {
        assert_eq!(
            path(&["workspaces", "a b", "../x?y"]),
            "/workspaces/a%20b/..%2Fx%3Fy"
        );
        assert_eq!(path(&["..", "."]), "/%2E%2E/%2E");
        assert_eq!(query_text(&[("q", "a&b=ü".to_string())]), "?q=a%26b%3D%C3%BC");
        assert_eq!(query_text(&[]), "");
    }

    #[test]
    fn only_addresses_of_servers_are_taken() {
        let address = Address::of("https://oceanus.example.com").unwrap();
        assert!(address.is_encrypted && !address.is_loopback);
        for url in ["http://127.0.0.1:8180", "http://localhost", "http://[::1]:1"] {
            assert!(Address::of(url).unwrap().is_loopback, "{url}");
        }
        for url in [
            "127.0.0.1:8180",
            "ftp://host",
            "http://",
            "http://host/api",
            "http://host?x=1",
            "nonsense",
        ] {
            assert!(Address::of(url).is_err(), "{url}");
        }
    }
}
