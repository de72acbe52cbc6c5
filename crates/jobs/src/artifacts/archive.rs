//! The directory of a zip archive, read strictly.
//!
//! Programs that read zip files disagree where one is odd: what stands before or behind the archive, entries that
//! share bytes, names that come twice or differ between the directory and the entry itself. An archive that could be
//! read in two ways is refused. Sources: APPNOTE.TXT 6.3.10, and what `java.util.zip` takes.

use std::collections::HashSet;
use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::jar::Fault;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const LOCAL_LENGTH: usize = 30;
const CENTRAL_LENGTH: usize = 46;
const END_LENGTH: usize = 22;
const COMMENT_LENGTH_MAX: usize = u16::MAX as usize;
const NAME_LENGTH_MAX: usize = 1024;

/// Numbers that say: the true one stands in a 64-bit record.
const IN_ZIP64: (u16, u32) = (u16::MAX, u32::MAX);

const ENCRYPTED: u16 = 1;
const STRONGLY_ENCRYPTED: u16 = 1 << 6;
const MASKED: u16 = 1 << 13;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// Of the mode that Unix gives to a file.
const TYPE_BITS: u32 = 0xf000;
const REGULAR: u32 = 0x8000;
const FOLDER: u32 = 0x4000;

/// An archive whose directory was read; entries are not unpacked yet.
#[derive(Debug)]
pub struct Archive<'a> {
    bytes: &'a [u8],
    pub entries: Vec<Entry<'a>>,
}

#[derive(Debug)]
pub struct Entry<'a> {
    pub name: &'a str,
    /// As the directory says; an entry that has another size when it is unpacked is refused.
    pub unpacked_bytes: u64,
    data: &'a [u8],
    is_deflated: bool,
    crc: u32,
    /// Where its own header stands.
    start: usize,
    end: usize,
}

