//! A server over a data folder, and waiting with a bound.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use embedded::{EmbeddedOptions, EmbeddedRunner, wiring};
use jobs::{DeploymentChange, Jobs, JobsSettings, NewDeployment};
use model::id::{DeploymentId, DraftId};
use model::phase::{DesiredState, PhaseName};
use runner::{NoClusters, Runner};
use stdx::{Clock, Random, SystemClock};
use store::{Deployment, MasterKey, NewDraft, NewWorkspace, Options, PageRequest, Store};
use tokio::task::JoinHandle;

/// How long anything may take here.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What a server holds while it is up.
pub struct Server {
    pub jobs: Jobs,
    pub store: Store,
    pub runner: Arc<EmbeddedRunner>,
    task: JoinHandle<()>,
}

/// A server with a workspace, and a draft with a version that counts for ever.
pub async fn counting(data: &Path) -> (Server, DraftId) {
    let server = Server::start(data).await;
    server.workspace().await;
    server.jobs.execute_catalog("tester", "w", NUMBERS).await.unwrap();
    let draft = server
        .draft("count", "INSERT INTO seen SELECT n FROM ticks")
        .await;
    server
        .jobs
        .create_version("tester", "w", draft, "")
        .await
        .unwrap();
    (server, draft)
}

impl Server {
    pub async fn start(data: &Path) -> Server {
        Server::start_at(data, Arc::new(SystemClock)).await
    }

    /// With a clock of its own for the loop.
    pub async fn start_at(data: &Path, clock: Arc<dyn Clock>) -> Server {
        let options = Options::new(data, MasterKey::new([7; 32]));
        let store = Store::open(
            options,
            Arc::new(SystemClock),
            Random::new(std::process::id().into()),
        )
        .await
        .unwrap();
        let options = EmbeddedOptions {
            program: PathBuf::from(env!("CARGO_BIN_EXE_oceanus")),
            ..EmbeddedOptions::new(data).unwrap()
        };
        let runner = Arc::new(EmbeddedRunner::new(options).unwrap());
        let settings = JobsSettings {
            capacity_cores: 4,
            capacity_memory_bytes: 4 << 30,
            workspace_cores: 2,
            workspace_memory_bytes: 4 << 30,
            files: data.join("files"),
            file_roots: Vec::new(),
            denied: Vec::new(),
            network: model::AddressRules::loopback(),
        };
        let registry = Arc::new(wiring::registry(Arc::new(Mutex::new(std::io::sink()))));
        let known: Arc<dyn Runner> = runner.clone();
        let jobs = Jobs::new(
            store.clone(),
            known,
            Arc::new(NoClusters),
            registry,
            clock,
            settings,
        );
        let task = jobs.spawn();
        Server {
            jobs,
            store,
            runner,
            task,
        }
    }

    pub async fn stop(self) {
        self.jobs.shut_down();
        self.task.await.unwrap();
        self.store.close().await;
    }

    pub async fn workspace(&self) {
        let new = NewWorkspace {
            name: "w".to_string(),
            display_name: "W".to_string(),
        };
        self.store.workspaces().create(new, "tester").await.unwrap();
    }

    pub async fn draft(&self, name: &str, sql: &str) -> DraftId {
        let new = NewDraft {
            name: name.to_string(),
            sql: sql.to_string(),
            settings: BTreeMap::new(),
        };
        self.store.drafts().create("w", new, "tester").await.unwrap().id
    }

    pub async fn edit(&self, draft: DraftId, sql: &str) {
        let read = self.store.drafts().get("w", draft).await.unwrap();
        let change = store::DraftChange {
            sql: Some(sql.to_string()),
            ..store::DraftChange::default()
        };
        self.store
            .drafts()
            .update("w", draft, read.revision, change, "tester")
            .await
            .unwrap();
    }

    pub async fn deploy(&self, name: &str, draft: DraftId, version: u32) -> Deployment {
        let new = NewDeployment {
            name: name.to_string(),
            draft_id: draft,
            version,
            cluster: None,
            parallelism: None,
            desired: DesiredState::Running,
            savepoint: None,
            allow_reset: false,
        };
        self.jobs.create_deployment("tester", "w", new).await.unwrap()
    }

    pub async fn change(&self, id: DeploymentId, change: DeploymentChange) {
        let read = self.store.deployments().get("w", id).await.unwrap();
        self.jobs
            .change_deployment("tester", "w", id, read.revision, change)
            .await
            .unwrap();
    }

    /// Waits until the deployment is in a phase, on its newest generation.
    pub async fn reach(&self, id: DeploymentId, phase: PhaseName) -> Deployment {
        let started = Instant::now();
        loop {
            let read = self.store.deployments().get("w", id).await.unwrap();
            if read.phase == phase && read.observed_generation == read.generation {
                return read;
            }
            assert!(started.elapsed() < PATIENCE, "no {phase:?}: {read:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn run_ids(&self, id: DeploymentId) -> Vec<String> {
        let page = self.store.runs().list(id, &PageRequest::default()).await.unwrap();
        page.items.iter().map(|run| run.id.to_string()).collect()
    }
}

pub fn rows_below(folder: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    let Ok(files) = std::fs::read_dir(folder) else {
        return rows;
    };
    for file in files {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with('.') {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        rows.extend(text.lines().map(str::to_string));
    }
    rows.sort();
    rows
}

pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The system's clock, which can be set ahead.
#[derive(Debug, Default)]
pub struct ShiftedClock {
    ahead_us: AtomicI64,
}

impl ShiftedClock {
    pub fn set_ahead(&self, duration: Duration) {
        self.ahead_us
            .fetch_add(duration.as_micros() as i64, Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now_us(&self) -> i64 {
        SystemClock.now_us() + self.ahead_us.load(Ordering::SeqCst)
    }

    fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration);
    }
}

pub fn wanted(desired: DesiredState) -> DeploymentChange {
    DeploymentChange {
        desired: Some(desired),
        ..DeploymentChange::default()
    }
}

/// Sends a signal to a worker.
pub fn signal(process: i32, signal: i32) {
    // SAFETY: the process is the worker of this test's own run.
    assert_eq!(unsafe { libc::kill(process, signal) }, 0);
}

/// The process that holds the run.
pub fn worker_of(data: &Path, run: &str) -> i32 {
    let text = std::fs::read_to_string(data.join("runs").join(run).join("worker.pid")).unwrap();
    let (_, rest) = text.split_once("\"pid\":").unwrap();
    let digits: String = rest
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap()
}

pub const NUMBERS: &str = "CREATE TABLE numbers (id INT, name STRING)
  WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'csv');
CREATE TABLE copied (id INT, name STRING)
  WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'csv');
CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000000');
CREATE TABLE seen (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'seen', 'format' = 'csv');";
