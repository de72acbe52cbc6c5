//! ROUND, TRUNCATE, CEIL and FLOOR.
//!
//! Floats are rounded by their shortest decimal text, as Flink does through `BigDecimal.valueOf`: 1.005 rounds
//! to 1.01 although the float is a little less. Integers that grow out of their type wrap around.

use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow_array::{Array, ArrayRef};
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;
use model::data_type::DECIMAL_PRECISION_MAX;
use values::decimal::{fits, power_of_ten};

use crate::build;
use crate::definition::Scalar;
use crate::kernel::{Call, kernel};
use crate::signature::{Slot, any_nullable, bound_as, check_count, coerce, literal_int};
use crate::types::round_type;

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "ROUND",
        signatures: &["ROUND(x [, digits])"],
        doc: "The number rounded half away from zero to so many digits behind the point, or before it if negative.",
        example: ("ROUND(2.555, 1)", "2.6"),
        category: "math",
        bind: |arguments| bind_digits("ROUND", arguments, Mode::HalfUp),
    },
    Scalar {
        name: "TRUNCATE",
        signatures: &["TRUNCATE(x [, digits])"],
        doc: "The number cut off behind so many digits.",
        example: ("TRUNCATE(42.345, 2)", "42.34"),
        category: "math",
        bind: |arguments| bind_digits("TRUNCATE", arguments, Mode::Down),
    },
    Scalar {
        name: "CEIL",
        signatures: &["CEIL(x)", "CEIL(time TO unit)"],
        doc: "The number rounded up to a whole one, or a time rounded up to a unit.",
        example: ("CEIL(1.2)", "2"),
        category: "math",
        bind: |arguments| bind_whole("CEIL", arguments, Mode::Up),
    },
    Scalar {
        name: "CEILING",
        signatures: &["CEILING(x)", "CEILING(time TO unit)"],
        doc: "The number rounded up to a whole one, or a time rounded up to a unit.",
        example: ("CEILING(1.2)", "2"),
        category: "math",
        bind: |arguments| bind_whole("CEILING", arguments, Mode::Up),
    },
    Scalar {
        name: "FLOOR",
        signatures: &["FLOOR(x)", "FLOOR(time TO unit)"],
        doc: "The number rounded down to a whole one, or a time rounded down to a unit.",
        example: ("FLOOR(-1.2)", "-2"),
        category: "math",
        bind: |arguments| bind_whole("FLOOR", arguments, Mode::Floor),
    },
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Half away from zero.
    HalfUp,
    /// Towards zero.
    Down,
    /// Towards positive infinity.
    Up,
    /// Towards negative infinity.
    Floor,
}

impl Mode {
    /// `value / 10^drop`, rounded.
    fn divide(self, value: i128, drop: u32) -> i128 {
        // No 128-bit number has more than 39 digits: what is left is nothing, but for its sign.
        let (quotient, remainder, divisor) = match 10i128.checked_pow(drop) {
            Some(divisor) => (value / divisor, value % divisor, Some(divisor)),
            None => (0, value, None),
        };
        let away = match self {
            Mode::HalfUp => {
                divisor.is_some_and(|divisor| remainder.unsigned_abs() >= divisor.unsigned_abs().div_ceil(2))
            }
            Mode::Down => false,
            Mode::Up => remainder > 0,
            Mode::Floor => remainder < 0,
        };
        if away { quotient + value.signum() } else { quotient }
    }
}

fn bind_whole(name: &'static str, arguments: &[Argument], mode: Mode) -> Result<BoundScalar, SignatureError> {
    check_count(name, arguments, 1, 2)?;
    if arguments.len() == 2 {
        return crate::temporal::round_to_unit(arguments, mode == Mode::Up);
    }
    let types = coerce(name, arguments, 1, &[Slot::Number])?;
    let kind = types[0].kind.clone();
    let (function, result) = match kind {
        TypeKind::Float => (
            kernel(name, move |call| {
                map::<Float32Type>(call, &TypeKind::Float, |x| whole(x, mode))
            }),
            kind,
        ),
        TypeKind::Double => (
            kernel(name, move |call| {
                map::<Float64Type>(call, &TypeKind::Double, |x| whole(x, mode))
            }),
            kind,
        ),
        TypeKind::Decimal { precision, scale } => {
            let result = TypeKind::Decimal { precision, scale: 0 };
            let to = result.clone();
            let drop = u32::from(scale);
            (
                kernel(name, move |call| {
                    map::<Decimal128Type>(call, &to, |x| mode.divide(x, drop))
                }),
                result,
            )
        }
        _ => (
            kernel(name, |call| call.value(0).map(|value| value.array().clone())),
            kind,
        ),
    };
    let nullable = types[0].nullable;
    Ok(bound_as(
        types,
        result.nullable().with_nullable(nullable),
        function,
    ))
}

