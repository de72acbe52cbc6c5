//! Requests to an object store, signed, tried again, and told of without anything that is secret.
//!
//! A URL holds the signature of its request, and with credentials for a while their token: no URL is ever shown.

use std::error::Error as _;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dataflow::Error;
use jiff::Timestamp;
use md5::{Digest, Md5};
use runner::S3Location;
use rusty_s3::{Bucket, Credentials, Method, UrlStyle};
use stdx::Clock;
use ureq::http::{HeaderMap, Request, Response, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};
use url::{Host, Url};

use super::answers;

/// How long a signature is valid; so much may clocks differ, less the time that a request takes.
const SIGNED_FOR: Duration = Duration::from_secs(15 * 60);
/// Where clocks differ by more, a refusal is put down to it.
const CLOCK_SKEW_MAX_S: i64 = 5 * 60;
/// An answer that is read as a whole and is not an object.
const ANSWER_BYTES_MAX: u64 = 8 << 20;
/// Idle connections that are kept, for this long: stores close them after a while.
const IDLE_CONNECTIONS_MAX: usize = 4;
const IDLE_AGE_MAX: Duration = Duration::from_secs(10);

/// How long it is waited for the store, and how often it is tried again.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// A request is sent so many times in all.
    pub attempts: u32,
    /// Between the first two attempts; then twice as long each time.
    pub pause: Duration,
    pub pause_max: Duration,
    pub connect: Duration,
    /// For the first byte of an answer.
    pub answer: Duration,
    /// For the last part of an upload to be put together with those before it.
    pub completion: Duration,
    /// For the body of a request or of an answer, which has some MiB at most.
    pub body: Duration,
}

impl Patience {
    /// Of a job, which has nothing better to do: it outlasts half a minute without the store.
    pub const JOB: Patience = Patience {
        attempts: 9,
        pause: Duration::from_millis(100),
        pause_max: Duration::from_secs(10),
        connect: Duration::from_secs(10),
        answer: Duration::from_secs(20),
        completion: Duration::from_secs(5 * 60),
        body: Duration::from_secs(60),
    };

    /// Of the server, which people wait for.
    pub const SERVER: Patience = Patience {
        attempts: 3,
        connect: Duration::from_secs(3),
        answer: Duration::from_secs(5),
        completion: Duration::from_secs(5),
        body: Duration::from_secs(10),
        ..Patience::JOB
    };
}

pub struct Client {
    bucket: Bucket,
    credentials: Credentials,
    agent: Agent,
    patience: Patience,
    clock: Arc<dyn Clock>,
}

/// A request of one object, or of the bucket where the key is empty.
pub struct Call<'a> {
    pub method: Method,
    pub key: &'a str,
    /// Sorted by name.
    pub query: &'a [(&'a str, &'a str)],
    /// Besides those that are signed.
    pub headers: &'a [(&'static str, &'a str)],
    pub body: &'a [u8],
    /// Whether it can take long until the store answers.
    pub is_slow: bool,
}

impl<'a> Call<'a> {
    pub fn new(method: Method, key: &'a str) -> Call<'a> {
        Call {
            method,
            key,
            query: &[],
            headers: &[],
            body: &[],
            is_slow: false,
        }
    }
}

/// What the store has answered, with its body not read yet.
pub type Answer = Response<Body>;

/// Why a request has failed.
#[derive(Debug)]
pub struct Fault {
    pub kind: io::ErrorKind,
    /// What the store calls it: `NoSuchKey`. Empty where it did not answer, or said nothing.
    pub code: String,
    pub message: String,
    may_pass: bool,
}

impl Fault {
    fn of_store(kind: io::ErrorKind, message: impl Into<String>) -> Fault {
        Fault {
            kind,
            code: String::new(),
            message: message.into(),
            may_pass: false,
        }
    }

    /// The store has answered something that is none of its answers.
    pub fn strange(message: impl Into<String>) -> Fault {
        Fault::of_store(io::ErrorKind::InvalidData, message)
    }

    /// The parts of an upload could not be put together.
    pub fn of_completion(code: &str) -> Fault {
        let code = word(code);
        Fault {
            kind: io::ErrorKind::Other,
            code: code.to_string(),
            message: format!("the object store could not put its parts together ({code})"),
            may_pass: matches!(code, "InternalError" | "ServiceUnavailable" | "SlowDown"),
        }
    }

