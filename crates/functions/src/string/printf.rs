//! `PRINTF`: Java's format strings.
//!
//! A format that Java refuses, or one that does not fit its arguments, gives NULL.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, StringArray};
use dataflow::{Argument, BoundScalar, Error, SignatureError, Value};
use model::{DataType, TypeKind};
use values::temporal::{FractionDigits, Instant};
use values::{decimal, number, temporal};

use super::nullable_text;
use crate::build::{self, check_length};
use crate::definition::Scalar;
use crate::kernel::fallible_kernel;
use crate::signature::{Slot, check_count, coerce_one, mismatch};

pub(super) const LIST: &[Scalar] = &[Scalar {
    name: "PRINTF",
    signatures: &["PRINTF(format, value [, ...])"],
    doc: "The values in a format string of Java; NULL if it does not fit them.",
    example: ("PRINTF('%05d|%s', 42, 'x')", "00042|x"),
    category: "string",
    bind: bind_printf,
}];

fn bind_printf(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("PRINTF", arguments, 2, usize::MAX)?;
    let mut types = vec![coerce_one("PRINTF", 0, &arguments[0], Slot::Text)?];
    for (index, argument) in arguments.iter().enumerate().skip(1) {
        let kind = &argument.data_type.kind;
        let known = kind.is_string()
            || kind.is_numeric()
            || kind.is_datetime()
            || kind.is_interval()
            || matches!(kind, TypeKind::Boolean | TypeKind::Null);
        if !known {
            return Err(mismatch(
                "PRINTF",
                index,
                "text, a number, a boolean or a time",
                &argument.data_type,
            ));
        }
        types.push(argument.data_type.clone());
    }
    let argument_types = types[1..].to_vec();
    let function = fallible_kernel("PRINTF", move |call| {
        let formats = call.text(0)?;
        let mut last: Option<(&str, Option<Vec<Piece>>)> = None;
        build::strings(call.rows, |row, out| {
            let Some(format) = formats.get(row) else {
                return Ok(None);
            };
            if last.as_ref().is_none_or(|(known, _)| *known != format) {
                last = Some((format, parse(format)));
            }
            let Some((_, Some(pieces))) = &last else {
                return Ok(None);
            };
            let values = argument_types
                .iter()
                .zip(&call.arguments[1..])
                .map(|(data_type, value)| item(value, row, data_type))
                .collect::<Result<Vec<_>, _>>()?;
            print(pieces, &values, out)
        })
    });
    Ok(nullable_text(types, function))
}

/// A value as Java would hand it to its formatter.
enum Item<'a> {
    Null,
    Bool(bool),
    /// With how many bits it is held.
    Integer(i64, u32),
    Double(f64),
    Float(f32),
    Text(Cow<'a, str>),
}

fn item<'a>(value: &'a Value, row: usize, data_type: &DataType) -> Result<Item<'a>, Error> {
    let (array, row) = (value.array(), value.index(row));
    if data_type.kind == TypeKind::Null || array.is_null(row) {
        return Ok(Item::Null);
    }
    let mut text = String::new();
    Ok(match &data_type.kind {
        TypeKind::Boolean => Item::Bool(array.as_boolean().value(row)),
        TypeKind::TinyInt => Item::Integer(i64::from(array.as_primitive::<Int8Type>().value(row)), 8),
        TypeKind::SmallInt => Item::Integer(i64::from(array.as_primitive::<Int16Type>().value(row)), 16),
        TypeKind::Int => Item::Integer(i64::from(array.as_primitive::<Int32Type>().value(row)), 32),
        TypeKind::BigInt => Item::Integer(array.as_primitive::<Int64Type>().value(row), 64),
        TypeKind::Float => Item::Float(array.as_primitive::<Float32Type>().value(row)),
        TypeKind::Double => Item::Double(array.as_primitive::<Float64Type>().value(row)),
        // Days and milliseconds, as Flink holds them.
        TypeKind::Date => Item::Integer(i64::from(array.as_primitive::<Date32Type>().value(row)), 32),
        TypeKind::Time(_) => {
            let ms = array.as_primitive::<Time32MillisecondType>().value(row);
            Item::Integer(i64::from(ms), 32)
        }
        TypeKind::IntervalYearMonth => {
            let months = array
                .as_primitive::<arrow_array::types::IntervalYearMonthType>()
                .value(row);
            Item::Integer(i64::from(months), 32)
        }
        TypeKind::IntervalDayTime => {
            let ms = array
                .as_primitive::<arrow_array::types::DurationMillisecondType>()
                .value(row);
            Item::Integer(ms, 64)
        }
        TypeKind::Decimal { scale, .. } => {
            decimal::write(
                array.as_primitive::<Decimal128Type>().value(row),
                *scale,
                &mut text,
            );
            Item::Text(Cow::Owned(text))
        }
        TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision) => {
            let unit = if *precision <= 6 {
                array.as_primitive::<TimestampMicrosecondType>().value(row)
            } else {
                array.as_primitive::<TimestampNanosecondType>().value(row)
            };
            write_local(Instant::from_unit(unit, *precision), &mut text);
            Item::Text(Cow::Owned(text))
        }
        _ => match array.as_any().downcast_ref::<StringArray>() {
            Some(texts) => Item::Text(Cow::Borrowed(texts.value(row))),
            None => return Err(Error::internal("PRINTF was given a value of another type")),
        },
    })
}

