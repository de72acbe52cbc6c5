//! A data folder with a runner over it, and waiting with a bound.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use embedded::{EmbeddedOptions, EmbeddedRunner};
use runner::{
    End, FileRoots, Next, Outcome, Preview, PreviewEvent, Program, Restore, RunKey, RunSpec, RunState,
    Runner, Secrets, SnapshotLocation,
};

pub const WORKER: &str = env!("CARGO_BIN_EXE_embedded-test-worker");

/// Longer than anything here takes, on a slow machine too.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Place {
    folder: tempfile::TempDir,
    pub runner: EmbeddedRunner,
}

impl Place {
    pub fn new() -> Place {
        let folder = tempfile::Builder::new().prefix("place-").tempdir().unwrap();
        fs::create_dir(folder.path().join("files")).unwrap();
        let runner = server(&folder.path().join("data"));
        Place { folder, runner }
    }

    /// With checkpoints and savepoints outside of the data folder.
    pub fn keeping_in(location: SnapshotLocation) -> Place {
        let mut place = Place::new();
        let options = EmbeddedOptions {
            snapshots: Some(location),
            ..options(&place.data(), PATIENCE)
        };
        place.runner = EmbeddedRunner::new(options).unwrap();
        place
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where tables may read and write.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    pub fn outside(&self) -> PathBuf {
        self.folder.path().join("outside")
    }

    /// `${files}` in the text is the folder of [`Place::files`].
    pub fn program(&self, sql: &str) -> Program {
        Program {
            sql: self.text(sql),
            files: FileRoots {
                allowed: vec![self.files()],
                denied: Vec::new(),
            },
            ..Program::default()
        }
    }

    pub fn text(&self, sql: &str) -> String {
        sql.replace("${files}", self.files().to_str().unwrap())
    }

    pub fn spec(&self, run_id: &str, epoch: u64, sql: &str) -> RunSpec {
        RunSpec {
            run_id: run_id.to_string(),
            deployment_id: "dp_1".to_string(),
            epoch,
            program: self.program(sql),
            parallelism: Some(1),
            memory_bytes_max: None,
            lock_wait_ms: 10_000,
            restore: Restore::None,
            drops_state: false,
        }
    }

    pub fn run_folder(&self, key: &RunKey) -> PathBuf {
        self.data().join("runs").join(&key.run_id)
    }

    /// Waits until the run is over.
    pub fn outcome(&self, key: &RunKey) -> Outcome {
        wait_for("the run to end", || match self.runner.observe(key).unwrap() {
            RunState::Ended(outcome) => Some(outcome),
            RunState::Lost { message } => panic!("the run is lost: {message}\n{}", self.log(key)),
            _ => None,
        })
    }

    pub fn wait_until_running(&self, key: &RunKey) {
        wait_for("the run to begin", || match self.runner.observe(key).unwrap() {
            RunState::Running { .. } => Some(()),
            state => {
                assert!(!state.is_over(), "{state:?}\n{}", self.log(key));
                None
            }
        });
    }

    /// Waits until rows were written.
    pub fn wait_for_rows(&self, key: &RunKey, rows: u64) {
        wait_for("rows", || {
            self.runner
                .metrics(key)
                .is_ok_and(|metrics| metrics.rows_out >= rows)
                .then_some(())
        });
    }

    pub fn log(&self, key: &RunKey) -> String {
        let page = self.runner.logs(&key.run_id, 0, 1 << 20).unwrap();
        page.lines.join("\n")
    }

    pub fn pid(&self, key: &RunKey) -> i32 {
        let text = fs::read(self.run_folder(key).join("worker.pid")).unwrap();
        let worker: serde_json::Value = serde_json::from_slice(&text).unwrap();
        worker["process"]["pid"].as_i64().unwrap() as i32
    }

    /// Lines of all visible files below a folder of [`Place::files`], sorted.
    pub fn lines(&self, folder: &str) -> Vec<String> {
        let mut lines: Vec<String> = visible_files(&self.files().join(folder))
            .iter()
            .flat_map(|file| {
                let text = fs::read_to_string(file).unwrap();
                text.lines().map(str::to_string).collect::<Vec<_>>()
            })
            .collect();
        lines.sort();
        lines
    }

    /// The two numbers of each of these lines, sorted.
    pub fn pairs(&self, folder: &str) -> Vec<(u64, u64)> {
        let lines = self.lines(folder);
        let pairs = lines.iter().map(|line| line.split_once(',').unwrap());
        let mut pairs: Vec<(u64, u64)> = pairs
            .map(|(one, other)| (one.parse().unwrap(), other.parse().unwrap()))
            .collect();
        pairs.sort_unstable();
        pairs
    }
}

/// No worker outlives its test.
impl Drop for Place {
    fn drop(&mut self) {
        for run in self.runner.runs().unwrap_or_default() {
            let _ = self.runner.kill(&run);
        }
    }
}

/// A runner as a server has it.
pub fn server(data: &Path) -> EmbeddedRunner {
    impatient_server(data, Duration::from_secs(20))
}

/// A runner that soon takes a worker for unreachable.
pub fn impatient_server(data: &Path, answer_timeout: Duration) -> EmbeddedRunner {
    EmbeddedRunner::new(options(data, answer_timeout)).unwrap()
}

fn options(data: &Path, answer_timeout: Duration) -> EmbeddedOptions {
    EmbeddedOptions {
        program: PathBuf::from(WORKER),
        answer_timeout,
        ..EmbeddedOptions::new(data).unwrap()
    }
}

pub fn secrets(values: &[(&str, &str)]) -> Secrets {
    let values: BTreeMap<String, String> = values
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    Secrets::new(values)
}

fn visible_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            !path
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(['.', '_'])
        })
        .collect()
}

/// Asks until there is an answer.
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// All events of a preview.
pub fn read(mut preview: Box<dyn Preview>) -> Vec<PreviewEvent> {
    let started = Instant::now();
    let mut events = Vec::new();
    loop {
        match preview.next(Duration::from_millis(100)) {
            Next::Event(event) => events.push(event),
            Next::Pending => assert!(started.elapsed() < PATIENCE, "the preview does not end"),
            Next::Over => return events,
        }
    }
}

/// The message of a failed run's first diagnostic.
pub fn message(outcome: &Outcome) -> &str {
    match &outcome.end {
        End::Failed(failure) => &failure.diagnostics[0].message,
        end => panic!("the run has not failed: {end:?}"),
    }
}
