//! A server process: started, killed, started again over the same data folder.
//!
//! Ending it, however suddenly, leaves its workers alone; [`Place`] ends those too, so that no test leaves a process
//! behind.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tempfile::TempDir;

use super::client::Client;
use super::{until, workers};

const READY: &str = "Oceanus is ready at http://";
const PASSWORD: &str = "the password is in ";
const ADMIN: &str = "admin";

/// A data folder of a test's own. Whatever works in it ends with it.
#[derive(Debug)]
pub struct Place {
    folder: TempDir,
    program: PathBuf,
}

impl Place {
    /// `program` is `env!("CARGO_BIN_EXE_oceanus-under-test")`.
    pub fn new(program: impl Into<PathBuf>) -> Place {
        // Not hidden by a leading dot, which sources pass over.
        let folder = tempfile::Builder::new().prefix("oceanus").tempdir();
        Place {
            folder: folder.expect("a folder for the test"),
            program: program.into(),
        }
    }

    /// The program under test, to be told what to do.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.stdin(Stdio::null());
        command
    }

    /// Another one for the same program.
    pub fn another(&self) -> Place {
        Place::new(&self.program)
    }

    /// The server's, with the key of its secrets beside it.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// For what a test keeps beside the data.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for worker in workers::of(&self.data()) {
            worker.kill();
        }
    }
}

pub struct Server {
    process: Child,
    address: SocketAddr,
    told: Told,
}

/// All that the server has printed.
#[derive(Debug, Clone, Default)]
struct Told(Arc<Mutex<String>>);

impl Told {
    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over what comes out, so that the server never waits for a reader.
    fn listen(&self, output: impl Read + Send + 'static) {
        let told = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let mut text = told.0.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&line);
                text.push('\n');
            }
        });
    }
}

impl Server {
    /// Starts the server and waits until it says that it is ready.
    pub fn start(place: &Place) -> Server {
        let mut process = place
            .command()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(place.data())
            // More than the machine has, so that no job of a test waits for another.
            .envs([
                ("OCEANUS_CAPACITY_CORES", "16"),
                ("OCEANUS_CAPACITY_MEMORY_MIB", "16384"),
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server can be started");
        let told = Told::default();
        told.listen(process.stdout.take().expect("it is piped"));
        told.listen(process.stderr.take().expect("it is piped"));
        let address = until("the server is ready", || {
            let ended = process.try_wait().expect("the server can be asked for");
            let text = told.text();
            assert!(ended.is_none(), "the server has ended: {text}");
            let (_, address) = text.split_once(READY)?;
            let (address, _) = address.split_once('\n')?;
            Some(address.parse().expect("an address"))
        });
        Server {
            process,
            address,
            told,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Signs in as the administrator, with the password that the first start has told of.
    pub fn sign_in(&self) -> Client {
        let password = self.password();
        let signed_in = Client::sign_in(self.address, ADMIN, &password).expect("the server is up");
        signed_in.expect("the password is right")
    }

    pub fn password(&self) -> String {
        let text = self.told.text();
        let (_, file) = text
            .split_once(PASSWORD)
            .unwrap_or_else(|| panic!("no password is told of: {text}"));
        let file = file.lines().next().unwrap_or_default();
        let password = std::fs::read_to_string(file).expect("the password can be read");
        password.trim().to_string()
    }

    /// Ends it as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        // It may be gone already, which is what is wanted.
        let _ = self.process.kill();
        self.process.wait().expect("it is a child of this process");
    }

    /// Asks it to end, and waits until it has; what it printed.
    pub fn stop(mut self) -> String {
        // SAFETY: sends a signal to a child of this process that has not been waited for.
        unsafe { libc::kill(self.process.id() as libc::pid_t, libc::SIGTERM) };
        let status = until("the server ends when asked to", || {
            self.process.try_wait().expect("it is a child of this process")
        });
        let text = self.told.text();
        assert!(status.success(), "the server ended with {status}: {text}");
        text
    }

    /// What it has printed so far.
    pub fn told(&self) -> String {
        self.told.text()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        // Shown with a test that fails, and only then.
        if thread::panicking() {
            use std::io::Write;
            let _ = write!(
                std::io::stderr(),
                "--- the server has printed:\n{}",
                self.told.text()
            );
        }
    }
}
