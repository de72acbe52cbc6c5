//! What was spilled, as runs: what came last in memory, and files of growing size behind it.
//!
//! Runs of a level are merged into one of the next when there are enough of them. The merges of all levels go on side by
//! side, each a little whenever a run is added, so that nobody waits for a large one.

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use dataflow::Error;

use super::merge::Merge;
use super::recent::Recent;
use super::run::{Block, Place, Record, Run, RunWriter, STRETCH_BYTES_MAX};
use super::squeeze::Squeeze;
use super::{SpillFiles, View};

/// So many runs of a level are merged.
const FAN: usize = 8;

/// What each merge under way goes on by for a record that is added. By one it would end when as many runs of its level have
/// come again; the sooner it does, the fewer runs there are to look into.
const PACE: usize = 4;

/// Small runs do not keep merges waiting: they go on by so many records at least.
const MERGED_MIN: usize = 1 << 10;

/// So many runs are too many: merges go on faster.
const RUNS_MAX: usize = 48;
const FASTER: usize = 8;

/// Room for a value that stays when it is written.
const VALUE_BYTES_KEPT: usize = 64 << 10;

/// Keys that are looked for step by step: their blocks fit into the cache of a processor.
const SIDE_BY_SIDE: usize = 256;

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
    merging: Vec<Merging>,
    /// Counts snapshots.
    interval: u32,
    /// There is somebody to be told what has changed.
    is_viewed: bool,
    squeeze: Squeeze,
    /// A value, squeezed or not.
    value: Vec<u8>,
    block: Block,
    /// Keys sought.
    lookups: u64,
}

/// A merge under way.
struct Merging {
    inputs: Vec<Arc<Run>>,
    merge: Merge,
    writer: RunWriter,
    /// Nothing older is left: what is no more need not be told.
    is_oldest: bool,
    /// Of its inputs; `None`: it is one of all that there is, and goes on where [`Store::sweep`] does.
    level: Option<u32>,
}

