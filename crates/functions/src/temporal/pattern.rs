//! Java's date and time patterns, such as `yyyy-MM-dd HH:mm:ss.SSS`.

use chrono_tz::Tz;
use values::temporal::{Instant, civil_from_days, days_from_civil, days_in_month};

use super::extract::{day_of_year, sunday_is_zero};

/// Whose patterns they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `DateTimeFormatter`, which knows how often each letter can stand in a row.
    Formatter,
    /// `SimpleDateFormat`, which takes any number of letters; so many are enough.
    Simple,
}

const LETTERS_MAX: usize = 19;

/// Whether a letter of a `DateTimeFormatter` can stand so often.
fn is_counted(letter: char, count: usize) -> bool {
    match letter {
        'W' | 'a' => count == 1,
        'V' => count == 2,
        'O' => count == 1 || count == 4,
        'd' | 'h' | 'H' | 'k' | 'K' | 'm' | 's' | 'w' => count <= 2,
        'D' => count <= 3,
        'z' => count <= 4,
        'c' => count != 2 && count <= 5,
        'G' | 'M' | 'L' | 'Q' | 'q' | 'E' | 'e' | 'Z' | 'X' | 'x' => count <= 5,
        'S' => count <= 9,
        _ => count <= LETTERS_MAX,
    }
}

/// Fields are read into numbers that stay far below the limits of an i64 when they are put together.
const FIELD_MAX: i64 = 1_000_000_000_000;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Literal(String),
    /// A letter and how many times it stands.
    Field(char, usize),
}

impl Pattern {
    /// `None` if a letter means nothing here or stands too often, or a quote is not closed.
    pub fn compile(text: &str, dialect: Dialect) -> Option<Pattern> {
        let mut items: Vec<Item> = Vec::new();
        let literal = |items: &mut Vec<Item>, text: &str| match items.last_mut() {
            Some(Item::Literal(before)) => before.push_str(text),
            _ => items.push(Item::Literal(text.to_string())),
        };
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\'' if characters.next_if_eq(&'\'').is_some() => literal(&mut items, "'"),
                '\'' => loop {
                    match characters.next()? {
                        '\'' if characters.next_if_eq(&'\'').is_some() => literal(&mut items, "'"),
                        '\'' => break,
                        other => literal(&mut items, other.encode_utf8(&mut [0; 4])),
                    }
                },
                'a'..='z' | 'A'..='Z' => {
                    if !"GyuYQqMLwWdDEecaHkKhmsSAnNzVXxZO".contains(character) {
                        return None;
                    }
                    let mut count = 1;
                    while characters.next_if_eq(&character).is_some() {
                        count += 1;
                    }
                    if count > LETTERS_MAX || (dialect == Dialect::Formatter && !is_counted(character, count))
                    {
                        return None;
                    }
                    items.push(Item::Field(character, count));
                }
                other => literal(&mut items, other.encode_utf8(&mut [0; 4])),
            }
        }
        Some(Pattern { items })
    }

    /// Writes a local time. `offset` is that of its zone, in seconds east of UTC.
    pub fn format(&self, local: Instant, zone: Tz, offset: i64, out: &mut String) {
        let day = local.seconds.div_euclid(86_400);
        let second = local.seconds.rem_euclid(86_400);
        let (year, month, day_of_month) = civil_from_days(day);
        for item in &self.items {
            let (letter, count) = match item {
                Item::Literal(text) => {
                    out.push_str(text);
                    continue;
                }
                Item::Field(letter, count) => (*letter, *count),
            };
            let hour = second / 3600;
            match letter {
                'y' | 'u' => write_year(year, count, out),
                'Y' => write_year(local_week(day).0, count, out),
                'M' | 'L' => match count {
                    3 => out.push_str(&MONTHS[month as usize - 1][..3]),
                    4 => out.push_str(MONTHS[month as usize - 1]),
                    5 => out.push_str(&MONTHS[month as usize - 1][..1]),
                    _ => write_number(i64::from(month), count, out),
                },
                'Q' | 'q' => write_quarter(month.div_ceil(3) as usize, count, out),
                'w' => write_number(local_week(day).1, count, out),
                'W' => {
                    let first = sunday_is_zero(day - i64::from(day_of_month) + 1);
                    write_number((i64::from(day_of_month) + first - 1) / 7 + 1, count, out);
                }
                'd' => write_number(i64::from(day_of_month), count, out),
                'D' => write_number(day_of_year(day), count, out),
                'E' | 'e' | 'c' => {
                    let name = DAYS[sunday_is_zero(day) as usize];
                    match count {
                        1 | 2 if letter != 'E' => write_number(sunday_is_zero(day) + 1, count, out),
                        4 => out.push_str(name),
                        5 => out.push_str(&name[..1]),
                        _ => out.push_str(&name[..3]),
                    }
                }
                'a' => out.push_str(if hour < 12 { "AM" } else { "PM" }),
                'H' => write_number(hour, count, out),
                'k' => write_number(if hour == 0 { 24 } else { hour }, count, out),
                'K' => write_number(hour % 12, count, out),
                'h' => write_number(if hour % 12 == 0 { 12 } else { hour % 12 }, count, out),
                'm' => write_number(second / 60 % 60, count, out),
                's' => write_number(second % 60, count, out),
                'S' => {
                    let digits = format!("{:09}", local.nanos);
                    out.push_str(&digits[..count.min(9)]);
                }
                'A' => write_number(second * 1000 + i64::from(local.nanos / 1_000_000), count, out),
                'n' => write_number(i64::from(local.nanos), count, out),
                'N' => write_number(second * 1_000_000_000 + i64::from(local.nanos), count, out),
                'G' => out.push_str(if year > 0 { "AD" } else { "BC" }),
                'V' => out.push_str(zone.name()),
                'z' => write_zone(zone, local.seconds - offset, out),
                'X' if offset == 0 => out.push('Z'),
                'O' => {
                    out.push_str("GMT");
                    if offset != 0 {
                        write_offset(offset, true, out);
                    }
                }
                'X' | 'x' => write_offset(offset, count >= 3, out),
                _ => write_offset(offset, false, out),
            }
        }
    }

    /// Reads a text; what the pattern leaves out is that of 1970-01-01 00:00:00. With `lenient`, as
    /// `SimpleDateFormat` does, fields overflow into the next one and text behind the last is passed over.
    pub fn parse(&self, text: &str, lenient: bool) -> Option<Parsed> {
        let mut fields = Fields::default();
        let mut rest = text;
        for (index, item) in self.items.iter().enumerate() {
            match item {
                Item::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
                Item::Field(letter, count) => {
                    // Directly before another number a field takes no more digits than its letters.
                    let next_is_number = matches!(self.items.get(index + 1), Some(Item::Field(next, _)) if !"EaGzVXxZO".contains(*next));
                    rest = fields.read(*letter, *count, next_is_number, lenient, rest)?;
                }
            }
        }
        if !lenient && !rest.is_empty() {
            return None;
        }
        fields.resolve(lenient)
    }
}

