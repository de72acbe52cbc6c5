//! What was spilled, as runs: what came last in memory, and files of growing size behind it.
//!
//! Runs of a level are merged into one of the next when there are enough of them, a little with each record that is
//! added, so that nobody waits for a large merge.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use dataflow::Error;

use super::merge::Merge;
use super::recent::Recent;
use super::run::{Block, Place, Record, Run, RunWriter};
use super::{SpillFiles, View};

/// So many runs of a level are merged.
const FAN: usize = 4;

/// Merged while one record is added, about.
const MERGED_A_RECORD: usize = 6;

/// Runs beyond these wait for a merge to end.
const RUNS_MAX: usize = 24;

/// A key that is sought: its place, and where its bytes lie.
#[derive(Debug, Clone)]
pub struct Sought {
    pub place: Place,
    pub key: Range<usize>,
    /// For the caller to know it by.
    pub number: u32,
}

pub struct Store {
    files: Arc<dyn SpillFiles>,
    recent: Recent,
    recent_bytes_max: usize,
    /// The newest first, and so by level.
    runs: Vec<Arc<Run>>,
    merging: Option<Merging>,
    /// Counts snapshots.
    interval: u32,
    block: Block,
    /// Keys sought, and blocks read for them.
    lookups: u64,
}

/// A merge under way.
struct Merging {
    inputs: Vec<Arc<Run>>,
    merge: Merge,
    writer: RunWriter,
    /// Nothing older is left: what is no more need not be told.
    is_oldest: bool,
    /// It goes on where [`Store::sweep`] does.
    is_sweep: bool,
}

impl Store {
    /// `recent_bytes_max`: what is held in memory before it becomes a run.
    pub fn new(files: Arc<dyn SpillFiles>, recent_bytes_max: usize) -> Store {
        Store {
            files,
            recent: Recent::default(),
            recent_bytes_max,
            runs: Vec::new(),
            merging: None,
            interval: 1,
            block: Block::default(),
            lookups: 0,
        }
    }

    /// Keeps the value of a key in place of any it had.
    pub fn put(&mut self, place: Place, key: &[u8], value: &[u8]) -> Result<(), Error> {
        self.add(place, key, Some(value))
    }

    /// Forgets a key.
    pub fn remove(&mut self, place: Place, key: &[u8]) -> Result<(), Error> {
        self.add(place, key, None)
    }

    fn add(&mut self, place: Place, key: &[u8], value: Option<&[u8]>) -> Result<(), Error> {
        self.recent.add(Record {
            place,
            interval: self.interval,
            key,
            value,
        });
        if self.recent.bytes() >= self.recent_bytes_max {
            let records = self.recent.records();
            self.flush()?;
            self.merge(records * MERGED_A_RECORD)?;
        }
        Ok(())
    }

    /// Hands the value of each of these keys that has one to `found`, with its number. `keys` has their bytes. They come
    /// in any order.
    pub fn find(
        &mut self,
        keys: &[u8],
        mut sought: Vec<Sought>,
        mut found: impl FnMut(u32, &[u8]),
    ) -> Result<(), Error> {
        self.lookups += sought.len() as u64;
        sought.retain(
            |sought| match self.recent.find(sought.place, &keys[sought.key.clone()]) {
                None => true,
                Some(record) => {
                    if let Some(value) = record.value {
                        found(sought.number, value);
                    }
                    false
                }
            },
        );
        sought.sort_unstable_by_key(|sought| sought.place);
        for run in &self.runs {
            self.block.forget();
            let mut missing = Vec::with_capacity(sought.len());
            for sought in sought {
                let record = if run.may_have(sought.place) {
                    run.find(sought.place, &keys[sought.key.clone()], &mut self.block)?
                } else {
                    None
                };
                match record {
                    None => missing.push(sought),
                    Some(record) => {
                        if let Some(value) = record.value {
                            found(sought.number, value);
                        }
                    }
                }
            }
            sought = missing;
        }
        Ok(())
    }

    /// Makes a run of what is in memory.
    fn flush(&mut self) -> Result<(), Error> {
        if self.recent.is_empty() {
            return Ok(());
        }
        let mut writer = RunWriter::new(self.files.as_ref(), self.recent.records(), 0)?;
        self.recent.drain(&mut writer)?;
        self.runs.insert(0, writer.end()?);
        Ok(())
    }

