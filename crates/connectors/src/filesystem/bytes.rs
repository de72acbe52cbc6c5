//! The bytes of a file or of a range of one, read in blocks into one buffer that is used again.
//!
//! Positions count bytes from the front of the file, after decompression.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use dataflow::{Error, OptionError};
use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::access::FileAccess;
use super::range::{self, FileRange};

const BLOCK_BYTES: usize = 1 << 20;
/// The longest record.
pub const RECORD_BYTES_MAX: usize = 256 << 20;

/// How a file is packed, told by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Deflate,
}

impl Compression {
    pub fn of(path: &str) -> Result<Self, Error> {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("gz" | "gzip") => Ok(Compression::Gzip),
            Some("deflate") => Ok(Compression::Deflate),
            Some(ending @ ("bz2" | "xz" | "zst")) => {
                let message = format!("file '{path}' is compressed as .{ending}, which is not supported yet");
                Err(OptionError::new("path", message)
                    .hint("compress it with gzip, or unpack it")
                    .into())
            }
            _ => Ok(Compression::None),
        }
    }
}

pub struct Bytes {
    path: String,
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What the buffer holds and nobody has used yet.
    used: usize,
    filled: usize,
    /// Where the first unused byte stands.
    position: u64,
    /// Where the bytes end, if that is known beforehand.
    end: Option<u64>,
    at_end: bool,
}

impl Bytes {
    pub fn open(range: &FileRange, position: Option<u64>, access: &FileAccess) -> Result<Self, Error> {
        let compression = Compression::of(&range.path)?;
        let failed = |cause| Error::io(format!("read file '{}'", range.path), cause);
        let mut file = access.open(Path::new(&range.path))?;
        let mut bytes = Bytes {
            path: range.path.clone(),
            input: Box::new(io::empty()),
            buffer: Vec::new(),
            used: 0,
            filled: 0,
            position: position.unwrap_or(0),
            end: None,
            at_end: false,
        };
        match compression {
            Compression::None => {
                if file.metadata().map_err(failed)?.len() < range.size {
                    return Err(shrunk(&range.path));
                }
                let end = range::line_start(&file, range.end, range.size).map_err(failed)?;
                let start = match position {
                    Some(position) => position,
                    None => range::line_start(&file, range.start, range.size).map_err(failed)?,
                };
                file.seek(SeekFrom::Start(start)).map_err(failed)?;
                bytes.position = start;
                bytes.end = Some(end);
                bytes.at_end = start >= end;
                bytes.input = Box::new(file);
            }
            Compression::Gzip => bytes.input = Box::new(MultiGzDecoder::new(io::BufReader::new(file))),
            Compression::Deflate => bytes.input = Box::new(ZlibDecoder::new(io::BufReader::new(file))),
        }
        if compression != Compression::None {
            let skipped = io::copy(&mut (&mut bytes.input).take(bytes.position), &mut io::sink());
            if skipped.map_err(failed)? < bytes.position {
                return Err(shrunk(&range.path));
            }
        }
        Ok(bytes)
    }

    /// The bytes at hand.
    pub fn held(&self) -> &[u8] {
        &self.buffer[self.used..self.filled]
    }

    /// Whether no more bytes come behind those at hand.
    pub fn at_end(&self) -> bool {
        self.at_end
    }

    pub fn position(&self) -> u64 {
        self.position
    }

    pub fn advance(&mut self, count: usize) {
        let count = count.min(self.filled - self.used);
        self.used += count;
        self.position += count as u64;
    }

    /// Reads another block behind the bytes at hand.
    pub fn fill(&mut self) -> Result<(), Error> {
        if self.used > 0 {
            self.buffer.copy_within(self.used..self.filled, 0);
            self.filled -= self.used;
            self.used = 0;
        }
        if self.filled == self.buffer.len() {
            if self.buffer.len() >= RECORD_BYTES_MAX {
                return Err(Error::Data {
                    message: format!("a record is longer than {} MiB", RECORD_BYTES_MAX >> 20),
                    place: format!("{}:byte {}", self.path, self.position),
                });
            }
            let length = (self.buffer.len() * 2).max(BLOCK_BYTES);
            self.buffer.resize(length, 0);
        }
        let room = self.buffer.len() - self.filled;
        // A record that is still not whole is followed by as much again, so that it is not looked at too often.
        let mut wanted = room.min(BLOCK_BYTES.max(self.filled));
        if let Some(end) = self.end {
            wanted = wanted.min((end - self.position) as usize - self.filled);
        }
        // Decompression gives a little at a time.
        let mut read = 0;
        while read < wanted {
            let target = &mut self.buffer[self.filled + read..self.filled + wanted];
            match self.input.read(target) {
                Ok(0) => break,
                Ok(count) => read += count,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(Error::io(format!("read file '{}'", self.path), cause)),
            }
        }
        self.filled += read;
        match self.end {
            Some(end) => {
                if read < wanted {
                    return Err(shrunk(&self.path));
                }
                self.at_end = self.position + self.filled as u64 >= end;
            }
            None => self.at_end = read < wanted,
        }
        Ok(())
    }
}

fn shrunk(path: &str) -> Error {
    let cause = io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "it is shorter than when it was listed",
    );
    Error::io(format!("read file '{path}'"), cause)
}

/// The number of the line at a position, counted from one. Reads the file from its front.
pub fn line_number(range: &FileRange, position: u64, access: &FileAccess) -> Result<u64, Error> {
    let whole = FileRange {
        start: 0,
        end: range.size,
        ..range.clone()
    };
    let mut bytes = Bytes::open(&whole, None, access)?;
    let mut line = 1;
    while bytes.position() < position && !(bytes.at_end() && bytes.held().is_empty()) {
        let count = bytes.held().len().min((position - bytes.position()) as usize);
        let breaks = bytes.held()[..count].iter().filter(|&&byte| byte == b'\n');
        line += breaks.count() as u64;
        bytes.advance(count);
        if bytes.held().is_empty() && !bytes.at_end() {
            bytes.fill()?;
        }
    }
    Ok(line)
}
