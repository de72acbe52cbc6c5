//! The format `raw`: a table of one column, whose value is the bytes of the record.
//!
//! In files every line is a record, the empty one too. Text in another character set becomes UTF-8; what is no
//! text of its set becomes U+FFFD, as in Java.

use std::borrow::Cow;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use dataflow::format::DecodeError;
use dataflow::{
    Chunk, Decoder, DecoderRequest, Encoder, EncoderRequest, Error, Format, OptionDoc, OptionError, Options,
};
use model::{Schema, TypeKind};

use crate::column::{Column, Columns};

#[derive(Debug)]
pub struct Raw;

impl Format for Raw {
    fn name(&self) -> &'static str {
        "raw"
    }

    fn options(&self) -> Vec<OptionDoc> {
        vec![
            OptionDoc {
                key: "raw.charset",
                required: false,
                default: "UTF-8",
                doc: "The character set of text.",
            },
            OptionDoc {
                key: "raw.endianness",
                required: false,
                default: "big-endian",
                doc: "Whether the first byte of a number is its highest ('big-endian') or lowest ('little-endian').",
            },
        ]
    }

    fn splittable(&self, _options: &Options) -> bool {
        true
    }

    fn decoder(&self, request: &DecoderRequest<'_>) -> Result<Box<dyn Decoder>, OptionError> {
        let coding = Coding::read(request.options)?;
        check_columns(request.physical)?;
        Ok(Box::new(RawDecoder {
            coding,
            type_text: request
                .schema
                .fields
                .first()
                .map(|field| (field.name.clone(), field.data_type.kind.to_string())),
            columns: Columns::new(request.schema),
        }))
    }

    fn encoder(&self, request: &EncoderRequest<'_>) -> Result<Box<dyn Encoder>, OptionError> {
        let coding = Coding::read(request.options)?;
        Ok(Box::new(RawEncoder {
            coding,
            kind: check_columns(request.schema)?,
        }))
    }
}

fn check_columns(schema: &Schema) -> Result<TypeKind, OptionError> {
    let [field] = schema.fields.as_slice() else {
        return Err(OptionError::new(
            "format",
            format!(
                "the format raw needs a table of one physical column, got {}",
                schema.len()
            ),
        ));
    };
    match &field.data_type.kind {
        TypeKind::Char(_)
        | TypeKind::Varchar(_)
        | TypeKind::Binary(_)
        | TypeKind::Varbinary(_)
        | TypeKind::Boolean
        | TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Float
        | TypeKind::Double => Ok(field.data_type.kind.clone()),
        other => Err(OptionError::new(
            "format",
            format!(
                "column '{}': the format raw has no form for the type {other}",
                field.name
            ),
        )
        .hint("use STRING, BYTES, BOOLEAN or a number")),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Utf8,
    Ascii,
    Latin1,
    /// With a byte order mark, or big-endian.
    Utf16,
    Utf16Be,
    Utf16Le,
}

#[derive(Debug, Clone, Copy)]
struct Coding {
    charset: Charset,
    little_endian: bool,
}

impl Coding {
    fn read(options: &Options) -> Result<Coding, OptionError> {
        const CHARSETS: [(&str, Charset); 9] = [
            ("UTF-8", Charset::Utf8),
            ("US-ASCII", Charset::Ascii),
            ("ISO-8859-1", Charset::Latin1),
            ("UTF-16", Charset::Utf16),
            ("UTF-16BE", Charset::Utf16Be),
            ("UTF-16LE", Charset::Utf16Le),
            ("UTF8", Charset::Utf8),
            ("ASCII", Charset::Ascii),
            ("latin1", Charset::Latin1),
        ];
        let endianness = [("big-endian", false), ("little-endian", true)];
        options.prefixed("raw.", |raw| {
            Ok(Coding {
                charset: raw.one_of("charset", &CHARSETS)?.unwrap_or(Charset::Utf8),
                little_endian: raw.one_of("endianness", &endianness)?.unwrap_or(false),
            })
        })
    }

    fn decode<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        let (charset, bytes) = match (self.charset, bytes) {
            (Charset::Utf16, [0xff, 0xfe, rest @ ..]) => (Charset::Utf16Le, rest),
            (Charset::Utf16, [0xfe, 0xff, rest @ ..]) => (Charset::Utf16Be, rest),
            (charset, bytes) => (charset, bytes),
        };
        match charset {
            Charset::Utf8 => String::from_utf8_lossy(bytes),
            Charset::Ascii => bytes
                .iter()
                .map(|&byte| {
                    if byte.is_ascii() {
                        char::from(byte)
                    } else {
                        char::REPLACEMENT_CHARACTER
                    }
                })
                .collect(),
            Charset::Latin1 => bytes.iter().map(|&byte| char::from(byte)).collect(),
            Charset::Utf16 | Charset::Utf16Be | Charset::Utf16Le => {
                let units = bytes.chunks(2).map(|pair| match (pair, charset) {
                    ([first, second], Charset::Utf16Le) => u16::from_le_bytes([*first, *second]),
                    ([first, second], _) => u16::from_be_bytes([*first, *second]),
                    // Half a unit is half of a surrogate pair to nobody: it comes out as U+FFFD.
                    _ => 0xd800,
                });
                char::decode_utf16(units)
                    .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect()
            }
        }
    }

    fn encode(&self, text: &str, out: &mut Vec<u8>) {
        match self.charset {
            Charset::Utf8 => out.extend_from_slice(text.as_bytes()),
            Charset::Ascii => {
                out.extend(text.chars().map(|c| if c.is_ascii() { c as u8 } else { b'?' }));
            }
            Charset::Latin1 => out.extend(text.chars().map(|c| u8::try_from(c).unwrap_or(b'?'))),
            Charset::Utf16Le => out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Charset::Utf16Be => out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            Charset::Utf16 => {
                if !text.is_empty() {
                    out.extend_from_slice(&[0xfe, 0xff]);
                }
                out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
            }
        }
    }
}