/// Only called for CEIL and FLOOR.
fn whole<T: num::Float>(x: T, mode: Mode) -> T {
    if mode == Mode::Up { x.ceil() } else { x.floor() }
}

/// What [`whole`] needs of both floats.
mod num {
    pub trait Float: Copy {
        fn ceil(self) -> Self;
        fn floor(self) -> Self;
    }

    impl Float for f32 {
        fn ceil(self) -> f32 {
            f32::ceil(self)
        }
        fn floor(self) -> f32 {
            f32::floor(self)
        }
    }

    impl Float for f64 {
        fn ceil(self) -> f64 {
            f64::ceil(self)
        }
        fn floor(self) -> f64 {
            f64::floor(self)
        }
    }
}

fn map<T: ArrowPrimitiveType>(
    call: &Call<'_>,
    result: &TypeKind,
    f: impl Fn(T::Native) -> T::Native,
) -> Result<ArrayRef, Error> {
    let x = call.numbers::<T>(0)?;
    build::numbers_as::<T>(call.rows, &result.arrow(), |row| Ok(x.get(row).map(&f)))
}

fn bind_digits(
    name: &'static str,
    arguments: &[Argument],
    mode: Mode,
) -> Result<BoundScalar, SignatureError> {
    let types = coerce(name, arguments, 1, &[Slot::Number, Slot::Int])?;
    let kind = types[0].kind.clone();
    let result = match (kind.clone(), arguments.len()) {
        (TypeKind::Decimal { precision, scale }, 1) => round_type((precision, scale), 0),
        (TypeKind::Decimal { precision, scale }, _) => match literal_int(&arguments[1]) {
            Some(digits) => round_type((precision, scale), digits.clamp(-100, 100) as i32),
            // Without knowing the digits the scale must stay.
            None => kind.clone(),
        },
        (other, _) => other,
    };
    let to = result.clone();
    let function = kernel(name, move |call| round(call, &kind, &to, mode));
    let nullable = any_nullable(arguments);
    Ok(bound_as(
        types,
        result.nullable().with_nullable(nullable),
        function,
    ))
}

fn round(call: &Call<'_>, from: &TypeKind, to: &TypeKind, mode: Mode) -> Result<ArrayRef, Error> {
    match from {
        TypeKind::TinyInt => each::<Int8Type>(call, to, |x, digits| {
            Some(integer(i64::from(x), digits, mode) as i8)
        }),
        TypeKind::SmallInt => each::<Int16Type>(call, to, |x, digits| {
            Some(integer(i64::from(x), digits, mode) as i16)
        }),
        TypeKind::Int => each::<Int32Type>(call, to, |x, digits| {
            Some(integer(i64::from(x), digits, mode) as i32)
        }),
        TypeKind::BigInt => each::<Int64Type>(call, to, |x, digits| Some(integer(x, digits, mode))),
        TypeKind::Float => each::<Float32Type>(call, to, |x, digits| {
            Some(float(f64::from(x), digits, mode) as f32)
        }),
        TypeKind::Double => each::<Float64Type>(call, to, |x, digits| Some(float(x, digits, mode))),
        _ => {
            let scale = from.decimal_digits().map_or(0, |(_, scale)| i32::from(scale));
            let result = to.decimal_digits().unwrap_or((DECIMAL_PRECISION_MAX, 0));
            each::<Decimal128Type>(call, to, |x, digits| decimal(x, scale, digits, result, mode))
        }
    }
}

