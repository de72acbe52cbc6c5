//! Strings and decimals as Jackson writes them.

use std::fmt::Write;

use values::decimal;

/// What must be escaped: `"`, `\` and control characters, and where supplementary characters are to be escaped
/// the first byte of those.
const ESCAPED: [bool; 256] = {
    let mut escaped = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        escaped[byte] = true;
        byte += 1;
    }
    escaped[b'"' as usize] = true;
    escaped[b'\\' as usize] = true;
    escaped
};

/// Appends a string in quotes. The text must be UTF-8. With `supplementary`, characters beyond U+FFFF become two
/// escapes, as in the bytes that Jackson writes.
pub fn write_string(text: &[u8], supplementary: bool, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut plain = 0;
    let mut at = 0;
    while let Some(offset) = text[at..]
        .iter()
        .position(|&byte| ESCAPED[byte as usize] || (supplementary && byte >= 0xf0))
    {
        at += offset;
        out.extend_from_slice(&text[plain..at]);
        let byte = text[at];
        if byte >= 0xf0 {
            at += write_surrogates(&text[at..], out);
        } else {
            write_escape(byte, out);
            at += 1;
        }
        plain = at;
    }
    out.extend_from_slice(&text[plain..]);
    out.push(b'"');
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        8 => b'b',
        12 => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => return write_unicode_escape(u16::from(byte), out),
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn write_unicode_escape(unit: u16, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        out.push(DIGITS[usize::from(unit >> shift & 15)]);
    }
}

/// Writes the character of four bytes that begins the text; returns how many bytes that were.
fn write_surrogates(text: &[u8], out: &mut Vec<u8>) -> usize {
    let length = text.len().min(4);
    let Some(character) = std::str::from_utf8(&text[..length])
        .ok()
        .and_then(|text| text.chars().next())
    else {
        out.push(b'?');
        return 1;
    };
    for unit in character.encode_utf16(&mut [0; 2]) {
        write_unicode_escape(*unit, out);
    }
    length
}

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
