//! Types and rows as text, and decoders made from them.

use std::iter::Peekable;
use std::str::Chars;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType, TimestampMicrosecondType,
    TimestampNanosecondType,
};
use arrow_array::{Array, RecordBatch};
use dataflow::format::DecodeError;
use dataflow::{
    Chunk, Decoder, DecoderRequest, Encoder, EncoderRequest, EvaluationContext, Format, OptionError, Options,
};
use model::{DataType, Field, RowField, Schema, TypeKind};
use stdx::SystemClock;
use values::temporal::{Instant, civil_from_days};
use values::{decimal, number};

pub fn format(name: &str) -> Arc<dyn Format> {
    let found = formats::all().into_iter().find(|format| format.name() == name);
    found.unwrap_or_else(|| panic!("no format {name}"))
}

pub fn options(entries: &[(&str, &str)]) -> Options {
    let entries = entries
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()));
    Options::new(entries.collect())
}

pub fn context() -> Arc<EvaluationContext> {
    Arc::new(EvaluationContext::new(chrono_tz::UTC, Arc::new(SystemClock)))
}

/// A schema written `a INT, b ROW<c STRING>`, with `!` for NOT NULL.
pub fn schema(text: &str) -> Schema {
    let fields = TypeParser::new(text).fields(None);
    Schema::new(
        fields
            .into_iter()
            .map(|field| Field::new(field.name, field.data_type))
            .collect(),
    )
}

pub fn try_decoder(
    name: &str,
    entries: &[(&str, &str)],
    wanted: &Schema,
    physical: &Schema,
) -> Result<Box<dyn Decoder>, OptionError> {
    let options = options(entries);
    let decoder = format(name).decoder(&DecoderRequest {
        schema: wanted,
        physical,
        options: &options,
        context: &context(),
        faults_at_once: false,
    })?;
    options.finish()?;
    Ok(decoder)
}

pub fn decoder(name: &str, entries: &[(&str, &str)], columns: &str) -> Box<dyn Decoder> {
    let schema = schema(columns);
    try_decoder(name, entries, &schema, &schema).unwrap()
}

pub fn encoder(name: &str, entries: &[(&str, &str)], schema: &Schema) -> Box<dyn Encoder> {
    let options = options(entries);
    let request = EncoderRequest {
        schema,
        options: &options,
        context: &context(),
        subject: None,
    };
    format(name).encoder(&request).unwrap()
}

pub fn encode(name: &str, entries: &[(&str, &str)], schema: &Schema, batch: &RecordBatch) -> Vec<u8> {
    let mut out = Vec::new();
    encoder(name, entries, schema)
        .encode(&Chunk::inserts(batch.clone()), &mut out)
        .unwrap();
    out
}

/// Decodes a whole stream in one go.
pub fn decode_all(decoder: &mut dyn Decoder, bytes: &[u8]) -> Result<RecordBatch, DecodeError> {
    let used = decoder.decode_stream(bytes, true, usize::MAX)?;
    assert_eq!(used, bytes.len());
    Ok(decoder.take().unwrap())
}

pub fn rows(batch: &RecordBatch, schema: &Schema) -> Vec<String> {
    (0..batch.num_rows())
        .map(|row| {
            let fields: Vec<String> = schema
                .fields
                .iter()
                .zip(batch.columns())
                .map(|(field, array)| show(array, &field.data_type.kind, row))
                .collect();
            format!("({})", fields.join(", "))
        })
        .collect()
}

