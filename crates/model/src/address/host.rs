//! A host as a person writes it: a name, or an address in its usual spelling.
//!
//! Other spellings of addresses (`2130706433`, `0x7f.1`, `0177.0.0.1`, `127.1`) mean different addresses to
//! different programs, so that one who checks and one who dials may disagree: they are refused.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

const LENGTH_MAX: usize = 253;
const LABEL_LENGTH_MAX: usize = 63;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// In lower case, without a dot at its end.
    Name(String),
    Address(IpAddr),
}

/// Why a text is no host; goes on behind the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostError(&'static str);

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Host, HostError> {
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address: Ipv6Addr = inner
                .parse()
                .map_err(|_| HostError("has no address of IPv6 in its brackets"))?;
            return Ok(Host::Address(address.into()));
        }
        if let Ok(address) = text.parse() {
            return Ok(Host::Address(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if name.is_empty() || name.len() > LENGTH_MAX {
            return Err(HostError("is no host: a name has 1 to 253 characters"));
        }
        let labels: Vec<&str> = name.split('.').collect();
        if !labels.iter().all(|label| is_label(label)) {
            return Err(HostError(
                "is no host: a name has letters, digits, '-' and '_', and dots between",
            ));
        }
        // As browsers tell them apart: what ends in a number is meant as an address.
        let last = labels.last().copied().unwrap_or_default();
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
            || last
                .strip_prefix("0x")
                .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if is_number {
            return Err(HostError(
                "is no host: write an address as four numbers from 0 to 255, without zeros before them",
            ));
        }
        Ok(Host::Name(name))
    }
}

fn is_label(label: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LABEL_LENGTH_MAX).contains(&label.len()) && label.bytes().all(fits)
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Host::Address(address) => write!(f, "{address}"),
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for HostError {}
