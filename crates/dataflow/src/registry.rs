//! Which connectors and formats there are. Filled once, in the binary.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use model::suggest::did_you_mean;

use crate::{Connector, Format, OptionError};

#[derive(Clone, Default)]
pub struct Registry {
    connectors: BTreeMap<&'static str, Arc<dyn Connector>>,
    formats: BTreeMap<&'static str, Arc<dyn Format>>,
}

impl Registry {
    pub fn add_connector(&mut self, connector: Arc<dyn Connector>) {
        self.connectors.insert(connector.name(), connector);
    }

    pub fn add_format(&mut self, format: Arc<dyn Format>) {
        self.formats.insert(format.name(), format);
    }

    pub fn connectors(&self) -> impl Iterator<Item = &Arc<dyn Connector>> {
        self.connectors.values()
    }

    pub fn formats(&self) -> impl Iterator<Item = &Arc<dyn Format>> {
        self.formats.values()
    }

    pub fn connector(&self, name: &str) -> Result<&Arc<dyn Connector>, OptionError> {
        self.connectors
            .get(name)
            .ok_or_else(|| unknown("connector", "connector", name, self.connectors.keys().copied()))
    }

    /// The format that option `key` asks for by `name`.
    pub fn format(&self, key: &str, name: &str) -> Result<&Arc<dyn Format>, OptionError> {
        self.formats
            .get(name)
            .ok_or_else(|| unknown(key, "format", name, self.formats.keys().copied()))
    }
}

fn unknown<'a>(
    key: &str,
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> OptionError {
    let mut error = OptionError::new(key, format!("{what} '{name}' not found"));
    error.hint = did_you_mean(name, names.clone())
        .or_else(|| Some(format!("known {what}s: {}", names.collect::<Vec<_>>().join(", "))));
    error
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("connectors", &self.connectors.keys())
            .field("formats", &self.formats.keys())
            .finish()
    }
}
