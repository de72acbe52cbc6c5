//! Partition folders: `key=value` names and the values of the partition columns.
//!
//! Names are escaped as in Flink: control characters and `"#%'*/:=?\{[]^` as `%` and two digits.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef};
use dataflow::Error;
use model::{DataType, TypeKind};
use values::{decimal, number, temporal};

/// Reads `key=value`, both unescaped; `None` if the name is none.
pub fn parse_name(name: &str) -> Option<(String, String)> {
    let (key, value) = name.rsplit_once('=')?;
    (!key.is_empty() && !value.is_empty()).then(|| (unescape(key), unescape(value)))
}

/// The value of a key in the folders above a file; the innermost one counts.
pub fn value_of(path: &str, key: &str) -> Option<String> {
    let folders = Path::new(path).parent()?;
    folders.components().rev().find_map(|folder| {
        let (found, value) = parse_name(folder.as_os_str().to_str()?)?;
        (found == key).then_some(value)
    })
}

/// Appends `key=value/`, escaped.
pub fn push_folder(key: &str, value: &str, out: &mut String) {
    escape(key, out);
    out.push('=');
    escape(value, out);
    out.push('/');
}

fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        if character.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(character) {
            // Writing to a string does not fail.
            let _ = write!(out, "%{:02X}", u32::from(character));
        } else {
            out.push(character);
        }
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let digits = rest.as_bytes().get(at + 1..at + 3);
        let code = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(code) => {
                out.push(char::from(code));
                rest = &rest[at + 3..];
            }
            None => {
                out.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether a column of this type can name a folder.
pub fn is_supported(kind: &TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::Char(_)
            | TypeKind::Varchar(_)
            | TypeKind::Boolean
            | TypeKind::TinyInt
            | TypeKind::SmallInt
            | TypeKind::Int
            | TypeKind::BigInt
            | TypeKind::Float
            | TypeKind::Double
            | TypeKind::Decimal { .. }
            | TypeKind::Date
            | TypeKind::Timestamp(_)
    )
}

/// The value as an array of length one; `None` is NULL.
pub fn array(value: Option<&str>, data_type: &DataType, path: &str) -> Result<ArrayRef, Error> {
    let Some(text) = value else {
        return Ok(arrow_array::new_null_array(&data_type.arrow(), 1));
    };
    parse_value(text, &data_type.kind).ok_or_else(|| Error::Data {
        message: format!("partition value '{text}' is no {}", data_type.kind),
        place: path.to_string(),
    })
}

fn parse_value(text: &str, kind: &TypeKind) -> Option<ArrayRef> {
    fn one<T: ArrowPrimitiveType>(value: T::Native, kind: &TypeKind) -> ArrayRef {
        let mut builder = PrimitiveBuilder::<T>::new().with_data_type(kind.arrow());
        builder.append_value(value);
        Arc::new(builder.finish())
    }
    let bytes = text.as_bytes();
    Some(match kind {
        TypeKind::Char(_) | TypeKind::Varchar(_) => {
            let mut builder = StringBuilder::new();
            builder.append_value(text);
            Arc::new(builder.finish())
        }
        TypeKind::Boolean => {
            let mut builder = BooleanBuilder::new();
            builder.append_value(text.eq_ignore_ascii_case("true"));
            Arc::new(builder.finish())
        }
        TypeKind::TinyInt => one::<Int8Type>(text.parse().ok()?, kind),
        TypeKind::SmallInt => one::<Int16Type>(text.parse().ok()?, kind),
        TypeKind::Int => one::<Int32Type>(text.parse().ok()?, kind),
        TypeKind::BigInt => one::<Int64Type>(text.parse().ok()?, kind),
        TypeKind::Float => one::<Float32Type>(number::parse_f32(bytes)?, kind),
        TypeKind::Double => one::<Float64Type>(number::parse_f64(bytes)?, kind),
        TypeKind::Decimal { precision, scale } => {
            one::<Decimal128Type>(decimal::parse_as(bytes, *precision, *scale)?, kind)
        }
        TypeKind::Date => one::<Date32Type>(temporal::parse_date(bytes)?, kind),
        TypeKind::Timestamp(precision) => {
            let value = temporal::parse_timestamp_iso(bytes)?.to_unit(*precision)?;
            if *precision <= 6 {
                one::<TimestampMicrosecondType>(value, kind)
            } else {
                one::<TimestampNanosecondType>(value, kind)
            }
        }
        _ => return None,
    })
}

/// Appends the text that names the folder of a value; nothing for NULL.
pub fn push_value(array: &dyn Array, row: usize, kind: &TypeKind, out: &mut String) -> Result<(), Error> {
    if array.is_null(row) {
        return Ok(());
    }
    match kind {
        TypeKind::Char(_) | TypeKind::Varchar(_) => out.push_str(array.as_string::<i32>().value(row)),
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
            decimal::write(array.as_primitive::<Decimal128Type>().value(row), *scale, out);
        }
        TypeKind::Date => temporal::write_date(array.as_primitive::<Date32Type>().value(row), out),
        TypeKind::Timestamp(precision) => {
            let value = if *precision <= 6 {
                array.as_primitive::<TimestampMicrosecondType>().value(row)
            } else {
                array.as_primitive::<TimestampNanosecondType>().value(row)
            };
            crate::print::java::write_local_date_time(temporal::Instant::from_unit(value, *precision), out);
        }
        other => return Err(Error::internal(format!("{other} cannot name a partition"))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_survive_escaping() {
        let mut folder = String::new();
        push_folder("day", "2026-01-01T00:00/ä%41", &mut folder);
        assert_eq!(folder, "day=2026-01-01T00%3A00%2Fä%2541/");
        let (key, value) = parse_name(folder.trim_end_matches('/')).unwrap();
        assert_eq!((key.as_str(), value.as_str()), ("day", "2026-01-01T00:00/ä%41"));
    }

    #[test]
    fn a_broken_escape_stands_for_itself() {
        assert_eq!(unescape("100%"), "100%");
        assert_eq!(unescape("%zz%é"), "%zz%é");
    }

    #[test]
    fn the_innermost_folder_counts_and_the_file_does_not() {
        assert_eq!(value_of("/t/d=1/d=2/d=3.json", "d").as_deref(), Some("2"));
        assert_eq!(value_of("/t/d=1/x.json", "e"), None);
    }

    #[test]
    fn a_value_that_does_not_fit_its_type_names_the_file() {
        let error = array(Some("x"), &TypeKind::Int.nullable(), "/t/d=x/f").unwrap_err();
        assert_eq!(error.to_string(), "partition value 'x' is no INT (/t/d=x/f)");
    }
}
