//! Large files past the system's cache: what is written once and hardly ever read should not push out of it what is, and a
//! copy into memory that is new to the process costs more than the disk.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;

/// What is written in one call, and so stands in memory.
const BUFFER_BYTES: usize = 1 << 20;
/// What is read first: who asks what a file is needs no more.
const FIRST_BYTES: usize = 16 << 10;
/// Direct calls begin at multiples of this, in the file and in memory.
const ALIGNMENT: usize = 4096;

/// Gathers what is written. The file is whole once [`DirectWriter::finish`] has returned.
pub struct DirectWriter<'a> {
    file: &'a mut File,
    buffer: Aligned,
    filled: usize,
    /// As long as the file system takes it so.
    is_direct: bool,
}

impl<'a> DirectWriter<'a> {
    /// The file is empty.
    pub fn new(file: &'a mut File) -> DirectWriter<'a> {
        DirectWriter {
            buffer: Aligned::new(),
            filled: 0,
            is_direct: set_direct(file, true).is_ok(),
            file,
        }
    }

    pub fn finish(mut self) -> io::Result<()> {
        let whole = self.filled - self.filled % ALIGNMENT;
        self.write_out(0, whole)?;
        // The rest has no length that could be written directly.
        self.give_up_direct()?;
        self.write_out(whole, self.filled)
    }

    fn write_out(&mut self, from: usize, to: usize) -> io::Result<()> {
        let mut rest = &self.buffer.bytes()[from..to];
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => rest = &rest[written..],
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                // Some file systems say so only now; and a write that was cut short leaves a rest that is not aligned.
                Err(cause) if self.is_direct && cause.kind() == io::ErrorKind::InvalidInput => {
                    set_direct(self.file, false)?;
                    self.is_direct = false;
                }
                Err(cause) => return Err(cause),
            }
        }
        Ok(())
    }

    fn give_up_direct(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.is_direct) {
            set_direct(self.file, false)?;
        }
        Ok(())
    }
}

impl Write for DirectWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BUFFER_BYTES - self.filled);
        self.buffer.bytes_mut()[self.filled..][..taken].copy_from_slice(&bytes[..taken]);
        self.filled += taken;
        if self.filled == BUFFER_BYTES {
            self.write_out(0, BUFFER_BYTES)?;
            self.filled = 0;
        }
        Ok(taken)
    }

    /// Part of a block cannot be written: it waits for [`DirectWriter::finish`].
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a file from its beginning to its end.
pub struct DirectReader {
    file: File,
    buffer: Aligned,
    /// What was read and not taken yet.
    at: usize,
    end: usize,
    /// How much is read next.
    next: usize,
    is_direct: bool,
}

impl DirectReader {
    pub fn new(file: File) -> DirectReader {
        DirectReader {
            buffer: Aligned::new(),
            at: 0,
            end: 0,
            next: FIRST_BYTES,
            is_direct: set_direct(&file, true).is_ok(),
            file,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        loop {
            match self.file.read(&mut self.buffer.bytes_mut()[..self.next]) {
                Ok(read) => {
                    (self.at, self.end, self.next) = (0, read, BUFFER_BYTES);
                    return Ok(());
                }
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                // Some file systems say so only now; and behind a read that was cut short nothing is aligned.
                Err(cause) if self.is_direct && cause.kind() == io::ErrorKind::InvalidInput => {
                    set_direct(&self.file, false)?;
                    self.is_direct = false;
                }
                Err(cause) => return Err(cause),
            }
        }
    }
}

impl Read for DirectReader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.at == self.end {
            self.fill()?;
        }
        let taken = bytes.len().min(self.end - self.at);
        bytes[..taken].copy_from_slice(&self.buffer.bytes()[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

/// [`BUFFER_BYTES`] that begin at a multiple of [`ALIGNMENT`].
struct Aligned {
    bytes: Vec<u8>,
    begin: usize,
}

impl Aligned {
    fn new() -> Aligned {
        let bytes = vec![0; BUFFER_BYTES + ALIGNMENT];
        Aligned {
            begin: bytes.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT),
            bytes,
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[self.begin..self.begin + BUFFER_BYTES]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.begin..self.begin + BUFFER_BYTES]
    }
}

fn set_direct(file: &File, is_direct: bool) -> io::Result<()> {
    let descriptor = file.as_raw_fd();
    // SAFETY: the descriptor is open; its flags are read and written, no memory is touched.
    let done = unsafe {
        let flags = libc::fcntl(descriptor, libc::F_GETFL);
        let flags = match is_direct {
            _ if flags < 0 => return Err(io::Error::last_os_error()),
            true => flags | libc::O_DIRECT,
            false => flags & !libc::O_DIRECT,
        };
        libc::fcntl(descriptor, libc::F_SETFL, flags)
    };
    if done < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Writes so many bytes in pieces of that size, and reads them again.
    fn comes_back(folder: &Path, length: usize, piece: usize) {
        let bytes: Vec<u8> = (0..length).map(|at| (at * 31 + at / 4096) as u8).collect();
        let path = folder.join(format!("{length}-{piece}"));
        let mut file = File::create(&path).unwrap();
        let mut writer = DirectWriter::new(&mut file);
        bytes
            .chunks(piece)
            .for_each(|piece| writer.write_all(piece).unwrap());
        writer.finish().unwrap();
        assert!(fs::read(&path).unwrap() == bytes, "{length} in pieces of {piece}");
        let mut reader = DirectReader::new(File::open(&path).unwrap());
        let mut read = Vec::new();
        let mut buffer = vec![0; piece];
        loop {
            match reader.read(&mut buffer).unwrap() {
                0 => break,
                count => read.extend_from_slice(&buffer[..count]),
            }
        }
        assert!(read == bytes, "{length} read in pieces of {piece}");
    }

    #[test]
    fn files_of_any_length_come_back() {
        // The second is in memory.
        for folder in [std::env::temp_dir(), "/dev/shm".into()] {
            let folder = tempfile::tempdir_in(folder).unwrap();
            for length in [0, 1, 4095, 4096, 4097, BUFFER_BYTES, 3 * BUFFER_BYTES + 5000] {
                for piece in [1 + length / 7, 1_000_003] {
                    comes_back(folder.path(), length, piece);
                }
            }
        }
    }

    #[test]
    fn where_nothing_can_be_written_or_read_directly_all_the_same_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shifted");
        let bytes: Vec<u8> = (0..2 * BUFFER_BYTES + 77).map(|at| (at / 3) as u8).collect();
        let mut file = File::create(&path).unwrap();
        // No call is aligned behind this.
        file.write_all(b"!").unwrap();
        let mut writer = DirectWriter::new(&mut file);
        writer.write_all(&bytes).unwrap();
        writer.finish().unwrap();
        assert!(fs::read(&path).unwrap()[1..] == bytes);
        let mut file = File::open(&path).unwrap();
        file.read_exact(&mut [0]).unwrap();
        let mut read = Vec::new();
        DirectReader::new(file).read_to_end(&mut read).unwrap();
        assert!(read == bytes);
    }

    #[test]
    fn a_full_disk_is_told_of() {
        let mut full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut writer = DirectWriter::new(&mut full);
        writer.write_all(b"too much").unwrap();
        assert_eq!(writer.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
