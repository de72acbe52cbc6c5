//! A registry of schemas, by the REST interface of Confluent's, which others speak too: who the format
//! `avro-confluent` asks.
//!
//! Each address is judged before it is dialled, and redirections are not followed. Who asks waits: a number is asked for
//! once by each reader of a split, a subject once by each writer. Requests that fail are made again, at the next address
//! if there are several.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dataflow::{Error, Format, OptionDoc, OptionError, Options};
use formats::avro::{AvroConfluent, Registered, SchemaRegistry};
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::http::client::{Client, Request};
use crate::http::url::{Url, push_escaped};
use crate::network::NetworkAccess;
use crate::outside::wait;

const URL: &str = "avro-confluent.url";
const USER_INFO: &str = "basic-auth.user-info";
/// How long an answer may take in all, however often it is asked for; whoever asks does nothing else meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one request may take, connecting included.
const REQUEST_PATIENCE: Duration = Duration::from_secs(5);
/// How often a request is made before it is given up, and the pause before the second; each later one is twice as long.
const ATTEMPTS_MAX: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);
/// Answers that may be another one soon.
const PASSING: [u16; 3] = [408, 425, 429];
/// Of a schema that a registry does not have.
const UNKNOWN_SCHEMA: u64 = 40_403;

/// The format, whose registries are only where the rules allow it.
pub fn avro_confluent(network: NetworkAccess) -> Arc<dyn Format> {
    let open = move |options: &Options| -> Result<Arc<dyn SchemaRegistry>, OptionError> {
        Ok(Arc::new(RestRegistry::read(options, &network)?))
    };
    Arc::new(AvroConfluent::new(Box::new(open), docs()))
}

fn docs() -> Vec<OptionDoc> {
    let option = |key, required, doc| OptionDoc {
        key,
        required,
        default: "",
        doc,
    };
    vec![
        option(
            URL,
            true,
            "The registry, such as 'https://registry:8081'; several with ',' between, which are tried in turn.",
        ),
        option(
            "avro-confluent.basic-auth.credentials-source",
            false,
            "'USER_INFO', if a user and a password are given.",
        ),
        option(
            "avro-confluent.basic-auth.user-info",
            false,
            "The user and the password with ':' between; best a secret.",
        ),
        option(
            "avro-confluent.bearer-auth.credentials-source",
            false,
            "'STATIC_TOKEN', if a token is given.",
        ),
        option(
            "avro-confluent.bearer-auth.token",
            false,
            "The token; best a secret.",
        ),
    ]
}

#[derive(Debug)]
struct RestRegistry {
    /// With the path that stands before all requests.
    places: Vec<(Arc<Client>, String)>,
    patience: Duration,
}

impl RestRegistry {
    fn read(options: &Options, network: &NetworkAccess) -> Result<RestRegistry, OptionError> {
        let urls = options.require("url")?;
        let headers = credentials(options)?;
        for key in [
            "ssl.keystore.location",
            "ssl.keystore.password",
            "ssl.truststore.location",
            "ssl.truststore.password",
        ] {
            if options.get(key).is_some() {
                let key = format!("avro-confluent.{key}");
                let message = format!("option '{key}' is not supported: stores of Java are not read");
                return Err(OptionError::new(&key, message)
                    .hint("take it out: certificates of the usual authorities are trusted"));
            }
        }
        if let Some((name, _)) = options.starting_with("properties.").first() {
            let key = format!("avro-confluent.properties.{name}");
            let message = format!("option '{key}' is not supported: there is no client of Java to be told");
            return Err(OptionError::new(&key, message).hint("take it out"));
        }
        let mut places = Vec::new();
        for url in urls.split(',').map(str::trim).filter(|url| !url.is_empty()) {
            let (url, path) = Url::parse(URL, url, "write 'https://registry:8081'")?;
            if path.contains('?') {
                return Err(OptionError::new(
                    URL,
                    format!("option '{URL}' must not have parameters"),
                ));
            }
            let client = Client::new(URL, url, headers.clone(), REQUEST_PATIENCE, network.clone());
            let client = client.map_err(|error| match error {
                Error::Option(error) => error,
                other => OptionError::new(URL, other.to_string()),
            })?;
            places.push((Arc::new(client), path.trim_end_matches('/').to_string()));
        }
        if places.is_empty() {
            return Err(OptionError::new(URL, format!("option '{URL}' names no registry")));
        }
        Ok(RestRegistry {
            places,
            patience: PATIENCE,
        })
    }

    /// Asks until there is an answer that counts.
    fn ask(&self, method: &Method, target: &str, body: Option<&Value>) -> Result<Answer, Error> {
        let until = Instant::now() + self.patience;
        let mut pause = PAUSE;
        let mut attempt = 0;
        loop {
            let (client, path) = &self.places[attempt as usize % self.places.len()];
            let request = Request {
                method: method.clone(),
                target: format!("{path}{target}"),
                body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
            };
            attempt += 1;
            let (asked, place) = (Arc::clone(client), client.place());
            let work = async move { asked.ask(request).await };
            let left = until.saturating_duration_since(Instant::now());
            let outcome = wait(work, left.min(REQUEST_PATIENCE), &place);
            let failed = match outcome {
                Ok((status, body)) => {
                    let code = status.as_u16();
                    if !status.is_server_error() && !PASSING.contains(&code) {
                        return Ok(Answer { status, body, place });
                    }
                    let cause = std::io::Error::other(format!("it answers {code}"));
                    Error::io(format!("ask the registry of schemas: {place}"), cause)
                }
                // What the rules refuse stays refused.
                Err(Error::Io { what, cause }) => {
                    Error::io(format!("ask the registry of schemas: {what}"), cause)
                }
                Err(error) => return Err(error),
            };
            if attempt >= ATTEMPTS_MAX || Instant::now() + pause >= until {
                return Err(failed);
            }
            tracing::warn!(place, error = %failed, "the registry of schemas does not answer, it is asked again");
            std::thread::sleep(pause);
            pause *= 2;
        }
    }
}

