//! Decimal numbers of any length, as Java's `BigDecimal` reads, writes and compares them.

use std::cmp::Ordering;

/// `digits` times ten to the power of `-scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BigDecimal {
    negative: bool,
    /// Without zeros in front; `0` for zero, which is not negative.
    digits: String,
    scale: i64,
    /// Whether it was read with an exponent.
    has_exponent: bool,
}

impl BigDecimal {
    /// `12.50`, `-1e3`; `None` for anything else and for exponents beyond 32 bits.
    pub fn parse(text: &str) -> Option<BigDecimal> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let scale = fraction.len() as i64 - i64::from(exponent);
        i32::try_from(scale).ok()?;
        let significant = digits.trim_start_matches('0');
        let zero = significant.is_empty();
        Some(BigDecimal {
            negative: negative && !zero,
            digits: if zero { "0" } else { significant }.to_string(),
            scale,
            has_exponent: rest.contains(['e', 'E']),
        })
    }

    pub fn has_exponent(&self) -> bool {
        self.has_exponent
    }

    /// As `BigDecimal.toString`: plain while the exponent is small, and with one otherwise.
    pub fn write(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
        let (digits, count) = (self.digits.as_str(), self.digits.len() as i64);
        let exponent = count - 1 - self.scale;
        if self.scale == 0 {
            out.push_str(digits);
        } else if self.scale > 0 && exponent >= -6 {
            let whole = count - self.scale;
            if whole > 0 {
                let (whole, fraction) = digits.split_at(whole as usize);
                out.push_str(whole);
                out.push('.');
                out.push_str(fraction);
            } else {
                out.push_str("0.");
                out.extend(std::iter::repeat_n('0', -whole as usize));
                out.push_str(digits);
            }
        } else {
            out.push_str(&digits[..1]);
            if count > 1 {
                out.push('.');
                out.push_str(&digits[1..]);
            }
            if exponent != 0 {
                out.push_str(&format!("E{exponent:+}"));
            }
        }
    }

    /// The nearest number; infinite beyond the range.
    pub fn to_f64(&self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        let text = format!("{sign}{}e{}", self.digits, -self.scale);
        // Digits and an exponent always are a number.
        text.parse().unwrap_or(f64::NAN)
    }

    pub fn digits(&self) -> usize {
        self.digits.len()
    }

    /// Without an exponent, and without zeros at the end of a fraction.
    pub fn write_plain(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
        let scale = usize::try_from(self.scale).unwrap_or(0);
        let padded = format!("{:0>width$}", self.digits, width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        let fraction = fraction.trim_end_matches('0');
        out.push_str(whole);
        if !fraction.is_empty() {
            out.push('.');
            out.push_str(fraction);
        }
    }

    pub fn compare(&self, other: &BigDecimal) -> Ordering {
        let zero = |number: &BigDecimal| number.digits == "0";
        let sign = |number: &BigDecimal| {
            if zero(number) {
                0
            } else if number.negative {
                -1
            } else {
                1
            }
        };
        let by_sign = sign(self).cmp(&sign(other));
        if by_sign != Ordering::Equal || zero(self) {
            return by_sign;
        }
        let magnitude = |number: &BigDecimal| number.digits.len() as i64 - number.scale;
        let (a, b) = (
            self.digits.trim_end_matches('0'),
            other.digits.trim_end_matches('0'),
        );
        // Of equal magnitude, digits compare like text.
        let larger = magnitude(self).cmp(&magnitude(other)).then_with(|| a.cmp(b));
        if self.negative { larger.reverse() } else { larger }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_java_does() {
        for (text, expected) in [
            ("1.50", "1.50"),
            ("-0.0", "0.0"),
            ("1e3", "1E+3"),
            ("12.5e3", "1.25E+4"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1E-7"),
            ("00.10", "0.10"),
            ("0e5", "0E+5"),
            ("-123e-2", "-1.23"),
        ] {
            let mut out = String::new();
            BigDecimal::parse(text).expect(text).write(&mut out);
            assert_eq!(out, expected, "{text}");
        }
        for text in ["", "-", "x", "1e", "1e99999999999", "1.2.3"] {
            assert_eq!(BigDecimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_compare_by_value() {
        let number = |text| BigDecimal::parse(text).expect(text);
        for (a, b, expected) in [
            ("1.0", "1", Ordering::Equal),
            ("10", "9.9", Ordering::Greater),
            ("-10", "-9.9", Ordering::Less),
            ("0.0", "-0", Ordering::Equal),
            ("1e2", "100.00", Ordering::Equal),
            ("1.01", "1.1", Ordering::Less),
        ] {
            assert_eq!(number(a).compare(&number(b)), expected, "{a} and {b}");
        }
    }
}
