//! Whether the servers that a table names may be reached, told before the client tries.
//!
//! What the cluster advertises besides is judged when it is dialled, by the client's hook.

use std::io;
use std::time::Duration;

use dataflow::{Error, OptionError};

use super::properties::Properties;
use crate::network::{NetworkAccess, NetworkError};

const NAMES_PATIENCE: Duration = Duration::from_secs(10);
const KEY: &str = "properties.bootstrap.servers";

/// Fails if one of them is forbidden, or if none has an address.
pub fn check(properties: &Properties, network: &NetworkAccess) -> Result<(), Error> {
    let mut unreachable = None;
    let mut has_address = false;
    for (host, port) in &properties.servers {
        match network.resolve(host, *port, NAMES_PATIENCE) {
            Ok(_) => has_address = true,
            Err(NetworkError::Unreachable { what, cause }) => {
                unreachable.get_or_insert((what, cause));
            }
            Err(error) => {
                let refusal = OptionError::new(KEY, format!("option '{KEY}': {error}"));
                return Err(match error.hint() {
                    Some(hint) => refusal.hint(hint).into(),
                    None => refusal.into(),
                });
            }
        }
    }
    match unreachable {
        Some((what, cause)) if !has_address => {
            let cause = io::Error::new(cause.kind(), format!("{what}: {cause}"));
            Err(Error::io("reach Kafka", cause))
        }
        _ => Ok(()),
    }
}
