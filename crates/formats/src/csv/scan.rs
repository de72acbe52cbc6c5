//! Cuts bytes into records and those into fields, as Jackson's CSV reader does.
//!
//! A record ends with `\n`, `\r` or both, unless within quotes. Whatever is wrong with a record, its end is found
//! by the same rules, so that the next one is read where it begins.

use std::ops::Range;

/// The characters that mean something. All are ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grammar {
    pub delimiter: u8,
    pub quote: Option<u8>,
    pub escape: Option<u8>,
    /// Blanks around fields without quotes do not belong to them.
    pub trim: bool,
    /// Lines that begin with `#`, perhaps behind blanks, are no records.
    pub comments: bool,
}

/// A field of the record that was read last.
#[derive(Debug, Clone)]
struct Field {
    range: Range<usize>,
    /// The range lies in the copies, not in the input: the text there is not what the field says.
    copied: bool,
}

/// What stands at a place in the input.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Record {
        next: usize,
        fault: Option<Fault>,
    },
    /// A comment: nothing to be read before this place.
    Nothing {
        next: usize,
    },
    /// More input is needed.
    Part,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub offset: usize,
    pub message: String,
}

#[derive(Debug)]
pub struct Scanner {
    grammar: Grammar,
    fields: Vec<Field>,
    copies: Vec<u8>,
}

/// What ends a field.
enum End {
    Delimiter(usize),
    /// The record ends too; the next one begins there.
    Record(usize),
    Part,
}

impl Scanner {
    pub fn new(grammar: Grammar) -> Scanner {
        Scanner {
            grammar,
            fields: Vec::new(),
            copies: Vec::new(),
        }
    }

    /// How many fields the record has.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// The text of a field of the record that was read last from `bytes`.
    pub fn field<'a>(&'a self, bytes: &'a [u8], index: usize) -> &'a [u8] {
        let Field { range, copied } = &self.fields[index];
        if *copied {
            &self.copies[range.clone()]
        } else {
            &bytes[range.clone()]
        }
    }

    /// Reads the record that begins at `at`, where there is a byte. At the `end` of the input it needs no line end.
    pub fn record(&mut self, stops: &mut Stops<'_>, at: usize, end: bool) -> Found {
        let bytes = stops.bytes;
        self.fields.clear();
        self.copies.clear();
        if self.grammar.comments
            && let Some(found) = comment(bytes, at, end)
        {
            return found;
        }
        let mut fault = None;
        let mut place = at;
        loop {
            match self.next_field(stops, place, end, &mut fault) {
                End::Delimiter(next) => place = next,
                End::Record(next) => return Found::Record { next, fault },
                End::Part => return Found::Part,
            }
        }
    }

    #[inline(always)]
    fn next_field(&mut self, stops: &mut Stops<'_>, at: usize, end: bool, fault: &mut Option<Fault>) -> End {
        let bytes = stops.bytes;
        let mut start = at;
        if self.grammar.trim {
            while start < bytes.len() && self.is_space(bytes[start]) {
                start += 1;
            }
        }
        if start < bytes.len() && Some(bytes[start]) == self.grammar.quote {
            return self.quoted_field(stops, start + 1, end, fault);
        }
        let mut place = start;
        loop {
            let Some(stop) = stops.from(place) else {
                if !end {
                    return End::Part;
                }
                self.push_plain(bytes, start..bytes.len());
                return End::Record(bytes.len());
            };
            let byte = bytes[stop];
            if byte == self.grammar.delimiter {
                self.push_plain(bytes, start..stop);
                return End::Delimiter(stop + 1);
            }
            match byte {
                b'\n' => {
                    self.push_plain(bytes, start..stop);
                    return End::Record(stop + 1);
                }
                b'\r' => {
                    let Some(next) = behind_return(bytes, stop, end) else {
                        return End::Part;
                    };
                    self.push_plain(bytes, start..stop);
                    return End::Record(next);
                }
                _ if Some(byte) == self.grammar.escape => {
                    return self.escaped_field(stops, start, stop, end, fault);
                }
                // A quote within a field without quotes is a character like others.
                _ => place = stop + 1,
            }
        }
    }

    fn is_space(&self, byte: u8) -> bool {
        byte <= b' ' && byte != self.grammar.delimiter && byte != b'\n' && byte != b'\r'
    }

