//! What is known of a checkpoint.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// They are numbered over all attempts of a deployment.
    pub number: u64,
    pub bytes: u64,
    /// `None` if it is damaged, so that nobody can go on from it.
    pub origin: Option<CheckpointOrigin>,
}

/// Where a checkpoint comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointOrigin {
    pub run_id: String,
    pub epoch: u64,
    pub parallelism: usize,
    /// When its barrier set out, and when it was about to be written.
    pub began_ms: i64,
    pub taken_ms: i64,
    /// Of a job that had come to its end, or was stopped.
    pub is_last: bool,
}
