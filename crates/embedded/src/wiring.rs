//! Puts the parts together: the only place that knows every connector and format.

use std::io::Write;
use std::sync::{Arc, Mutex};

use connectors::{Access, Console, FileAccess, NetworkAccess};
use dataflow::Registry;
use model::AddressRules;
use runner::{FileRoots, Program};

use crate::secrets::Resolving;

/// Every connector and format there is, for a person's own command line: tables touch whatever the process may, and
/// there are no secrets. `print` tables write to `standard_output`.
pub fn registry(standard_output: Arc<Mutex<dyn Write + Send>>) -> Registry {
    let mut registry = with_formats(&Access::everything());
    for connector in connectors::all(standard_output) {
        registry.add_connector(connector);
    }
    registry
}

/// Every connector and format there is, kept to what a program was granted: files, addresses, connections and
/// secrets.
pub fn granted(console: impl Into<Console>, program: &Program) -> Registry {
    let access = access(&program.files, &program.network);
    let mut registry = with_formats(&access);
    let connections = Arc::new(program.connections.clone());
    let secrets = Arc::new(program.secrets.clone());
    for connector in connectors::with_access(console, access) {
        let resolving = Resolving::new(connector, Arc::clone(&connections), Arc::clone(&secrets));
        registry.add_connector(Arc::new(resolving));
    }
    registry
}

/// What is granted, as connectors ask for it.
pub(crate) fn access(files: &FileRoots, network: &AddressRules) -> Access {
    Access {
        files: FileAccess::only(files.allowed.clone(), files.denied.clone()),
        network: NetworkAccess::only(network.clone()),
    }
}

fn with_formats(access: &Access) -> Registry {
    let mut registry = Registry::default();
    for format in formats::all().into_iter().chain(connectors::formats(access)) {
        registry.add_format(format);
    }
    registry
}
