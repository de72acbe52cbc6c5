//! Where spilled rows are written: files without a name, which go away with whoever holds them, however it ends.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
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
        Ok(Box::new(Unnamed {
            file,
            end: 0,
            map: None,
        }))
    }
}

struct Unnamed {
    file: File,
    end: u64,
    /// Once it is finished: a key in the system's cache is found without asking the system for it.
    map: Option<Mmap>,
}

impl SpillFile for Unnamed {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.file.write_all_at(bytes, self.end);
        written.map_err(|cause| Error::io("cannot write spilled state", cause))?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<(), Error> {
        let read = self.file.read_exact_at(bytes, offset);
        read.map_err(|cause| Error::io("cannot read spilled state", cause))
    }

    fn finish(&mut self) {
        // SAFETY: the file has no name and its descriptor stays here, so that nobody else writes to it or cuts it off; and
        // nothing is appended to it any more.
        self.map = unsafe { Mmap::map(&self.file) }.ok();
        if let Some(map) = &self.map {
            // Keys are looked for all over the file. Where the system does not take the advice, it reads more than it need.
            let _ = map.advise(Advice::Random);
        }
    }

    fn contents(&self) -> Option<&[u8]> {
        self.map.as_deref()
    }
}