/// A value the way the recorded answers show it.
fn show(array: &dyn Array, kind: &TypeKind, row: usize) -> String {
    if array.is_null(row) {
        return "NULL".to_string();
    }
    let mut text = String::new();
    match kind {
        TypeKind::Null => text.push_str("NULL"),
        TypeKind::Boolean => return array.as_boolean().value(row).to_string(),
        TypeKind::TinyInt => return array.as_primitive::<Int8Type>().value(row).to_string(),
        TypeKind::SmallInt => return array.as_primitive::<Int16Type>().value(row).to_string(),
        TypeKind::Int => return array.as_primitive::<Int32Type>().value(row).to_string(),
        TypeKind::BigInt => return array.as_primitive::<Int64Type>().value(row).to_string(),
        TypeKind::IntervalYearMonth => {
            return array
                .as_primitive::<IntervalYearMonthType>()
                .value(row)
                .to_string();
        }
        TypeKind::IntervalDayTime => {
            return array
                .as_primitive::<DurationMillisecondType>()
                .value(row)
                .to_string();
        }
        TypeKind::Variant => text.push_str(array.as_string::<i32>().value(row)),
        TypeKind::Bitmap => values::bitmap::write_text(array.as_binary::<i32>().value(row), &mut text),
        TypeKind::Date => return array.as_primitive::<Date32Type>().value(row).to_string(),
        TypeKind::Time(_) => {
            return array
                .as_primitive::<Time32MillisecondType>()
                .value(row)
                .to_string();
        }
        TypeKind::Float => number::write_f32(array.as_primitive::<Float32Type>().value(row), &mut text),
        TypeKind::Double => number::write_f64(array.as_primitive::<Float64Type>().value(row), &mut text),
        TypeKind::Decimal { scale, .. } => {
            decimal::write(
                array.as_primitive::<Decimal128Type>().value(row),
                *scale,
                &mut text,
            );
        }
        TypeKind::Char(_) | TypeKind::Varchar(_) => {
            return format!("'{}'", visible(array.as_string::<i32>().value(row)));
        }
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
            let bytes = array.as_binary::<i32>().value(row);
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            return format!("x'{hex}'");
        }
        TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision) => {
            let value = if *precision <= 6 {
                array.as_primitive::<TimestampMicrosecondType>().value(row)
            } else {
                array.as_primitive::<TimestampNanosecondType>().value(row)
            };
            return local_date_time(Instant::from_unit(value, *precision));
        }
        TypeKind::Array(element) => {
            let elements = array.as_list::<i32>().value(row);
            let shown: Vec<String> = (0..elements.len())
                .map(|place| show(&elements, &element.kind, place))
                .collect();
            return format!("[{}]", shown.join(", "));
        }
        TypeKind::Map(..) | TypeKind::Multiset(_) => {
            let (key, value) = match kind {
                TypeKind::Map(key, value) => (key.kind.clone(), value.kind.clone()),
                TypeKind::Multiset(element) => (element.kind.clone(), TypeKind::Int),
                _ => unreachable!(),
            };
            let entries = array.as_map().value(row);
            let mut shown: Vec<String> = (0..entries.len())
                .map(|entry| {
                    let shown_key = show(entries.column(0), &key, entry);
                    format!("{shown_key}={}", show(entries.column(1), &value, entry))
                })
                .collect();
            // Java's maps have an order of their own.
            shown.sort();
            return format!("{{{}}}", shown.join(", "));
        }
        TypeKind::Row(fields) => {
            let shown: Vec<String> = fields
                .iter()
                .zip(array.as_struct().columns())
                .map(|(field, column)| show(column, &field.data_type.kind, row))
                .collect();
            return format!("({})", shown.join(", "));
        }
    }
    text
}

pub fn visible(text: &str) -> String {
    text.replace('\n', "\\n")
        .replace('\r', "\\r")
        .replace('\t', "\\t")
}

/// `LocalDateTime.toString`.
fn local_date_time(instant: Instant) -> String {
    let (day, nanos) = instant.split();
    let (year, month, day) = civil_from_days(day);
    let mut text = match year {
        0..=9999 => format!("{year:04}"),
        10_000.. => format!("+{year}"),
        _ => format!("-{:04}", -year),
    };
    let second = nanos / 1_000_000_000;
    let fraction = nanos % 1_000_000_000;
    text.push_str(&format!(
        "-{month:02}-{day:02}T{:02}:{:02}",
        second / 3600,
        second / 60 % 60
    ));
    if second % 60 != 0 || fraction != 0 {
        text.push_str(&format!(":{:02}", second % 60));
    }
    if fraction % 1_000_000 == 0 && fraction != 0 {
        text.push_str(&format!(".{:03}", fraction / 1_000_000));
    } else if fraction % 1000 == 0 && fraction != 0 {
        text.push_str(&format!(".{:06}", fraction / 1000));
    } else if fraction != 0 {
        text.push_str(&format!(".{fraction:09}"));
    }
    text
}

/// Reads the types of test cases; panics on everything else.
pub struct TypeParser<'a> {
    rest: Peekable<Chars<'a>>,
}

