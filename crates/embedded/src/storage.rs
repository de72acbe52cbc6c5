//! Where checkpoints and savepoints lie: below a folder of this machine, or in a bucket of an object store.
//!
//! Either way `checkpoints/<deployment>/` and `savepoints/<deployment>/` have them.

mod local;
mod s3;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dataflow::Error;
use runner::{SnapshotLocation, check_id};
use state::Storage;
use stdx::Clock;
use stdx::file::make_folder;

use crate::folder::{CHECKPOINTS, SAVEPOINTS};
use local::LocalStorage;
use s3::{Client, S3Storage};

pub use s3::Patience;

/// An object of this name is written and removed to see whether that is possible.
const PROBE: &str = "oceanus-probe";

/// An object of this name says whose the place is.
const OWNER: &str = "oceanus-owner";
const OWNER_BYTES_MAX: u64 = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotKind {
    Checkpoints,
    Savepoints,
}

impl SnapshotKind {
    fn name(self) -> &'static str {
        match self {
            SnapshotKind::Checkpoints => CHECKPOINTS,
            SnapshotKind::Savepoints => SAVEPOINTS,
        }
    }
}

/// The checkpoints and savepoints of all deployments. Ids of deployments must have been checked.
#[derive(Debug, Clone)]
pub struct Snapshots {
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(PathBuf),
    S3 { client: Arc<Client>, prefix: String },
}

impl Snapshots {
    /// Nothing is asked yet. Fails where the location makes no sense.
    pub fn new(
        location: &SnapshotLocation,
        patience: Patience,
        clock: Arc<dyn Clock>,
    ) -> Result<Snapshots, Error> {
        let place = match location {
            SnapshotLocation::Folder(folder) => Place::Folder(folder.clone()),
            SnapshotLocation::S3(location) => Place::S3 {
                client: Arc::new(Client::new(location, patience, clock)?),
                prefix: match location.prefix.as_str() {
                    "" => String::new(),
                    prefix => format!("{prefix}/"),
                },
            },
        };
        Ok(Snapshots { place })
    }

    /// For whoever only looks: one that is not there is empty.
    pub fn at(&self, kind: SnapshotKind, deployment_id: &str) -> Arc<dyn Storage> {
        match &self.place {
            Place::Folder(folder) => {
                Arc::new(LocalStorage::at(&folder.join(kind.name()).join(deployment_id)))
            }
            Place::S3 { client, prefix } => Arc::new(S3Storage::at(
                client.clone(),
                format!("{prefix}{}/{deployment_id}/", kind.name()),
            )),
        }
    }

    /// For the one that writes: clears away what a death in the middle of writing has left.
    pub fn open(&self, kind: SnapshotKind, deployment_id: &str) -> Result<Arc<dyn Storage>, Error> {
        match &self.place {
            Place::Folder(folder) => {
                let folder = folder.join(kind.name()).join(deployment_id);
                let storage = LocalStorage::open(&folder)
                    .map_err(|cause| Error::io(format!("open folder '{}'", folder.display()), cause))?;
                Ok(Arc::new(storage))
            }
            Place::S3 { client, prefix } => {
                let prefix = format!("{prefix}{}/{deployment_id}/", kind.name());
                Ok(Arc::new(S3Storage::open(client.clone(), prefix)))
            }
        }
    }

    /// The folder that must be there for a deployment, if they lie on this machine.
    pub fn folder(&self, kind: SnapshotKind, deployment_id: &str) -> Option<PathBuf> {
        match &self.place {
            Place::Folder(folder) => Some(folder.join(kind.name()).join(deployment_id)),
            Place::S3 { .. } => None,
        }
    }

    /// Folders of this machine that are nobody else's.
    pub fn folders(&self) -> Vec<PathBuf> {
        match &self.place {
            Place::Folder(folder) => vec![folder.join(CHECKPOINTS), folder.join(SAVEPOINTS)],
            Place::S3 { .. } => Vec::new(),
        }
    }

