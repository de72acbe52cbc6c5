//! Parts of a text replaced.

use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use crate::build;
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{Slot, bound, coerce};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "REPLACE",
        signatures: &["REPLACE(text, part, replacement)"],
        doc: "The text with every occurrence of the part replaced.",
        example: ("REPLACE('hello', 'l', 'L')", "heLLo"),
        category: "string",
        bind: |arguments| {
            bind("REPLACE", arguments, |text, part, replacement, out| {
                if part.is_empty() {
                    out.push_str(&text.replace(part, replacement));
                    return;
                }
                let mut rest = text;
                while let Some(found) = rest.find(part) {
                    out.push_str(&rest[..found]);
                    out.push_str(replacement);
                    rest = &rest[found + part.len()..];
                }
                out.push_str(rest);
            })
        },
    },
    Scalar {
        name: "TRANSLATE",
        signatures: &["TRANSLATE(text, from, to)"],
        doc: "The text with each character of `from` replaced by the one at the same place in `to`, or left out if there is none.",
        example: ("TRANSLATE('abc', 'ac', 'x')", "xb"),
        category: "string",
        bind: |arguments| {
            bind("TRANSLATE", arguments, |text, from, to, out| {
                for character in text.chars() {
                    match from.chars().position(|candidate| candidate == character) {
                        None => out.push(character),
                        Some(place) => out.extend(to.chars().nth(place)),
                    }
                }
            })
        },
    },
];

fn bind(
    name: &'static str,
    arguments: &[Argument],
    f: impl Fn(&str, &str, &str, &mut String) + Send + Sync + 'static,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 3, &[Slot::Text, Slot::Text, Slot::Text])?;
    let function = kernel(name, move |call| {
        let (text, from, to) = (call.text(0)?, call.text(1)?, call.text(2)?);
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(from), Some(to)) = (text.get(row), from.get(row), to.get(row)) else {
                return Ok(None);
            };
            f(text, from, to, out);
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}
