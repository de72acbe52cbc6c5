//! Names to addresses, within a bound of time that the system's own resolver does not have.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Names that are resolved at once. One that hangs keeps its thread until the system gives up.
const RESOLVING_MAX: usize = 32;

pub trait Resolve: Send + Sync {
    fn resolve(&self, name: &str, patience: Duration) -> io::Result<Vec<IpAddr>>;
}

/// As the machine is set up: its files, its name servers.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str, patience: Duration) -> io::Result<Vec<IpAddr>> {
        static RESOLVING: AtomicUsize = AtomicUsize::new(0);
        if RESOLVING.fetch_add(1, Ordering::AcqRel) >= RESOLVING_MAX {
            RESOLVING.fetch_sub(1, Ordering::AcqRel);
            return Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "too many names are being resolved",
            ));
        }
        let (answer, answered) = mpsc::sync_channel(1);
        // The port does not matter for names.
        let asked = (name.to_string(), 0);
        let spawned = thread::Builder::new()
            .name("resolver".to_string())
            .spawn(move || {
                let addresses = asked
                    .to_socket_addrs()
                    .map(|found| found.map(|address| address.ip()).collect());
                RESOLVING.fetch_sub(1, Ordering::AcqRel);
                // Whoever asked may have gone.
                let _ = answer.send(addresses);
            });
        if let Err(error) = spawned {
            RESOLVING.fetch_sub(1, Ordering::AcqRel);
            return Err(error);
        }
        answered.recv_timeout(patience).unwrap_or_else(|_| {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "no name server answers in time",
            ))
        })
    }
}