impl<'a> Archive<'a> {
    pub fn read(bytes: &'a [u8], entries_max: usize) -> Result<Archive<'a>, Fault> {
        let end = find_end(bytes)?;
        if number4(bytes, 0) != Some(LOCAL) && end != 0 {
            return Err(Fault::new("something stands before the archive"));
        }
        let field2 = |at: usize| number2(bytes, end + at).ok_or_else(Fault::truncated);
        let field4 = |at: usize| number4(bytes, end + at).ok_or_else(Fault::truncated);
        let (disk, directory_disk, here, count) = (field2(4)?, field2(6)?, field2(8)?, field2(10)?);
        let (size, offset) = (field4(12)?, field4(16)?);
        if count == IN_ZIP64.0 || size == IN_ZIP64.1 || offset == IN_ZIP64.1 {
            return Err(Fault::new(
                "it is an archive of the 64-bit kind, which only larger ones need",
            ));
        }
        if disk != 0 || directory_disk != 0 || here != count {
            return Err(Fault::new("it is a part of an archive that was split"));
        }
        if usize::from(count) > entries_max {
            return Err(Fault::new(format!(
                "it has {count} entries, more than {entries_max}"
            )));
        }
        let (size, offset) = (size as usize, offset as usize);
        if offset.checked_add(size) != Some(end) {
            return Err(Fault::new("its directory does not end where the archive does"));
        }
        let mut archive = Archive {
            bytes,
            entries: Vec::with_capacity(count.into()),
        };
        archive.read_directory(offset, end, count)?;
        archive.refuse_shared_bytes(offset)?;
        Ok(archive)
    }

    fn read_directory(&mut self, start: usize, end: usize, count: u16) -> Result<(), Fault> {
        let mut names = HashSet::with_capacity(count.into());
        let mut at = start;
        for _ in 0..count {
            let (entry, next) = self.read_entry(at, start)?;
            if next > end {
                return Err(Fault::truncated());
            }
            if !names.insert(entry.name) {
                return Err(Fault::of(entry.name, "it is there twice"));
            }
            self.entries.push(entry);
            at = next;
        }
        if at != end {
            return Err(Fault::new("its directory has more than it says"));
        }
        Ok(())
    }

    /// An entry of the directory, and where the next begins. All data lies before `directory`.
    fn read_entry(&self, at: usize, directory: usize) -> Result<(Entry<'a>, usize), Fault> {
        let field2 = |offset: usize| number2(self.bytes, at + offset).ok_or_else(Fault::truncated);
        let field4 = |offset: usize| number4(self.bytes, at + offset).ok_or_else(Fault::truncated);
        if field4(0)? != CENTRAL {
            return Err(Fault::new("its directory is damaged"));
        }
        let (flags, method) = (field2(8)?, field2(10)?);
        let (crc, packed, unpacked) = (field4(16)?, field4(20)?, field4(24)?);
        let lengths = [field2(28)?, field2(30)?, field2(32)?].map(usize::from);
        let [name_length, extra_length, comment_length] = lengths;
        let (disk, attributes, start) = (field2(34)?, field4(38)?, field4(42)?);
        let name_start = at + CENTRAL_LENGTH;
        let name = slice(self.bytes, name_start, name_length)?;
        let name = check_name(name)?;
        let fault = |message: &str| Err(Fault::of(name, message));
        if flags & (ENCRYPTED | STRONGLY_ENCRYPTED | MASKED) != 0 {
            return fault("it is encrypted");
        }
        if ![STORED, DEFLATED].contains(&method) {
            return fault("it is packed in a way that Java does not read");
        }
        let kind = (attributes >> 16) & TYPE_BITS;
        if ![0, REGULAR, FOLDER].contains(&kind) {
            return fault("it is a link or a device, not a file");
        }
        if disk != 0 || packed == IN_ZIP64.1 || unpacked == IN_ZIP64.1 || start == IN_ZIP64.1 {
            return fault("it lies outside of this archive");
        }
        if method == STORED && packed != unpacked {
            return fault("its sizes contradict each other");
        }
        let start = start as usize;
        let data_start = self.check_local(name, method, start)?;
        let end = data_start.checked_add(packed as usize);
        let Some(end) = end.filter(|end| *end <= directory) else {
            return fault("it is cut off");
        };
        let entry = Entry {
            name,
            unpacked_bytes: unpacked.into(),
            data: &self.bytes[data_start..end],
            is_deflated: method == DEFLATED,
            crc,
            start,
            end,
        };
        Ok((entry, name_start + name_length + extra_length + comment_length))
    }

    /// The entry's own header says the same as the directory. Answers with where its data begins.
    fn check_local(&self, name: &str, method: u16, start: usize) -> Result<usize, Fault> {
        let field2 = |offset: usize| start.checked_add(offset).and_then(|at| number2(self.bytes, at));
        if number4(self.bytes, start) != Some(LOCAL) {
            return Err(Fault::of(name, "it is not where the directory says"));
        }
        let (Some(own_method), Some(name_length), Some(extra_length)) = (field2(8), field2(26), field2(28))
        else {
            return Err(Fault::of(name, "it is cut off"));
        };
        let own_name = slice(self.bytes, start + LOCAL_LENGTH, name_length.into())?;
        if own_name != name.as_bytes() || own_method != method {
            return Err(Fault::of(name, "it contradicts the directory"));
        }
        Ok(start + LOCAL_LENGTH + usize::from(name_length) + usize::from(extra_length))
    }

    /// Entries that share bytes let a small archive be a large one.
    fn refuse_shared_bytes(&self, directory: usize) -> Result<(), Fault> {
        let mut ranges: Vec<(usize, usize, &str)> = self
            .entries
            .iter()
            .map(|entry| (entry.start, entry.end, entry.name))
            .collect();
        ranges.sort_unstable();
        ranges.push((directory, directory, ""));
        for pair in ranges.windows(2) {
            let ((_, end, name), (next, _, _)) = (pair[0], pair[1]);
            if end > next {
                return Err(Fault::of(name, "it shares bytes with another entry"));
            }
        }
        Ok(())
    }
}

impl<'a> Entry<'a> {
    pub fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }

    /// Unpacks into nothing, and makes sure that size and checksum are as the directory says.
    pub fn verify(&self) -> Result<(), Fault> {
        self.unpack_to(|_| {})
    }