fn each<T: ArrowPrimitiveType>(
    call: &Call<'_>,
    to: &TypeKind,
    f: impl Fn(T::Native, i32) -> Option<T::Native>,
) -> Result<ArrayRef, Error> {
    let x = call.numbers::<T>(0)?;
    let digits = call.numbers_opt::<Int32Type>(1)?;
    let rounded = build::numbers_as::<T>(call.rows, &to.arrow(), |row| {
        let digits = digits.as_ref().map_or(Some(0), |digits| digits.get(row));
        Ok(x.get(row).zip(digits).and_then(|(x, digits)| f(x, digits)))
    })?;
    debug_assert_eq!(rounded.len(), call.rows);
    Ok(rounded)
}

fn integer(x: i64, digits: i32, mode: Mode) -> i64 {
    if digits >= 0 {
        return x;
    }
    let drop = digits.unsigned_abs();
    let rounded = mode.divide(i128::from(x), drop);
    10i128
        .checked_pow(drop)
        .map_or(0, |unit| rounded.wrapping_mul(unit)) as i64
}

/// From `scale` to `digits` digits behind the point, held with `result` digits in all and behind it; `None` if it
/// has more, as 99.99 has when it is rounded to a whole number.
fn decimal(x: i128, scale: i32, digits: i32, result: (u8, u8), mode: Mode) -> Option<i128> {
    let (scale, rounded_scale) = (i64::from(scale), i64::from(digits.min(scale)));
    let drop = u32::try_from(scale - rounded_scale).unwrap_or(u32::MAX);
    let rounded = mode.divide(x, drop);
    let widen = i64::from(result.1) - rounded_scale;
    let value = if widen < 0 {
        mode.divide(rounded, u32::try_from(-widen).unwrap_or(u32::MAX))
    } else if rounded == 0 {
        0
    } else {
        rounded.checked_mul(power_of_ten(u32::try_from(widen).ok()?)?)?
    };
    fits(value, result.0).then_some(value)
}

fn float(x: f64, digits: i32, mode: Mode) -> f64 {
    // A BigDecimal has no negative zero.
    if x == 0.0 {
        return 0.0;
    }
    if !x.is_finite() {
        return x;
    }
    // d.ddde±n: the shortest text that reads back as the same number.
    let text = format!("{:e}", x.abs());
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return x;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return x;
    };
    let mantissa: String = mantissa.chars().filter(|c| *c != '.').collect();
    let scale = mantissa.len() as i32 - 1 - exponent;
    if scale <= digits {
        return x;
    }
    let Ok(unscaled) = mantissa.parse::<i128>() else {
        return x;
    };
    let rounded = mode.divide(unscaled, scale.saturating_sub(digits) as u32);
    let value: f64 = format!("{rounded}e{}", -i64::from(digits)).parse().unwrap_or(x);
    if value == 0.0 { 0.0 } else { value.copysign(x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_round_by_their_text() {
        assert_eq!(float(1.005, 2, Mode::HalfUp), 1.01);
        assert_eq!(float(-2.5, 0, Mode::HalfUp), -3.0);
        assert_eq!(float(123_456.789, -2, Mode::HalfUp), 123_500.0);
        assert_eq!(float(f64::MAX, 2, Mode::HalfUp), f64::MAX);
        assert_eq!(float(42.345, -1, Mode::Down), 40.0);
        assert_eq!(float(1e-320, 2, Mode::HalfUp), 0.0);
    }

    #[test]
    fn integers_wrap_and_decimals_change_their_scale() {
        assert_eq!(
            integer(i64::from(i32::MAX), -1, Mode::HalfUp) as i32,
            -2_147_483_646
        );
        assert_eq!(integer(15, -1, Mode::HalfUp), 20);
        assert_eq!(integer(14, -40, Mode::HalfUp), 0);
        assert_eq!(decimal(2555, 3, 1, (3, 1), Mode::HalfUp), Some(26));
        assert_eq!(
            decimal(9_999_999_999, 3, -1, (8, 0), Mode::HalfUp),
            Some(10_000_000)
        );
        assert_eq!(decimal(9999, 2, 0, (4, 2), Mode::HalfUp), None);
        assert_eq!(decimal(9999, 2, 0, (4, 2), Mode::Down), Some(9900));
        for digits in [i32::MIN, -39, 39, i32::MAX] {
            let kept = if digits > 0 { 9999 } else { 0 };
            assert_eq!(decimal(9999, 2, digits, (4, 2), Mode::HalfUp), Some(kept));
        }
        assert_eq!(Mode::Floor.divide(-5, 1), -1);
        assert_eq!(Mode::Up.divide(-5, 1), 0);
    }
}
