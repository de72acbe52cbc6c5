//! Jobs on Apache Flink clusters.
//!
//! A cluster is known by the address of its JobManager. SQL goes there in a JAR of a few kilobytes that is part of this
//! binary; everything else is asked over the JobManager's REST interface, which is known here and nowhere else. The
//! cluster says what is true of a job. What it forgets, such as the end of a job or the place of a savepoint, is kept in
//! a folder of the platform.
//!
//! A run has the job id that follows from its own id and epoch. Flink takes no second job of the same id, so that a
//! submission may be tried again after any silence.

mod clusters;
mod fault;
mod jobmanager;
mod metrics;
mod record;
mod runner;
mod snapshots;
mod submission;

pub use clusters::FlinkClusters;
