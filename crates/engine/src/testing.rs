//! What tests of single operators build them from.

use graph::{Fingerprint, Input, Node, Operator};
use model::{ChangelogMode, Field, Schema, Span, TypeKind};

/// Numbers, and `t`: a time.
pub(crate) fn schema(names: &[&str]) -> Schema {
    let fields = names.iter().map(|name| match *name {
        "t" => Field::new(*name, TypeKind::Timestamp(3).nullable()),
        name => Field::new(name, TypeKind::BigInt.nullable()),
    });
    Schema::new(fields.collect())
}

/// A node whose rows have these columns.
pub(crate) fn node(operator: Operator, inputs: Vec<Input>, names: &[&str]) -> Node {
    Node {
        operator,
        inputs,
        schema: schema(names),
        changelog: ChangelogMode::INSERT_ONLY,
        upsert_keys: Vec::new(),
        ttl: [None; 2],
        fingerprint: Fingerprint(0),
        span: Span::default(),
    }
}
