//! The cluster that these tests share.

#[path = "../../../../tests/flink/cluster.rs"]
mod shared;

pub use shared::Cluster;
