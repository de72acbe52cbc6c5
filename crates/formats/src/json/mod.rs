//! The format `json`, with the options, the rows and the texts of Flink's.
//!
//! On purpose it differs where Flink loses its way: under `json.ignore-parse-errors` an object or array in a scalar
//! field makes that field NULL and spoils nothing behind it, and a record that cannot be read gives no row rather
//! than a row that is itself NULL. An object is never a BOOLEAN. Times are cut to the precision of their column, and
//! hexadecimal floats and digits beyond ASCII are refused. Records must be UTF-8 to their end.

mod block;
mod convert;
mod decode;
mod encode;
mod fault;
mod keys;
mod scan;
mod text;
mod tree;
mod walk;

pub use encode::{EncodeOptions, NullKeys, RowEncoder};

use dataflow::{Decoder, DecoderRequest, Encoder, EncoderRequest, Format, OptionDoc, OptionError, Options};
use model::{DataType, Schema, TypeKind};

pub(crate) use decode::JsonDecoder;
use encode::JsonEncoder;
pub(crate) use walk::Rules;

#[derive(Debug)]
pub struct Json;

const FAIL_ON_MISSING_FIELD: &str = "fail-on-missing-field";
const IGNORE_PARSE_ERRORS: &str = "ignore-parse-errors";
const MAP_NULL_KEY_MODE: &str = "map-null-key.mode";
const MAP_NULL_KEY_LITERAL: &str = "map-null-key.literal";
const TIMESTAMP_STANDARD: &str = "timestamp-format.standard";
const DECIMAL_AS_PLAIN_NUMBER: &str = "encode.decimal-as-plain-number";
const IGNORE_NULL_FIELDS: &str = "encode.ignore-null-fields";
const JSON_PARSER_ENABLED: &str = "decode.json-parser.enabled";

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn options(&self) -> Vec<OptionDoc> {
        let option = |key, default, doc| OptionDoc {
            key,
            required: false,
            default,
            doc,
        };
        vec![
            option(
                "json.fail-on-missing-field",
                "false",
                "Fail if a field is missing; otherwise it is NULL.",
            ),
            option(
                "json.ignore-parse-errors",
                "false",
                "Make fields that cannot be read NULL and pass over records that cannot be read, instead of failing.",
            ),
            option(
                "json.timestamp-format.standard",
                "SQL",
                "'SQL' for 2026-01-05 12:30:05.123, 'ISO-8601' for 2026-01-05T12:30:05.123.",
            ),
            option(
                "json.map-null-key.mode",
                "FAIL",
                "What to do with a NULL key of a map: 'FAIL', 'DROP' the entry, or write a 'LITERAL'.",
            ),
            option(
                "json.map-null-key.literal",
                "null",
                "What to write for a NULL key of a map if the mode is 'LITERAL'.",
            ),
            option(
                "json.encode.decimal-as-plain-number",
                "false",
                "Write decimals with all their digits, never as 2.7E-8.",
            ),
            option(
                "json.encode.ignore-null-fields",
                "false",
                "Leave out fields that are NULL.",
            ),
            option(
                "json.decode.json-parser.enabled",
                "true",
                "As Flink's faster parser: a record is only checked, no longer read, once all fields wanted were met.",
            ),
        ]
    }

    fn splittable(&self, _options: &Options) -> bool {
        true
    }

    fn decoder(&self, request: &DecoderRequest<'_>) -> Result<Box<dyn Decoder>, OptionError> {
        let settings = Settings::read(request.options)?;
        check_types(request.schema)?;
        let rules = Rules {
            exact_fractions: request
                .schema
                .fields
                .iter()
                .any(|field| has_decimal(&field.data_type)),
            ..settings.rules
        };
        Ok(Box::new(JsonDecoder::new(request.schema, rules)))
    }

    fn encoder(&self, request: &EncoderRequest<'_>) -> Result<Box<dyn Encoder>, OptionError> {
        let settings = Settings::read(request.options)?;
        check_types(request.schema)?;
        Ok(Box::new(JsonEncoder::new(request.schema, settings.encode)))
    }
}

