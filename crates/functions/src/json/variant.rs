//! `PARSE_JSON` and `TRY_PARSE_JSON`: text as a VARIANT, and the parts of one.
//!
//! A variant is held as JSON in one form: names in order, numbers without an exponent as they are but for zeros at
//! the end, all others as Java writes doubles.

use arrow_array::types::Int32Type;
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;

use super::value::Json;
use crate::build;
use crate::definition::Scalar;
use crate::kernel::fallible_kernel;
use crate::signature::{Slot, bound_as, coerce, coerce_one, mismatch};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "PARSE_JSON",
        signatures: &["PARSE_JSON(text [, allow_duplicate_keys])"],
        doc: "The JSON in the text as a VARIANT; fails if it is broken, or if a name stands twice and this is not allowed.",
        example: ("JSON_STRING(PARSE_JSON('{\"a\": 1}'))", "{\"a\":1}"),
        category: "json",
        bind: |arguments| bind_parse("PARSE_JSON", arguments, false),
    },
    Scalar {
        name: "TRY_PARSE_JSON",
        signatures: &["TRY_PARSE_JSON(text [, allow_duplicate_keys])"],
        doc: "The JSON in the text as a VARIANT; NULL if it is broken, or if a name stands twice and this is not allowed.",
        example: ("JSON_STRING(TRY_PARSE_JSON('[1.0]'))", "[1]"),
        category: "json",
        bind: |arguments| bind_parse("TRY_PARSE_JSON", arguments, true),
    },
];

/// How many digits a number without an exponent may have.
const DIGITS_MAX: usize = 38;

fn bind_parse(
    name: &'static str,
    arguments: &[Argument],
    is_try: bool,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 1, &[Slot::Text, Slot::Boolean])?;
    let nullable = is_try || types.iter().any(|given| given.nullable);
    let function = fallible_kernel(name, move |call| {
        let texts = call.text(0)?;
        let allowed = (call.len() > 1).then(|| call.flags(1)).transpose()?;
        build::strings(call.rows, |row, out| {
            let allowed = match &allowed {
                None => Some(false),
                Some(allowed) => allowed.get(row),
            };
            let (Some(text), Some(allowed)) = (texts.get(row), allowed) else {
                return Ok(None);
            };
            match Json::parse_with(text, allowed) {
                Some(json) => {
                    normalized(json).write(out);
                    Ok(Some(()))
                }
                None if is_try => Ok(None),
                None => Err(Error::evaluation(format!("{name} of '{text}': this is no JSON"))),
            }
        })
    });
    Ok(bound_as(
        types,
        TypeKind::Variant.nullable().with_nullable(nullable),
        function,
    ))
}

/// Numbers in the form that a variant has them.
fn normalized(json: Json<'_>) -> Json<'_> {
    match json {
        Json::BigInteger(digits) => {
            let count = digits.trim_start_matches('-').len();
            match digits.parse::<f64>() {
                Ok(value) if count > DIGITS_MAX => double(value),
                _ => Json::BigInteger(digits),
            }
        }
        Json::Decimal(value) if !value.has_exponent() && value.digits() <= DIGITS_MAX => {
            let mut text = String::new();
            value.write_plain(&mut text);
            Json::Raw(text.into())
        }
        Json::Decimal(value) => double(value.to_f64()),
        Json::Array(items) => Json::Array(items.into_iter().map(normalized).collect()),
        Json::Object(fields) => Json::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, normalized(value)))
                .collect(),
        ),
        other => other,
    }
}

fn double(value: f64) -> Json<'static> {
    let mut text = String::new();
    values::number::write_f64(value, &mut text);
    Json::Raw(text.into())
}

/// `variant['name']` and `variant[index]`; NULL if there is no such part, an error if it is not of that kind.
pub(crate) fn part_of(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let key = &arguments[1];
    let by_name = key.data_type.kind.is_string();
    if !by_name && !key.data_type.kind.is_integer() {
        return Err(mismatch("ITEM", 1, "a name or an index", &key.data_type));
    }
    let slot = if by_name { Slot::Text } else { Slot::Int };
    let types = vec![arguments[0].data_type.clone(), coerce_one("ITEM", 1, key, slot)?];
    let function = fallible_kernel("ITEM", move |call| {
        let variants = call.text(0)?;
        let names = by_name.then(|| call.text(1)).transpose()?;
        let indexes = (!by_name).then(|| call.numbers::<Int32Type>(1)).transpose()?;
        build::strings(call.rows, |row, out| {
            let Some(json) = variants.get(row).and_then(Json::parse) else {
                return Ok(None);
            };
            let part = if let Some(name) = names.as_ref().and_then(|names| names.get(row)) {
                if !matches!(json, Json::Object(_)) {
                    return Err(Error::evaluation("only a variant that is an object has fields"));
                }
                json.field(name)
            } else if let Some(index) = indexes.as_ref().and_then(|indexes| indexes.get(row)) {
                let Json::Array(items) = &json else {
                    return Err(Error::evaluation("only a variant that is an array has elements"));
                };
                let index = index.checked_sub(1).and_then(|index| usize::try_from(index).ok());
                index.and_then(|index| items.get(index))
            } else {
                None
            };
            Ok(part.map(|part| part.write(out)))
        })
    });
    Ok(bound_as(types, TypeKind::Variant.nullable(), function))
}
