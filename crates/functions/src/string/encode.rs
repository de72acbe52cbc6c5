//! Text as bytes and bytes as text.

use arrow_array::types::Int64Type;
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;

use super::{push_utf16, text_to_text};
use crate::build;
use crate::definition::Scalar;
use crate::kernel::{fallible_kernel, kernel};
use crate::signature::{Slot, bound, bound_as, check_count, coerce};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "TO_BASE64",
        signatures: &["TO_BASE64(text)"],
        doc: "The text's bytes in base64.",
        example: ("TO_BASE64('abc')", "YWJj"),
        category: "string",
        bind: bind_to_base64,
    },
    Scalar {
        name: "FROM_BASE64",
        signatures: &["FROM_BASE64(text)"],
        doc: "The text that the base64 stands for.",
        example: ("FROM_BASE64('YWJj')", "abc"),
        category: "string",
        bind: bind_from_base64,
    },
    Scalar {
        name: "ENCODE",
        signatures: &["ENCODE(text, charset)"],
        doc: "The text as bytes of a character set: US-ASCII, ISO-8859-1, UTF-8, UTF-16, UTF-16BE or UTF-16LE.",
        example: ("ENCODE('a', 'UTF-16BE')", "x'0061'"),
        category: "string",
        bind: bind_encode,
    },
    Scalar {
        name: "DECODE",
        signatures: &["DECODE(bytes, charset)"],
        doc: "Bytes of a character set as text: US-ASCII, ISO-8859-1, UTF-8, UTF-16, UTF-16BE or UTF-16LE.",
        example: ("DECODE(x'0061', 'UTF-16BE')", "a"),
        category: "string",
        bind: bind_decode,
    },
    Scalar {
        name: "HEX",
        signatures: &["HEX(number)", "HEX(text)"],
        doc: "A whole number, or the bytes of a text, in hexadecimal.",
        example: ("HEX(255)", "FF"),
        category: "string",
        bind: bind_hex,
    },
    Scalar {
        name: "UNHEX",
        signatures: &["UNHEX(text)"],
        doc: "The bytes that hexadecimal digits stand for; NULL if there are others.",
        example: ("UNHEX('6162')", "x'6162'"),
        category: "string",
        bind: bind_unhex,
    },
    Scalar {
        name: "JSON_QUOTE",
        signatures: &["JSON_QUOTE(text)"],
        doc: "The text as a JSON string.",
        example: ("JSON_QUOTE('a\"b')", "\"a\\\"b\""),
        category: "json",
        bind: |arguments| text_to_text("JSON_QUOTE", arguments, json_quote),
    },
    Scalar {
        name: "JSON_UNQUOTE",
        signatures: &["JSON_UNQUOTE(text)"],
        doc: "The text that a JSON string stands for; anything else stays as it is.",
        example: ("JSON_UNQUOTE('\"a\"')", "a"),
        category: "json",
        bind: |arguments| text_to_text("JSON_UNQUOTE", arguments, json_unquote),
    },
];

