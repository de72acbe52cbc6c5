//! A folder of this machine as a place for snapshots.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dataflow::Error;
use state::{Object, Storage};
use stdx::file::{make_folder, write_whole_with};
use stdx::step;

use crate::direct::{DirectReader, DirectWriter};

/// Of a file that is not whole yet.
const UNFINISHED: &str = ".new";

#[derive(Debug)]
pub struct LocalStorage {
    folder: PathBuf,
}

impl LocalStorage {
    /// For whoever only looks: a folder that is not there is empty.
    pub fn at(folder: &Path) -> LocalStorage {
        LocalStorage {
            folder: folder.to_path_buf(),
        }
    }

    /// For the one that writes: makes the folder, and clears away what a death in the middle of writing has left.
    pub fn open(folder: &Path) -> io::Result<LocalStorage> {
        make_folder(folder)?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(UNFINISHED) {
                fs::remove_file(&path)?;
            }
        }
        Ok(LocalStorage::at(folder))
    }

    fn failed(&self, what: &str, name: &str) -> impl Fn(io::Error) -> Error {
        let what = format!("{what} '{}'", self.folder.join(name).display());
        move |cause| Error::io(what.clone(), cause)
    }
}

impl Storage for LocalStorage {
    fn put(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let path = self.folder.join(name);
        let mut fault = None;
        let written = write_whole_with(&path, |file| {
            step("storage: a file is begun");
            let mut out = DirectWriter::new(file);
            write(&mut out).map_err(|error| {
                fault = Some(error);
                io::Error::other("it could not be written")
            })?;
            out.finish()?;
            step("storage: a file is written");
            Ok(())
        });
        step("storage: a file has its name");
        match (written, fault) {
            (_, Some(error)) => Err(error),
            (Err(cause), None) => Err(self.failed("write", name)(cause)),
            (Ok(()), None) => Ok(fs::metadata(&path).map_err(self.failed("read", name))?.len()),
        }
    }

    fn open(&self, name: &str) -> Result<Object, Error> {
        let file = File::open(self.folder.join(name)).map_err(self.failed("read", name))?;
        Ok(Box::new(DirectReader::new(file)))
    }

    fn list(&self) -> Result<Vec<(String, u64)>, Error> {
        let failed = self.failed("read folder", "");
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => return Err(failed(cause)),
        };
        let mut listed = Vec::new();
        for entry in entries {
            let entry = entry.map_err(&failed)?;
            match entry.metadata() {
                Ok(metadata) => {
                    listed.push((entry.file_name().to_string_lossy().into_owned(), metadata.len()))
                }
                // Removed since it was listed.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => return Err(failed(cause)),
            }
        }
        Ok(listed)
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        step("storage: a file is about to go");
        match fs::remove_file(self.folder.join(name)) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(self.failed("remove", name)(cause)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn contents(storage: &LocalStorage, name: &str) -> String {
        let mut text = String::new();
        storage.open(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn an_object_is_there_whole_or_not_at_all() {
        let place = tempfile::tempdir().unwrap();
        let storage = LocalStorage::open(&place.path().join("a/b")).unwrap();
        let bytes = storage
            .put("one", &mut |out| {
                out.write_all(b"whole").map_err(|cause| Error::io("write", cause))
            })
            .unwrap();
        assert_eq!((bytes, contents(&storage, "one").as_str()), (5, "whole"));
        let fault = storage
            .put("one", &mut |out| {
                out.write_all(b"half")
                    .map_err(|cause| Error::io("write", cause))?;
                Err(Error::internal("it went wrong"))
            })
            .unwrap_err();
        assert_eq!(fault.to_string(), "internal error: it went wrong");
        assert_eq!(contents(&storage, "one"), "whole");
        assert_eq!(storage.list().unwrap(), [("one".to_string(), 5)]);
        storage.remove("one").unwrap();
        storage.remove("one").unwrap();
        assert!(storage.list().unwrap().is_empty());
    }

    #[test]
    fn what_a_death_has_left_is_cleared_away_by_the_next_writer() {
        let place = tempfile::tempdir().unwrap();
        let half = place.path().join(format!("one.1-2{UNFINISHED}"));
        fs::write(&half, "ha").unwrap();
        LocalStorage::at(place.path()).list().unwrap();
        assert!(half.exists());
        LocalStorage::open(place.path()).unwrap();
        assert!(!half.exists());
    }

    #[test]
    fn a_folder_that_is_not_there_is_empty() {
        let place = tempfile::tempdir().unwrap();
        let storage = LocalStorage::at(&place.path().join("nowhere"));
        assert!(storage.list().unwrap().is_empty());
    }
}
