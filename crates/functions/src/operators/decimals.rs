//! Arithmetic and comparison of decimals.
//!
//! Exact results are rounded half up to the scale of the result type; what has too many digits is NULL. Products
//! and dividends that leave 128 bits are computed in 256.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::types::{Decimal128Type, DecimalType};
use arrow_buffer::i256;
use dataflow::{Error, ScalarFunction};
use model::TypeKind;
use values::decimal::{divide_half_up, fits, power_of_ten, rescale_half_up};

use super::arithmetic::{Operation, division_by_zero};
use crate::build;
use crate::kernel::{Kernel, Numbers};
use crate::types;

/// A column of decimals.
pub(crate) type Decimals<'a> = Numbers<'a, Decimal128Type>;

/// The type and code of an operation on decimals of these (precision, scale).
pub(crate) fn arithmetic(
    operation: Operation,
    a: (u8, u8),
    b: (u8, u8),
) -> (TypeKind, Arc<dyn ScalarFunction>) {
    let result = match operation {
        Operation::Add | Operation::Subtract => types::add_type(a, b),
        Operation::Multiply => types::multiply_type(a, b),
        Operation::Divide => types::divide_type(a, b),
        Operation::Modulo => types::modulo_type(a, b),
    };
    let (precision, scale) = result.decimal_digits().unwrap_or((38, 0));
    let (s1, s2) = (i32::from(a.1), i32::from(b.1));
    let arrow = result.arrow();
    let kernel = Kernel::new(operation.sign(), move |call| {
        let a: Decimals<'_> = call.numbers(0)?;
        let b: Decimals<'_> = call.numbers(1)?;
        let to = i32::from(scale);
        build::numbers_as::<Decimal128Type>(call.rows, &arrow, |row| {
            let (Some(a), Some(b)) = (a.get(row), b.get(row)) else {
                return Ok(None);
            };
            let value = match operation {
                Operation::Add => add(a, s1, b, s2, to),
                Operation::Subtract => add(a, s1, -b, s2, to),
                Operation::Multiply => multiply(a, b, s1 + s2, to),
                Operation::Divide => divide(a, s1, b, s2, to)?,
                Operation::Modulo => modulo(a, s1, b, s2, to)?,
            };
            Ok(value.filter(|&value| fits(value, precision)))
        })
    });
    let fallible = matches!(operation, Operation::Divide | Operation::Modulo);
    let function = if fallible {
        kernel.fallible().function()
    } else {
        kernel.function()
    };
    (result, function)
}

/// `None` where the result leaves 38 digits.
fn add(a: i128, s1: i32, b: i128, s2: i32, scale: i32) -> Option<i128> {
    let common = s1.max(s2);
    if let (Some(x), Some(y)) = (scaled(a, common - s1), scaled(b, common - s2))
        && let Some(sum) = x.checked_add(y)
    {
        return rescale_half_up(sum, common, scale);
    }
    let x = wide(a).checked_mul(wide_power(common - s1)?)?;
    let y = wide(b).checked_mul(wide_power(common - s2)?)?;
    narrow(x.checked_add(y)?, common - scale)
}

fn multiply(a: i128, b: i128, from: i32, scale: i32) -> Option<i128> {
    match a.checked_mul(b) {
        Some(product) => rescale_half_up_wide(product, from, scale),
        None => narrow(wide(a).checked_mul(wide(b))?, from - scale),
    }
}

/// As [`rescale_half_up`], for values that may have 39 digits.
fn rescale_half_up_wide(value: i128, from: i32, to: i32) -> Option<i128> {
    if from >= to {
        match power_of_ten((from - to) as u32) {
            Some(divisor) => Some(divide_half_up(value, divisor)),
            None => narrow(wide(value), from - to),
        }
    } else {
        rescale_half_up(value, from, to)
    }
}

fn divide(a: i128, s1: i32, b: i128, s2: i32, scale: i32) -> Result<Option<i128>, Error> {
    if b == 0 {
        return Err(division_by_zero());
    }
    // a / 10^s1 / (b / 10^s2) = a * 10^(scale - s1 + s2) / b / 10^scale
    let shift = scale - s1 + s2;
    if shift >= 0
        && let Some(dividend) = scaled(a, shift)
    {
        let quotient = divide_half_up(dividend, b.abs());
        return Ok(Some(if b < 0 { -quotient } else { quotient }));
    }
    let (dividend, divisor) = if shift >= 0 {
        (
            wide_power(shift).and_then(|power| wide(a).checked_mul(power)),
            Some(wide(b)),
        )
    } else {
        (
            Some(wide(a)),
            wide_power(-shift).and_then(|power| wide(b).checked_mul(power)),
        )
    };
    let (Some(dividend), Some(divisor)) = (dividend, divisor) else {
        return Ok(None);
    };
    Ok(wide_divide_half_up(dividend, divisor).and_then(i256::to_i128))
}

