//! Connections: what tables share of their options.
//!
//! A table says `'connection' = 'shop_kafka'` and leaves out what the connection has. Wherever a table is shown,
//! stored or planned it keeps that reference; the options of the connection are read when a program is put
//! together, at every check, preview and start. A version therefore keeps its tables, not its connections: who moves
//! a broker changes one connection and restarts, and the rotated password needs no new version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
