//! Connections: what tables share of their options.
//!
//! A table says `'connection' = 'shop_kafka'` and leaves out what the connection has. Wherever a table is shown,
//! stored or planned it keeps that reference; the options of the connection are read when a program is put
//! together, at every check, preview and start. A version therefore keeps its tables, not its connections: who moves
//! a broker changes one connection and restarts, and the rotated password needs no new version.

use std::collections::BTreeMap;

use model::AddressRules;
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
