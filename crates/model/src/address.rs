//! Which network addresses jobs may reach, as an administrator's rules say it. Decides; looks up and dials nothing.
//!
//! A rule names hosts and, if it likes, ports:
//!
//! ```text
//! kafka.internal:9092        a name
//! *.example.com:9000-9100    every name below
//! 10.1.0.0/16                a network, on any port
//! [fd00:7::/32]:5432         one of IPv6, with a port
//! *                          every public address
//! ```
//!
//! Nothing may be reached unless a rule grants it. What is decided over is always the address that is dialled, never
//! the name alone: a name grants whatever ordinary address it resolves to, but an address of a special kind (this
//! machine, its own link, the services that hand credentials to machines in clouds, broadcast, the ways of tunnels)
//! only a rule that names that kind itself. IPv4 addresses in the clothes of IPv6 are looked at as IPv4.

mod host;
mod network;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use host::{Host, HostError};
use network::Network;

/// What may be reached. Empty: nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressRules {
    rules: Vec<AddressRule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRule {
    hosts: Hosts,
    ports: Option<(u16, u16)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    /// In lower case.
    Name(String),
    /// With its leading dot, in lower case.
    Below(String),
    Network(Network),
    Public,
}

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRuleError {
    pub message: String,
    pub hint: &'static str,
}

/// Why an address may not be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub message: String,
    pub hint: String,
}

impl AddressRules {
    pub fn new(rules: Vec<AddressRule>) -> AddressRules {
        AddressRules { rules }
    }

    /// This machine, under its addresses of IPv4 and IPv6.
    pub fn loopback() -> AddressRules {
        let network = |address: IpAddr, length| AddressRule {
            hosts: Hosts::Network(Network::new(address, length)),
            ports: None,
        };
        AddressRules::new(vec![
            network(Ipv4Addr::LOCALHOST.into(), 8),
            network(Ipv6Addr::LOCALHOST.into(), 128),
        ])
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    pub fn extend(&mut self, others: AddressRules) {
        self.rules.extend(others.rules);
    }

    /// Whether this address, to which `host` has just been resolved, may be dialled on this port.
    pub fn check(&self, host: &Host, address: IpAddr, port: u16) -> Result<(), Refusal> {
        let address = network::plain(address);
        let kind = network::special_kinds(address);
        let grants = |rule: &AddressRule| {
            rule.ports
                .is_none_or(|(first, last)| (first..=last).contains(&port))
                && rule.hosts.grant(host, address)
        };
        if self.rules.iter().any(grants) {
            return Ok(());
        }
        let shown = match host {
            Host::Address(_) => format!("address {address}"),
            Host::Name(name) => format!("'{name}', which is {address},"),
        };
        let message = match kind.last() {
            Some(kind) => format!("{shown} on port {port} must not be reached: it is {}", kind.what),
            None => format!("{shown} on port {port} must not be reached"),
        };
        Err(Refusal {
            message,
            hint: "an administrator can allow addresses in the settings of the server".to_string(),
        })
    }
}

impl Hosts {
    fn grant(&self, host: &Host, address: IpAddr) -> bool {
        let special = network::special_kinds(address);
        match self {
            Hosts::Network(network) => {
                network.holds(address) && special.iter().all(|kind| kind.network.covers(network))
            }
            Hosts::Name(name) => special.is_empty() && matches!(host, Host::Name(host) if host == name),
            Hosts::Below(end) => {
                special.is_empty()
                    && matches!(host, Host::Name(host) if host.len() > end.len() && host.ends_with(end.as_str()))
            }
            Hosts::Public => special.is_empty() && !network::is_private(address),
        }
    }
}

impl FromStr for AddressRule {
    type Err = AddressRuleError;

