//! The log of a run: lines in a file that is cut by size, read by byte offset.
//!
//! Offsets count from the first byte the run ever logged. Two files are kept, `log` and the one before it,
//! `log.1`; `log.start` says at which offset a file begins and which file is meant, so that a reader who comes
//! while files change their names is not led astray.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runner::{LogPage, Secrets};
use stdx::file::write_whole;

use crate::process::redirect_output;

/// When a file is full. Twice as much is kept.
pub const LOG_BYTES_MAX: u64 = 16 << 20;
/// Longer lines are cut.
const LINE_BYTES_MAX: usize = 64 << 10;
/// What a line takes with the mark that it was cut, and its end.
const LINE_ROOM_BYTES: usize = LINE_BYTES_MAX + 4;
/// Of one answer.
const PAGE_BYTES_MAX: usize = 1 << 20;

const CURRENT: &str = "log";
const PREVIOUS: &str = "log.1";
const START: &str = "log.start";

/// Opens the file for what a process prints before it has a [`Log`].
pub fn open_file(folder: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(folder.join(CURRENT))
}

/// Where a worker's lines go. Secrets are taken out of every line.
pub struct Log {
    inner: Mutex<Inner>,
}

struct Inner {
    folder: PathBuf,
    file: File,
    file_bytes: u64,
    file_bytes_max: u64,
    /// The offset at which the file begins.
    start: u64,
    secrets: Secrets,
    /// Whether standard output and error of the process lead here, too.
    takes_output: bool,
}

impl Log {
    /// Opens the log and lets standard output and error of the process lead into it.
    pub fn take_output(folder: &Path) -> io::Result<Arc<Log>> {
        let log = Log::open(folder, LOG_BYTES_MAX)?;
        {
            let mut inner = log.lock();
            inner.takes_output = true;
            redirect_output(&inner.file)?;
        }
        Ok(log)
    }

    fn open(folder: &Path, file_bytes_max: u64) -> io::Result<Arc<Log>> {
        let file = open_file(folder)?;
        let found = Files::open(folder)?;
        let inner = Inner {
            folder: folder.to_path_buf(),
            file_bytes: file.metadata()?.len(),
            file_bytes_max,
            start: found.start,
            secrets: Secrets::default(),
            takes_output: false,
            file,
        };
        inner.write_start()?;
        Ok(Arc::new(Log {
            inner: Mutex::new(inner),
        }))
    }

    /// From now on these are taken out of every line.
    pub fn hide(&self, secrets: Secrets) {
        self.lock().secrets = secrets;
    }

    /// A stream whose lines go here.
    pub fn stream(self: &Arc<Log>) -> LogStream {
        LogStream {
            log: self.clone(),
            partial: Vec::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Writes whole lines.
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut out = Vec::with_capacity(lines.len());
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let text = String::from_utf8_lossy(line);
            let text = self.secrets.redact(&text);
            let mut end = text.len().min(LINE_BYTES_MAX);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            out.extend_from_slice(&text.as_bytes()[..end]);
            if end < text.len() {
                out.extend_from_slice("…".as_bytes());
            }
            out.push(b'\n');
        }
        if self.file_bytes > 0 && self.file_bytes + out.len() as u64 > self.file_bytes_max {
            self.roll()?;
        }
        self.file.write_all(&out)?;
        self.file_bytes += out.len() as u64;
        Ok(())
    }

    fn roll(&mut self) -> io::Result<()> {
        let current = self.folder.join(CURRENT);
        // What the process printed past us counts, too.
        let bytes = self.file.metadata()?.len();
        fs::rename(&current, self.folder.join(PREVIOUS))?;
        self.file = open_file(&self.folder)?;
        self.file_bytes = 0;
        self.start += bytes;
        self.write_start()?;
        if self.takes_output {
            redirect_output(&self.file)?;
        }
        Ok(())
    }

    fn write_start(&self) -> io::Result<()> {
        let inode = self.file.metadata()?.ino();
        write_whole(
            &self.folder.join(START),
            format!("{} {inode}\n", self.start).as_bytes(),
        )
    }
}

/// A writer into a log. A line is written when it is whole.
pub struct LogStream {
    log: Arc<Log>,
    partial: Vec<u8>,
}

