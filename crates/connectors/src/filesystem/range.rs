//! Ranges of files: how a file is cut, and how a range is written into a split.
//!
//! A range owns the lines that begin in it: it starts after the first line break at or after `start - 1` and
//! ends with the line that begins before `end`. Any cut gives each line to exactly one range.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use dataflow::{Error, Split};

use super::listing::ListedFile;

/// The size of a range of a file that can be cut.
pub const RANGE_BYTES: u64 = 16 << 20;

const PROBE_BYTES: usize = 4 << 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRange {
    pub path: String,
    pub start: u64,
    pub end: u64,
    /// Of the whole file, when it was listed.
    pub size: u64,
    pub modified_ms: i64,
}

impl FileRange {
    pub fn whole(file: &ListedFile) -> Self {
        FileRange {
            path: file.path.clone(),
            start: 0,
            end: file.size,
            size: file.size,
            modified_ms: file.modified_ms,
        }
    }

    /// A part of the file's lane, whose order event time needs; or a lane of its own, which another shard may read.
    pub fn split(&self, event_time: bool) -> Split {
        // Padded, so that the ranges of a file are in the order of their ids.
        let id = format!("{}@{:015}", self.path, self.start);
        Split {
            lane: if event_time { self.path.clone() } else { id.clone() },
            id,
            payload: format!(
                "{} {} {} {} {}",
                self.start, self.end, self.size, self.modified_ms, self.path
            ),
        }
    }

    pub fn parse(payload: &str) -> Result<Self, Error> {
        Self::parse_fields(payload)
            .ok_or_else(|| Error::internal(format!("'{payload}' is no range of a file")))
    }

    fn parse_fields(payload: &str) -> Option<Self> {
        let mut parts = payload.splitn(5, ' ');
        Some(FileRange {
            start: parts.next()?.parse().ok()?,
            end: parts.next()?.parse().ok()?,
            size: parts.next()?.parse().ok()?,
            modified_ms: parts.next()?.parse().ok()?,
            path: parts.next()?.to_string(),
        })
    }
}

/// Cuts a file into ranges of `range_bytes`; the last one may be shorter.
pub fn cut(file: &ListedFile, range_bytes: u64) -> Vec<FileRange> {
    let mut ranges = vec![FileRange::whole(file)];
    while let Some(last) = ranges
        .last_mut()
        .filter(|last| last.end - last.start > range_bytes)
    {
        let middle = last.start + range_bytes;
        let mut rest = last.clone();
        last.end = middle;
        rest.start = middle;
        ranges.push(rest);
    }
    ranges
}

/// Where the first line begins that does not begin before `cut`; `size` if there is none.
pub fn line_start(file: &File, cut: u64, size: u64) -> io::Result<u64> {
    if cut == 0 || cut >= size {
        return Ok(cut.min(size));
    }
    let mut at = cut - 1;
    let mut probe = [0; PROBE_BYTES];
    while at < size {
        let wanted = probe.len().min((size - at) as usize);
        let read = match file.read_at(&mut probe[..wanted], at) {
            Ok(0) => return Ok(size),
            Ok(read) => read,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            Err(cause) => return Err(cause),
        };
        if let Some(offset) = probe[..read].iter().position(|&byte| byte == b'\n') {
            return Ok(at + offset as u64 + 1);
        }
        at += read as u64;
    }
    Ok(size)
}
