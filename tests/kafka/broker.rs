//! A broker of Apache Kafka for tests, by the script beside this file.
//!
//! The first test of a program that asks starts it, and all of them share it; it goes when the program ends, however
//! it ends. Included by its path, so that it needs nothing but the standard library.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// A broker that runs until it is dropped.
#[derive(Debug)]
pub struct Broker {
    /// `host:port`
    pub address: String,
    /// What it keeps, and where else it can be reached: the script tells.
    pub folder: PathBuf,
    attendant: Child,
    /// The attendant stops the broker when this is closed.
    held: Option<ChildStdin>,
}

impl Broker {
    /// The broker that all tests of a program share.
    pub fn shared() -> &'static Broker {
        static SHARED: OnceLock<Broker> = OnceLock::new();
        SHARED.get_or_init(|| Broker::start(None))
    }

    /// A broker of its own, for a test that stops it. With a folder that was used before it has its data and its
    /// address again.
    pub fn start(folder: Option<&Path>) -> Broker {
        let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let mut scripts = folders.map(|folder| folder.join("tests/kafka/broker"));
        let script = scripts.find(|script| script.exists());
        let script = script.expect("a package of this project lies below its folder");
        let mut command = Command::new(script);
        command.arg("attend").args(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut attendant = command.spawn().expect("tests/kafka/broker can be run");
        let mut line = String::new();
        let output = attendant.stdout.take().expect("its output is piped");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("it prints text");
        let mut words = line.trim_end().splitn(3, ' ');
        let (Some(address), Some(_), Some(folder)) = (words.next(), words.next(), words.next()) else {
            panic!("a broker could not be started: see its messages above");
        };
        Broker {
            address: address.to_string(),
            folder: PathBuf::from(folder),
            held: attendant.stdin.take(),
            attendant,
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.held.take());
        // It has nothing left to say.
        let _ = self.attendant.wait();
    }
}