/// Java's decoder takes base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn bind_to_base64(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("TO_BASE64", arguments, 1, &[Slot::TextOrBinary])?;
    let function = kernel("TO_BASE64", |call| {
        let bytes = call.bytes(0)?;
        build::strings(call.rows, |row, out| {
            Ok(bytes.get(row).map(|bytes| BASE64.encode_string(bytes, out)))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}

fn bind_from_base64(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("FROM_BASE64", arguments, 1, &[Slot::TextOrBinary])?;
    let function = fallible_kernel("FROM_BASE64", |call| {
        let bytes = call.bytes(0)?;
        build::strings(call.rows, |row, out| {
            let Some(bytes) = bytes.get(row) else {
                return Ok(None);
            };
            let decoded = BASE64
                .decode(bytes)
                .ok()
                // Padding may be left out, but not in part.
                .filter(|_| !bytes.ends_with(b"=") || bytes.len().is_multiple_of(4))
                .ok_or_else(|| {
                    Error::evaluation(format!(
                        "FROM_BASE64 of '{}': no base64",
                        String::from_utf8_lossy(bytes)
                    ))
                })?;
            out.push_str(&String::from_utf8_lossy(&decoded));
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}

#[derive(Clone, Copy)]
enum Charset {
    Ascii,
    Latin1,
    Utf8,
    /// Written with a mark in big-endian order; read in the order of the mark.
    Utf16,
    Utf16BigEndian,
    Utf16LittleEndian,
}

fn charset(name: &str) -> Result<Charset, Error> {
    Ok(match name.to_ascii_uppercase().as_str() {
        "US-ASCII" | "ASCII" => Charset::Ascii,
        "ISO-8859-1" | "LATIN1" => Charset::Latin1,
        "UTF-8" | "UTF8" => Charset::Utf8,
        "UTF-16" => Charset::Utf16,
        "UTF-16BE" => Charset::Utf16BigEndian,
        "UTF-16LE" => Charset::Utf16LittleEndian,
        _ => return Err(Error::evaluation(format!("character set '{name}' is not known"))),
    })
}

fn bind_encode(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("ENCODE", arguments, 2, &[Slot::Text, Slot::Text])?;
    let function = fallible_kernel("ENCODE", |call| {
        let (text, names) = (call.text(0)?, call.text(1)?);
        build::binaries(call.rows, |row, out| {
            let (Some(text), Some(name)) = (text.get(row), names.get(row)) else {
                return Ok(None);
            };
            match charset(name)? {
                Charset::Ascii => out.extend(text.chars().map(|c| if c.is_ascii() { c as u8 } else { b'?' })),
                Charset::Latin1 => {
                    out.extend(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')))
                }
                Charset::Utf8 => out.extend_from_slice(text.as_bytes()),
                Charset::Utf16 => {
                    out.extend_from_slice(&[0xFE, 0xFF]);
                    out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
                }
                Charset::Utf16BigEndian => out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
                Charset::Utf16LittleEndian => out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            }
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::BYTES, function))
}

fn bind_decode(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("DECODE", arguments, 2, &[Slot::Binary, Slot::Text])?;
    let function = fallible_kernel("DECODE", |call| {
        let (bytes, names) = (call.bytes(0)?, call.text(1)?);
        build::strings(call.rows, |row, out| {
            let (Some(bytes), Some(name)) = (bytes.get(row), names.get(row)) else {
                return Ok(None);
            };
            let units = |bytes: &[u8], order: fn([u8; 2]) -> u16| -> Vec<u16> {
                bytes
                    .chunks_exact(2)
                    .map(|pair| order([pair[0], pair[1]]))
                    .collect()
            };
            match charset(name)? {
                Charset::Ascii => {
                    out.extend(bytes.iter().map(|&byte| {
                        if byte.is_ascii() {
                            char::from(byte)
                        } else {
                            '\u{FFFD}'
                        }
                    }));
                }
                Charset::Latin1 => out.extend(bytes.iter().map(|&byte| char::from(byte))),
                Charset::Utf8 => out.push_str(&String::from_utf8_lossy(bytes)),
                Charset::Utf16 => match bytes {
                    [0xFF, 0xFE, rest @ ..] => push_utf16(&units(rest, u16::from_le_bytes), out),
                    [0xFE, 0xFF, rest @ ..] => push_utf16(&units(rest, u16::from_be_bytes), out),
                    _ => push_utf16(&units(bytes, u16::from_be_bytes), out),
                },
                Charset::Utf16BigEndian => push_utf16(&units(bytes, u16::from_be_bytes), out),
                Charset::Utf16LittleEndian => push_utf16(&units(bytes, u16::from_le_bytes), out),
            }
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}

fn bind_hex(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    use std::fmt::Write;
    check_count("HEX", arguments, 1, 1)?;
    if arguments[0].data_type.kind.is_integer() {
        let types = coerce("HEX", arguments, 1, &[Slot::BigInt])?;
        let function = kernel("HEX", |call| {
            let numbers = call.numbers::<Int64Type>(0)?;
            build::strings(call.rows, |row, out| {
                // Writing to a String cannot fail.
                Ok(numbers
                    .get(row)
                    .map(|number| write!(out, "{number:X}").unwrap_or_default()))
            })
        });
        return Ok(bound(types, TypeKind::STRING, function));
    }
    let types = coerce("HEX", arguments, 1, &[Slot::TextOrBinary])?;
    let function = kernel("HEX", |call| {
        let bytes = call.bytes(0)?;
        build::strings(call.rows, |row, out| {
            Ok(bytes.get(row).map(|bytes| {
                for byte in bytes {
                    out.push(char::from(HEX_DIGITS[usize::from(byte >> 4)]));
                    out.push(char::from(HEX_DIGITS[usize::from(byte & 15)]));
                }
            }))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}

const HEX_DIGITS: &[u8; 16] = b"0123456789ABCDEF";

fn bind_unhex(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("UNHEX", arguments, 1, &[Slot::TextOrBinary])?;
    let function = kernel("UNHEX", |call| {
        let digits = call.bytes(0)?;
        build::binaries(call.rows, |row, out| {
            Ok(digits.get(row).and_then(|digits| unhex(digits, out)))
        })
    });
    Ok(bound_as(types, TypeKind::BYTES.nullable(), function))
}

fn unhex(digits: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let odd = digits.len() % 2;
    if odd == 1 {
        // Flink checks the single digit in front, and then makes a zero of it.
        value(digits[0])?;
        out.push(0);
    }
    for pair in digits[odd..].chunks_exact(2) {
        out.push(value(pair[0])? << 4 | value(pair[1])?);
    }
    Some(())
}

/// Escapes everything outside ASCII. Flink escapes a character beyond 16 bits as its whole code followed by the
/// second half of its pair; that cannot be read back, but it is what Flink gives.
fn json_quote(text: &str, out: &mut String) -> Option<()> {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' => out.push_str("\\/"),
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(character),
            _ => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
                if let Some(&low) = character.encode_utf16(&mut [0; 2]).get(1) {
                    out.push_str(&format!("\\u{low:04x}"));
                }
            }
        }
    }
    out.push('"');
    Some(())
}

fn json_unquote(text: &str, out: &mut String) -> Option<()> {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner.and_then(unescape) {
        Some(units) => push_utf16(&units, out),
        None => out.push_str(text),
    }
    Some(())
}

/// The UTF-16 units of a JSON string's inside; `None` if it is none.
fn unescape(inner: &str) -> Option<Vec<u16>> {
    let mut units = Vec::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        let unit = match character {
            '"' => return None,
            '\\' => match characters.next()? {
                'b' => 8,
                'f' => 12,
                'n' => 10,
                'r' => 13,
                't' => 9,
                same @ ('"' | '\\' | '/') => same as u16,
                'u' => {
                    let digits: String = characters.by_ref().take(4).collect();
                    u16::from_str_radix(&digits, 16)
                        .ok()
                        .filter(|_| digits.len() == 4)?
                }
                _ => return None,
            },
            _ => {
                units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
                continue;
            }
        };
        units.push(unit);
    }
    Some(units)
}