    /// Goes on with merging, by about so many records.
    fn merge(&mut self, mut records: usize) -> Result<(), Error> {
        loop {
            if self.merging.is_none() {
                self.begin_merge()?;
            }
            let is_crowded = self.runs.len() > RUNS_MAX;
            // A sweep knows what is over, and goes on by itself.
            let Some(mut merging) = self.merging.take_if(|merging| !merging.is_sweep || is_crowded) else {
                return Ok(());
            };
            if is_crowded {
                records = usize::MAX;
            }
            if !merging.go_on(&mut records, self.interval, |_| false)? {
                self.merging = Some(merging);
                return Ok(());
            }
            self.end_merge(merging)?;
        }
    }

    /// Finds the lowest level with enough runs.
    fn begin_merge(&mut self) -> Result<(), Error> {
        let mut begin = 0;
        while begin < self.runs.len() {
            let level = self.runs[begin].level;
            let end = begin + self.runs[begin..].partition_point(|run| run.level == level);
            if end - begin >= FAN {
                return self.merge_of(begin..end, level + 1, false);
            }
            begin = end;
        }
        Ok(())
    }

    fn merge_of(&mut self, runs: Range<usize>, level: u32, is_sweep: bool) -> Result<(), Error> {
        let inputs = self.runs[runs.clone()].to_vec();
        let records = inputs.iter().map(|run| run.records).sum();
        self.merging = Some(Merging {
            merge: Merge::new(&inputs, 0)?,
            writer: RunWriter::new(self.files.as_ref(), records, level)?,
            is_oldest: runs.end == self.runs.len(),
            is_sweep,
            inputs,
        });
        Ok(())
    }

    /// Goes on, by so many records at most, with a merge of all that there is, which leaves out what is over. Returns
    /// whether it has come to an end.
    pub fn sweep(&mut self, records: usize, is_over: impl Fn(&[u8]) -> bool) -> Result<bool, Error> {
        if self.merging.is_none() {
            self.flush()?;
            let Some(oldest) = self.runs.last() else {
                return Ok(true);
            };
            let level = oldest.level;
            self.merge_of(0..self.runs.len(), level, true)?;
        }
        let Some(mut merging) = self.merging.take() else {
            return Ok(true);
        };
        let is_sweep = merging.is_sweep;
        let mut left = records;
        if !merging.go_on(&mut left, self.interval, |value| is_sweep && is_over(value))? {
            self.merging = Some(merging);
            return Ok(false);
        }
        self.end_merge(merging)?;
        Ok(is_sweep)
    }

    /// Puts the new run where those that it was made from stand.
    fn end_merge(&mut self, merging: Merging) -> Result<(), Error> {
        let is_input = |run: &Arc<Run>| merging.inputs.iter().any(|input| Arc::ptr_eq(input, run));
        let begin = self.runs.iter().position(is_input).unwrap_or(self.runs.len());
        let merged = merging.writer.end()?;
        self.runs
            .splice(begin..begin + merging.inputs.len(), std::iter::once(merged));
        Ok(())
    }

    /// All that was kept up to now. A new interval begins.
    pub fn view(&mut self) -> Result<View, Error> {
        self.view_since(0)
    }

    /// What was kept or forgotten in this interval. A new one begins.
    pub fn view_of_changes(&mut self) -> Result<View, Error> {
        self.view_since(self.interval)
    }

    fn view_since(&mut self, interval: u32) -> Result<View, Error> {
        self.flush()?;
        self.interval += 1;
        let runs = self.runs.iter().filter(|run| run.interval >= interval);
        Ok(View::new(runs.cloned().collect(), interval))
    }

    pub fn lookups(&self) -> u64 {
        self.lookups
    }

    /// On disk, without what a merge under way has written.
    pub fn disk_bytes(&self) -> u64 {
        self.runs.iter().map(|run| run.bytes()).sum()
    }

    /// In memory.
    pub fn size_bytes(&self) -> usize {
        let runs: usize = self.runs.iter().map(|run| run.size_bytes()).sum();
        runs + self.recent.size_bytes()
    }
}