#[derive(Debug)]
struct RawDecoder {
    coding: Coding,
    /// Name and type of the column; `None` if it is not wanted.
    type_text: Option<(String, String)>,
    columns: Columns,
}

impl RawDecoder {
    fn record(&mut self, record: &[u8], place: Range<usize>) -> Result<(), DecodeError> {
        if let Some(column) = self.columns.fields.first_mut()
            && let Err(needed) = push(column, record, self.coding)
        {
            let (name, type_text) = self.type_text.clone().unwrap_or_default();
            return Err(DecodeError {
                message: format!(
                    "field '{name}' must be {type_text} of {needed} bytes, got {} bytes",
                    record.len()
                ),
                offset: place.start,
                record: Some(place),
            });
        }
        self.columns.rows += 1;
        Ok(())
    }
}

/// Appends the value; how many bytes it needs if it has another number of them.
fn push(column: &mut Column, record: &[u8], coding: Coding) -> Result<(), usize> {
    fn bytes<const N: usize>(record: &[u8], coding: Coding) -> Result<[u8; N], usize> {
        let mut bytes: [u8; N] = record.try_into().map_err(|_| N)?;
        if coding.little_endian {
            bytes.reverse();
        }
        Ok(bytes)
    }
    match column {
        Column::Text(column) => column.push(coding.decode(record).as_bytes()),
        Column::Bytes(column) => column.push(record),
        Column::Boolean(column) => column.push(bytes::<1>(record, coding)?[0] != 0),
        Column::TinyInt(column) => column.push(i8::from_be_bytes(bytes(record, coding)?)),
        Column::SmallInt(column) => column.push(i16::from_be_bytes(bytes(record, coding)?)),
        Column::Int(column) => column.push(i32::from_be_bytes(bytes(record, coding)?)),
        Column::BigInt(column) => column.push(i64::from_be_bytes(bytes(record, coding)?)),
        Column::Float(column) => column.push(f32::from_be_bytes(bytes(record, coding)?)),
        Column::Double(column) => column.push(f64::from_be_bytes(bytes(record, coding)?)),
        // The format refuses tables with other columns.
        other => other.push_null(),
    }
    Ok(())
}

impl Decoder for RawDecoder {
    fn decode_stream(&mut self, bytes: &[u8], end: bool, rows_max: usize) -> Result<usize, DecodeError> {
        let mut at = 0;
        while at < bytes.len() && self.columns.rows < rows_max {
            let (line_end, next) = match memchr::memchr(b'\n', &bytes[at..]) {
                Some(offset) => (at + offset, at + offset + 1),
                None if end => (bytes.len(), bytes.len()),
                None => break,
            };
            let line = &bytes[at..line_end];
            self.record(line.strip_suffix(b"\r").unwrap_or(line), at..next)?;
            at = next;
        }
        Ok(at)
    }

    fn decode_message(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        self.record(message, 0..message.len())
    }

    /// NULL, as in Flink.
    fn decode_null(&mut self) -> Result<(), DecodeError> {
        if let Some(column) = self.columns.fields.first_mut() {
            column.push_null();
        }
        self.columns.rows += 1;
        Ok(())
    }

    fn rows(&self) -> usize {
        self.columns.rows
    }

    fn take(&mut self) -> Result<RecordBatch, Error> {
        self.columns.take()
    }
}

#[derive(Debug)]
struct RawEncoder {
    coding: Coding,
    kind: TypeKind,
}

impl Encoder for RawEncoder {
    fn encode(&mut self, chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), Error> {
        for row in 0..chunk.rows() {
            if !self.encode_message(chunk, row, out)? {
                return Err(Error::Data {
                    message: "the format raw has no bytes for NULL".to_string(),
                    place: format!("row {row} of a batch"),
                });
            }
            out.push(b'\n');
        }
        Ok(())
    }

    /// NULL has no bytes, as in Flink.
    fn encode_message(&mut self, chunk: &Chunk, row: usize, out: &mut Vec<u8>) -> Result<bool, Error> {
        let [array] = chunk.batch.columns() else {
            return Err(Error::internal("a batch does not fit the schema of its encoder"));
        };
        if array.is_null(row) {
            return Ok(false);
        }
        self.value(array, row, out)?;
        Ok(true)
    }
}

impl RawEncoder {
    fn value(&self, array: &dyn Array, row: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        match &self.kind {
            TypeKind::Char(_) | TypeKind::Varchar(_) => {
                self.coding.encode(array.as_string::<i32>().value(row), out);
                return Ok(());
            }
            TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
                out.extend_from_slice(array.as_binary::<i32>().value(row));
                return Ok(());
            }
            TypeKind::Boolean => out.push(array.as_boolean().value(row).into()),
            TypeKind::TinyInt => out.extend(array.as_primitive::<Int8Type>().value(row).to_be_bytes()),
            TypeKind::SmallInt => out.extend(array.as_primitive::<Int16Type>().value(row).to_be_bytes()),
            TypeKind::Int => out.extend(array.as_primitive::<Int32Type>().value(row).to_be_bytes()),
            TypeKind::BigInt => out.extend(array.as_primitive::<Int64Type>().value(row).to_be_bytes()),
            TypeKind::Float => out.extend(array.as_primitive::<Float32Type>().value(row).to_be_bytes()),
            TypeKind::Double => out.extend(array.as_primitive::<Float64Type>().value(row).to_be_bytes()),
            other => return Err(Error::internal(format!("raw cannot write {other}"))),
        }
        if self.coding.little_endian {
            out[start..].reverse();
        }
        Ok(())
    }
}