    #[inline(always)]
    fn push_plain(&mut self, bytes: &[u8], mut range: Range<usize>) {
        if self.grammar.trim {
            while range.end > range.start && bytes[range.end - 1] <= b' ' {
                range.end -= 1;
            }
        }
        self.fields.push(Field { range, copied: false });
    }

    /// A field without quotes in which something is escaped, at `escape` for the first time.
    #[cold]
    fn escaped_field(
        &mut self,
        stops: &mut Stops<'_>,
        start: usize,
        escape: usize,
        end: bool,
        fault: &mut Option<Fault>,
    ) -> End {
        let bytes = stops.bytes;
        let copy = self.copies.len();
        let mut plain = start;
        let mut stop = escape;
        let outcome = loop {
            let byte = bytes[stop];
            if byte == self.grammar.delimiter {
                break End::Delimiter(stop + 1);
            }
            let mut next = stop + 1;
            match byte {
                b'\n' => break End::Record(stop + 1),
                b'\r' => match behind_return(bytes, stop, end) {
                    Some(next) => break End::Record(next),
                    None => return End::Part,
                },
                _ if Some(byte) == self.grammar.escape => {
                    self.copies.extend_from_slice(&bytes[plain..stop]);
                    let Some(&escaped) = bytes.get(stop + 1) else {
                        if !end {
                            return End::Part;
                        }
                        fault.get_or_insert(Fault {
                            offset: stop,
                            message: "nothing follows the escape character".to_string(),
                        });
                        plain = stop + 1;
                        stop = bytes.len();
                        break End::Record(bytes.len());
                    };
                    self.copies.push(unescape(escaped));
                    plain = stop + 2;
                    next = plain;
                }
                _ => {}
            }
            match stops.from(next) {
                Some(found) => stop = found,
                None if end => {
                    stop = bytes.len();
                    break End::Record(stop);
                }
                None => return End::Part,
            }
        };
        self.copies.extend_from_slice(&bytes[plain..stop]);
        let mut range = copy..self.copies.len();
        if self.grammar.trim {
            while range.end > range.start && self.copies[range.end - 1] <= b' ' {
                range.end -= 1;
            }
        }
        self.fields.push(Field { range, copied: true });
        outcome
    }

    /// A field in quotes, the first of them just before `start`.
    #[inline(never)]
    fn quoted_field(
        &mut self,
        stops: &mut Stops<'_>,
        start: usize,
        end: bool,
        fault: &mut Option<Fault>,
    ) -> End {
        let bytes = stops.bytes;
        let copy = self.copies.len();
        let mut copied = false;
        let mut plain = start;
        let mut place = start;
        let close = loop {
            let Some(stop) = stops.from(place) else {
                if !end {
                    return End::Part;
                }
                fault.get_or_insert(Fault {
                    offset: start - 1,
                    message: "the quoted field is not closed".to_string(),
                });
                return End::Record(bytes.len());
            };
            let byte = bytes[stop];
            if Some(byte) == self.grammar.quote {
                match bytes.get(stop + 1) {
                    Some(&next) if next == byte => {
                        self.copies.extend_from_slice(&bytes[plain..=stop]);
                    }
                    None if !end => return End::Part,
                    _ => break stop,
                }
            } else if Some(byte) == self.grammar.escape {
                let Some(&escaped) = bytes.get(stop + 1) else {
                    if !end {
                        return End::Part;
                    }
                    // The loop meets the end of the input next.
                    place = stop + 1;
                    continue;
                };
                self.copies.extend_from_slice(&bytes[plain..stop]);
                self.copies.push(unescape(escaped));
            } else {
                place = stop + 1;
                continue;
            }
            copied = true;
            plain = stop + 2;
            place = plain;
        };
        let range = if copied {
            self.copies.extend_from_slice(&bytes[plain..close]);
            copy..self.copies.len()
        } else {
            start..close
        };
        self.fields.push(Field { range, copied });
        self.behind_quotes(bytes, close + 1, end, fault)
    }

