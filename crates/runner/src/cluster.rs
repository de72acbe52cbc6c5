//! Clusters of machines that jobs may run on.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Diagnostic, Kind, Runner, RunnerError};

/// Where a cluster is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterTarget {
    /// An identifier; what is remembered of the cluster goes by it.
    pub name: String,
    /// Where it is asked, as a URL.
    pub address: String,
    /// Where its checkpoints and savepoints go, as its own file systems name it.
    pub storage: String,
}

/// What a cluster is, and has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterState {
    pub version: String,
    pub task_managers: u32,
    pub slots_total: u32,
    pub slots_available: u32,
    pub jobs_running: u32,
}

/// A cluster, as an engine that jobs can be given to.
pub trait Cluster: Runner {
    /// How it is now, by its own account.
    fn state(&self) -> Result<ClusterState, RunnerError>;
}

/// Opens clusters.
pub trait Clusters: Send + Sync {
    /// Does not ask the cluster: fails only where what is said of it makes no sense.
    fn open(&self, target: &ClusterTarget) -> Result<Arc<dyn Cluster>, RunnerError>;
}

/// Of a platform that has none.
#[derive(Debug, Clone, Copy)]
pub struct NoClusters;

impl Clusters for NoClusters {
    fn open(&self, target: &ClusterTarget) -> Result<Arc<dyn Cluster>, RunnerError> {
        let message = format!("cluster '{}' cannot be used: there are none here", target.name);
        Err(RunnerError::Invalid(Diagnostic::error(Kind::Validation, message)))
    }
}
