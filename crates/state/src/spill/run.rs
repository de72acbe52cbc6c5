//! A run: records in the order of their places, in blocks, written once.
//!
//! A record is a key with a value, or the word that there is none any more, and the number of the interval between
//! snapshots in which it was written. Each block ends with a checksum. Where blocks are ([`Index`]), and which places there
//! may be ([`Filter`]), is held in memory.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use dataflow::Error;

use super::filter::Filter;
use super::index::Index;
use super::{SpillFile, SpillFiles};

/// A block ends with the record that makes it larger than this.
const BLOCK_BYTES: usize = 1 << 9;

/// A block of more than this is of one large record.
const LARGE_BYTES: u64 = 16 << 10;

/// What is written, and read by those who read on, in one call, unless that is much beside what memory there is.
pub(super) const STRETCH_BYTES_MAX: usize = 128 << 10;

/// What stands before the key and the value of a record, at most.
const HEAD_BYTES_MAX: usize = 8 + 5 + 10 + 10;

/// What comes from memory at once.
const LINE_BYTES: usize = 64;

/// Of the checksum behind a block.
const CHECK_BYTES: usize = 4;

/// The place of a key among others: its key group, and behind that a hash. Different keys may share one.
pub(super) type Place = u64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub place: Place,
    pub interval: u32,
    pub key: &'a [u8],
    /// Squeezed where it is kept, whole where a view tells it; `None`: the key has none any more.
    pub value: Option<&'a [u8]>,
}

impl<'a> Record<'a> {
    pub fn write(&self, out: &mut Vec<u8>) {
        let value = self.value.unwrap_or_default();
        out.reserve(HEAD_BYTES_MAX + self.key.len() + value.len());
        out.extend_from_slice(&self.place.to_le_bytes());
        write_length(self.interval as usize, out);
        write_length(self.key.len(), out);
        write_length(self.value.map_or(0, |value| value.len() + 1), out);
        out.extend_from_slice(self.key);
        out.extend_from_slice(value);
    }

    /// The record at the beginning of `bytes`, and what stands behind it. Only for what [`Record::write`] wrote: blocks
    /// are checked before they are read.
    #[inline]
    pub fn read(bytes: &'a [u8]) -> (Record<'a>, &'a [u8]) {
        let (place, mut rest) = bytes.split_at(8);
        let interval = read_length(&mut rest);
        let key = read_length(&mut rest);
        let value = read_length(&mut rest);
        let (key, rest) = rest.split_at(key);
        let (value, rest) = match value {
            0 => (None, rest),
            length => {
                let (value, rest) = rest.split_at(length - 1);
                (Some(value), rest)
            }
        };
        let record = Record {
            place: place_of(place),
            interval: interval as u32,
            key,
            value,
        };
        (record, rest)
    }
}

#[inline]
fn place_of(bytes: &[u8]) -> Place {
    u64::from_le_bytes(bytes.try_into().unwrap_or_default())
}

pub(super) fn write_length(mut length: usize, out: &mut Vec<u8>) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

#[inline]
pub(super) fn read_length(bytes: &mut &[u8]) -> usize {
    let (mut length, mut shift) = (0, 0);
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        length |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return length;
        }
        shift += 7;
    }
}

pub(super) struct Run {
    file: Box<dyn SpillFile>,
    filter: Filter,
    index: Index,
    /// What is read by those who read on in one call.
    stretch_bytes: usize,
    /// From the place of its first record, or one before it, to that of its last.
    range: RangeInclusive<Place>,
    pub records: usize,
    /// The last interval in which one of its records was written.
    pub interval: u32,
    /// How many merges it has behind it.
    pub level: u32,
}

impl Run {
    pub fn bytes(&self) -> u64 {
        self.index.bytes()
    }

    /// In memory.
    pub fn size_bytes(&self) -> usize {
        self.filter.size_bytes() + self.index.size_bytes()
    }

    pub fn range(&self) -> RangeInclusive<Place> {
        self.range.clone()
    }

    #[inline]
    pub fn may_have(&self, place: Place) -> bool {
        self.filter.may_have(place)
    }

