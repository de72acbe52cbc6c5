//! Services over HTTP as rows that are looked up: `'connector' = 'http'`.
//!
//! Each key is a request: its columns stand in the path, in the query or in a body of JSON. A format reads what is
//! answered. Redirections are not followed, since they could lead anywhere.

pub mod client;
pub mod url;

use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use dataflow::lookup::option_docs;
use dataflow::{
    Connector, Error, Looking, Lookup, LookupRequest, OptionDoc, OptionError, Options, ScanRequest, Sink,
    SinkRequest, Source, TableDescriptor,
};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use model::{Schema, TypeKind};
use serde_json::Value;

use self::client::{Client, Request};
use self::url::Url;
use crate::answers::{Answers, Reading, Template};
use crate::network::NetworkAccess;
use crate::outside::spawn;
use crate::text;

const URL: &str = "url";
const HEADERS: &str = "headers.";
const POINTER: &str = "response.rows";
const MISSES: &str = "not-found-codes";
/// Answers that may be another one soon.
const PASSING: [u16; 3] = [408, 425, 429];

#[derive(Debug)]
pub struct Http {
    network: NetworkAccess,
}

impl Http {
    pub fn new(network: NetworkAccess) -> Http {
        Http { network }
    }
}

impl Connector for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn options(&self) -> Vec<OptionDoc> {
        let doc = |key, required, default, doc| OptionDoc {
            key,
            required,
            default,
            doc,
        };
        let mut docs = vec![
            doc(
                URL,
                true,
                "",
                "where to ask, with columns between braces in path or query: 'https://host/users/{id}'",
            ),
            doc(
                "method",
                false,
                "GET",
                "GET, where keys that the URL does not name become parameters, or POST, where all keys are a JSON object",
            ),
            doc("format", true, "", "how an answer is read"),
            doc(
                "headers.*",
                false,
                "",
                "headers of requests, such as 'headers.Authorization'",
            ),
            doc(
                POINTER,
                false,
                "",
                "where in an answer of JSON the row or the list of rows stands, such as '/data/items'",
            ),
            doc(
                MISSES,
                false,
                "404",
                "status codes that say that nothing was found, with ',' between",
            ),
            doc(
                "connect-timeout",
                false,
                "10 s",
                "how long it may take to connect",
            ),
        ];
        docs.extend(option_docs());
        docs
    }

    fn source(&self, _: &TableDescriptor<'_>, _: &ScanRequest) -> Result<Option<Arc<dyn Source>>, Error> {
        Err(crate::redis::only_looked_up("http").into())
    }

    fn sink(&self, _: &TableDescriptor<'_>, _: &SinkRequest) -> Result<Option<Arc<dyn Sink>>, Error> {
        Err(crate::redis::only_looked_up("http").into())
    }

    fn looks_up(&self) -> bool {
        true
    }

    fn lookup(
        &self,
        table: &TableDescriptor<'_>,
        request: &LookupRequest,
    ) -> Result<Option<Arc<dyn Lookup>>, Error> {
        let options = table.options;
        options.get("connector");
        let (url, target) = Url::parse(URL, options.require(URL)?, "write 'https://host/path/{column}'")?;
        let target = Template::read(table, URL, &target)?;
        target.check(URL, request)?;
        let method = options
            .one_of("method", &[("GET", false), ("POST", true)])?
            .map_or(
                Method::GET,
                |is_post| if is_post { Method::POST } else { Method::GET },
            );
        let reading = Reading::of(table, options.require("format")?)?;
        let is_json = options.get("format") == Some("json");
        let pointer = options.get(POINTER).unwrap_or_default().to_string();
        if !pointer.is_empty() && (!is_json || !pointer.starts_with('/')) {
            let message = format!("option '{POINTER}' must begin with '/', and the format be 'json'");
            return Err(OptionError::new(POINTER, message)
                .hint("write '/data' or '/data/items'")
                .into());
        }
        let unfit = request
            .keys
            .fields
            .iter()
            .find(|key| !text::is_supported(&key.data_type.kind) || text::is_bytes(&key.data_type.kind));
        if let Some(key) = unfit {
            return Err(OptionError {
                key: None,
                message: format!(
                    "'{}' is {}, which cannot be asked for by 'http'",
                    key.name, key.data_type.kind
                ),
                hint: Some("numbers, texts, BOOLEAN, dates and times can".to_string()),
            }
            .into());
        }
        let headers = headers(options)?;
        let misses = misses(options)?;
        let patience = options
            .duration("connect-timeout")?
            .unwrap_or(Duration::from_secs(10));
        options.finish()?;
        Ok(Some(Arc::new(HttpLookup {
            client: Arc::new(Client::new(URL, url, headers, patience, self.network.clone())?),
            method,
            target,
            keys: request.keys.clone(),
            answers: Answers::new(request, |_| true),
            reading: Arc::new(How {
                reading,
                rows: is_json.then_some(pointer),
                misses,
            }),
        })))
    }
}

fn headers(options: &Options) -> Result<Vec<(HeaderName, HeaderValue)>, OptionError> {
    let mut headers = Vec::new();
    for (name, value) in options.starting_with(HEADERS) {
        let key = format!("{HEADERS}{name}");
        let fault = |what: &str| OptionError::new(&key, format!("option '{key}' {what}"));
        let name = HeaderName::try_from(&name).map_err(|_| fault("is the name of no header"))?;
        if ["host", "content-length", "connection", "transfer-encoding"].contains(&name.as_str()) {
            return Err(fault("is set by the connector"));
        }
        let mut value =
            HeaderValue::try_from(&value).map_err(|_| fault("has a value that no header can have"))?;
        value.set_sensitive(true);
        headers.push((name, value));
    }
    Ok(headers)
}

