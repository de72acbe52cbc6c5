//! Reads an object block by block, and goes on where a connection broke.

use std::io::{self, Read};
use std::sync::Arc;

use dataflow::Error;
use rusty_s3::Method;
use ureq::http::StatusCode;

use super::client::{Answer, Call, Client, Fault};

/// The first block: it has the label of a snapshot, and often nobody wants more.
const BLOCK_BYTES_MIN: u64 = 16 << 10;
/// Blocks grow to this. More than a hundred objects may be read side by side.
const BLOCK_BYTES_MAX: u64 = 1 << 20;
const GROWTH: u64 = 4;

/// One object, as it was when it was opened.
#[derive(Debug)]
pub struct ObjectReader {
    client: Arc<Client>,
    key: String,
    /// Tells it from another one that has taken its place.
    tag: Option<String>,
    bytes: u64,
    block: Vec<u8>,
    /// How much of the block was given out.
    given: usize,
    /// Where the next block begins, and how long it shall be.
    next: u64,
    next_bytes: u64,
}

impl ObjectReader {
    /// Reads the first block.
    pub fn open(client: Arc<Client>, key: String) -> Result<ObjectReader, Error> {
        let mut reader = ObjectReader {
            client,
            key,
            tag: None,
            // Known with the first answer.
            bytes: u64::MAX,
            block: Vec::new(),
            given: 0,
            next: 0,
            next_bytes: BLOCK_BYTES_MIN,
        };
        match reader.fetch() {
            Ok(()) => Ok(reader),
            Err(fault) => Err(reader.client.told("read", &reader.key, fault)),
        }
    }

    /// Reads the next block. What has come before a connection broke is not asked for again.
    fn fetch(&mut self) -> Result<(), Fault> {
        self.block.clear();
        self.given = 0;
        let client = self.client.clone();
        let mut retries = client.retries();
        while self.next < self.bytes {
            let missing = self.next_bytes.min(self.bytes - self.next) - self.block.len() as u64;
            if missing == 0 {
                break;
            }
            if let Err(fault) = self.fetch_rest(missing) {
                retries.after(fault)?;
            }
        }
        self.next += self.block.len() as u64;
        self.next_bytes = (self.next_bytes * GROWTH).min(BLOCK_BYTES_MAX);
        Ok(())
    }

    /// Asks for what is missing of the block.
    fn fetch_rest(&mut self, missing: u64) -> Result<(), Fault> {
        let from = self.next + self.block.len() as u64;
        let range = format!("bytes={from}-{}", from + missing - 1);
        let mut headers = vec![("range", range.as_str())];
        headers.extend(self.tag.as_deref().map(|tag| ("if-match", tag)));
        let call = Call {
            headers: &headers,
            ..Call::new(Method::Get, &self.key)
        };
        let answer = match self.client.call_once(&call) {
            Ok(answer) => answer,
            // There is no first byte in an empty object.
            Err(fault) if fault.code == "InvalidRange" && from == 0 => {
                self.bytes = 0;
                return Ok(());
            }
            Err(fault) => return Err(fault),
        };
        let bytes = whole_bytes(&answer, from)?;
        let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok());
        let is_first = self.bytes == u64::MAX;
        // Not every store looks at the condition.
        if !is_first && (bytes != self.bytes || tag != self.tag.as_deref()) {
            return Err(Fault::strange("another object has taken its place"));
        }
        self.tag = tag.map(str::to_string);
        self.bytes = bytes;
        let expected = missing.min(bytes - from.min(bytes));
        let mut body = answer.into_body().into_reader();
        read_exactly(&mut body, expected, &mut self.block).map_err(|cause| Fault::of_reading(&cause))?;
        // The end is seen, so that the connection is free for the next request.
        match body.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(Fault::strange(
                "the object store gives more than it was asked for",
            )),
            Err(cause) => Err(Fault::of_reading(&cause)),
        }
    }
}

/// Puts so many bytes behind those of the block, whose memory is reserved at once. Keeps what has come before a fault.
fn read_exactly(body: &mut impl Read, bytes: u64, block: &mut Vec<u8>) -> io::Result<()> {
    let mut end = block.len();
    let until = end + bytes as usize;
    block.reserve_exact(bytes as usize);
    block.resize(until, 0);
    let mut read = Ok(());
    while end < until && read.is_ok() {
        read = match body.read(&mut block[end..]) {
            Ok(0) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            Ok(count) => {
                end += count;
                Ok(())
            }
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(cause) => Err(cause),
        };
    }
    block.truncate(end);
    read
}

/// How many bytes the object has that an answer is a part of.
fn whole_bytes(answer: &Answer, from: u64) -> Result<u64, Fault> {
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    if answer.status() != StatusCode::PARTIAL_CONTENT {
        return Err(Fault::strange("the object store does not give parts of objects"));
    }
    // bytes 0-99/4711
    let range = header("content-range").and_then(|range| range.strip_prefix("bytes "));
    let parsed = range.and_then(|range| {
        let (part, bytes) = range.split_once('/')?;
        let (first, _) = part.split_once('-')?;
        (first.parse::<u64>().ok()? == from).then(|| bytes.parse().ok())?
    });
    parsed.ok_or_else(|| Fault::strange("the object store gives another part of the object"))
}

impl Read for ObjectReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.block.len() && self.next < self.bytes {
            self.fetch().map_err(Fault::into_io)?;
        }
        let rest = &self.block[self.given..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_the_memory_of_its_bytes_and_no_more() {
        let mut block = Vec::new();
        let bytes = BLOCK_BYTES_MAX - 4711;
        read_exactly(&mut io::repeat(7), bytes, &mut block).unwrap();
        assert_eq!((block.len() as u64, block.capacity() as u64), (bytes, bytes));
        // What has come before an end stays.
        block.clear();
        let mut torn = io::repeat(8).take(1000);
        read_exactly(&mut torn, bytes, &mut block).unwrap_err();
        assert_eq!((block.len(), block.capacity() as u64), (1000, bytes));
        read_exactly(&mut io::repeat(9), bytes - 1000, &mut block).unwrap();
        assert_eq!((block[999], block[1000]), (8, 9));
        assert_eq!((block.len() as u64, block.capacity() as u64), (bytes, bytes));
    }
}
