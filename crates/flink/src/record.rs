//! What the platform remembers of a cluster's runs and savepoints, because the cluster forgets it.
//!
//! A file for each run, one for each savepoint, and one for each deployment with its last epoch. Each is there whole or
//! not at all.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use runner::{Outcome, RunKey, RunnerError, SavepointKey, SavepointOrigin, check_id};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stdx::file::{make_folder, write_whole};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub run_id: String,
    pub epoch: u64,
    pub deployment_id: String,
    pub job_id: String,
    pub parallelism: u32,
    /// Where the cluster was when it was given the job.
    pub address: String,
    /// When the cluster was asked for the job last, unless it has said no.
    pub asked_ms: Option<i64>,
    /// The cluster said that it has the job.
    pub is_submitted: bool,
    /// When it was seen to run first.
    pub started_ms: Option<i64>,
    pub stop: Option<StopRequest>,
    /// It was asked to end by force.
    pub is_killed: bool,
    /// Where the job could go on from, the newest last.
    pub snapshots: Vec<Snapshot>,
    pub outcome: Option<Outcome>,
    /// Nothing is left to be known of it but what others may go on from.
    pub is_forgotten: bool,
}

/// A job that was asked to end behind a savepoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRequest {
    /// How often it was asked: each time for a savepoint of its own.
    pub attempt: u32,
    /// That of people, if they wait for one of the state in which it stops.
    pub savepoint: Option<SavepointKey>,
    pub is_asked: bool,
}