    /// Looks for a key, from the first block on that may have it, and hands its record to `found`. Returns whether there
    /// is one. `block` is what was read last of this run: keys that are sought in the order of their places share blocks.
    pub fn find(
        &self,
        mut number: usize,
        place: Place,
        key: &[u8],
        block: &mut Block,
        found: impl FnOnce(Record<'_>),
    ) -> Result<bool, Error> {
        loop {
            if !self.index.begins_by(number, place) {
                return Ok(false);
            }
            let mut rest = self.records_of(number, block)?;
            while !rest.is_empty() {
                let (record, behind) = Record::read(rest);
                if record.place > place {
                    return Ok(false);
                }
                if record.place == place && record.key == key {
                    found(record);
                    return Ok(true);
                }
                rest = behind;
            }
            number += 1;
        }
    }

    /// Makes blocks that are about to be read come from memory, all at once.
    pub fn touch(&self, blocks: &[usize]) {
        let Some(contents) = self.file.contents() else {
            return;
        };
        let mut seen = 0;
        for number in blocks {
            let range = self.index.range(*number);
            if range.end - range.start > LARGE_BYTES {
                self.file.expect(range);
                continue;
            }
            seen ^= contents[range.start as usize..range.end as usize]
                .iter()
                .step_by(LINE_BYTES)
                .fold(0, |seen, byte| seen ^ byte);
        }
        std::hint::black_box(seen);
    }

    /// The first block that may have a record at this place.
    #[inline]
    pub fn first_block(&self, place: Place) -> usize {
        self.index.first_block(place)
    }

    /// The records of a block, which is checked unless it was the last one.
    fn records_of<'a>(&'a self, number: usize, block: &'a mut Block) -> Result<&'a [u8], Error> {
        let Range { start, end } = self.index.range(number);
        let is_checked = block.number == Some(number);
        block.number = None;
        let bytes = match self.file.contents() {
            Some(contents) => &contents[start as usize..end as usize],
            None => {
                if !is_checked {
                    block.bytes.resize((end - start) as usize, 0);
                    self.file.read_at(start, &mut block.bytes)?;
                }
                &block.bytes
            }
        };
        if !is_checked {
            check(bytes)?;
        }
        block.number = Some(number);
        Ok(&bytes[..bytes.len() - CHECK_BYTES])
    }

    /// Its records from a place on.
    pub fn read_from(self: &Arc<Run>, place: Place) -> Result<RunReader, Error> {
        let mut reader = RunReader {
            run: self.clone(),
            next_block: self.first_block(place),
            begin: 0,
            bytes: Vec::new(),
            blocks: Vec::new(),
            at: 0,
            end: 0,
            place: 0,
        };
        reader.next_record()?;
        while reader.place().is_some_and(|current| current < place) {
            reader.advance()?;
        }
        Ok(reader)
    }
}

/// The block of a run that was read last.
#[derive(Default)]
pub(super) struct Block {
    number: Option<usize>,
    /// Unless the file has it in memory.
    bytes: Vec<u8>,
}

impl Block {
    /// What it has belongs to another run.
    pub fn forget(&mut self) {
        self.number = None;
    }
}

fn check(block: &[u8]) -> Result<(), Error> {
    let (records, sum) = block.split_at(block.len() - CHECK_BYTES);
    if crc32fast::hash(records).to_le_bytes() == *sum {
        return Ok(());
    }
    Err(Error::io(
        "spilled state is damaged",
        std::io::Error::new(std::io::ErrorKind::InvalidData, "a checksum differs"),
    ))
}

/// Reads the records of a run one after the other.
pub(super) struct RunReader {
    run: Arc<Run>,
    next_block: usize,
    /// Where the present stretch of blocks begins.
    begin: usize,
    /// The stretch, unless the file has it in memory.
    bytes: Vec<u8>,
    /// Where the records of the blocks of the stretch that were not begun lie, the last first.
    blocks: Vec<(usize, usize)>,
    /// The current record begins here, and the records of its block end there.
    at: usize,
    end: usize,
    /// Of the current record.
    place: Place,
}

impl RunReader {
    /// In memory.
    pub fn size_bytes(&self) -> usize {
        self.bytes.capacity() + self.blocks.capacity() * size_of::<(usize, usize)>()
    }

    #[inline]
    pub fn current(&self) -> Option<Record<'_>> {
        (self.at < self.end).then(|| Record::read(&self.stretch()[self.at..self.end]).0)
    }

    #[inline]
    fn stretch(&self) -> &[u8] {
        match self.run.file.contents() {
            Some(contents) => &contents[self.begin..],
            None => &self.bytes,
        }
    }

    /// The place of the current record.
    #[inline]
    pub fn place(&self) -> Option<Place> {
        (self.at < self.end).then_some(self.place)
    }

