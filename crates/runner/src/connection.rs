//! Connections: what tables share of their options.
//!
//! A table says `'connection' = 'shop_kafka'` and leaves out what the connection has. Wherever a table is shown,
//! stored or planned it keeps that reference; the options of the connection are read when a program is put
//! together, at every check, preview and start. A version therefore keeps its tables, not its connections: who moves
//! a broker changes one connection and restarts, and the rotated password needs no new version.

use std::collections::BTreeMap;

use model::AddressRules;
use model::suggest::did_you_mean;
use serde::{Deserialize, Serialize};

use crate::{FileRoots, Secrets};

/// The option of a table that names its connection.
pub const CONNECTION_OPTION: &str = "connection";

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Connection {
    /// The connector it is for.
    pub kind: String,
    /// A value refers to a secret as `${secret.name}`; it never is one.
    pub options: BTreeMap<String, String>,
}

/// What a program sees of its workspace's connections.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Connections {
    /// Those that it names: nothing else of the workspace is handed to a worker.
    pub named: BTreeMap<String, Connection>,
    /// Names that there are, as many as are worth suggesting.
    pub known: Vec<String>,
}

/// What a table says for itself, and its connection never does.
const OF_TABLES_ONLY: [&str; 2] = ["connector", CONNECTION_OPTION];

/// An option of a table refers to what is not there, or does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    pub message: String,
    pub hint: String,
}

impl Connections {
    /// The connection that a table names.
    pub fn of_table(&self, name: &str, connector: &str) -> Result<&Connection, Unresolved> {
        let Some(connection) = self.named.get(name) else {
            return Err(Unresolved {
                message: format!("connection '{name}' not found"),
                hint: did_you_mean(name, self.known.iter().map(String::as_str))
                    .unwrap_or_else(|| "connections are made by an owner of the workspace".to_string()),
            });
        };
        if connection.kind != connector {
            let mut named = self.named.iter();
            return Err(Unresolved {
                message: format!(
                    "connection '{name}' is for connector '{}', the table's is '{connector}'",
                    connection.kind
                ),
                hint: named.find(|(_, other)| other.kind == connector).map_or_else(
                    || format!("use a connection for '{connector}', or write the options into the table"),
                    |(other, _)| format!("connection '{other}' is for '{connector}'"),
                ),
            });
        }
        match OF_TABLES_ONLY
            .into_iter()
            .find(|key| connection.options.contains_key(*key))
        {
            Some(key) => Err(Unresolved {
                message: format!("connection '{name}' must not have the option '{key}'"),
                hint: "a table says this for itself: remove it from the connection".to_string(),
            }),
            None => Ok(connection),
        }
    }
}

/// A connection that is to be tried, and what it may touch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectionTest {
    pub connection: Connection,
    pub files: FileRoots,
    pub network: AddressRules,
    pub secrets: Secrets,
}

/// Whether what a connection leads to is there. Nobody signs in anywhere: an address answers, or a folder exists.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConnectionReport {
    /// All checks are well, and there is at least one.
    pub reachable: bool,
    pub checks: Vec<ConnectionCheck>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionCheck {
    /// `host:port`, or a path.
    pub address: String,
    pub ok: bool,
    pub message: String,
}

impl ConnectionReport {
    pub fn of(checks: Vec<ConnectionCheck>) -> ConnectionReport {
        ConnectionReport {
            reachable: !checks.is_empty() && checks.iter().all(|check| check.ok),
            checks,
        }
    }
}
