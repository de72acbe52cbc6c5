//! Keys of Redis as rows that are looked up: `'connector' = 'redis'`.
//!
//! A pattern makes the key in Redis of columns of the table: `user:{id}`. What stands there is a hash, whose fields are the
//! other columns by their names, or a value that a format reads. A key that is not there is no row.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow_array::RecordBatch;
use dataflow::lookup::option_docs;
use dataflow::{
    Connector, Error, Looking, Lookup, LookupRequest, OptionDoc, OptionError, ScanRequest, Sink, SinkRequest,
    Source, TableDescriptor,
};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo};

use crate::answers::{Answers, Reading, Template};
use crate::network::NetworkAccess;
use crate::outside::{dial, dial_error, spawn};
use crate::text;

/// Keys of one request.
const KEYS_MAX: usize = 500;
/// Requests of one shard at a time: they share a connection, which answers one after the other.
const REQUESTS_MAX: usize = 8;
const URL: &str = "url";
const PATTERN: &str = "key-pattern";

#[derive(Debug)]
pub struct Redis {
    network: NetworkAccess,
}

impl Redis {
    pub fn new(network: NetworkAccess) -> Redis {
        Redis { network }
    }
}

impl Connector for Redis {
    fn name(&self) -> &'static str {
        "redis"
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
                "the server: 'redis://host:port', with '/number' behind it for another database",
            ),
            doc(
                "username",
                false,
                "",
                "the user there, if it is not the usual one",
            ),
            doc("password", false, "", "the password there"),
            doc(
                PATTERN,
                true,
                "",
                "the key of a row, with columns between braces: 'user:{id}'",
            ),
            doc(
                "value-layout",
                false,
                "hash",
                "what stands at a key: hash (the other columns are its fields), or value (read by 'format')",
            ),
            doc(
                "format",
                false,
                "",
                "how a value is read; for the layout 'value', which needs it",
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
        Err(only_looked_up("redis").into())
    }

    fn sink(&self, _: &TableDescriptor<'_>, _: &SinkRequest) -> Result<Option<Arc<dyn Sink>>, Error> {
        Err(only_looked_up("redis").into())
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
        let (host, port, database) = parse_url(options.require(URL)?)?;
        let pattern = options.require(PATTERN)?;
        let pattern = Template::read(table, PATTERN, pattern)?;
        if pattern.columns.is_empty() {
            let message = format!("option '{PATTERN}' names no column");
            return Err(OptionError::new(PATTERN, message)
                .hint("write a column between braces: 'user:{id}'")
                .into());
        }
        pattern.check(PATTERN, request)?;
        let is_hash = options
            .one_of("value-layout", &[("hash", true), ("value", false)])?
            .unwrap_or(true);
        let reading = match (is_hash, options.get("format")) {
            (true, None) => None,
            (false, Some(name)) => Some(Reading::of(table, name)?),
            (true, Some(_)) => {
                let message = "option 'format' is of no meaning unless 'value-layout' is 'value'";
                return Err(OptionError::new("format", message).into());
            }
            (false, None) => return Err(OptionError::missing("format").into()),
        };
        let answers = Answers::new(request, |name| {
            pattern.columns.iter().any(|column| column == name)
        });
        if is_hash {
            let unfit = answers
                .given
                .fields
                .iter()
                .find(|field| !text::is_supported(&field.data_type.kind));
            if let Some(field) = unfit {
                return Err(OptionError {
                    key: None,
                    message: format!(
                        "column '{}' is {}, which no field of a hash can be",
                        field.name, field.data_type.kind
                    ),
                    hint: Some("declare it STRING, or use the layout 'value' with a format".to_string()),
                }
                .into());
            }
        }
        let user = options.get("username").map(str::to_string);
        let password = options.get("password").map(str::to_string);
        let patience = options
            .duration("connect-timeout")?
            .unwrap_or(Duration::from_secs(10));
        options.finish()?;
        let mut info = RedisConnectionInfo::default()
            .set_db(database)
            .set_skip_set_lib_name();
        if let Some(user) = user {
            info = info.set_username(user);
        }
        if let Some(password) = password {
            info = info.set_password(password);
        }
        Ok(Some(Arc::new(RedisLookup {
            server: Arc::new(Server {
                host,
                port,
                info,
                patience,
                network: self.network.clone(),
                connection: Mutex::default(),
            }),
            keys: request.keys.clone(),
            pattern,
            answers,
            reading,
        })))
    }
}