    pub fn advance(&mut self) -> Result<(), Error> {
        let behind = Record::read(&self.stretch()[self.at..self.end]).1.len();
        self.at = self.end - behind;
        self.next_record()
    }

    /// Goes on to the next block, and the next stretch, where one is at its end.
    fn next_record(&mut self) -> Result<(), Error> {
        if self.at == self.end && self.blocks.is_empty() {
            self.read_stretch()?;
        }
        if self.at == self.end
            && let Some((from, to)) = self.blocks.pop()
        {
            (self.at, self.end) = (from, to);
        }
        if self.at < self.end {
            self.place = place_of(&self.stretch()[self.at..self.at + 8]);
        }
        Ok(())
    }

    fn read_stretch(&mut self) -> Result<(), Error> {
        let index = &self.run.index;
        let first = self.next_block;
        if first >= index.blocks() {
            return Ok(());
        }
        let begin = index.range(first).start;
        let mut last = first + 1;
        while last < index.blocks() && index.range(last).end - begin <= self.run.stretch_bytes as u64 {
            last += 1;
        }
        let end = index.range(last - 1).end;
        self.begin = begin as usize;
        if self.run.file.contents().is_some() {
            self.run.file.expect(begin..end);
        } else {
            self.bytes.resize((end - begin) as usize, 0);
            self.run.file.read_at(begin, &mut self.bytes)?;
        }
        for number in (first..last).rev() {
            let Range { start, end } = index.range(number);
            let (from, to) = ((start - begin) as usize, (end - begin) as usize);
            check(&self.stretch()[from..to])?;
            self.blocks.push((from, to - CHECK_BYTES));
        }
        self.next_block = last;
        (self.at, self.end) = (0, 0);
        Ok(())
    }
}

/// Writes a run: its records in order.
pub(super) struct RunWriter {
    run: Run,
    /// What was not written yet, and where in it the last block begins.
    bytes: Vec<u8>,
    begin: usize,
    /// Of the first record of that block.
    first: Place,
}

impl RunWriter {
    /// Of at most so many records, in places of this range. So many bytes are written in one call, or a little more.
    pub fn new(
        files: &dyn SpillFiles,
        records: usize,
        range: RangeInclusive<Place>,
        level: u32,
        stretch_bytes: usize,
    ) -> Result<RunWriter, Error> {
        Ok(RunWriter {
            run: Run {
                file: files.create()?,
                filter: Filter::new(records, range.clone()),
                index: Index::new(range.clone()),
                stretch_bytes,
                range: *range.start()..=*range.start(),
                records: 0,
                interval: 0,
                level,
            },
            bytes: Vec::with_capacity(stretch_bytes),
            begin: 0,
            first: 0,
        })
    }

    pub fn add(&mut self, record: Record<'_>) -> Result<(), Error> {
        // A large one does not join small ones: who looks for them would read it.
        let bytes = record.key.len() + record.value.map_or(0, <[u8]>::len);
        if bytes >= BLOCK_BYTES && self.bytes.len() > self.begin {
            self.end_block()?;
        }
        if self.bytes.len() == self.begin {
            self.first = record.place;
        }
        record.write(&mut self.bytes);
        self.run.filter.add(record.place);
        self.run.range = *self.run.range.start()..=record.place;
        self.run.records += 1;
        self.run.interval = self.run.interval.max(record.interval);
        if self.bytes.len() - self.begin >= BLOCK_BYTES {
            self.end_block()?;
        }
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), Error> {
        let sum = crc32fast::hash(&self.bytes[self.begin..]);
        self.bytes.extend_from_slice(&sum.to_le_bytes());
        let length = (self.bytes.len() - self.begin) as u64;
        self.run.index.add(self.first, length);
        self.begin = self.bytes.len();
        // Before the next block makes it grow to twice the size.
        if self.bytes.len() + 2 * BLOCK_BYTES > self.run.stretch_bytes {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Error> {
        self.run.file.append(&self.bytes)?;
        self.bytes.clear();
        self.begin = 0;
        Ok(())
    }

    /// In memory.
    pub fn size_bytes(&self) -> usize {
        self.run.size_bytes() + self.bytes.capacity()
    }

    pub fn end(mut self) -> Result<Arc<Run>, Error> {
        if self.bytes.len() > self.begin {
            self.end_block()?;
        }
        self.write()?;
        self.run.file.finish();
        self.run.index.finish();
        Ok(Arc::new(self.run))
    }
}
