//! Puts the parts together: the only place that knows every connector and format.

use std::io::Write;
use std::sync::{Arc, Mutex};

use connectors::{Console, FileAccess};
use dataflow::Registry;
use runner::{FileRoots, Secrets};

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

/// Every connector and format there is, kept to the files and secrets that a program was granted.
pub fn granted(console: impl Into<Console>, files: &FileRoots, secrets: &Secrets) -> Registry {
    let mut registry = with_formats();
    let access = FileAccess::only(files.allowed.clone(), files.denied.clone());
    let secrets = Arc::new(secrets.clone());
    for connector in connectors::with_file_access(console, access) {
        registry.add_connector(Arc::new(Resolving::new(connector, secrets.clone())));
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
