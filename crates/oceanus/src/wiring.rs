//! Puts the parts together: the only place that knows every connector and format.

use std::io::Write;
use std::sync::{Arc, Mutex};

use dataflow::Registry;

/// Every connector and format there is. `print` tables write to `standard_output`.
pub fn registry(standard_output: Arc<Mutex<dyn Write + Send>>) -> Registry {
    let mut registry = Registry::default();
    for format in formats::all() {
        registry.add_format(format);
    }
    for connector in connectors::all(standard_output) {
        registry.add_connector(connector);
    }
    registry
}
