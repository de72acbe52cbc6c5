//! ABS, SIGN and BIN.

use std::fmt::Write;

use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use crate::build;
use crate::definition::Scalar;
use crate::kernel::{Call, kernel};
use crate::signature::{Slot, bound, coerce};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "ABS",
        signatures: &["ABS(x)"],
        doc: "The number without its sign; the least integer of a type has no counterpart and stays negative.",
        example: ("ABS(-2)", "2"),
        category: "math",
        bind: |arguments| bind("ABS", arguments, Sign::Abs),
    },
    Scalar {
        name: "SIGN",
        signatures: &["SIGN(x)"],
        doc: "-1, 0 or 1 in the type of the number.",
        example: ("SIGN(-2)", "-1"),
        category: "math",
        bind: |arguments| bind("SIGN", arguments, Sign::Sign),
    },
    Scalar {
        name: "BIN",
        signatures: &["BIN(x)"],
        doc: "A whole number in binary, negative ones in two's complement of 64 bits.",
        example: ("BIN(5)", "101"),
        category: "math",
        bind: bind_bin,
    },
];

#[derive(Clone, Copy)]
enum Sign {
    Abs,
    Sign,
}

fn bind(name: &'static str, arguments: &[Argument], sign: Sign) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 1, &[Slot::Number])?;
    let kind = types[0].kind.clone();
    let number = kind.clone();
    let function = kernel(name, move |call| match &number {
        TypeKind::TinyInt => map::<Int8Type>(call, &number, |x| match sign {
            Sign::Abs => x.wrapping_abs(),
            Sign::Sign => x.signum(),
        }),
        TypeKind::SmallInt => map::<Int16Type>(call, &number, |x| match sign {
            Sign::Abs => x.wrapping_abs(),
            Sign::Sign => x.signum(),
        }),
        TypeKind::Int => map::<Int32Type>(call, &number, |x| match sign {
            Sign::Abs => x.wrapping_abs(),
            Sign::Sign => x.signum(),
        }),
        TypeKind::BigInt => map::<Int64Type>(call, &number, |x| match sign {
            Sign::Abs => x.wrapping_abs(),
            Sign::Sign => x.signum(),
        }),
        TypeKind::Float => map::<Float32Type>(call, &number, |x| match sign {
            Sign::Abs => x.abs(),
            Sign::Sign if x == 0.0 || x.is_nan() => x,
            Sign::Sign => x.signum(),
        }),
        TypeKind::Double => map::<Float64Type>(call, &number, |x| match sign {
            Sign::Abs => x.abs(),
            Sign::Sign if x == 0.0 || x.is_nan() => x,
            Sign::Sign => x.signum(),
        }),
        _ => {
            let one = number
                .decimal_digits()
                .map_or(1, |(_, scale)| 10i128.pow(u32::from(scale)));
            map::<Decimal128Type>(call, &number, |x| match sign {
                Sign::Abs => x.abs(),
                Sign::Sign => x.signum() * one,
            })
        }
    });
    Ok(bound(types, kind, function))
}

fn map<T: ArrowPrimitiveType>(
    call: &Call<'_>,
    kind: &TypeKind,
    f: impl Fn(T::Native) -> T::Native,
) -> Result<arrow_array::ArrayRef, dataflow::Error> {
    let x = call.numbers::<T>(0)?;
    build::numbers_as::<T>(call.rows, &kind.arrow(), |row| Ok(x.get(row).map(&f)))
}

fn bind_bin(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("BIN", arguments, 1, &[Slot::BigInt])?;
    let function = kernel("BIN", |call| {
        let x = call.numbers::<Int64Type>(0)?;
        // Writing to a String cannot fail.
        build::strings(call.rows, |row, out| {
            Ok(x.get(row).map(|x| write!(out, "{x:b}").unwrap_or_default()))
        })
    });
    Ok(bound(types, TypeKind::STRING, function))
}