impl Merging {
    /// Merges so many records at most, without values that are over. Returns whether it has come to the end.
    fn go_on(
        &mut self,
        records: &mut usize,
        interval: u32,
        is_over: impl Fn(&[u8]) -> bool,
    ) -> Result<bool, Error> {
        while *records > 0 {
            *records -= 1;
            let Some(record) = self.merge.current() else {
                return Ok(true);
            };
            let stays = match record.value {
                Some(value) => !self.is_oldest || !is_over(value),
                // What the snapshot to come is to tell must stay.
                None => !self.is_oldest || record.interval == interval,
            };
            if stays {
                self.writer.add(record)?;
            }
            self.merge.advance()?;
        }
        Ok(false)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("runs", &self.runs.len())
            .field("disk_bytes", &self.disk_bytes())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use stdx::random::Random;

    use super::*;
    use crate::hash::hash_bytes;
    use crate::spill::SpillFolder;

    fn store(recent: usize) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let files = Arc::new(SpillFolder::new(folder.path()));
        (folder, Store::new(files, recent))
    }

    /// Few of them share a place, and some are found in the same block.
    fn place(key: &[u8]) -> Place {
        hash_bytes(key) & 0xffff_ffff_0000_00f0
    }

    fn found(store: &mut Store, keys: &[Vec<u8>]) -> BTreeMap<u32, Vec<u8>> {
        let mut bytes = Vec::new();
        let mut sought = Vec::new();
        for (number, key) in keys.iter().enumerate() {
            let begin = bytes.len();
            bytes.extend_from_slice(key);
            sought.push(Sought {
                place: place(key),
                key: begin..bytes.len(),
                number: number as u32,
            });
        }
        let mut found = BTreeMap::new();
        store
            .find(&bytes, sought, |number, value| {
                found.insert(number, value.to_vec());
            })
            .unwrap();
        found
    }

    fn told(view: &View) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        let mut told = BTreeMap::new();
        view.records(0, u64::MAX, |record| {
            let before = told.insert(record.key.to_vec(), record.value.map(<[u8]>::to_vec));
            assert!(before.is_none(), "a key is told once");
            Ok(())
        })
        .unwrap();
        told
    }

    #[test]
    fn it_says_what_a_map_says_and_views_what_has_changed() {
        let (_folder, mut store) = store(4_000);
        let mut random = Random::new(7);
        let mut expected: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let mut changed: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
        let key = |number: u64| format!("key {number}").into_bytes();
        for round in 0..60_000u64 {
            let key = key(random.below(5_000));
            if random.below(5) == 0 {
                store.remove(place(&key), &key).unwrap();
                expected.remove(&key);
                changed.insert(key, None);
            } else {
                let value = vec![round as u8; random.below(60) as usize];
                store.put(place(&key), &key, &value).unwrap();
                expected.insert(key.clone(), value.clone());
                changed.insert(key, Some(value));
            }
            if round % 7_001 == 7_000 {
                let view = store.view_of_changes().unwrap();
                assert_eq!(told(&view), std::mem::take(&mut changed));
            }
        }
        assert!(store.runs.iter().map(|run| run.level).max() >= Some(3));
        let keys: Vec<Vec<u8>> = (0..6_000).map(key).collect();
        let found = found(&mut store, &keys);
        for (number, key) in keys.iter().enumerate() {
            assert_eq!(found.get(&(number as u32)), expected.get(key), "{number}");
        }
        let mut all = told(&store.view().unwrap());
        all.retain(|_, value| value.is_some());
        let expected = expected.into_iter().map(|(key, value)| (key, Some(value)));
        assert_eq!(all, expected.collect());
    }

    #[test]
    fn a_view_stays_what_it_is() {
        let (_folder, mut store) = store(1_000);
        for number in 0..2_000u32 {
            let key = number.to_le_bytes();
            store.put(place(&key), &key, b"before").unwrap();
        }
        let view = store.view().unwrap();
        for number in 0..20_000u32 {
            let key = number.to_le_bytes();
            store.put(place(&key), &key, b"behind").unwrap();
        }
        let told = told(&view);
        assert_eq!(told.len(), 2_000);
        assert!(told.values().all(|value| value.as_deref() == Some(b"before")));
    }

    #[test]
    fn files_do_not_outlive_it_and_what_is_replaced_is_given_back() {
        let (folder, mut store) = store(10_000);
        for round in 0..200_000u32 {
            let key = (round % 1_000).to_le_bytes();
            store.put(place(&key), &key, &[7; 50]).unwrap();
        }
        // A thousand keys of 67 bytes.
        assert!(store.disk_bytes() < 1_000_000, "{}", store.disk_bytes());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
