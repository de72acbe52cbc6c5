//! The snapshots of a deployment, one behind the other, in a place that outlives its jobs.
//!
//! They are numbered as they are kept, over all attempts. A job that comes back goes on from the newest that can be
//! read; one that is damaged is passed over, and told of.

use std::collections::BTreeSet;
use std::fmt::{self, Debug};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dataflow::Error;
use serde::{Deserialize, Serialize};

use crate::Snapshot;

/// Objects by their name. A process may die in the middle of any call.
pub trait Storage: Send + Sync + Debug {
    /// Puts an object there whole, or not at all; returns how many bytes it has. Once it returns, the object stays
    /// whatever happens to this process.
    fn put(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), Error>,
    ) -> Result<u64, Error>;

    fn open(&self, name: &str) -> Result<Box<dyn Read>, Error>;

    /// All objects and their bytes, in any order.
    fn list(&self) -> Result<Vec<(String, u64)>, Error>;

    /// Removes an object; one that is not there is no fault.
    fn remove(&self, name: &str) -> Result<(), Error>;
}

/// What is known of a checkpoint without reading its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The attempt that took it, and the attempt's epoch.
    pub run_id: String,
    pub epoch: u64,
    /// Which job of the program it is of: they run one after the other.
    pub job: usize,
    pub parallelism: usize,
    /// When its barrier set out, and when it was about to be written.
    pub began_us: i64,
    pub taken_us: i64,
    /// Of a job whose shards had all ended.
    pub is_last: bool,
    /// Its rows are committed in a way that cannot be repeated.
    #[serde(default)]
    pub is_transactional: bool,
}

/// A checkpoint that can be gone on from.
#[derive(Debug)]
pub struct Found {
    pub number: u64,
    pub label: Label,
    pub snapshot: Snapshot,
    /// Newer ones that are damaged, and how.
    pub damaged: Vec<(u64, String)>,
}

/// A checkpoint that was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub number: u64,
    pub bytes: u64,
}

/// One that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub number: u64,
    pub bytes: u64,
    /// `None` if it cannot be read.
    pub label: Option<Label>,
}

/// The checkpoints of one deployment. Whoever writes must be the only one.
#[derive(Debug)]
pub struct Checkpoints {
    storage: Arc<dyn Storage>,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    /// The last number that was given.
    last: u64,
    /// Those that were found damaged: nobody can fall back on them.
    damaged: BTreeSet<u64>,
}

