//! The formats through their front door: what `formats::all` hands out.

mod avro;
mod broken;
mod changelogs;
mod chunking;
mod flink;
mod json_property;
mod kit;
mod messages;
mod round_trip;
