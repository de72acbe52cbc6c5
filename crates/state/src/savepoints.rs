//! Snapshots that people asked for, each by its own name: what they are in storage.
//!
//! A savepoint is an object of the same format as a checkpoint, and always whole: it needs no other one, and none
//! goes with the checkpoints of its deployment.

use std::io;

use dataflow::Error;

use crate::checkpoints::{Object, parse_label};
use crate::{Label, Snapshot, SnapshotReader, Storage};

/// Keeps a snapshot under a name; returns how many bytes it has. One of this name that is there is written over.
pub fn keep_savepoint(
    storage: &dyn Storage,
    name: &str,
    label: &Label,
    snapshot: &Snapshot,
) -> Result<u64, Error> {
    let label = serde_json::to_vec(label)
        .map_err(|fault| Error::internal(format!("a label cannot be written: {fault}")))?;
    storage.put(name, &mut |mut out| snapshot.write(&label, &mut out))
}

/// Reads all but its rows; `None` if it is not there.
pub fn read_savepoint(
    storage: &dyn Storage,
    name: &str,
) -> Result<Option<(Label, SnapshotReader<Object>)>, Error> {
    let input = match storage.open(name) {
        Ok(input) => input,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let reader = SnapshotReader::open(vec![input])?;
    Ok(Some((parse_label(&reader.label)?, reader)))
}

/// What is known of it without reading its rows, and how many bytes it has; `None` if it is not there.
pub fn find_savepoint(storage: &dyn Storage, name: &str) -> Result<Option<(Label, u64)>, Error> {
    let objects = storage.list()?;
    let Some((_, bytes)) = objects.into_iter().find(|(object, _)| object == name) else {
        return Ok(None);
    };
    let label = storage
        .open(name)
        .and_then(|mut input| parse_label(&Snapshot::read_label(&mut input)?));
    match label {
        Ok(label) => Ok(Some((label, bytes))),
        // Removed since it was listed.
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absent(error: &Error) -> bool {
    matches!(error, Error::Io { cause, .. } if cause.kind() == io::ErrorKind::NotFound)
}
