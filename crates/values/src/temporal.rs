//! Dates, times and timestamps: days since 1970, milliseconds of the day, and [`Instant`]s.
//!
//! The calendar is the proleptic Gregorian one. Texts are read as Flink's casts and formats read them, which is
//! wider than ISO 8601 in places (`2026-1-5`) and clamps `02-30` to the month's end as `java.time` does.

use crate::number::push_ascii;

pub const MS_PER_DAY: i64 = 86_400_000;
pub const SECONDS_PER_DAY: i64 = 86_400;

/// Local or UTC time: seconds since 1970-01-01 00:00:00, rounded down, and nanoseconds since that second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    pub seconds: i64,
    pub nanos: u32,
}

/// How many digits follow the point of the seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FractionDigits {
    /// So many, cut off or filled with zeros.
    Exactly(u8),
    /// As many as are needed; no point without any.
    Shortest,
}

impl Instant {
    /// Microseconds for a precision up to 6, nanoseconds above, cut to the precision.
    /// `None` outside of what 64 bits hold (with nanoseconds, the years 1677 to 2262).
    pub fn to_unit(self, precision: u8) -> Option<i64> {
        let nanos = i128::from(truncate_nanos(self.nanos, precision));
        let (per_second, per_unit) = if precision <= 6 {
            (1_000_000, 1000)
        } else {
            (1_000_000_000, 1)
        };
        // Through 128 bits: the first second of the range may not fit as a whole.
        i64::try_from(i128::from(self.seconds) * per_second + nanos / per_unit).ok()
    }

    /// The inverse of [`Instant::to_unit`].
    pub fn from_unit(value: i64, precision: u8) -> Instant {
        let per_second: i64 = if precision <= 6 { 1_000_000 } else { 1_000_000_000 };
        let rest = value.rem_euclid(per_second);
        Instant {
            seconds: value.div_euclid(per_second),
            nanos: (rest * (1_000_000_000 / per_second)) as u32,
        }
    }

    /// Days since 1970 and nanoseconds of that day.
    pub fn split(self) -> (i64, i64) {
        let day = self.seconds.div_euclid(SECONDS_PER_DAY);
        let second = self.seconds.rem_euclid(SECONDS_PER_DAY);
        (day, second * 1_000_000_000 + i64::from(self.nanos))
    }
}

/// Drops the digits of a nanosecond count beyond `precision`.
pub fn truncate_nanos(nanos: u32, precision: u8) -> u32 {
    if precision >= 9 {
        return nanos;
    }
    let step = 10u32.pow(u32::from(9 - precision));
    nanos - nanos % step
}

/// (year, month, day) of a day since 1970 (Howard Hinnant's algorithm).
pub fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The day since 1970 of a date. The month must be 1 to 12; the day may lie outside of the month.
pub fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

pub fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Reads a date as Flink's cast does: `2026-01-05`, `2026-1-5`, `2026-1`, `2026`, and all of these before a blank
/// and anything else. Years 0 to 9999.
pub fn parse_date(text: &[u8]) -> Option<i32> {
    if let Some((year, month, day)) = fixed_date(text) {
        return checked_date(year, month, day);
    }
    let text = match text.iter().position(|&byte| byte == b' ') {
        Some(at) if at > 0 => &text[..at],
        _ => text,
    };
    let mut parts = text.splitn(3, |&byte| byte == b'-');
    let year = digits_with_blanks(parts.next()?)?;
    let month = parts.next().map_or(Some(1), digits_with_blanks)?;
    let day = parts.next().map_or(Some(1), digits_with_blanks)?;
    checked_date(year, month, day)
}

