//! Which addresses connectors may reach, and the only ways to get at one.
//!
//! A name is resolved once. Every address it resolves to is judged, and what was judged is what is dialled: a name
//! that answers differently the next time gains nothing. A client library that resolves and dials by itself is given
//! the addresses of [`NetworkAccess::resolve`], or asks [`NetworkAccess::check`] from its hook before it connects.

mod addresses;
mod resolve;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use model::address::{AddressRules, Host, HostError, Refusal};

pub use addresses::{Address, addresses};
pub use resolve::{Resolve, SystemResolver};

/// Addresses of one name that are tried; names of large services have a handful.
const ADDRESSES_MAX: usize = 16;

/// What connectors may dial. Cloned freely.
#[derive(Clone)]
pub struct NetworkAccess {
    /// `None`: whatever the process may.
    rules: Option<Arc<AddressRules>>,
    resolver: Arc<dyn Resolve>,
}

/// Why an address cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// It is no host: show it, do not retry. Whoever asked knows the text: it may be anything, a secret too, and is
    /// not repeated.
    #[error("what stands for the host {0}")]
    NoHost(HostError),
    /// The rules do not grant it: show it, do not retry.
    #[error("{0}")]
    Refused(Refusal),
    /// It may be reached later.
    #[error("{what}: {cause}")]
    Unreachable {
        what: String,
        #[source]
        cause: io::Error,
    },
}

impl NetworkError {
    pub fn hint(&self) -> Option<&str> {
        match self {
            NetworkError::Refused(refusal) => Some(&refusal.hint),
            NetworkError::NoHost(_) | NetworkError::Unreachable { .. } => None,
        }
    }
}

impl NetworkAccess {
    /// Whatever the process may: for a person's own command line.
    pub fn everything() -> NetworkAccess {
        NetworkAccess {
            rules: None,
            resolver: Arc::new(SystemResolver),
        }
    }

    /// Only what the rules grant.
    pub fn only(rules: AddressRules) -> NetworkAccess {
        NetworkAccess::with_resolver(rules, Arc::new(SystemResolver))
    }

    pub fn with_resolver(rules: AddressRules, resolver: Arc<dyn Resolve>) -> NetworkAccess {
        NetworkAccess {
            rules: Some(Arc::new(rules)),
            resolver,
        }
    }

    /// The addresses of a host that may be dialled: at least one. Waits at most `patience` for names.
    pub fn resolve(
        &self,
        host: &str,
        port: u16,
        patience: Duration,
    ) -> Result<Vec<SocketAddr>, NetworkError> {
        let host: Host = host.parse().map_err(NetworkError::NoHost)?;
        let addresses = match &host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => {
                let failed = |cause| NetworkError::Unreachable {
                    what: format!("'{name}' cannot be resolved"),
                    cause,
                };
                self.resolver.resolve(name, patience).map_err(failed)?
            }
        };
        let mut granted = Vec::new();
        let mut refused = None;
        for address in addresses.into_iter().take(ADDRESSES_MAX) {
            match self.check(&host, SocketAddr::new(address, port)) {
                Ok(()) => granted.push(SocketAddr::new(address, port)),
                Err(refusal) => refused = Some(refusal),
            }
        }
        match (granted.is_empty(), refused) {
            (false, _) => Ok(granted),
            (true, Some(refusal)) => Err(NetworkError::Refused(refusal)),
            (true, None) => Err(NetworkError::Unreachable {
                what: format!("'{host}' cannot be resolved"),
                cause: io::Error::new(io::ErrorKind::NotFound, "it has no address"),
            }),
        }
    }

    /// Whether this address, to which `host` was resolved, may be dialled.
    pub fn check(&self, host: &Host, address: SocketAddr) -> Result<(), Refusal> {
        match &self.rules {
            Some(rules) => rules.check(host, address.ip(), address.port()),
            None => Ok(()),
        }
    }

    /// Dials a host, its addresses one after the other. `patience` is for names and for each address.
    pub fn connect(&self, host: &str, port: u16, patience: Duration) -> Result<TcpStream, NetworkError> {
        let mut last = None;
        for address in self.resolve(host, port, patience)? {
            match TcpStream::connect_timeout(&dialled(address), patience) {
                Ok(stream) => return Ok(stream),
                Err(cause) => {
                    last = Some(NetworkError::Unreachable {
                        what: format!("{address} does not answer"),
                        cause,
                    });
                }
            }
        }
        Err(last.unwrap_or_else(|| NetworkError::Unreachable {
            what: format!("'{host}' cannot be resolved"),
            cause: io::Error::new(io::ErrorKind::NotFound, "it has no address"),
        }))
    }
}

/// An address of IPv4 in the clothes of IPv6 is dialled as what it was judged as.
fn dialled(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => SocketAddr::new(v4.into(), address.port()),
            None => address,
        },
        IpAddr::V4(_) => address,
    }
}

impl fmt::Debug for NetworkAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkAccess")
            .field("rules", &self.rules)
            .finish()
    }
}

#[cfg(test)]
mod tests;
