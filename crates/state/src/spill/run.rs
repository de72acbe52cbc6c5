//! A run: records in the order of their places, in blocks, written once.
//!
//! A record is a key with a value, or the word that there is none any more, and the number of the interval between
//! snapshots in which it was written. Each block ends with a checksum. Where blocks begin, and which places there may
//! be, is held in memory.

use std::ops::RangeInclusive;
use std::sync::Arc;

use dataflow::Error;

use super::filter::Filter;
use super::{SpillFile, SpillFiles};

/// A block ends with the record that makes it larger than this.
const BLOCK_BYTES: usize = 1 << 10;

/// What is written, and read by those who read on, in one call.
const STRETCH_BYTES: usize = 128 << 10;

/// How far a block mostly is from where it is looked for first.
const NEAR_BLOCKS: usize = 64;

/// What stands before the key and the value of a record, at most.
const HEAD_BYTES_MAX: usize = 8 + 4 + 10 + 10;

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
    /// `None`: the key has none any more.
    pub value: Option<&'a [u8]>,
}

impl<'a> Record<'a> {
    pub fn write(&self, out: &mut Vec<u8>) {
        let value = self.value.unwrap_or_default();
        out.reserve(HEAD_BYTES_MAX + self.key.len() + value.len());
        out.extend_from_slice(&self.place.to_le_bytes());
        out.extend_from_slice(&self.interval.to_le_bytes());
        write_length(self.key.len(), out);
        write_length(self.value.map_or(0, |value| value.len() + 1), out);
        out.extend_from_slice(self.key);
        out.extend_from_slice(value);
    }

