//! A small client of the REST interface: one request, one answer, nothing hidden.
//!
//! It does not send a request again of its own accord: whether that is right is what the tests are about.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::{Request, Response};
use ureq::{Agent, Body};

use super::events::Events;

const BASE: &str = "/api/v1";
/// How long an answer may take, its body included.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a stream may take from its start to its end.
const STREAM_TIMEOUT: Duration = Duration::from_secs(120);

/// Who asks, and where.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    address: SocketAddr,
    session: Session,
}

/// A session of a browser. It belongs to the data folder: a server that comes back knows it.
#[derive(Debug, Clone, Default)]
pub struct Session {
    cookie: String,
    csrf_token: String,
}

/// What is asked for, but for who asks.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: &'static str,
    /// Below `/api/v1`.
    pub path: String,
    pub body: Option<Value>,
    /// Sent as `If-Match`.
    pub revision: Option<u64>,
    pub idempotency_key: Option<String>,
}

/// Whatever the server said, a refusal too.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// The revision of its `ETag`.
    pub revision: Option<u64>,
    /// Whether it was given before, to the same request.
    pub is_replay: bool,
    /// Whether the server asks to be asked again.
    pub comes_later: bool,
    pub body: Value,
}

/// There is no answer. The request may have been done or not.
#[derive(Debug)]
pub struct Lost(ureq::Error);

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer: {}", self.0)
    }
}

impl Ask {
    pub fn get(path: impl Into<String>) -> Ask {
        Ask::new("GET", path, None)
    }

    pub fn post(path: impl Into<String>, body: Value) -> Ask {
        Ask::new("POST", path, Some(body))
    }

    pub fn put(path: impl Into<String>, body: Value) -> Ask {
        Ask::new("PUT", path, Some(body))
    }

    pub fn patch(path: impl Into<String>, body: Value) -> Ask {
        Ask::new("PATCH", path, Some(body))
    }

    pub fn delete(path: impl Into<String>) -> Ask {
        Ask::new("DELETE", path, None)
    }

    fn new(method: &'static str, path: impl Into<String>, body: Option<Value>) -> Ask {
        Ask {
            method,
            path: path.into(),
            body,
            revision: None,
            idempotency_key: None,
        }
    }

    /// Only if it is still as it was read.
    pub fn at_revision(mut self, revision: u64) -> Ask {
        self.revision = Some(revision);
        self
    }

    /// Whoever sends it again under this key means the same request.
    pub fn once(mut self, key: impl Into<String>) -> Ask {
        self.idempotency_key = Some(key.into());
        self
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body of an answer that is no refusal.
    #[track_caller]
    pub fn expect_success(self) -> Value {
        assert!(self.is_success(), "refused with {}: {}", self.status, self.body);
        self.body
    }
}

impl Client {
    /// Nobody in particular.
    pub fn anonymous(address: SocketAddr) -> Client {
        Client {
            agent: Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .proxy(None)
                .timeout_global(Some(ANSWER_TIMEOUT))
                .build()
                .new_agent(),
            address,
            session: Session::default(),
        }
    }

    /// Signs in by name and password; the refusal if it is refused.
    pub fn sign_in(address: SocketAddr, name: &str, password: &str) -> Result<Result<Client, Answer>, Lost> {
        let mut client = Client::anonymous(address);
        let ask = Ask::post("/session", json!({ "name": name, "password": password }));
        let response = client.run(&ask, "application/json", ANSWER_TIMEOUT)?;
        let cookie = header(&response, "set-cookie")
            .and_then(|cookie| cookie.split(';').next())
            .unwrap_or_default()
            .to_string();
        let answer = read(response)?;
        if !answer.is_success() {
            return Ok(Err(answer));
        }
        client.session = Session {
            cookie,
            csrf_token: text(&answer.body, "csrf_token"),
        };
        Ok(Ok(client))
    }