    /// It is not known whether the parts of an upload were put together, and there is no object yet.
    pub fn of_unknown_completion() -> Fault {
        Fault {
            may_pass: true,
            ..Fault::strange("the object store does not say that its parts were put together")
        }
    }

    /// A connection has failed, or the time is over.
    pub fn of_connection(error: &ureq::Error) -> Fault {
        let kind = match error {
            ureq::Error::Io(cause) => cause.kind(),
            ureq::Error::Timeout(_) => io::ErrorKind::TimedOut,
            ureq::Error::ConnectionFailed => io::ErrorKind::ConnectionRefused,
            _ => io::ErrorKind::Other,
        };
        let message = match error {
            ureq::Error::Timeout(timeout) => format!("the object store did not answer in time ({timeout})"),
            ureq::Error::HostNotFound => "the name of the object store's host is not found".to_string(),
            // It would show the request.
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => "the request cannot be written".to_string(),
            error => format!("the object store cannot be reached: {error}"),
        };
        Fault {
            // An end in the middle is not one of the object.
            kind: match kind {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound => io::ErrorKind::ConnectionReset,
                kind => kind,
            },
            code: String::new(),
            message,
            may_pass: true,
        }
    }

    pub fn of_reading(cause: &io::Error) -> Fault {
        let inner = cause.get_ref().and_then(|inner| inner.downcast_ref());
        match inner {
            Some(error) => Fault::of_connection(error),
            None => Fault {
                kind: match cause.kind() {
                    io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound => io::ErrorKind::ConnectionReset,
                    kind => kind,
                },
                code: String::new(),
                message: format!("the connection to the object store broke: {cause}"),
                may_pass: true,
            },
        }
    }

    pub fn into_io(self) -> io::Error {
        io::Error::new(self.kind, self.message)
    }
}

impl Client {
    pub fn new(location: &S3Location, patience: Patience, clock: Arc<dyn Clock>) -> Result<Client, Error> {
        let wrong = |what: String| Error::io(what, io::Error::from(io::ErrorKind::InvalidInput));
        let endpoint: Url = location
            .endpoint
            .parse()
            .map_err(|fault| wrong(format!("'{}' is no URL: {fault}", location.endpoint)))?;
        let is_named = matches!(endpoint.host(), Some(Host::Domain(name)) if name != "localhost");
        let style = match is_named && !location.is_path_style {
            true => UrlStyle::VirtualHost,
            false => UrlStyle::Path,
        };
        let bucket = Bucket::new(endpoint, style, location.bucket.clone(), location.region.clone())
            .map_err(|fault| wrong(format!("'{location}' at '{}': {fault}", location.endpoint)))?;
        let S3Location { credentials, .. } = location;
        Ok(Client {
            bucket,
            credentials: match &credentials.session_token {
                Some(token) => {
                    Credentials::new_with_token(&credentials.access_key, &credentials.secret_key, token)
                }
                None => Credentials::new(&credentials.access_key, &credentials.secret_key),
            },
            agent: agent(location.authorities.as_deref(), patience)?,
            patience,
            clock,
        })
    }

    /// Sends a request until it is answered, or there is no sense in it any more.
    pub fn call(&self, call: &Call<'_>) -> Result<Answer, Fault> {
        let mut retries = self.retries();
        loop {
            let fault = match self.call_once(call) {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            retries.after(fault)?;
        }
    }

    /// The same where the answer is a text.
    pub fn ask(&self, call: &Call<'_>) -> Result<String, Fault> {
        let mut retries = self.retries();
        loop {
            match self.ask_once(call) {
                Ok(text) => return Ok(text),
                Err(fault) => retries.after(fault)?,
            }
        }
    }

    pub fn ask_once(&self, call: &Call<'_>) -> Result<String, Fault> {
        self.call_once(call).and_then(read_text)
    }

    pub fn retries(&self) -> Retries<'_> {
        Retries {
            client: self,
            failed: 0,
        }
    }

    /// What is between a place of the bucket and whoever reads of it.
    pub fn told(&self, what: &str, key: &str, fault: Fault) -> Error {
        let what = format!("{what} 's3://{}/{key}'", self.bucket.name());
        Error::io(what, fault.into_io())
    }

