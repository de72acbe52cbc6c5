//! Characters one by one: length, case, codes, kinds.

use arrow_array::types::{Int32Type, Int64Type};
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use super::{length_of, text_to_text, texts_to_number};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{Slot, bound, bound_as, coerce};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "CHAR_LENGTH",
        signatures: &["CHAR_LENGTH(text)"],
        doc: "The number of characters.",
        example: ("CHAR_LENGTH('stream')", "6"),
        category: "string",
        bind: |arguments| bind_length("CHAR_LENGTH", arguments),
    },
    Scalar {
        name: "CHARACTER_LENGTH",
        signatures: &["CHARACTER_LENGTH(text)"],
        doc: "The number of characters.",
        example: ("CHARACTER_LENGTH('stream')", "6"),
        category: "string",
        bind: |arguments| bind_length("CHARACTER_LENGTH", arguments),
    },
    Scalar {
        name: "UPPER",
        signatures: &["UPPER(text)"],
        doc: "The text in upper case.",
        example: ("UPPER('Stream')", "STREAM"),
        category: "string",
        bind: |arguments| bind_case("UPPER", arguments, true),
    },
    Scalar {
        name: "LOWER",
        signatures: &["LOWER(text)"],
        doc: "The text in lower case.",
        example: ("LOWER('Stream')", "stream"),
        category: "string",
        bind: |arguments| bind_case("LOWER", arguments, false),
    },
    Scalar {
        name: "INITCAP",
        signatures: &["INITCAP(text)"],
        doc: "Every word with a capital letter, the rest of it in lower case. Words are made of ASCII letters and digits.",
        example: ("INITCAP('data STREAM')", "Data Stream"),
        category: "string",
        bind: |arguments| {
            let mut bound = text_to_text("INITCAP", arguments, initcap)?;
            bound.result.kind = bound.arguments[0].kind.clone();
            Ok(bound)
        },
    },
    Scalar {
        name: "REVERSE",
        signatures: &["REVERSE(text)"],
        doc: "The characters in reverse order.",
        example: ("REVERSE('abc')", "cba"),
        category: "string",
        bind: |arguments| {
            let mut bound = text_to_text("REVERSE", arguments, |text, out| {
                out.extend(text.chars().rev());
                Some(())
            })?;
            bound.result.nullable = true;
            Ok(bound)
        },
    },
    Scalar {
        name: "ASCII",
        signatures: &["ASCII(text)"],
        doc: "The first byte of the text as a signed number, 0 for an empty text.",
        example: ("ASCII('abc')", "97"),
        category: "string",
        bind: |arguments| {
            texts_to_number::<Int32Type>("ASCII", arguments, &[Slot::Text], TypeKind::Int, |texts| {
                Some(
                    texts[0]
                        .as_bytes()
                        .first()
                        .map_or(0, |&byte| i32::from(byte as i8)),
                )
            })
        },
    },
    Scalar {
        name: "CHR",
        signatures: &["CHR(code)"],
        doc: "The character of a code between 0 and 255; larger codes wrap around, negative ones give an empty text.",
        example: ("CHR(97)", "a"),
        category: "string",
        bind: bind_chr,
    },
    Scalar {
        name: "IS_ALPHA",
        signatures: &["IS_ALPHA(text)"],
        doc: "Whether all characters are letters and there is at least one.",
        example: ("IS_ALPHA('abc')", "TRUE"),
        category: "string",
        bind: |arguments| {
            bind_test("IS_ALPHA", arguments, |text| {
                text.chars().all(char::is_alphabetic)
            })
        },
    },
    Scalar {
        name: "IS_DIGIT",
        signatures: &["IS_DIGIT(text)"],
        doc: "Whether all characters are digits and there is at least one.",
        example: ("IS_DIGIT('123')", "TRUE"),
        category: "string",
        bind: |arguments| bind_test("IS_DIGIT", arguments, |text| text.chars().all(is_digit)),
    },
    Scalar {
        name: "IS_DECIMAL",
        signatures: &["IS_DECIMAL(text)"],
        doc: "Whether the text can be read as a number.",
        example: ("IS_DECIMAL('-1.5')", "TRUE"),
        category: "string",
        bind: |arguments| {
            bind_test("IS_DECIMAL", arguments, |text| {
                values::number::parse_f64(text.trim_matches(|c| c <= ' ').as_bytes()).is_some()
            })
        },
    },
];

fn is_digit(character: char) -> bool {
    const ZEROS: [u32; 23] = [
        0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50,
        0xED0, 0xF20, 0x1040, 0x17E0, 0x1810, 0xA620, 0xA8D0, 0xABF0, 0xFF10,
    ];
    let code = u32::from(character);
    ZEROS.iter().any(|&zero| (zero..zero + 10).contains(&code))
}

fn bind_length(name: &'static str, arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    texts_to_number::<Int32Type>(name, arguments, &[Slot::Text], TypeKind::Int, |texts| {
        Some(length_of(texts[0]) as i32)
    })
}

fn bind_case(name: &'static str, arguments: &[Argument], upper: bool) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 1, &[Slot::Text])?;
    // The result has the argument's type, so a CHAR keeps its length even where upper case is longer.
    let length = match types[0].kind {
        TypeKind::Char(length) => length as usize,
        _ => usize::MAX,
    };
    let kind = types[0].kind.clone();
    let function = kernel(name, move |call| {
        let text = call.text(0)?;
        build::strings(call.rows, |row, out| {
            let Some(text) = text.get(row) else {
                return Ok(None);
            };
            if text.is_ascii() {
                let start = out.len();
                out.push_str(text);
                if upper {
                    out[start..].make_ascii_uppercase()
                } else {
                    out[start..].make_ascii_lowercase()
                }
            } else {
                let changed = if upper {
                    text.to_uppercase()
                } else {
                    text.to_lowercase()
                };
                out.extend(changed.chars().take(length));
            }
            Ok(Some(()))
        })
    });
    Ok(bound(types, kind, function))
}

fn initcap(text: &str, out: &mut String) -> Option<()> {
    let mut inside = false;
    for character in text.chars() {
        out.push(if inside {
            character.to_ascii_lowercase()
        } else {
            character.to_ascii_uppercase()
        });
        inside = character.is_ascii_alphanumeric();
    }
    Some(())
}

fn bind_chr(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("CHR", arguments, 1, &[Slot::BigInt])?;
    let function = kernel("CHR", |call| {
        let codes = call.numbers::<Int64Type>(0)?;
        build::strings(call.rows, |row, out| {
            let Some(code) = codes.get(row) else {
                return Ok(None);
            };
            if code >= 0 {
                out.push(char::from((code & 0xFF) as u8));
            }
            Ok(Some(()))
        })
    });
    Ok(bound_as(types, TypeKind::STRING.nullable(), function))
}

/// A test that is false for NULL and for an empty text.
fn bind_test(
    name: &'static str,
    arguments: &[Argument],
    test: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 1, &[Slot::ToText])?;
    let function = kernel(name, move |call| {
        let text = call.text(0)?;
        build::flags(call.rows, |row| {
            Ok(Some(
                text.get(row).is_some_and(|text| !text.is_empty() && test(text)),
            ))
        })
    });
    Ok(bound_as(types, TypeKind::Boolean.not_null(), function))
}
