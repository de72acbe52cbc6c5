//! The format `csv`, with the options, the rows and the texts of Flink's.
//!
//! Delimiter, quote and escape character are single ASCII characters. A record with broken fields behind its last
//! column is passed over under `csv.ignore-parse-errors` like any other; Flink fails.

mod convert;
mod decode;
mod encode;
mod scan;

use dataflow::{Decoder, DecoderRequest, Encoder, EncoderRequest, Format, OptionDoc, OptionError, Options};
use model::{DataType, Schema, TypeKind};

use decode::{CsvDecoder, Rules};
use encode::{CsvEncoder, EncodeRules};
use scan::Grammar;

#[derive(Debug)]
pub struct Csv;

/// Flink reads times of day in CSV up to milliseconds.
const TIME_PRECISION_MAX: u8 = 3;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
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
                "csv.field-delimiter",
                ",",
                "Stands between fields; escapes such as '\\t' are understood.",
            ),
            option(
                "csv.quote-character",
                "\"",
                "Encloses fields that hold delimiters, quotes or line breaks.",
            ),
            option(
                "csv.disable-quote-character",
                "false",
                "Let no character enclose fields.",
            ),
            option(
                "csv.escape-character",
                "",
                "Takes the meaning of the character behind it.",
            ),
            option(
                "csv.null-literal",
                "",
                "Text that means NULL, and that NULL is written as.",
            ),
            option(
                "csv.allow-comments",
                "false",
                "Pass over lines that begin with '#'.",
            ),
            option(
                "csv.ignore-parse-errors",
                "false",
                "Make fields that cannot be read NULL and pass over records that cannot be read, instead of failing.",
            ),
            option(
                "csv.array-element-delimiter",
                ";",
                "Stands between the elements of an array and the fields of a row.",
            ),
            option(
                "csv.trim-spaces",
                "false",
                "Drop blanks around fields that are not quoted.",
            ),
            option(
                "csv.ignore-trailing-unmappable",
                "false",
                "Pass over fields behind the last column.",
            ),
            option(
                "csv.allow-trailing-comma",
                "true",
                "Take a delimiter behind the last field.",
            ),
            option(
                "csv.fail-on-missing-columns",
                "false",
                "Fail if a record has fewer fields than the table.",
            ),
            option("csv.empty-string-as-null", "false", "Read empty fields as NULL."),
            option(
                "csv.write-bigdecimal-in-scientific-notation",
                "true",
                "Write decimals as short as 1E+5; otherwise with all their digits.",
            ),
        ]
    }

    /// Never: a line break may stand within quotes.
    fn splittable(&self, _options: &Options) -> bool {
        false
    }

    fn decoder(&self, request: &DecoderRequest<'_>) -> Result<Box<dyn Decoder>, OptionError> {
        let settings = Settings::read(request.options)?;
        check_types(request.physical)?;
        Ok(Box::new(CsvDecoder::new(
            request.schema,
            request.physical,
            settings.rules,
        )))
    }

    fn encoder(&self, request: &EncoderRequest<'_>) -> Result<Box<dyn Encoder>, OptionError> {
        let settings = Settings::read(request.options)?;
        check_types(request.schema)?;
        Ok(Box::new(CsvEncoder::new(request.schema, settings.encode)))
    }
}

struct Settings {
    rules: Rules,
    encode: EncodeRules,
}

