//! A database or cache for tests, by the script `tests/services/service`.
//!
//! The first test of a program that asks starts it, and all of them share it; it goes when the program ends, however
//! it ends.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// What gets one in: as the script says.
pub const USER: &str = "oceanus";
pub const PASSWORD: &str = "a \"secret\"";

/// One that runs until it is dropped.
#[derive(Debug)]
pub struct Service {
    kind: &'static str,
    pub port: u16,
    /// Its process.
    pub pid: u32,
    attendant: Child,
    /// The attendant stops it when this is closed.
    held: Option<ChildStdin>,
}

fn script() -> Command {
    Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/services/service"))
}

impl Service {
    pub fn postgres() -> &'static Service {
        static SHARED: OnceLock<Service> = OnceLock::new();
        SHARED.get_or_init(|| Service::start("postgres"))
    }

    pub fn mariadb() -> &'static Service {
        static SHARED: OnceLock<Service> = OnceLock::new();
        SHARED.get_or_init(|| Service::start("mariadb"))
    }

    pub fn redis() -> &'static Service {
        static SHARED: OnceLock<Service> = OnceLock::new();
        SHARED.get_or_init(|| Service::start("redis"))
    }

    /// One of its own, for a test that stops it.
    pub fn start(kind: &'static str) -> Service {
        let mut command = script();
        command.args(["attend", kind]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut attendant = command.spawn().expect("tests/services/service can be run");
        let mut line = String::new();
        let output = attendant.stdout.take().expect("its output is piped");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("it prints text");
        let mut words = line.split(' ');
        let port = words.next().and_then(|port| port.parse().ok());
        let pid = words.next().and_then(|pid| pid.parse().ok());
        let (Some(port), Some(pid)) = (port, pid) else {
            panic!("{kind} could not be started: see its messages above");
        };
        Service {
            kind,
            port,
            pid,
            held: attendant.stdin.take(),
            attendant,
        }
    }

    /// Passes statements on, and gives what it answers.
    pub fn tell(&self, statements: &str) -> String {
        let mut command = script();
        command.args(["tell", self.kind, &self.port.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("tests/services/service can be run");
        let mut input = child.stdin.take().expect("its input is piped");
        input.write_all(statements.as_bytes()).expect("it reads");
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{} refuses: {statements}", self.kind);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.held.take());
        // It has nothing left to say.
        let _ = self.attendant.wait();
    }
}