impl Write for LogStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let whole = bytes
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        if whole > 0 {
            self.partial.extend_from_slice(&bytes[..whole]);
            let lines = std::mem::take(&mut self.partial);
            self.log.lock().write(&lines)?;
        }
        // Of a line without an end only the front is kept. Twice what is shown, so that no secret is cut in two
        // before it is looked for.
        let room = (2 * LINE_BYTES_MAX).saturating_sub(self.partial.len());
        let rest = &bytes[whole..];
        self.partial.extend_from_slice(&rest[..rest.len().min(room)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogStream {
    fn drop(&mut self) {
        if !self.partial.is_empty() {
            // There is nobody left to tell.
            let _ = self.log.lock().write(&self.partial);
        }
    }
}

/// Reads lines from an offset on.
pub fn read(folder: &Path, after: u64, bytes_max: usize) -> io::Result<LogPage> {
    let files = Files::open(folder)?;
    let oldest = files.previous.as_ref().map_or(files.start, |(start, _)| *start);
    let from = after.clamp(oldest, files.end());
    // Room for the longest line, so that one line comes however little is asked for.
    let bytes = files.read(from, bytes_max.clamp(LINE_ROOM_BYTES, PAGE_BYTES_MAX))?;
    let is_break = |byte: &u8| *byte == b'\n';
    let asked = &bytes[..bytes.len().min(bytes_max)];
    let whole = match asked.iter().rposition(is_break) {
        Some(at) => at + 1,
        None => match bytes.iter().position(is_break) {
            Some(at) => at + 1,
            // Printed past us by the process, and longer than any line of ours: it comes in pieces.
            None if bytes.len() >= LINE_ROOM_BYTES => bytes.len(),
            None => 0,
        },
    };
    Ok(LogPage {
        lines: bytes[..whole]
            .split_inclusive(|&byte| byte == b'\n')
            .map(|line| String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line)).into_owned())
            .collect(),
        next: from + whole as u64,
        skipped: after < oldest,
    })
}

/// The files of a log as they stood at one moment.
struct Files {
    /// The current file and the offset it begins at.
    current: Option<File>,
    current_bytes: u64,
    start: u64,
    previous: Option<(u64, File)>,
}

/// Looks at files that change their names under us.
const LOOKS_MAX: usize = 10;

impl Files {
    fn open(folder: &Path) -> io::Result<Files> {
        let mut look = 1;
        loop {
            let current = open_if_there(&folder.join(CURRENT))?;
            let previous = open_if_there(&folder.join(PREVIOUS))?;
            let start = read_start(&folder.join(START))?;
            if let Some(files) = Files::assemble(current, previous, start, look == LOOKS_MAX)? {
                return Ok(files);
            }
            look += 1;
        }
    }

    /// Finds out at which offsets two files begin; `None` if they are not those that `start` speaks of.
    fn assemble(
        current: Option<File>,
        previous: Option<File>,
        start: Option<(u64, u64)>,
        is_last_look: bool,
    ) -> io::Result<Option<Files>> {
        let size = |file: &Option<File>| -> io::Result<(u64, u64)> {
            file.as_ref().map_or(Ok((0, 0)), |file| {
                let metadata = file.metadata()?;
                Ok((metadata.len(), metadata.ino()))
            })
        };
        let (current_bytes, current_inode) = size(&current)?;
        let (previous_bytes, previous_inode) = size(&previous)?;
        let start = match start {
            // Nothing was ever cut.
            None => 0,
            Some((start, inode)) if current.is_some() && inode == current_inode => start,
            // It was just cut, or the worker died while it did so.
            Some((start, inode)) if previous.is_some() && inode == previous_inode => start + previous_bytes,
            Some((start, _)) if is_last_look => start,
            Some(_) => return Ok(None),
        };
        let is_same = current.is_some() && current_inode == previous_inode;
        Ok(Some(Files {
            current,
            current_bytes,
            start,
            previous: previous
                .filter(|_| !is_same)
                .map(|file| (start.saturating_sub(previous_bytes), file)),
        }))
    }

    fn end(&self) -> u64 {
        self.start + self.current_bytes
    }

    fn read(&self, from: u64, bytes_max: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut at = from;
        if let Some((start, file)) = &self.previous
            && at < self.start
        {
            let mut file = file;
            file.seek(SeekFrom::Start(at - start))?;
            let wanted = (self.start - at).min(bytes_max as u64);
            file.take(wanted).read_to_end(&mut bytes)?;
            at += bytes.len() as u64;
        }
        if let Some(file) = &self.current
            && at >= self.start
        {
            let mut file = file;
            file.seek(SeekFrom::Start(at - self.start))?;
            let wanted = (self.end() - at).min((bytes_max - bytes.len()) as u64);
            file.take(wanted).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }
}

fn open_if_there(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The offset at which a file begins, and its inode.
fn read_start(path: &Path) -> io::Result<Option<(u64, u64)>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(start)), Some(Ok(inode))) => Ok(Some((start, inode))),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("'{}' is not understood", path.display()),
        )),
    }
}

#[cfg(test)]
mod tests;
