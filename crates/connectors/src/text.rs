//! Values as databases write them, which is how they come and go: text, and bytes in hexadecimal.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, BooleanBuilder, PrimitiveBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use dataflow::Error;
use model::{DataType, Schema, TypeKind};
use values::temporal::{FractionDigits, Instant};
use values::{decimal, number, temporal};

/// A value; `None` is NULL.
pub type Cell = Option<Vec<u8>>;

pub fn is_supported(kind: &TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::Boolean
            | TypeKind::TinyInt
            | TypeKind::SmallInt
            | TypeKind::Int
            | TypeKind::BigInt
            | TypeKind::Float
            | TypeKind::Double
            | TypeKind::Decimal { .. }
            | TypeKind::Char(_)
            | TypeKind::Varchar(_)
            | TypeKind::Binary(_)
            | TypeKind::Varbinary(_)
            | TypeKind::Date
            | TypeKind::Time(_)
            | TypeKind::Timestamp(_)
            | TypeKind::TimestampLtz(_)
    )
}

/// The text of a value, without quotes; `None` for NULL. Bytes are `\x` and digits.
pub fn of_value(array: &dyn Array, row: usize, kind: &TypeKind) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    let mut out = String::new();
    match kind {
        TypeKind::Boolean => out.push_str(if array.as_boolean().value(row) {
            "true"
        } else {
            "false"
        }),
        TypeKind::TinyInt => number::write_i64(array.as_primitive::<Int8Type>().value(row).into(), &mut out),
        TypeKind::SmallInt => {
            number::write_i64(array.as_primitive::<Int16Type>().value(row).into(), &mut out)
        }
        TypeKind::Int => number::write_i64(array.as_primitive::<Int32Type>().value(row).into(), &mut out),
        TypeKind::BigInt => number::write_i64(array.as_primitive::<Int64Type>().value(row), &mut out),
        TypeKind::Float => number::write_f32(array.as_primitive::<Float32Type>().value(row), &mut out),
        TypeKind::Double => number::write_f64(array.as_primitive::<Float64Type>().value(row), &mut out),
        TypeKind::Decimal { scale, .. } => {
            decimal::write(
                array.as_primitive::<Decimal128Type>().value(row),
                *scale,
                &mut out,
            );
        }
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
            out.push_str("\\x");
            for byte in array.as_binary::<i32>().value(row) {
                // Writing to a string does not fail.
                let _ = write!(out, "{byte:02x}");
            }
        }
        TypeKind::Date => temporal::write_date(array.as_primitive::<Date32Type>().value(row), &mut out),
        TypeKind::Time(_) => {
            let ms = array.as_primitive::<Time32MillisecondType>().value(row);
            temporal::write_time_ms_with(ms, FractionDigits::Shortest, &mut out);
        }
        TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision) => {
            let value = if *precision <= 6 {
                array.as_primitive::<TimestampMicrosecondType>().value(row)
            } else {
                array.as_primitive::<TimestampNanosecondType>().value(row)
            };
            let instant = Instant::from_unit(value, *precision);
            temporal::write_timestamp(instant, ' ', FractionDigits::Shortest, &mut out);
        }
        _ => out.push_str(array.as_string::<i32>().value(row)),
    }
    Some(out)
}

/// Rows of cells as a batch: cell `i` of a row is column `i`.
pub fn batch(schema: &Schema, rows: &[Vec<Cell>], place: &str) -> Result<RecordBatch, Error> {
    let columns = schema
        .fields
        .iter()
        .enumerate()
        .map(|(number, field)| {
            let cells = || {
                rows.iter()
                    .map(move |row| row.get(number).and_then(|cell| cell.as_deref()))
            };
            // What a value is, is nobody's business but the database's.
            column(&field.data_type, cells).ok_or_else(|| Error::Data {
                message: format!(
                    "a value of column '{}' does not fit {}",
                    field.name, field.data_type.kind
                ),
                place: place.to_string(),
            })
        })
        .collect::<Result<Vec<ArrayRef>, Error>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(schema.arrow(), columns, &options)
        .map_err(|error| Error::internal(error.to_string()))
}

