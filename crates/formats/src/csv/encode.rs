//! Rows as CSV records, one a line, quoted the way Jackson quotes.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef};
use dataflow::{Chunk, Encoder, Error};
use model::{Schema, TypeKind};
use values::temporal::{self, FractionDigits, Instant};
use values::{decimal, number};

use crate::base64;
use crate::text::write_decimal;

#[derive(Debug, Clone)]
pub struct EncodeRules {
    pub delimiter: u8,
    pub quote: Option<u8>,
    pub escape: Option<u8>,
    pub element_delimiter: String,
    pub null_literal: String,
    /// Decimals as short as Java writes them, `1E+5` included; otherwise with all digits of their scale.
    pub scientific_decimals: bool,
}

#[derive(Debug)]
pub struct CsvEncoder {
    rules: EncodeRules,
    kinds: Vec<TypeKind>,
    /// Text with a character below this one is quoted.
    safe_from: u8,
    scratch: String,
}

impl CsvEncoder {
    pub fn new(schema: &Schema, rules: EncodeRules) -> CsvEncoder {
        let highest = rules.delimiter.max(rules.quote.unwrap_or(0)).max(b'\n');
        CsvEncoder {
            kinds: schema
                .fields
                .iter()
                .map(|field| field.data_type.kind.clone())
                .collect(),
            safe_from: highest + 1,
            scratch: String::new(),
            rules,
        }
    }

    fn field(&mut self, index: usize, array: &ArrayRef, row: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let kind = &self.kinds[index];
        if array.is_null(row) || *kind == TypeKind::Null {
            out.extend_from_slice(self.rules.null_literal.as_bytes());
            return Ok(());
        }
        self.scratch.clear();
        let is_text = match kind {
            TypeKind::Char(_) | TypeKind::Varchar(_) => {
                // The short way: no copy.
                let text = array.as_string::<i32>().value(row);
                write_text(&self.rules, self.safe_from, text, out);
                return Ok(());
            }
            TypeKind::Array(element) => {
                let list = array.as_list::<i32>();
                let offsets = list.value_offsets();
                let elements = list.values();
                for place in offsets[row]..offsets[row + 1] {
                    if place != offsets[row] {
                        self.scratch.push_str(&self.rules.element_delimiter);
                    }
                    element_text(
                        &self.rules,
                        &element.kind,
                        elements,
                        place as usize,
                        &mut self.scratch,
                    )?;
                }
                true
            }
            TypeKind::Row(fields) => {
                for (place, (field, column)) in fields.iter().zip(array.as_struct().columns()).enumerate() {
                    if place > 0 {
                        self.scratch.push_str(&self.rules.element_delimiter);
                    }
                    element_text(&self.rules, &field.data_type.kind, column, row, &mut self.scratch)?;
                }
                true
            }
            _ => scalar_text(&self.rules, kind, array, row, &mut self.scratch)?,
        };
        if is_text {
            write_text(&self.rules, self.safe_from, &self.scratch, out);
        } else {
            out.extend_from_slice(self.scratch.as_bytes());
        }
        Ok(())
    }
}

impl Encoder for CsvEncoder {
    fn encode(&mut self, chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), Error> {
        if chunk.batch.num_columns() != self.kinds.len() {
            return Err(Error::internal("a batch does not fit the schema of its encoder"));
        }
        for row in 0..chunk.rows() {
            self.encode_message(chunk, row, out)?;
            out.push(b'\n');
        }
        Ok(())
    }

    fn encode_message(&mut self, chunk: &Chunk, row: usize, out: &mut Vec<u8>) -> Result<bool, Error> {
        for (index, array) in chunk.batch.columns().iter().enumerate() {
            if index > 0 {
                out.push(self.rules.delimiter);
            }
            self.field(index, array, row, out)?;
        }
        Ok(true)
    }
}

