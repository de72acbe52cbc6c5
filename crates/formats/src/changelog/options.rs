//! The options of the formats.

use dataflow::{OptionDoc, OptionError, Options};
use regex::Regex;

use super::Envelope;
use crate::json::{EncodeOptions, NullKeys, Rules};

pub(super) struct Settings {
    pub rules: Rules,
    pub encode: EncodeOptions,
    /// `debezium-json`: the envelope stands in a field `payload`, beside a schema that is passed over.
    pub schema_include: bool,
    /// `canal-json`: only records of databases and tables of these names.
    pub database: Option<Regex>,
    pub table: Option<Regex>,
}

/// The keys of a format: shared ones, and its own.
macro_rules! docs {
    ($prefix:literal) => {
        [
            (
                concat!($prefix, ".ignore-parse-errors"),
                "false",
                "Make fields that cannot be read NULL and pass over records that cannot be read, instead of failing.",
            ),
            (
                concat!($prefix, ".timestamp-format.standard"),
                "SQL",
                "'SQL' for 2026-01-05 12:30:05.123, 'ISO-8601' for 2026-01-05T12:30:05.123.",
            ),
            (
                concat!($prefix, ".map-null-key.mode"),
                "FAIL",
                "What to do with a NULL key of a map: 'FAIL', 'DROP' the entry, or write a 'LITERAL'.",
            ),
            (
                concat!($prefix, ".map-null-key.literal"),
                "null",
                "What to write for a NULL key of a map if the mode is 'LITERAL'.",
            ),
            (
                concat!($prefix, ".encode.decimal-as-plain-number"),
                "false",
                "Write decimals with all their digits, never as 2.7E-8.",
            ),
            (
                concat!($prefix, ".encode.ignore-null-fields"),
                "false",
                "Leave out fields that are NULL.",
            ),
        ]
    };
}

const SCHEMA_INCLUDE: (&str, &str, &str) = (
    "debezium-json.schema-include",
    "false",
    "Whether records come with a schema: {\"schema\": ..., \"payload\": ...}. Such ones cannot be written.",
);
const DATABASE_INCLUDE: (&str, &str, &str) = (
    "canal-json.database.include",
    "",
    "A regular expression: only records of databases with such a name are read.",
);
const TABLE_INCLUDE: (&str, &str, &str) = (
    "canal-json.table.include",
    "",
    "A regular expression: only records of tables with such a name are read.",
);

pub(super) fn docs(envelope: Envelope) -> Vec<OptionDoc> {
    let (own, shared): (&[_], _) = match envelope {
        Envelope::Debezium => (&[SCHEMA_INCLUDE], docs!("debezium-json")),
        Envelope::Ogg => (&[], docs!("ogg-json")),
        Envelope::Canal => (&[DATABASE_INCLUDE, TABLE_INCLUDE], docs!("canal-json")),
        Envelope::Maxwell => (&[], docs!("maxwell-json")),
    };
    own.iter()
        .copied()
        .chain(shared)
        .map(|(key, default, doc)| OptionDoc {
            key,
            required: false,
            default,
            doc,
        })
        .collect()
}

impl Settings {
    /// Reads all options, so that none of them is unknown to the table, whether it is read or written.
    pub fn read(envelope: Envelope, options: &Options) -> Result<Settings, OptionError> {
        let prefix = format!("{}.", envelope.name());
        options.prefixed(&prefix, |own| {
            let iso_timestamps = own
                .one_of("timestamp-format.standard", &[("SQL", false), ("ISO-8601", true)])?
                .unwrap_or(false);
            let literal = own.get("map-null-key.literal").unwrap_or("null").to_string();
            let modes = [("FAIL", 0), ("DROP", 1), ("LITERAL", 2)];
            let null_keys = match own.one_of("map-null-key.mode", &modes)? {
                Some(1) => NullKeys::Drop,
                Some(2) => NullKeys::Literal(literal),
                _ => NullKeys::Fail,
            };
            let schema_include =
                envelope == Envelope::Debezium && own.boolean("schema-include")?.unwrap_or(false);
            let pattern = |key: &str| -> Result<Option<Regex>, OptionError> {
                if envelope != Envelope::Canal {
                    return Ok(None);
                }
                let Some(pattern) = own.get(key) else {
                    return Ok(None);
                };
                let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|error| {
                    OptionError::new(
                        &format!("{prefix}{key}"),
                        format!("option '{prefix}{key}' must be a regular expression: {error}"),
                    )
                })?;
                Ok(Some(regex))
            };
            Ok(Settings {
                rules: Rules {
                    ignore_errors: own.boolean("ignore-parse-errors")?.unwrap_or(false),
                    // Flink's changelogs are read by way of a tree.
                    last_key_counts: true,
                    iso_timestamps,
                    ..Rules::default()
                },
                encode: EncodeOptions {
                    iso_timestamps,
                    plain_decimals: own.boolean("encode.decimal-as-plain-number")?.unwrap_or(false),
                    skip_null_fields: own.boolean("encode.ignore-null-fields")?.unwrap_or(false),
                    null_keys,
                    escape_supplementary: true,
                    quote_wide_numbers: false,
                },
                schema_include,
                database: pattern("database.include")?,
                table: pattern("table.include")?,
            })
        })
    }

    pub fn check_writable(&self, envelope: Envelope) -> Result<(), OptionError> {
        if self.schema_include {
            let key = format!("{}.schema-include", envelope.name());
            let message = format!("option '{key}' cannot be true for a table that is written");
            return Err(OptionError::new(&key, message));
        }
        Ok(())
    }
}