impl Store {
    /// `recent_bytes_max`: what is held in memory before it becomes a run.
    pub fn new(files: Arc<dyn SpillFiles>, recent_bytes_max: usize) -> Store {
        Store {
            files,
            recent: Recent::default(),
            recent_bytes_max,
            runs: Vec::new(),
            merging: Vec::new(),
            interval: 1,
            is_viewed: false,
            squeeze: Squeeze::default(),
            value: Vec::new(),
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
        self.value.clear();
        if let Some(value) = value {
            self.squeeze.squeeze(value, &mut self.value);
        }
        self.recent.add(Record {
            place,
            interval: self.interval,
            key,
            value: value.map(|_| &self.value[..]),
        });
        self.value.shrink_to(VALUE_BYTES_KEPT);
        if self.recent.bytes() >= self.recent_bytes_max {
            self.flush()?;
        }
        Ok(())
    }

    /// Hands the value of each of these keys that has one to `found`, with its number, and about how many records were kept
    /// since. `keys` has their bytes. They come in any order.
    pub fn find(
        &mut self,
        keys: &[u8],
        mut sought: Vec<Sought>,
        mut found: impl FnMut(u32, &[u8], usize),
    ) -> Result<(), Error> {
        self.lookups += sought.len() as u64;
        sought.retain(
            |sought| match self.recent.find(sought.place, &keys[sought.key.clone()]) {
                None => true,
                Some(record) => {
                    if let Some(value) = record.value {
                        found(sought.number, self.squeeze.whole(value, &mut self.value), 0);
                    }
                    false
                }
            },
        );
        sought.sort_unstable_by_key(|sought| sought.place);
        let mut since = self.recent.records();
        for run in &self.runs {
            self.block.forget();
            // Step by step for many of them, so that what is slow to come from memory comes side by side.
            let candidates = sought.iter().enumerate();
            let candidates = candidates.filter(|(_, sought)| run.may_have(sought.place));
            let candidates: Vec<usize> = candidates.map(|(at, _)| at).collect();
            let mut is_found = vec![false; sought.len()];
            for part in candidates.chunks(SIDE_BY_SIDE) {
                let blocks = part.iter().map(|at| run.first_block(sought[*at].place));
                let blocks: Vec<usize> = blocks.collect();
                run.touch(&blocks);
                for (&at, block) in part.iter().zip(blocks) {
                    let Sought { place, key, number } = &sought[at];
                    let key = &keys[key.clone()];
                    is_found[at] = run.find(block, *place, key, &mut self.block, |record| {
                        if let Some(value) = record.value {
                            found(*number, self.squeeze.whole(value, &mut self.value), since);
                        }
                    })?;
                }
            }
            since += run.records;
            let mut is_found = is_found.into_iter();
            sought.retain(|_| !is_found.next().unwrap_or_default());
        }
        Ok(())
    }

    /// Makes a run of what is in memory, and goes on with merging.
    fn flush(&mut self) -> Result<(), Error> {
        let records = self.recent.records();
        if self.recent.is_empty() {
            return Ok(());
        }
        let mut writer = self.writer(records, self.recent.range(), 0)?;
        self.recent.drain(&mut writer)?;
        self.runs.insert(0, writer.end()?);
        self.begin_merges()?;
        let mut pace = (records * PACE).max(MERGED_MIN);
        if self.runs.len() > RUNS_MAX {
            pace *= FASTER;
        }
        let mut ended = Vec::new();
        for (number, merging) in self.merging.iter_mut().enumerate() {
            // A sweep knows what is over, and goes on by itself.
            if merging.level.is_some()
                && merging.go_on(&mut pace.clone(), self.interval, self.is_viewed, |_| false)?
            {
                ended.push(number);
            }
        }
        for number in ended.into_iter().rev() {
            let merging = self.merging.swap_remove(number);
            self.end_merge(merging)?;
        }
        Ok(())
    }

    /// Begins with the levels that have enough runs and no merge.
    fn begin_merges(&mut self) -> Result<(), Error> {
        let is_taken = |run: &Arc<Run>| {
            let mut inputs = self.merging.iter().flat_map(|merging| &merging.inputs);
            inputs.any(|input| Arc::ptr_eq(input, run))
        };
        let mut levels: Vec<Range<usize>> = Vec::new();
        for (place, run) in self.runs.iter().enumerate().filter(|(_, run)| !is_taken(run)) {
            match levels.last_mut() {
                Some(range) if range.end == place && self.runs[range.start].level == run.level => {
                    range.end += 1;
                }
                _ => levels.push(place..place + 1),
            }
        }
        for range in levels.into_iter().filter(|range| range.len() >= FAN) {
            let level = self.runs[range.start].level;
            if self.merging.iter().all(|merging| merging.level != Some(level)) {
                self.merge_of(range, level + 1, Some(level))?;
            }
        }
        Ok(())
    }

    fn merge_of(&mut self, runs: Range<usize>, into: u32, level: Option<u32>) -> Result<(), Error> {
        let inputs = self.runs[runs.clone()].to_vec();
        let records = inputs.iter().map(|run| run.records).sum();
        let ranges = inputs.iter().map(|run| run.range());
        let range = ranges.reduce(|one, other| *one.start().min(other.start())..=*one.end().max(other.end()));
        let range = range.unwrap_or(0..=0);
        self.merging.push(Merging {
            merge: Merge::new(&inputs, 0)?,
            writer: self.writer(records, range, into)?,
            is_oldest: runs.end == self.runs.len(),
            level,
            inputs,
        });
        Ok(())
    }

    fn writer(&self, records: usize, range: RangeInclusive<Place>, level: u32) -> Result<RunWriter, Error> {
        let stretch_bytes = self.recent_bytes_max.min(STRETCH_BYTES_MAX);
        RunWriter::new(self.files.as_ref(), records, range, level, stretch_bytes)
    }

    /// Goes on, by so many records at most, with a merge of all that there is, in which what is over counts as
    /// forgotten. Returns whether it has come to an end.
    pub fn sweep(&mut self, records: usize, is_over: impl Fn(&[u8]) -> bool) -> Result<bool, Error> {
        let mut left = records;
        while self.merging.iter().all(|merging| merging.level.is_some()) {
            // Others have to end before it can begin.
            let Some(mut merging) = self.merging.pop() else {
                self.flush()?;
                let Some(oldest) = self.runs.last() else {
                    return Ok(true);
                };
                let level = oldest.level;
                if self.merging.is_empty() {
                    self.merge_of(0..self.runs.len(), level, None)?;
                }
                continue;
            };
            if !merging.go_on(&mut left, self.interval, self.is_viewed, |_| false)? {
                self.merging.push(merging);
                return Ok(false);
            }
            self.end_merge(merging)?;
        }
        let is_over = |squeezed: &[u8]| is_over(self.squeeze.whole(squeezed, &mut self.value));
        let Some(sweep) = self.merging.iter().position(|merging| merging.level.is_none()) else {
            return Ok(false);
        };
        if !self.merging[sweep].go_on(&mut left, self.interval, self.is_viewed, is_over)? {
            return Ok(false);
        }
        let merging = self.merging.swap_remove(sweep);
        self.end_merge(merging)?;
        Ok(true)
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
        self.is_viewed = true;
        let runs = self.runs.iter().filter(|run| run.interval >= interval);
        Ok(View::new(runs.cloned().collect(), self.squeeze.clone(), interval))
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
        let merging = self.merging.iter();
        let merging: usize = merging
            .map(|merging| merging.merge.size_bytes() + merging.writer.size_bytes())
            .sum();
        runs + merging + self.recent.size_bytes() + self.squeeze.size_bytes() + self.value.capacity()
    }
}

impl Merging {
    /// Merges so many records at most; values that are over are forgotten. Returns whether it has come to the end.
    fn go_on(
        &mut self,
        records: &mut usize,
        interval: u32,
        is_viewed: bool,
        mut is_over: impl FnMut(&[u8]) -> bool,
    ) -> Result<bool, Error> {
        while *records > 0 {
            *records -= 1;
            let Some(mut record) = self.merge.current() else {
                return Ok(true);
            };
            if record.value.is_some_and(&mut is_over) {
                record = Record {
                    interval,
                    value: None,
                    ..record
                };
            }
            // That a key is no more goes with it, once the next snapshot has told of it.
            let is_untold = is_viewed && record.interval == interval;
            if record.value.is_some() || !self.is_oldest || is_untold {
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

    /// What of a hash makes a place: few keys share one, or hundreds do.
    const FEW: Place = 0xffff_ffff_0000_00f0;
    const MANY: Place = 0x7000_0000_0000_0000;

    fn place(key: &[u8]) -> Place {
        hash_bytes(key) & FEW
    }

    fn found(store: &mut Store, keys: &[Vec<u8>], places: Place) -> BTreeMap<u32, Vec<u8>> {
        let mut bytes = Vec::new();
        let mut sought = Vec::new();
        for (number, key) in keys.iter().enumerate() {
            let begin = bytes.len();
            bytes.extend_from_slice(key);
            sought.push(Sought {
                place: hash_bytes(key) & places,
                key: begin..bytes.len(),
                number: number as u32,
            });
        }
        let mut found = BTreeMap::new();
        store
            .find(&bytes, sought, |number, value, _| {
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
        for (places, rounds) in [(FEW, 60_000), (MANY, 20_000)] {
            says_what_a_map_says(places, rounds);
        }
    }

    fn says_what_a_map_says(places: Place, rounds: u64) {
        let place = |key: &[u8]| hash_bytes(key) & places;
        let (_folder, mut store) = store(4_000);
        let mut random = Random::new(7);
        let mut expected: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let mut changed: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
        let key = |number: u64| format!("key {number}").into_bytes();
        store.view().unwrap();
        for round in 0..rounds {
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
                assert!(told(&view) == std::mem::take(&mut changed), "round {round}");
            }
        }
        assert!(store.runs.iter().map(|run| run.level).max() >= Some(2));
        let keys: Vec<Vec<u8>> = (0..6_000).map(key).collect();
        let found = found(&mut store, &keys, places);
        for (number, key) in keys.iter().enumerate() {
            assert_eq!(found.get(&(number as u32)), expected.get(key), "{number}");
        }
        let mut all = told(&store.view().unwrap());
        all.retain(|_, value| value.is_some());
        let expected = expected.into_iter().map(|(key, value)| (key, Some(value)));
        assert!(all == expected.collect());
    }

    #[test]
    fn small_views_leave_few_runs() {
        let (_folder, mut store) = store(1 << 20);
        for round in 0..2_000u32 {
            for number in 0..10 {
                let key = (round * 7 + number).to_le_bytes();
                store.put(place(&key), &key, &round.to_le_bytes()).unwrap();
            }
            store.view_of_changes().unwrap();
            assert!(
                store.runs.len() <= RUNS_MAX,
                "{} runs in round {round}",
                store.runs.len()
            );
        }
    }

    #[test]
    fn what_is_over_is_told_as_gone_and_what_nobody_is_told_of_leaves_nothing() {
        for is_viewed in [true, false] {
            let (_folder, mut store) = store(1_000);
            for number in 0..3_000u32 {
                let key = number.to_le_bytes();
                store
                    .put(place(&key), &key, &[u8::from(number % 2 == 0)])
                    .unwrap();
            }
            if is_viewed {
                store.view().unwrap();
            }
            while !store.sweep(100, |value| value == [1]).unwrap() {}
            if is_viewed {
                let told = told(&store.view_of_changes().unwrap());
                assert_eq!(told.len(), 1_500);
                assert!(told.values().all(Option::is_none));
                while !store.sweep(100, |_| false).unwrap() {}
            }
            let records: usize = store.runs.iter().map(|run| run.records).sum();
            assert_eq!(records, 1_500);
        }
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
        // A thousand keys that were written two hundred times.
        assert!(store.disk_bytes() < 1_000_000, "{}", store.disk_bytes());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
