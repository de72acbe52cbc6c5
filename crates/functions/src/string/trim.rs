//! Characters taken off the ends.

use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use crate::build;
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{Slot, bound, check_count, coerce, literal_text};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "TRIM",
        signatures: &["TRIM([BOTH | LEADING | TRAILING] [characters FROM] text)"],
        doc: "The text without the given characters (spaces by default) at its ends.",
        example: ("TRIM(LEADING 'x' FROM 'xax')", "ax"),
        category: "string",
        bind: bind_trim,
    },
    Scalar {
        name: "LTRIM",
        signatures: &["LTRIM(text [, characters])"],
        doc: "The text without the given characters (spaces by default) at its beginning.",
        example: ("LTRIM('  a ')", "a "),
        category: "string",
        bind: |arguments| bind_side("LTRIM", arguments, true, false),
    },
    Scalar {
        name: "RTRIM",
        signatures: &["RTRIM(text [, characters])"],
        doc: "The text without the given characters (spaces by default) at its end.",
        example: ("RTRIM(' a  ')", " a"),
        category: "string",
        bind: |arguments| bind_side("RTRIM", arguments, false, true),
    },
    Scalar {
        name: "BTRIM",
        signatures: &["BTRIM(text [, characters])"],
        doc: "The text without the given characters (spaces by default) at both ends.",
        example: ("BTRIM('xax', 'x')", "a"),
        category: "string",
        bind: |arguments| bind_side("BTRIM", arguments, true, true),
    },
];

/// `(side, characters, text)`, or the text alone.
fn bind_trim(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    if arguments.len() == 1 {
        return bind_side("TRIM", arguments, true, true);
    }
    check_count("TRIM", arguments, 3, 3)?;
    let (left, right) = match literal_text(&arguments[0]).as_deref() {
        Some("BOTH") => (true, true),
        Some("LEADING") => (true, false),
        Some("TRAILING") => (false, true),
        _ => {
            return Err(
                SignatureError::new("the side of TRIM must be BOTH, LEADING or TRAILING").argument(0),
            );
        }
    };
    let types = coerce("TRIM", arguments, 3, &[Slot::Text, Slot::Text, Slot::Text])?;
    Ok(trim("TRIM", types, left, right, 2, Some(1)))
}

fn bind_side(
    name: &'static str,
    arguments: &[Argument],
    left: bool,
    right: bool,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 1, &[Slot::Text, Slot::Text])?;
    let characters = (types.len() == 2).then_some(1);
    Ok(trim(name, types, left, right, 0, characters))
}

fn trim(
    name: &'static str,
    types: Vec<model::DataType>,
    left: bool,
    right: bool,
    text_at: usize,
    characters_at: Option<usize>,
) -> BoundScalar {
    let function = kernel(name, move |call| {
        let text = call.text(text_at)?;
        let characters = characters_at.map(|index| call.text(index)).transpose()?;
        build::strings(call.rows, |row, out| {
            let Some(mut text) = text.get(row) else {
                return Ok(None);
            };
            let set = match &characters {
                None => " ",
                Some(characters) => match characters.get(row) {
                    Some(set) => set,
                    None => return Ok(None),
                },
            };
            if left {
                text = text.trim_start_matches(|c| set.contains(c));
            }
            if right {
                text = text.trim_end_matches(|c| set.contains(c));
            }
            out.push_str(text);
            Ok(Some(()))
        })
    });
    let kind = match name {
        "BTRIM" => TypeKind::STRING,
        _ => TypeKind::Varchar(super::length_max(&types[text_at].kind)),
    };
    bound(types, kind, function)
}