    /// Deployments that have some.
    pub fn deployments(&self, kind: SnapshotKind) -> Result<Vec<String>, Error> {
        let mut names = match &self.place {
            Place::Folder(folder) => names_in(&folder.join(kind.name()))?,
            Place::S3 { client, prefix } => s3::folders(client, &format!("{prefix}{}/", kind.name()))?,
        };
        names.retain(|name| check_id(name).is_ok());
        Ok(names)
    }

    /// Removes all checkpoints of a deployment; its savepoints stay.
    pub fn remove_checkpoints(&self, deployment_id: &str) -> Result<(), Error> {
        match &self.place {
            Place::Folder(folder) => {
                // One that holds savepoints stays; an empty one is in nobody's way.
                let _ = fs::remove_dir(folder.join(SAVEPOINTS).join(deployment_id));
                let folder = folder.join(CHECKPOINTS).join(deployment_id);
                match fs::remove_dir_all(&folder) {
                    Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                        Err(Error::io(format!("remove folder '{}'", folder.display()), cause))
                    }
                    _ => Ok(()),
                }
            }
            Place::S3 { .. } => {
                // What was not uploaded to its end goes, too.
                let storage = self.open(SnapshotKind::Checkpoints, deployment_id)?;
                for (name, _) in storage.list()? {
                    storage.remove(&name)?;
                }
                Ok(())
            }
        }
    }

    /// What lies beside checkpoints and savepoints.
    fn root(&self) -> Result<Arc<dyn Storage>, Error> {
        Ok(match &self.place {
            Place::Folder(folder) => {
                make_folder(folder)
                    .map_err(|cause| Error::io(format!("make folder '{}'", folder.display()), cause))?;
                Arc::new(LocalStorage::at(folder))
            }
            Place::S3 { client, prefix } => Arc::new(S3Storage::at(client.clone(), prefix.clone())),
        })
    }

    /// Takes the place for one owner, if it is nobody's yet; returns whose it is. Of two that come at the same moment
    /// the last one has it, and the other may not see that before it comes again.
    pub fn claim(&self, owner: &str) -> Result<String, Error> {
        let storage = self.root()?;
        if let Some(found) = read_owner(&*storage)? {
            return Ok(found);
        }
        storage.put(OWNER, &mut |out| {
            out.write_all(owner.as_bytes())
                .map_err(|cause| Error::io("write an owner", cause))
        })?;
        let found = read_owner(&*storage)?;
        found.ok_or_else(|| Error::internal("what was written is not there"))
    }

    /// Finds out whether objects can be written, listed, read and removed.
    pub fn probe(&self) -> Result<(), Error> {
        let storage = self.root()?;
        // The cheapest one first: it tells of a wrong bucket without leaving anything.
        self.deployments(SnapshotKind::Checkpoints)?;
        storage.put(PROBE, &mut |out| {
            out.write_all(PROBE.as_bytes())
                .map_err(|cause| Error::io("write a probe", cause))
        })?;
        let mut text = String::new();
        storage
            .open(PROBE)?
            .read_to_string(&mut text)
            .map_err(|cause| Error::io("read a probe", cause))?;
        storage.remove(PROBE)?;
        if text != PROBE {
            return Err(Error::internal("what was written is not what is read"));
        }
        Ok(())
    }
}

/// `None` if it is nobody's.
fn read_owner(storage: &dyn Storage) -> Result<Option<String>, Error> {
    let input = match storage.open(OWNER) {
        Ok(input) => input,
        Err(Error::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    input
        .take(OWNER_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|cause| Error::io("read whose the place is", cause))?;
    Ok(Some(text.trim().to_string()))
}

/// Names of what lies in a folder. A folder that is not there is empty.
fn names_in(folder: &Path) -> Result<Vec<String>, Error> {
    let failed = |cause| Error::io(format!("read folder '{}'", folder.display()), cause);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(failed(cause)),
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry.map_err(failed)?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}
