//! The steps of reading JSON, a byte or sixteen at a time.
//!
//! All of them work on a *record*: bytes that end with a line break behind which [`PAD`] more bytes may be read.
//! No step passes that line break, so that none reads further than [`PAD`] bytes behind it. JSON inside a record
//! holds no line break of its own. Pointers are used because checking every index costs a third of the speed.

use super::block::string_stops;
use super::fault::{Fault, syntax};

/// A place in a record.
pub type Place = *const u8;

/// Bytes that may be read behind the line break that ends a record.
pub const PAD: usize = 64;
/// Arrays and objects inside each other, as in Jackson.
pub const DEPTH_MAX: usize = 1000;

/// # Safety
/// Eight bytes may be read at `place`.
#[inline(always)]
pub unsafe fn eight(place: Place) -> u64 {
    // SAFETY: as the caller says.
    u64::from_le(unsafe { place.cast::<u64>().read_unaligned() })
}

/// Steps over blanks.
///
/// # Safety
/// `place` lies in a record.
#[inline(always)]
pub unsafe fn blanks(mut place: Place) -> Place {
    // SAFETY: the line break ends the loop.
    unsafe {
        while matches!(*place, b' ' | b'\t' | b'\r') {
            place = place.add(1);
        }
    }
    place
}

/// Copies a string to `out`, its escapes resolved. `place` stands behind the opening quote; the result behind the
/// closing one.
///
/// # Safety
/// `place` lies in a record.
#[inline(always)]
pub unsafe fn copy_string(mut place: Place, out: &mut Vec<u8>) -> Result<Place, Fault> {
    let mut length = out.len();
    // SAFETY: 32 bytes may be read at every place in a record and there is room for them in `out`; `length` counts
    // bytes that were written.
    unsafe {
        loop {
            if out.capacity() - length < 32 {
                out.set_len(length);
                out.reserve(length.max(4096));
            }
            std::ptr::copy_nonoverlapping(place, out.as_mut_ptr().add(length), 32);
            let stops = string_stops(place);
            if stops == 0 {
                length += 32;
                place = place.add(32);
                continue;
            }
            let plain = stops.trailing_zeros() as usize;
            length += plain;
            place = place.add(plain);
            out.set_len(length);
            match *place {
                b'"' => return Ok(place.add(1)),
                b'\\' => {
                    place = unescape(place.add(1), Some(out))?;
                    length = out.len();
                }
                _ => return Err(syntax(place, "the string is not closed")),
            }
        }
    }
}

/// Steps over a string. `place` stands behind the opening quote; the result behind the closing one.
///
/// # Safety
/// `place` lies in a record.
#[inline(always)]
pub unsafe fn skip_string(mut place: Place) -> Result<Place, Fault> {
    // SAFETY: 32 bytes may be read at every place in a record.
    unsafe {
        loop {
            let stops = string_stops(place);
            if stops == 0 {
                place = place.add(32);
                continue;
            }
            place = place.add(stops.trailing_zeros() as usize);
            match *place {
                b'"' => return Ok(place.add(1)),
                b'\\' => place = unescape(place.add(1), None)?,
                _ => return Err(syntax(place, "the string is not closed")),
            }
        }
    }
}

/// Reads the escape behind a backslash. Half of a surrogate pair alone becomes `?`, as in Java.
#[cold]
#[inline(never)]
unsafe fn unescape(place: Place, out: Option<&mut Vec<u8>>) -> Result<Place, Fault> {
    // SAFETY: `place` lies in a record, and only bytes that are not its end are stepped over.
    unsafe {
        let plain = match *place {
            b'"' => b'"',
            b'\\' => b'\\',
            b'/' => b'/',
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (mut code, mut next) = hex(place.add(1))?;
                if (0xd800..0xdc00).contains(&code) {
                    code = match (*next, *next.add(1)) {
                        (b'\\', b'u') => match hex(next.add(2))? {
                            (low @ 0xdc00..0xe000, behind) => {
                                next = behind;
                                0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
                            }
                            _ => u32::from(b'?'),
                        },
                        _ => u32::from(b'?'),
                    };
                }
                if let Some(out) = out {
                    let character = char::from_u32(code).unwrap_or('?');
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                return Ok(next);
            }
            _ => return Err(syntax(place, "this character cannot be escaped")),
        };
        if let Some(out) = out {
            out.push(plain);
        }
        Ok(place.add(1))
    }
}