struct Settings {
    rules: Rules,
    encode: EncodeOptions,
}

impl Settings {
    /// Reads all options, so that none of them is unknown to the table, whether it is read or written.
    fn read(options: &Options) -> Result<Settings, OptionError> {
        #[derive(Clone, Copy)]
        enum Mode {
            Fail,
            Drop,
            Literal,
        }
        options.prefixed("json.", |json| {
            let ignore_errors = json.boolean(IGNORE_PARSE_ERRORS)?.unwrap_or(false);
            let fail_on_missing = json.boolean(FAIL_ON_MISSING_FIELD)?.unwrap_or(false);
            if ignore_errors && fail_on_missing {
                return Err(OptionError::new(
                    "json.fail-on-missing-field",
                    "options 'json.fail-on-missing-field' and 'json.ignore-parse-errors' cannot both be true",
                ));
            }
            let iso_timestamps = json
                .one_of(TIMESTAMP_STANDARD, &[("SQL", false), ("ISO-8601", true)])?
                .unwrap_or(false);
            let modes = [
                ("FAIL", Mode::Fail),
                ("DROP", Mode::Drop),
                ("LITERAL", Mode::Literal),
            ];
            let mode = json.one_of(MAP_NULL_KEY_MODE, &modes)?.unwrap_or(Mode::Fail);
            let literal = json.get(MAP_NULL_KEY_LITERAL).unwrap_or("null").to_string();
            Ok(Settings {
                rules: Rules {
                    ignore_errors,
                    fail_on_missing,
                    last_key_counts: !json.boolean(JSON_PARSER_ENABLED)?.unwrap_or(true),
                    iso_timestamps,
                    exact_fractions: false,
                },
                encode: EncodeOptions {
                    iso_timestamps,
                    plain_decimals: json.boolean(DECIMAL_AS_PLAIN_NUMBER)?.unwrap_or(false),
                    skip_null_fields: json.boolean(IGNORE_NULL_FIELDS)?.unwrap_or(false),
                    null_keys: match mode {
                        Mode::Fail => NullKeys::Fail,
                        Mode::Drop => NullKeys::Drop,
                        Mode::Literal => NullKeys::Literal(literal),
                    },
                    escape_supplementary: true,
                    quote_wide_numbers: false,
                },
            })
        })
    }
}

/// Refuses maps whose keys are no text, as JSON has no others, and bitmaps and variants, as Flink does.
pub(crate) fn check_types(schema: &Schema) -> Result<(), OptionError> {
    fn check(data_type: &DataType) -> Result<(), String> {
        match &data_type.kind {
            TypeKind::Map(key, _) | TypeKind::Multiset(key) if !key.kind.is_string() => Err(format!(
                "the format json needs keys of a map to be strings, got {}",
                data_type.kind
            )),
            TypeKind::Bitmap | TypeKind::Variant => Err(format!(
                "the format json has no form for the type {}",
                data_type.kind
            )),
            TypeKind::Map(_, inner) | TypeKind::Array(inner) => check(inner),
            TypeKind::Row(fields) => fields.iter().try_for_each(|field| check(&field.data_type)),
            _ => Ok(()),
        }
    }
    for field in &schema.fields {
        check(&field.data_type).map_err(|message| OptionError {
            key: Some("format".to_string()),
            message: format!("column '{}': {message}", field.name),
            hint: None,
        })?;
    }
    Ok(())
}

pub(crate) fn has_decimal(data_type: &DataType) -> bool {
    match &data_type.kind {
        TypeKind::Decimal { .. } => true,
        TypeKind::Array(inner) | TypeKind::Multiset(inner) => has_decimal(inner),
        TypeKind::Map(key, value) => has_decimal(key) || has_decimal(value),
        TypeKind::Row(fields) => fields.iter().any(|field| has_decimal(&field.data_type)),
        _ => false,
    }
}
