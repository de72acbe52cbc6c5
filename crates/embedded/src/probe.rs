//! Tries whether what a connection leads to is there.
//!
//! Every address in its options is judged and dialled as a connector would dial it, all side by side, each within a
//! bound. Nobody signs in, nothing is sent. Addresses are found in the options as they are written, and only what
//! stands for a host or a port is resolved: no part of a secret is asked of a name server. What is told holds none.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use connectors::network::{Address, NetworkError, addresses};
use connectors::{Access, find};
use model::secret::{self, Piece};
use runner::{ConnectionCheck, ConnectionReport, ConnectionTest, Secrets};

use crate::secrets::resolve;
use crate::wiring;

/// For a name, and for each of its addresses.
const PATIENCE: Duration = Duration::from_secs(3);
/// Addresses of one connection that are tried; clusters name a few of their machines.
const ADDRESSES_MAX: usize = 16;
/// The kind of connections that lead to files.
const FILESYSTEM: &str = "filesystem";
/// What is shown where a secret stands.
const HIDDEN: &str = "***";

pub fn test(test: &ConnectionTest) -> ConnectionReport {
    let secrets = &test.secrets;
    // As they are written, those that can be resolved.
    let mut options = BTreeMap::new();
    let mut checks = Vec::new();
    for (key, value) in &test.connection.options {
        match resolve(key, value, secrets) {
            Ok(_) => {
                options.insert(key.clone(), value.clone());
            }
            Err(fault) => checks.push(failed(key, with_hint(&fault.message, fault.hint.as_deref()))),
        }
    }
    let access = wiring::access(&test.files, &test.network);
    if test.connection.kind == FILESYSTEM {
        checks.extend(options.get("path").map(|path| try_path(path, &access, secrets)));
    } else {
        checks.extend(try_addresses(&options, &access, secrets));
    }
    if checks.is_empty() {
        checks.push(failed(
            "",
            "no option of the connection holds an address".to_string(),
        ));
    }
    for check in &mut checks {
        check.address = secrets.redact(&check.address).into_owned();
        check.message = secrets.redact(&check.message).into_owned();
    }
    ConnectionReport::of(checks)
}

fn try_path(path: &str, access: &Access, secrets: &Secrets) -> ConnectionCheck {
    let shown = hidden(path);
    let found = resolve("path", path, secrets).and_then(|path| find(&path, &access.files).map(drop));
    match found {
        Ok(()) => ConnectionCheck {
            address: shown,
            ok: true,
            message: "it is there".to_string(),
        },
        Err(fault) => failed(&shown, with_hint(&fault.message, fault.hint.as_deref())),
    }
}

fn try_addresses(
    options: &BTreeMap<String, String>,
    access: &Access,
    secrets: &Secrets,
) -> Vec<ConnectionCheck> {
    let mut found = addresses(options);
    let left_out = found.len().saturating_sub(ADDRESSES_MAX);
    found.truncate(ADDRESSES_MAX);
    let mut checks: Vec<ConnectionCheck> = thread::scope(|scope| {
        let tried: Vec<_> = found
            .iter()
            .map(|address| scope.spawn(|| try_address(address, access, secrets)))
            .collect();
        let joined = tried.into_iter().zip(&found);
        joined
            .map(|(tried, address)| {
                let panicked = |_| failed(&hidden(&address.host), "it could not be tried".to_string());
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

fn try_address(address: &Address, access: &Access, secrets: &Secrets) -> ConnectionCheck {
    let Address { key, host, port } = address;
    let shown = hidden(host);
    let Some(port) = port else {
        return failed(&shown, format!("option '{key}' has no port for it"));
    };
    let shown = format!("{shown}:{}", hidden(port));
    let is_secret = secret::names(host).next().is_some();
    let resolved = resolve(key, host, secrets).and_then(|host| Ok((host, resolve(key, port, secrets)?)));
    let (host, port) = match resolved {
        Ok(resolved) => resolved,
        Err(fault) => return failed(&shown, with_hint(&fault.message, fault.hint.as_deref())),
    };
    let Ok(port) = port.trim().parse() else {
        return failed(
            &shown,
            format!("what stands for the port in option '{key}' is none"),
        );
    };
    match access.network.connect(&host, port, PATIENCE) {
        Ok(_) => ConnectionCheck {
            address: shown,
            ok: true,
            message: "it answers".to_string(),
        },
        Err(fault) => failed(&shown, tell(&fault, is_secret)),
    }
}

/// A host that is a secret may be spelled otherwise in a fault, or resolved: then nothing of the fault is told but its
/// kind.
fn tell(fault: &NetworkError, is_secret: bool) -> String {
    let message = match fault {
        NetworkError::Refused(_) if is_secret => "it must not be reached".to_string(),
        NetworkError::Unreachable { cause, .. } if is_secret => format!("it does not answer: {cause}"),
        fault => fault.to_string(),
    };
    with_hint(&message, fault.hint())
}

/// The text as it is written, without names of secrets.
fn hidden(text: &str) -> String {
    secret::pieces(text)
        .map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Reference(_) | Piece::Unfinished(_) => HIDDEN,
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use runner::Connection;

    use super::*;

    #[test]
    fn no_part_of_a_secret_is_taken_for_a_host() {
        // Signs of every kind that addresses are cut at, and longer than what is shown of a host.
        let password = format!("Left,middle.example;Right@end:81/{}", "long".repeat(40));
        let options = [
            ("url", "http://me:${secret.password}@127.0.0.1:1/"),
            ("servers", "${secret.password}"),
            ("brokers", "${secret.password}:${secret.port}"),
            ("nodes", "127.0.0.1:${secret.password}"),
        ];
        let report = test(&ConnectionTest {
            connection: Connection {
                kind: "http".to_string(),
                options: options
                    .map(|(key, value)| (key.to_string(), value.to_string()))
                    .into(),
            },
            secrets: Secrets::new(BTreeMap::from([
                ("password".to_string(), password),
                ("port".to_string(), "9092".to_string()),
            ])),
            ..ConnectionTest::default()
        });
        let addresses: Vec<&str> = report.checks.iter().map(|check| check.address.as_str()).collect();
        assert_eq!(addresses, ["***:***", "127.0.0.1:***", "***", "127.0.0.1:1"]);
        let told = format!("{report:?}").to_lowercase();
        for piece in ["left", "middle", "right", "end:81", "long"] {
            assert!(!told.contains(piece), "{piece}: {told}");
        }
        assert!(told.contains("what stands for the host is no host"), "{told}");
    }
}