    /// The record at the beginning of `bytes`, and what stands behind it. Only for what [`Record::write`] wrote: blocks
    /// are checked before they are read.
    #[inline]
    pub fn read(bytes: &'a [u8]) -> (Record<'a>, &'a [u8]) {
        let (place, rest) = bytes.split_at(8);
        let (interval, mut rest) = rest.split_at(4);
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
            interval: u32::from_le_bytes(interval.try_into().unwrap_or_default()),
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

fn write_length(mut length: usize, out: &mut Vec<u8>) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

#[inline]
fn read_length(bytes: &mut &[u8]) -> usize {
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
    /// The place of the first record of each block.
    firsts: Vec<Place>,
    /// The place of the last record.
    last: Place,
    /// Where each block begins, and where the last one ends.
    offsets: Vec<u64>,
    pub records: usize,
    /// The last interval in which one of its records was written.
    pub interval: u32,
    /// How many merges it has behind it.
    pub level: u32,
}

impl Run {
    pub fn bytes(&self) -> u64 {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// In memory.
    pub fn size_bytes(&self) -> usize {
        self.filter.size_bytes() + self.firsts.capacity() * 8 + self.offsets.capacity() * 8
    }

    /// From the place of its first record to that of its last.
    pub fn range(&self) -> RangeInclusive<Place> {
        self.firsts.first().copied().unwrap_or(self.last)..=self.last
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
            if self.firsts.get(number).is_none_or(|first| *first > place) {
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
            let (from, to) = (self.offsets[*number] as usize, self.offsets[number + 1] as usize);
            seen ^= contents[from..to]
                .iter()
                .step_by(LINE_BYTES)
                .fold(0, |seen, byte| seen ^ byte);
        }
        std::hint::black_box(seen);
    }

    /// The first block that may have a record at this place.
    #[inline]
    pub fn first_block(&self, place: Place) -> usize {
        // Places are spread evenly: it is not far from where it is by its share of them.
        let (Some(&least), Some(&most)) = (self.firsts.first(), self.firsts.last()) else {
            return 0;
        };
        let count = self.firsts.len();
        if place <= least {
            return 0;
        }
        if place > most {
            return count - 1;
        }
        let share = u128::from(place - least) * (count - 1) as u128 / u128::from(most - least);
        let guess = (share as usize).min(count - 1);
        let (mut from, mut to, mut step) = (guess, guess, NEAR_BLOCKS);
        if self.firsts[guess] < place {
            while to < count && self.firsts[to] < place {
                (from, to, step) = (to, to.saturating_add(step), step * 2);
            }
        } else {
            while from > 0 && self.firsts[from] >= place {
                (from, to, step) = (from.saturating_sub(step), from, step * 2);
            }
        }
        let to = to.min(count - 1);
        let behind = from + self.firsts[from..=to].partition_point(|first| *first < place);
        behind.saturating_sub(1)
    }

    /// The records of a block, which is checked unless it was the last one.
    fn records_of<'a>(&'a self, number: usize, block: &'a mut Block) -> Result<&'a [u8], Error> {
        let (from, to) = (self.offsets[number], self.offsets[number + 1]);
        let is_checked = block.number == Some(number);
        block.number = None;
        let bytes = match self.file.contents() {
            Some(contents) => &contents[from as usize..to as usize],
            None => {
                if !is_checked {
                    block.bytes.resize((to - from) as usize, 0);
                    self.file.read_at(from, &mut block.bytes)?;
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
    /// A stretch of blocks.
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
    #[inline]
    pub fn current(&self) -> Option<Record<'_>> {
        (self.at < self.end).then(|| Record::read(&self.bytes[self.at..self.end]).0)
    }

    /// The place of the current record.
    #[inline]
    pub fn place(&self) -> Option<Place> {
        (self.at < self.end).then_some(self.place)
    }

    pub fn advance(&mut self) -> Result<(), Error> {
        let (_, behind) = Record::read(&self.bytes[self.at..self.end]);
        self.at = self.end - behind.len();
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
            self.place = place_of(&self.bytes[self.at..self.at + 8]);
        }
        Ok(())
    }

    fn read_stretch(&mut self) -> Result<(), Error> {
        let offsets = &self.run.offsets;
        let first = self.next_block;
        if first + 1 >= offsets.len() {
            return Ok(());
        }
        let begin = offsets[first];
        let mut last = first + 1;
        while last + 1 < offsets.len() && offsets[last + 1] - begin <= STRETCH_BYTES as u64 {
            last += 1;
        }
        self.bytes.resize((offsets[last] - begin) as usize, 0);
        self.run.file.read_at(begin, &mut self.bytes)?;
        for number in (first..last).rev() {
            let from = (offsets[number] - begin) as usize;
            let to = (offsets[number + 1] - begin) as usize;
            check(&self.bytes[from..to])?;
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
}

impl RunWriter {
    /// Of at most so many records, in places of this range.
    pub fn new(
        files: &dyn SpillFiles,
        records: usize,
        range: RangeInclusive<Place>,
        level: u32,
    ) -> Result<RunWriter, Error> {
        Ok(RunWriter {
            run: Run {
                file: files.create()?,
                filter: Filter::new(records, range.clone()),
                last: *range.start(),
                firsts: Vec::new(),
                offsets: vec![0],
                records: 0,
                interval: 0,
                level,
            },
            bytes: Vec::with_capacity(STRETCH_BYTES + 2 * BLOCK_BYTES),
            begin: 0,
        })
    }

    pub fn add(&mut self, record: Record<'_>) -> Result<(), Error> {
        // A large one does not join small ones: who looks for them would read it.
        let bytes = record.key.len() + record.value.map_or(0, <[u8]>::len);
        if bytes >= BLOCK_BYTES && self.bytes.len() > self.begin {
            self.end_block()?;
        }
        if self.bytes.len() == self.begin {
            self.run.firsts.push(record.place);
        }
        record.write(&mut self.bytes);
        self.run.filter.add(record.place);
        self.run.last = record.place;
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
        self.run.offsets.push(self.run.bytes() + length);
        self.begin = self.bytes.len();
        if self.bytes.len() >= STRETCH_BYTES {
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

    pub fn end(mut self) -> Result<Arc<Run>, Error> {
        if self.bytes.len() > self.begin {
            self.end_block()?;
        }
        self.write()?;
        self.run.file.finish();
        self.run.firsts.shrink_to_fit();
        self.run.offsets.shrink_to_fit();
        Ok(Arc::new(self.run))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hash_u64;
    use crate::spill::SpillFolder;

    #[test]
    fn the_first_block_of_a_place_is_found_however_places_are_spread() {
        let files = SpillFolder::new(&std::env::temp_dir());
        let even = |number: u64| hash_u64(number);
        let shifted = |number: u64| number.pow(3);
        let few = |number: u64| number / 500;
        for spread in [even, shifted, few] {
            for count in [1, 2, 30, 5_000] {
                let mut places: Vec<Place> = (0..count).map(spread).collect();
                places.sort_unstable();
                let mut writer = RunWriter::new(&files, places.len(), places[0]..=u64::MAX, 0).unwrap();
                for place in &places {
                    let record = Record {
                        place: *place,
                        interval: 0,
                        key: &[1; 40],
                        value: Some(&[2; 40]),
                    };
                    writer.add(record).unwrap();
                }
                let run = writer.end().unwrap();
                let near = places
                    .iter()
                    .flat_map(|place| [place.saturating_sub(1), *place, place + 1]);
                for place in near.chain([0, u64::MAX]) {
                    let behind = run.firsts.partition_point(|first| *first < place);
                    assert_eq!(
                        run.first_block(place),
                        behind.saturating_sub(1),
                        "{place} of {count}"
                    );
                }
            }
        }
    }
}