    pub fn call_once(&self, call: &Call<'_>) -> Result<Answer, Fault> {
        let mut builder = Request::builder()
            .method(call.method.to_str())
            .uri(self.sign(call).as_str());
        for (name, value) in call.headers {
            builder = builder.header(*name, *value);
        }
        let has_body = matches!(call.method, Method::Put | Method::Post);
        if has_body {
            builder = builder.header("content-md5", BASE64_STANDARD.encode(Md5::digest(call.body)));
        }
        let wait = match call.is_slow {
            true => self.patience.completion,
            false => self.patience.answer,
        };
        let unwritable = |_| Fault::strange("the request cannot be written");
        let answer = if has_body {
            let request = builder.body(call.body).map_err(unwritable)?;
            let configured = self.agent.configure_request(request);
            self.agent
                .run(configured.timeout_recv_response(Some(wait)).build())
        } else {
            let request = builder.body(()).map_err(unwritable)?;
            let configured = self.agent.configure_request(request);
            self.agent
                .run(configured.timeout_recv_response(Some(wait)).build())
        };
        let answer = answer.map_err(|error| Fault::of_connection(&error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        // It may say why in a text, or in none.
        let text = read_text(answer).unwrap_or_default();
        let code = answers::error_code(&text).unwrap_or_default();
        Err(self.refused(call, status, &headers, &code))
    }

    fn sign(&self, call: &Call<'_>) -> Url {
        let now = Timestamp::from_microsecond(self.clock.now_us()).unwrap_or(Timestamp::MAX);
        rusty_s3::signing::sign(
            &now,
            call.method,
            self.bucket.object_url(call.key),
            self.credentials.key(),
            self.credentials.secret(),
            self.credentials.token(),
            self.bucket.region(),
            SIGNED_FOR.as_secs(),
            call.query.iter().copied(),
            std::iter::empty(),
        )
    }

    fn refused(&self, call: &Call<'_>, status: StatusCode, headers: &HeaderMap, code: &str) -> Fault {
        let code = word(code);
        let bucket = self.bucket.name();
        let told = match code {
            "" => status.as_u16().to_string(),
            code => format!("{} {code}", status.as_u16()),
        };
        let is_absent = matches!(code, "NoSuchKey" | "NoSuchUpload") || matches!(call.method, Method::Head);
        let is_refused = status == StatusCode::FORBIDDEN || status == StatusCode::UNAUTHORIZED;
        let (kind, message) = match (status.as_u16(), code) {
            (_, "RequestTimeTooSkewed") => (io::ErrorKind::PermissionDenied, clocks_differ(None, &told)),
            (400..=403, _) if let Some(skew_s) = self.skew_s(headers) => (
                io::ErrorKind::PermissionDenied,
                clocks_differ(Some(skew_s), &told),
            ),
            (_, "NoSuchBucket") => (
                // It is not the object that is missing.
                io::ErrorKind::Other,
                format!("there is no bucket '{bucket}' ({told})"),
            ),
            (404, "" | "NotFound") if call.key.is_empty() => (
                io::ErrorKind::Other,
                format!("there is no bucket '{bucket}' ({told})"),
            ),
            // One that nobody has answered who knows the object says nothing of it.
            (404, _) if is_absent => (io::ErrorKind::NotFound, format!("it is not there ({told})")),
            (_, "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "NotSignedUp") => (
                io::ErrorKind::PermissionDenied,
                format!("the object store does not know these credentials ({told})"),
            ),
            (_, "ExpiredToken" | "InvalidToken") => (
                io::ErrorKind::PermissionDenied,
                format!("the session token is no longer valid ({told})"),
            ),
            (301 | 307 | 308, _)
            | (_, "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
                let region = headers
                    .get("x-amz-bucket-region")
                    .and_then(|region| region.to_str().ok());
                let where_it_is = region.map_or("another region or another endpoint".to_string(), |region| {
                    format!("region '{region}'")
                });
                (
                    io::ErrorKind::Other,
                    format!("bucket '{bucket}' belongs to {where_it_is} ({told})"),
                )
            }
            _ if is_refused => (
                io::ErrorKind::PermissionDenied,
                format!("the credentials may not do this in bucket '{bucket}' ({told})"),
            ),
            _ => (
                io::ErrorKind::Other,
                format!("the object store refused it ({told})"),
            ),
        };
        Fault {
            kind,
            code: code.to_string(),
            message,
            may_pass: (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED)
                || matches!(status.as_u16(), 408 | 429)
                || (status == StatusCode::NOT_FOUND && !is_absent && code != "NoSuchBucket")
                || matches!(
                    code,
                    "RequestTimeout" | "SlowDown" | "OperationAborted" | "BadDigest" | "IncompleteBody"
                ),
        }
    }

    /// By how much the store's clock is ahead of this machine's, where that is too much.
    fn skew_s(&self, headers: &HeaderMap) -> Option<i64> {
        let date = headers.get("date")?.to_str().ok()?;
        let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_second();
        let skew_s = theirs - self.clock.now_ms() / 1000;
        (skew_s.abs() > CLOCK_SKEW_MAX_S).then_some(skew_s)
    }
}

/// What may not be shown is not.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

/// Counts how often something has failed.
#[derive(Debug)]
pub struct Retries<'a> {
    client: &'a Client,
    failed: u32,
}

impl Retries<'_> {
    pub fn has_failed(&self) -> bool {
        self.failed > 0
    }

