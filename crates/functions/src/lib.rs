//! Flink's functions.
