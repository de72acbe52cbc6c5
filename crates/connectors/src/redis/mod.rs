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
use redis::{AsyncConnectionConfig, FromRedisValue, Pipeline, RedisConnectionInfo, RedisError, Value};

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
        if !pattern.is_separated() {
            let message = format!("option '{PATTERN}' has columns with nothing between them");
            return Err(OptionError::new(PATTERN, message)
                .hint("write a text that no value has in it: 'user:{a}:{b}'")
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
    connection: Mutex<Option<Arc<MultiplexedConnection>>>,
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

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Arc<MultiplexedConnection>>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the server says to commands.
    async fn ask<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Error> {
        let connection = self.connection().await?;
        let mut using = (*connection).clone();
        let mut asking = Asking {
            server: self,
            connection,
            is_answered: false,
        };
        let told = commands.query_async(&mut using).await;
        asking.is_answered = told.is_ok();
        told.map_err(|error| self.fault(&error))
    }

    async fn connection(&self) -> Result<Arc<MultiplexedConnection>, Error> {
        let held = self.held().clone();
        if let Some(connection) = held {
            return Ok(connection);
        }
        let connecting = tokio::time::timeout(self.patience, self.connect());
        let connection = Arc::new(connecting.await.unwrap_or_else(|_| {
            let cause = io::Error::new(io::ErrorKind::TimedOut, "it does not answer in time");
            Err(Error::io(format!("reach {}", self.place()), cause))
        })?);
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

    fn fault(&self, error: &RedisError) -> Error {
        let is_passing = error.is_io_error()
            || error.is_connection_dropped()
            || error.is_timeout()
            || matches!(
                error.code(),
                Some("LOADING" | "BUSY" | "TRYAGAIN" | "MASTERDOWN" | "CLUSTERDOWN")
            );
        if is_passing {
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

/// Commands on their way. If they are given up, or fail, whoever asks next makes another connection: the other end may
/// be gone without a word.
struct Asking<'s> {
    server: &'s Server,
    connection: Arc<MultiplexedConnection>,
    is_answered: bool,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        let mut held = self.server.held();
        if held
            .as_ref()
            .is_some_and(|held| Arc::ptr_eq(held, &self.connection))
        {
            *held = None;
        }
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
        // What could be the key of another row too is not asked for.
        let names: Vec<(u32, String)> = (0..keys.num_rows())
            .filter(|row| self.pattern.is_clear(&self.keys, &keys, *row))
            .map(|row| {
                let escape = |value: &str, out: &mut String| out.push_str(value);
                (row as u32, self.pattern.fill(&self.keys, &keys, row, escape))
            })
            .collect();
        let (server, answers, reading) = (self.server.clone(), self.answers.clone(), self.reading.clone());
        let work = spawn(async move {
            let (rows, places) = match &reading {
                Some(reading) => {
                    let messages = values(&server, &names).await?;
                    answers.decode(reading, &messages, &server.place())?
                }
                None => hashes(&server, &answers, &names).await?,
            };
            answers.found(&keys, rows, places)
        });
        Box::pin(async move { work.await? })
    }
}

/// What stands at keys, each with its place. What is no text is not there.
async fn values(server: &Server, names: &[(u32, String)]) -> Result<Vec<(u32, Vec<u8>)>, Error> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipe = redis::pipe();
    pipe.cmd("MGET");
    for (_, name) in names {
        pipe.arg(name);
    }
    let (values,): (Vec<Option<Vec<u8>>>,) = server.ask(&pipe).await?;
    let there = names.iter().zip(values);
    Ok(there
        .filter_map(|((place, _), value)| Some((*place, value?)))
        .collect())
}

/// The fields of hashes. What is no hash is not there.
async fn hashes(
    server: &Server,
    answers: &Answers,
    names: &[(u32, String)],
) -> Result<(RecordBatch, Vec<u32>), Error> {
    let fields: Vec<&str> = answers.given.names().collect();
    let mut pipe = redis::pipe();
    pipe.ignore_errors();
    for (_, name) in names {
        // A hash may be there that has none of the fields.
        pipe.cmd("HLEN").arg(name);
        if !fields.is_empty() {
            pipe.cmd("HMGET").arg(name).arg(&fields);
        }
    }
    let told: Vec<Value> = match names.is_empty() {
        true => Vec::new(),
        false => server.ask(&pipe).await?,
    };
    let mut rows = Vec::new();
    let mut places = Vec::new();
    let per_key = 1 + usize::from(!fields.is_empty());
    for ((place, _), told) in names.iter().zip(told.chunks(per_key)) {
        let length: Option<i64> = told.first().map_or(Ok(None), |told| of_hash(server, told))?;
        if length.unwrap_or_default() == 0 {
            continue;
        }
        let cells: Option<Vec<text::Cell>> = match told.get(1) {
            Some(told) => of_hash(server, told)?,
            None => Some(Vec::new()),
        };
        // It may have become another thing between the two.
        let Some(cells) = cells else { continue };
        rows.push(cells);
        places.push(*place);
    }
    Ok((text::batch(&answers.given, &rows, &server.place())?, places))
}

/// What is said of a hash; nothing, if there is no hash but another thing.
fn of_hash<T: FromRedisValue>(server: &Server, told: &Value) -> Result<Option<T>, Error> {
    if let Value::ServerError(error) = told {
        let error = RedisError::from(error.clone());
        return match error.code() {
            Some("WRONGTYPE") => Ok(None),
            _ => Err(server.fault(&error)),
        };
    }
    let told = redis::from_redis_value_ref(told);
    told.map(Some).map_err(|error| server.fault(&error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_whose_answer_was_given_up_is_not_used_again() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (dialled, counted) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            while let Ok((stream, _)) = listener.accept() {
                silent.push(stream);
                if dialled.send(()).is_err() {
                    return;
                }
            }
        });
        let server = Arc::new(Server {
            host: "127.0.0.1".to_string(),
            port,
            info: RedisConnectionInfo::default().set_skip_set_lib_name(),
            patience: Duration::from_secs(10),
            network: NetworkAccess::everything(),
            connection: Mutex::default(),
        });
        for _ in 0..2 {
            let asking = server.clone();
            let work = spawn(async move {
                let name = (0, "a".to_string());
                values(&asking, &[name]).await
            });
            // Each asks on a connection of its own: the one before was given up.
            counted.recv_timeout(Duration::from_secs(10)).unwrap();
            while server.held().is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
            drop(work);
            let until = std::time::Instant::now() + Duration::from_secs(10);
            while server.held().is_some() {
                assert!(std::time::Instant::now() < until, "the connection is kept");
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

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
