//! The snapshots of a deployment, one behind the other, in a place that outlives its jobs.
//!
//! They are numbered as they are kept, over all attempts. A job that comes back goes on from the newest that can be
//! read; one that is damaged is passed over, and told of.
//!
//! What an attempt has sent before its death may be done after the next attempt has begun: an object of an earlier epoch
//! can appear at any time, with any number. So the epoch comes before the number, and what appears while an attempt writes
//! and is not its own goes with what is too old.
//!
//! One that only says what has changed names the one before it, its parent, which the same attempt has taken: the first of
//! an attempt says all. It is read together with that, and that stays
//! as long as it is needed. When the changes have grown more than what they change, the newest is written anew as one that
//! says all ([`Checkpoints::compact`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dataflow::Error;
use serde::{Deserialize, Serialize};

use crate::snapshot::{SnapshotReader, merge};
use crate::{Extent, Snapshot};

/// An object that is read from its beginning.
pub type Object = Box<dyn Read + Send>;

/// Objects by their name. A process may die in the middle of any call.
pub trait Storage: Send + Sync + Debug {
    /// Puts an object there whole, or not at all; returns how many bytes it has. Once it returns, the object stays
    /// whatever happens to this process.
    fn put(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), Error>,
    ) -> Result<u64, Error>;

    fn open(&self, name: &str) -> Result<Object, Error>;

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
    /// The number of the checkpoint that it says the changes of; `None`: it says all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
}

/// A checkpoint to go on from. Its rows were not read yet: they may turn out to be damaged ([`Checkpoints::pass_over`]).
#[derive(Debug)]
pub struct Found {
    pub number: u64,
    pub label: Label,
    pub reader: SnapshotReader<Object>,
    /// Newer ones that are damaged, and how.
    pub damaged: Vec<(u64, String)>,
}

/// A checkpoint that was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub number: u64,
    pub bytes: u64,
    /// What it is read together with.
    pub chain: Chain,
}

/// A snapshot that says all, and those behind it that say changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain {
    pub base_bytes: u64,
    pub changes_bytes: u64,
    pub changes: usize,
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
    /// Those that were found damaged, and how: nobody can fall back on them.
    damaged: BTreeMap<Id, String>,
    /// Those that only say changes, and what they are changes of.
    parents: BTreeMap<Id, Id>,
    /// Those that are being put together, the newest first.
    compacting: Vec<Id>,
    /// Those that were there at the beginning or were kept since, and their bytes. Others come from attempts that are
    /// dead, and do not count.
    there: BTreeMap<Id, u64>,
}

