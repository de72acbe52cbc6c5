//! Where a cluster keeps checkpoints and savepoints, and which of them a run goes on from.

use std::fs;
use std::path::PathBuf;

use runner::{Checkpoint, CheckpointOrigin};
use url::Url;

use crate::jobmanager;
use crate::record::{RunRecord, Snapshot};

/// Below the place that the cluster was given for them.
const CHECKPOINTS: &str = "checkpoints";
const SAVEPOINTS: &str = "savepoints";

/// Folders as the cluster's file systems name them.
#[derive(Debug, Clone)]
pub struct Storage {
    base: String,
}

impl Storage {
    /// `base` is an address that every process of the cluster can reach: `file:///…`, `s3://…`.
    pub fn new(base: &Url) -> Storage {
        Storage {
            base: base.as_str().trim_end_matches('/').to_string(),
        }
    }

    pub fn checkpoints(&self, deployment_id: &str) -> String {
        format!("{}/{CHECKPOINTS}/{deployment_id}", self.base)
    }

    pub fn savepoints(&self, deployment_id: &str) -> String {
        format!("{}/{SAVEPOINTS}/{deployment_id}", self.base)
    }

    /// The newest whole checkpoint of a job, as far as this machine can look there.
    pub fn newest_on_disk(&self, deployment_id: &str, job_id: &str) -> Option<Snapshot> {
        let folder = Url::parse(&self.checkpoints(deployment_id)).ok()?;
        let folder: PathBuf = (folder.scheme() == "file").then(|| folder.to_file_path().ok())??;
        let mut newest: Option<Snapshot> = None;
        for entry in fs::read_dir(folder.join(job_id)).ok()?.flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("chk-"));
            let Some(number) = number.and_then(|number| number.parse().ok()) else {
                continue;
            };
            // Written last: what has none is not whole.
            let Ok(metadata) = fs::metadata(path.join("_metadata")) else {
                continue;
            };
            let taken_ms = metadata
                .modified()
                .ok()
                .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok())
                .map_or(0, |since| since.as_millis() as i64);
            if newest.as_ref().is_none_or(|newest| newest.number < number) {
                newest = Some(Snapshot {
                    number,
                    path: format!("file:{}", path.display()),
                    bytes: metadata.len(),
                    began_ms: taken_ms,
                    taken_ms,
                    is_last: false,
                    is_kept: false,
                });
            }
        }
        newest
    }
}

/// The checkpoints that a cluster says are there, the newest last.
pub fn of_checkpoints(told: &jobmanager::Checkpoints) -> Vec<Snapshot> {
    let mut snapshots: Vec<Snapshot> = told
        .history
        .iter()
        .filter(|checkpoint| {
            checkpoint.status == "COMPLETED" && !checkpoint.is_savepoint && !checkpoint.discarded
        })
        .filter_map(|checkpoint| snapshot(checkpoint, false))
        .collect();
    snapshots.sort_unstable_by_key(|snapshot| snapshot.number);
    snapshots
}

/// A checkpoint with a place.
pub fn snapshot(checkpoint: &jobmanager::Checkpoint, is_last: bool) -> Option<Snapshot> {
    // `<checkpoint-not-externally-addressable>` where it is kept in memory.
    let path = checkpoint
        .external_path
        .as_ref()
        .filter(|path| !path.starts_with('<'))?;
    Some(Snapshot {
        number: checkpoint.id,
        path: path.clone(),
        bytes: checkpoint.bytes,
        began_ms: checkpoint.began_ms,
        taken_ms: checkpoint.ended_ms,
        is_last,
        is_kept: false,
    })
}

/// As the platform knows it.
pub fn told(snapshot: &Snapshot, run: &RunRecord) -> Checkpoint {
    Checkpoint {
        number: snapshot.number,
        bytes: snapshot.bytes,
        origin: Some(CheckpointOrigin {
            run_id: run.run_id.clone(),
            epoch: run.epoch,
            parallelism: run.parallelism as usize,
            began_ms: snapshot.began_ms,
            taken_ms: snapshot.taken_ms,
            is_last: snapshot.is_last,
        }),
    }
}
