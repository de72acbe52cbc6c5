//! Puts the parts together: the only place that knows every connector and format.

use std::io::Write;
use std::sync::{Arc, Mutex};

use connectors::{Console, FileAccess};
use dataflow::Registry;
use runner::Program;

use crate::secrets::Resolving;

/// Every connector and format there is, for a person's own command line: tables touch whatever the process may, and
/// there are no secrets. `print` tables write to `standard_output`.
pub fn registry(standard_output: Arc<Mutex<dyn Write + Send>>) -> Registry {
    let mut registry = with_formats();
    for connector in connectors::all(standard_output) {
        registry.add_connector(connector);
    }
    registry
}

/// Every connector and format there is, kept to what a program was granted: files, connections and secrets.
pub fn granted(console: impl Into<Console>, program: &Program) -> Registry {
    let mut registry = with_formats();
    let access = FileAccess::only(program.files.allowed.clone(), program.files.denied.clone());
    let connections = Arc::new(program.connections.clone());
    let secrets = Arc::new(program.secrets.clone());
    for connector in connectors::with_file_access(console, access) {
        let resolving = Resolving::new(connector, Arc::clone(&connections), Arc::clone(&secrets));
        registry.add_connector(Arc::new(resolving));
    }
    registry
}

fn with_formats() -> Registry {
    let mut registry = Registry::default();
    for format in formats::all() {
        registry.add_format(format);
    }
    registry
}