unsafe fn hex(mut place: Place) -> Result<(u32, Place), Fault> {
    let mut code = 0;
    for _ in 0..4 {
        // SAFETY: the end of the record is no digit.
        unsafe {
            let Some(digit) = char::from(*place).to_digit(16) else {
                return Err(syntax(place, "expected a hexadecimal digit"));
            };
            code = code << 4 | digit;
            place = place.add(1);
        }
    }
    Ok((code, place))
}

/// How many of the bytes are digits up to the first that is none, and those as numbers 0 to 9.
#[inline(always)]
fn digits_of(bytes: u64) -> (u32, u64) {
    let values = bytes ^ 0x3030_3030_3030_3030;
    // A byte of more than 9 gets its high bit set; a carry touches only bytes behind such a one.
    let others = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    (others.trailing_zeros() / 8, values)
}

/// The number written by eight digits of value 0 to 9, the first in the lowest byte.
#[inline(always)]
fn number_of(digits: u64) -> u64 {
    let pairs = (digits & 0x00ff_00ff_00ff_00ff) * 10 + ((digits >> 8) & 0x00ff_00ff_00ff_00ff);
    let fours = (pairs & 0x0000_ffff_0000_ffff) * 100 + ((pairs >> 16) & 0x0000_ffff_0000_ffff);
    (fours & 0xffff_ffff) * 10_000 + (fours >> 32)
}

const POWERS: [u64; 10] = [
    1,
    10,
    100,
    1000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
];

/// Reads a plain integer of up to 15 digits. `None` for everything else, right or wrong.
///
/// # Safety
/// `place` lies in a record.
#[inline(always)]
pub unsafe fn short_integer(place: Place) -> Option<(i64, Place)> {
    // SAFETY: at most 17 bytes are read, and `next` stands no further than at the end of the record.
    unsafe {
        let negative = *place == b'-';
        let start = place.add(usize::from(negative));
        let (count, digits) = digits_of(eight(start));
        let value;
        let next;
        if count < 8 {
            // Nothing, or a leading zero that is not alone.
            if count == 0 || (count > 1 && digits & 0xff == 0) {
                return None;
            }
            value = number_of(digits << (64 - 8 * count));
            next = start.add(count as usize);
        } else {
            let (more, low) = digits_of(eight(start.add(8)));
            if more == 8 || digits & 0xff == 0 {
                return None;
            }
            let tail = if more == 0 {
                0
            } else {
                number_of(low << (64 - 8 * more))
            };
            value = number_of(digits) * POWERS[more as usize] + tail;
            next = start.add(8 + more as usize);
        }
        if matches!(*next, b'.' | b'e' | b'E') {
            return None;
        }
        let value = value as i64;
        Some((if negative { -value } else { value }, next))
    }
}

/// The end of the number that begins here, and whether it is written as a whole number.
///
/// # Safety
/// `place` lies in a record.
#[inline(always)]
pub unsafe fn number_end(place: Place) -> Result<(Place, bool), Fault> {
    // SAFETY: only bytes that are not the end of the record are stepped over.
    unsafe {
        let start = place.add(usize::from(*place == b'-'));
        let mut end = digits_end(start);
        if end == start {
            return Err(syntax(start, "expected a digit"));
        }
        if *start == b'0' && end != start.add(1) {
            return Err(syntax(start, "a number must not begin with 0"));
        }
        let mut whole = true;
        if *end == b'.' {
            whole = false;
            let fraction = end.add(1);
            end = digits_end(fraction);
            if end == fraction {
                return Err(syntax(end, "expected a digit behind the point"));
            }
        }
        if matches!(*end, b'e' | b'E') {
            whole = false;
            let sign = end.add(1);
            let exponent = sign.add(usize::from(matches!(*sign, b'+' | b'-')));
            end = digits_end(exponent);
            if end == exponent {
                return Err(syntax(end, "expected a digit in the exponent"));
            }
        }
        Ok((end, whole))
    }
}

