//! Cuts bytes into records and has them read.
//!
//! In a stream every record is a line; empty lines are none. What reads a record may look [`PAD`] bytes behind its
//! end, so that the lines near the end of the input are read from a copy. Only UTF-8 reaches it: the input is
//! checked in windows, before the lines in them are read.

use std::ops::Range;

use arrow_array::RecordBatch;
use dataflow::format::DecodeError;
use dataflow::{Decoder, Error};
use model::Schema;

use super::fault::FaultBody;
use super::scan::PAD;
use super::walk::{self, Rules, Shape, Walk};
use crate::column::Columns;

/// How far UTF-8 is checked ahead.
const WINDOW_BYTES: usize = 32 * 1024;

#[derive(Debug)]
pub struct JsonDecoder {
    walk: Walk,
    shape: Shape,
    columns: Columns,
    skipped: u64,
    /// Lines or a message with room behind them.
    copy: Vec<u8>,
}

impl JsonDecoder {
    pub fn new(schema: &Schema, rules: Rules) -> JsonDecoder {
        JsonDecoder {
            walk: Walk::new(rules),
            shape: Shape::of_schema(schema),
            columns: Columns::new(schema),
            skipped: 0,
            copy: Vec::new(),
        }
    }

    /// Reads the lines of `bytes[..lines_end]`, which end with a line break, until `rows_max` rows are held.
    /// Behind the last of those line breaks there are [`PAD`] more bytes. Returns where it stopped.
    fn lines(&mut self, bytes: &[u8], lines_end: usize, rows_max: usize) -> Result<usize, DecodeError> {
        assert!(lines_end + PAD <= bytes.len() && bytes[lines_end - 1] == b'\n');
        let mut at = 0;
        let mut checked = 0;
        while at < lines_end && self.columns.rows < rows_max {
            if at >= checked {
                checked = window_end(bytes, at, lines_end);
                if simdutf8::basic::from_utf8(&bytes[at..checked]).is_err() {
                    at = self.doubtful_lines(bytes, at, checked, rows_max)?;
                    checked = at;
                    continue;
                }
            }
            // SAFETY: the line that begins here lies within a window that is UTF-8, and its line break lies
            // before `lines_end`, behind which `PAD` bytes may be read.
            at = unsafe { self.line(bytes, at)? };
        }
        Ok(at)
    }

    /// Reads lines not all of which are UTF-8.
    #[cold]
    fn doubtful_lines(
        &mut self,
        bytes: &[u8],
        start: usize,
        end: usize,
        rows_max: usize,
    ) -> Result<usize, DecodeError> {
        let mut at = start;
        while at < end && self.columns.rows < rows_max {
            let line_end = memchr::memchr(b'\n', &bytes[at..end]).map_or(end, |offset| at + offset + 1);
            match std::str::from_utf8(&bytes[at..line_end]) {
                // SAFETY: as in `lines`; this line is UTF-8.
                Ok(_) => at = unsafe { self.line(bytes, at)? },
                Err(_) if self.walk.rules.ignore_errors => {
                    self.skipped += 1;
                    at = line_end;
                }
                Err(error) => {
                    return Err(DecodeError {
                        message: "the record is not UTF-8".to_string(),
                        offset: at + error.valid_up_to(),
                        record: Some(at..line_end),
                    });
                }
            }
        }
        Ok(at)
    }

    /// Reads the line at `at` and returns where the next begins.
    ///
    /// # Safety
    /// A line break ends the line, the line is UTF-8, and [`PAD`] bytes follow it.
    #[inline(always)]
    unsafe fn line(&mut self, bytes: &[u8], at: usize) -> Result<usize, DecodeError> {
        // SAFETY: the line break ends every step in the record, and only then is stepped over.
        unsafe {
            let start = bytes.as_ptr();
            let place = start.add(at);
            let read = if *place == b'{' {
                walk::record(&mut self.walk, &mut self.columns, &mut self.shape, place)
            } else if *place == b'\n' {
                return Ok(at + 1);
            } else if *place == b'\r' && *place.add(1) == b'\n' {
                return Ok(at + 2);
            } else {
                walk::record(&mut self.walk, &mut self.columns, &mut self.shape, place)
            };
            match read {
                Ok((end, outcome)) => {
                    self.skipped += outcome.skipped;
                    if *end == b'\n' {
                        return Ok(end.offset_from_unsigned(start) + 1);
                    }
                    Ok(next_line(bytes, end.offset_from_unsigned(start)))
                }
                Err(fault) => {
                    let next = next_line(bytes, at);
                    self.bad_record(bytes, &fault, at..next)?;
                    Ok(next)
                }
            }
        }
    }