/// The header that says who asks.
fn credentials(options: &Options) -> Result<Vec<(HeaderName, HeaderValue)>, OptionError> {
    let basic = options.one_of("basic-auth.credentials-source", &[("USER_INFO", ())])?;
    let bearer = options.one_of("bearer-auth.credentials-source", &[("STATIC_TOKEN", ())])?;
    let user = options.get(USER_INFO);
    let token = options.get("bearer-auth.token");
    let needs = |key: &str, other: &str, value: &str| {
        let (key, other) = (format!("avro-confluent.{key}"), format!("avro-confluent.{other}"));
        OptionError::new(&key, format!("option '{key}' needs '{other}'"))
            .hint(format!("add '{other}' = {value}"))
    };
    let value = match (basic, user, bearer, token) {
        (None, None, None, None) => return Ok(Vec::new()),
        (Some(()), Some(user), None, None) => format!("Basic {}", base64(user.as_bytes())),
        (None, None, Some(()), Some(token)) => format!("Bearer {token}"),
        (Some(()), None, ..) => {
            return Err(needs(
                "basic-auth.credentials-source",
                USER_INFO,
                "'user:password'",
            ));
        }
        (None, Some(_), ..) => return Err(needs(USER_INFO, "basic-auth.credentials-source", "'USER_INFO'")),
        (_, _, Some(()), None) => {
            return Err(needs(
                "bearer-auth.credentials-source",
                "bearer-auth.token",
                "'the token'",
            ));
        }
        (_, _, None, Some(_)) => {
            return Err(needs(
                "bearer-auth.token",
                "bearer-auth.credentials-source",
                "'STATIC_TOKEN'",
            ));
        }
        (Some(()), Some(_), Some(()), Some(_)) => {
            let key = "avro-confluent.bearer-auth.token";
            return Err(OptionError::new(
                key,
                "a user and a token are given, of which only one can ask",
            ));
        }
    };
    let mut value = HeaderValue::try_from(value).map_err(|_| {
        OptionError::new(
            URL,
            "what the registry is told of who asks has characters that no header can have",
        )
    })?;
    value.set_sensitive(true);
    Ok(vec![(AUTHORIZATION, value)])
}

struct Answer {
    status: StatusCode,
    body: Vec<u8>,
    place: String,
}

impl Answer {
    fn json(&self) -> Result<Value, Error> {
        serde_json::from_slice(&self.body).map_err(|_| self.fault("gives an answer that is no JSON"))
    }

    /// What the registry says is wrong.
    fn refusal(&self, what: &str) -> Error {
        let said = serde_json::from_slice::<Value>(&self.body).ok();
        let said = said
            .as_ref()
            .and_then(|said| said.get("message"))
            .and_then(Value::as_str);
        let said: String = said.unwrap_or_default().chars().take(500).collect();
        let colon = if said.is_empty() { "" } else { ": " };
        self.fault(&format!("answers {} {what}{colon}{said}", self.status.as_u16()))
    }

    fn fault(&self, what: &str) -> Error {
        OptionError::new(URL, format!("the registry {} {what}", self.place)).into()
    }
}

impl SchemaRegistry for RestRegistry {
    fn schema(&self, id: u32) -> Result<Registered, Error> {
        let answer = self.ask(&Method::GET, &format!("/schemas/ids/{id}"), None)?;
        if answer.status == StatusCode::NOT_FOUND {
            let said = answer.json()?;
            // Any other place answers so, too, where there is no registry.
            return match said.get("error_code").and_then(Value::as_u64) {
                Some(UNKNOWN_SCHEMA) => Ok(Registered::Unknown),
                _ => Err(answer.refusal("when it is asked for a schema")),
            };
        }
        if !answer.status.is_success() {
            return Err(answer.refusal("when it is asked for a schema"));
        }
        let said = answer.json()?;
        let kind = said.get("schemaType").and_then(Value::as_str).unwrap_or("AVRO");
        let refers = said
            .get("references")
            .and_then(Value::as_array)
            .is_some_and(|list| !list.is_empty());
        if kind != "AVRO" {
            let kind: String = kind.chars().take(50).collect();
            return Ok(Registered::Unfit(format!("it is one of {kind}, not of Avro")));
        }
        if refers {
            let fault = "it has references to others, which are not followed";
            return Ok(Registered::Unfit(fault.to_string()));
        }
        match said.get("schema").and_then(Value::as_str) {
            Some(schema) => Ok(Registered::Schema(schema.to_string())),
            None => Err(answer.fault("knows a number and gives no schema")),
        }
    }

    fn register(&self, subject: &str, schema: &str) -> Result<u32, Error> {
        let mut target = "/subjects/".to_string();
        push_escaped(subject, &mut target);
        target.push_str("/versions");
        let answer = self.ask(&Method::POST, &target, Some(&json!({ "schema": schema })))?;
        if !answer.status.is_success() {
            return Err(answer.refusal(&format!("when a schema is registered under '{subject}'")));
        }
        let id = answer.json()?.get("id").and_then(Value::as_u64);
        let id = id.and_then(|id| u32::try_from(id).ok());
        id.ok_or_else(|| answer.fault("registers a schema and gives it no number"))
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(bits);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            text.push(if digit <= group.len() {
                char::from(DIGITS[value as usize])
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests;
