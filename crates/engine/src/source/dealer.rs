//! Deals the splits of a source out to shards: lanes in turn, all splits of a lane to one shard.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use dataflow::{Boundedness, Error, Source, Split};
use state::{OperatorSnapshot, SplitState};

use crate::exchange::lock;

/// Looks for new splits that may fail one after the other before the job does: what is down for a moment comes
/// back.
const FAILED_LOOKS_MAX: u32 = 10;

#[derive(Debug)]
pub(crate) struct Dealer {
    source: Arc<dyn Source>,
    shards: usize,
    /// Between looks for new splits; `None` if there will be none.
    interval_us: Option<i64>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: BTreeSet<String>,
    lanes: HashMap<String, usize>,
    /// Splits dealt and not yet taken, by shard.
    dealt: Vec<Vec<SplitState>>,
    next_discovery_us: Option<i64>,
    /// A shard is looking.
    is_looking: bool,
    /// Looks that have failed since the last that did not.
    failed_looks: u32,
}

impl Dealer {
    /// Lists the splits of a source, and joins them with those of a snapshot.
    pub fn new(
        source: Arc<dyn Source>,
        shards: usize,
        restored: Option<&OperatorSnapshot>,
    ) -> Result<Dealer, Error> {
        let interval = source.discovery_interval();
        if let Some(snapshot) = restored.filter(|snapshot| !snapshot.splits.is_empty()) {
            let known: Vec<Split> = snapshot
                .splits
                .values()
                .map(|state| state.split.clone())
                .collect();
            source.restored(&known);
        }
        // Where nothing new is to be found, a job goes on with the splits it began with: how many there are may
        // depend on the number of shards, which may be another now.
        let splits = match restored {
            Some(snapshot) if interval.is_none() && !snapshot.splits.is_empty() => Vec::new(),
            _ => source.splits(shards)?,
        };
        let may_grow = interval.is_some() && source.boundedness() == Boundedness::Unbounded;
        let mut state = State {
            dealt: vec![Vec::new(); shards],
            ..State::default()
        };
        for split in splits {
            let known = restored.and_then(|snapshot| snapshot.splits.get(&split.id));
            let split = known.cloned().unwrap_or(SplitState {
                split,
                position: None,
                ended: false,
            });
            state.deal(split, shards);
        }
        // Splits that the source does not list any more are read to their end all the same.
        if let Some(snapshot) = restored {
            for split in snapshot.splits.values() {
                if !state.known.contains(&split.split.id) {
                    state.deal(split.clone(), shards);
                }
            }
        }
        Ok(Dealer {
            source,
            shards,
            interval_us: interval
                .filter(|_| may_grow)
                .map(|interval| interval.as_micros() as i64),
            state: Mutex::new(state),
        })
    }

    pub fn discovers(&self) -> bool {
        self.interval_us.is_some()
    }

    pub fn next_discovery_us(&self) -> Option<i64> {
        self.interval_us?;
        lock(&self.state).next_discovery_us
    }

    /// Looks for new splits if it is time to; whichever shard comes first looks for all. Meanwhile the others do
    /// not wait. The outside world may fail a few times.
    pub fn discover(&self, now_us: i64) -> Result<(), Error> {
        let Some(interval_us) = self.interval_us else {
            return Ok(());
        };
        {
            let mut state = lock(&self.state);
            let due_us = *state
                .next_discovery_us
                .get_or_insert(now_us.saturating_add(interval_us));
            if now_us < due_us || state.is_looking {
                return Ok(());
            }
            state.next_discovery_us = Some(now_us.saturating_add(interval_us));
            state.is_looking = true;
        }
        let found = self.source.splits(self.shards);
        let mut state = lock(&self.state);
        state.is_looking = false;
        let splits = match found {
            Ok(splits) => splits,
            Err(Error::Io { what, cause }) if state.failed_looks < FAILED_LOOKS_MAX => {
                state.failed_looks += 1;
                tracing::warn!(%what, %cause, failed_looks = state.failed_looks, "no look for new splits");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        state.failed_looks = 0;
        for split in splits {
            if !state.known.contains(&split.id) {
                let split = SplitState {
                    split,
                    position: None,
                    ended: false,
                };
                state.deal(split, self.shards);
            }
        }
        Ok(())
    }

    /// What was dealt to a shard since it last asked.
    pub fn take(&self, shard: usize) -> Option<Vec<SplitState>> {
        let mut state = lock(&self.state);
        let dealt = std::mem::take(&mut state.dealt[shard]);
        (!dealt.is_empty()).then_some(dealt)
    }
}

impl State {
    fn deal(&mut self, split: SplitState, shards: usize) {
        let next = self.lanes.len() % shards;
        let shard = *self.lanes.entry(split.split.lane.clone()).or_insert(next);
        self.known.insert(split.split.id.clone());
        self.dealt[shard].push(split);
    }
}