/// A checkpoint, or the savepoint that a stop left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub number: u64,
    pub path: String,
    pub bytes: u64,
    pub began_ms: i64,
    pub taken_ms: i64,
    /// Left by a stop: nothing was read behind it.
    pub is_last: bool,
    /// It is a savepoint of people, which is to stay.
    pub is_kept: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavepointRecord {
    pub path: String,
    pub origin: SavepointOrigin,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct DeploymentRecord {
    last_epoch: u64,
    /// Of those that are remembered.
    runs: Vec<String>,
}

/// The folder of a cluster.
#[derive(Debug)]
pub struct Records {
    folder: PathBuf,
    /// Held from reading a record until it is written.
    lock: Mutex<()>,
}

impl Records {
    pub fn new(folder: &Path) -> Result<Records, RunnerError> {
        let records = Records {
            folder: folder.to_path_buf(),
            lock: Mutex::default(),
        };
        for folder in [records.runs(), records.deployments(), records.savepoints()] {
            make_folder(&folder).map_err(|cause| failed(&folder, cause))?;
        }
        Ok(records)
    }

    pub fn run(&self, key: &RunKey) -> Result<Option<RunRecord>, RunnerError> {
        match self.run_by_id(&key.run_id)? {
            Some(record) if record.epoch != key.epoch => Err(RunnerError::Conflict(format!(
                "run {} is of epoch {}, not {}",
                key.run_id, record.epoch, key.epoch
            ))),
            found => Ok(found),
        }
    }

    fn run_by_id(&self, run_id: &str) -> Result<Option<RunRecord>, RunnerError> {
        check_id(run_id)?;
        read(&self.run_file(run_id))
    }

    /// Remembers a run, unless it is remembered already; returns what is.
    pub fn add_run(&self, new: RunRecord) -> Result<RunRecord, RunnerError> {
        check_id(&new.deployment_id)?;
        let key = RunKey {
            run_id: new.run_id.clone(),
            epoch: new.epoch,
        };
        let _lock = self.locked();
        if let Some(found) = self.run(&key)? {
            return Ok(found);
        }
        // First that there is a run: one that is listed and not there is no fault.
        let file = self.deployment_file(&new.deployment_id);
        let mut deployment: DeploymentRecord = read(&file)?.unwrap_or_default();
        deployment.last_epoch = deployment.last_epoch.max(new.epoch);
        deployment.runs.push(new.run_id.clone());
        write(&file, &deployment)?;
        write(&self.run_file(&new.run_id), &new)?;
        Ok(new)
    }

    /// Changes what is remembered of a run; returns it as it is then.
    pub fn change_run(
        &self,
        key: &RunKey,
        change: impl FnOnce(&mut RunRecord),
    ) -> Result<Option<RunRecord>, RunnerError> {
        let _lock = self.locked();
        let Some(before) = self.run(key)? else {
            return Ok(None);
        };
        let mut record = before.clone();
        change(&mut record);
        if record != before {
            write(&self.run_file(&key.run_id), &record)?;
        }
        Ok(Some(record))
    }

    pub fn remove_run(&self, key: &RunKey) -> Result<(), RunnerError> {
        let _lock = self.locked();
        let Some(record) = self.run(key)? else {
            return Ok(());
        };
        let file = self.deployment_file(&record.deployment_id);
        if let Some(mut deployment) = read::<DeploymentRecord>(&file)? {
            deployment.runs.retain(|run| *run != key.run_id);
            write(&file, &deployment)?;
        }
        remove(&self.run_file(&key.run_id))
    }

    /// All runs that are remembered.
    pub fn all_runs(&self) -> Result<Vec<RunKey>, RunnerError> {
        let mut keys = Vec::new();
        for run_id in names(&self.runs())? {
            match self.run_by_id(&run_id) {
                Ok(record) => keys.extend(record.map(|record| RunKey {
                    run_id: record.run_id,
                    epoch: record.epoch,
                })),
                Err(error) => tracing::warn!(run = run_id, %error, "a run's record is broken"),
            }
        }
        keys.sort();
        Ok(keys)
    }

    /// The runs of a deployment that are remembered, the newest first.
    pub fn runs_of(&self, deployment_id: &str) -> Result<Vec<RunRecord>, RunnerError> {
        check_id(deployment_id)?;
        let deployment: DeploymentRecord = read(&self.deployment_file(deployment_id))?.unwrap_or_default();
        let mut runs = Vec::new();
        for run in &deployment.runs {
            runs.extend(self.run_by_id(run)?);
        }
        runs.sort_unstable_by_key(|run| std::cmp::Reverse(run.epoch));
        Ok(runs)
    }

    pub fn last_epoch(&self, deployment_id: &str) -> Result<Option<u64>, RunnerError> {
        check_id(deployment_id)?;
        let deployment: Option<DeploymentRecord> = read(&self.deployment_file(deployment_id))?;
        Ok(deployment.map(|deployment| deployment.last_epoch))
    }

    /// The deployments of which something can be gone on from.
    pub fn with_snapshots(&self) -> Result<Vec<String>, RunnerError> {
        let mut found = Vec::new();
        for deployment in names(&self.deployments())? {
            if self
                .runs_of(&deployment)?
                .iter()
                .any(|run| !run.snapshots.is_empty())
            {
                found.push(deployment);
            }
        }
        Ok(found)
    }

    pub fn savepoint(&self, key: &SavepointKey) -> Result<Option<SavepointRecord>, RunnerError> {
        key.check()?;
        read(&self.savepoint_file(key))
    }

    pub fn write_savepoint(&self, key: &SavepointKey, record: &SavepointRecord) -> Result<(), RunnerError> {
        let file = self.savepoint_file(key);
        if let Some(folder) = file.parent() {
            make_folder(folder).map_err(|cause| failed(folder, cause))?;
        }
        write(&file, record)
    }

    pub fn remove_savepoint(&self, key: &SavepointKey) -> Result<(), RunnerError> {
        remove(&self.savepoint_file(key))
    }

    pub fn all_savepoints(&self) -> Result<Vec<SavepointKey>, RunnerError> {
        let mut keys = Vec::new();
        for deployment_id in names(&self.savepoints())? {
            for savepoint_id in names(&self.savepoints().join(&deployment_id))? {
                keys.push(SavepointKey {
                    deployment_id: deployment_id.clone(),
                    savepoint_id,
                });
            }
        }
        Ok(keys)
    }

    fn runs(&self) -> PathBuf {
        self.folder.join("runs")
    }

    fn deployments(&self) -> PathBuf {
        self.folder.join("deployments")
    }

    fn savepoints(&self) -> PathBuf {
        self.folder.join("savepoints")
    }

    fn run_file(&self, run_id: &str) -> PathBuf {
        self.runs().join(format!("{run_id}.json"))
    }

    fn deployment_file(&self, deployment_id: &str) -> PathBuf {
        self.deployments().join(format!("{deployment_id}.json"))
    }

    fn savepoint_file(&self, key: &SavepointKey) -> PathBuf {
        let folder = self.savepoints().join(&key.deployment_id);
        folder.join(format!("{}.json", key.savepoint_id))
    }

    /// What it guards is on disk, and whole.
    fn locked(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunRecord {
    pub fn key(&self) -> RunKey {
        RunKey {
            run_id: self.run_id.clone(),
            epoch: self.epoch,
        }
    }
}

/// Names of what is in a folder, without the end `.json`: those that are ids.
fn names(folder: &Path) -> Result<Vec<String>, RunnerError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|cause| failed(folder, cause))? {
        let name = entry.map_err(|cause| failed(folder, cause))?.file_name();
        let Some(name) = name.to_str() else { continue };
        let name = name.strip_suffix(".json").unwrap_or(name);
        if check_id(name).is_ok() {
            names.push(name.to_string());
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<Option<T>, RunnerError> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(failed(file, cause)),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|fault| failed(file, io::Error::new(ErrorKind::InvalidData, fault)))
}

fn write(file: &Path, record: &impl Serialize) -> Result<(), RunnerError> {
    let written = serde_json::to_vec_pretty(record)
        .map_err(io::Error::other)
        .and_then(|bytes| write_whole(file, &bytes));
    written.map_err(|cause| failed(file, cause))
}

fn remove(file: &Path) -> Result<(), RunnerError> {
    match fs::remove_file(file) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(failed(file, cause)),
        _ => Ok(()),
    }
}

fn failed(file: &Path, cause: io::Error) -> RunnerError {
    RunnerError::io(format!("'{}'", file.display()), cause)
}
