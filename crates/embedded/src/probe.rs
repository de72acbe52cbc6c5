//! Tries whether what a connection leads to is there.
//!
//! Every address in its options is judged and dialled as a connector would dial it, all side by side, each within a
//! bound. Nobody signs in, nothing is sent. What is told holds no secret.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use connectors::network::{Address, NetworkError, addresses};
use connectors::{Access, find};
use runner::{ConnectionCheck, ConnectionReport, ConnectionTest};

use crate::secrets::resolve;
use crate::wiring;

/// For a name, and for each of its addresses.
const PATIENCE: Duration = Duration::from_secs(3);
/// Addresses of one connection that are tried; clusters name a few of their machines.
const ADDRESSES_MAX: usize = 16;
/// The kind of connections that lead to files.
const FILESYSTEM: &str = "filesystem";

pub fn test(test: &ConnectionTest) -> ConnectionReport {
    let mut options = BTreeMap::new();
    let mut checks = Vec::new();
    for (key, value) in &test.connection.options {
        match resolve(key, value, &test.secrets) {
            Ok(value) => {
                options.insert(key.clone(), value);
            }
            Err(fault) => checks.push(failed(key, with_hint(&fault.message, fault.hint.as_deref()))),
        }
    }
    let access = wiring::access(&test.files, &test.network);
    if test.connection.kind == FILESYSTEM {
        checks.extend(options.get("path").map(|path| try_path(path, &access)));
    } else {
        checks.extend(try_addresses(&options, &access));
    }
    if checks.is_empty() {
        checks.push(failed(
            "",
            "no option of the connection holds an address".to_string(),
        ));
    }
    for check in &mut checks {
        check.address = test.secrets.redact(&check.address).into_owned();
        check.message = test.secrets.redact(&check.message).into_owned();
    }
    ConnectionReport::of(checks)
}

fn try_path(path: &str, access: &Access) -> ConnectionCheck {
    match find(path, &access.files) {
        Ok(_) => ConnectionCheck {
            address: path.to_string(),
            ok: true,
            message: "it is there".to_string(),
        },
        Err(fault) => failed(path, with_hint(&fault.message, fault.hint.as_deref())),
    }
}

fn try_addresses(options: &BTreeMap<String, String>, access: &Access) -> Vec<ConnectionCheck> {
    let mut found = addresses(options);
    let left_out = found.len().saturating_sub(ADDRESSES_MAX);
    found.truncate(ADDRESSES_MAX);
    let mut checks: Vec<ConnectionCheck> = thread::scope(|scope| {
        let tried: Vec<_> = found
            .iter()
            .map(|address| scope.spawn(|| try_address(address, access)))
            .collect();
        let joined = tried.into_iter().zip(&found);
        joined
            .map(|(tried, address)| {
                let panicked = |_| failed(&address.host, "it could not be tried".to_string());
                tried.join().unwrap_or_else(panicked)
            })
            .collect()
    });
    if left_out > 0 {
        checks.push(failed(
            "",
            format!("{left_out} further addresses were not tried: a test tries {ADDRESSES_MAX}"),
        ));
    }
    checks
}

fn try_address(address: &Address, access: &Access) -> ConnectionCheck {
    let Address { key, host, port } = address;
    let Some(port) = *port else {
        return failed(host, format!("option '{key}' has no port for it"));
    };
    let shown = format!("{host}:{port}");
    match access.network.connect(host, port, PATIENCE) {
        Ok(_) => ConnectionCheck {
            address: shown,
            ok: true,
            message: "it answers".to_string(),
        },
        Err(fault) => failed(&shown, tell(&fault)),
    }
}

fn tell(fault: &NetworkError) -> String {
    with_hint(&fault.to_string(), fault.hint())
}

fn with_hint(message: &str, hint: Option<&str>) -> String {
    match hint {
        Some(hint) => format!("{message}; {hint}"),
        None => message.to_string(),
    }
}

fn failed(address: &str, message: String) -> ConnectionCheck {
    ConnectionCheck {
        address: address.to_string(),
        ok: false,
        message,
    }
}