    /// Takes back what a bad record left; an error unless such records are passed over.
    #[cold]
    fn bad_record(
        &mut self,
        bytes: &[u8],
        fault: &FaultBody,
        record: Range<usize>,
    ) -> Result<(), DecodeError> {
        self.columns.roll_back();
        if self.walk.rules.ignore_errors {
            self.skipped += 1;
            return Ok(());
        }
        let message = match bytes[record.clone()].trim_ascii() {
            b"{" | b"[" => format!("{}; a record must stand on one line", fault.message()),
            _ => fault.message(),
        };
        Err(DecodeError {
            message,
            offset: fault.address.saturating_sub(bytes.as_ptr().addr()),
            record: Some(record),
        })
    }

    /// Reads lines from a copy with room behind it.
    fn copied_lines(&mut self, lines: &[u8], rows_max: usize) -> Result<usize, DecodeError> {
        let mut copy = std::mem::take(&mut self.copy);
        copy.clear();
        copy.extend_from_slice(lines);
        if !lines.ends_with(b"\n") {
            copy.push(b'\n');
        }
        let lines_end = copy.len();
        copy.resize(lines_end + PAD, 0);
        let outcome = self.lines(&copy, lines_end, rows_max);
        self.copy = copy;
        outcome
            .map(|used| used.min(lines.len()))
            .map_err(|error| DecodeError {
                // The line break that the copy has more is none of the record's.
                record: error
                    .record
                    .map(|record| record.start..record.end.min(lines.len())),
                ..error
            })
    }
}

/// Where the line behind `at` begins. There is a line break.
fn next_line(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |offset| at + offset + 1)
}

/// The end of a line about [`WINDOW_BYTES`] on, at least of the one that begins at `at`.
fn window_end(bytes: &[u8], at: usize, lines_end: usize) -> usize {
    let rest = &bytes[at..lines_end];
    if rest.len() <= WINDOW_BYTES {
        return lines_end;
    }
    match memchr::memrchr(b'\n', &rest[..WINDOW_BYTES]) {
        Some(offset) => at + offset + 1,
        None => next_line(bytes, at + WINDOW_BYTES),
    }
}

impl Decoder for JsonDecoder {
    fn decode_stream(&mut self, bytes: &[u8], end: bool, rows_max: usize) -> Result<usize, DecodeError> {
        let mut used = 0;
        let in_place = &bytes[..bytes.len().saturating_sub(PAD)];
        if let Some(last) = memchr::memrchr(b'\n', in_place) {
            used = self.lines(bytes, last + 1, rows_max)?;
            if used <= last {
                return Ok(used);
            }
        }
        let rest = &bytes[used..];
        let lines_end = if end {
            rest.len()
        } else {
            memchr::memrchr(b'\n', rest).map_or(0, |last| last + 1)
        };
        if lines_end > 0 && self.columns.rows < rows_max {
            let more = self.copied_lines(&rest[..lines_end], rows_max);
            used += more.map_err(|error| error.behind(used))?;
        }
        Ok(used)
    }

    fn decode_message(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        if message.is_empty() {
            return Ok(());
        }
        if memchr::memchr(b'\n', message).is_some() {
            let line = one_line(message);
            if line.is_empty() {
                return Ok(());
            }
            return self.copied_lines(&line, usize::MAX).map(|_| ());
        }
        self.copied_lines(message, usize::MAX).map(|_| ())
    }

    fn rows(&self) -> usize {
        self.columns.rows
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }

    fn take(&mut self) -> Result<RecordBatch, Error> {
        self.columns.take()
    }
}

/// A document of several lines in one: line breaks become blanks, and escapes within strings.
fn one_line(document: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(document.len() + 16);
    let (mut in_string, mut escaped) = (false, false);
    for &byte in document {
        match byte {
            // A backslash before a line break is no escape: it must stay wrong.
            b'\n' if escaped => line.push(1),
            b'\n' if in_string => line.extend_from_slice(b"\\n"),
            b'\n' => line.push(b' '),
            _ => line.push(byte),
        }
        if byte == b'"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && byte == b'\\' && !escaped;
    }
    line
}
