//! Numbers as Java writes and reads them.
//!
//! Integers are read eight digits at a time; floats are written with the fewest digits that read back as the
//! same value.

use std::fmt::Write;

/// Appends what `Long.toString` gives.
pub fn write_i64(value: i64, out: &mut String) {
    let mut digits = [0u8; 20];
    let mut start = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push('-');
    }
    push_ascii(&digits[start..], out);
}

/// Appends what `Double.toString` gives: `1.5`, `1.0E10`, `NaN`, `-Infinity`.
pub fn write_f64(value: f64, out: &mut String) {
    if !push_special(value.is_nan(), value.is_infinite(), value.is_sign_negative(), out) {
        let mut text = Scratch::new();
        // Writing to a scratch of 40 bytes cannot fail: the longest form has 24.
        let _ = write!(text, "{value:e}");
        if has_one_digit(text.bytes()) {
            let mut two_digits = Scratch::new();
            let _ = write!(two_digits, "{value:.1e}");
            if !two_digits.bytes().windows(3).any(|part| part == b".0e") {
                text = two_digits;
            }
        }
        write_scientific(text.bytes(), out);
    }
}

/// Java writes two digits at least, and then those nearest to the number: `4.9E-324`, not `5.0E-324`.
fn has_one_digit(scientific: &[u8]) -> bool {
    !scientific.contains(&b'.')
}

/// Appends what `Float.toString` gives.
pub fn write_f32(value: f32, out: &mut String) {
    if !push_special(value.is_nan(), value.is_infinite(), value.is_sign_negative(), out) {
        let mut text = Scratch::new();
        let _ = write!(text, "{value:e}");
        if has_one_digit(text.bytes()) {
            let mut two_digits = Scratch::new();
            let _ = write!(two_digits, "{value:.1e}");
            if !two_digits.bytes().windows(3).any(|part| part == b".0e") {
                text = two_digits;
            }
        }
        write_scientific(text.bytes(), out);
    }
}

/// Reads what `Double.parseDouble` reads, without surrounding blanks and without hexadecimal floats.
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    let text = float_text(text)?;
    match text {
        FloatText::Value(value) => Some(value),
        FloatText::Digits(digits) => digits.parse().ok(),
    }
}

/// Reads what `Float.parseFloat` reads: rounded once, from the digits.
pub fn parse_f32(text: &[u8]) -> Option<f32> {
    match float_text(text)? {
        FloatText::Value(value) => Some(value as f32),
        FloatText::Digits(digits) => digits.parse().ok(),
    }
}

/// Reads an optional sign and digits; `None` if it is anything else or does not fit.
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    let (negative, mut digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    while digits.len() > 1 && digits[0] == b'0' {
        digits = &digits[1..];
    }
    if digits.len() > 19 {
        return None;
    }
    // At most 19 digits: at most 9_999_999_999_999_999_999, which fits in 64 bits without a sign.
    let mut value: u64 = 0;
    while let Some((eight, rest)) = digits.split_first_chunk::<8>() {
        value = value * 100_000_000 + parse_eight(eight)?;
        digits = rest;
    }
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    if negative {
        (value <= i64::MIN.unsigned_abs()).then(|| (value as i64).wrapping_neg())
    } else {
        i64::try_from(value).ok()
    }
}

/// Eight ASCII digits in a few multiplications (Lemire's and Muła's method).
#[inline]
fn parse_eight(bytes: &[u8; 8]) -> Option<u64> {
    let chunk = u64::from_le_bytes(*bytes);
    let low = chunk.wrapping_sub(0x3030_3030_3030_3030);
    let high = chunk.wrapping_add(0x4646_4646_4646_4646);
    if (low | high) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = low.wrapping_mul(10).wrapping_add(low >> 8);
    let first = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(0x000F_4240_0000_0064);
    let second = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(0x0000_2710_0000_0001);
    Some(first.wrapping_add(second) >> 32)
}

enum FloatText<'a> {
    Value(f64),
    Digits(&'a str),
}

/// Checks Java's grammar, which differs from Rust's in its words and its suffixes.
fn float_text(text: &[u8]) -> Option<FloatText<'_>> {
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    match unsigned {
        b"NaN" => return Some(FloatText::Value(f64::NAN)),
        b"Infinity" if negative => return Some(FloatText::Value(f64::NEG_INFINITY)),
        b"Infinity" => return Some(FloatText::Value(f64::INFINITY)),
        _ => {}
    }
    if !unsigned.iter().any(u8::is_ascii_digit)
        || !unsigned
            .first()
            .is_some_and(|&byte| byte.is_ascii_digit() || byte == b'.')
    {
        return None;
    }
    let text = match text {
        [rest @ .., b'd' | b'D' | b'f' | b'F'] => rest,
        _ => text,
    };
    // What starts with a digit or a point cannot be one of Rust's words for infinity.
    Some(FloatText::Digits(std::str::from_utf8(text).ok()?))
}