    /// Waits until it is time for another attempt. Gives the fault back where it will not pass, or has not.
    pub fn after(&mut self, mut fault: Fault) -> Result<(), Fault> {
        let Client { patience, clock, .. } = self.client;
        self.failed += 1;
        if !fault.may_pass || self.failed >= patience.attempts {
            if self.failed > 1 {
                fault.message = format!("{}, {} times", fault.message, self.failed);
            }
            return Err(fault);
        }
        match self.failed {
            1 => tracing::warn!("{}; it is tried again", fault.message),
            failed => tracing::debug!(failed, "{}; it is tried again", fault.message),
        }
        let pause = patience.pause.saturating_mul(1 << (self.failed - 1).min(16));
        clock.sleep(pause.min(patience.pause_max));
        Ok(())
    }
}

fn agent(authorities: Option<&str>, patience: Patience) -> Result<Agent, Error> {
    let roots = match authorities {
        None => RootCerts::WebPki,
        Some(pem) => {
            let mut certificates: Vec<Certificate<'static>> = Vec::new();
            for item in parse_pem(pem.as_bytes()) {
                match item {
                    Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
                    Ok(_) => {}
                    Err(fault) => {
                        return Err(Error::internal(format!(
                            "the object store's authorities are no PEM file: {fault}"
                        )));
                    }
                }
            }
            RootCerts::new_with_certs(&certificates)
        }
    };
    Ok(Agent::config_builder()
        // The store is reached as the operator says, and by no other way.
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent("oceanus")
        .accept_encoding("identity")
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .max_idle_connections(IDLE_CONNECTIONS_MAX)
        .max_idle_connections_per_host(IDLE_CONNECTIONS_MAX)
        .max_idle_age(IDLE_AGE_MAX)
        .timeout_resolve(Some(patience.connect))
        .timeout_connect(Some(patience.connect))
        .timeout_send_request(Some(patience.connect))
        .timeout_send_body(Some(patience.body))
        .timeout_recv_response(Some(patience.answer))
        .timeout_recv_body(Some(patience.body))
        .build()
        .new_agent())
}

fn read_text(answer: Answer) -> Result<String, Fault> {
    let mut text = String::new();
    let mut body = answer
        .into_body()
        .into_with_config()
        .limit(ANSWER_BYTES_MAX)
        .reader();
    match body.read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(cause) if cause.source().is_none() && cause.kind() == io::ErrorKind::InvalidData => {
            Err(Fault::strange("the object store's answer is no text"))
        }
        Err(cause) => Err(Fault::of_reading(&cause)),
    }
}

/// What a store calls a fault, if it is a word: texts of a store repeat what was signed.
fn word(code: &str) -> &str {
    let is_word = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_word { code } else { "" }
}

fn clocks_differ(skew_s: Option<i64>, told: &str) -> String {
    let by = skew_s.map_or_else(String::new, |skew_s| {
        let direction = if skew_s > 0 { "behind" } else { "ahead" };
        format!(": this machine's is {} s {direction}", skew_s.abs())
    });
    format!("the clocks of this machine and of the object store differ too much ({told}){by}")
}
