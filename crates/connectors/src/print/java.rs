//! Values as Java's `toString` writes them, which is what Flink's `print` shows.
//!
//! `Row` is `+I[1, abc, null]`, nested ones too; `LocalDateTime` leaves out seconds that are zero; a
//! `BigDecimal` below 0.000001 takes an exponent.

use std::fmt::Write;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType, TimestampMicrosecondType,
    TimestampNanosecondType,
};
use model::{DataType, TypeKind};
use values::temporal::{FractionDigits, Instant};
use values::{decimal, number, temporal};

/// Appends the value of a row.
pub fn write_value(array: &dyn Array, row: usize, data_type: &DataType, out: &mut String) {
    if array.is_null(row) {
        return out.push_str("null");
    }
    match &data_type.kind {
        TypeKind::Null => out.push_str("null"),
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
            write_decimal(array.as_primitive::<Decimal128Type>().value(row), *scale, out);
        }
        TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Variant => {
            out.push_str(array.as_string::<i32>().value(row));
        }
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
            out.push('[');
            for (index, byte) in array.as_binary::<i32>().value(row).iter().enumerate() {
                separate(index, out);
                number::write_i64((*byte as i8).into(), out);
            }
            out.push(']');
        }
        TypeKind::Date => temporal::write_date(array.as_primitive::<Date32Type>().value(row), out),
        TypeKind::Time(_) => {
            let ms = i64::from(array.as_primitive::<Time32MillisecondType>().value(row));
            write_clock(ms.div_euclid(1000), (ms.rem_euclid(1000) * 1_000_000) as u32, out);
        }
        TypeKind::Timestamp(precision) => write_local_date_time(instant(array, row, *precision), out),
        TypeKind::TimestampLtz(precision) => {
            let instant = instant(array, row, *precision);
            temporal::write_timestamp(instant, 'T', grouped_digits(instant.nanos), out);
            out.push('Z');
        }
        TypeKind::IntervalYearMonth => {
            write_period(array.as_primitive::<IntervalYearMonthType>().value(row), out);
        }
        TypeKind::IntervalDayTime => {
            write_duration(array.as_primitive::<DurationMillisecondType>().value(row), out);
        }
        TypeKind::Bitmap => values::bitmap::write_text(array.as_binary::<i32>().value(row), out),
        TypeKind::Array(element) => {
            let values = array.as_list::<i32>().value(row);
            out.push('[');
            for index in 0..values.len() {
                separate(index, out);
                write_value(&values, index, element, out);
            }
            out.push(']');
        }
        TypeKind::Map(key, value) => write_map(array, row, key, value, out),
        TypeKind::Multiset(element) => write_map(array, row, element, &TypeKind::Int.not_null(), out),
        TypeKind::Row(fields) => {
            let columns = array.as_struct().columns();
            out.push_str("+I[");
            for (index, (field, column)) in fields.iter().zip(columns).enumerate() {
                separate(index, out);
                write_value(column, row, &field.data_type, out);
            }
            out.push(']');
        }
    }
}

pub fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push_str(", ");
    }
}

fn write_map(array: &dyn Array, row: usize, key: &DataType, value: &DataType, out: &mut String) {
    let entries = array.as_map().value(row);
    out.push('{');
    for index in 0..entries.len() {
        separate(index, out);
        write_value(entries.column(0), index, key, out);
        out.push('=');
        write_value(entries.column(1), index, value, out);
    }
    out.push('}');
}

fn instant(array: &dyn Array, row: usize, precision: u8) -> Instant {
    let value = if precision <= 6 {
        array.as_primitive::<TimestampMicrosecondType>().value(row)
    } else {
        array.as_primitive::<TimestampNanosecondType>().value(row)
    };
    Instant::from_unit(value, precision)
}

/// Java shows three, six or nine digits of a second, or none.
fn grouped_digits(nanos: u32) -> FractionDigits {
    FractionDigits::Exactly(match nanos {
        0 => 0,
        nanos if nanos % 1_000_000 == 0 => 3,
        nanos if nanos % 1_000 == 0 => 6,
        _ => 9,
    })
}

/// `LocalDateTime.toString`: `2026-01-05T12:30`, `2026-01-05T12:30:05.123`.
pub fn write_local_date_time(instant: Instant, out: &mut String) {
    let (day, nanos_of_day) = instant.split();
    // Days of a 64-bit count of microseconds fit.
    temporal::write_date(i32::try_from(day).unwrap_or_default(), out);
    out.push('T');
    write_clock(nanos_of_day / 1_000_000_000, instant.nanos, out);
}

