//! Outside systems as sources and sinks.
//!
//! A connector is a folder here and a line in [`all`]. Its options carry Flink's names and meaning; an option
//! that would not be honoured is refused, never passed over. Nothing here names a format: formats come from
//! the registry of the table.

mod blackhole;
mod console;
mod datagen;
mod filesystem;
pub mod nexmark;
mod pace;
mod print;
mod refuse;

use std::sync::Arc;

use dataflow::Connector;

pub use console::{Captured, Console, Stream};
pub use filesystem::FileAccess;

/// Every connector there is. `print` writes to the console: both streams, or only standard output. Tables of files
/// may touch whatever the process may.
pub fn all(console: impl Into<Console>) -> Vec<Arc<dyn Connector>> {
    with_file_access(console, FileAccess::everything())
}

/// Every connector there is, tables of files kept to what they may touch.
pub fn with_file_access(console: impl Into<Console>, files: FileAccess) -> Vec<Arc<dyn Connector>> {
    vec![
        Arc::new(filesystem::Filesystem::new(files)),
        Arc::new(datagen::Datagen),
        Arc::new(nexmark::Nexmark),
        Arc::new(print::Print::new(console.into())),
        Arc::new(blackhole::Blackhole),
    ]
}

#[cfg(test)]
mod testing;
