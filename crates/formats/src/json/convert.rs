//! JSON's values as values of SQL, in every form that Flink takes.

use std::fmt;

use values::number::{parse_f32, parse_f64, parse_i64};
use values::temporal::{parse_timestamp_iso, parse_timestamp_sql, strip_utc_suffix};
use values::{decimal, temporal::Instant};

use crate::column::Column;
use crate::text::{is_decimal, java_trim};
use crate::{base64, java_time};

/// A value that is neither an object nor an array nor null.
#[derive(Debug, Clone, Copy)]
pub enum Scalar<'a> {
    /// A string, its escapes resolved.
    Text(&'a [u8]),
    /// A number written without a point and an exponent.
    Whole(&'a [u8]),
    Fraction(&'a [u8]),
    True,
    False,
}

impl Scalar<'_> {
    fn text(&self) -> &[u8] {
        match self {
            Scalar::Text(text) | Scalar::Whole(text) | Scalar::Fraction(text) => text,
            Scalar::True => b"true",
            Scalar::False => b"false",
        }
    }
}

/// As messages quote it.
impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::quote(self.text()).fmt(f)
    }
}

/// Appends the value; false, and nothing appended, if it cannot be one of the column's type.
pub fn push(column: &mut Column, scalar: Scalar<'_>, iso: bool) -> bool {
    let text = scalar.text();
    match column {
        Column::Null(length) => *length += 1,
        // As `Boolean.parseBoolean`: everything else is false.
        Column::Boolean(column) => column.push(java_trim(text).eq_ignore_ascii_case(b"true")),
        Column::TinyInt(column) => {
            return keep(integer(text).and_then(|n| n.try_into().ok()), |n| column.push(n));
        }
        Column::SmallInt(column) => {
            return keep(integer(text).and_then(|n| n.try_into().ok()), |n| column.push(n));
        }
        Column::Int(column) | Column::Months(column) => {
            let number = match scalar {
                Scalar::Fraction(text) => {
                    truncated(text, f64::from(i32::MIN), f64::from(i32::MAX)).map(|number| number as i32)
                }
                _ => integer(text).and_then(|number| number.try_into().ok()),
            };
            return keep(number, |number| column.push(number));
        }
        Column::BigInt(column) | Column::Millis(column) => {
            let number = match scalar {
                // Through a double, as in Flink: 2^63 itself is let through and becomes the largest number.
                Scalar::Fraction(text) => {
                    truncated(text, i64::MIN as f64, i64::MAX as f64).map(|number| number as i64)
                }
                _ => integer(text),
            };
            return keep(number, |number| column.push(number));
        }
        Column::Float(column) => return keep(parse_f32(java_trim(text)), |number| column.push(number)),
        Column::Double(column) => return keep(parse_f64(java_trim(text)), |number| column.push(number)),
        Column::Decimal {
            values,
            precision,
            scale,
        } => {
            let text = java_trim(text);
            if !is_decimal(text) {
                return false;
            }
            match decimal::parse_as(text, *precision, *scale) {
                Some(number) => values.push(number),
                // Too large is NULL, as in Flink.
                None => values.push_null(),
            }
        }
        Column::Text(column) => column.push(text),
        Column::Bytes(column) => {
            let Scalar::Text(text) = scalar else {
                return false;
            };
            if !base64::decode(text, &mut column.bytes) {
                return false;
            }
            column.close();
        }
        Column::Date(column) => return keep(java_time::parse_date(text), |days| column.push(days)),
        Column::Time { values, .. } => return keep(java_time::parse_time(text), |time| values.push(time)),
        Column::Timestamp { values, precision } => {
            let time = timestamp(text, iso).and_then(|time| time.to_unit(*precision));
            return keep(time, |time| values.push(time));
        }
        Column::TimestampLtz { values, precision } => {
            let time = strip_utc_suffix(text)
                .and_then(|text| timestamp(text, iso))
                .and_then(|time| time.to_unit(*precision));
            return keep(time, |time| values.push(time));
        }
        Column::Array(_) | Column::Map(_) | Column::Row(_) => return false,
    }
    true
}

#[inline]
fn keep<T>(value: Option<T>, push: impl FnOnce(T)) -> bool {
    value.map(push).is_some()
}

fn timestamp(text: &[u8], iso: bool) -> Option<Instant> {
    if iso {
        parse_timestamp_iso(text)
    } else {
        parse_timestamp_sql(text)
    }
}

fn integer(text: &[u8]) -> Option<i64> {
    parse_i64(java_trim(text))
}

/// A fraction cut to a whole number between two bounds.
fn truncated(text: &[u8], least: f64, greatest: f64) -> Option<f64> {
    parse_f64(text).filter(|number| (least..=greatest).contains(number))
}
