//! Which files a table has.
//!
//! Names that start with `.` or `_` are hidden, files and folders alike, as in Flink. A folder reached more
//! than once through links is read once, so that loops end. Files come sorted by path.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use dataflow::{Error, OptionError};
use regex::Regex;

use super::access::FileAccess;
use super::glob::{self, Segment};
use super::location::Location;
use super::partition;

/// Files that one table may have.
pub const FILES_MAX: usize = 1_000_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    pub path: String,
    pub size: u64,
    pub modified_ms: i64,
}

/// Lists the files below a location.
pub fn list(
    location: &Location,
    partition_keys: &[String],
    pattern: Option<&Regex>,
) -> Result<Vec<ListedFile>, Error> {
    let mut walk = Walk {
        access: &location.access,
        pattern,
        collected: HashSet::new(),
        expanded: HashSet::new(),
        files: Vec::new(),
    };
    if !partition_keys.is_empty() {
        walk.partitions(&location.path, partition_keys)?;
    } else if let Some((root, segments)) = location.pattern()? {
        walk.expand(&root, &segments)?;
    } else {
        if !location.path.exists() {
            return Err(location.missing().into());
        }
        if is_hidden(&location.path) {
            return Err(location.hidden().into());
        }
        walk.collect(&location.path)?;
    }
    let mut files = walk.files;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    // Two branches of a pattern can lead to the same file.
    files.dedup_by(|a, b| a.path == b.path);
    Ok(files)
}

pub fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    matches!(name.as_encoded_bytes().first(), Some(b'.' | b'_'))
}

struct Walk<'a> {
    access: &'a FileAccess,
    pattern: Option<&'a Regex>,
    /// Folders read with all below them, by device and inode.
    collected: HashSet<(u64, u64)>,
    /// Folders looked through, and how many segments of the pattern were left there.
    expanded: HashSet<(u64, u64, usize)>,
    files: Vec<ListedFile>,
}

impl Walk<'_> {
    /// Takes a file, or all files below a folder.
    fn collect(&mut self, path: &Path) -> Result<(), Error> {
        if is_hidden(path) {
            return Ok(());
        }
        self.access.check(path)?;
        let Some(metadata) = metadata(path)? else {
            return Ok(());
        };
        if metadata.is_dir() {
            if !self.collected.insert((metadata.dev(), metadata.ino())) {
                return Ok(());
            }
            for entry in entries(path)? {
                self.collect(&entry)?;
            }
            return Ok(());
        }
        self.take(path, &metadata)
    }

    fn take(&mut self, path: &Path, metadata: &fs::Metadata) -> Result<(), Error> {
        let Some(text) = path.to_str() else {
            let cause = io::Error::new(io::ErrorKind::InvalidData, "its name is not UTF-8");
            return Err(Error::io(format!("list file '{}'", path.display()), cause));
        };
        if self.pattern.is_some_and(|pattern| !pattern.is_match(text)) {
            return Ok(());
        }
        if !metadata.is_file() {
            let message = format!("'{text}' is not a regular file");
            return Err(OptionError::new("path", message)
                .hint("pipes, sockets and devices cannot be read: write what they give into a file")
                .into());
        }
        if self.files.len() == FILES_MAX {
            let cause = io::Error::other(format!("more than {FILES_MAX} files"));
            return Err(Error::io(format!("list folder of '{text}'"), cause));
        }
        self.files.push(ListedFile {
            path: text.to_string(),
            size: metadata.len(),
            modified_ms: metadata.mtime() * 1000 + metadata.mtime_nsec() / 1_000_000,
        });
        Ok(())
    }

    /// Takes what matches the segments below a folder.
    fn expand(&mut self, folder: &Path, segments: &[Segment]) -> Result<(), Error> {
        let Some((first, rest)) = segments.split_first() else {
            return self.collect(folder);
        };
        self.access.check(folder)?;
        let Some(metadata) = metadata(folder)? else {
            return Ok(());
        };
        if !metadata.is_dir()
            || !self
                .expanded
                .insert((metadata.dev(), metadata.ino(), segments.len()))
        {
            return Ok(());
        }
        for entry in entries(folder)? {
            if is_hidden(&entry) {
                continue;
            }
            match first {
                Segment::AnyFolders => {
                    if rest.is_empty() {
                        self.collect(&entry)?;
                    } else {
                        self.expand(&entry, segments)?;
                    }
                }
                Segment::Name(tokens) => {
                    let name = entry.file_name().unwrap_or_default().to_string_lossy();
                    if glob::matches(tokens, &name) {
                        self.expand(&entry, rest)?;
                    }
                }
            }
        }
        match first {
            // `**` also stands for no folder at all.
            Segment::AnyFolders if !rest.is_empty() => self.expand(folder, rest),
            _ => Ok(()),
        }
    }

    /// Takes the files of `k=v` folders, one level a key. A missing folder has no partitions, as in Flink.
    fn partitions(&mut self, folder: &Path, keys: &[String]) -> Result<(), Error> {
        let Some((key, rest)) = keys.split_first() else {
            return self.collect(folder);
        };
        self.access.check(folder)?;
        if !folder.is_dir() {
            return Ok(());
        }
        for entry in entries(folder)? {
            if is_hidden(&entry) || !entry.is_dir() {
                continue;
            }
            let name = entry.file_name().unwrap_or_default().to_string_lossy();
            if partition::parse_name(&name).is_none_or(|(found, _)| found != *key) {
                return Err(Error::Data {
                    message: format!("folder '{name}' is no partition: expected '{key}=...'"),
                    place: folder.display().to_string(),
                });
            }
            self.partitions(&entry, rest)?;
        }
        Ok(())
    }
}

/// What is there, links followed; `None` if it went away or a link leads nowhere.
fn metadata(path: &Path) -> Result<Option<fs::Metadata>, Error> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        // A link to itself.
        Err(_) if path.is_symlink() => Ok(None),
        Err(cause) => Err(Error::io(format!("list '{}'", path.display()), cause)),
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |cause| Error::io(format!("list folder '{}'", folder.display()), cause);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        entries.push(entry.map_err(failed)?.path());
    }
    entries.sort();
    Ok(entries)
}