#[inline(always)]
unsafe fn digits_end(mut place: Place) -> Place {
    // SAFETY: the end of the record is no digit; eight bytes may be read.
    unsafe {
        loop {
            let (count, _) = digits_of(eight(place));
            place = place.add(count as usize);
            if count < 8 {
                return place;
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Literal {
    Null,
    True,
    False,
}

/// Reads `null`, `true` or `false`.
///
/// # Safety
/// `place` lies in a record.
#[inline(always)]
pub unsafe fn literal(place: Place) -> Result<(Literal, Place), Fault> {
    // SAFETY: eight bytes may be read; none that is stepped over is the end of the record.
    let (literal, end) = unsafe {
        let bytes = eight(place);
        if bytes as u32 == u32::from_le_bytes(*b"null") {
            (Literal::Null, place.add(4))
        } else if bytes as u32 == u32::from_le_bytes(*b"true") {
            (Literal::True, place.add(4))
        } else if bytes & 0xff_ffff_ffff == u64::from_le_bytes(*b"false\0\0\0") {
            (Literal::False, place.add(5))
        } else {
            return Err(syntax(place, "expected a value"));
        }
    };
    // What follows is no comma or bracket if the word goes on, and whoever steps on refuses it.
    Ok((literal, end))
}

/// Steps over a value of any kind, which is checked to be JSON.
///
/// # Safety
/// `place` lies in a record.
#[inline(always)]
pub unsafe fn skip_value(place: Place) -> Result<Place, Fault> {
    // SAFETY: as the caller says.
    unsafe {
        match *place {
            b'"' => skip_string(place.add(1)),
            b'-' | b'0'..=b'9' => number_end(place).map(|(end, _)| end),
            b'n' | b't' | b'f' => literal(place).map(|(_, end)| end),
            b'{' | b'[' => skip_nested(place),
            _ => skip_value_behind_blanks(place),
        }
    }
}

#[cold]
#[inline(never)]
unsafe fn skip_value_behind_blanks(place: Place) -> Result<Place, Fault> {
    // SAFETY: as the caller says; after the blanks there is none, so that this is not entered twice.
    unsafe {
        let value = blanks(place);
        match *value {
            b'"' => skip_string(value.add(1)),
            b'-' | b'0'..=b'9' => number_end(value).map(|(end, _)| end),
            b'{' | b'[' => skip_nested(value),
            _ => literal(value).map(|(_, end)| end),
        }
    }
}

/// Steps over an array or object.
#[inline(never)]
unsafe fn skip_nested(start: Place) -> Result<Place, Fault> {
    // One bit a level: whether it is an object.
    let mut objects = [0u64; DEPTH_MAX.div_ceil(64)];
    let mut depth = 0;
    let mut place = start;
    // SAFETY: only bytes that are not the end of the record are stepped over.
    unsafe {
        loop {
            // Here stands a value.
            match *place {
                open @ (b'{' | b'[') => {
                    // The record itself is the first level.
                    if depth + 1 >= DEPTH_MAX {
                        return Err(syntax(place, "values are nested too deeply"));
                    }
                    let object = open == b'{';
                    let (word, bit) = (depth / 64, 1 << (depth % 64));
                    objects[word] = if object {
                        objects[word] | bit
                    } else {
                        objects[word] & !bit
                    };
                    depth += 1;
                    place = blanks(place.add(1));
                    if *place == (if object { b'}' } else { b']' }) {
                        place = place.add(1);
                        depth -= 1;
                    } else {
                        if object {
                            place = skip_key(place)?;
                        }
                        continue;
                    }
                }
                b'"' => place = skip_string(place.add(1))?,
                b'-' | b'0'..=b'9' => place = number_end(place)?.0,
                _ => place = literal(place)?.1,
            }
            // Here a value ended.
            loop {
                if depth == 0 {
                    return Ok(place);
                }
                let object = objects[(depth - 1) / 64] >> ((depth - 1) % 64) & 1 == 1;
                place = blanks(place);
                match *place {
                    b',' => {
                        place = blanks(place.add(1));
                        if object {
                            place = skip_key(place)?;
                        }
                        break;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => {
                        let message = if object {
                            "expected ',' or '}'"
                        } else {
                            "expected ',' or ']'"
                        };
                        return Err(syntax(place, message));
                    }
                }
                place = place.add(1);
                depth -= 1;
            }
        }
    }
}

/// Steps over a key, its colon and the blanks up to its value.
unsafe fn skip_key(place: Place) -> Result<Place, Fault> {
    // SAFETY: as the caller says.
    unsafe {
        if *place != b'"' {
            return Err(syntax(place, "expected a field name in quotes"));
        }
        let end = blanks(skip_string(place.add(1))?);
        if *end != b':' {
            return Err(syntax(end, "expected ':' after the field name"));
        }
        Ok(blanks(end.add(1)))
    }
}

/// Reads `2026-01-05 12:30:05` with up to eight digits of fraction. `place` stands behind the opening quote;
/// the result at what follows the digits. `None` for everything else, right or wrong.
///
/// # Safety
/// `place` lies in a record.
#[inline(always)]
pub unsafe fn timestamp(place: Place, separator: u8, days: &mut DayMemo) -> Option<(i64, u32, Place)> {
    // SAFETY: at most 32 bytes are read.
    unsafe {
        let date = eight(place);
        let day_text = place.add(8).cast::<u16>().read_unaligned();
        let day = if date == days.date && day_text == days.day {
            days.days
        } else {
            days.learn(date, day_text)?
        };
        if *place.add(10) != separator {
            return None;
        }
        let clock = eight(place.add(11)) ^ u64::from_le_bytes(*b"00:00:00");
        let wrong = clock.wrapping_add(0x7676_7676_7676_7676) | clock;
        if wrong & 0x8080_8080_8080_8080 | clock & 0x0000_ff00_00ff_0000 != 0 {
            return None;
        }
        let pairs = clock * 10 + (clock >> 8);
        let (hour, minute, second) = (pairs & 0xff, pairs >> 24 & 0xff, pairs >> 48 & 0xff);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = day * 86_400 + (hour * 3600 + minute * 60 + second) as i64;
        let end = place.add(19);
        if *end != b'.' {
            return Some((seconds, 0, end));
        }
        let (count, digits) = digits_of(eight(end.add(1)));
        if count == 0 || count == 8 {
            return None;
        }
        let fraction = number_of(digits << (64 - 8 * count));
        let nanos = fraction * POWERS[9 - count as usize];
        Some((seconds, nanos as u32, end.add(1 + count as usize)))
    }
}

/// The last date that was read: rows of a stream mostly share it.
#[derive(Debug, Default)]
pub struct DayMemo {
    date: u64,
    day: u16,
    days: i64,
}

impl DayMemo {
    #[cold]
    #[inline(never)]
    fn learn(&mut self, date: u64, day: u16) -> Option<i64> {
        let mut text = [0; 10];
        text[..8].copy_from_slice(&date.to_le_bytes());
        text[8..].copy_from_slice(&day.to_ne_bytes());
        let days = crate::java_time::plain_date(&text)?;
        *self = DayMemo { date, day, days };
        Some(days)
    }
}