    /// Whether it begins as an archive does. Unpacks no more than that.
    pub fn begins_as_archive(&self) -> Result<bool, Fault> {
        let mut first = Vec::new();
        self.reader()
            .take(4)
            .read_to_end(&mut first)
            .map_err(|_| self.damaged())?;
        // One without any entry begins with its end.
        Ok(matches!(number4(&first, 0), Some(LOCAL | END)))
    }

    /// All of it, if that is at most so many bytes.
    pub fn unpack(&self, bytes_max: u64) -> Result<Vec<u8>, Fault> {
        if self.unpacked_bytes > bytes_max {
            return Err(Fault::of(
                self.name,
                format!("it has more than {bytes_max} bytes"),
            ));
        }
        let mut bytes = Vec::new();
        self.unpack_to(|piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    fn unpack_to(&self, mut take: impl FnMut(&[u8])) -> Result<(), Fault> {
        // One more than it says, to see whether there is more.
        let mut source = self.reader().take(self.unpacked_bytes + 1);
        let mut crc = Crc::new();
        let mut unpacked = 0u64;
        let mut piece = vec![0; 64 << 10];
        loop {
            let length = source.read(&mut piece).map_err(|_| self.damaged())?;
            if length == 0 {
                break;
            }
            unpacked += length as u64;
            if unpacked > self.unpacked_bytes {
                return Err(Fault::of(self.name, "it is larger than it says"));
            }
            crc.update(&piece[..length]);
            take(&piece[..length]);
        }
        if unpacked != self.unpacked_bytes || crc.sum() != self.crc {
            return Err(self.damaged());
        }
        Ok(())
    }

    fn reader(&self) -> Box<dyn Read + 'a> {
        if self.is_deflated {
            Box::new(DeflateDecoder::new(self.data))
        } else {
            Box::new(self.data)
        }
    }

    fn damaged(&self) -> Fault {
        Fault::of(self.name, "it is damaged")
    }
}

/// Where the record at the end of the archive stands.
fn find_end(bytes: &[u8]) -> Result<usize, Fault> {
    let last = bytes
        .len()
        .checked_sub(END_LENGTH)
        .ok_or_else(Fault::no_archive)?;
    let first = last.saturating_sub(COMMENT_LENGTH_MAX);
    let is_end = |at: &usize| {
        number4(bytes, *at) == Some(END)
            && number2(bytes, at + 20)
                .is_some_and(|comment| at + END_LENGTH + usize::from(comment) == bytes.len())
    };
    let found = (first..=last).rev().find(is_end);
    found.ok_or_else(|| match number4(bytes, 0) {
        Some(LOCAL) => Fault::truncated(),
        _ => Fault::no_archive(),
    })
}

/// A name that is a path below whatever folder it is unpacked to.
fn check_name(bytes: &[u8]) -> Result<&str, Fault> {
    let name = std::str::from_utf8(bytes).map_err(|_| Fault::new("the name of an entry is no UTF-8"))?;
    if name.is_empty() || name.len() > NAME_LENGTH_MAX {
        return Err(Fault::new(format!(
            "the name of an entry has {} bytes, not 1 to {NAME_LENGTH_MAX}",
            name.len()
        )));
    }
    let path = name.strip_suffix('/').unwrap_or(name);
    let leads_elsewhere = path.split('/').any(|part| matches!(part, "" | "." | ".."))
        || name.contains(['\\', ':'])
        || name.chars().any(char::is_control);
    if leads_elsewhere {
        return Err(Fault::of(name, "its name leads out of the archive"));
    }
    Ok(name)
}

fn slice(bytes: &[u8], start: usize, length: usize) -> Result<&[u8], Fault> {
    start
        .checked_add(length)
        .and_then(|end| bytes.get(start..end))
        .ok_or_else(Fault::truncated)
}

fn number2(bytes: &[u8], at: usize) -> Option<u16> {
    let found = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(found.try_into().ok()?))
}

fn number4(bytes: &[u8], at: usize) -> Option<u32> {
    let found = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(found.try_into().ok()?))
}