/// A local time that was read, and the offset if the text named one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parsed {
    pub local: Instant,
    pub offset: Option<i64>,
}

#[derive(Debug, Default)]
struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: Option<i64>,
    /// Of a clock of twelve hours, 0 to 11.
    half_day_hour: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    nanos: i64,
    offset: Option<i64>,
}

impl Fields {
    fn read<'a>(
        &mut self,
        letter: char,
        count: usize,
        next_is_number: bool,
        lenient: bool,
        text: &'a str,
    ) -> Option<&'a str> {
        match letter {
            'a' => {
                let upper = text.get(..2)?.to_ascii_uppercase();
                self.afternoon = Some(match upper.as_str() {
                    "AM" => false,
                    "PM" => true,
                    _ => return None,
                });
                return text.get(2..);
            }
            'M' | 'L' if count >= 3 => {
                let (month, length) = named(&MONTHS, text, count == 3)?;
                self.month = Some(month as i64 + 1);
                return text.get(length..);
            }
            'E' | 'c' => {
                let (_, length) = named(&DAYS, text, count <= 3)?;
                return text.get(length..);
            }
            'X' | 'x' | 'Z' | 'O' => {
                let (offset, rest) = read_offset(text.strip_prefix("GMT").unwrap_or(text))?;
                self.offset = Some(offset);
                return Some(rest);
            }
            'V' | 'z' | 'G' => return None,
            _ => {}
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let most = if next_is_number {
            count
        } else if lenient {
            18
        } else if letter == 'y' || letter == 'u' {
            if count == 2 { 2 } else { 10 }
        } else if letter == 'S' || count >= 2 {
            count
        } else {
            18
        };
        let taken = digits.min(most);
        // A strict parser wants as many digits as letters.
        if taken == 0 || (!lenient && count >= 2 && taken < count) {
            return None;
        }
        let value: i64 = text[..taken].parse().ok()?;
        if value > FIELD_MAX && letter != 'S' {
            return None;
        }
        match letter {
            'y' | 'u' if count == 2 && taken == 2 => self.year = Some(2000 + value),
            'y' | 'u' => self.year = Some(value),
            'M' | 'L' => self.month = Some(value),
            'd' => self.day = Some(value),
            'D' => self.day_of_year = Some(value),
            'H' => self.hour = Some(value),
            'k' => self.hour = Some(value % 24),
            'h' => self.half_day_hour = Some(value % 12),
            'K' => self.half_day_hour = Some(value),
            'm' => self.minute = value,
            's' => self.second = value,
            // SimpleDateFormat counts milliseconds, DateTimeFormatter reads a fraction.
            'S' if lenient => self.nanos = value.checked_mul(1_000_000)?,
            'S' => self.nanos = value * 10i64.pow(9u32.saturating_sub(taken.min(9) as u32)),
            'n' => self.nanos = value,
            _ => return None,
        }
        Some(&text[taken..])
    }

    fn resolve(self, lenient: bool) -> Option<Parsed> {
        let year = self.year.unwrap_or(1970);
        let month = self.month.unwrap_or(1);
        let day = self.day.unwrap_or(1);
        let hour = match (self.hour, self.half_day_hour) {
            (Some(hour), _) => hour,
            (None, Some(hour)) => hour + if self.afternoon == Some(true) { 12 } else { 0 },
            (None, None) => 0,
        };
        if !(-999_999..=999_999_999).contains(&year) {
            return None;
        }
        if !lenient {
            let fits = (1..=12).contains(&month)
                && (1..=31).contains(&day)
                && (hour < 24 || (hour == 24 && self.minute == 0 && self.second == 0))
                && self.minute < 60
                && self.second < 60;
            if !fits {
                return None;
            }
        }
        let carried = year + (month - 1).div_euclid(12);
        let month = (month - 1).rem_euclid(12) as u32 + 1;
        let mut days = match self.day_of_year {
            Some(day) => days_from_civil(carried, 1, 1).checked_add(day - 1)?,
            // A strict parser takes the last day of a month for one behind it.
            None if !lenient => {
                days_from_civil(carried, month, (day as u32).min(days_in_month(carried, month)))
            }
            None => days_from_civil(carried, month, 1).checked_add(day - 1)?,
        };
        let seconds = hour
            .checked_mul(3600)?
            .checked_add(self.minute.checked_mul(60)?)?
            .checked_add(self.second)?;
        days = days.checked_add(seconds.div_euclid(86_400))?;
        let seconds = days
            .checked_mul(86_400)?
            .checked_add(seconds.rem_euclid(86_400))?;
        let seconds = seconds.checked_add(self.nanos.div_euclid(1_000_000_000))?;
        let local = Instant {
            seconds,
            nanos: self.nanos.rem_euclid(1_000_000_000) as u32,
        };
        Some(Parsed {
            local,
            offset: self.offset,
        })
    }
}

