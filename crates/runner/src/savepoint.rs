//! Savepoints: snapshots that people ask for, and that stay until people delete them.

use serde::{Deserialize, Serialize};

use crate::{RunnerError, check_id};

/// Names a savepoint. It lies with those of the deployment that it was taken of, whoever goes on from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SavepointKey {
    pub deployment_id: String,
    pub savepoint_id: String,
}

impl SavepointKey {
    /// Refuses ids that could not be names of files.
    pub fn check(&self) -> Result<(), RunnerError> {
        check_id(&self.deployment_id)?;
        check_id(&self.savepoint_id)
    }
}

/// Which state of a run it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SavepointTime {
    /// That of soon after it was asked for; the run goes on.
    Now,
    /// That in which the run stops. Asking for it stops nothing.
    AtStop,
}

/// What has become of a savepoint that a run was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SavepointState {
    Pending {},
    Done(SavepointOrigin),
    /// It was tried; the run goes on.
    Failed {
        message: String,
    },
    /// The run is over, or was never there, and has not taken it.
    NotTaken {},
}

/// Where a savepoint comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavepointOrigin {
    pub run_id: String,
    pub epoch: u64,
    pub parallelism: usize,
    pub taken_ms: i64,
    pub bytes: u64,
}