impl Settings {
    /// Reads all options, so that none of them is unknown to the table, whether it is read or written.
    fn read(options: &Options) -> Result<Settings, OptionError> {
        options.prefixed("csv.", |csv| {
            let flag = |key| Ok::<bool, OptionError>(csv.boolean(key)?.unwrap_or(false));
            let delimiter = match csv.get("field-delimiter") {
                Some(text) => character("csv.field-delimiter", &unescape_java(text))?,
                None => b',',
            };
            let quote_given = csv.get("quote-character");
            let quote = match (flag("disable-quote-character")?, quote_given) {
                (true, Some(_)) => {
                    return Err(OptionError::new(
                        "csv.quote-character",
                        "option 'csv.quote-character' cannot be set if 'csv.disable-quote-character' is true",
                    ));
                }
                (true, None) => None,
                (false, Some(text)) => Some(character("csv.quote-character", text)?),
                (false, None) => Some(b'"'),
            };
            let escape = match csv.get("escape-character") {
                Some(text) => Some(character("csv.escape-character", text)?),
                None => None,
            };
            let null_literal = csv.get("null-literal").map(str::to_string);
            let element_delimiter = csv.get("array-element-delimiter").unwrap_or(";").to_string();
            Ok(Settings {
                encode: EncodeRules {
                    delimiter,
                    quote,
                    escape,
                    element_delimiter: element_delimiter.clone(),
                    null_literal: null_literal.clone().unwrap_or_default(),
                    // Flink's file sink takes the option and does not heed it.
                    scientific_decimals: csv
                        .boolean("write-bigdecimal-in-scientific-notation")?
                        .unwrap_or(true)
                        || options
                            .entries()
                            .get("connector")
                            .is_some_and(|name| name == "filesystem"),
                },
                rules: Rules {
                    grammar: Grammar {
                        delimiter,
                        quote,
                        escape,
                        trim: flag("trim-spaces")?,
                        comments: flag("allow-comments")?,
                    },
                    element_delimiter: element_delimiter.into_bytes(),
                    null_literal: null_literal.map(String::into_bytes),
                    empty_is_null: flag("empty-string-as-null")?,
                    ignore_errors: flag("ignore-parse-errors")?,
                    ignore_trailing: flag("ignore-trailing-unmappable")?,
                    allow_trailing_delimiter: csv.boolean("allow-trailing-comma")?.unwrap_or(true),
                    fail_on_missing: flag("fail-on-missing-columns")?,
                },
            })
        })
    }
}

fn character(key: &str, text: &str) -> Result<u8, OptionError> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(OptionError::new(
            key,
            format!("option '{key}' must be a single ASCII character, got '{text}'"),
        )),
    }
}

/// Resolves Java's escapes, as in `\t` and `\u0001`; what is no escape stays as it is.
fn unescape_java(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let code = tail
            .strip_prefix('u')
            .map(|hex| hex.trim_start_matches('u'))
            .and_then(|hex| hex.get(..4).map(|digits| (digits, &hex[4..])))
            .and_then(|(digits, behind)| {
                let code = u32::from_str_radix(digits, 16).ok()?;
                Some((char::from_u32(code)?, behind))
            });
        if let Some((unescaped, behind)) = code {
            out.push(unescaped);
            rest = behind;
            continue;
        }
        let Some(escaped) = tail.chars().next() else {
            break;
        };
        out.push(match escaped {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            other => other,
        });
        rest = &tail[escaped.len_utf8()..];
    }
    // A backslash at the end has nothing to escape.
    out.push_str(rest.strip_suffix('\\').unwrap_or(rest));
    out
}

/// Refuses types that Flink's csv does not know: maps, intervals, and arrays or rows inside of those.
fn check_types(schema: &Schema) -> Result<(), OptionError> {
    fn check(data_type: &DataType, nested: bool) -> Result<(), String> {
        match &data_type.kind {
            TypeKind::Array(_) | TypeKind::Row(_) if nested => Err(format!(
                "the format csv takes only simple types inside an array or a row, got {}",
                data_type.kind
            )),
            TypeKind::Array(element) => check(element, true),
            TypeKind::Row(fields) => fields.iter().try_for_each(|field| check(&field.data_type, true)),
            TypeKind::Time(precision) if *precision > TIME_PRECISION_MAX => Err(format!(
                "the format csv takes TIME up to a precision of {TIME_PRECISION_MAX}, got {}",
                data_type.kind
            )),
            TypeKind::Map(..)
            | TypeKind::Multiset(_)
            | TypeKind::IntervalYearMonth
            | TypeKind::IntervalDayTime
            | TypeKind::Bitmap
            | TypeKind::Variant => Err(format!(
                "the format csv has no form for the type {}",
                data_type.kind
            )),
            _ => Ok(()),
        }
    }
    for field in &schema.fields {
        check(&field.data_type, false).map_err(|message| OptionError {
            key: Some("format".to_string()),
            message: format!("column '{}': {message}", field.name),
            hint: None,
        })?;
    }
    Ok(())
}
