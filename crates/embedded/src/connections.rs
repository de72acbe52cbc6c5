//! Puts the options of connections beneath the options of tables.
//!
//! What a table says itself stands above what its connection says. A fault in what came from the connection is told
//! at the table's reference to it: the rest of the catalog shows nothing else.

use dataflow::{Error, OptionError, Options};
use indexmap::IndexMap;
use runner::{CONNECTION_OPTION, Connections};

/// A table's options with those of its connection beneath.
pub struct Joined {
    pub entries: IndexMap<String, String>,
    /// The connection's name and the keys that came from it.
    inherited: Option<(String, Vec<String>)>,
}

impl Joined {
    pub fn of(written: &Options, connector: &str, connections: &Connections) -> Result<Joined, OptionError> {
        let mut entries = written.entries().clone();
        let Some(name) = entries.shift_remove(CONNECTION_OPTION) else {
            return Ok(Joined {
                entries,
                inherited: None,
            });
        };
        let connection = connections
            .of_table(&name, connector)
            .map_err(|fault| OptionError::new(CONNECTION_OPTION, fault.message).hint(fault.hint))?;
        let mut keys = Vec::new();
        for (key, value) in &connection.options {
            if !entries.contains_key(key) {
                entries.insert(key.clone(), value.clone());
                keys.push(key.clone());
            }
        }
        Ok(Joined {
            entries,
            inherited: Some((name, keys)),
        })
    }

    /// The fault told where a person finds what it is about.
    pub fn tell(&self, fault: Error) -> Error {
        match fault {
            Error::Option(fault) => Error::Option(self.tell_option(fault)),
            other => other,
        }
    }

    pub fn tell_option(&self, mut fault: OptionError) -> OptionError {
        let Some((name, keys)) = &self.inherited else {
            return fault;
        };
        if fault.key.as_ref().is_some_and(|key| keys.contains(key)) {
            fault.key = Some(CONNECTION_OPTION.to_string());
            fault.message = format!("{}, from connection '{name}'", fault.message);
        }
        fault
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use runner::Connection;

    use super::*;

    fn connections() -> Connections {
        let connection = |kind: &str, options: &[(&str, &str)]| Connection {
            kind: kind.to_string(),
            options: options
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect(),
        };
        Connections {
            named: BTreeMap::from([
                (
                    "lake".to_string(),
                    connection("filesystem", &[("path", "/lake"), ("format", "csv")]),
                ),
                (
                    "odd".to_string(),
                    connection("filesystem", &[("connector", "print")]),
                ),
            ]),
            known: vec!["lake".to_string(), "odd".to_string(), "shop".to_string()],
        }
    }

    fn join(connector: &str, written: &[(&str, &str)]) -> Result<Joined, OptionError> {
        let entries = written
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        Joined::of(&Options::new(entries), connector, &connections())
    }

    #[test]
    fn the_table_stands_above_its_connection() {
        let joined = join("filesystem", &[("connection", "lake"), ("path", "/own")]).unwrap();
        let entries: Vec<(&str, &str)> = joined
            .entries
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(entries, [("path", "/own"), ("format", "csv")]);
    }

    #[test]
    fn a_connection_that_is_not_there_or_does_not_fit_is_told() {
        let fault = |connector: &str, name: &str| join(connector, &[("connection", name)]).err().unwrap();
        let missing = fault("filesystem", "lak");
        assert_eq!(missing.key.as_deref(), Some("connection"));
        assert_eq!(missing.message, "connection 'lak' not found");
        assert_eq!(missing.hint.as_deref(), Some("did you mean 'lake'?"));
        assert_eq!(
            fault("kafka", "lake").message,
            "connection 'lake' is for connector 'filesystem', the table's is 'kafka'"
        );
        assert_eq!(
            fault("filesystem", "odd").message,
            "connection 'odd' must not have the option 'connector'"
        );
    }

    #[test]
    fn a_fault_of_the_connection_is_told_at_the_reference() {
        let joined = join("filesystem", &[("connection", "lake"), ("path", "/own")]).unwrap();
        let inherited = joined.tell_option(OptionError::new("format", "format 'csv' not found"));
        assert_eq!(inherited.key.as_deref(), Some("connection"));
        assert_eq!(
            inherited.message,
            "format 'csv' not found, from connection 'lake'"
        );
        let own = joined.tell_option(OptionError::new("path", "path '/own' does not exist"));
        assert_eq!(own.key.as_deref(), Some("path"));
    }
}