    fn from_str(text: &str) -> Result<AddressRule, AddressRuleError> {
        let (hosts, ports) = split(text)?;
        Ok(AddressRule {
            hosts: parse_hosts(hosts)?,
            ports: ports.map(parse_ports).transpose()?,
        })
    }
}

/// Hosts and ports. A colon parts them unless it belongs to an address of IPv6 without brackets.
fn split(text: &str) -> Result<(&str, Option<&str>), AddressRuleError> {
    if let Some(rest) = text.strip_prefix('[') {
        let Some((inner, behind)) = rest.split_once(']') else {
            return Err(wrong(text, "has '[' without its ']'"));
        };
        return match behind.strip_prefix(':') {
            Some(ports) => Ok((inner, Some(ports))),
            None if behind.is_empty() => Ok((inner, None)),
            None => Err(wrong(text, "has something behind ']' that is no port")),
        };
    }
    match text.split_once(':') {
        Some((hosts, ports)) if !ports.contains(':') => Ok((hosts, Some(ports))),
        _ => Ok((text, None)),
    }
}

fn parse_hosts(text: &str) -> Result<Hosts, AddressRuleError> {
    if text == "*" {
        return Ok(Hosts::Public);
    }
    if let Some((address, length)) = text.split_once('/') {
        let address: IpAddr = address
            .parse()
            .map_err(|_| wrong(text, "has no address before its '/'"))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = length
            .parse()
            .ok()
            .filter(|length| *length <= most)
            .ok_or_else(|| wrong(text, "has no length of a network behind its '/'"))?;
        let network = Network::new(address, length);
        if network.address != network::plain(address) {
            return Err(AddressRuleError {
                message: format!("the network '{text}' has an address inside of it before its '/'"),
                hint: "write the network's first address, as in 10.0.0.0/8",
            });
        }
        return Ok(Hosts::Network(network));
    }
    if let Some(below) = text.strip_prefix("*.") {
        return match below.parse() {
            Ok(Host::Name(name)) => Ok(Hosts::Below(format!(".{name}"))),
            _ => Err(wrong(text, "has no name behind its '*.'")),
        };
    }
    match text.parse() {
        Ok(Host::Name(name)) => Ok(Hosts::Name(name)),
        Ok(Host::Address(address)) => {
            let address = network::plain(address);
            let length = if address.is_ipv4() { 32 } else { 128 };
            Ok(Hosts::Network(Network::new(address, length)))
        }
        Err(reason) => Err(wrong(text, &reason.to_string())),
    }
}

fn parse_ports(text: &str) -> Result<(u16, u16), AddressRuleError> {
    let port = |text: &str| text.parse().ok().filter(|port| *port > 0);
    let ports = match text.split_once('-') {
        Some((first, last)) => port(first).zip(port(last)),
        None => port(text).map(|port| (port, port)),
    };
    ports
        .filter(|(first, last)| first <= last)
        .ok_or_else(|| wrong(text, "is no port and no range of ports"))
}

fn wrong(text: &str, reason: &str) -> AddressRuleError {
    AddressRuleError {
        message: format!("'{}' {reason}", text.escape_debug()),
        hint: "a rule is a name, *.name, an address, a network such as 10.0.0.0/8, or *, then perhaps :PORT or \
               :FIRST-LAST; an address of IPv6 with a port stands in brackets",
    }
}

impl fmt::Display for AddressRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_ipv6 = matches!(&self.hosts, Hosts::Network(network) if network.address.is_ipv6());
        if is_ipv6 && self.ports.is_some() {
            write!(f, "[{}]", self.hosts)?;
        } else {
            write!(f, "{}", self.hosts)?;
        }
        match self.ports {
            None => Ok(()),
            Some((first, last)) if first == last => write!(f, ":{first}"),
            Some((first, last)) => write!(f, ":{first}-{last}"),
        }
    }
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hosts::Name(name) => f.write_str(name),
            Hosts::Below(end) => write!(f, "*{end}"),
            Hosts::Network(network) => write!(f, "{}/{}", network.address, network.length),
            Hosts::Public => f.write_str("*"),
        }
    }
}

impl fmt::Display for AddressRuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AddressRuleError {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl Serialize for AddressRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AddressRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
