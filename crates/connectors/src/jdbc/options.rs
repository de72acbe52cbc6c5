//! The options of a table in a database.

use std::time::Duration;

use dataflow::{Error, OptionError, Options, TableDescriptor};
use model::{Schema, TypeKind};

use crate::network::NetworkAccess;
use crate::refuse;

/// Which protocol and which SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Mysql,
}

/// A database and how to get in.
#[derive(Clone)]
pub struct Server {
    pub dialect: Dialect,
    pub host: String,
    pub port: u16,
    pub database: String,
    pub user: Option<String>,
    pub password: Option<String>,
    /// How long it may take to connect.
    pub patience: Duration,
    pub network: NetworkAccess,
}

#[derive(Debug, Clone)]
pub struct TableOptions {
    pub server: Server,
    /// The parts of its name.
    pub table: Vec<String>,
    pub buffer: Buffer,
}

/// How rows are put together before they are written.
#[derive(Debug, Clone, Copy)]
pub struct Buffer {
    pub rows_max: usize,
    pub interval: Option<Duration>,
    pub retries: u32,
}

/// Rows of one statement, at most: they are held as text.
const ROWS_MAX: i64 = 10_000;
const USER: &str = "username";
const URL: &str = "url";

impl TableOptions {
    pub fn read(table: &TableDescriptor<'_>, network: NetworkAccess) -> Result<TableOptions, Error> {
        let options = table.options;
        options.get("connector");
        check_types(table.physical)?;
        let patience = options
            .duration("connection.max-retry-timeout")?
            .unwrap_or(Duration::from_secs(60));
        // Of Java.
        options.get("driver");
        let name = options.require("table-name")?;
        let parts: Vec<String> = name.split('.').map(str::to_string).collect();
        if parts.iter().any(String::is_empty) {
            return Err(
                OptionError::new("table-name", "option 'table-name' has an empty part")
                    .hint("write 'table' or 'schema.table'")
                    .into(),
            );
        }
        let user = options.get(USER).map(str::to_string);
        let password = options.get("password").map(str::to_string);
        if password.is_some() && user.is_none() {
            return Err(OptionError::missing(USER).into());
        }
        let (dialect, host, port, database) = parse_url(options.require(URL)?)?;
        refuse::parallelism(options, "scan.parallelism")?;
        refuse::parallelism(options, "sink.parallelism")?;
        let buffer = buffer(options)?;
        options.finish()?;
        Ok(TableOptions {
            server: Server {
                dialect,
                host,
                port,
                database,
                user,
                password,
                patience,
                network,
            },
            table: parts,
            buffer,
        })
    }
}

fn buffer(options: &Options) -> Result<Buffer, OptionError> {
    let rows = "sink.buffer-flush.max-rows";
    let retries = "sink.max-retries";
    let at_least = |key: &str, usual: i64, least: i64, most: i64| match options.integer(key)? {
        None => Ok(usual),
        Some(value) if (least..=most).contains(&value) => Ok(value),
        Some(value) => Err(OptionError::new(
            key,
            format!("option '{key}' must be {least} to {most}, got '{value}'"),
        )),
    };
    let interval = options.duration("sink.buffer-flush.interval")?;
    Ok(Buffer {
        rows_max: at_least(rows, 100, 1, ROWS_MAX)? as usize,
        interval: Some(interval.unwrap_or(Duration::from_secs(1))).filter(|interval| !interval.is_zero()),
        retries: at_least(retries, 3, 0, 100)? as u32,
    })
}

/// `jdbc:postgresql://host:port/database`
fn parse_url(url: &str) -> Result<(Dialect, String, u16, String), OptionError> {
    let form = "write 'jdbc:postgresql://host:5432/database', 'jdbc:mysql://host:3306/database' or \
                'jdbc:mariadb://host:3306/database'";
    // The text itself may hold a password, and is not repeated.
    let fault = |message: &str| OptionError::new(URL, format!("option '{URL}' {message}")).hint(form);
    let rest = url
        .trim()
        .strip_prefix("jdbc:")
        .ok_or_else(|| fault("must begin with 'jdbc:'"))?;
    let (kind, rest) = rest.split_once("://").ok_or_else(|| fault("has no '://'"))?;
    let (dialect, usual_port) = match kind {
        "postgresql" => (Dialect::Postgres, 5432),
        "mysql" | "mariadb" => (Dialect::Mysql, 3306),
        other => {
            return Err(fault(&format!(
                "is of '{other}', but databases spoken to are 'postgresql', 'mysql' and 'mariadb'"
            )));
        }
    };
    let (rest, parameters) = match rest.split_once('?') {
        Some((rest, parameters)) => (rest, parameters),
        None => (rest, ""),
    };
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        check_parameter(key, value)?;
    }
    let (place, database) = rest.split_once('/').ok_or_else(|| fault("names no database"))?;
    if database.is_empty() || database.contains('/') {
        return Err(fault("names no database"));
    }
    if place.contains('@') {
        return Err(fault("must not have a user in it").hint("say 'username' and 'password'"));
    }
    if place.contains(',') {
        return Err(fault("must name one server"));
    }
    let bracketed = place.starts_with('[');
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !bracketed || host.ends_with(']') => {
            (host, port.parse().map_err(|_| fault("has a port that is none"))?)
        }
        _ => (place, usual_port),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err(fault("names no host"));
    }
    Ok((dialect, host.to_string(), port, database.to_string()))
}

