//! Functions that compute with DOUBLE: powers, logarithms, angles. Other numbers are cast to it.

use std::sync::Arc;

use arrow_array::types::Float64Type;
use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;

use crate::build;
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{Slot, bound, check_count, coerce};

/// As `java.lang.Math` has them.
const DEGREES_PER_RADIAN: f64 = 57.295_779_513_082_32;
const RADIANS_PER_DEGREE: f64 = 0.017_453_292_519_943_295;

pub(super) const LIST: &[Scalar] = &[
    one(
        "SQRT",
        &["SQRT(x)"],
        "The square root.",
        ("SQRT(9)", "3.0"),
        |a| bind("SQRT", a, f64::sqrt),
    ),
    one(
        "EXP",
        &["EXP(x)"],
        "e to the power of x.",
        ("EXP(0)", "1.0"),
        |a| bind("EXP", a, f64::exp),
    ),
    one(
        "LN",
        &["LN(x)"],
        "The natural logarithm.",
        ("LN(1)", "0.0"),
        |a| bind("LN", a, f64::ln),
    ),
    one(
        "LOG10",
        &["LOG10(x)"],
        "The logarithm to base 10.",
        ("LOG10(1000)", "3.0"),
        |a| bind("LOG10", a, f64::log10),
    ),
    one(
        "LOG2",
        &["LOG2(x)"],
        "The logarithm to base 2.",
        ("LOG2(8)", "3.0"),
        |a| bind("LOG2", a, |x| x.ln() / std::f64::consts::LN_2),
    ),
    one(
        "LOG",
        &["LOG(x)", "LOG(base, x)"],
        "The natural logarithm, or that to a base.",
        ("LOG(2, 8)", "3.0"),
        |a| match a.len() {
            1 => bind("LOG", a, f64::ln),
            _ => bind_two("LOG", a, |base, x| x.ln() / base.ln()),
        },
    ),
    one(
        "POWER",
        &["POWER(x, y)"],
        "x to the power of y.",
        ("POWER(2, 10)", "1024.0"),
        |a| bind_two("POWER", a, f64::powf),
    ),
    one(
        "SIN",
        &["SIN(x)"],
        "The sine of an angle in radians.",
        ("SIN(0)", "0.0"),
        |a| bind("SIN", a, f64::sin),
    ),
    one(
        "COS",
        &["COS(x)"],
        "The cosine of an angle in radians.",
        ("COS(0)", "1.0"),
        |a| bind("COS", a, f64::cos),
    ),
    one(
        "TAN",
        &["TAN(x)"],
        "The tangent of an angle in radians.",
        ("TAN(0)", "0.0"),
        |a| bind("TAN", a, f64::tan),
    ),
    one(
        "COT",
        &["COT(x)"],
        "The cotangent of an angle in radians.",
        ("COT(PI() / 4)", "1.0000000000000002"),
        |a| bind("COT", a, |x| 1.0 / x.tan()),
    ),
    one(
        "ASIN",
        &["ASIN(x)"],
        "The angle with this sine.",
        ("ASIN(0)", "0.0"),
        |a| bind("ASIN", a, f64::asin),
    ),
    one(
        "ACOS",
        &["ACOS(x)"],
        "The angle with this cosine.",
        ("ACOS(1)", "0.0"),
        |a| bind("ACOS", a, f64::acos),
    ),
    one(
        "ATAN",
        &["ATAN(x)"],
        "The angle with this tangent.",
        ("ATAN(0)", "0.0"),
        |a| bind("ATAN", a, f64::atan),
    ),
    one(
        "ATAN2",
        &["ATAN2(y, x)"],
        "The angle of the point (x, y).",
        ("ATAN2(0, 1)", "0.0"),
        |a| bind_two("ATAN2", a, f64::atan2),
    ),
    one(
        "SINH",
        &["SINH(x)"],
        "The hyperbolic sine.",
        ("SINH(0)", "0.0"),
        |a| bind("SINH", a, f64::sinh),
    ),
    one(
        "COSH",
        &["COSH(x)"],
        "The hyperbolic cosine.",
        ("COSH(0)", "1.0"),
        |a| bind("COSH", a, super::hyperbolic::cosh),
    ),
    one(
        "TANH",
        &["TANH(x)"],
        "The hyperbolic tangent.",
        ("TANH(0)", "0.0"),
        |a| bind("TANH", a, f64::tanh),
    ),
    one(
        "DEGREES",
        &["DEGREES(x)"],
        "An angle in radians as degrees.",
        ("DEGREES(PI())", "180.0"),
        |a| bind("DEGREES", a, |x| x * DEGREES_PER_RADIAN),
    ),
    one(
        "RADIANS",
        &["RADIANS(x)"],
        "An angle in degrees as radians.",
        ("RADIANS(0)", "0.0"),
        |a| bind("RADIANS", a, |x| x * RADIANS_PER_DEGREE),
    ),
    one(
        "PI",
        &["PI()"],
        "The number pi.",
        ("PI()", "3.141592653589793"),
        |a| bind_constant("PI", a, std::f64::consts::PI),
    ),
    one(
        "E",
        &["E()"],
        "The number e.",
        ("E()", "2.718281828459045"),
        |a| bind_constant("E", a, std::f64::consts::E),
    ),
];

const fn one(
    name: &'static str,
    signatures: &'static [&'static str],
    doc: &'static str,
    example: (&'static str, &'static str),
    bind: fn(&[Argument]) -> Result<BoundScalar, SignatureError>,
) -> Scalar {
    Scalar {
        name,
        signatures,
        doc,
        example,
        category: "math",
        bind,
    }
}

fn bind(
    name: &'static str,
    arguments: &[Argument],
    f: fn(f64) -> f64,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 1, &[Slot::Double])?;
    let function = kernel(name, move |call| {
        let x = call.numbers::<Float64Type>(0)?;
        Ok(Arc::new(build::numbers::<Float64Type>(call.rows, |row| {
            Ok(x.get(row).map(f))
        })?))
    });
    Ok(bound(types, TypeKind::Double, function))
}

fn bind_two(
    name: &'static str,
    arguments: &[Argument],
    f: fn(f64, f64) -> f64,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 2, &[Slot::Double, Slot::Double])?;
    let function = kernel(name, move |call| {
        let (x, y) = (call.numbers::<Float64Type>(0)?, call.numbers::<Float64Type>(1)?);
        let results = build::numbers::<Float64Type>(call.rows, |row| {
            Ok(x.get(row).zip(y.get(row)).map(|(x, y)| f(x, y)))
        })?;
        Ok(Arc::new(results))
    });
    Ok(bound(types, TypeKind::Double, function))
}

fn bind_constant(
    name: &'static str,
    arguments: &[Argument],
    value: f64,
) -> Result<BoundScalar, SignatureError> {
    check_count(name, arguments, 0, 0)?;
    let function = kernel(name, move |call| {
        Ok(Arc::new(build::numbers::<Float64Type>(call.rows, |_| {
            Ok(Some(value))
        })?))
    });
    Ok(bound(Vec::new(), TypeKind::Double, function))
}
