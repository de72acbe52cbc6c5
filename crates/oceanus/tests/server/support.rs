//! A home folder, servers in it, and commands that speak to them. Whatever was started ends with its home.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Long enough for whatever is to happen at all, on a machine that does a lot beside.
pub const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// A person's home: configuration, data, files. Workers that still run in it are killed with it.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Home {
        Home {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a file and returns where it is, as an argument.
    pub fn write(&self, below: &str, text: &str) -> String {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// The binary with nothing of this machine's own settings around it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oceanus"));
        for (name, _) in std::env::vars_os() {
            let shown = name.to_string_lossy();
            if shown.starts_with("OCEANUS_") || shown.starts_with("XDG_") {
                command.env_remove(&name);
            }
        }
        command
            .args(arguments)
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end, with this on its standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Ended::of(arguments, child.wait_with_output().unwrap())
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, "")
    }

    pub fn try_serve(&self, arguments: &[&str]) -> Ended {
        let data = self.data().display().to_string();
        self.run(&[&["serve", "--data", &data], arguments].concat())
    }

    /// A server for whoever reaches it.
    pub fn serve(&self) -> Server<'_> {
        self.serve_with(&["--single-user"])
    }

    /// A server on a free port that is ready.
    pub fn serve_with(&self, arguments: &[&str]) -> Server<'_> {
        self.serve_where(arguments, &[])
    }

    /// The same with these variables in its environment.
    pub fn serve_where(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Server<'_> {
        let data = self.data().display().to_string();
        let first = ["serve", "--data", &data, "--listen", "127.0.0.1:0"];
        let mut command = self.command(&[&first, arguments].concat());
        let child = command.envs(variables.iter().copied()).spawn().unwrap();
        Server::when_ready(self, child)
    }

    /// Processes that serve runs below the data folder.
    pub fn workers(&self) -> Vec<i32> {
        let runs = fs::read_dir(self.data().join("runs")).into_iter().flatten();
        let pid = |run: std::io::Result<fs::DirEntry>| {
            let text = fs::read_to_string(run.ok()?.path().join("worker.pid")).ok()?;
            let worker: Value = serde_json::from_str(&text).ok()?;
            i32::try_from(worker["process"]["pid"].as_i64()?).ok()
        };
        runs.filter_map(pid).collect()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for pid in self.workers() {
            // SAFETY: the process is a worker of this test's own data folder.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    }
}

/// A server that has said that it is ready.
pub struct Server<'a> {
    home: &'a Home,
    child: Child,
    pub url: String,
    /// What it wrote to standard output before that.
    pub greeting: String,
    log: Receiver<String>,
}

impl<'a> Server<'a> {
    fn when_ready(home: &'a Home, mut child: Child) -> Server<'a> {
        // Read all along, so that it never has to wait for its log to be read.
        let (sender, log) = channel();
        let mut stderr = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            let mut text = String::new();
            let read = stderr.read_to_string(&mut text);
            // The test may be over.
            let _ = sender.send(read.map_or_else(|error| error.to_string(), |_| text));
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap() == 0 {
                let status = child.wait().unwrap();
                panic!(
                    "the server ended with {status}: {greeting}{}",
                    log.recv().unwrap()
                );
            }
            if let Some(url) = line.strip_prefix("Oceanus is ready at ") {
                return Server {
                    home,
                    url: url.trim().to_string(),
                    greeting,
                    child,
                    log,
                };
            }
            greeting.push_str(&line);
        }
    }

    /// Runs a command against this server.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, "")
    }

    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ended {
        self.home
            .run_with(&[arguments, &["--url", &self.url]].concat(), input)
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.home
            .command(&[arguments, &["--url", &self.url]].concat())
            .spawn()
            .unwrap()
    }

    /// The answer of a command in JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--output", "json"]].concat()).expect(0);
        serde_json::from_str(&ended.out)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", ended.out))
    }

    /// Status, one header, and body of a page.
    pub fn page(&self, path: &str, header: &str) -> (u16, String, String) {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .new_agent();
        let mut answer = agent.get(format!("{}{path}", self.url)).call().unwrap();
        let value = answer
            .headers()
            .get(header)
            .map(|value| value.to_str().unwrap().to_string());
        let body = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), value.unwrap_or_default(), body)
    }

    /// Asks it to end; returns its exit code and its log.
    pub fn end(mut self) -> (Option<i32>, String) {
        // SAFETY: the process is this test's own child.
        unsafe { libc::kill(self.child.id() as i32, libc::SIGTERM) };
        let started = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(started.elapsed() < PATIENCE, "the server does not end"),
            }
            std::thread::sleep(LOOK_INTERVAL);
        };
        (status.code(), self.log.recv().unwrap())
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        // Without effect if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What became of a command.
#[derive(Debug)]
pub struct Ended {
    arguments: Vec<String>,
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    fn of(arguments: &[&str], output: Output) -> Ended {
        Ended {
            arguments: arguments.iter().map(|argument| argument.to_string()).collect(),
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Ended {
        assert_eq!(
            self.code,
            Some(code),
            "{:?}\nstandard output:\n{}standard error:\n{}",
            self.arguments,
            self.out,
            self.err
        );
        self
    }

    /// That standard error has this in it.
    #[track_caller]
    pub fn tells(self, what: &str) -> Ended {
        assert!(
            self.err.contains(what),
            "{:?}: no '{what}' in:\n{}",
            self.arguments,
            self.err
        );
        self
    }

    /// That standard output has this in it.
    #[track_caller]
    pub fn shows(self, what: &str) -> Ended {
        assert!(
            self.out.contains(what),
            "{:?}: no '{what}' in:\n{}",
            self.arguments,
            self.out
        );
        self
    }
}

/// Waits for a condition.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(LOOK_INTERVAL);
    }
}

/// Lines of all files below a folder that are committed, sorted.
pub fn lines_below(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for file in fs::read_dir(folder).into_iter().flatten() {
        let path = file.unwrap().path();
        if !path.file_name().unwrap().to_string_lossy().starts_with('.') {
            lines.extend(fs::read_to_string(path).unwrap().lines().map(str::to_string));
        }
    }
    lines.sort();
    lines
}
