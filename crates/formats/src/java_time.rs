//! Dates and times as the formatters of `java.time` that Flink's formats use read them.

use values::temporal::{days_from_civil, days_in_month};

/// `yyyy-MM-dd` with a year from 1 on that everybody agrees about: days since 1970.
pub fn plain_date(text: &[u8; 10]) -> Option<i64> {
    if text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let year = number(&text[..4])?;
    let month = number(&text[5..7])? as u32;
    let day = number(&text[8..])? as u32;
    let real = year > 0 && (1..=12).contains(&month) && day > 0 && day <= days_in_month(year, month);
    real.then(|| days_from_civil(year, month, day))
}

/// `ISO_LOCAL_DATE`: four digits of year, or more with their sign; days since 1970.
pub fn parse_date(text: &[u8]) -> Option<i32> {
    const YEAR_DIGITS_MAX: usize = 10;
    const YEAR_MAX: i64 = 999_999_999;
    let (sign, digits) = match text.first()? {
        sign @ (b'+' | b'-') => (Some(*sign), &text[1..]),
        _ => (None, text),
    };
    let year_digits = digits.iter().position(|&byte| byte == b'-')?;
    let fits = match sign {
        None => year_digits == 4,
        Some(b'+') => (5..=YEAR_DIGITS_MAX).contains(&year_digits),
        Some(_) => (4..=YEAR_DIGITS_MAX).contains(&year_digits),
    };
    let rest = &digits[year_digits..];
    if !fits || rest.len() != 6 || rest[3] != b'-' {
        return None;
    }
    let mut year = number(&digits[..year_digits])?;
    if sign == Some(b'-') {
        if year == 0 {
            return None;
        }
        year = -year;
    }
    let month = number(&rest[1..3])? as u32;
    let day = number(&rest[4..])? as u32;
    if year.abs() > YEAR_MAX || !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    i32::try_from(days_from_civil(year, month, day)).ok()
}

/// `HH:mm:ss` with up to nine digits of fraction; `24:00:00` is midnight. Milliseconds of the day.
pub fn parse_time(text: &[u8]) -> Option<i32> {
    let (clock, fraction) = text.split_at_checked(8)?;
    let (hour, minute, second) = clock_parts(clock)?;
    let nanos = match fraction.split_first() {
        None => 0,
        Some((b'.', digits)) => fraction_nanos(digits)?,
        Some(_) => return None,
    };
    if (hour, minute, second, nanos) == (24, 0, 0, 0) {
        return Some(0);
    }
    millis(hour, minute, second, nanos)
}

/// `ISO_LOCAL_TIME`: `HH:mm`, `HH:mm:ss` and fractions of up to nine digits. Milliseconds of the day.
pub fn parse_iso_time(text: &[u8]) -> Option<i32> {
    if text.len() == 5 {
        let mut clock = *b"00:00:00";
        clock[..5].copy_from_slice(text);
        let (hour, minute, second) = clock_parts(&clock)?;
        return millis(hour, minute, second, 0);
    }
    let (clock, fraction) = text.split_at_checked(8)?;
    let (hour, minute, second) = clock_parts(clock)?;
    let nanos = match fraction.split_first() {
        None => 0,
        Some((b'.', digits)) => fraction_nanos(digits)?,
        Some(_) => return None,
    };
    millis(hour, minute, second, nanos)
}

fn clock_parts(clock: &[u8]) -> Option<(i64, i64, i64)> {
    if clock[2] != b':' || clock[5] != b':' {
        return None;
    }
    Some((number(&clock[..2])?, number(&clock[3..5])?, number(&clock[6..8])?))
}

fn millis(hour: i64, minute: i64, second: i64, nanos: i64) -> Option<i32> {
    let real = hour < 24 && minute < 60 && second < 60;
    real.then(|| (((hour * 60 + minute) * 60 + second) * 1000 + nanos / 1_000_000) as i32)
}

fn fraction_nanos(digits: &[u8]) -> Option<i64> {
    if digits.len() > 9 {
        return None;
    }
    let value = if digits.is_empty() { 0 } else { number(digits)? };
    Some(value * 10i64.pow(9 - digits.len() as u32))
}

/// Digits and nothing else, at most ten of them.
fn number(digits: &[u8]) -> Option<i64> {
    let mut value = 0;
    for &byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    Some(value)
}