/// What a table that is only looked up says to whoever reads or writes it.
pub fn only_looked_up(connector: &str) -> OptionError {
    OptionError {
        key: None,
        message: format!("tables of '{connector}' can only be looked up"),
        hint: Some("write JOIN t FOR SYSTEM_TIME AS OF o.proctime ON t.id = o.id".to_string()),
    }
}

/// `redis://host:port/0`
fn parse_url(url: &str) -> Result<(String, u16, i64), OptionError> {
    // The text itself may hold a password, and is not repeated.
    let fault = |message: &str| {
        OptionError::new(URL, format!("option '{URL}' {message}"))
            .hint("write 'redis://host:6379' or 'redis://host:6379/1'")
    };
    let rest = url
        .trim()
        .strip_prefix("redis://")
        .ok_or_else(|| fault("must begin with 'redis://'"))?;
    if rest.contains(['@', '?']) {
        return Err(
            fault("must have neither a user nor parameters in it").hint("say 'username' and 'password'")
        );
    }
    let (place, database) = rest.split_once('/').unwrap_or((rest, ""));
    let database = match database {
        "" => 0,
        number => number
            .parse()
            .map_err(|_| fault("has a database that is no number"))?,
    };
    let bracketed = place.starts_with('[');
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !bracketed || host.ends_with(']') => {
            (host, port.parse().map_err(|_| fault("has a port that is none"))?)
        }
        _ => (place, 6379),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err(fault("names no host"));
    }
    Ok((host.to_string(), port, database))
}

