//! Outside systems as sources, sinks and lookups.
//!
//! A connector is a folder here and a line in [`all`]. Its options carry Flink's names and meaning; an option
//! that would not be honoured is refused, never passed over. No connector names a format: formats come from
//! the registry of the table. Those that need the outside themselves have who asks there beside the connectors.

mod answers;
mod blackhole;
mod console;
mod datagen;
mod filesystem;
mod http;
mod jdbc;
mod kafka;
pub mod network;
pub mod nexmark;
mod outside;
mod pace;
mod print;
mod redis;
mod refuse;
mod schema_registry;
mod shown;
mod text;

use std::sync::Arc;

use dataflow::{Connector, Format};

pub use console::{Captured, Console, Stream};
pub use filesystem::{FileAccess, find};
pub use network::NetworkAccess;

/// What tables may touch of the outside. A connector has no other way out.
#[derive(Debug, Clone)]
pub struct Access {
    pub files: FileAccess,
    pub network: NetworkAccess,
}

impl Access {
    /// Whatever the process may: for a person's own command line.
    pub fn everything() -> Access {
        Access {
            files: FileAccess::everything(),
            network: NetworkAccess::everything(),
        }
    }
}

/// The formats that ask somebody outside, kept to what tables may touch.
pub fn formats(access: &Access) -> Vec<Arc<dyn Format>> {
    vec![schema_registry::avro_confluent(access.network.clone())]
}

/// Every connector there is. `print` writes to the console: both streams, or only standard output. Tables may touch
/// whatever the process may.
pub fn all(console: impl Into<Console>) -> Vec<Arc<dyn Connector>> {
    with_access(console, Access::everything())
}

/// Every connector there is, kept to what tables may touch.
pub fn with_access(console: impl Into<Console>, access: Access) -> Vec<Arc<dyn Connector>> {
    let jdbc = jdbc::Jdbc::new(access.network.clone());
    let redis = redis::Redis::new(access.network.clone());
    let http = http::Http::new(access.network.clone());
    let [kafka, upsert_kafka] = kafka::Kafka::both(access.network);
    vec![
        Arc::new(filesystem::Filesystem::new(access.files)),
        Arc::new(datagen::Datagen),
        Arc::new(nexmark::Nexmark),
        Arc::new(print::Print::new(console.into())),
        Arc::new(blackhole::Blackhole),
        Arc::new(kafka),
        Arc::new(upsert_kafka),
        Arc::new(jdbc),
        Arc::new(redis),
        Arc::new(http),
    ]
}

#[cfg(test)]
mod testing;
