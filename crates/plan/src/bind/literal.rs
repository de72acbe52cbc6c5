//! Literals, with Flink's types and ranges.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMillisecondArray,
    Float64Array, Int32Array, Int64Array, IntervalYearMonthArray, StringArray, Time32MillisecondArray,
    TimestampMicrosecondArray, TimestampNanosecondArray, new_null_array,
};
use arrow_schema::DataType as ArrowType;
use graph::Expr;
use model::data_type::DECIMAL_PRECISION_MAX;
use model::{DataType, Diagnostic, Span, TypeKind};
use sql::ast::{IntervalLiteral, Literal, Text, TimeUnit};

pub(crate) fn null(data_type: DataType) -> Expr {
    let data_type = data_type.with_nullable(true);
    Expr::Literal {
        value: new_null_array(&data_type.arrow(), 1),
        data_type,
    }
}

pub(crate) fn boolean(value: bool) -> Expr {
    of(Arc::new(BooleanArray::from(vec![value])), TypeKind::Boolean)
}

pub(crate) fn int(value: i32) -> Expr {
    of(Arc::new(Int32Array::from(vec![value])), TypeKind::Int)
}

pub(crate) fn bigint(value: i64) -> Expr {
    of(Arc::new(Int64Array::from(vec![value])), TypeKind::BigInt)
}

pub(crate) fn string(value: &str) -> Expr {
    let length = value.chars().count() as u32;
    of(Arc::new(StringArray::from(vec![value])), TypeKind::Char(length))
}

/// As [`string`], of type STRING.
pub(crate) fn text(value: &str) -> Expr {
    of(Arc::new(StringArray::from(vec![value])), TypeKind::STRING)
}

fn of(value: ArrayRef, kind: TypeKind) -> Expr {
    Expr::Literal {
        value,
        data_type: kind.not_null(),
    }
}

/// The value of a whole number, if it is one.
pub(crate) fn integer(expression: &Expr) -> Option<i64> {
    let Expr::Literal { value, .. } = expression else {
        return None;
    };
    if value.is_null(0) {
        return None;
    }
    match value.data_type() {
        ArrowType::Int8 => Some(value.as_primitive::<Int8Type>().value(0).into()),
        ArrowType::Int16 => Some(value.as_primitive::<Int16Type>().value(0).into()),
        ArrowType::Int32 => Some(value.as_primitive::<Int32Type>().value(0).into()),
        ArrowType::Int64 => Some(value.as_primitive::<Int64Type>().value(0)),
        _ => None,
    }
}

pub(crate) fn is_null_literal(expression: &Expr) -> bool {
    matches!(expression, Expr::Literal { value, .. } if value.is_null(0))
}

/// `negative` tells that a minus stands before it; only numbers take it.
pub(crate) fn bind(literal: &Literal, negative: bool, span: Span) -> Result<Expr, Diagnostic> {
    let sign = if negative { "-" } else { "" };
    match literal {
        Literal::Null => Ok(null(TypeKind::Null.nullable())),
        Literal::Boolean(value) => Ok(boolean(*value)),
        Literal::Integer(digits) => {
            let value: i64 = format!("{sign}{digits}")
                .parse()
                .map_err(|_| out_of_range(sign, digits, span))?;
            Ok(match i32::try_from(value) {
                Ok(small) => int(small),
                Err(_) => bigint(value),
            })
        }
        Literal::Decimal(digits) => decimal(sign, digits, span),
        Literal::Double(text) => {
            let value = values::number::parse_f64(format!("{sign}{text}").as_bytes())
                .filter(|value| value.is_finite())
                .ok_or_else(|| out_of_range(sign, text, span))?;
            Ok(of(Arc::new(Float64Array::from(vec![value])), TypeKind::Double))
        }
        Literal::String(value) => Ok(string(value)),
        Literal::Bytes(bytes) => Ok(of(
            Arc::new(BinaryArray::from_vec(vec![bytes.as_slice()])),
            TypeKind::Binary(bytes.len() as u32),
        )),
        Literal::Date(text) => date(text),
        Literal::Time(text) => time(text),
        Literal::Timestamp(text) => timestamp(text),
        Literal::Interval(interval) => bind_interval(interval, span),
    }
}

