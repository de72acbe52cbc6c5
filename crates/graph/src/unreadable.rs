//! The rows that records become which a source could not read.

use model::{Field, Schema, TypeKind};

/// The columns of [`crate::Operator::UnreadableRows`].
pub fn unreadable_schema() -> Schema {
    Schema::new(vec![
        Field::new("source_table", TypeKind::STRING.not_null()),
        // A file, or a partition of a topic.
        Field::new("source_split", TypeKind::STRING.not_null()),
        // The byte that it begins with, or its offset.
        Field::new("source_offset", TypeKind::BigInt.not_null()),
        // NULL for a message without bytes.
        Field::new("record", TypeKind::BYTES.nullable()),
        Field::new("error", TypeKind::STRING.not_null()),
        Field::new("read_at", TypeKind::TimestampLtz(3).not_null()),
    ])
}