impl<'a> TypeParser<'a> {
    pub fn new(text: &'a str) -> TypeParser<'a> {
        TypeParser {
            rest: text.chars().peekable(),
        }
    }

    fn blanks(&mut self) {
        while self.rest.next_if(|c| c.is_whitespace()).is_some() {}
    }

    fn word(&mut self) -> String {
        self.blanks();
        let mut word = String::new();
        if self.rest.next_if_eq(&'`').is_some() {
            while let Some(c) = self.rest.next_if(|&c| c != '`') {
                word.push(c);
            }
            self.rest.next();
        } else {
            while let Some(c) = self.rest.next_if(|&c| c.is_alphanumeric() || c == '_') {
                word.push(c);
            }
        }
        word
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.blanks();
        self.rest.next_if_eq(&wanted).is_some()
    }

    pub fn fields(&mut self, close: Option<char>) -> Vec<RowField> {
        let mut fields = Vec::new();
        loop {
            self.blanks();
            if self.rest.peek().copied() == close {
                self.rest.next();
                return fields;
            }
            let name = self.word();
            assert!(!name.is_empty(), "expected a field, rest {:?}", self.rest);
            let data_type = self.data_type();
            let nullable = !self.takes('!');
            fields.push(RowField::new(name, data_type.with_nullable(nullable)));
            self.takes(',');
        }
    }

    fn numbers(&mut self) -> Vec<u32> {
        let mut numbers = Vec::new();
        if self.takes('(') {
            while !self.takes(')') {
                numbers.push(self.word().parse().unwrap());
                self.takes(',');
            }
        }
        numbers
    }

    pub fn data_type(&mut self) -> DataType {
        let name = self.word();
        let inner = |parser: &mut Self| {
            assert!(parser.takes('<'));
            Box::new(parser.data_type())
        };
        let kind = match name.as_str() {
            "ROW" => {
                assert!(self.takes('<'));
                return TypeKind::Row(self.fields(Some('>'))).nullable();
            }
            "ARRAY" => {
                let element = inner(self);
                assert!(self.takes('>'));
                TypeKind::Array(element)
            }
            "MULTISET" => {
                let element = inner(self);
                assert!(self.takes('>'));
                TypeKind::Multiset(element)
            }
            "MAP" => {
                let key = inner(self);
                assert!(self.takes(','));
                let value = Box::new(self.data_type());
                assert!(self.takes('>'));
                TypeKind::Map(key, value)
            }
            "INTERVAL" => {
                let (from, _, _) = (self.word(), self.word(), self.word());
                if from == "YEAR" {
                    TypeKind::IntervalYearMonth
                } else {
                    TypeKind::IntervalDayTime
                }
            }
            _ => {
                let numbers = self.numbers();
                let precision = |default: u8| numbers.first().map_or(default, |&n| n as u8);
                match name.as_str() {
                    "NULL" => TypeKind::Null,
                    "BOOLEAN" => TypeKind::Boolean,
                    "TINYINT" => TypeKind::TinyInt,
                    "SMALLINT" => TypeKind::SmallInt,
                    "INT" => TypeKind::Int,
                    "BIGINT" => TypeKind::BigInt,
                    "FLOAT" => TypeKind::Float,
                    "DOUBLE" => TypeKind::Double,
                    "DECIMAL" => TypeKind::Decimal {
                        precision: numbers[0] as u8,
                        scale: numbers[1] as u8,
                    },
                    "STRING" => TypeKind::STRING,
                    "BYTES" => TypeKind::BYTES,
                    "CHAR" => TypeKind::Char(numbers[0]),
                    "VARCHAR" => TypeKind::Varchar(numbers[0]),
                    "BINARY" => TypeKind::Binary(numbers[0]),
                    "VARBINARY" => TypeKind::Varbinary(numbers[0]),
                    "DATE" => TypeKind::Date,
                    "TIME" => TypeKind::Time(precision(0)),
                    "TIMESTAMP" => TypeKind::Timestamp(precision(6)),
                    "TIMESTAMP_LTZ" => TypeKind::TimestampLtz(precision(6)),
                    other => panic!("unknown type {other}"),
                }
            }
        };
        kind.nullable()
    }
}
