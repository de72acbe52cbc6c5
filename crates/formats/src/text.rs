//! Texts as Java reads and writes them, shared by the formats.

use std::fmt::Write;

use values::decimal;

/// Appends what `BigDecimal.stripTrailingZeros().toString()` gives: `1.5`, `1E+5`, `1E-7`, `0`.
pub fn write_decimal(unscaled: i128, scale: u8, number: &mut String) {
    let start = number.len();
    // Decimals have at most 39 digits: their own text is the shortest way to their digits.
    decimal::write(unscaled, scale, number);
    let plain = number.split_off(start);
    write_decimal_text(plain.as_bytes(), number);
}

/// Appends the same for the number that `text` writes: digits with a sign, a point and an exponent or without.
pub fn write_decimal_text(text: &[u8], out: &mut String) {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let exponent_at = rest.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = match exponent_at {
        Some(at) => (
            &rest[..at],
            values::number::parse_i64(&rest[at + 1..]).unwrap_or(0),
        ),
        None => (rest, 0),
    };
    let mut digits = String::with_capacity(mantissa.len());
    let mut scale = exponent.saturating_neg();
    let mut behind_point = false;
    for &byte in mantissa {
        if byte == b'.' {
            behind_point = true;
            continue;
        }
        scale = scale.saturating_add(i64::from(behind_point));
        if byte != b'0' || !digits.is_empty() {
            digits.push(char::from(byte));
        }
    }
    while digits.ends_with('0') {
        digits.pop();
        scale = scale.saturating_sub(1);
    }
    if digits.is_empty() {
        out.push('0');
        return;
    }
    if negative {
        out.push('-');
    }
    let count = digits.len() as i64;
    let adjusted = count.saturating_sub(1).saturating_sub(scale);
    if scale == 0 {
        out.push_str(&digits);
    } else if scale > 0 && adjusted >= -6 {
        if count > scale {
            let (whole, fraction) = digits.split_at((count - scale) as usize);
            out.push_str(whole);
            out.push('.');
            out.push_str(fraction);
        } else {
            out.push_str("0.");
            // At most six, since the first digit stands no further behind the point.
            for _ in 0..scale - count {
                out.push('0');
            }
            out.push_str(&digits);
        }
    } else {
        let (first, others) = digits.split_at(1);
        out.push_str(first);
        if !others.is_empty() {
            out.push('.');
            out.push_str(others);
        }
        // Writing to a string cannot fail.
        let _ = write!(out, "E{adjusted:+}");
    }
}

/// `String.trim`: without everything up to a blank on both sides.
pub fn java_trim(text: &[u8]) -> &[u8] {
    let Some(start) = text.iter().position(|&byte| byte > b' ') else {
        return b"";
    };
    // There is a byte over a blank.
    let end = text
        .iter()
        .rposition(|&byte| byte > b' ')
        .map_or(start, |last| last + 1);
    &text[start..end]
}

/// Whether `new BigDecimal` takes the text.
pub fn is_decimal(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> usize {
        text.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }
    fn unsigned(text: &[u8]) -> &[u8] {
        match text {
            [b'+' | b'-', rest @ ..] => rest,
            _ => text,
        }
    }
    /// Exponents have at most ten digits.
    const EXPONENT_DIGITS_MAX: usize = 10;
    let mut rest = unsigned(text);
    let whole = digits(rest);
    rest = &rest[whole..];
    let mut fraction = 0;
    if let [b'.', tail @ ..] = rest {
        fraction = digits(tail);
        rest = &tail[fraction..];
    }
    if whole + fraction == 0 {
        return false;
    }
    if let [b'e' | b'E', tail @ ..] = rest {
        rest = unsigned(tail);
        let exponent = digits(rest);
        if !(1..=EXPONENT_DIGITS_MAX).contains(&exponent) {
            return false;
        }
        rest = &rest[exponent..];
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_as_java_writes_them_without_trailing_zeros() {
        for (text, expected) in [
            ("1.50", "1.5"),
            ("100000", "1E+5"),
            ("12000", "1.2E+4"),
            ("0.0000000001", "1E-10"),
            ("0.000000100", "1E-7"),
            ("0.000001", "0.000001"),
            ("-0.0", "0"),
            ("1234567.0", "1234567"),
            ("-12e2", "-1.2E+3"),
            ("1e-3", "0.001"),
            ("1e400", "1E+400"),
        ] {
            let mut out = String::new();
            write_decimal_text(text.as_bytes(), &mut out);
            assert_eq!(out, expected, "{text}");
        }
    }
}