/// Parameters that say what is so anyway are taken, others refused.
fn check_parameter(key: &str, value: &str) -> Result<(), OptionError> {
    let is_so = match key.to_ascii_lowercase().as_str() {
        "sslmode" => matches!(
            value.to_ascii_lowercase().as_str(),
            "disable" | "disabled" | "allow" | "prefer" | "preferred"
        ),
        "usessl" | "requiressl" => value.eq_ignore_ascii_case("false"),
        "useunicode" | "allowpublickeyretrieval" | "rewritebatchedstatements" | "rewritebatchedinserts" => {
            true
        }
        "characterencoding" => value.to_ascii_lowercase().replace('-', "").starts_with("utf8"),
        "servertimezone" => value.eq_ignore_ascii_case("utc"),
        _ => false,
    };
    if is_so {
        return Ok(());
    }
    let message = format!("option '{URL}': the parameter '{key}' is not supported with this value");
    Err(match key.to_ascii_lowercase().as_str() {
        "sslmode" | "usessl" | "requiressl" => OptionError::new(URL, message)
            .hint("connections are not encrypted: go through a tunnel, or a network that is"),
        _ => OptionError::new(URL, message).hint("leave it out"),
    })
}

/// Types that have a text in both databases.
fn check_types(schema: &Schema) -> Result<(), Error> {
    let unfit = schema
        .fields
        .iter()
        .find(|field| !crate::text::is_supported(&field.data_type.kind));
    let Some(field) = unfit else {
        return Ok(());
    };
    let hint = match field.data_type.kind {
        TypeKind::Array(_) | TypeKind::Map(_, _) | TypeKind::Row(_) => {
            "declare it STRING: it comes as the database writes it"
        }
        _ => "numbers, texts, bytes, BOOLEAN, dates and times are",
    };
    Err(OptionError {
        key: None,
        message: format!(
            "column '{}' is {}, which is not supported by 'jdbc'",
            field.name, field.data_type.kind
        ),
        hint: Some(hint.to_string()),
    }
    .into())
}

/// Without the password.
impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("dialect", &self.dialect)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("database", &self.database)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// For messages.
    pub fn place(&self) -> String {
        let name = match self.dialect {
            Dialect::Postgres => "PostgreSQL",
            Dialect::Mysql => "MySQL",
        };
        format!("{name} at {}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_server_and_database() {
        for (url, expected) in [
            ("jdbc:postgresql://db:1234/shop", (Dialect::Postgres, "db", 1234)),
            (
                "jdbc:postgresql://db/shop?sslmode=disable",
                (Dialect::Postgres, "db", 5432),
            ),
            (
                "jdbc:mysql://127.0.0.1/shop?useSSL=false&characterEncoding=utf-8",
                (Dialect::Mysql, "127.0.0.1", 3306),
            ),
            ("jdbc:mariadb://[::1]:33/shop", (Dialect::Mysql, "::1", 33)),
        ] {
            let (dialect, host, port, database) = parse_url(url).unwrap();
            assert_eq!((dialect, host.as_str(), port), expected);
            assert_eq!(database, "shop");
        }
    }

    #[test]
    fn a_url_that_is_none_is_not_repeated() {
        for url in [
            "postgresql://db/shop",
            "jdbc:oracle://db/shop",
            "jdbc:postgresql://user:hidden@db/shop",
            "jdbc:postgresql://db",
            "jdbc:postgresql://db:x/shop",
            "jdbc:postgresql://db/shop?sslmode=require",
            "jdbc:postgresql://db/shop?password=hidden",
        ] {
            let error = parse_url(url).unwrap_err();
            assert_eq!(error.key.as_deref(), Some("url"), "{url}");
            assert!(error.hint.is_some());
            assert!(!error.message.contains("hidden"), "{}", error.message);
        }
    }
}
