//! What the decoder targets share: a table of every type, and bytes that arrive in two pieces.

use std::sync::Arc;

use dataflow::{DecoderRequest, EvaluationContext, Format, Options};
use model::{Field, RowField, Schema, TypeKind};
use stdx::ManualClock;

#[allow(dead_code, reason = "not every target decodes all types")]
pub fn every_type() -> Schema {
    let kinds = [
        TypeKind::Int,
        TypeKind::BigInt,
        TypeKind::TinyInt,
        TypeKind::SmallInt,
        TypeKind::STRING,
        TypeKind::Decimal { precision: 10, scale: 2 },
        TypeKind::Double,
        TypeKind::Float,
        TypeKind::Boolean,
        TypeKind::Date,
        TypeKind::Time(0),
        TypeKind::Timestamp(3),
        TypeKind::Timestamp(9),
        TypeKind::TimestampLtz(3),
        TypeKind::BYTES,
        TypeKind::Array(Box::new(TypeKind::Int.nullable())),
        TypeKind::Row(vec![
            RowField::new("x", TypeKind::Int.nullable()),
            RowField::new("y", TypeKind::STRING.nullable()),
        ]),
    ];
    let name = |index: usize| char::from(b'a' + index as u8).to_string();
    Schema::new(
        kinds.into_iter().enumerate().map(|(index, kind)| Field::new(name(index), kind.nullable())).collect(),
    )
}

/// Decodes a stream that arrives in two pieces, then one message. Errors are fine, panics are not.
pub fn decode(format: &dyn Format, schema: &Schema, options: &[(&str, &str)], bytes: &[u8]) {
    let options = Options::new(options.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect());
    let context = Arc::new(EvaluationContext::new(chrono_tz::UTC, Arc::new(ManualClock::at_ms(0))));
    let request = DecoderRequest { schema, physical: schema, options: &options, context: &context, faults_at_once: false };
    let mut decoder = format.decoder(&request).expect("the options are right");
    let cut = bytes.first().map_or(0, |&first| usize::from(first) % (bytes.len() + 1));
    let mut at = 0;
    for (limit, end) in [(cut, false), (bytes.len(), true)] {
        while at <= limit {
            match decoder.decode_stream(&bytes[at..limit], end, 3) {
                Ok(used) => {
                    at += used;
                    let rows = decoder.rows();
                    // A record of a changelog is whole or broken only together with others of its chunk.
                    let Ok(chunk) = decoder.take_chunk() else { return };
                    if format.reads().is_insert_only() {
                        assert_eq!(chunk.rows(), rows);
                    }
                    assert!(chunk.kinds.as_ref().is_none_or(|kinds| kinds.len() == chunk.rows()));
                    if used == 0 && rows == 0 {
                        break;
                    }
                }
                Err(error) => {
                    assert!(error.offset <= limit - at, "{error:?}");
                    return;
                }
            }
        }
    }
    let _ = decoder.decode_message(bytes);
    let _ = decoder.take_chunk();
}
