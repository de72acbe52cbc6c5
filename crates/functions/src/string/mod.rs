//! Functions of text.
//!
//! Most count characters (code points), as Flink does on its binary strings; the few that Flink runs on Java
//! strings count UTF-16 units, and half a pair cut off by them becomes `?`, as in Flink.

mod characters;
mod concat;
mod encode;
mod hash;
mod inet;
mod pad;
mod printf;
mod regex;
mod replace;
mod search;
mod split;
mod substring;
mod trim;
mod url;

use std::sync::Arc;

use arrow_array::types::ArrowPrimitiveType;
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use crate::build;
use crate::definition::Scalar;
use crate::kernel::{Text, kernel};
use crate::signature::{Slot, bound, bound_as, coerce};

pub(crate) fn list() -> Vec<&'static Scalar> {
    [
        characters::LIST,
        concat::LIST,
        encode::LIST,
        hash::LIST,
        inet::LIST,
        pad::LIST,
        printf::LIST,
        regex::LIST,
        replace::LIST,
        search::LIST,
        split::LIST,
        substring::LIST,
        trim::LIST,
        url::LIST,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A function of one text to another: `f` appends the result.
fn text_to_text(
    name: &'static str,
    arguments: &[Argument],
    f: impl Fn(&str, &mut String) -> Option<()> + Send + Sync + 'static,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 1, &[Slot::Text])?;
    let function = kernel(name, move |call| {
        let text = call.text(0)?;
        build::strings(call.rows, |row, out| {
            Ok(text.get(row).and_then(|text| f(text, out)))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}

/// A function of texts to a number.
fn texts_to_number<T: ArrowPrimitiveType>(
    name: &'static str,
    arguments: &[Argument],
    slots: &[Slot],
    kind: TypeKind,
    f: impl Fn(&[&str]) -> Option<T::Native> + Send + Sync + 'static,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, slots.len(), slots)?;
    let function = kernel(name, move |call| {
        let texts = (0..call.len())
            .map(|index| call.text(index))
            .collect::<Result<Vec<_>, _>>()?;
        let mut values = Vec::with_capacity(texts.len());
        let numbers =
            build::numbers::<T>(call.rows, |row| Ok(row_of(&texts, row, &mut values).and_then(&f)))?;
        Ok(Arc::new(numbers))
    });
    Ok(bound(types, kind, function))
}

/// A function of texts to true or false.
fn texts_to_flag(
    name: &'static str,
    arguments: &[Argument],
    slots: &[Slot],
    f: impl Fn(&[&str]) -> Option<bool> + Send + Sync + 'static,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, slots.len(), slots)?;
    let function = kernel(name, move |call| {
        let texts = (0..call.len())
            .map(|index| call.text(index))
            .collect::<Result<Vec<_>, _>>()?;
        let mut values = Vec::with_capacity(texts.len());
        build::flags(call.rows, |row| Ok(row_of(&texts, row, &mut values).and_then(&f)))
    });
    Ok(bound(types, TypeKind::Boolean, function))
}

/// The texts of a row in a buffer that is used again for every row; `None` if one is NULL.
fn row_of<'b, 'a>(texts: &[Text<'a>], row: usize, buffer: &'b mut Vec<&'a str>) -> Option<&'b [&'a str]> {
    buffer.clear();
    for text in texts {
        buffer.push(text.get(row)?);
    }
    Some(buffer)
}

/// A text function whose result may be NULL even where no argument is.
fn nullable_text(types: Vec<model::DataType>, function: Arc<dyn dataflow::ScalarFunction>) -> BoundScalar {
    bound_as(types, TypeKind::STRING.nullable(), function)
}

/// The longest text of this type.
fn length_max(kind: &TypeKind) -> u32 {
    match kind {
        TypeKind::Char(length) | TypeKind::Varchar(length) => *length,
        _ => model::data_type::LENGTH_MAX,
    }
}

/// Where character `index` begins; the length if there are not so many.
fn offset_of(text: &str, index: usize) -> usize {
    if text.is_ascii() {
        return index.min(text.len());
    }
    text.char_indices()
        .nth(index)
        .map_or(text.len(), |(offset, _)| offset)
}

fn length_of(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

/// Text from UTF-16, half pairs as `?`, as Java encodes them.
fn push_utf16(units: &[u16], out: &mut String) {
    out.extend(char::decode_utf16(units.iter().copied()).map(|unit| unit.unwrap_or('?')));
}