/// Which name the text begins with, and how long it is there.
fn named(names: &[&str], text: &str, short: bool) -> Option<(usize, usize)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let name = if short { &name[..3] } else { name };
        let start = text.get(..name.len())?;
        start.eq_ignore_ascii_case(name).then_some((index, name.len()))
    })
}

/// `Z`, `+02`, `+0200` or `+02:00`.
fn read_offset(text: &str) -> Option<(i64, &str)> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Some((0, rest));
    }
    let sign = match text.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours: i64 = text.get(1..3)?.parse().ok()?;
    let rest = text.get(3..)?;
    let minutes = rest.strip_prefix(':').unwrap_or(rest);
    match minutes.get(..2).and_then(|digits| digits.parse::<i64>().ok()) {
        Some(value) => Some((sign * (hours * 3600 + value * 60), minutes.get(2..)?)),
        None => Some((sign * hours * 3600, rest)),
    }
}

fn write_number(value: i64, count: usize, out: &mut String) {
    out.push_str(&format!("{value:0count$}"));
}

fn write_quarter(quarter: usize, count: usize, out: &mut String) {
    const NAMES: [&str; 4] = ["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"];
    match count {
        3 => out.push_str(&format!("Q{quarter}")),
        4 => out.push_str(NAMES[quarter - 1]),
        5 => write_number(quarter as i64, 1, out),
        _ => write_number(quarter as i64, count, out),
    }
}

