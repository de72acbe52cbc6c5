//! The connectors `kafka` and `upsert-kafka` against a real broker, which `tests/kafka/broker` starts.

mod metadata;
mod offsets;
mod reach;
mod sink;
mod source;
mod support;
mod transactions;
mod upsert;
