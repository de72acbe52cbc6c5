//! A runner with a folder of its own on the shared cluster.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use embedded::{EmbeddedOptions, EmbeddedRunner};
use flink::FlinkClusters;
use runner::{ClusterTarget, Clusters, End, FileRoots, Outcome, Program, Restore, RunKey, RunSpec, RunState};
use stdx::SystemClock;
use tempfile::TempDir;

use crate::cluster::Cluster;

/// How long anything may take here.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

pub struct Place {
    pub runner: Arc<dyn runner::Cluster>,
    pub folder: TempDir,
}

impl Place {
    pub fn new() -> Place {
        let cluster = Cluster::shared();
        Place::at(&cluster.address, &cluster.storage())
    }

    pub fn at(address: &str, storage: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        Place {
            runner: open(folder.path(), address, storage),
            folder,
        }
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub fn program(&self, sql: &str) -> Program {
        Program {
            sql: sql.to_string(),
            files: FileRoots {
                allowed: vec![self.folder.path().to_path_buf()],
                denied: Vec::new(),
            },
            ..Program::default()
        }
    }

    pub fn spec(&self, deployment: &str, epoch: u64, sql: &str, parallelism: u32) -> RunSpec {
        RunSpec {
            run_id: format!("{deployment}-{epoch}"),
            deployment_id: deployment.to_string(),
            epoch,
            program: self.program(sql),
            parallelism: Some(parallelism),
            memory_bytes_max: None,
            lock_wait_ms: 0,
            restore: Restore::Latest { since_epoch: 1 },
            drops_state: false,
        }
    }

    pub fn reach(&self, run: &RunKey, is_reached: impl Fn(&RunState) -> bool) -> RunState {
        let begun = Instant::now();
        loop {
            let state = self.runner.observe(run).unwrap();
            if is_reached(&state) {
                return state;
            }
            assert!(begun.elapsed() < PATIENCE, "it is still {state:?}");
            assert!(!state.is_over(), "it is over: {state:?}");
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    pub fn running(&self, run: &RunKey) {
        self.reach(run, |state| matches!(state, RunState::Running { .. }));
    }

    pub fn ended(&self, run: &RunKey) -> Outcome {
        match self.reach(run, RunState::is_over) {
            RunState::Ended(outcome) => outcome,
            state => panic!("{state:?}"),
        }
    }

    /// Waits until a question is answered with yes.
    pub fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < PATIENCE, "not yet: {what}");
            std::thread::sleep(LOOK_INTERVAL);
        }
    }
}

pub fn open(folder: &Path, address: &str, storage: &str) -> Arc<dyn runner::Cluster> {
    let options = EmbeddedOptions::new(&folder.join("planner")).unwrap();
    let clusters = FlinkClusters {
        folder: folder.join("clusters"),
        planner: Arc::new(EmbeddedRunner::new(options).unwrap()),
        clock: Arc::new(SystemClock),
    };
    let target = ClusterTarget {
        name: "test".to_string(),
        address: address.to_string(),
        storage: storage.to_string(),
    };
    clusters.open(&target).unwrap()
}

/// All rows below a folder of files, in order.
pub fn rows_below(folder: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_file() && !name.starts_with(['.', '_']) {
            rows.extend(std::fs::read_to_string(path).unwrap().lines().map(str::to_string));
        }
    }
    rows.sort();
    rows
}

pub fn stopped(outcome: &Outcome) -> runner::StoppedBy {
    match &outcome.end {
        End::Stopped { by } => *by,
        end => panic!("{end:?}"),
    }
}
