//! The folder of a run: what server and worker leave for each other on disk.
//!
//! `spec.json` by the server, once; `worker.pid`, `worker.sock` and the log by the worker; `outcome.json` at the
//! end. Every file appears whole or not at all. None of them holds a secret.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use runner::{Outcome, RunSpec, SnapshotLocation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stdx::Clock;
use stdx::file::write_whole;

use crate::process::ProcessId;
use crate::storage::{Patience, Snapshots};

pub const SOCKET: &str = "worker.sock";
const SPEC: &str = "spec.json";
const OUTCOME: &str = "outcome.json";
const WORKER: &str = "worker.pid";
/// Where locks of deployments lie, in the data folder.
const DEPLOYMENTS: &str = "deployments";
const RUNS: &str = "runs";
/// Where deployments have their checkpoints, in the data folder.
pub const CHECKPOINTS: &str = "checkpoints";
/// Where savepoints lie, by the deployment that they were taken of.
pub const SAVEPOINTS: &str = "savepoints";
/// What the server keeps in its data folder, as far as it is nobody else's.
const OWN_FILES: [&str; 12] = [
    "oceanus.db",
    "oceanus.db-wal",
    "oceanus.db-shm",
    "oceanus.db-journal",
    "oceanus.db.lock",
    "oceanus.db.replaced",
    "artifacts",
    "clusters",
    RUNS,
    DEPLOYMENTS,
    CHECKPOINTS,
    SAVEPOINTS,
];

#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

/// The process that serves a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerId {
    pub process: ProcessId,
    pub run_id: String,
    pub epoch: u64,
}

/// The data folder as far as runs are concerned.
#[derive(Debug, Clone)]
pub struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    pub fn new(path: &Path) -> io::Result<DataFolder> {
        Ok(DataFolder {
            path: std::path::absolute(path)?,
        })
    }

    pub fn runs(&self) -> PathBuf {
        self.path.join(RUNS)
    }

    pub fn deployments(&self) -> PathBuf {
        self.path.join(DEPLOYMENTS)
    }

    /// The folder of a run; the id must have been checked.
    pub fn run(&self, run_id: &str) -> RunFolder {
        RunFolder {
            path: self.runs().join(run_id),
        }
    }

    /// Where checkpoints and savepoints lie: here, unless another place is given.
    pub fn snapshots(
        &self,
        location: Option<&SnapshotLocation>,
        patience: Patience,
        clock: Arc<dyn Clock>,
    ) -> Result<Snapshots, dataflow::Error> {
        match location {
            Some(location) => Snapshots::new(location, patience, clock),
            None => Snapshots::new(&SnapshotLocation::Folder(self.path.clone()), patience, clock),
        }
    }

    /// The lock of a deployment; the id must have been checked.
    pub fn lock(&self, deployment_id: &str) -> PathBuf {
        self.deployments().join(format!("{deployment_id}.lock"))
    }

    /// Files and folders of the server itself, which no table may touch.
    pub fn own_files(&self) -> Vec<PathBuf> {
        OWN_FILES.iter().map(|name| self.path.join(name)).collect()
    }
}

impl RunFolder {
    pub fn at(path: &Path) -> io::Result<RunFolder> {
        Ok(RunFolder {
            path: fs::canonicalize(path)?,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn exists(&self) -> bool {
        self.path.is_dir()
    }

    /// The data folder that it lies in.
    pub fn data(&self) -> io::Result<DataFolder> {
        match self.path.parent().and_then(Path::parent) {
            Some(path) => Ok(DataFolder {
                path: path.to_path_buf(),
            }),
            None => Err(io::Error::other("the run's folder lies in no data folder")),
        }
    }

    pub fn spec(&self) -> io::Result<Option<RunSpec>> {
        self.read(SPEC)
    }

    pub fn write_spec(&self, spec: &RunSpec) -> io::Result<()> {
        self.write(SPEC, spec)
    }

    pub fn outcome(&self) -> io::Result<Option<Outcome>> {
        self.read(OUTCOME)
    }

    pub fn write_outcome(&self, outcome: &Outcome) -> io::Result<()> {
        self.write(OUTCOME, outcome)
    }

    pub fn worker(&self) -> io::Result<Option<WorkerId>> {
        self.read(WORKER)
    }

    pub fn write_worker(&self, worker: &WorkerId) -> io::Result<()> {
        self.write(WORKER, worker)
    }

    /// Takes away what says that somebody serves the run.
    pub fn remove_worker(&self) -> io::Result<()> {
        for name in [SOCKET, WORKER] {
            match fs::remove_file(self.path.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> io::Result<Option<T>> {
        let path = self.path.join(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|fault| {
            let message = format!("'{}' is not understood: {fault}", path.display());
            io::Error::new(io::ErrorKind::InvalidData, message)
        })
    }

    fn write<T: Serialize>(&self, name: &str, value: &T) -> io::Result<()> {
        write_whole(&self.path.join(name), &serde_json::to_vec_pretty(value)?)
    }
}