fn out_of_range(sign: &str, digits: &str, span: Span) -> Diagnostic {
    Diagnostic::validation(span, format!("numeric literal '{sign}{digits}' is out of range"))
        .hint("write it as a string and CAST it to the type you want")
}

/// Digits count as they are written, leading zeros too.
fn decimal(sign: &str, digits: &str, span: Span) -> Result<Expr, Diagnostic> {
    if let Some(whole) = digits.strip_suffix('.') {
        return bind(&Literal::Integer(whole.to_string()), !sign.is_empty(), span);
    }
    let precision = digits.bytes().filter(u8::is_ascii_digit).count();
    if precision > usize::from(DECIMAL_PRECISION_MAX) {
        return Err(out_of_range(sign, digits, span));
    }
    let fault = || out_of_range(sign, digits, span);
    let (unscaled, scale) = values::decimal::parse(format!("{sign}{digits}").as_bytes()).ok_or_else(fault)?;
    let scale = u8::try_from(scale).map_err(|_| fault())?;
    let precision = (precision as u8).max(scale).max(1);
    let value = Decimal128Array::from(vec![unscaled])
        .with_precision_and_scale(precision, scale as i8)
        .map_err(|_| fault())?;
    Ok(of(Arc::new(value), TypeKind::Decimal { precision, scale }))
}

fn date(text: &Text) -> Result<Expr, Diagnostic> {
    let value = text.value.trim();
    let days = is_shaped(value, "dddd-dd-dd")
        .then(|| values::temporal::parse_date(value.as_bytes()))
        .flatten()
        .ok_or_else(|| illegal("DATE", text, "write it as DATE '2026-01-31'"))?;
    Ok(of(Arc::new(Date32Array::from(vec![days])), TypeKind::Date))
}

fn time(text: &Text) -> Result<Expr, Diagnostic> {
    let fault = || illegal("TIME", text, "write it as TIME '12:30:00' or TIME '12:30:00.125'");
    let value = text.value.trim();
    let (whole, fraction) = split_fraction(value);
    if !is_shaped(whole, "dd:dd:dd") {
        return Err(fault());
    }
    let precision = fraction_digits(fraction).ok_or_else(fault)?;
    let ms = values::temporal::parse_time_ms(value.as_bytes()).ok_or_else(fault)?;
    Ok(of(
        Arc::new(Time32MillisecondArray::from(vec![ms])),
        TypeKind::Time(precision),
    ))
}

fn timestamp(text: &Text) -> Result<Expr, Diagnostic> {
    let fault = || {
        illegal(
            "TIMESTAMP",
            text,
            "write it as TIMESTAMP '2026-01-31 12:30:00' or TIMESTAMP '2026-01-31 12:30:00.125'",
        )
    };
    let value = text.value.trim();
    let (whole, fraction) = split_fraction(value);
    if !is_shaped(whole, "dddd-dd-dd dd:dd:dd") && !is_shaped(value, "dddd-dd-dd") {
        return Err(fault());
    }
    let precision = fraction_digits(fraction).ok_or_else(fault)?;
    let read = &value[..value.len().min(whole.len() + 1 + usize::from(precision))];
    let instant = values::temporal::parse_timestamp(read.as_bytes()).ok_or_else(fault)?;
    let units = instant.to_unit(precision).ok_or_else(fault)?;
    let value: ArrayRef = if precision <= 6 {
        Arc::new(TimestampMicrosecondArray::from(vec![units]))
    } else {
        Arc::new(TimestampNanosecondArray::from(vec![units]))
    };
    Ok(of(value, TypeKind::Timestamp(precision)))
}

fn illegal(what: &str, text: &Text, hint: &str) -> Diagnostic {
    Diagnostic::validation(text.span, format!("illegal {what} literal '{}'", text.value)).hint(hint)
}

fn split_fraction(value: &str) -> (&str, Option<&str>) {
    match value.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (value, None),
    }
}

/// Digits behind the point, nine at most; `None` if they are not digits.
fn fraction_digits(fraction: Option<&str>) -> Option<u8> {
    let Some(fraction) = fraction else {
        return Some(0);
    };
    let digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(fraction.len().min(9) as u8)
}

