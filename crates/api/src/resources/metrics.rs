//! What a run counts.

use serde::Serialize;
use utoipa::ToSchema;

use crate::time::Time;

#[derive(Debug, Serialize, ToSchema)]
pub struct Metrics {
    at: Time,
    /// Rows that sources have read since the run began.
    rows_in: u64,
    /// Rows that sinks were given since the run began.
    rows_out: u64,
    /// Over about the last second.
    rows_in_per_second: f64,
    /// How far event time has come; null before the first and behind the last row.
    #[schema(required)]
    watermark: Option<Time>,
    /// Rows dropped because they came behind the watermark.
    late_rows: u64,
    /// Late rows that corrected a window's results.
    refired_rows: u64,
    /// Rows that went to another table: late ones, unreadable records, and rows whose lookup took too long.
    redirected_rows: u64,
    /// Rows dropped because they have no time.
    null_time_rows: u64,
    /// Rows dropped because they have a NULL where the table takes none.
    null_rows: u64,
    /// Records passed over because they could not be read.
    unreadable_rows: u64,
    /// Rows whose lookup took too long, whatever became of them.
    timed_out_lookups: u64,
    /// Resident memory of the run's process.
    memory_bytes: u64,
    checkpoints: CheckpointMetrics,
    nodes: Vec<NodeMetrics>,
}

/// What has become of the run's checkpoints.
#[derive(Debug, Serialize, ToSchema)]
struct CheckpointMetrics {
    /// The number of the checkpoint that the run has gone on from; null if it began anew.
    #[schema(required)]
    restored: Option<u64>,
    /// The id of the savepoint that the run has gone on from, if it was none of its own checkpoints.
    #[schema(required)]
    restored_savepoint: Option<String>,
    completed: u64,
    failed: u64,
    /// The last one that was completed.
    #[schema(required)]
    last: Option<LastCheckpoint>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LastCheckpoint {
    number: u64,
    at: Time,
    /// From the start of its barrier until it was safe.
    duration_ms: u64,
    bytes: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct NodeMetrics {
    /// As in the plan.
    id: String,
    name: String,
    rows_in: u64,
    rows_out: u64,
    late_rows: u64,
    refired_rows: u64,
    redirected_rows: u64,
    null_time_rows: u64,
    null_rows: u64,
    unreadable_rows: u64,
    timed_out_lookups: u64,
    /// Time spent in it, over all shards, in microseconds.
    busy_us: u64,
    /// State in memory.
    state_bytes: u64,
    /// State in files, since it did not fit into memory.
    spilled_bytes: u64,
    /// Keys that were looked for in those files.
    spill_lookups: u64,
    #[schema(required)]
    watermark: Option<Time>,
}

// All take what is counted apart field by field, so that a new one cannot be forgotten.
impl From<runner::Metrics> for Metrics {
    fn from(metrics: runner::Metrics) -> Metrics {
        let runner::Metrics {
            at_ms,
            rows_in,
            rows_out,
            rows_in_per_second,
            late_rows,
            refired_rows,
            redirected_rows,
            null_time_rows,
            null_rows,
            unreadable_rows,
            timed_out_lookups,
            watermark_ms,
            memory_bytes,
            checkpoints,
            nodes,
        } = metrics;
        Metrics {
            at: Time::of(at_ms),
            rows_in,
            rows_out,
            rows_in_per_second,
            watermark: watermark_ms.and_then(Time::within),
            late_rows,
            refired_rows,
            redirected_rows,
            null_time_rows,
            null_rows,
            unreadable_rows,
            timed_out_lookups,
            memory_bytes,
            checkpoints: checkpoints.into(),
            nodes: nodes.into_iter().map(NodeMetrics::from).collect(),
        }
    }
}

impl From<runner::CheckpointMetrics> for CheckpointMetrics {
    fn from(metrics: runner::CheckpointMetrics) -> CheckpointMetrics {
        let runner::CheckpointMetrics {
            restored,
            restored_savepoint,
            completed,
            failed,
            last_number,
            last_at_ms,
            last_duration_ms,
            last_bytes,
        } = metrics;
        CheckpointMetrics {
            restored,
            restored_savepoint,
            completed,
            failed,
            last: last_number.zip(last_at_ms).map(|(number, at_ms)| LastCheckpoint {
                number,
                at: Time::of(at_ms),
                duration_ms: last_duration_ms,
                bytes: last_bytes,
            }),
        }
    }
}

impl From<runner::NodeMetrics> for NodeMetrics {
    fn from(metrics: runner::NodeMetrics) -> NodeMetrics {
        let runner::NodeMetrics {
            id,
            name,
            rows_in,
            rows_out,
            late_rows,
            refired_rows,
            redirected_rows,
            null_time_rows,
            null_rows,
            unreadable_rows,
            timed_out_lookups,
            busy_us,
            state_bytes,
            spilled_bytes,
            spill_lookups,
            watermark_ms,
        } = metrics;
        NodeMetrics {
            id,
            name,
            rows_in,
            rows_out,
            late_rows,
            refired_rows,
            redirected_rows,
            null_time_rows,
            null_rows,
            unreadable_rows,
            timed_out_lookups,
            busy_us,
            state_bytes,
            spilled_bytes,
            spill_lookups,
            watermark: watermark_ms.and_then(Time::within),
        }
    }
}
