//! Message digests in hexadecimal.

use arrow_array::types::Int32Type;
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use md5::{Digest, Md5};
use model::TypeKind;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::build;
use crate::definition::Scalar;
use crate::kernel::{fallible_kernel, kernel};
use crate::signature::{Slot, bound, coerce};

pub(super) const LIST: &[Scalar] = &[
    scalar(
        "MD5",
        &["MD5(text)"],
        ("MD5('')", "d41d8cd98f00b204e9800998ecf8427e"),
        |a| bind("MD5", 32, a, hex::<Md5>),
    ),
    scalar(
        "SHA1",
        &["SHA1(text)"],
        ("SHA1('')", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        |a| bind("SHA1", 40, a, hex::<Sha1>),
    ),
    scalar(
        "SHA224",
        &["SHA224(text)"],
        ("LEFT(SHA224(''), 8)", "d14a028c"),
        |a| bind("SHA224", 56, a, hex::<Sha224>),
    ),
    scalar(
        "SHA256",
        &["SHA256(text)"],
        ("LEFT(SHA256(''), 8)", "e3b0c442"),
        |a| bind("SHA256", 64, a, hex::<Sha256>),
    ),
    scalar(
        "SHA384",
        &["SHA384(text)"],
        ("LEFT(SHA384(''), 8)", "38b060a7"),
        |a| bind("SHA384", 96, a, hex::<Sha384>),
    ),
    scalar(
        "SHA512",
        &["SHA512(text)"],
        ("LEFT(SHA512(''), 8)", "cf83e135"),
        |a| bind("SHA512", 128, a, hex::<Sha512>),
    ),
    scalar(
        "SHA2",
        &["SHA2(text, bits)"],
        ("LEFT(SHA2('', 256), 8)", "e3b0c442"),
        bind_sha2,
    ),
];

const fn scalar(
    name: &'static str,
    signatures: &'static [&'static str],
    example: (&'static str, &'static str),
    bind: fn(&[Argument]) -> Result<BoundScalar, SignatureError>,
) -> Scalar {
    let doc = "The message digest of the text in hexadecimal.";
    Scalar {
        name,
        signatures,
        doc,
        example,
        category: "hash",
        bind,
    }
}

fn hex<D: Digest>(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in D::digest(bytes) {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

fn bind(
    name: &'static str,
    digits: u32,
    arguments: &[Argument],
    digest: fn(&[u8], &mut String),
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 1, &[Slot::TextOrBinary])?;
    let function = kernel(name, move |call| {
        let bytes = call.bytes(0)?;
        build::strings(call.rows, |row, out| {
            Ok(bytes.get(row).map(|bytes| digest(bytes, out)))
        })
    });
    Ok(bound(types, TypeKind::Char(digits), function))
}

fn bind_sha2(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("SHA2", arguments, 2, &[Slot::TextOrBinary, Slot::Int])?;
    let function = fallible_kernel("SHA2", |call| {
        let (bytes, bits) = (call.bytes(0)?, call.numbers::<Int32Type>(1)?);
        build::strings(call.rows, |row, out| {
            let (Some(bytes), Some(bits)) = (bytes.get(row), bits.get(row)) else {
                return Ok(None);
            };
            match bits {
                224 => hex::<Sha224>(bytes, out),
                256 => hex::<Sha256>(bytes, out),
                384 => hex::<Sha384>(bytes, out),
                512 => hex::<Sha512>(bytes, out),
                _ => {
                    return Err(Error::evaluation(format!(
                        "SHA2 has 224, 256, 384 or 512 bits, not {bits}"
                    )));
                }
            }
            Ok(Some(()))
        })
    });
    Ok(bound(types, TypeKind::Varchar(128), function))
}