impl Checkpoints {
    /// For the one that writes. What a death has left beside what it was made of stays: the last request of the dead
    /// may yet remove the latter.
    pub fn open(storage: Arc<dyn Storage>) -> Result<Checkpoints, Error> {
        let listed = Checkpoints::list_named(&*storage)?;
        let parents = listed.iter().filter_map(|(id, listed)| {
            let parent = listed.label.as_ref()?.parent?;
            Some((*id, id.with_number(parent)))
        });
        let known = Known {
            last: listed.iter().map(|(id, _)| id.number).max().unwrap_or(0),
            damaged: BTreeMap::new(),
            parents: parents.collect(),
            compacting: Vec::new(),
            there: listed.iter().map(|(id, listed)| (*id, listed.bytes)).collect(),
        };
        Ok(Checkpoints {
            storage,
            known: Mutex::new(known),
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a snapshot, and of those before it so many that there are `retained` in all, besides those that they need.
    /// One that says changes is the child of the last one that was kept.
    pub fn keep(
        &self,
        label: &Label,
        snapshot: &Snapshot,
        extent: Extent,
        retained: usize,
    ) -> Result<Kept, Error> {
        // One that fails is given up: what there is of it is not written over.
        let (id, parent) = {
            let mut known = self.known();
            let last = Id {
                epoch: label.epoch,
                number: known.last,
            };
            let parent = (extent == Extent::Changes).then_some(last);
            if parent.is_some_and(|parent| !known.there.contains_key(&parent)) {
                return Err(Error::internal(
                    "there is no checkpoint whose changes could be kept",
                ));
            }
            known.last += 1;
            (last.with_number(known.last), parent)
        };
        let label = Label {
            parent: parent.map(|parent| parent.number),
            ..label.clone()
        };
        let label = label.to_bytes()?;
        let put = self.storage.put(&id.plain().to_string(), &mut |mut out| {
            snapshot.write(&label, &mut out)
        });
        // One that fails may be there all the same, or be there later: it is none of those that are known.
        let bytes = put?;
        let chain = {
            let mut known = self.known();
            known.parents.extend(parent.map(|parent| (id, parent)));
            known.there.insert(id, bytes);
            known.measure(id)
        };
        if let Err(error) = self.remove_older(retained) {
            // It is tried again behind the next one.
            tracing::warn!(%error, "an old checkpoint stays");
        }
        Ok(Kept {
            number: id.number,
            bytes,
            chain,
        })
    }

    fn remove_older(&self, retained: usize) -> Result<(), Error> {
        let names = names(&*self.storage)?;
        let needed: BTreeSet<Id> = {
            let known = self.known();
            let whole = known.whole().filter(|id| Checkpoints::has(&names, *id));
            let retained = whole.take(retained.max(1));
            let needed = retained.flat_map(|id| known.chain(id));
            needed.chain(known.compacting.iter().copied()).collect()
        };
        for name in names.iter().filter(|name| !needed.contains(&name.id)) {
            self.storage.remove(&name.to_string())?;
            self.known().forget(name.id);
        }
        Ok(())
    }

    fn has(names: &BTreeSet<Name>, id: Id) -> bool {
        [false, true].iter().any(|is_compact| {
            names.contains(&Name {
                id,
                is_compact: *is_compact,
            })
        })
    }

    /// Writes the newest once more, as one that says all. Others may be kept meanwhile. Returns how many it was put
    /// together of; one that says all already is left as it is.
    pub fn compact(&self) -> Result<usize, Error> {
        let there = self.there()?;
        let chain = {
            let mut known = self.known();
            let newest = known.whole().find(|id| there.contains_key(id));
            let chain = newest.map(|id| known.chain(id)).unwrap_or_default();
            known.compacting = chain.clone();
            chain
        };
        let mut written = Ok(0);
        if chain.len() > 1 {
            let names = chain
                .iter()
                .map(|id| there.get(id).copied().ok_or_else(|| parent_is_gone(id.number)));
            written = names
                .collect::<Result<Vec<Name>, Error>>()
                .and_then(|names| self.write_compact(&names));
        }
        let mut known = self.known();
        known.compacting.clear();
        let bytes = written?;
        if chain.len() > 1 {
            known.parents.remove(&chain[0]);
            known.there.insert(chain[0], bytes);
        }
        Ok(chain.len())
    }

    /// Returns how many bytes it has now.
    fn write_compact(&self, chain: &[Name]) -> Result<u64, Error> {
        let newest = chain[0];
        let mut input = self.storage.open(&newest.to_string())?;
        let label = Label {
            parent: None,
            ..parse_label(&Snapshot::read_label(&mut input)?)?
        };
        let label = label.to_bytes()?;
        let compact = Name {
            is_compact: true,
            ..newest
        };
        let bytes = self.storage.put(&compact.to_string(), &mut |mut out| {
            let files = chain.iter().map(|name| self.storage.open(&name.to_string()));
            merge(files.collect::<Result<Vec<_>, _>>()?, &label, &mut out)
        })?;
        // From now on it counts.
        self.storage.remove(&newest.to_string())?;
        Ok(bytes)
    }

    /// The newest that can be read, of those that attempts of this epoch or later ones have taken; `None` if there
    /// is none. Fails if there are some and all are damaged: to begin anew then is for people to decide.
    pub fn latest(&self, since_epoch: u64) -> Result<Option<Found>, Error> {
        let mut damaged = Vec::new();
        for name in self.there()?.into_values().rev() {
            if name.id.epoch < since_epoch {
                // So are all before it.
                break;
            }
            if !self.known().there.contains_key(&name.id) {
                // It has come since, from an attempt that is dead.
                continue;
            }
            let known = self.known().damaged.get(&name.id).cloned();
            let message = match known {
                Some(message) => message,
                None => match self.read(name, !damaged.is_empty()) {
                    Ok((label, reader)) => {
                        return Ok(Some(Found {
                            number: name.id.number,
                            label,
                            reader,
                            damaged,
                        }));
                    }
                    Err(Error::Data { message, .. }) => {
                        self.known().damaged.insert(name.id, message.clone());
                        message
                    }
                    Err(error) => return Err(error),
                },
            };
            damaged.push((name.id.number, message));
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

    /// Notes that rows of one turned out to be damaged: from now on it is passed over.
    pub fn pass_over(&self, number: u64, label: &Label, message: String) {
        let id = Id {
            epoch: label.epoch,
            number,
        };
        self.known().damaged.insert(id, message);
    }

    /// Removes one whose rows are lost, so that nobody takes it for that of another attempt at its epoch.
    pub fn remove(&self, found: Found) -> Result<(), Error> {
        let id = Id {
            epoch: found.label.epoch,
            number: found.number,
        };
        for is_compact in [false, true] {
            self.storage.remove(&Name { id, is_compact }.to_string())?;
        }
        self.known().forget(id);
        Ok(())
    }

    /// What is read of each that is there.
    fn there(&self) -> Result<BTreeMap<Id, Name>, Error> {
        let mut there = BTreeMap::new();
        for name in names(&*self.storage)? {
            // One that was written once more counts when what it was made of is gone.
            there.entry(name.id).or_insert(name);
        }
        Ok(there)
    }

    /// Where others are damaged, perhaps because of what it needs as well, it is read to its end before.
    fn read(&self, name: Name, is_doubtful: bool) -> Result<(Label, SnapshotReader<Object>), Error> {
        if is_doubtful {
            self.begin_reading(name)?.1.check()?;
        }
        self.begin_reading(name)
    }

    fn begin_reading(&self, name: Name) -> Result<(Label, SnapshotReader<Object>), Error> {
        let there = self.there()?;
        let mut files = Vec::new();
        let mut next = Some(name.id);
        while let Some(id) = next {
            let name = there
                .get(&id)
                .ok_or_else(|| parent_is_gone(id.number))?
                .to_string();
            let label = parse_label(&Snapshot::read_label(&mut self.storage.open(&name)?)?)?;
            if label.parent.is_some_and(|parent| parent >= id.number) {
                return Err(damaged("it is said to be the changes of one behind it"));
            }
            next = label.parent.map(|parent| id.with_number(parent));
            files.push(self.storage.open(&name)?);
        }
        let reader = SnapshotReader::open(files)?;
        Ok((parse_label(&reader.label)?, reader))
    }

    /// All that are there, the newest first.
    pub fn list(storage: &dyn Storage) -> Result<Vec<Listed>, Error> {
        let listed = Checkpoints::list_named(storage)?;
        Ok(listed.into_iter().map(|(_, listed)| listed).collect())
    }

    fn list_named(storage: &dyn Storage) -> Result<Vec<(Id, Listed)>, Error> {
        let mut found: Vec<(Id, Listed)> = Vec::new();
        let objects = storage.list()?;
        let mut objects: Vec<(Name, String, u64)> = objects
            .into_iter()
            .filter_map(|(object, bytes)| Some((Name::parse(&object)?, object, bytes)))
            .collect();
        objects.sort_unstable();
        for (Name { id, .. }, object, bytes) in objects {
            if found.iter().any(|(found, _)| *found == id) {
                // It was written once more, and counts as it was.
                continue;
            }
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
            let number = id.number;
            found.push((id, Listed { number, bytes, label }));
        }
        found.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        Ok(found)
    }
}

impl Known {
    /// Those that can be fallen back on as far as it is known, the newest first.
    fn whole(&self) -> impl Iterator<Item = Id> {
        let there = self.there.keys().rev().copied();
        there.filter(|id| !self.damaged.contains_key(id))
    }

    /// A checkpoint and all that it needs, the newest first.
    fn chain(&self, id: Id) -> Vec<Id> {
        let parent = |id: &Id| self.parents.get(id).copied();
        std::iter::successors(Some(id), parent).collect()
    }

    fn measure(&self, id: Id) -> Chain {
        let mut chain = Chain::default();
        for id in self.chain(id) {
            let bytes = self.there.get(&id).copied().unwrap_or(0);
            if self.parents.contains_key(&id) {
                chain.changes += 1;
                chain.changes_bytes += bytes;
            } else {
                chain.base_bytes = bytes;
            }
        }
        chain
    }

    fn forget(&mut self, id: Id) {
        self.parents.remove(&id);
        self.there.remove(&id);
    }
}

impl Label {
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self)
            .map_err(|fault| Error::internal(format!("a label cannot be written: {fault}")))
    }
}

pub(crate) fn parse_label(bytes: &[u8]) -> Result<Label, Error> {
    serde_json::from_slice(bytes).map_err(|fault| damaged(&format!("its label is not understood: {fault}")))
}

fn parent_is_gone(number: u64) -> Error {
    damaged(&format!(
        "it says what has changed since checkpoint {number}, which is gone"
    ))
}

fn damaged(how: &str) -> Error {
    Error::Data {
        message: format!("the snapshot is damaged: {how}"),
        place: "snapshot".to_string(),
    }
}

/// All that are there, the oldest first.
fn names(storage: &dyn Storage) -> Result<BTreeSet<Name>, Error> {
    let objects = storage.list()?;
    Ok(objects
        .iter()
        .filter_map(|(object, _)| Name::parse(object))
        .collect())
}

/// Which checkpoint it is. The later attempt's is the newer one, whatever their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    /// Of the attempt that took it.
    epoch: u64,
    number: u64,
}

impl Id {
    /// Another one of the same attempt.
    fn with_number(self, number: u64) -> Id {
        Id { number, ..self }
    }

    /// As it is written at first.
    fn plain(self) -> Name {
        Name {
            id: self,
            is_compact: false,
        }
    }
}

/// The name of an object that has a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    id: Id,
    /// It was written once more, together with those that it needed.
    is_compact: bool,
}

const COMPACT: &str = "-compact";

impl Name {
    fn parse(object: &str) -> Option<Name> {
        let name = object.strip_suffix(COMPACT);
        let is_compact = name.is_some();
        let name = name.unwrap_or(object);
        let (number, epoch) = name.strip_prefix("checkpoint-")?.split_once("-of-")?;
        let id = Id {
            epoch: epoch.parse().ok()?,
            number: number.parse().ok()?,
        };
        let name = Name { id, is_compact };
        (name.to_string() == object).then_some(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compact = if self.is_compact { COMPACT } else { "" };
        let Id { epoch, number } = self.id;
        write!(f, "checkpoint-{number:012}-of-{epoch}{compact}")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{ArrayRef, Int64Array, RecordBatch};

    use super::*;
    use crate::{OperatorId, OperatorSnapshot, TableSnapshot};

    #[derive(Debug, Default)]
    struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

    impl Memory {
        fn damage(&self, number: u64) {
            let mut objects = self.0.lock().unwrap();
            let is_meant = |object: &str| Name::parse(object).is_some_and(|name| name.id.number == number);
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

        fn open(&self, name: &str) -> Result<Object, Error> {
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
            parent: None,
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
            checkpoints
                .keep(&label(7), &snapshot(epoch), Extent::Whole, 2)
                .unwrap();
        }
        assert_eq!(listed(&storage), [4, 3]);
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        let found = checkpoints.latest(7).unwrap().unwrap();
        assert_eq!(
            (found.number, found.reader.snapshot.epoch, found.label),
            (4, 4, label(7))
        );
        // Another attempt goes on counting.
        let kept = checkpoints
            .keep(&label(8), &snapshot(5), Extent::Whole, 2)
            .unwrap();
        assert_eq!(kept.number, 5);
        assert_eq!(listed(&storage), [5, 4]);
    }

    #[test]
    fn those_of_attempts_before_a_fresh_start_are_not_gone_on_from() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        checkpoints
            .keep(&label(7), &snapshot(1), Extent::Whole, 2)
            .unwrap();
        assert!(checkpoints.latest(8).unwrap().is_none());
        checkpoints
            .keep(&label(8), &snapshot(2), Extent::Whole, 2)
            .unwrap();
        assert_eq!(checkpoints.latest(8).unwrap().unwrap().number, 2);
    }

    #[test]
    fn a_damaged_one_is_passed_over_and_told_of() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        checkpoints
            .keep(&label(7), &snapshot(1), Extent::Whole, 2)
            .unwrap();
        checkpoints
            .keep(&label(7), &snapshot(2), Extent::Whole, 2)
            .unwrap();
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

    /// What a dead attempt has sent, and is done only now.
    fn appear(storage: &Memory, number: u64, epoch: u64, snapshot: &Snapshot) {
        let name = Id { epoch, number }.plain().to_string();
        let label = label(epoch).to_bytes().unwrap();
        storage
            .put(&name, &mut |mut out| snapshot.write(&label, &mut out))
            .unwrap();
    }

    fn newest(storage: &Arc<Memory>) -> (u64, u64, u64) {
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        let found = checkpoints.latest(0).unwrap().unwrap();
        (found.number, found.label.epoch, found.reader.snapshot.epoch)
    }

    #[test]
    fn what_comes_late_of_a_dead_attempt_does_not_count() {
        for late in [2, 3, 9] {
            let storage = Arc::new(Memory::default());
            let dead = Checkpoints::open(storage.clone()).unwrap();
            dead.keep(&label(7), &snapshot(1), Extent::Whole, 2).unwrap();
            let checkpoints = Checkpoints::open(storage.clone()).unwrap();
            assert_eq!(checkpoints.latest(7).unwrap().unwrap().number, 1);
            // The job began with the first one, and has not gone on.
            appear(&storage, late, 7, &snapshot(70));
            assert_eq!(checkpoints.latest(7).unwrap().unwrap().number, 1);
            let kept = checkpoints.keep(&label(8), &snapshot(2), Extent::Whole, 2);
            assert_eq!(kept.unwrap().number, 2);
            // It has not pushed out the one before, which is there as long as rows may have to be taken back.
            assert_eq!(listed(&storage), [2, 1], "late: {late}");
            appear(&storage, late, 7, &snapshot(70));
            assert_eq!(newest(&storage), (2, 8, 2), "late: {late}");
            checkpoints
                .keep(&label(8), &snapshot(3), Extent::Whole, 2)
                .unwrap();
            assert_eq!(listed(&storage), [3, 2], "late: {late}");
            appear(&storage, late, 7, &snapshot(70));
            assert_eq!(newest(&storage), (3, 8, 3), "late: {late}");
        }
    }

    #[test]
    fn changes_are_those_of_their_own_attempt() {
        let storage = Arc::new(Memory::default());
        let dead = Checkpoints::open(storage.clone()).unwrap();
        keep(&dead, &rows(1, &[(1, 10)], &[]));
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        // The first of an attempt says all.
        checkpoints
            .keep(&label(8), &rows(2, &[(1, 11)], &[]), Extent::Changes, 2)
            .unwrap_err();
        let whole = rows(1, &[(1, 20), (2, 20)], &[]);
        checkpoints.keep(&label(8), &whole, Extent::Whole, 2).unwrap();
        appear(&storage, 2, 7, &rows(1, &[(7, 70)], &[]));
        appear(&storage, 3, 7, &rows(1, &[(7, 70)], &[]));
        let changes = rows(2, &[(2, 21)], &[]);
        checkpoints.keep(&label(8), &changes, Extent::Changes, 1).unwrap();
        appear(&storage, 2, 7, &rows(1, &[(7, 70)], &[]));
        appear(&storage, 3, 7, &rows(1, &[(7, 70)], &[]));
        let again = Checkpoints::open(storage.clone()).unwrap();
        let found = again.latest(7).unwrap().unwrap();
        assert_eq!(
            (found.number, found.label.epoch, held(found)),
            (3, 8, vec![(1, 20), (2, 21)])
        );
        assert_eq!(again.compact().unwrap(), 2);
        let found = again.latest(7).unwrap().unwrap();
        assert_eq!(held(found), [(1, 20), (2, 21)]);
    }

    #[test]
    fn one_that_could_not_be_kept_is_removed_if_it_appears() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        checkpoints
            .keep(&label(7), &snapshot(1), Extent::Whole, 2)
            .unwrap();
        // The storage has done it, and could not say so.
        checkpoints.known().last += 1;
        appear(&storage, 2, 7, &snapshot(2));
        assert_eq!(checkpoints.latest(7).unwrap().unwrap().number, 1);
        checkpoints
            .keep(&label(7), &snapshot(3), Extent::Whole, 2)
            .unwrap();
        assert_eq!(listed(&storage), [3, 1]);
    }

    #[test]
    fn one_whose_rows_are_lost_is_removed() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        for epoch in 1..=3 {
            checkpoints
                .keep(&label(7), &snapshot(epoch), Extent::Whole, 3)
                .unwrap();
        }
        let found = checkpoints.latest(7).unwrap().unwrap();
        checkpoints.remove(found).unwrap();
        let found = checkpoints.latest(7).unwrap().unwrap();
        assert_eq!((found.number, found.reader.snapshot.epoch), (2, 2));
        assert_eq!(listed(&storage), [2, 1]);
    }

