//! What the platform knows of an engine.
//!
//! A [`Runner`] checks a program, previews its rows, and runs it as a process that outlives whoever started it.
//! Everything that crosses the boundary is plain data that can be written as JSON. Knows no engine, no database
//! and no HTTP.
//!
//! Types that are read back from JSON are tagged from outside (`{"running":{...}}`): serde buffers what is
//! tagged from inside, and loses numbers on the way when serde_json keeps them at arbitrary precision.

mod check;
mod checkpoint;
mod cluster;
mod connection;
mod diagnostic;
mod error;
mod location;
mod metrics;
mod preview;
mod program;
pub mod protocol;
mod restart;
mod run;
mod savepoint;
mod verdict;

use std::time::Duration;

pub use check::{CheckReport, PlanEdge, PlanNode, PlanSummary, Purpose, StatementSummary};
pub use checkpoint::{Checkpoint, CheckpointOrigin};
pub use cluster::{Cluster, ClusterState, ClusterTarget, Clusters, NoClusters};
pub use connection::{
    CONNECTION_OPTION, Connection, ConnectionCheck, ConnectionReport, ConnectionTest, Connections, Unresolved,
};
pub use diagnostic::{Diagnostic, Kind, Place, Severity};
pub use error::RunnerError;
pub use location::{S3Credentials, S3Location, SnapshotLocation};
pub use metrics::{CheckpointMetrics, Metrics, NodeMetrics};
pub use preview::{EndReason, Next, Preview, PreviewColumn, PreviewEvent, PreviewLimits, PreviewRequest};
pub use program::{FileRoots, PROGRAM_BYTES_MAX, Program, Secrets};
pub use restart::RestartStrategy;
pub use run::{
    End, FailureCause, LOCK_WAIT_MS, LogPage, Outcome, Restore, RunFailure, RunKey, RunSpec, RunState,
    StoppedBy, check_id,
};
pub use savepoint::{SavepointKey, SavepointOrigin, SavepointState, SavepointTime};
pub use verdict::{PartKind, PartVerdict, StateFate, StateVerdict};

/// An engine that jobs can be given to.
///
/// Every call returns within a short, bounded time but blocks the thread for it: asynchronous callers use a
/// thread for such work. A run is named by its id and its epoch; an answer never speaks of another epoch.
pub trait Runner: Send + Sync {
    /// As deployments name it: `embedded`.
    fn name(&self) -> &'static str;

    /// Says what is wrong with a program, and how it would be run. Runs and writes nothing.
    fn check(&self, program: &Program, purpose: Purpose) -> CheckReport;

    /// Says what becomes of the state of a program if another one takes its place. Fails with what is wrong with one
    /// of them. Runs and writes nothing.
    fn compare(&self, before: &Program, after: &Program) -> Result<StateVerdict, Vec<Diagnostic>>;

    /// Runs the last statement that gives rows and hands them back, within limits. Writes nothing.
    fn preview(&self, request: PreviewRequest) -> Result<Box<dyn Preview>, RunnerError>;

    /// Tries whether what a connection leads to is there, as far as it may be touched. Reads and writes nothing.
    fn test_connection(&self, test: &ConnectionTest) -> ConnectionReport;

    /// Starts a run, or finds the one that was started before: it may be asked again after any failure, by
    /// another process too, and never makes two. A run that is over answers with its end and is not run again.
    fn start(&self, spec: &RunSpec) -> Result<RunState, RunnerError>;

    /// What can be seen of a run now.
    fn observe(&self, run: &RunKey) -> Result<RunState, RunnerError>;

    /// The run's counts now, or its last if it is over.
    fn metrics(&self, run: &RunKey) -> Result<Metrics, RunnerError>;

    /// Lines of the run's log from a byte offset on, at most about `bytes_max` bytes of them.
    fn logs(&self, run_id: &str, after: u64, bytes_max: usize) -> Result<LogPage, RunnerError>;

    /// Asks the run to end in order: what was read is worked off and sinks commit. Returns at once.
    fn request_stop(&self, run: &RunKey) -> Result<(), RunnerError>;

    /// Ends the run's process now, if it can be proven to be this run's; what was not committed is lost.
    fn kill(&self, run: &RunKey) -> Result<RunState, RunnerError>;

    /// Asks the run to end in order, waits at most `patience` for it, and then kills it.
    fn stop(&self, run: &RunKey, patience: Duration) -> Result<RunState, RunnerError>;

    /// Every run of which something is left here.
    fn runs(&self) -> Result<Vec<RunKey>, RunnerError>;

    /// The epoch of the last attempt of a deployment that ran here, whoever started it and whatever became of it.
    /// `None` if none ever did.
    fn last_epoch(&self, deployment_id: &str) -> Result<Option<u64>, RunnerError>;

    /// Removes what is left of a run that is over.
    fn forget(&self, run: &RunKey) -> Result<(), RunnerError>;

    /// The checkpoints of a deployment, the newest first.
    fn checkpoints(&self, deployment_id: &str) -> Result<Vec<Checkpoint>, RunnerError>;

    /// Removes all checkpoints of a deployment, of which nothing may run any more.
    fn forget_checkpoints(&self, deployment_id: &str) -> Result<(), RunnerError>;

    /// The deployments of which checkpoints are left here.
    fn with_checkpoints(&self) -> Result<Vec<String>, RunnerError>;

    /// Asks a run for a savepoint of its deployment, and says what has become of it: it may be asked again at any
    /// time, by another process too, and never takes two.
    fn savepoint(
        &self,
        run: &RunKey,
        savepoint: &SavepointKey,
        time: SavepointTime,
    ) -> Result<SavepointState, RunnerError>;

    /// A savepoint that is there whole, whoever took it.
    fn find_savepoint(&self, savepoint: &SavepointKey) -> Result<Option<SavepointOrigin>, RunnerError>;

    /// Removes a savepoint; one that is not there is no fault.
    fn forget_savepoint(&self, savepoint: &SavepointKey) -> Result<(), RunnerError>;

    /// All savepoints that are there.
    fn savepoints(&self) -> Result<Vec<SavepointKey>, RunnerError>;
}
