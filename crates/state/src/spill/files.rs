//! Where spilled rows are written: files without a name, which go away with whoever holds them, however it ends.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use dataflow::Error;
use memmap2::{Advice, Mmap};

/// Makes files for what does not fit into memory.
pub trait SpillFiles: fmt::Debug + Send + Sync {
    fn create(&self) -> Result<Box<dyn SpillFile>, Error>;
}

/// Is written once, from its beginning to its end, and may be read meanwhile. Nobody finds it again once it is dropped.
pub trait SpillFile: Send + Sync {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Error>;

    /// Fills all of `bytes` with what stands from `offset` on.
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<(), Error>;

    /// It is written to its end.
    fn finish(&mut self) {}

    /// All of a finished file, where it can be read as memory.
    fn contents(&self) -> Option<&[u8]> {
        None
    }

    /// Says that all of this is about to be read.
    fn expect(&self, _range: Range<u64>) {}
}

/// Files in a folder. Each loses its name as soon as it is there, so that the system takes it back with the process.
#[derive(Debug)]
pub struct SpillFolder {
    path: PathBuf,
    next: AtomicU64,
}

impl SpillFolder {
    /// The folder is made with the first file.
    pub fn new(path: &Path) -> SpillFolder {
        SpillFolder {
            path: path.to_path_buf(),
            next: AtomicU64::new(0),
        }
    }

    fn open(&self) -> io::Result<File> {
        fs::create_dir_all(&self.path)?;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let path = self.path.join(format!("spill-{}-{number}", std::process::id()));
            let opened = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path);
            match opened {
                Ok(file) => {
                    fs::remove_file(&path)?;
                    return Ok(file);
                }
                // Left by a process of the same number that died between the two steps.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl SpillFiles for SpillFolder {
    fn create(&self) -> Result<Box<dyn SpillFile>, Error> {
        let file = self.open().map_err(|cause| {
            Error::io(
                format!("cannot make a file for spilled state in {}", self.path.display()),
                cause,
            )
        })?;
        Ok(Box::new(Unnamed::Open { file, end: 0 }))
    }
}

enum Unnamed {
    Open {
        file: File,
        end: u64,
    },
    /// It is finished: a key in the system's cache is found without asking the system for it, and no file is open.
    Mapped(Mmap),
}

impl SpillFile for Unnamed {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Unnamed::Open { file, end } = self else {
            return Err(Error::internal("a file of spilled state is finished"));
        };
        let written = file.write_all_at(bytes, *end);
        written.map_err(|cause| Error::io("cannot write spilled state", cause))?;
        *end += bytes.len() as u64;
        Ok(())
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<(), Error> {
        let read = match self {
            Unnamed::Open { file, .. } => file.read_exact_at(bytes, offset),
            Unnamed::Mapped(map) => {
                self.expect(offset..offset + bytes.len() as u64);
                let from = offset as usize;
                match map.get(from..from + bytes.len()) {
                    Some(stored) => {
                        bytes.copy_from_slice(stored);
                        Ok(())
                    }
                    None => Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
        };
        read.map_err(|cause| Error::io("cannot read spilled state", cause))
    }

    fn finish(&mut self) {
        let Unnamed::Open { file, .. } = self else {
            return;
        };
        // SAFETY: the file has no name and nobody else has its descriptor, so that nobody writes to it or cuts it off; and
        // nothing is appended to a finished one.
        if let Ok(map) = unsafe { Mmap::map(&*file) } {
            // Keys are looked for all over the file. Where the system does not take the advice, it reads more than it need.
            let _ = map.advise(Advice::Random);
            *self = Unnamed::Mapped(map);
        }
    }

    fn contents(&self) -> Option<&[u8]> {
        match self {
            Unnamed::Open { .. } => None,
            Unnamed::Mapped(map) => Some(map),
        }
    }

    fn expect(&self, range: Range<u64>) {
        if let Unnamed::Mapped(map) = self {
            let length = (range.end - range.start) as usize;
            // Where it is not taken, the bytes come all the same, a page at a time.
            let _ = map.advise_range(Advice::WillNeed, range.start as usize, length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_the_same_before_and_behind_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = SpillFolder::new(folder.path()).create().unwrap();
        file.append(&[7; 10_000]).unwrap();
        file.append(&[8; 10_000]).unwrap();
        for is_finished in [false, true] {
            let mut bytes = [0; 2];
            file.read_at(9_999, &mut bytes).unwrap();
            assert_eq!(bytes, [7, 8]);
            assert!(file.read_at(19_999, &mut bytes).is_err());
            assert_eq!(file.contents().map(<[u8]>::len), is_finished.then_some(20_000));
            file.finish();
        }
        assert!(file.append(&[9]).is_err());
    }
}