    #[test]
    fn who_begins_anew_does_not_stumble_over_what_is_damaged() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        checkpoints
            .keep(&label(7), &snapshot(1), Extent::Whole, 2)
            .unwrap();
        storage.0.lock().unwrap().values_mut().for_each(Vec::clear);
        assert!(checkpoints.latest(7).is_err());
        assert!(checkpoints.latest(8).unwrap().is_none());
    }

    /// Keys with their values, of an operator that has one table.
    fn rows(epoch: u64, written: &[(i64, i64)], gone: &[i64]) -> Snapshot {
        let mut table = TableSnapshot::of_changes();
        let told: Vec<i64> = written
            .iter()
            .map(|(key, _)| *key)
            .chain(gone.iter().copied())
            .collect();
        let told = RecordBatch::try_from_iter([("k", numbers(told))]).unwrap();
        table.add_changed(&told, 1, 128).unwrap();
        let (keys, values) = written.iter().copied().unzip();
        let batch = RecordBatch::try_from_iter([("k", numbers(keys)), ("v", numbers(values))]).unwrap();
        table.add(&batch, 1, 128).unwrap();
        if epoch == 1 {
            table = TableSnapshot::of_groups(table.groups);
        }
        let operator = OperatorSnapshot {
            tables: BTreeMap::from([("rows".to_string(), table)]),
            ..OperatorSnapshot::default()
        };
        let id = OperatorId {
            fingerprint: 9,
            number: 0,
        };
        Snapshot {
            operators: BTreeMap::from([(id, Arc::new(operator))]),
            ..snapshot(epoch)
        }
    }