fn misses(options: &Options) -> Result<Vec<u16>, OptionError> {
    let given = options.get(MISSES).unwrap_or("404");
    let code = |text: &str| -> Result<u16, OptionError> {
        let code = text.trim().parse().ok().filter(|code| (400..600).contains(code));
        code.ok_or_else(|| {
            OptionError::new(
                MISSES,
                format!("option '{MISSES}' must be status codes from 400 to 599, got '{given}'"),
            )
        })
    };
    given.split(',').map(code).collect()
}

#[derive(Debug)]
struct HttpLookup {
    client: Arc<Client>,
    method: Method,
    /// Path and query.
    target: Template,
    keys: Schema,
    answers: Answers,
    reading: Arc<How>,
}

/// How answers are read.
#[derive(Debug)]
struct How {
    reading: Reading,
    /// Where in an answer of JSON rows stand.
    rows: Option<String>,
    misses: Vec<u16>,
}

impl HttpLookup {
    /// What asks for a key; nothing, if that would ask in another place.
    fn request(&self, keys: &RecordBatch) -> Result<Option<Request>, Error> {
        let mut target = self.target.fill(&self.keys, keys, 0, url::push_escaped);
        if !url::stays_in_place(&target, &self.target.filled_with("x")) {
            return Ok(None);
        }
        let values = self.keys.fields.iter().zip(keys.columns());
        let values = values.map(|(field, array)| {
            let value = text::of_value(array.as_ref(), 0, &field.data_type.kind);
            (field, value.unwrap_or_default())
        });
        if self.method == Method::POST {
            let object: serde_json::Map<String, Value> = values
                .map(|(field, value)| (field.name.clone(), json(&field.data_type.kind, value)))
                .collect();
            let body = serde_json::to_vec(&object).map_err(|error| Error::internal(error.to_string()))?;
            return Ok(Some(Request {
                method: Method::POST,
                target,
                body,
            }));
        }
        for (field, value) in values.filter(|(field, _)| !self.target.columns.contains(&field.name)) {
            target.push(if target.contains('?') { '&' } else { '?' });
            url::push_escaped(&field.name, &mut target);
            target.push('=');
            url::push_escaped(&value, &mut target);
        }
        Ok(Some(Request {
            method: Method::GET,
            target,
            body: Vec::new(),
        }))
    }
}

/// Numbers and truths as such.
fn json(kind: &TypeKind, value: String) -> Value {
    match kind {
        TypeKind::Boolean | TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::Int | TypeKind::BigInt => {
            serde_json::from_str(&value).unwrap_or(Value::String(value))
        }
        _ => Value::String(value),
    }
}

impl Lookup for HttpLookup {
    fn look_up(&self, keys: RecordBatch) -> Looking {
        let request = match self.request(&keys) {
            Ok(request) => request,
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        };
        let (client, answers, how) = (self.client.clone(), self.answers.clone(), self.reading.clone());
        let work = spawn(async move {
            let messages = match request {
                Some(request) => {
                    let (status, body) = client.ask(request).await?;
                    how.messages(status, body, &client.place())?
                }
                None => Vec::new(),
            };
            let (rows, places) = answers.decode(&how.reading, &messages, &client.place())?;
            answers.found(&keys, rows, places)
        });
        Box::pin(async move { work.await? }) as Looking
    }
}

impl How {
    /// The rows in an answer, all of the only key.
    fn messages(&self, status: StatusCode, body: Vec<u8>, place: &str) -> Result<Vec<(u32, Vec<u8>)>, Error> {
        let code = status.as_u16();
        if self.misses.contains(&code) || status == StatusCode::NO_CONTENT {
            return Ok(Vec::new());
        }
        if status.is_server_error() || PASSING.contains(&code) {
            let cause = std::io::Error::other(format!("it answers {code}"));
            return Err(Error::io(format!("ask {place}"), cause));
        }
        if !status.is_success() {
            let hint = match status.is_redirection() {
                true => "redirections are not followed: name the place that it redirects to",
                false => "codes that say that nothing was found are named by 'not-found-codes'",
            };
            return Err(OptionError {
                key: None,
                message: format!("{place} answers {code}"),
                hint: Some(hint.to_string()),
            }
            .into());
        }
        let Some(pointer) = &self.rows else {
            return Ok(vec![(0, body)]);
        };
        let fault = |what: &str| Error::Data {
            message: format!("an answer {what}"),
            place: place.to_string(),
        };
        let answer: Value = serde_json::from_slice(&body).map_err(|_| fault("is no JSON"))?;
        let row = |value: &Value| -> Result<(u32, Vec<u8>), Error> {
            let text = serde_json::to_vec(value);
            Ok((0, text.map_err(|error| Error::internal(error.to_string()))?))
        };
        match answer.pointer(pointer) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(rows)) => rows.iter().map(row).collect(),
            Some(object @ Value::Object(_)) => Ok(vec![row(object)?]),
            Some(_) => Err(fault(
                "has neither an object nor a list where rows are looked for",
            )),
        }
    }
}