fn column<'a, I: ExactSizeIterator<Item = Option<&'a [u8]>>>(
    data_type: &DataType,
    cells: impl Fn() -> I,
) -> Option<ArrayRef> {
    fn all<'a, T: ArrowPrimitiveType>(
        cells: impl ExactSizeIterator<Item = Option<&'a [u8]>>,
        kind: &TypeKind,
        parse: impl Fn(&[u8]) -> Option<T::Native>,
    ) -> Option<ArrayRef> {
        let mut builder = PrimitiveBuilder::<T>::with_capacity(cells.len()).with_data_type(kind.arrow());
        for cell in cells {
            match cell {
                Some(text) => builder.append_value(parse(text)?),
                None => builder.append_null(),
            }
        }
        Some(Arc::new(builder.finish()))
    }
    fn integer<T: TryFrom<i64>>(text: &[u8]) -> Option<T> {
        match number::parse_i64(text) {
            Some(value) => T::try_from(value).ok(),
            // Of a BOOLEAN, or one bit.
            None => T::try_from(i64::from(truth(text)?)).ok(),
        }
    }
    let kind = &data_type.kind;
    let cells = cells();
    match kind {
        TypeKind::Boolean => {
            let mut builder = BooleanBuilder::with_capacity(cells.len());
            for cell in cells {
                match cell {
                    Some(text) => builder.append_value(truth(text)?),
                    None => builder.append_null(),
                }
            }
            Some(Arc::new(builder.finish()))
        }
        TypeKind::TinyInt => all::<Int8Type>(cells, kind, integer),
        TypeKind::SmallInt => all::<Int16Type>(cells, kind, integer),
        TypeKind::Int => all::<Int32Type>(cells, kind, integer),
        TypeKind::BigInt => all::<Int64Type>(cells, kind, integer),
        TypeKind::Float => all::<Float32Type>(cells, kind, number::parse_f32),
        TypeKind::Double => all::<Float64Type>(cells, kind, number::parse_f64),
        TypeKind::Decimal { precision, scale } => {
            all::<Decimal128Type>(cells, kind, |text| decimal::parse_as(text, *precision, *scale))
        }
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
            let mut builder = BinaryBuilder::new();
            for cell in cells {
                builder.append_option(cell);
            }
            Some(Arc::new(builder.finish()))
        }
        TypeKind::Date => all::<Date32Type>(cells, kind, temporal::parse_date),
        TypeKind::Time(_) => all::<Time32MillisecondType>(cells, kind, temporal::parse_time_ms),
        TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision) => {
            // Sessions are in UTC.
            let parse = |text: &[u8]| {
                let text = text.strip_suffix(b"+00").unwrap_or(text);
                temporal::parse_timestamp(text)?.to_unit(*precision)
            };
            if *precision <= 6 {
                all::<TimestampMicrosecondType>(cells, kind, parse)
            } else {
                all::<TimestampNanosecondType>(cells, kind, parse)
            }
        }
        _ => {
            let mut builder = StringBuilder::new();
            for cell in cells {
                match cell {
                    Some(text) => builder.append_value(std::str::from_utf8(text).ok()?),
                    None => builder.append_null(),
                }
            }
            Some(Arc::new(builder.finish()))
        }
    }
}

/// As PostgreSQL and MySQL write it; one bit comes as a byte.
fn truth(text: &[u8]) -> Option<bool> {
    match text {
        b"true" | b"t" | b"1" | [1] => Some(true),
        b"false" | b"f" | b"0" | [0] => Some(false),
        _ => None,
    }
}

/// `\x` and digits as bytes.
pub fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.strip_prefix(b"\\x")?;
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(pair).collect()
}

pub fn is_bytes(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Binary(_) | TypeKind::Varbinary(_))
}