/// `LocalTime.toString`.
fn write_clock(second_of_day: i64, nanos: u32, out: &mut String) {
    // Writing to a string does not fail.
    let _ = write!(out, "{:02}:{:02}", second_of_day / 3600, second_of_day / 60 % 60);
    let second = second_of_day % 60;
    if second == 0 && nanos == 0 {
        return;
    }
    let _ = write!(out, ":{second:02}");
    let _ = match grouped_digits(nanos) {
        FractionDigits::Exactly(3) => write!(out, ".{:03}", nanos / 1_000_000),
        FractionDigits::Exactly(6) => write!(out, ".{:06}", nanos / 1_000),
        FractionDigits::Exactly(9) => write!(out, ".{nanos:09}"),
        _ => Ok(()),
    };
}

/// `BigDecimal.toString`.
fn write_decimal(unscaled: i128, scale: u8, out: &mut String) {
    let digits = unscaled
        .unsigned_abs()
        .checked_ilog10()
        .map_or(0, |log| log as i32);
    let exponent = digits - i32::from(scale);
    if scale == 0 || exponent >= -6 {
        return decimal::write(unscaled, scale, out);
    }
    let text = unscaled.unsigned_abs().to_string();
    let (first, rest) = text.split_at(1);
    let sign = if unscaled < 0 { "-" } else { "" };
    let point = if rest.is_empty() { "" } else { "." };
    let _ = write!(out, "{sign}{first}{point}{rest}E{exponent}");
}

/// `Period.toString` of years and months.
fn write_period(months: i32, out: &mut String) {
    let _ = match (months / 12, months % 12) {
        (0, 0) => write!(out, "P0D"),
        (years, 0) => write!(out, "P{years}Y"),
        (0, months) => write!(out, "P{months}M"),
        (years, months) => write!(out, "P{years}Y{months}M"),
    };
}

/// `Duration.toString`.
fn write_duration(ms: i64, out: &mut String) {
    if ms == 0 {
        return out.push_str("PT0S");
    }
    let total_seconds = ms / 1000;
    let (hours, minutes, seconds) = (total_seconds / 3600, total_seconds / 60 % 60, total_seconds % 60);
    let fraction = (ms % 1000).unsigned_abs();
    out.push_str("PT");
    if hours != 0 {
        let _ = write!(out, "{hours}H");
    }
    if minutes != 0 {
        let _ = write!(out, "{minutes}M");
    }
    if seconds == 0 && fraction == 0 {
        return;
    }
    if seconds == 0 && ms < 0 {
        out.push('-');
    }
    let _ = write!(out, "{seconds}");
    if fraction != 0 {
        let digits = format!("{fraction:03}");
        let _ = write!(out, ".{}", digits.trim_end_matches('0'));
    }
    out.push('S');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn a_date_time_leaves_out_what_is_zero() {
        let at = |seconds, nanos| text(|out| write_local_date_time(Instant { seconds, nanos }, out));
        assert_eq!(at(0, 0), "1970-01-01T00:00");
        assert_eq!(at(61, 0), "1970-01-01T00:01:01");
        assert_eq!(at(0, 120_000_000), "1970-01-01T00:00:00.120");
        assert_eq!(at(-1, 1_000), "1969-12-31T23:59:59.000001");
        assert_eq!(at(0, 1), "1970-01-01T00:00:00.000000001");
    }

    #[test]
    fn a_small_decimal_takes_an_exponent() {
        let of = |unscaled, scale| text(|out| write_decimal(unscaled, scale, out));
        assert_eq!(of(1, 6), "0.000001");
        assert_eq!(of(1, 7), "1E-7");
        assert_eq!(of(-123, 10), "-1.23E-8");
        assert_eq!(of(0, 6), "0.000000");
        assert_eq!(of(0, 10), "0E-10");
        assert_eq!(of(12345, 2), "123.45");
    }

    #[test]
    fn intervals_are_periods_and_durations() {
        assert_eq!(text(|out| write_period(14, out)), "P1Y2M");
        assert_eq!(text(|out| write_period(0, out)), "P0D");
        assert_eq!(text(|out| write_period(-14, out)), "P-1Y-2M");
        assert_eq!(text(|out| write_duration(3_661_500, out)), "PT1H1M1.5S");
        assert_eq!(text(|out| write_duration(-500, out)), "PT-0.5S");
        assert_eq!(text(|out| write_duration(7_200_000, out)), "PT2H");
        assert_eq!(text(|out| write_duration(0, out)), "PT0S");
    }
}
