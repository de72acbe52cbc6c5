//! Bytes to batches and back: the formats that a table's `'format'` option names.
//!
//! Nothing here reads or writes files or knows where bytes come from. Every format reads its own options, and gives
//! the rows and the bytes that Flink's format of the same name gives; where it does not, it says so in its file.

use std::fmt;
use std::sync::Arc;

use dataflow::Format;

pub mod avro;
mod base64;
pub mod changelog;
mod column;
pub mod csv;
mod java_time;
pub mod json;
pub mod raw;
mod text;
mod utf8;

/// All formats.
pub fn all() -> Vec<Arc<dyn Format>> {
    vec![
        Arc::new(json::Json),
        Arc::new(csv::Csv),
        Arc::new(raw::Raw),
        Arc::new(avro::Avro),
        Arc::new(changelog::DEBEZIUM),
        Arc::new(changelog::CANAL),
        Arc::new(changelog::MAXWELL),
        Arc::new(changelog::OGG),
    ]
}

/// A value as messages quote it: cut to a length a person reads, never broken inside a character.
fn quote(text: &[u8]) -> impl fmt::Display {
    const SHOWN_CHARACTERS_MAX: usize = 60;
    let text = String::from_utf8_lossy(text);
    match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        Some((end, _)) => format!("'{}...'", &text[..end]),
        None => format!("'{text}'"),
    }
}
