//! Literals and the types of casts, written back.

use model::{DataType, TypeKind};
use sql::ast::{IntervalLiteral, Literal, TypeName};

use super::unit_text;

pub fn text(literal: &Literal) -> String {
    match literal {
        Literal::Null => "NULL".to_string(),
        Literal::Boolean(true) => "TRUE".to_string(),
        Literal::Boolean(false) => "FALSE".to_string(),
        Literal::Integer(digits) | Literal::Decimal(digits) => digits.clone(),
        Literal::Double(number) => scientific(number),
        Literal::String(value) => string(value),
        Literal::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("X'{digits}'")
        }
        Literal::Date(date) => format!("DATE '{}'", date.value),
        Literal::Time(time) => format!("TIME '{}'", time.value),
        Literal::Timestamp(timestamp) => format!("TIMESTAMP '{}'", timestamp.value),
        Literal::Interval(interval) => interval_text(interval),
    }
}

/// In quotes; as a Unicode literal if a character is not ASCII.
fn string(value: &str) -> String {
    if value.is_ascii() {
        return format!("'{}'", value.replace('\'', "''"));
    }
    let mut text = "u&'".to_string();
    for unit in value.encode_utf16() {
        match u8::try_from(unit) {
            Ok(b'\'') => text.push_str("''"),
            Ok(ascii) if ascii.is_ascii() && ascii != b'\\' => text.push(char::from(ascii)),
            _ => text.push_str(&format!("\\{unit:04x}")),
        }
    }
    text.push('\'');
    text
}

/// One digit before the point: `15e1` is `1.5E2`.
fn scientific(number: &str) -> String {
    let upper = number.to_uppercase();
    let (mantissa, exponent) = upper.split_once('E').unwrap_or((&upper, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = match all.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let Ok(exponent) = exponent.parse::<i64>() else {
        return upper;
    };
    let scale = fraction.len() as i64 - exponent;
    let exponent = digits.len() as i64 - scale - 1;
    match digits.split_at(1) {
        (first, "") => format!("{first}E{exponent}"),
        (first, rest) => format!("{first}.{rest}E{exponent}"),
    }
}

fn interval_text(interval: &IntervalLiteral) -> String {
    let sign = if interval.negative { "-" } else { "" };
    let precision = |precision: Option<u8>| precision.map_or(String::new(), |p| format!("({p})"));
    let mut text = format!(
        "INTERVAL {sign}'{}' {}{}",
        interval.text.value,
        unit_text(interval.from),
        precision(interval.from_precision)
    );
    if let Some(to) = interval.to {
        text.push_str(&format!(
            " TO {}{}",
            unit_text(to),
            precision(interval.to_precision)
        ));
    }
    text
}

/// The type of a cast, with a length or a precision only where one was written.
pub fn type_text(name: &TypeName, source: &str) -> String {
    let written = name.span.text(source);
    let short = !written.contains('(');
    match &name.data_type.kind {
        TypeKind::Timestamp(_) if short => "TIMESTAMP".to_string(),
        TypeKind::TimestampLtz(_) if short => "TIMESTAMP_LTZ".to_string(),
        TypeKind::Time(_) if short => "TIME".to_string(),
        TypeKind::Decimal { .. } if short => "DECIMAL".to_string(),
        TypeKind::Char(_) if short => "CHAR".to_string(),
        TypeKind::Binary(_) if short => "BINARY".to_string(),
        TypeKind::Varchar(_) if short && written.eq_ignore_ascii_case("VARCHAR") => "VARCHAR".to_string(),
        TypeKind::Varbinary(_) if short && written.eq_ignore_ascii_case("VARBINARY") => {
            "VARBINARY".to_string()
        }
        kind => kind_text(kind),
    }
}

fn kind_text(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Int => "INTEGER".to_string(),
        TypeKind::Array(element) => format!("ARRAY< {} >", nested(element)),
        TypeKind::Multiset(element) => format!("MULTISET< {} >", nested(element)),
        TypeKind::Map(key, value) => format!("MAP< {}, {} >", nested(key), nested(value)),
        TypeKind::Row(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| {
                    format!(
                        "{} {}",
                        sql::quote_identifier(&field.name),
                        nested(&field.data_type)
                    )
                })
                .collect();
            format!("ROW< {} >", fields.join(", "))
        }
        other => other.to_string(),
    }
}

fn nested(data_type: &DataType) -> String {
    let kind = kind_text(&data_type.kind);
    if data_type.nullable {
        kind
    } else {
        format!("{kind} NOT NULL")
    }
}