fn write_year(year: i64, count: usize, out: &mut String) {
    match count {
        2 => out.push_str(&format!("{:02}", year.rem_euclid(100))),
        // More digits than letters are announced by a sign.
        4.. if year >= 10i64.saturating_pow(count as u32) => out.push_str(&format!("+{year}")),
        4.. if year < 0 => out.push_str(&format!("-{:0count$}", -year)),
        _ => write_number(year, count, out),
    }
}

/// The short name of the zone at this time: `EST` and `EDT`, or its number where it has no name.
fn write_zone(zone: Tz, utc_seconds: i64, out: &mut String) {
    use chrono::{TimeZone, Utc};
    use chrono_tz::OffsetName;
    let name = Utc.timestamp_opt(utc_seconds, 0).single().and_then(|time| {
        zone.offset_from_utc_datetime(&time.naive_utc())
            .abbreviation()
            .map(str::to_string)
    });
    out.push_str(name.as_deref().unwrap_or(zone.name()));
}

fn write_offset(offset: i64, colon: bool, out: &mut String) {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    let between = if colon { ":" } else { "" };
    out.push_str(&format!("{sign}{:02}{between}{:02}", minutes / 60, minutes % 60));
}

/// Year and week as in the United States: weeks begin on Sunday, the first is that of the first of January.
fn local_week(day: i64) -> (i64, i64) {
    let saturday = day - sunday_is_zero(day) + 6;
    let year = civil_from_days(saturday).0;
    let first_sunday = {
        let first = days_from_civil(year, 1, 1);
        first - sunday_is_zero(first)
    };
    (year, (day - first_sunday) / 7 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pattern: &str, text: &str) -> Option<i64> {
        Pattern::compile(pattern, Dialect::Formatter)?
            .parse(text, false)
            .map(|parsed| parsed.local.seconds)
    }

    #[test]
    fn patterns_read_and_write() {
        let pattern = Pattern::compile("yyyy-MM-dd'T'HH:mm:ss.SSS", Dialect::Formatter).unwrap();
        let parsed = pattern.parse("2024-02-29T13:45:59.123", false).unwrap();
        let mut text = String::new();
        pattern.format(parsed.local, Tz::UTC, 0, &mut text);
        assert_eq!(text, "2024-02-29T13:45:59.123");
        assert_eq!(parse("yyyyMMdd", "19700102"), Some(86_400));
        assert_eq!(parse("hh:mm a", "01:30 PM"), Some(48_600));
        assert_eq!(parse("yyyy-MM-dd", "1970-1-2"), None);
        assert_eq!(parse("dd.MM.yyyy", "2024-02-29"), None);
        assert!(Pattern::compile("'open", Dialect::Formatter).is_none());
        assert!(Pattern::compile("b", Dialect::Formatter).is_none());
    }

    #[test]
    fn letters_and_digits_without_end_are_refused_or_read_as_nothing() {
        for dialect in [Dialect::Formatter, Dialect::Simple] {
            assert!(Pattern::compile(&"y".repeat(19), dialect).is_some());
            assert!(Pattern::compile(&"y".repeat(20), dialect).is_none());
        }
        assert!(Pattern::compile("ddd", Dialect::Simple).is_some());
        assert!(Pattern::compile("ddd", Dialect::Formatter).is_none());
        for letter in ["M", "d", "D", "H", "m", "s", "S", "y", "n"] {
            for digits in ["999999999999999999", "000000000000000000", "1000000000000"] {
                for lenient in [false, true] {
                    let pattern = Pattern::compile(letter, Dialect::Simple).unwrap();
                    let _ = pattern.parse(digits, lenient);
                }
            }
        }
    }

    #[test]
    fn lenient_fields_overflow() {
        let pattern = Pattern::compile("yyyy-MM-dd", Dialect::Simple).unwrap();
        let parsed = pattern.parse("1970-13-01 and more", true).unwrap();
        assert_eq!(parsed.local.seconds, 365 * 86_400);
    }
}