fn modulo(a: i128, s1: i32, b: i128, s2: i32, scale: i32) -> Result<Option<i128>, Error> {
    if b == 0 {
        return Err(division_by_zero());
    }
    let common = s1.max(s2);
    let remainder = match (scaled(a, common - s1), scaled(b, common - s2)) {
        (Some(x), Some(y)) => Some(x % y),
        _ => (|| {
            let x = wide(a).checked_mul(wide_power(common - s1)?)?;
            let y = wide(b).checked_mul(wide_power(common - s2)?)?;
            x.checked_rem(y)?.to_i128()
        })(),
    };
    Ok(remainder.and_then(|value| rescale_half_up(value, common, scale)))
}

/// Which of two decimals is greater, whatever their scales.
pub(crate) fn compare(a: i128, s1: i32, b: i128, s2: i32) -> Ordering {
    if s1 == s2 {
        return a.cmp(&b);
    }
    let common = s1.max(s2);
    match (scaled(a, common - s1), scaled(b, common - s2)) {
        (Some(x), Some(y)) => x.cmp(&y),
        _ => {
            // Scales differ by at most 38 and values have 38 digits, so that 256 bits are enough.
            let x = wide(a).wrapping_mul(wide_power(common - s1).unwrap_or(i256::ONE));
            let y = wide(b).wrapping_mul(wide_power(common - s2).unwrap_or(i256::ONE));
            x.cmp(&y)
        }
    }
}

fn scaled(value: i128, by: i32) -> Option<i128> {
    value.checked_mul(power_of_ten(u32::try_from(by).ok()?)?)
}

fn wide(value: i128) -> i256 {
    i256::from_i128(value)
}

fn wide_power(exponent: i32) -> Option<i256> {
    let exponent = u32::try_from(exponent).ok()?;
    if exponent <= 38 {
        return power_of_ten(exponent).map(i256::from_i128);
    }
    // 10^76 is the greatest power in 256 bits.
    (exponent <= 76).then_some(())?;
    wide_power(38)?.checked_mul(wide_power(exponent as i32 - 38)?)
}

/// Drops digits, rounding half up; adds zeros for a negative count.
fn narrow(value: i256, digits: i32) -> Option<i128> {
    if digits <= 0 {
        return value.checked_mul(wide_power(-digits)?)?.to_i128();
    }
    wide_divide_half_up(value, wide_power(digits)?)?.to_i128()
}

fn wide_divide_half_up(dividend: i256, divisor: i256) -> Option<i256> {
    let quotient = dividend.checked_div(divisor)?;
    let remainder = dividend.checked_rem(divisor)?;
    let (remainder, magnitude) = (remainder.wrapping_abs(), divisor.wrapping_abs());
    if remainder >= magnitude.wrapping_sub(remainder) {
        let away = if dividend.is_negative() == divisor.is_negative() {
            i256::ONE
        } else {
            i256::MINUS_ONE
        };
        return quotient.checked_add(away);
    }
    Some(quotient)
}

const _: () = assert!(Decimal128Type::MAX_PRECISION == 38);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_round_half_up_in_either_width() {
        assert_eq!(divide(10, 1, 3, 0, 12).ok().flatten(), Some(333_333_333_333));
        assert_eq!(divide(-1, 0, 8, 0, 2).ok().flatten(), Some(-13));
        let big = 10i128.pow(37);
        assert_eq!(divide(big, 10, big, 10, 6).ok().flatten(), Some(1_000_000));
        assert_eq!(divide(big, 0, 3, 0, 6).ok().flatten(), None);
        assert!(divide(1, 0, 0, 0, 6).is_err());
    }

    #[test]
    fn products_beyond_128_bits_come_back_rounded() {
        let a = 123_456_789_012_345_678_901_234_567_890_123_456i128;
        assert_eq!(multiply(a, 1_000_000_000_000_000_000, 36, 18), Some(a));
        assert_eq!(multiply(a, a, 60, 30), None);
        assert_eq!(multiply(5, 5, 2, 1), Some(3));
    }

    #[test]
    fn decimals_of_any_scales_compare() {
        assert_eq!(compare(10, 1, 1, 0), Ordering::Equal);
        assert_eq!(compare(10i128.pow(37), 0, 1, 38), Ordering::Greater);
        assert_eq!(compare(-(10i128.pow(37)), 0, 1, 38), Ordering::Less);
    }
}
