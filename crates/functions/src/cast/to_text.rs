//! Casts to text: how Flink writes values.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType, TimestampMicrosecondType,
    TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, BinaryArray, StringArray};
use dataflow::{Error, EvaluationContext};
use model::{DataType, TypeKind};
use values::temporal::{FractionDigits, Instant};
use values::{decimal, number, temporal};

use super::{booleans, downcast};
use crate::{build, zone};

pub(super) fn cast(
    array: &ArrayRef,
    from: &DataType,
    to: &TypeKind,
    context: &EvaluationContext,
) -> Result<ArrayRef, Error> {
    let rows = array.len();
    let (limit, padded) = match to {
        TypeKind::Char(length) => (*length as usize, true),
        TypeKind::Varchar(length) => (*length as usize, false),
        other => return Err(super::number::no_cast(&from.kind, other)),
    };
    if padded && array.null_count() < rows {
        build::check_length("CAST", limit)?;
    }
    let unlimited = limit >= model::data_type::LENGTH_MAX as usize;
    // The types that jobs write most have loops of their own; the others go value by value.
    macro_rules! column {
        ($array:expr, |$value:ident, $out:ident| $write:expr) => {{
            let array = $array;
            build::strings(rows, |row, $out| {
                if array.is_null(row) {
                    return Ok(None);
                }
                let start = $out.len();
                let $value = array.value(row);
                $write;
                if !unlimited {
                    fit($out, start, limit, padded);
                }
                Ok(Some(()))
            })
        }};
    }
    match &from.kind {
        TypeKind::Char(_) | TypeKind::Varchar(_) => {
            column!(downcast::<StringArray>(array)?, |value, out| out.push_str(value))
        }
        TypeKind::Int => column!(array.as_primitive::<Int32Type>(), |value, out| number::write_i64(
            i64::from(value),
            out
        )),
        TypeKind::BigInt => {
            column!(array.as_primitive::<Int64Type>(), |value, out| number::write_i64(
                value, out
            ))
        }
        TypeKind::Double => {
            column!(array.as_primitive::<Float64Type>(), |value, out| {
                number::write_f64(value, out)
            })
        }
        TypeKind::Decimal { scale, .. } => {
            column!(array.as_primitive::<Decimal128Type>(), |value, out| {
                decimal::write(value, *scale, out)
            })
        }
        _ => build::strings(rows, |row, out| {
            if array.is_null(row) {
                return Ok(None);
            }
            let start = out.len();
            write_value(array, row, from, context, out)?;
            if !unlimited {
                fit(out, start, limit, padded);
            }
            Ok(Some(()))
        }),
    }
}

/// Cuts to so many characters from `start` on, and fills up with blanks if asked to.
fn fit(out: &mut String, start: usize, limit: usize, padded: bool) {
    // Bytes are at least as many as characters.
    if out.len() - start > limit
        && let Some((cut, _)) = out[start..].char_indices().nth(limit)
    {
        out.truncate(start + cut);
        return;
    }
    if padded {
        let count = out[start..].chars().count();
        out.extend(std::iter::repeat_n(' ', limit.saturating_sub(count)));
    }
}