impl Checkpoints {
    pub fn open(storage: Arc<dyn Storage>) -> Result<Checkpoints, Error> {
        let last = names(&*storage)?.last().map_or(0, |name| name.number);
        Ok(Checkpoints {
            storage,
            known: Mutex::new(Known {
                last,
                damaged: BTreeSet::new(),
            }),
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a snapshot, and of those before it so many that there are `retained` in all.
    pub fn keep(&self, label: &Label, snapshot: &Snapshot, retained: usize) -> Result<Kept, Error> {
        // One that fails is given up: what there is of it is not written over.
        let number = {
            let mut known = self.known();
            known.last += 1;
            known.last
        };
        let name = Name {
            number,
            epoch: label.epoch,
        };
        let label = serde_json::to_vec(label)
            .map_err(|fault| Error::internal(format!("a label cannot be written: {fault}")))?;
        let put = self
            .storage
            .put(&name.to_string(), &mut |mut out| snapshot.write(&label, &mut out));
        let bytes = match put {
            Ok(bytes) => bytes,
            Err(error) => {
                self.known().damaged.insert(number);
                return Err(error);
            }
        };
        if let Err(error) = self.remove_older(retained) {
            // It is tried again behind the next one.
            tracing::warn!(%error, "an old checkpoint stays");
        }
        Ok(Kept { number, bytes })
    }

    fn remove_older(&self, retained: usize) -> Result<(), Error> {
        let damaged = self.known().damaged.clone();
        let is_damaged = |name: &Name| damaged.contains(&name.number);
        let (lost, whole): (Vec<Name>, Vec<Name>) = names(&*self.storage)?.into_iter().partition(is_damaged);
        let old = whole.into_iter().rev().skip(retained.max(1));
        for name in lost.into_iter().chain(old) {
            self.storage.remove(&name.to_string())?;
        }
        Ok(())
    }

    /// The newest that can be read, of those that attempts of this epoch or later ones have taken; `None` if there
    /// is none. Fails if there are some and all are damaged: to begin anew then is for people to decide.
    pub fn latest(&self, since_epoch: u64) -> Result<Option<Found>, Error> {
        let mut damaged = Vec::new();
        for name in names(&*self.storage)?.into_iter().rev() {
            if name.epoch < since_epoch {
                // So are all before it.
                break;
            }
            match self.read(name) {
                Ok((label, snapshot)) => {
                    return Ok(Some(Found {
                        number: name.number,
                        label,
                        snapshot,
                        damaged,
                    }));
                }
                Err(Error::Data { message, .. }) => {
                    self.known().damaged.insert(name.number);
                    damaged.push((name.number, message));
                }
                Err(error) => return Err(error),
            }
        }
        match damaged.first() {
            None => Ok(None),
            Some((number, message)) => Err(Error::Data {
                message: format!(
                    "none of the {} checkpoints that are there can be read: {message}",
                    damaged.len()
                ),
                place: format!("checkpoint {number}"),
            }),
        }
    }

    /// Removes one whose rows are lost, so that nobody takes it for that of another attempt at its epoch.
    pub fn remove(&self, found: Found) -> Result<(), Error> {
        let name = Name {
            number: found.number,
            epoch: found.label.epoch,
        };
        self.storage.remove(&name.to_string())
    }

    fn read(&self, name: Name) -> Result<(Label, Snapshot), Error> {
        let mut input = self.storage.open(&name.to_string())?;
        let (label, snapshot) = Snapshot::read(&mut input)?;
        Ok((parse_label(&label)?, snapshot))
    }

    /// All that are there, the newest first.
    pub fn list(storage: &dyn Storage) -> Result<Vec<Listed>, Error> {
        let mut listed = Vec::new();
        for (object, bytes) in storage.list()? {
            let Some(Name { number, .. }) = Name::parse(&object) else {
                continue;
            };
            let label = storage
                .open(&object)
                .and_then(|mut input| parse_label(&Snapshot::read_label(&mut input)?));
            let label = match label {
                Ok(label) => Some(label),
                Err(Error::Data { .. }) => None,
                // Removed since it was listed.
                Err(Error::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            listed.push(Listed { number, bytes, label });
        }
        listed.sort_by_key(|listed| std::cmp::Reverse(listed.number));
        Ok(listed)
    }
}

fn parse_label(bytes: &[u8]) -> Result<Label, Error> {
    serde_json::from_slice(bytes).map_err(|fault| Error::Data {
        message: format!("the snapshot is damaged: its label is not understood: {fault}"),
        place: "snapshot".to_string(),
    })
}

/// All that are there, the oldest first.
fn names(storage: &dyn Storage) -> Result<BTreeSet<Name>, Error> {
    let objects = storage.list()?;
    Ok(objects
        .iter()
        .filter_map(|(object, _)| Name::parse(object))
        .collect())
}

/// The name of a checkpoint: its number, and the epoch of the attempt that took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    number: u64,
    epoch: u64,
}

impl Name {
    fn parse(object: &str) -> Option<Name> {
        let (number, epoch) = object.strip_prefix("checkpoint-")?.split_once("-of-")?;
        let name = Name {
            number: number.parse().ok()?,
            epoch: epoch.parse().ok()?,
        };
        (name.to_string() == object).then_some(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "checkpoint-{:012}-of-{}", self.number, self.epoch)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;

    use super::*;

    #[derive(Debug, Default)]
    struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

    impl Memory {
        fn damage(&self, number: u64) {
            let mut objects = self.0.lock().unwrap();
            let is_meant = |object: &str| Name::parse(object).is_some_and(|name| name.number == number);
            let (_, object) = objects.iter_mut().find(|(object, _)| is_meant(object)).unwrap();
            let middle = object.len() / 2;
            object.truncate(middle);
        }
    }

    impl Storage for Memory {
        fn put(
            &self,
            name: &str,
            write: &mut dyn FnMut(&mut dyn Write) -> Result<(), Error>,
        ) -> Result<u64, Error> {
            let mut object = Vec::new();
            write(&mut object)?;
            let bytes = object.len() as u64;
            self.0.lock().unwrap().insert(name.to_string(), object);
            Ok(bytes)
        }

        fn open(&self, name: &str) -> Result<Box<dyn Read>, Error> {
            let object = self.0.lock().unwrap()[name].clone();
            Ok(Box::new(Cursor::new(object)))
        }

        fn list(&self) -> Result<Vec<(String, u64)>, Error> {
            let objects = self.0.lock().unwrap();
            let listed = objects.iter();
            Ok(listed
                .map(|(name, object)| (name.clone(), object.len() as u64))
                .collect())
        }

        fn remove(&self, name: &str) -> Result<(), Error> {
            self.0.lock().unwrap().remove(name);
            Ok(())
        }
    }

    fn label(epoch: u64) -> Label {
        Label {
            run_id: format!("rn_{epoch}"),
            epoch,
            job: 0,
            parallelism: 2,
            began_us: 1,
            taken_us: 2,
            is_last: false,
            is_transactional: false,
        }
    }

    fn snapshot(epoch: u64) -> Snapshot {
        Snapshot {
            epoch,
            key_groups: 128,
            ..Snapshot::default()
        }
    }

    fn listed(storage: &Memory) -> Vec<u64> {
        let listed = Checkpoints::list(storage).unwrap();
        listed.iter().map(|listed| listed.number).collect()
    }

    #[test]
    fn the_newest_is_found_by_whoever_comes_next_and_older_ones_go() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        assert!(checkpoints.latest(0).unwrap().is_none());
        for epoch in 1..=4 {
            checkpoints.keep(&label(7), &snapshot(epoch), 2).unwrap();
        }
        assert_eq!(listed(&storage), [4, 3]);
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        let found = checkpoints.latest(7).unwrap().unwrap();
        assert_eq!(
            (found.number, found.snapshot.epoch, found.label),
            (4, 4, label(7))
        );
        // Another attempt goes on counting.
        let kept = checkpoints.keep(&label(8), &snapshot(5), 2).unwrap();
        assert_eq!(kept.number, 5);
        assert_eq!(listed(&storage), [5, 4]);
    }

    #[test]
    fn those_of_attempts_before_a_fresh_start_are_not_gone_on_from() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        checkpoints.keep(&label(7), &snapshot(1), 2).unwrap();
        assert!(checkpoints.latest(8).unwrap().is_none());
        checkpoints.keep(&label(8), &snapshot(2), 2).unwrap();
        assert_eq!(checkpoints.latest(8).unwrap().unwrap().number, 2);
    }

    #[test]
    fn a_damaged_one_is_passed_over_and_told_of() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        checkpoints.keep(&label(7), &snapshot(1), 2).unwrap();
        checkpoints.keep(&label(7), &snapshot(2), 2).unwrap();
        storage.damage(2);
        let found = checkpoints.latest(7).unwrap().unwrap();
        assert_eq!((found.number, found.damaged.len()), (1, 1));
        assert_eq!(found.damaged[0].0, 2);
        // Where nothing is left to go on from, nobody begins anew in silence.
        storage.damage(1);
        let fault = checkpoints.latest(7).unwrap_err().to_string();
        assert!(fault.starts_with("none of the 2 checkpoints"), "{fault}");
        assert_eq!(Checkpoints::list(&*storage).unwrap().len(), 2);
    }

    #[test]
    fn one_whose_rows_are_lost_is_removed() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        for epoch in 1..=3 {
            checkpoints.keep(&label(7), &snapshot(epoch), 3).unwrap();
        }
        let found = checkpoints.latest(7).unwrap().unwrap();
        checkpoints.remove(found).unwrap();
        let found = checkpoints.latest(7).unwrap().unwrap();
        assert_eq!((found.number, found.snapshot.epoch), (2, 2));
        assert_eq!(listed(&storage), [2, 1]);
    }

    #[test]
    fn who_begins_anew_does_not_stumble_over_what_is_damaged() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        checkpoints.keep(&label(7), &snapshot(1), 2).unwrap();
        storage.0.lock().unwrap().values_mut().for_each(Vec::clear);
        assert!(checkpoints.latest(7).is_err());
        assert!(checkpoints.latest(8).unwrap().is_none());
    }

    #[test]
    fn objects_of_others_are_left_alone() {
        let storage = Arc::new(Memory::default());
        for object in [
            "checkpoint-7-of-1",
            "checkpoint-00000000000x-of-1",
            "notes",
            "checkpoint-000000000009-of-1.new",
        ] {
            storage.put(object, &mut |_| Ok(())).unwrap();
        }
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        assert_eq!(checkpoints.keep(&label(1), &snapshot(1), 1).unwrap().number, 1);
        assert_eq!(listed(&storage), [1]);
        assert_eq!(storage.list().unwrap().len(), 5);
    }
}