/// `d` in the shape stands for a digit, everything else for itself.
fn is_shaped(value: &str, shape: &str) -> bool {
    value.len() == shape.len()
        && value
            .bytes()
            .zip(shape.bytes())
            .all(|(byte, expected)| match expected {
                b'd' => byte.is_ascii_digit(),
                _ => byte == expected,
            })
}

// ---------------------------------------------------------------------------------------------- intervals

/// Digits that a leading field may have unless the literal says otherwise.
const LEADING_DIGITS_DEFAULT: u8 = 2;
/// Digits that a fraction of seconds may have unless the literal says otherwise.
const FRACTION_DIGITS_DEFAULT: u8 = 6;

fn bind_interval(interval: &IntervalLiteral, span: Span) -> Result<Expr, Diagnostic> {
    let fields = fields_of(interval, span)?;
    let digits = match interval.from_precision {
        Some(precision) if fields[0] == TimeUnit::Day && precision > 3 => {
            let message = format!("a precision of {precision} is not supported for days");
            return Err(Diagnostic::validation(span, message).hint("DAY(3) is the longest"));
        }
        Some(precision) => precision,
        None => LEADING_DIGITS_DEFAULT,
    };
    let fault = |hint: &str| {
        let message = format!(
            "illegal interval literal '{}' for {}",
            interval.text.value,
            qualifier(interval)
        );
        Diagnostic::validation(interval.text.span, message).hint(hint)
    };
    let fraction_digits = interval.to_precision.unwrap_or(FRACTION_DIGITS_DEFAULT);
    let (negative, values) = split_interval(interval.text.value.trim(), &fields, fraction_digits)
        .ok_or_else(|| fault(&format!("write it as '{}'", example(&fields))))?;
    let mut total: i64 = 0;
    for (index, (unit, value)) in fields.iter().zip(&values).enumerate() {
        let whole = value.whole;
        if index == 0 {
            if whole.to_string().len() > usize::from(digits) {
                let name = unit_name(*unit);
                let message = format!("{whole} exceeds the {digits} digits of {name}({digits})");
                let needed = whole.to_string().len();
                let hint = if *unit == TimeUnit::Day && needed > 3 {
                    "multiply a shorter one: INTERVAL '1' DAY * 1000".to_string()
                } else {
                    format!("write {name}({needed}) or use a larger unit")
                };
                return Err(Diagnostic::validation(interval.text.span, message).hint(hint));
            }
        } else if whole > field_max(*unit) {
            return Err(fault(&format!(
                "{} goes up to {}",
                unit_name(*unit),
                field_max(*unit)
            )));
        }
        // Ten digits of the largest unit stay far below the limits of an i64.
        total = total.saturating_add(whole.saturating_mul(unit_size(*unit)) + value.millis);
    }
    if negative != interval.negative {
        total = -total;
    }
    if is_year_month(fields[0]) {
        let months = i32::try_from(total).map_err(|_| fault("it is too long"))?;
        Ok(of(
            Arc::new(IntervalYearMonthArray::from(vec![months])),
            TypeKind::IntervalYearMonth,
        ))
    } else {
        Ok(of(
            Arc::new(DurationMillisecondArray::from(vec![total])),
            TypeKind::IntervalDayTime,
        ))
    }
}

struct FieldValue {
    whole: i64,
    /// Of the fraction of seconds.
    millis: i64,
}

/// The units between `from` and `to`, in order.
fn fields_of(interval: &IntervalLiteral, span: Span) -> Result<Vec<TimeUnit>, Diagnostic> {
    const YEAR_MONTH: [TimeUnit; 2] = [TimeUnit::Year, TimeUnit::Month];
    const DAY_TIME: [TimeUnit; 4] = [TimeUnit::Day, TimeUnit::Hour, TimeUnit::Minute, TimeUnit::Second];
    let Some(to) = interval.to else {
        return match interval.from {
            unit if YEAR_MONTH.contains(&unit) || DAY_TIME.contains(&unit) => Ok(vec![unit]),
            unit @ (TimeUnit::Quarter | TimeUnit::Week) => Ok(vec![unit]),
            unit => Err(Diagnostic::validation(
                span,
                format!("{} is no unit of an interval", unit_name(unit)),
            )
            .hint("units are YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE and SECOND")),
        };
    };
    for family in [&YEAR_MONTH[..], &DAY_TIME[..]] {
        let position = |unit| family.iter().position(|member| *member == unit);
        if let (Some(from), Some(to)) = (position(interval.from), position(to))
            && from < to
        {
            return Ok(family[from..=to].to_vec());
        }
    }
    Err(Diagnostic::validation(
        span,
        format!(
            "an interval cannot go from {} to {}",
            unit_name(interval.from),
            unit_name(to)
        ),
    )
    .hint("go from a larger unit to a smaller one, within YEAR TO MONTH or DAY TO SECOND"))
}