struct Server {
    host: String,
    port: u16,
    info: RedisConnectionInfo,
    patience: Duration,
    network: NetworkAccess,
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// Without the password.
impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Server {
    fn place(&self) -> String {
        format!("Redis at {}:{}", self.host, self.port)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<MultiplexedConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connection(&self) -> Result<MultiplexedConnection, Error> {
        let held = self.held().clone();
        if let Some(connection) = held {
            return Ok(connection);
        }
        let connecting = tokio::time::timeout(self.patience, self.connect());
        let connection = connecting.await.unwrap_or_else(|_| {
            let cause = io::Error::new(io::ErrorKind::TimedOut, "it does not answer in time");
            Err(Error::io(format!("reach {}", self.place()), cause))
        })?;
        *self.held() = Some(connection.clone());
        Ok(connection)
    }

    async fn connect(&self) -> Result<MultiplexedConnection, Error> {
        let what = format!("reach {}", self.place());
        let stream = dial(self.network.clone(), self.host.clone(), self.port, self.patience)
            .await
            .map_err(|error| dial_error(error, &what, URL))?;
        // How long an answer may take is for those who ask to say.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let (connection, driver) = MultiplexedConnection::new_with_config(&self.info, stream, config)
            .await
            .map_err(|error| self.fault(&error))?;
        tokio::spawn(driver);
        Ok(connection)
    }

    fn fault(&self, error: &redis::RedisError) -> Error {
        let is_passing = error.is_io_error()
            || error.is_connection_dropped()
            || error.is_timeout()
            || matches!(
                error.code(),
                Some("LOADING" | "BUSY" | "TRYAGAIN" | "MASTERDOWN" | "CLUSTERDOWN")
            );
        if is_passing {
            // Whoever asks next makes another connection.
            *self.held() = None;
            return Error::io(
                format!("ask {}", self.place()),
                io::Error::other(error.to_string()),
            );
        }
        OptionError {
            key: None,
            message: format!("{} refuses: {error}", self.place()),
            hint: None,
        }
        .into()
    }
}

#[derive(Debug)]
struct RedisLookup {
    server: Arc<Server>,
    keys: model::Schema,
    pattern: Template,
    answers: Answers,
    reading: Option<Reading>,
}

impl Lookup for RedisLookup {
    fn keys_max(&self) -> usize {
        KEYS_MAX
    }

    fn requests_max(&self) -> usize {
        REQUESTS_MAX
    }

    fn look_up(&self, keys: RecordBatch) -> Looking {
        let names: Vec<String> = (0..keys.num_rows())
            .map(|row| {
                self.pattern
                    .fill(&self.keys, &keys, row, |value, out| out.push_str(value))
            })
            .collect();
        let (server, answers, reading) = (self.server.clone(), self.answers.clone(), self.reading.clone());
        let work = spawn(async move {
            let mut connection = server.connection().await?;
            let (rows, places) = match &reading {
                Some(reading) => {
                    let values: Vec<Option<Vec<u8>>> = redis::cmd("MGET")
                        .arg(&names)
                        .query_async(&mut connection)
                        .await
                        .map_err(|error| server.fault(&error))?;
                    let there = values.into_iter().enumerate();
                    let messages: Vec<(u32, Vec<u8>)> = there
                        .filter_map(|(key, value)| Some((key as u32, value?)))
                        .collect();
                    answers.decode(reading, &messages, &server.place())?
                }
                None => hashes(&server, &mut connection, &answers, &names).await?,
            };
            answers.found(&keys, rows, places)
        });
        Box::pin(async move { work.await? })
    }
}

/// The fields of hashes.
async fn hashes(
    server: &Server,
    connection: &mut MultiplexedConnection,
    answers: &Answers,
    names: &[String],
) -> Result<(RecordBatch, Vec<u32>), Error> {
    let fields: Vec<&str> = answers.given.names().collect();
    let mut pipe = redis::pipe();
    for name in names {
        // A hash may be there that has none of the fields.
        pipe.cmd("EXISTS").arg(name);
        if !fields.is_empty() {
            pipe.cmd("HMGET").arg(name).arg(&fields);
        }
    }
    let mut told: Vec<redis::Value> = pipe
        .query_async(connection)
        .await
        .map_err(|error| server.fault(&error))?;
    let mut rows = Vec::new();
    let mut places = Vec::new();
    let per_key = 1 + usize::from(!fields.is_empty());
    for (place, told) in told.chunks_mut(per_key).enumerate() {
        let read = |value: &redis::Value| redis::from_redis_value_ref::<i64>(value);
        let is_there = told
            .first()
            .map(read)
            .transpose()
            .map_err(|error| server.fault(&error.into()))?;
        if is_there != Some(1) {
            continue;
        }
        let cells: Vec<text::Cell> = match told.get(1) {
            Some(values) => {
                redis::from_redis_value_ref(values).map_err(|error| server.fault(&error.into()))?
            }
            None => Vec::new(),
        };
        rows.push(cells);
        places.push(place as u32);
    }
    Ok((text::batch(&answers.given, &rows, &server.place())?, places))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_server_and_database() {
        assert_eq!(
            parse_url("redis://cache").unwrap(),
            ("cache".to_string(), 6379, 0)
        );
        assert_eq!(
            parse_url("redis://[::1]:7000/3").unwrap(),
            ("::1".to_string(), 7000, 3)
        );
        for url in [
            "cache:6379",
            "redis://user:hidden@cache",
            "redis://cache:x",
            "redis://cache/x",
            "rediss://cache",
        ] {
            let error = parse_url(url).unwrap_err();
            assert!(error.hint.is_some());
            assert!(!error.message.contains("hidden"));
        }
    }
}
