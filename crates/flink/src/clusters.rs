//! Flink clusters by where they are.

use std::path::PathBuf;
use std::sync::Arc;

use runner::{
    Cluster, ClusterState, ClusterTarget, Clusters, Diagnostic, Kind, Runner, RunnerError, check_id,
};
use stdx::Clock;
use url::Url;

use crate::runner::{FlinkOptions, FlinkRunner};

/// Opens clusters, each with a folder of its own below one.
pub struct FlinkClusters {
    pub folder: PathBuf,
    /// Knows programs without a cluster.
    pub planner: Arc<dyn Runner>,
    pub clock: Arc<dyn Clock>,
}

impl Clusters for FlinkClusters {
    fn open(&self, target: &ClusterTarget) -> Result<Arc<dyn Cluster>, RunnerError> {
        check_id(&target.name)?;
        let address = url("address", &target.address)?;
        if !matches!(address.scheme(), "http" | "https") || !address.has_host() {
            return Err(invalid(
                format!("address '{address}' is no place of a JobManager"),
                "write where its REST interface listens: http://host:8081",
            ));
        }
        let storage = url("storage", &target.storage)?;
        for (what, url) in [("address", &address), ("storage", &storage)] {
            if !url.username().is_empty() || url.password().is_some() {
                return Err(invalid(
                    format!("the {what} of a cluster must not have credentials in it"),
                    "the cluster has its own for its storage; before the JobManager a proxy can sign in",
                ));
            }
        }
        Ok(Arc::new(FlinkRunner::new(FlinkOptions {
            address,
            storage,
            folder: self.folder.join(&target.name),
            planner: self.planner.clone(),
            clock: self.clock.clone(),
        })?))
    }
}

impl Cluster for FlinkRunner {
    fn state(&self) -> Result<ClusterState, RunnerError> {
        let told = self.cluster()?;
        Ok(ClusterState {
            version: told.version,
            task_managers: told.taskmanagers,
            slots_total: told.slots_total,
            slots_available: told.slots_available,
            jobs_running: told.jobs_running,
        })
    }
}

fn url(what: &str, text: &str) -> Result<Url, RunnerError> {
    Url::parse(text).map_err(|fault| {
        invalid(
            format!("{what} '{text}' is no URL: {fault}"),
            "as in http://host:8081, file:///shared/folder or s3://bucket/folder",
        )
    })
}

fn invalid(message: String, hint: &str) -> RunnerError {
    RunnerError::Invalid(Diagnostic::error(Kind::Validation, message).hint(hint))
}
