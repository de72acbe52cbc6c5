//! IPv4 addresses as numbers.

use std::sync::Arc;

use arrow_array::types::Int64Type;
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use super::nullable_text;
use crate::build;
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{Slot, bound_as, check_count, coerce, mismatch};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "INET_ATON",
        signatures: &["INET_ATON(address)"],
        doc: "The number of an IPv4 address; of fewer than four parts the last one is the end of the address. NULL if it is none.",
        example: ("INET_ATON('127.0.0.1')", "2130706433"),
        category: "string",
        bind: bind_aton,
    },
    Scalar {
        name: "INET_NTOA",
        signatures: &["INET_NTOA(number)"],
        doc: "The IPv4 address of a number; NULL below zero and beyond 32 bits.",
        example: ("INET_NTOA(2130706433)", "127.0.0.1"),
        category: "string",
        bind: bind_ntoa,
    },
];

fn bind_aton(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("INET_ATON", arguments, 1, &[Slot::Text])?;
    let function = kernel("INET_ATON", |call| {
        let text = call.text(0)?;
        let numbers = build::numbers::<Int64Type>(call.rows, |row| Ok(text.get(row).and_then(number_of)))?;
        Ok(Arc::new(numbers))
    });
    Ok(bound_as(types, TypeKind::BigInt.nullable(), function))
}

fn number_of(address: &str) -> Option<i64> {
    let mut parts = [0_i64; 4];
    let mut count = 0;
    for part in address.split('.') {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // Leading zeros are no sign of octal numbers.
        let digits = part.trim_start_matches('0');
        let value = if digits.is_empty() {
            0
        } else {
            digits.parse::<u8>().ok()?
        };
        *parts.get_mut(count)? = i64::from(value);
        count += 1;
    }
    Some(match count {
        1 => parts[0],
        2 => parts[0] << 24 | parts[1],
        3 => parts[0] << 24 | parts[1] << 16 | parts[2],
        _ => parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3],
    })
}

fn bind_ntoa(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("INET_NTOA", arguments, 1, 1)?;
    let given = &arguments[0].data_type;
    if !given.kind.is_integer() && given.kind != TypeKind::Null {
        return Err(mismatch("INET_NTOA", 0, "an integer", given));
    }
    let types = coerce("INET_NTOA", arguments, 1, &[Slot::BigInt])?;
    let function = kernel("INET_NTOA", |call| {
        let numbers = call.numbers::<Int64Type>(0)?;
        build::strings(call.rows, |row, out| {
            let number = numbers.get(row).and_then(|number| u32::try_from(number).ok());
            Ok(number.map(|number| {
                let [a, b, c, d] = number.to_be_bytes();
                out.push_str(&format!("{a}.{b}.{c}.{d}"));
            }))
        })
    });
    Ok(nullable_text(types, function))
}