    fn numbers(numbers: Vec<i64>) -> ArrayRef {
        Arc::new(Int64Array::from(numbers))
    }

    fn held(found: Found) -> Vec<(i64, i64)> {
        let snapshot = found.reader.read_all().unwrap();
        let operator = snapshot.operators.values().next().unwrap();
        let table = &operator.tables["rows"];
        assert!(table.changed.is_empty());
        let column = |batch: &RecordBatch, column: usize| {
            batch.column(column).as_primitive::<Int64Type>().values().to_vec()
        };
        let batches = table.groups.values().flatten();
        let mut held: Vec<(i64, i64)> = batches
            .flat_map(|batch| column(batch, 0).into_iter().zip(column(batch, 1)))
            .collect();
        held.sort_unstable();
        held
    }

    fn keep(checkpoints: &Checkpoints, snapshot: &Snapshot) {
        let extent = match snapshot.epoch {
            1 => Extent::Whole,
            _ => Extent::Changes,
        };
        checkpoints.keep(&label(7), snapshot, extent, 2).unwrap();
    }

    #[test]
    fn changes_are_read_together_with_what_they_are_changes_of() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        keep(&checkpoints, &rows(1, &[(1, 10), (2, 20), (3, 30)], &[]));
        keep(&checkpoints, &rows(2, &[(2, 21), (4, 40)], &[]));
        keep(&checkpoints, &rows(3, &[(5, 50)], &[1, 2]));
        keep(&checkpoints, &rows(4, &[(1, 12)], &[7]));
        // Those that the retained ones need stay.
        assert_eq!(listed(&storage), [4, 3, 2, 1]);
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        let found = checkpoints.latest(7).unwrap().unwrap();
        assert_eq!((found.number, found.reader.snapshot.epoch), (4, 4));
        assert_eq!(held(found), [(1, 12), (3, 30), (4, 40), (5, 50)]);
        // Another attempt begins with one that says all: what it does not need goes.
        checkpoints
            .keep(&label(8), &rows(1, &[(9, 9)], &[]), Extent::Whole, 1)
            .unwrap();
        assert_eq!(listed(&storage), [5]);
    }

    #[test]
    fn one_whose_rows_turn_out_to_be_damaged_is_passed_over_from_then_on() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        let many: Vec<(i64, i64)> = (0..100).map(|key| (key, 1)).collect();
        keep(&checkpoints, &rows(1, &many, &[]));
        keep(&checkpoints, &rows(2, &[(1, 11)], &[]));
        let cut = |number: u64, bytes: usize| {
            let mut objects = storage.0.lock().unwrap();
            let mut objects = objects.values_mut();
            let object = objects.nth(number as usize - 1).unwrap();
            object.truncate(object.len() - bytes);
        };
        // Of the newest file all but its end.
        cut(2, 8);
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        let found = checkpoints.latest(7).unwrap().unwrap();
        assert_eq!((found.number, found.damaged.len()), (2, 0));
        let fault = found.reader.read_all().unwrap_err();
        assert!(fault.to_string().contains("ends too early"), "{fault}");
        checkpoints.pass_over(2, &found.label, fault.to_string());
        let found = checkpoints.latest(7).unwrap().unwrap();
        assert_eq!((found.number, found.damaged[0].0), (1, 2));
        assert_eq!(held(found), many);
        // Behind a damaged one, others are read to their ends before they are gone on from.
        cut(1, 8);
        let fault = checkpoints.latest(7).unwrap_err().to_string();
        assert!(fault.contains("none of the 2"), "{fault}");
    }

    #[test]
    fn one_that_is_damaged_takes_those_behind_it_along() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        keep(&checkpoints, &rows(1, &[(1, 10)], &[]));
        keep(&checkpoints, &rows(2, &[(1, 11)], &[]));
        keep(&checkpoints, &rows(3, &[(1, 12)], &[]));
        storage.damage(2);
        let found = Checkpoints::open(storage.clone())
            .unwrap()
            .latest(7)
            .unwrap()
            .unwrap();
        let damaged: Vec<u64> = found.damaged.iter().map(|(number, _)| *number).collect();
        assert_eq!(damaged, [3, 2]);
        assert_eq!((found.number, held(found)), (1, vec![(1, 10)]));
        storage.0.lock().unwrap().pop_first();
        let fault = Checkpoints::open(storage)
            .unwrap()
            .latest(7)
            .unwrap_err()
            .to_string();
        assert!(fault.contains("none of the 2"), "{fault}");
    }

    #[test]
    fn changes_are_put_together_with_what_they_change() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        let many: Vec<(i64, i64)> = (0..1000).map(|key| (key, key)).collect();
        keep(&checkpoints, &rows(1, &many, &[]));
        keep(&checkpoints, &rows(2, &many[..3], &[999]));
        keep(&checkpoints, &rows(3, &many[..900], &[998]));
        assert_eq!(checkpoints.compact().unwrap(), 3);
        assert_eq!(checkpoints.compact().unwrap(), 1);
        // The one before it is retained, with all that it needs.
        assert_eq!(listed(&storage), [3, 2, 1]);
        let kept = checkpoints
            .keep(&label(7), &rows(4, &[(0, -1)], &[]), Extent::Changes, 2)
            .unwrap();
        assert_eq!(listed(&storage), [4, 3]);
        assert_eq!((kept.chain.changes, kept.chain.changes_bytes), (1, kept.bytes));
        assert!(kept.chain.base_bytes > 10_000);
        let found = Checkpoints::open(storage).unwrap().latest(7).unwrap().unwrap();
        let mut expected = many[..998].to_vec();
        expected[0].1 = -1;
        assert_eq!((found.number, held(found)), (4, expected));
    }

    #[test]
    fn what_was_not_written_once_more_to_its_end_does_not_count() {
        let storage = Arc::new(Memory::default());
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        keep(&checkpoints, &rows(1, &[(1, 10)], &[]));
        keep(&checkpoints, &rows(2, &[(1, 11)], &[]));
        // A death in the middle, of a storage that does not keep its word.
        let whole = storage.0.lock().unwrap()["checkpoint-000000000001-of-7"].clone();
        let half = whole[..whole.len() / 2].to_vec();
        storage
            .0
            .lock()
            .unwrap()
            .insert("checkpoint-000000000002-of-7-compact".to_string(), half);
        assert_eq!(listed(&storage), [2, 1]);
        let found = Checkpoints::open(storage.clone())
            .unwrap()
            .latest(7)
            .unwrap()
            .unwrap();
        assert_eq!((found.number, held(found)), (2, vec![(1, 11)]));
    }

    #[test]
    fn what_was_put_together_is_there_though_the_dead_remove_what_it_was_made_of() {
        let storage = Arc::new(Memory::default());
        let dead = Checkpoints::open(storage.clone()).unwrap();
        keep(&dead, &rows(1, &[(1, 10)], &[]));
        keep(&dead, &rows(2, &[(2, 20)], &[]));
        let plain = Id { epoch: 7, number: 2 }.plain().to_string();
        let object = storage.0.lock().unwrap()[&plain].clone();
        assert_eq!(dead.compact().unwrap(), 2);
        // Its last request is done only when the next attempt has looked around.
        storage.0.lock().unwrap().insert(plain.clone(), object);
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        assert_eq!(listed(&storage), [2, 1]);
        storage.remove(&plain).unwrap();
        let found = checkpoints.latest(7).unwrap().unwrap();
        assert_eq!((found.number, held(found)), (2, vec![(1, 10), (2, 20)]));
        // It goes with the checkpoint.
        for epoch in 3..=4 {
            let kept = checkpoints.keep(&label(8), &snapshot(epoch), Extent::Whole, 2);
            kept.unwrap();
        }
        assert_eq!(storage.list().unwrap().len(), 2);
    }

    #[test]
    fn objects_of_others_are_left_alone() {
        let storage = Arc::new(Memory::default());
        for object in [
            "checkpoint-7-of-1",
            "checkpoint-00000000000x-of-1",
            "notes",
            "checkpoint-000000000009-of-1.new",
            "checkpoint-000000000009-of-1-whole",
        ] {
            storage.put(object, &mut |_| Ok(())).unwrap();
        }
        let checkpoints = Checkpoints::open(storage.clone()).unwrap();
        assert_eq!(
            checkpoints
                .keep(&label(1), &snapshot(1), Extent::Whole, 1)
                .unwrap()
                .number,
            1
        );
        assert_eq!(listed(&storage), [1]);
        assert_eq!(storage.list().unwrap().len(), 6);
    }
}