fn push_special(nan: bool, infinite: bool, negative: bool, out: &mut String) -> bool {
    if nan {
        out.push_str("NaN");
    } else if infinite {
        out.push_str(if negative { "-Infinity" } else { "Infinity" });
    }
    nan || infinite
}

/// Turns `d.ddde±x` into Java's form: plain from 10^-3 up to 10^7, with an exponent elsewhere.
fn write_scientific(text: &[u8], out: &mut String) {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut digits = [0u8; 24];
    let mut count = 0;
    let mut exponent: i32 = 0;
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            b'e' => {
                exponent = parse_i64(&text[index + 1..]).unwrap_or(0) as i32;
                break;
            }
            b'.' => {}
            digit if count < digits.len() => {
                digits[count] = digit;
                count += 1;
            }
            _ => {}
        }
    }
    let digits = &digits[..count];
    if negative {
        out.push('-');
    }
    if digits == b"0" {
        out.push_str("0.0");
    } else if (0..7).contains(&exponent) {
        let whole = exponent as usize + 1;
        if count <= whole {
            push_ascii(digits, out);
            push_zeros(whole - count, out);
            out.push_str(".0");
        } else {
            push_ascii(&digits[..whole], out);
            out.push('.');
            push_ascii(&digits[whole..], out);
        }
    } else if (-3..0).contains(&exponent) {
        out.push_str("0.");
        push_zeros((-exponent - 1) as usize, out);
        push_ascii(digits, out);
    } else {
        push_ascii(&digits[..1], out);
        out.push('.');
        if count == 1 {
            out.push('0');
        } else {
            push_ascii(&digits[1..], out);
        }
        out.push('E');
        write_i64(i64::from(exponent), out);
    }
}

pub(crate) fn push_ascii(bytes: &[u8], out: &mut String) {
    out.extend(bytes.iter().map(|&byte| char::from(byte)));
}

pub(crate) fn push_zeros(count: usize, out: &mut String) {
    for _ in 0..count {
        out.push('0');
    }
}

struct Scratch {
    bytes: [u8; 40],
    length: usize,
}

impl Scratch {
    fn new() -> Self {
        Scratch {
            bytes: [0; 40],
            length: 0,
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Write for Scratch {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = self
            .bytes
            .get_mut(self.length..self.length + text.len())
            .ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f64_text(value: f64) -> String {
        let mut out = String::new();
        write_f64(value, &mut out);
        out
    }

    #[test]
    fn doubles_are_written_as_java_writes_them() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (100.0, "100.0"),
            (1234567.0, "1234567.0"),
            (9999999.999, "9999999.999"),
            (1e7, "1.0E7"),
            (1.25e10, "1.25E10"),
            (12345678.9, "1.23456789E7"),
            (0.001, "0.001"),
            (0.00123, "0.00123"),
            (0.0001, "1.0E-4"),
            (0.000123, "1.23E-4"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(f64_text(value), text);
        }
        let mut out = String::new();
        write_f32(3.3, &mut out);
        write_f32(1.0e10, &mut out);
        write_f32(f32::MIN, &mut out);
        assert_eq!(out, "3.31.0E10-3.4028235E38");
    }

    #[test]
    fn doubles_are_read_as_java_reads_them() {
        for (text, value) in [
            ("1", 1.0),
            ("+1.5", 1.5),
            ("-.5", -0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("1E-3", 0.001),
            ("1d", 1.0),
            ("2.5F", 2.5),
            ("1e400", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(parse_f64(text.as_bytes()), Some(value), "{text}");
        }
        assert!(parse_f64(b"NaN").unwrap().is_nan());
        for text in [
            "", "-", ".", "inf", "nan", "infinity", "1x", "1e", "e1", " 1", "1_0", "--1", "d", "1dd", "+",
            "0x1",
        ] {
            assert_eq!(parse_f64(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn integers_of_any_length_are_read_or_refused() {
        for value in [
            0,
            1,
            -1,
            9,
            10,
            12345678,
            123456789,
            -99999999,
            i64::MAX,
            i64::MIN,
            1234567890123456789,
        ] {
            assert_eq!(parse_i64(value.to_string().as_bytes()), Some(value));
            let mut out = String::new();
            write_i64(value, &mut out);
            assert_eq!(out, value.to_string());
        }
        assert_eq!(parse_i64(b"+7"), Some(7));
        assert_eq!(parse_i64(b"00000000000000000000000007"), Some(7));
        for text in [
            "",
            "-",
            "+",
            "1.0",
            " 1",
            "1 ",
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999",
            "1234567x",
            "12345678x",
            "x2345678",
            "1234:678",
            "/2345678",
            "12\u{663}",
        ] {
            assert_eq!(parse_i64(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut seed = 42u64;
        for _ in 0..20_000 {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let value = f64::from_bits(seed);
            if value.is_finite() {
                assert_eq!(
                    parse_f64(f64_text(value).as_bytes()).map(f64::to_bits),
                    Some(seed)
                );
            }
            let mut out = String::new();
            write_i64(seed as i64, &mut out);
            assert_eq!(parse_i64(out.as_bytes()), Some(seed as i64));
        }
    }
}
