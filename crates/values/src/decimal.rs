//! Decimals as an unscaled 128-bit integer and a scale.
//!
//! A `DECIMAL(p, s)` holds `unscaled / 10^s` with `|unscaled| < 10^p` and `p <= 38`.

use crate::number::{parse_i64, push_ascii, push_zeros};

pub const PRECISION_MAX: u32 = 38;

/// Reads `-12.340`, `.5`, `1e3` as (unscaled, scale); `None` if it is no number or has more than 38 digits after
/// its leading zeros.
pub fn parse(text: &[u8]) -> Option<(i128, i32)> {
    let parts = Parts::of(text)?;
    let mut magnitude: i128 = 0;
    for digit in parts.digits() {
        magnitude = magnitude.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    if !fits(magnitude, PRECISION_MAX as u8) {
        return None;
    }
    let scale = i32::try_from(parts.fraction.len() as i64 - parts.exponent).ok()?;
    Some((parts.signed(magnitude), scale))
}

/// Brings to another scale, rounding half away from zero; `None` if the result has more than 38 digits.
pub fn rescale_half_up(unscaled: i128, from_scale: i32, to_scale: i32) -> Option<i128> {
    if unscaled == 0 {
        return Some(0);
    }
    let shift = i64::from(to_scale) - i64::from(from_scale);
    let result = if shift >= 0 {
        unscaled.checked_mul(power_of_ten(u32::try_from(shift).ok()?)?)?
    } else {
        match power_of_ten(u32::try_from(-shift).ok()?) {
            Some(divisor) => divide_half_up(unscaled, divisor),
            // The divisor has over 38 digits, the value at most 39: 10^39 / 10^39 rounds, all else vanishes.
            None => 0,
        }
    };
    fits(result, PRECISION_MAX as u8).then_some(result)
}

/// `dividend / divisor`, rounded half away from zero. The divisor must be positive.
pub fn divide_half_up(dividend: i128, divisor: i128) -> i128 {
    let quotient = dividend / divisor;
    let remainder = (dividend % divisor).unsigned_abs();
    let divisor = divisor.unsigned_abs();
    if remainder >= divisor - remainder {
        quotient + dividend.signum()
    } else {
        quotient
    }
}

/// Whether the value has at most `precision` digits.
pub fn fits(unscaled: i128, precision: u8) -> bool {
    match power_of_ten(u32::from(precision)) {
        Some(bound) => unscaled.unsigned_abs() < bound.unsigned_abs(),
        None => true,
    }
}

/// 10 to the `exponent`; `None` over 38.
pub fn power_of_ten(exponent: u32) -> Option<i128> {
    const POWERS: [i128; 39] = {
        let mut powers = [1i128; 39];
        let mut index = 1;
        while index < powers.len() {
            powers[index] = powers[index - 1] * 10;
            index += 1;
        }
        powers
    };
    POWERS.get(exponent as usize).copied()
}

/// Reads a number of any length into a `DECIMAL(precision, scale)`: rounds half away from zero; `None` if it is
/// no number or does not fit.
pub fn parse_as(text: &[u8], precision: u8, scale: u8) -> Option<i128> {
    let parts = Parts::of(text)?;
    // How many of the digits stand before the last one that is kept.
    let kept = parts.whole.len() as i64 + parts.exponent + i64::from(scale);
    let mut magnitude: i128 = 0;
    let mut digits = parts.digits();
    let mut taken: i64 = 0;
    while taken < kept {
        let Some(digit) = digits.next() else { break };
        magnitude = magnitude.checked_mul(10)?.checked_add(i128::from(digit))?;
        taken += 1;
    }
    if taken < kept && magnitude != 0 {
        let zeros = u32::try_from(kept - taken).ok()?;
        magnitude = magnitude.checked_mul(power_of_ten(zeros)?)?;
    }
    if taken == kept && digits.next().is_some_and(|digit| digit >= 5) {
        magnitude = magnitude.checked_add(1)?;
    }
    fits(magnitude, precision).then(|| parts.signed(magnitude))
}

/// Appends what `BigDecimal.toPlainString` gives: all `scale` digits after the point.
pub fn write(unscaled: i128, scale: u8, out: &mut String) {
    let mut digits = [0u8; 39];
    let mut start = digits.len();
    let mut rest = unscaled.unsigned_abs();
    while rest != 0 {
        // Most decimals fit in 64 bits, where division is much cheaper.
        if let Ok(mut short) = u64::try_from(rest) {
            while short != 0 {
                start -= 1;
                digits[start] = b'0' + (short % 10) as u8;
                short /= 10;
            }
            break;
        }
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let digits = &digits[start..];
    let scale = usize::from(scale);
    if unscaled < 0 {
        out.push('-');
    }
    let whole = digits.len().saturating_sub(scale);
    if whole == 0 {
        out.push('0');
    } else {
        push_ascii(&digits[..whole], out);
    }
    if scale > 0 {
        out.push('.');
        push_zeros(scale - (digits.len() - whole), out);
        push_ascii(&digits[whole..], out);
    }
}

/// A number taken apart: `sign whole . fraction e exponent`.
struct Parts<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Parts<'a> {
    fn of(text: &'a [u8]) -> Option<Parts<'a>> {
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(at) => {
                let exponent = parse_i64(&text[at + 1..])?;
                // As in BigDecimal, whose scale is 32 bits.
                (&text[..at], i64::from(i32::try_from(exponent).ok()?))
            }
            None => (text, 0),
        };
        let (whole, fraction) = match mantissa.iter().position(|&byte| byte == b'.') {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, &mantissa[mantissa.len()..]),
        };
        let all_digits = whole.iter().chain(fraction).all(u8::is_ascii_digit);
        (all_digits && whole.len() + fraction.len() > 0).then_some(Parts {
            negative,
            whole,
            fraction,
            exponent,
        })
    }

    fn digits(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.whole.iter().chain(self.fraction).map(|byte| byte - b'0')
    }

    fn signed(&self, magnitude: i128) -> i128 {
        if self.negative { -magnitude } else { magnitude }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_with_their_scale() {
        for (text, expected) in [
            ("0", Some((0, 0))),
            ("-12.340", Some((-12340, 3))),
            (".5", Some((5, 1))),
            ("5.", Some((5, 0))),
            ("+1e3", Some((1, -3))),
            ("1.5E-2", Some((15, 3))),
            ("00000000000000000000000000000000000000000001", Some((1, 0))),
            (
                "99999999999999999999999999999999999999",
                Some((10i128.pow(38) - 1, 0)),
            ),
            ("100000000000000000000000000000000000000", None),
            ("", None),
            (".", None),
            ("-", None),
            ("1e", None),
            ("1.2.3", None),
            ("abc", None),
            ("1e99999999999", None),
        ] {
            assert_eq!(parse(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn reading_into_a_type_rounds_half_up_and_refuses_what_does_not_fit() {
        for (text, precision, scale, expected) in [
            ("1.005", 5, 2, Some(101)),
            ("-1.005", 5, 2, Some(-101)),
            (
                "1.0049999999999999999999999999999999999999999999",
                5,
                2,
                Some(100),
            ),
            ("0.005", 5, 2, Some(1)),
            ("0.0049", 5, 2, Some(0)),
            ("0.0005", 5, 2, Some(0)),
            ("999.994", 5, 2, Some(99999)),
            ("999.995", 5, 2, None),
            ("1000", 5, 2, None),
            ("1e2", 5, 2, Some(10000)),
            ("1e-2", 5, 2, Some(1)),
            ("5e-3", 5, 2, Some(1)),
            ("5e-4", 5, 2, Some(0)),
            ("1e-400", 5, 2, Some(0)),
            ("0e400", 5, 2, Some(0)),
            ("1e400", 5, 2, None),
            ("12", 2, 0, Some(12)),
        ] {
            assert_eq!(parse_as(text.as_bytes(), precision, scale), expected, "{text}");
        }
    }

    #[test]
    fn scales_change_half_up() {
        assert_eq!(rescale_half_up(125, 2, 1), Some(13));
        assert_eq!(rescale_half_up(-125, 2, 1), Some(-13));
        assert_eq!(rescale_half_up(124, 2, 1), Some(12));
        assert_eq!(rescale_half_up(1, 0, 38), None);
        assert_eq!(rescale_half_up(1, 0, 37), Some(10i128.pow(37)));
        assert_eq!(rescale_half_up(1, 60, 0), Some(0));
        assert_eq!(rescale_half_up(0, 0, 60), Some(0));
        assert_eq!(rescale_half_up(i128::MAX, 0, 0), None);
    }

    #[test]
    fn decimals_are_written_plainly() {
        for (unscaled, scale, text) in [
            (0, 0, "0"),
            (0, 2, "0.00"),
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (-12345, 2, "-123.45"),
            (12345, 5, "0.12345"),
            (10i128.pow(38) - 1, 38, "0.99999999999999999999999999999999999999"),
            (
                -(10i128.pow(38) - 1),
                0,
                "-99999999999999999999999999999999999999",
            ),
        ] {
            let mut out = String::new();
            write(unscaled, scale, &mut out);
            assert_eq!(out, text);
            assert_eq!(parse_as(text.as_bytes(), 38, scale), Some(unscaled));
        }
    }
}