    /// Only blanks may stand between a closing quote and the end of the field.
    fn behind_quotes(&self, bytes: &[u8], at: usize, end: bool, fault: &mut Option<Fault>) -> End {
        let mut place = at;
        while place < bytes.len() {
            let byte = bytes[place];
            if byte == self.grammar.delimiter {
                return End::Delimiter(place + 1);
            }
            match byte {
                b'\n' => return End::Record(place + 1),
                b'\r' => {
                    return match behind_return(bytes, place, end) {
                        Some(next) => End::Record(next),
                        None => End::Part,
                    };
                }
                0..=b' ' => place += 1,
                _ => {
                    fault.get_or_insert_with(|| Fault {
                        offset: place,
                        message: format!(
                            "expected '{}' or the end of the line behind the closing quote",
                            char::from(self.grammar.delimiter).escape_default()
                        ),
                    });
                    // As if a field began behind it: that is how Jackson goes on.
                    return End::Delimiter(place + 1);
                }
            }
        }
        if end { End::Record(bytes.len()) } else { End::Part }
    }
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'0' => 0,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    }
}

/// Where the record behind a `\r` begins; `None` if the input ends before it is known whether `\n` follows.
fn behind_return(bytes: &[u8], at: usize, end: bool) -> Option<usize> {
    match bytes.get(at + 1) {
        Some(b'\n') => Some(at + 2),
        None if !end => None,
        _ => Some(at + 1),
    }
}

fn comment(bytes: &[u8], at: usize, end: bool) -> Option<Found> {
    let rest = &bytes[at..];
    let Some(first) = rest.iter().position(|&byte| byte != b' ') else {
        // Only blanks so far.
        return (!end).then_some(Found::Part);
    };
    if rest[first] != b'#' {
        return None;
    }
    Some(match memchr::memchr2(b'\n', b'\r', &rest[first..]) {
        Some(offset) if rest[first + offset] == b'\n' => Found::Nothing {
            next: at + first + offset + 1,
        },
        Some(offset) => match behind_return(bytes, at + first + offset, end) {
            Some(next) => Found::Nothing { next },
            None => Found::Part,
        },
        None if end => Found::Nothing { next: bytes.len() },
        None => Found::Part,
    })
}

/// Finds the bytes that mean something, 64 at a time.
#[derive(Debug)]
pub struct Stops<'a> {
    bytes: &'a [u8],
    needles: [u8; 5],
    base: usize,
    /// One bit for each of the 64 bytes from `base`.
    found: u64,
}

impl<'a> Stops<'a> {
    pub fn new(bytes: &'a [u8], grammar: &Grammar) -> Stops<'a> {
        let mut stops = Stops {
            bytes,
            needles: [
                grammar.delimiter,
                b'\n',
                b'\r',
                grammar.quote.unwrap_or(b'\n'),
                grammar.escape.unwrap_or(b'\n'),
            ],
            base: 0,
            found: 0,
        };
        stops.load(0);
        stops
    }

    fn load(&mut self, base: usize) {
        self.base = base;
        let rest = self.bytes.get(base..).unwrap_or_default();
        self.found = match rest.first_chunk::<64>() {
            Some(block) => matches(block, &self.needles),
            None => {
                let mut block = [0; 64];
                block[..rest.len()].copy_from_slice(rest);
                // There are fewer than 64 of them.
                matches(&block, &self.needles) & ((1 << rest.len()) - 1)
            }
        };
    }

    /// The first place from `at` on.
    #[inline(always)]
    fn from(&mut self, at: usize) -> Option<usize> {
        if at >= self.base + 64 || at < self.base {
            self.load(at & !63);
        }
        let mut found = self.found & (u64::MAX << (at - self.base));
        while found == 0 {
            if self.base + 64 >= self.bytes.len() {
                return None;
            }
            self.load(self.base + 64);
            found = self.found;
        }
        Some(self.base + found.trailing_zeros() as usize)
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn matches(block: &[u8; 64], needles: &[u8; 5]) -> u64 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8, _mm_setzero_si128,
    };
    let mut found = 0;
    for part in 0..4 {
        // SAFETY: SSE2 is part of x86-64, and the 16 bytes lie within the block.
        unsafe {
            let chunk = _mm_loadu_si128(block.as_ptr().add(part * 16).cast());
            let mut equal = _mm_setzero_si128();
            for &needle in needles {
                equal = _mm_or_si128(equal, _mm_cmpeq_epi8(chunk, _mm_set1_epi8(needle as i8)));
            }
            found |= u64::from(_mm_movemask_epi8(equal) as u32) << (part * 16);
        }
    }
    found
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn matches(block: &[u8; 64], needles: &[u8; 5]) -> u64 {
    let mut found = 0;
    for (place, byte) in block.iter().enumerate() {
        found |= u64::from(needles.contains(byte)) << place;
    }
    found
}