/// `1 10:00:00.5`, a sign allowed before it.
fn split_interval(text: &str, fields: &[TimeUnit], fraction_digits: u8) -> Option<(bool, Vec<FieldValue>)> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let mut values = Vec::new();
    for (index, unit) in fields.iter().enumerate() {
        let last = index + 1 == fields.len();
        let end = if last {
            rest.len()
        } else {
            rest.find(separator(*unit))?
        };
        let mut part = &rest[..end];
        let mut millis = 0;
        if *unit == TimeUnit::Second
            && let Some((whole, fraction)) = part.split_once('.')
        {
            if fraction.len() > usize::from(fraction_digits) || !is_digits(fraction) {
                return None;
            }
            let padded = format!("{fraction:0<3}");
            millis = padded[..3].parse().ok()?;
            part = whole;
        }
        if !is_digits(part) || part.len() > 10 {
            return None;
        }
        values.push(FieldValue {
            whole: part.parse().ok()?,
            millis,
        });
        rest = if last { "" } else { &rest[end + 1..] };
    }
    Some((negative, values))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What stands behind a field of this unit.
fn separator(unit: TimeUnit) -> char {
    match unit {
        TimeUnit::Year => '-',
        TimeUnit::Day => ' ',
        _ => ':',
    }
}

fn is_year_month(unit: TimeUnit) -> bool {
    matches!(unit, TimeUnit::Year | TimeUnit::Quarter | TimeUnit::Month)
}

/// In months or in milliseconds.
fn unit_size(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Year => 12,
        TimeUnit::Quarter => 3,
        TimeUnit::Week => 7 * 86_400_000,
        TimeUnit::Day => 86_400_000,
        TimeUnit::Hour => 3_600_000,
        TimeUnit::Minute => 60_000,
        TimeUnit::Second => 1000,
        _ => 1,
    }
}

/// Of a field that is not the first.
fn field_max(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Month => 11,
        TimeUnit::Hour => 23,
        _ => 59,
    }
}

fn example(fields: &[TimeUnit]) -> String {
    let mut text = String::new();
    for (index, unit) in fields.iter().enumerate() {
        text.push_str(if index == 0 {
            "1"
        } else if is_year_month(*unit) {
            "2"
        } else {
            "30"
        });
        if index + 1 < fields.len() {
            text.push(separator(*unit));
        }
    }
    text
}

pub(crate) fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Millennium => "MILLENNIUM",
        TimeUnit::Century => "CENTURY",
        TimeUnit::Decade => "DECADE",
        TimeUnit::Year => "YEAR",
        TimeUnit::IsoYear => "ISOYEAR",
        TimeUnit::Quarter => "QUARTER",
        TimeUnit::Month => "MONTH",
        TimeUnit::Week => "WEEK",
        TimeUnit::Day => "DAY",
        TimeUnit::DayOfWeek => "DOW",
        TimeUnit::IsoDayOfWeek => "ISODOW",
        TimeUnit::DayOfYear => "DOY",
        TimeUnit::Hour => "HOUR",
        TimeUnit::Minute => "MINUTE",
        TimeUnit::Second => "SECOND",
        TimeUnit::Millisecond => "MILLISECOND",
        TimeUnit::Microsecond => "MICROSECOND",
        TimeUnit::Nanosecond => "NANOSECOND",
        TimeUnit::Epoch => "EPOCH",
    }
}

fn qualifier(interval: &IntervalLiteral) -> String {
    match interval.to {
        Some(to) => format!("INTERVAL {} TO {}", unit_name(interval.from), unit_name(to)),
        None => format!("INTERVAL {}", unit_name(interval.from)),
    }
}
