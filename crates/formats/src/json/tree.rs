//! Objects and arrays that are read as text: written again the way Jackson's tree writes itself.
//!
//! No blanks, keys of the same name folded to the last value at the first place, fractions in the form of a Java
//! double, or of a Java decimal without trailing zeros where the schema has decimals.

use std::ops::Range;

use values::number::{parse_f64, write_f64};

use super::fault::{Fault, syntax};
use super::scan::{self, DEPTH_MAX, Literal, Place};
use super::text::write_string;
use crate::column::last_of_each;
use crate::text::write_decimal_text;

/// Appends the value at `place` to `out`.
///
/// # Safety
/// `place` lies in a record of UTF-8.
pub unsafe fn write(place: Place, exact_fractions: bool, out: &mut Vec<u8>) -> Result<Place, Fault> {
    let mut writer = Writer {
        exact_fractions,
        text: Vec::new(),
        number: String::new(),
    };
    // SAFETY: as the caller says.
    unsafe { writer.value(place, out, 1) }
}

struct Writer {
    exact_fractions: bool,
    text: Vec<u8>,
    number: String,
}

/// Where an entry stands in what was written.
struct Entry {
    name: Range<usize>,
    value: Range<usize>,
}

impl Writer {
    unsafe fn value(&mut self, place: Place, out: &mut Vec<u8>, depth: usize) -> Result<Place, Fault> {
        // SAFETY: as the caller of `write` says.
        unsafe {
            match *place {
                b'"' => self.string(place.add(1), out),
                b'-' | b'0'..=b'9' => {
                    let (end, whole) = scan::number_end(place)?;
                    let text = std::slice::from_raw_parts(place, end.offset_from_unsigned(place));
                    self.number(text, whole, out);
                    Ok(end)
                }
                // The record itself is the first level.
                b'{' | b'[' if depth >= DEPTH_MAX => Err(syntax(place, "values are nested too deeply")),
                b'[' => self.array(place, out, depth),
                b'{' => self.object(place, out, depth),
                _ => {
                    let (literal, end) = scan::literal(place)?;
                    out.extend_from_slice(match literal {
                        Literal::Null => b"null",
                        Literal::True => b"true",
                        Literal::False => b"false",
                    });
                    Ok(end)
                }
            }
        }
    }

    unsafe fn string(&mut self, place: Place, out: &mut Vec<u8>) -> Result<Place, Fault> {
        self.text.clear();
        // SAFETY: as the caller of `write` says.
        let end = unsafe { scan::copy_string(place, &mut self.text)? };
        write_string(&self.text, false, out);
        Ok(end)
    }

    fn number(&mut self, text: &[u8], whole: bool, out: &mut Vec<u8>) {
        if whole {
            // An integer has no negative zero.
            out.extend_from_slice(if text == b"-0" { b"0" } else { text });
            return;
        }
        self.number.clear();
        if self.exact_fractions {
            write_decimal_text(text, &mut self.number);
        } else {
            // It is a JSON number, which is a double's text.
            let number = parse_f64(text).unwrap_or(f64::NAN);
            let quote = if number.is_finite() { "" } else { "\"" };
            self.number.push_str(quote);
            write_f64(number, &mut self.number);
            self.number.push_str(quote);
        }
        out.extend_from_slice(self.number.as_bytes());
    }

    unsafe fn array(&mut self, place: Place, out: &mut Vec<u8>, depth: usize) -> Result<Place, Fault> {
        out.push(b'[');
        // SAFETY: as the caller of `write` says.
        unsafe {
            let mut place = scan::blanks(place.add(1));
            if *place != b']' {
                loop {
                    place = scan::blanks(self.value(place, out, depth + 1)?);
                    match *place {
                        b',' => place = scan::blanks(place.add(1)),
                        b']' => break,
                        _ => return Err(syntax(place, "expected ',' or ']'")),
                    }
                    out.push(b',');
                }
            }
            out.push(b']');
            Ok(place.add(1))
        }
    }

    unsafe fn object(&mut self, place: Place, out: &mut Vec<u8>, depth: usize) -> Result<Place, Fault> {
        let start = out.len();
        let mut entries = Vec::new();
        out.push(b'{');
        // SAFETY: as the caller of `write` says.
        let end = unsafe {
            let mut place = scan::blanks(place.add(1));
            if *place != b'}' {
                loop {
                    if *place != b'"' {
                        return Err(syntax(place, "expected a field name in quotes"));
                    }
                    let name = out.len();
                    place = scan::blanks(self.string(place.add(1), out)?);
                    if *place != b':' {
                        return Err(syntax(place, "expected ':' after the field name"));
                    }
                    let colon = out.len();
                    out.push(b':');
                    place = scan::blanks(place.add(1));
                    place = scan::blanks(self.value(place, out, depth + 1)?);
                    entries.push(Entry {
                        name: name..colon,
                        value: colon + 1..out.len(),
                    });
                    match *place {
                        b',' => place = scan::blanks(place.add(1)),
                        b'}' => break,
                        _ => return Err(syntax(place, "expected ',' or '}'")),
                    }
                    out.push(b',');
                }
            }
            place.add(1)
        };
        out.push(b'}');
        if let Some(keep) = last_of_each(0..entries.len(), |index| &out[entries[index].name.clone()]) {
            fold(&entries, &keep, start, out);
        }
        Ok(end)
    }
}

/// Writes an object again with one entry for each name: at the place of the first, with the value of the last.
fn fold(entries: &[Entry], keep: &[bool], start: usize, out: &mut Vec<u8>) {
    let written = out.split_off(start);
    let part = |range: &Range<usize>| &written[range.start - start..range.end - start];
    let last: std::collections::HashMap<&[u8], &Entry> = entries
        .iter()
        .zip(keep)
        .filter(|(_, keep)| **keep)
        .map(|(entry, _)| (part(&entry.name), entry))
        .collect();
    let mut done = std::collections::HashSet::new();
    out.push(b'{');
    for entry in entries {
        let name = part(&entry.name);
        if !done.insert(name) {
            continue;
        }
        if done.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(name);
        out.push(b':');
        // Every name has a last entry.
        if let Some(last) = last.get(name) {
            out.extend_from_slice(part(&last.value));
        }
    }
    out.push(b'}');
}