/// Appends a value that is not NULL.
pub(crate) fn write_value(
    array: &ArrayRef,
    row: usize,
    data_type: &DataType,
    context: &EvaluationContext,
    out: &mut String,
) -> Result<(), Error> {
    match &data_type.kind {
        TypeKind::Null => out.push_str("NULL"),
        TypeKind::Boolean => out.push_str(if booleans(array)?.value(row) {
            "TRUE"
        } else {
            "FALSE"
        }),
        TypeKind::TinyInt => number::write_i64(i64::from(array.as_primitive::<Int8Type>().value(row)), out),
        TypeKind::SmallInt => number::write_i64(i64::from(array.as_primitive::<Int16Type>().value(row)), out),
        TypeKind::Int => number::write_i64(i64::from(array.as_primitive::<Int32Type>().value(row)), out),
        TypeKind::BigInt => number::write_i64(array.as_primitive::<Int64Type>().value(row), out),
        TypeKind::Float => number::write_f32(array.as_primitive::<Float32Type>().value(row), out),
        TypeKind::Double => number::write_f64(array.as_primitive::<Float64Type>().value(row), out),
        TypeKind::Decimal { scale, .. } => {
            decimal::write(array.as_primitive::<Decimal128Type>().value(row), *scale, out);
        }
        TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Variant => {
            out.push_str(downcast::<StringArray>(array)?.value(row));
        }
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
            out.push_str(&String::from_utf8_lossy(
                downcast::<BinaryArray>(array)?.value(row),
            ));
        }
        TypeKind::Bitmap => values::bitmap::write_text(downcast::<BinaryArray>(array)?.value(row), out),
        TypeKind::Date => temporal::write_date(array.as_primitive::<Date32Type>().value(row), out),
        TypeKind::Time(precision) => {
            let ms = array.as_primitive::<Time32MillisecondType>().value(row);
            temporal::write_time_ms(ms, *precision, out);
        }
        TypeKind::Timestamp(precision) => {
            let instant = instant_at(array, row, *precision);
            temporal::write_timestamp(instant, ' ', FractionDigits::Exactly(*precision), out);
        }
        TypeKind::TimestampLtz(precision) => {
            let local = zone::instant_to_local(context.time_zone, instant_at(array, row, *precision));
            temporal::write_timestamp(local, ' ', FractionDigits::Exactly(*precision), out);
        }
        TypeKind::IntervalYearMonth => {
            write_months(array.as_primitive::<IntervalYearMonthType>().value(row), out);
        }
        TypeKind::IntervalDayTime => {
            write_duration(array.as_primitive::<DurationMillisecondType>().value(row), out);
        }
        TypeKind::Array(element) => {
            let elements = array.as_list::<i32>().value(row);
            out.push('[');
            for index in 0..elements.len() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_nullable(&elements, index, element, context, out)?;
            }
            out.push(']');
        }
        TypeKind::Map(key, value) => write_map(array, row, key, value, context, out)?,
        TypeKind::Multiset(element) => {
            write_map(array, row, element, &TypeKind::Int.not_null(), context, out)?;
        }
        TypeKind::Row(fields) => {
            out.push('(');
            for (index, field) in fields.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_nullable(
                    array.as_struct().column(index),
                    row,
                    &field.data_type,
                    context,
                    out,
                )?;
            }
            out.push(')');
        }
    }
    Ok(())
}

fn write_nullable(
    array: &ArrayRef,
    row: usize,
    data_type: &DataType,
    context: &EvaluationContext,
    out: &mut String,
) -> Result<(), Error> {
    if array.is_null(row) {
        out.push_str("NULL");
        return Ok(());
    }
    write_value(array, row, data_type, context, out)
}

fn write_map(
    array: &ArrayRef,
    row: usize,
    key: &DataType,
    value: &DataType,
    context: &EvaluationContext,
    out: &mut String,
) -> Result<(), Error> {
    let entries = array.as_map().value(row);
    let (keys, values) = (entries.column(0), entries.column(1));
    out.push('{');
    for index in 0..entries.len() {
        if index > 0 {
            out.push_str(", ");
        }
        write_nullable(keys, index, key, context, out)?;
        out.push('=');
        write_nullable(values, index, value, context, out)?;
    }
    out.push('}');
    Ok(())
}

fn instant_at(array: &ArrayRef, row: usize, precision: u8) -> Instant {
    let value = if precision <= 6 {
        array.as_primitive::<TimestampMicrosecondType>().value(row)
    } else {
        array.as_primitive::<TimestampNanosecondType>().value(row)
    };
    Instant::from_unit(value, precision)
}

/// `+1-02`
fn write_months(months: i32, out: &mut String) {
    let magnitude = months.unsigned_abs();
    out.push(if months < 0 { '-' } else { '+' });
    number::write_i64(i64::from(magnitude / 12), out);
    out.push('-');
    write_padded(u64::from(magnitude % 12), 2, out);
}

/// `+1 02:03:04.005`
fn write_duration(ms: i64, out: &mut String) {
    let magnitude = ms.unsigned_abs();
    out.push(if ms < 0 { '-' } else { '+' });
    number::write_i64((magnitude / 86_400_000) as i64, out);
    let mut separator = ' ';
    for (unit, wrap) in [(3_600_000, 24), (60_000, 60), (1000, 60)] {
        out.push(separator);
        write_padded(magnitude / unit % wrap, 2, out);
        separator = ':';
    }
    out.push('.');
    write_padded(magnitude % 1000, 3, out);
}

fn write_padded(value: u64, width: usize, out: &mut String) {
    let mut bound = 10u64;
    for _ in 1..width {
        if value < bound {
            out.push('0');
        }
        bound *= 10;
    }
    number::write_i64(value as i64, out);
}