    /// The same session at a server that has come back, maybe elsewhere. No connection of before is used.
    pub fn moved_to(&self, address: SocketAddr) -> Client {
        Client {
            session: self.session.clone(),
            ..Client::anonymous(address)
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn send(&self, ask: &Ask) -> Result<Answer, Lost> {
        read(self.run(ask, "application/json", ANSWER_TIMEOUT)?)
    }

    /// What a server that is up says; no refusal is expected.
    #[track_caller]
    pub fn ask(&self, ask: Ask) -> Value {
        match self.send(&ask) {
            Ok(answer) if answer.is_success() => answer.body,
            Ok(answer) => panic!("{ask} was refused with {}: {}", answer.status, answer.body),
            Err(lost) => panic!("{ask}: {lost}"),
        }
    }

    #[track_caller]
    pub fn get(&self, path: impl Into<String>) -> Value {
        self.ask(Ask::get(path))
    }

    /// A stream of events; panics if it is refused.
    #[track_caller]
    pub fn events(&self, ask: &Ask) -> Events {
        match self.run(ask, "text/event-stream", STREAM_TIMEOUT) {
            Ok(response) if response.status().is_success() => Events::new(response.into_body()),
            Ok(response) => panic!(
                "{ask} was refused: {:?}",
                read(response).map(|answer| answer.body)
            ),
            Err(lost) => panic!("{ask}: {lost}"),
        }
    }

    /// All items of a list, page by page.
    #[track_caller]
    pub fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let sign = if path.contains('?') { '&' } else { '?' };
            let mut page = self.get(format!("{path}{sign}limit=200{cursor}"));
            items.append(page["items"].as_array_mut().expect("a page has items"));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    fn run(&self, ask: &Ask, accept: &str, timeout: Duration) -> Result<Response<Body>, Lost> {
        let mut request = Request::builder()
            .method(ask.method)
            .uri(format!("http://{}{BASE}{}", self.address, ask.path))
            .header("accept", accept);
        if !self.session.cookie.is_empty() {
            request = request
                .header("cookie", &self.session.cookie)
                .header("x-csrf-token", &self.session.csrf_token);
        }
        if let Some(revision) = ask.revision {
            request = request.header("if-match", format!("\"{revision}\""));
        }
        if let Some(key) = &ask.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let sent = match &ask.body {
            Some(body) => {
                let request = request
                    .header("content-type", "application/json")
                    .body(body.to_string());
                self.run_configured(request.expect("a request of plain parts"), timeout)
            }
            None => self.run_configured(request.body(()).expect("a request of plain parts"), timeout),
        };
        sent.map_err(Lost)
    }

    fn run_configured<S: ureq::AsSendBody>(
        &self,
        request: Request<S>,
        timeout: Duration,
    ) -> Result<Response<Body>, ureq::Error> {
        let configured = self.agent.configure_request(request);
        self.agent.run(configured.timeout_global(Some(timeout)).build())
    }
}

fn read(mut response: Response<Body>) -> Result<Answer, Lost> {
    let revision = header(&response, "etag").and_then(|tag| tag.trim_matches('"').parse().ok());
    let is_replay = header(&response, "idempotency-replayed") == Some("true");
    let comes_later = header(&response, "retry-after").is_some();
    let status = response.status().as_u16();
    let body = response.body_mut().read_to_string().map_err(Lost)?;
    Ok(Answer {
        status,
        revision,
        is_replay,
        comes_later,
        // What is no JSON is shown in the message of whoever expected some.
        body: serde_json::from_str(&body).unwrap_or(if body.is_empty() {
            Value::Null
        } else {
            Value::from(body)
        }),
    })
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The text at a field, which must be there.
#[track_caller]
pub fn text(value: &Value, field: &str) -> String {
    match value[field].as_str() {
        Some(text) => text.to_string(),
        None => panic!("no text '{field}' in {value}"),
    }
}

/// The number at a field, which must be there.
#[track_caller]
pub fn number(value: &Value, field: &str) -> u64 {
    match value[field].as_u64() {
        Some(number) => number,
        None => panic!("no number '{field}' in {value}"),
    }
}