fn element_text(
    rules: &EncodeRules,
    kind: &TypeKind,
    array: &ArrayRef,
    row: usize,
    out: &mut String,
) -> Result<(), Error> {
    if array.is_null(row) || *kind == TypeKind::Null {
        out.push_str(&rules.null_literal);
    } else if kind.is_string() {
        out.push_str(array.as_string::<i32>().value(row));
    } else {
        scalar_text(rules, kind, array, row, out)?;
    }
    Ok(())
}

/// Appends a value that is no string, array or row. True if it is text, which may have to be quoted.
fn scalar_text(
    rules: &EncodeRules,
    kind: &TypeKind,
    array: &ArrayRef,
    row: usize,
    out: &mut String,
) -> Result<bool, Error> {
    match kind {
        TypeKind::Boolean => out.push_str(if array.as_boolean().value(row) {
            "true"
        } else {
            "false"
        }),
        TypeKind::TinyInt => number::write_i64(array.as_primitive::<Int8Type>().value(row).into(), out),
        TypeKind::SmallInt => number::write_i64(array.as_primitive::<Int16Type>().value(row).into(), out),
        TypeKind::Int => number::write_i64(array.as_primitive::<Int32Type>().value(row).into(), out),
        TypeKind::BigInt => number::write_i64(array.as_primitive::<Int64Type>().value(row), out),
        TypeKind::Float => number::write_f32(array.as_primitive::<Float32Type>().value(row), out),
        TypeKind::Double => number::write_f64(array.as_primitive::<Float64Type>().value(row), out),
        TypeKind::Decimal { scale, .. } => {
            let value = array.as_primitive::<Decimal128Type>().value(row);
            if rules.scientific_decimals {
                write_decimal(value, *scale, out);
            } else {
                decimal::write(value, *scale, out);
            }
        }
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
            let mut text = Vec::new();
            base64::encode(array.as_binary::<i32>().value(row), &mut text);
            // Base64 is ASCII.
            out.extend(text.into_iter().map(char::from));
            return Ok(true);
        }
        TypeKind::Date => {
            temporal::write_date(array.as_primitive::<Date32Type>().value(row), out);
            return Ok(true);
        }
        TypeKind::Time(_) => {
            let ms = array.as_primitive::<Time32MillisecondType>().value(row);
            temporal::write_time_ms_with(ms, FractionDigits::Shortest, out);
            return Ok(true);
        }
        TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision) => {
            let value = if *precision <= 6 {
                array.as_primitive::<TimestampMicrosecondType>().value(row)
            } else {
                array.as_primitive::<TimestampNanosecondType>().value(row)
            };
            let instant = Instant::from_unit(value, *precision);
            temporal::write_timestamp(instant, ' ', FractionDigits::Shortest, out);
            if matches!(kind, TypeKind::TimestampLtz(_)) {
                out.push('Z');
            }
            return Ok(true);
        }
        _ => return Err(Error::internal(format!("csv cannot write {kind}"))),
    }
    Ok(false)
}

/// Appends text, in quotes where Jackson sets them: if it is long, or has a character below the delimiter, the
/// quote and the line break.
fn write_text(rules: &EncodeRules, safe_from: u8, text: &str, out: &mut Vec<u8>) {
    /// Longer text is quoted unseen.
    const CHECKED_CHARACTERS_MAX: usize = 24;
    let Some(quote) = rules.quote else {
        out.extend_from_slice(text.as_bytes());
        return;
    };
    // Java counts UTF-16 units, each of which is at most three bytes.
    let long = text.len() > 3 * CHECKED_CHARACTERS_MAX
        || (text.len() > CHECKED_CHARACTERS_MAX && text.encode_utf16().count() > CHECKED_CHARACTERS_MAX);
    let special = |byte: u8| byte < safe_from || Some(byte) == rules.escape;
    if !long && !text.bytes().any(special) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(quote);
    let mut rest = text.as_bytes();
    // Quotes and escape characters are doubled.
    while let Some(at) = memchr::memchr2(quote, rules.escape.unwrap_or(quote), rest) {
        out.extend_from_slice(&rest[..=at]);
        out.push(rest[at]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(quote);
}
