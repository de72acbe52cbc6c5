//! Parts of a text replaced.

use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;

use crate::build::{self, check_length};
use crate::definition::Scalar;
use crate::kernel::fallible_kernel;
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
                let (start, mut behind) = (out.len(), 0);
                // An empty part is found between any two characters.
                for (found, _) in text.match_indices(part) {
                    out.push_str(&text[behind..found]);
                    out.push_str(replacement);
                    check_length("REPLACE", out.len() - start)?;
                    behind = found + part.len();
                }
                out.push_str(&text[behind..]);
                Ok(())
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
                Ok(())
            })
        },
    },
];

fn bind(
    name: &'static str,
    arguments: &[Argument],
    f: impl Fn(&str, &str, &str, &mut String) -> Result<(), Error> + Send + Sync + 'static,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 3, &[Slot::Text, Slot::Text, Slot::Text])?;
    let function = fallible_kernel(name, move |call| {
        let (text, from, to) = (call.text(0)?, call.text(1)?, call.text(2)?);
        build::strings(call.rows, |row, out| {
            let (Some(text), Some(from), Some(to)) = (text.get(row), from.get(row), to.get(row)) else {
                return Ok(None);
            };
            f(text, from, to, out)?;
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}