/// Reads a time of day as Flink's cast does: `12:30:05.123`, `12:30`, `12`, with an optional offset `+01:00` that
/// is added. The parts and the result must lie within a day. Milliseconds, rounded half up.
pub fn parse_time_ms(text: &[u8]) -> Option<i32> {
    let find = |byte: u8, from: usize| text[from..].iter().position(|&b| b == byte).map(|at| at + from);
    let (sign, zone) = match find(b'-', 0) {
        Some(at) => (-1, Some(at)),
        None => (1, find(b'+', 0)),
    };
    let (zone_hour, zone_minute) = match zone {
        None => (0, 0),
        Some(at) => match find(b':', at) {
            None => (digits_with_blanks(&text[at + 1..])?, 0),
            Some(colon) => (
                digits_with_blanks(&text[at + 1..colon])?,
                digits_with_blanks(&text[colon + 1..])?,
            ),
        },
    };
    let end = zone.unwrap_or(text.len());
    let part = |from: usize, to: usize| text.get(from..to).and_then(digits_with_blanks);
    let (mut hour, mut minute, mut second, mut milli) = (0, 0, 0, 0);
    match find(b':', 0) {
        None => hour += part(0, end)?,
        Some(colon1) => {
            hour += part(0, colon1)?;
            match find(b':', colon1 + 1) {
                None => minute += part(colon1 + 1, end)?,
                Some(colon2) => {
                    minute += part(colon1 + 1, colon2)?;
                    match find(b'.', colon2) {
                        None => second += part(colon2 + 1, end)?,
                        Some(dot) => {
                            second += part(colon2 + 1, dot)?;
                            milli += fraction_ms(trim(text.get(dot + 1..end)?));
                        }
                    }
                }
            }
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let hour = hour + sign * zone_hour;
    let minute = minute + sign * zone_minute;
    let ms = hour * 3_600_000 + minute * 60_000 + second * 1000 + milli;
    (0..MS_PER_DAY).contains(&ms).then_some(ms as i32)
}

/// Reads `2026-01-05`, `2026-01-05 12:30:05`, `2026-1-5 1:2:3.123456789` as Flink's cast does.
/// `24:00:00` is the start of the next day; a 29th to 31st that the month lacks is its last day.
pub fn parse_timestamp(text: &[u8]) -> Option<Instant> {
    if let Some(instant) = fixed_timestamp(text, b' ') {
        return Some(instant);
    }
    let mut rest = text;
    let (year, month, day) = lenient_date(&mut rest)?;
    if year == 0 {
        return None;
    }
    if rest.is_empty() {
        return instant_of(year, month, day, 0, 0, 0, 0);
    }
    take(&mut rest, b' ')?;
    let hour = short_number(&mut rest)?;
    take(&mut rest, b':')?;
    let minute = short_number(&mut rest)?;
    take(&mut rest, b':')?;
    let second = short_number(&mut rest)?;
    let nanos = fraction_nanos(&mut rest)?;
    if !rest.is_empty() {
        return None;
    }
    instant_of(year, month, day, hour, minute, second, nanos)
}

/// Reads `2026-01-05 12:30:05.5` with all of its parts, as Flink's formats do under the standard `SQL`.
pub fn parse_timestamp_sql(text: &[u8]) -> Option<Instant> {
    if let Some(instant) = fixed_timestamp(text, b' ') {
        return Some(instant);
    }
    let mut rest = text;
    let (year, month, day) = strict_date(&mut rest)?;
    take(&mut rest, b' ')?;
    let (hour, minute) = strict_hour_minute(&mut rest)?;
    take(&mut rest, b':')?;
    let second = two_digits(&mut rest)?;
    let nanos = fraction_nanos(&mut rest)?;
    if !rest.is_empty() {
        return None;
    }
    instant_of(year, month, day, hour, minute, second, nanos)
}

/// Reads `2026-01-05T12:30:05.5` and `2026-01-05T12:30`, no zone, as `DateTimeFormatter.ISO_LOCAL_DATE_TIME` does.
pub fn parse_timestamp_iso(text: &[u8]) -> Option<Instant> {
    if let Some(instant) = fixed_timestamp(text, b'T') {
        return Some(instant);
    }
    let mut rest = text;
    let (year, month, day) = strict_date(&mut rest)?;
    if take(&mut rest, b'T').is_none() {
        take(&mut rest, b't')?;
    }
    let (hour, minute) = strict_hour_minute(&mut rest)?;
    let (mut second, mut nanos) = (0, 0);
    if take(&mut rest, b':').is_some() {
        second = two_digits(&mut rest)?;
        nanos = fraction_nanos(&mut rest)?;
    }
    if !rest.is_empty() || hour > 23 || day > i64::from(days_in_month(year, u32::try_from(month).ok()?)) {
        return None;
    }
    instant_of(year, month, day, hour, minute, second, nanos)
}

/// The text before a final `Z`.
pub fn strip_utc_suffix(text: &[u8]) -> Option<&[u8]> {
    text.strip_suffix(b"Z")
}

/// Appends `2026-01-05`. Years outside of 0 to 9999 get their sign and all their digits.
pub fn write_date(days: i32, out: &mut String) {
    write_day(i64::from(days), out);
}

/// Appends a time of day as Flink's cast does: `12:30:05`, and for a precision over 0 up to so many digits,
/// at least one: `12:30:05.0`.
pub fn write_time_ms(ms: i32, precision: u8, out: &mut String) {
    let ms = i64::from(ms).rem_euclid(MS_PER_DAY) as u32;
    write_clock(ms / 1000, out);
    if precision == 0 {
        return;
    }
    out.push('.');
    let mut rest = ms % 1000;
    for _ in 0..precision {
        out.push(char::from(b'0' + (rest / 100) as u8));
        rest = rest % 100 * 10;
        if rest == 0 {
            break;
        }
    }
}

/// Appends a time of day with the digits asked for.
pub fn write_time_ms_with(ms: i32, digits: FractionDigits, out: &mut String) {
    let ms = i64::from(ms).rem_euclid(MS_PER_DAY) as u32;
    write_clock(ms / 1000, out);
    write_fraction(ms % 1000 * 1_000_000, digits, out);
}

/// Appends `2026-01-05 12:30:05.123`.
pub fn write_timestamp(instant: Instant, separator: char, precision: FractionDigits, out: &mut String) {
    let (day, nanos) = instant.split();
    write_day(day, out);
    out.push(separator);
    write_clock((nanos / 1_000_000_000) as u32, out);
    write_fraction(instant.nanos, precision, out);
}

fn write_day(days: i64, out: &mut String) {
    let (year, month, day) = civil_from_days(days);
    let mut text = *b"0000-00-00";
    if (0..=9999).contains(&year) {
        two(&mut text[0..2], (year / 100) as u32);
        two(&mut text[2..4], (year % 100) as u32);
    } else {
        out.push(if year < 0 { '-' } else { '+' });
        let digits = year.unsigned_abs();
        for bound in [1000, 100, 10] {
            if digits < bound {
                out.push('0');
            }
        }
        crate::number::write_i64(digits as i64, out);
    }
    two(&mut text[5..7], month);
    two(&mut text[8..10], day);
    let from = if (0..=9999).contains(&year) { 0 } else { 4 };
    push_ascii(&text[from..], out);
}

fn write_clock(second_of_day: u32, out: &mut String) {
    let mut text = *b"00:00:00";
    two(&mut text[0..2], second_of_day / 3600);
    two(&mut text[3..5], second_of_day / 60 % 60);
    two(&mut text[6..8], second_of_day % 60);
    push_ascii(&text, out);
}

fn write_fraction(nanos: u32, digits: FractionDigits, out: &mut String) {
    let mut text = *b".000000000";
    let mut rest = nanos;
    for at in (1..10).rev() {
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let count = match digits {
        FractionDigits::Exactly(count) => usize::from(count).min(9),
        FractionDigits::Shortest => text
            .iter()
            .rposition(|byte| (b'1'..=b'9').contains(byte))
            .unwrap_or(0),
    };
    if count > 0 {
        push_ascii(&text[..=count], out);
    }
}

fn two(out: &mut [u8], value: u32) {
    out[0] = b'0' + (value / 10 % 10) as u8;
    out[1] = b'0' + (value % 10) as u8;
}

/// `yyyy-MM-dd` and nothing else.
fn fixed_date(text: &[u8]) -> Option<(i64, i64, i64)> {
    let text: &[u8; 10] = text.try_into().ok()?;
    (text[4] == b'-' && text[7] == b'-').then_some(())?;
    let year = pair(text[0], text[1])? * 100 + pair(text[2], text[3])?;
    Some((year, pair(text[5], text[6])?, pair(text[8], text[9])?))
}

/// The common form: `yyyy-MM-dd?HH:mm:ss` with up to nine digits of fraction and every part plainly in range.
#[inline]
fn fixed_timestamp(text: &[u8], separator: u8) -> Option<Instant> {
    let (head, tail) = text.split_first_chunk::<19>()?;
    (head[4] == b'-' && head[7] == b'-' && head[10] == separator && head[13] == b':' && head[16] == b':')
        .then_some(())?;
    let year = pair(head[0], head[1])? * 100 + pair(head[2], head[3])?;
    let (month, day) = (pair(head[5], head[6])?, pair(head[8], head[9])?);
    let (hour, minute, second) = (
        pair(head[11], head[12])?,
        pair(head[14], head[15])?,
        pair(head[17], head[18])?,
    );
    // Anything unusual is left to the slow path, which knows what is allowed.
    if year == 0 || !(1..=12).contains(&month) || !(1..=28).contains(&day) {
        let in_month = (1..=12).contains(&month)
            && day >= 1
            && day <= i64::from(days_in_month(year, month as u32))
            && year > 0;
        in_month.then_some(())?;
    }
    (hour < 24 && minute < 60 && second < 60).then_some(())?;
    let mut rest = tail;
    let nanos = fraction_nanos(&mut rest)?;
    rest.is_empty().then_some(())?;
    let days = days_from_civil(year, month as u32, day as u32);
    Some(Instant {
        seconds: days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second,
        nanos,
    })
}

#[inline]
fn pair(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
}

fn checked_date(year: i64, month: i64, day: i64) -> Option<i32> {
    if !(0..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let month = month as u32;
    let in_month = day >= 1 && day <= i64::from(days_in_month(year, month));
    in_month.then(|| days_from_civil(year, month, day as u32) as i32)
}

fn instant_of(
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: u32,
) -> Option<Instant> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || minute > 59 || second > 59 {
        return None;
    }
    if hour > 23 && (hour, minute, second, nanos) != (24, 0, 0, 0) {
        return None;
    }
    let month = month as u32;
    let day = (day as u32).min(days_in_month(year, month));
    let seconds = days_from_civil(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    Some(Instant { seconds, nanos })
}

/// `yyyy-M-d`; a year of more than four digits needs its plus sign.
fn lenient_date(rest: &mut &[u8]) -> Option<(i64, i64, i64)> {
    let year = year(rest)?;
    take(rest, b'-')?;
    let month = short_number(rest)?;
    take(rest, b'-')?;
    Some((year, month, short_number(rest)?))
}

/// `yyyy-MM-dd`
fn strict_date(rest: &mut &[u8]) -> Option<(i64, i64, i64)> {
    let year = year(rest)?;
    take(rest, b'-')?;
    let month = two_digits(rest)?;
    take(rest, b'-')?;
    let date = (year, month, two_digits(rest)?);
    (1..=12).contains(&date.1).then_some(date)
}

fn strict_hour_minute(rest: &mut &[u8]) -> Option<(i64, i64)> {
    let hour = two_digits(rest)?;
    take(rest, b':')?;
    Some((hour, two_digits(rest)?))
}

fn year(rest: &mut &[u8]) -> Option<i64> {
    let plus = take(rest, b'+').is_some();
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(4..=9).contains(&length) || plus != (length > 4) {
        return None;
    }
    let (digits, tail) = rest.split_at(length);
    *rest = tail;
    plain_digits(digits)
}

fn take(rest: &mut &[u8], byte: u8) -> Option<()> {
    let (first, tail) = rest.split_first()?;
    (*first == byte).then(|| *rest = tail)
}

/// One or two digits.
fn short_number(rest: &mut &[u8]) -> Option<i64> {
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 || length > 2 {
        return None;
    }
    let (digits, tail) = rest.split_at(length);
    *rest = tail;
    plain_digits(digits)
}

fn two_digits(rest: &mut &[u8]) -> Option<i64> {
    let (digits, tail) = rest.split_at_checked(2)?;
    *rest = tail;
    pair(digits[0], digits[1])
}

/// A point and up to nine digits, or nothing.
fn fraction_nanos(rest: &mut &[u8]) -> Option<u32> {
    if take(rest, b'.').is_none() {
        return Some(0);
    }
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length > 9 {
        return None;
    }
    let (digits, tail) = rest.split_at(length);
    *rest = tail;
    let value = digits
        .iter()
        .fold(0u32, |value, byte| value * 10 + u32::from(byte - b'0'));
    Some(value * 10u32.pow(9 - length as u32))
}

/// Three digits, rounded by the fourth; what is no digit counts as zero.
fn fraction_ms(text: &[u8]) -> i64 {
    let digit = |at: usize| match text.get(at) {
        Some(byte) if byte.is_ascii_digit() => i64::from(byte - b'0'),
        _ => 0,
    };
    let up = text.get(3).is_some_and(|&byte| byte >= b'5');
    digit(0) * 100 + digit(1) * 10 + digit(2) + i64::from(up)
}

/// Digits alone, between blanks; up to what an `int` holds.
fn digits_with_blanks(text: &[u8]) -> Option<i64> {
    let text = trim(text);
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let significant = text
        .iter()
        .position(|&byte| byte != b'0')
        .map_or(&text[..0], |at| &text[at..]);
    if significant.len() > 10 {
        return None;
    }
    plain_digits(significant).filter(|&value| value <= i64::from(i32::MAX))
}

/// Digits that are known to be few.
fn plain_digits(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0i64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| value * 10 + i64::from(digit))
    })
}

/// As `String.trim`: everything up to the blank goes.
fn trim(text: &[u8]) -> &[u8] {
    let from = text.iter().position(|&byte| byte > b' ').unwrap_or(text.len());
    let to = text
        .iter()
        .rposition(|&byte| byte > b' ')
        .map_or(from, |at| at + 1);
    &text[from..to]
}

#[cfg(test)]
mod tests;