/// As `LocalDateTime.toString`: no seconds if they are zero, and a fraction of three, six or nine digits.
fn write_local(instant: Instant, out: &mut String) {
    let digits = match instant.nanos {
        0 => 0,
        nanos if nanos % 1_000_000 == 0 => 3,
        nanos if nanos % 1000 == 0 => 6,
        _ => 9,
    };
    temporal::write_timestamp(instant, 'T', FractionDigits::Exactly(digits), out);
    if digits == 0 && out.ends_with(":00") {
        out.truncate(out.len() - 3);
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(Specifier),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Specifier {
    /// From `2$`, counted from zero.
    index: Option<usize>,
    /// `<`: the argument of the one before.
    again: bool,
    minus: bool,
    sharp: bool,
    plus: bool,
    blank: bool,
    zero: bool,
    comma: bool,
    parentheses: bool,
    width: Option<usize>,
    precision: Option<usize>,
    conversion: char,
    upper: bool,
}

/// `None` if Java has no such format.
fn parse(format: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(start) = rest.find('%') {
        if start > 0 {
            pieces.push(Piece::Text(rest[..start].to_string()));
        }
        let (specifier, length) = specifier(&rest[start + 1..])?;
        pieces.push(match specifier.conversion {
            'n' => Piece::Text("\n".to_string()),
            _ => Piece::Value(specifier),
        });
        rest = &rest[start + 1 + length..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_string()));
    }
    Some(pieces)
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at(end)
}

/// What stands behind `%`, and how long it is.
fn specifier(text: &str) -> Option<(Specifier, usize)> {
    let mut specifier = Specifier::default();
    let mut rest = text;
    let (number, behind) = digits(rest);
    if let (false, Some(behind)) = (number.is_empty(), behind.strip_prefix('$')) {
        specifier.index = Some(number.parse::<usize>().ok()?.checked_sub(1)?);
        rest = behind;
    }
    loop {
        let flag = match rest.as_bytes().first()? {
            b'-' => &mut specifier.minus,
            b'#' => &mut specifier.sharp,
            b'+' => &mut specifier.plus,
            b' ' => &mut specifier.blank,
            b'0' => &mut specifier.zero,
            b',' => &mut specifier.comma,
            b'(' => &mut specifier.parentheses,
            b'<' => &mut specifier.again,
            _ => break,
        };
        if std::mem::replace(flag, true) {
            return None;
        }
        rest = &rest[1..];
    }
    let (width, behind) = digits(rest);
    if !width.is_empty() {
        specifier.width = Some(width.parse().ok()?);
    }
    rest = behind;
    if let Some(behind) = rest.strip_prefix('.') {
        let (precision, behind) = digits(behind);
        specifier.precision = Some(precision.parse().ok()?);
        rest = behind;
    }
    let conversion = rest.chars().next()?;
    specifier.upper = matches!(conversion, 'B' | 'H' | 'S' | 'C' | 'X' | 'E' | 'G');
    specifier.conversion = conversion.to_ascii_lowercase();
    if conversion.is_ascii_uppercase() && !specifier.upper {
        return None;
    }
    is_legal(&specifier).then_some((specifier, text.len() - rest.len() + 1))
}

/// Whether the flags go together and with the conversion.
fn is_legal(it: &Specifier) -> bool {
    let sized = it.width.is_some();
    let numeric_flags = it.plus || it.blank || it.zero || it.comma || it.parentheses;
    let general = match it.conversion {
        'b' | 's' | 'h' => !numeric_flags && !it.sharp && (!it.minus || sized),
        'c' => !numeric_flags && !it.sharp && it.precision.is_none() && (!it.minus || sized),
        'd' => !it.sharp && it.precision.is_none(),
        'o' | 'x' => !it.plus && !it.blank && !it.comma && !it.parentheses && it.precision.is_none(),
        'f' => true,
        'e' => !it.comma,
        'g' => !it.sharp,
        '%' => !numeric_flags && !it.sharp && it.precision.is_none() && (!it.minus || sized),
        'n' => !numeric_flags && !it.sharp && !it.minus && !sized && it.precision.is_none(),
        _ => return false,
    };
    general && !(it.plus && it.blank) && !(it.minus && it.zero) && !((it.minus || it.zero) && !sized)
}

fn print(pieces: &[Piece], values: &[Item<'_>], out: &mut String) -> Result<Option<()>, Error> {
    let (mut ordinary, mut last) = (0, None);
    for piece in pieces {
        let it = match piece {
            Piece::Text(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Value(it) => it,
        };
        check_length("PRINTF", it.width.unwrap_or(0).max(it.precision.unwrap_or(0)))?;
        if it.conversion == '%' {
            pad("%", it, out);
            continue;
        }
        let index = match (it.again, it.index) {
            (true, _) => last,
            (false, Some(index)) => Some(index),
            (false, None) => {
                ordinary += 1;
                Some(ordinary - 1)
            }
        };
        last = index;
        let Some(value) = index.and_then(|index| values.get(index)) else {
            return Ok(None);
        };
        let Some(text) = convert(it, value) else {
            return Ok(None);
        };
        let text = if it.upper { text.to_uppercase() } else { text };
        pad(&text, it, out);
    }
    Ok(Some(()))
}

fn pad(text: &str, it: &Specifier, out: &mut String) {
    let missing = it.width.unwrap_or(0).saturating_sub(text.encode_utf16().count());
    let blanks = std::iter::repeat_n(' ', missing);
    if it.minus {
        out.push_str(text);
        out.extend(blanks);
    } else {
        out.extend(blanks);
        out.push_str(text);
    }
}

fn cut(text: &str, precision: Option<usize>) -> String {
    let Some(precision) = precision else {
        return text.to_string();
    };
    let units: Vec<u16> = text.encode_utf16().take(precision).collect();
    let mut out = String::new();
    super::push_utf16(&units, &mut out);
    out
}

/// `None` if the conversion does not take such a value.
fn convert(it: &Specifier, value: &Item<'_>) -> Option<String> {
    Some(match (it.conversion, value) {
        ('b', Item::Bool(value)) => cut(if *value { "true" } else { "false" }, it.precision),
        ('b', Item::Null) => cut("false", it.precision),
        ('b', _) => cut("true", it.precision),
        (_, Item::Null) => cut("null", it.precision),
        ('s', value) => cut(&java_text(value), it.precision),
        ('h', Item::Integer(value, bits)) => {
            let hash = if *bits == 64 {
                (value ^ (value >> 32)) as i32
            } else {
                *value as i32
            };
            cut(&format!("{hash:x}"), it.precision)
        }
        ('h', Item::Bool(value)) => cut(if *value { "4cf" } else { "4d5" }, it.precision),
        ('c', Item::Integer(value, bits)) if *bits < 64 => {
            let code = u32::try_from(*value).ok().filter(|code| *code <= 0x10_FFFF)?;
            char::from_u32(code).unwrap_or('?').to_string()
        }
        ('d', Item::Integer(value, _)) => signed(it, *value < 0, value.unsigned_abs().to_string()),
        ('o' | 'x', Item::Integer(value, bits)) => {
            let mask = if *bits == 64 { u64::MAX } else { (1 << bits) - 1 };
            let bits = value.cast_unsigned() & mask;
            let (prefix, text) = if it.conversion == 'x' {
                ("0x", format!("{bits:x}"))
            } else {
                ("0", format!("{bits:o}"))
            };
            let prefix = if it.sharp { prefix } else { "" };
            let width = it.width.filter(|_| it.zero).unwrap_or(0);
            let zeros = width.saturating_sub(prefix.len() + text.len());
            format!("{prefix}{}{text}", "0".repeat(zeros))
        }
        ('e' | 'f' | 'g', Item::Double(value)) => float(it, *value),
        ('e' | 'f' | 'g', Item::Float(value)) => float(it, f64::from(*value)),
        _ => return None,
    })
}

fn java_text(value: &Item<'_>) -> String {
    let mut out = String::new();
    match value {
        Item::Null => out.push_str("null"),
        Item::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Item::Integer(value, _) => number::write_i64(*value, &mut out),
        Item::Double(value) => number::write_f64(*value, &mut out),
        Item::Float(value) => number::write_f32(*value, &mut out),
        Item::Text(text) => out.push_str(text),
    }
    out
}

/// Digits, perhaps with a point, with separators, zeros and a sign.
fn signed(it: &Specifier, negative: bool, magnitude: String) -> String {
    let end = magnitude
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(magnitude.len());
    let (whole, rest) = magnitude.split_at(end);
    let mut body = String::new();
    for (index, digit) in whole.char_indices() {
        if it.comma && index > 0 && (whole.len() - index).is_multiple_of(3) {
            body.push(',');
        }
        body.push(digit);
    }
    body.push_str(rest);
    let (before, behind) = match (negative, it.parentheses) {
        (true, true) => ("(", ")"),
        (true, false) => ("-", ""),
        (false, _) if it.plus => ("+", ""),
        (false, _) if it.blank => (" ", ""),
        (false, _) => ("", ""),
    };
    let width = it.width.filter(|_| it.zero).unwrap_or(0);
    let zeros = width.saturating_sub(before.len() + behind.len() + body.len());
    format!("{before}{}{body}{behind}", "0".repeat(zeros))
}

fn float(it: &Specifier, value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_string();
    }
    if value.is_infinite() {
        let plain = Specifier {
            zero: false,
            ..it.clone()
        };
        return match (value < 0.0, it.parentheses) {
            (true, true) => "(Infinity)".to_string(),
            (true, false) => "-Infinity".to_string(),
            (false, _) if plain.plus => "+Infinity".to_string(),
            (false, _) if plain.blank => " Infinity".to_string(),
            (false, _) => "Infinity".to_string(),
        };
    }
    let precision = it.precision.unwrap_or(6);
    let magnitude = value.abs();
    let text = match it.conversion {
        'f' => fixed(magnitude, precision),
        'e' => scientific(magnitude, precision),
        _ => {
            let precision = precision.max(1);
            // The value rounded to so many digits decides.
            let rounded: f64 = scientific(magnitude, precision - 1).parse().unwrap_or(magnitude);
            if magnitude == 0.0 {
                fixed(0.0, precision - 1)
            } else if rounded >= 1e-4 && rounded < 10_f64.powi(precision.min(400) as i32) {
                let exponent = exponent_of(rounded);
                fixed(magnitude, (precision as i64 - 1 - exponent).max(0) as usize)
            } else {
                scientific(magnitude, precision - 1)
            }
        }
    };
    let text = match text.find('e') {
        _ if !it.sharp || text.contains('.') => text,
        Some(place) => format!("{}.{}", &text[..place], &text[place..]),
        None => format!("{text}."),
    };
    signed(it, value.is_sign_negative(), text)
}

/// The shortest digits of a number that is not below zero, and where the point stands in them.
fn shortest(value: f64) -> (Vec<u8>, i64) {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    (digits, exponent.parse::<i64>().unwrap_or(0) + 1)
}

fn exponent_of(value: f64) -> i64 {
    shortest(value).1 - 1
}

/// The digits rounded half up to `count` of them; the point moves where a digit is carried to the front.
fn rounded(value: f64, count: i64) -> (Vec<u8>, i64) {
    let (mut digits, mut point) = shortest(value);
    if count < 0 {
        return (Vec::new(), point);
    }
    let count = count as usize;
    if count >= digits.len() {
        return (digits, point);
    }
    let up = digits[count] >= b'5';
    digits.truncate(count);
    if up {
        let mut place = count;
        loop {
            if place == 0 {
                digits.insert(0, b'1');
                point += 1;
                break;
            }
            place -= 1;
            if digits[place] == b'9' {
                digits[place] = b'0';
            } else {
                digits[place] += 1;
                break;
            }
        }
    }
    (digits, point)
}

fn fixed(value: f64, precision: usize) -> String {
    let (_, point) = shortest(value);
    let (digits, point) = rounded(value, point + precision as i64);
    let digit = |place: i64| {
        usize::try_from(place)
            .ok()
            .and_then(|place| digits.get(place))
            .map_or('0', |&digit| char::from(digit))
    };
    let mut out = String::new();
    if point <= 0 {
        out.push('0');
    }
    for place in 0..point.max(0) {
        out.push(digit(place));
    }
    if precision > 0 {
        out.push('.');
        for place in 0..precision as i64 {
            out.push(digit(point + place));
        }
    }
    out
}

fn scientific(value: f64, precision: usize) -> String {
    let (digits, point) = rounded(value, precision as i64 + 1);
    let exponent = if value == 0.0 { 0 } else { point - 1 };
    let mut out = String::new();
    for place in 0..=precision {
        if place == 1 {
            out.push('.');
        }
        out.push(digits.get(place).map_or('0', |&digit| char::from(digit)));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    out.push_str(&format!("e{sign}{:02}", exponent.abs()));
    out
}
