//! The connectors `kafka` and `upsert-kafka` against a real broker, which `tests/kafka/broker` starts.

mod avro;
mod metadata;
mod offsets;
mod reach;
mod registry;
mod sink;
mod source;
mod support;
mod transactions;
mod upsert;
