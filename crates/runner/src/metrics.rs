//! What every engine counts, under the same names.

use serde::{Deserialize, Serialize};

/// What an older worker does not count yet is zero.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    pub at_ms: i64,
    /// Rows that sources have read since the run began.
    pub rows_in: u64,
    /// Rows that sinks were given since the run began.
    pub rows_out: u64,
    /// Over about the last second.
    pub rows_in_per_second: f64,
    /// Rows dropped because they came behind the watermark.
    pub late_rows: u64,
    /// Late rows that corrected a window's results.
    pub refired_rows: u64,
    /// Rows that went to another table: late ones, unreadable records, and rows whose lookup took too long.
    pub redirected_rows: u64,
    /// Rows dropped because they have no time.
    pub null_time_rows: u64,
    /// Rows dropped because they have a NULL where the table takes none, as
    /// `table.exec.sink.not-null-enforcer` = `DROP` asks for.
    pub null_rows: u64,
    /// Records passed over because they could not be read, as the table's options say.
    pub unreadable_rows: u64,
    /// Rows whose lookup took too long, whatever became of them.
    pub timed_out_lookups: u64,
    /// How far event time has come.
    pub watermark_ms: Option<i64>,
    /// Resident memory of the run's process.
    pub memory_bytes: u64,
    pub checkpoints: CheckpointMetrics,
    pub nodes: Vec<NodeMetrics>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckpointMetrics {
    /// The number of the checkpoint that the run has gone on from.
    pub restored: Option<u64>,
    /// The id of the savepoint that it has gone on from.
    pub restored_savepoint: Option<String>,
    pub completed: u64,
    pub failed: u64,
    /// The last one that was completed: its number, when that was, how long it took from the start of its barrier,
    /// and how large it is.
    pub last_number: Option<u64>,
    pub last_at_ms: Option<i64>,
    pub last_duration_ms: u64,
    pub last_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeMetrics {
    /// As in the plan of the same program.
    pub id: String,
    pub name: String,
    pub rows_in: u64,
    pub rows_out: u64,
    pub late_rows: u64,
    pub refired_rows: u64,
    pub redirected_rows: u64,
    pub null_time_rows: u64,
    pub null_rows: u64,
    pub unreadable_rows: u64,
    pub timed_out_lookups: u64,
    /// Time spent in it, over all shards.
    pub busy_us: u64,
    /// State in memory, and in files that it did not fit beside.
    pub state_bytes: u64,
    pub spilled_bytes: u64,
    /// Keys that were looked for in those files.
    pub spill_lookups: u64,
    pub watermark_ms: Option<i64>,
}
