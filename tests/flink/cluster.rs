//! A cluster of Apache Flink for tests, by the script beside this file.
//!
//! The first test of a program that asks starts it, and all of them share it; it goes when the program ends, however
//! it ends. Included by its path, so that it needs nothing but the standard library.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// A cluster that runs until it is dropped.
#[derive(Debug)]
pub struct Cluster {
    /// Where its REST interface listens, as a URL.
    pub address: String,
    /// Its logs; below `state`, checkpoints and savepoints may go.
    pub folder: PathBuf,
    attendant: Child,
    /// The attendant stops the cluster when this is closed.
    held: Option<ChildStdin>,
}

impl Cluster {
    /// The cluster that all tests of a program share.
    pub fn shared() -> &'static Cluster {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Cluster::start)
    }

    pub fn start() -> Cluster {
        let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let mut scripts = folders.map(|folder| folder.join("tests/flink/cluster"));
        let script = scripts.find(|script| script.exists());
        let script = script.expect("a package of this project lies below its folder");
        let mut command = Command::new(script);
        command.arg("attend");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut attendant = command.spawn().expect("tests/flink/cluster can be run");
        let mut line = String::new();
        let output = attendant.stdout.take().expect("its output is piped");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("it prints text");
        let Some((address, folder)) = line.trim_end().split_once(' ') else {
            panic!("a cluster could not be started: see its messages above");
        };
        Cluster {
            address: address.to_string(),
            folder: PathBuf::from(folder),
            held: attendant.stdin.take(),
            attendant,
        }
    }

    /// Kills or starts a process of it: `kill jobmanager`, `start taskmanager`.
    pub fn tell(&mut self, what: &str) {
        let held = self.held.as_mut().expect("it is held until it is dropped");
        writeln!(held, "{what}").expect("the attendant listens");
    }

    /// Where checkpoints and savepoints may go, as a URL.
    pub fn storage(&self) -> String {
        format!("file://{}/state", self.folder.display())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.held.take());
        // It has nothing left to say.
        let _ = self.attendant.wait();
    }
}
