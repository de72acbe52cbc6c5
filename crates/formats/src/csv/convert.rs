//! The text of a CSV field as a value of SQL, in every form that Flink takes.

use values::decimal;
use values::number::{parse_f32, parse_f64, parse_i64};
use values::temporal::{days_from_civil, parse_timestamp_sql, strip_utc_suffix};

use crate::column::Column;
use crate::text::{is_decimal, java_trim};
use crate::{base64, java_time};

/// Appends the value; false, and nothing appended, if it cannot be one of the column's type.
pub fn push(column: &mut Column, text: &[u8]) -> bool {
    match column {
        Column::Null(length) => *length += 1,
        Column::Text(column) => column.push(text),
        // As `Boolean.parseBoolean`: everything else is false.
        Column::Boolean(column) => column.push(java_trim(text).eq_ignore_ascii_case(b"true")),
        Column::TinyInt(column) => {
            return keep(
                integer(text).and_then(|number| number.try_into().ok()),
                |number| column.push(number),
            );
        }
        Column::SmallInt(column) => {
            return keep(
                integer(text).and_then(|number| number.try_into().ok()),
                |number| column.push(number),
            );
        }
        Column::Int(column) => {
            return keep(
                integer(text).and_then(|number| number.try_into().ok()),
                |number| column.push(number),
            );
        }
        Column::BigInt(column) => return keep(integer(text), |number| column.push(number)),
        Column::Float(column) => return keep(parse_f32(java_trim(text)), |number| column.push(number)),
        Column::Double(column) => return keep(parse_f64(java_trim(text)), |number| column.push(number)),
        Column::Decimal {
            values,
            precision,
            scale,
        } => {
            if !is_decimal(text) {
                return false;
            }
            match decimal::parse_as(text, *precision, *scale) {
                Some(number) => values.push(number),
                // Too large is NULL, as in Flink.
                None => values.push_null(),
            }
        }
        Column::Bytes(column) => {
            if !base64::decode(text, &mut column.bytes) {
                return false;
            }
            column.close();
        }
        Column::Date(column) => return keep(sql_date(text), |days| column.push(days)),
        Column::Time { values, precision } => {
            let step = 10i32.pow(u32::from(3 - (*precision).min(3)));
            return keep(java_time::parse_iso_time(text), |time| {
                values.push(time / step * step)
            });
        }
        Column::Timestamp { values, precision } => {
            let time = parse_timestamp_sql(java_trim(text)).and_then(|time| time.to_unit(*precision));
            return keep(time, |time| values.push(time));
        }
        Column::TimestampLtz { values, precision } => {
            let time = strip_utc_suffix(java_trim(text))
                .and_then(parse_timestamp_sql)
                .and_then(|time| time.to_unit(*precision));
            return keep(time, |time| values.push(time));
        }
        // The format refuses tables with columns of these types, and takes arrays and rows apart itself.
        Column::Months(_) | Column::Millis(_) | Column::Array(_) | Column::Map(_) | Column::Row(_) => {
            return false;
        }
    }
    true
}

#[inline]
fn keep<T>(value: Option<T>, push: impl FnOnce(T)) -> bool {
    value.map(push).is_some()
}

fn integer(text: &[u8]) -> Option<i64> {
    parse_i64(java_trim(text))
}

/// `java.sql.Date.valueOf`: four digits of year, one or two of month and day; a day that the month lacks counts on
/// into the next.
fn sql_date(text: &[u8]) -> Option<i32> {
    fn number(digits: &[u8]) -> Option<u32> {
        let plain = matches!(digits.len(), 1 | 2) && digits.iter().all(u8::is_ascii_digit);
        plain.then(|| {
            digits
                .iter()
                .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
        })
    }
    let (year, rest) = text.split_at_checked(4)?;
    let year = number(&year[..2])? * 100 + number(&year[2..])?;
    let [b'-', rest @ ..] = rest else {
        return None;
    };
    let dash = rest.iter().position(|&byte| byte == b'-')?;
    let (month, day) = (number(&rest[..dash])?, number(&rest[dash + 1..])?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    i32::try_from(days_from_civil(i64::from(year), month, day)).ok()
}
