//! What the shards of a job and whoever watches them have in common.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use dataflow::{Committable, Epoch, Error, WATERMARK_MIN};
use graph::NodeId;
use state::{Extent, OperatorId, OperatorSnapshot, Share, Snapshot};

use crate::exchange::lock;
use crate::savepoints::{SavepointTime, Wanted};

#[derive(Debug)]
pub(crate) struct Shared {
    /// Threads to wake, by shard; a stepped job has none.
    threads: Vec<OnceLock<Thread>>,
    /// By shard: somebody outside has something for it.
    woken: Vec<AtomicBool>,
    /// What the nodes of the graph are called in snapshots.
    ids: Vec<OperatorId>,
    /// Into how many key groups snapshots are cut.
    key_groups: u16,
    stop: AtomicBool,
    /// A source was stopped before its end.
    cut: AtomicBool,
    failed: AtomicBool,
    /// Whether a snapshot is taken when all shards have ended.
    keeps_last: AtomicBool,
    /// The last checkpoint that was started.
    epoch: AtomicU64,
    /// Whether it only asks for what has changed.
    asks_for_changes: AtomicBool,
    /// Whether the last snapshot of a job that is stopped may only say what has changed.
    ends_with_changes: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
    /// By node of the graph, then shard.
    pub counters: Vec<Vec<Counters>>,
}

/// Counts of one operator on one shard. Only its shard writes; others read now and then.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Counters {
    pub rows_in: AtomicU64,
    pub rows_out: AtomicU64,
    pub busy_us: AtomicU64,
    pub late_rows_dropped: AtomicU64,
    pub late_rows_refired: AtomicU64,
    pub rows_redirected: AtomicU64,
    pub null_time_rows_dropped: AtomicU64,
    pub null_rows_dropped: AtomicU64,
    pub lookups_timed_out: AtomicU64,
    pub unreadable_rows_dropped: AtomicU64,
    pub state_bytes: AtomicU64,
    pub spilled_bytes: AtomicU64,
    pub spill_lookups: AtomicU64,
    pub watermark: AtomicI64,
}

impl Default for Counters {
    fn default() -> Self {
        Counters {
            rows_in: AtomicU64::new(0),
            rows_out: AtomicU64::new(0),
            busy_us: AtomicU64::new(0),
            late_rows_dropped: AtomicU64::new(0),
            late_rows_refired: AtomicU64::new(0),
            rows_redirected: AtomicU64::new(0),
            null_time_rows_dropped: AtomicU64::new(0),
            null_rows_dropped: AtomicU64::new(0),
            lookups_timed_out: AtomicU64::new(0),
            unreadable_rows_dropped: AtomicU64::new(0),
            state_bytes: AtomicU64::new(0),
            spilled_bytes: AtomicU64::new(0),
            spill_lookups: AtomicU64::new(0),
            watermark: AtomicI64::new(WATERMARK_MIN),
        }
    }
}

impl Counters {
    /// Adds without a locked instruction: there is one writer.
    pub fn add(counter: &AtomicU64, count: u64) {
        counter.store(counter.load(Ordering::Relaxed) + count, Ordering::Relaxed);
    }
}

/// Wakes a shard from outside.
#[derive(Debug, Clone)]
pub(crate) struct ShardWaker {
    pub shared: Arc<Shared>,
    pub shard: usize,
}

impl ShardWaker {
    pub fn wake(&self) {
        self.shared.woken[self.shard].store(true, Ordering::Release);
        self.shared.wake(self.shard);
    }
}

/// What a shard says at a barrier.
pub(crate) type ShardPart = BTreeMap<OperatorId, OperatorSnapshot>;

#[derive(Debug, Default)]
struct State {
    /// The checkpoint under way.
    collecting: Option<Collecting>,
    /// The last complete snapshot that nobody has taken.
    complete: Option<Complete>,
    /// It was taken to be kept and committed, and is not yet.
    is_keeping: bool,
    /// Asked for, and not taken by a checkpoint yet.
    savepoints: Vec<Wanted>,
    /// Something was asked for: whoever looks after the job need not wait for the time.
    is_nudged: bool,
    /// Prepared by sinks, not yet committed: by epoch, by node.
    prepared: BTreeMap<Epoch, Vec<(NodeId, Vec<Committable>)>>,
    /// Prepared at the end of input.
    last: Vec<(NodeId, Vec<Committable>)>,
    /// Being committed, or what committers have yet to do for what was.
    unsettled: Vec<(NodeId, Vec<Committable>)>,
    /// What shards that have ended would say at a barrier.
    ended: ShardPart,
    running: usize,
    error: Option<Error>,
}

#[derive(Debug)]
struct Collecting {
    snapshot: Snapshot,
    extent: Extent,
    /// Shards that still owe their part.
    owed: usize,
    began_us: i64,
    savepoints: Vec<Wanted>,
}

/// A snapshot that all shards have given their part to, when its barrier set out, and who else asked for it.
#[derive(Debug)]
pub(crate) struct Complete {
    pub snapshot: Snapshot,
    pub extent: Extent,
    pub began_us: i64,
    pub savepoints: Vec<Wanted>,
}

/// What wakes the thread that looks after a job.
pub(crate) enum Event {
    AllEnded,
    Failed(Error),
    /// A checkpoint waits to be kept.
    Complete(Complete),
    /// Nothing has happened in the time.
    Time,
}

impl Shared {
    pub fn new(shards: usize, ids: Vec<OperatorId>, key_groups: u16, epoch: Epoch) -> Shared {
        Shared {
            threads: (0..shards).map(|_| OnceLock::new()).collect(),
            woken: (0..shards).map(|_| AtomicBool::new(false)).collect(),
            stop: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            keeps_last: AtomicBool::new(false),
            epoch: AtomicU64::new(epoch),
            asks_for_changes: AtomicBool::new(false),
            ends_with_changes: AtomicBool::new(false),
            state: Mutex::new(State {
                running: shards,
                ..State::default()
            }),
            changed: Condvar::new(),
            counters: ids
                .iter()
                .map(|_| (0..shards).map(|_| Counters::default()).collect())
                .collect(),
            ids,
            key_groups,
        }
    }

    pub fn shards(&self) -> usize {
        self.threads.len()
    }

    /// Says which thread drives a shard.
    pub fn drive(&self, shard: usize, thread: Thread) {
        // A shard is driven once.
        let _ = self.threads[shard].set(thread);
    }

    pub fn wake(&self, shard: usize) {
        if let Some(thread) = self.threads[shard].get() {
            thread.unpark();
        }
    }

    /// Whether somebody outside has waked a shard since this was asked last.
    pub fn take_woken(&self, shard: usize) -> bool {
        self.woken[shard].swap(false, Ordering::AcqRel)
    }

    fn wake_all(&self) {
        (0..self.shards()).for_each(|shard| self.wake(shard));
    }

    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake_all();
    }

    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Notes that a source was stopped before its end.
    pub fn cut(&self) {
        if !self.cut.swap(true, Ordering::AcqRel) {
            self.wake_all();
        }
    }

    /// Whether rows that an operator still holds at the end of its input stay in the snapshot that is taken at the end.
    pub fn leaves_rows(&self) -> bool {
        self.was_cut() && self.keeps_last()
    }

    /// Whether there would have been more rows if the job had not been stopped.
    pub fn was_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    pub fn fail(&self, error: Error) {
        {
            let mut state = lock(&self.state);
            // The first error is the cause; others may follow from it.
            state.error.get_or_insert(error);
        }
        self.failed.store(true, Ordering::Release);
        self.changed.notify_all();
        self.wake_all();
    }

    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Asks shards to say what they leave behind however they end.
    pub fn keep_last(&self) {
        self.keeps_last.store(true, Ordering::Release);
    }

    pub fn keeps_last(&self) -> bool {
        self.keeps_last.load(Ordering::Acquire)
    }

    pub fn epoch(&self) -> Epoch {
        self.epoch.load(Ordering::Acquire)
    }

    /// What the last checkpoint that was started asks for.
    pub fn extent(&self) -> Extent {
        match self.asks_for_changes.load(Ordering::Acquire) {
            true => Extent::Changes,
            false => Extent::Whole,
        }
    }

    /// How much the next snapshot is to say, now that one was kept or lost.
    pub fn set_next(&self, extent: Extent) {
        self.ends_with_changes
            .store(extent == Extent::Changes, Ordering::Release);
    }

    /// How much a shard says that ends now, and has spoken last at this epoch: all, if there are checkpoints to come or
    /// one waits for its part.
    pub fn last_extent(&self, spoken: Epoch) -> Extent {
        let may_tell_changes = self.is_stopped() && self.ends_with_changes.load(Ordering::Acquire);
        let state = lock(&self.state);
        let owes = |collecting: &Collecting| collecting.snapshot.epoch > spoken;
        // A savepoint of the state in which the job stops has to say all.
        let must_tell_all = !state.savepoints.is_empty() || state.collecting.as_ref().is_some_and(owes);
        match may_tell_changes && !must_tell_all {
            true => Extent::Changes,
            false => Extent::Whole,
        }
    }

    /// Notes that a savepoint is asked for.
    pub fn want_savepoint(&self, wanted: Wanted) {
        let mut state = lock(&self.state);
        state.savepoints.push(wanted);
        state.is_nudged = true;
        self.changed.notify_all();
    }

    /// Whether a checkpoint can and should be taken now for the sake of a savepoint.
    pub fn wants_savepoint(&self) -> bool {
        let state = lock(&self.state);
        let is_now = |wanted: &Wanted| wanted.time == SavepointTime::Now;
        state.savepoints.iter().any(is_now) && self.can_start(&state)
    }

    fn can_start(&self, state: &State) -> bool {
        let has_ended = state.running == 0 || self.is_stopped();
        let is_waiting = state.complete.is_some() && self.keeps_last();
        let is_busy = state.collecting.is_some() || state.is_keeping || is_waiting;
        !has_ended && !is_busy
    }

    /// All that were asked for and that no checkpoint has taken.
    pub fn take_savepoints(&self) -> Vec<Wanted> {
        std::mem::take(&mut lock(&self.state).savepoints)
    }

    /// Starts a checkpoint unless one is under way or the job is stopping; returns whether it did.
    pub fn start_checkpoint(&self, epoch: Epoch, extent: Extent, now_us: i64) -> bool {
        {
            let mut state = lock(&self.state);
            if !self.can_start(&state) || epoch <= self.epoch() {
                return false;
            }
            let mut snapshot = Snapshot {
                epoch,
                key_groups: self.key_groups,
                ..Snapshot::default()
            };
            absorb(&mut snapshot, state.ended.clone());
            // It says what those have prepared who have ended: with it, that becomes visible.
            let last = std::mem::take(&mut state.last);
            state.prepared.entry(epoch).or_default().extend(last);
            clear_committables(&mut state.ended);
            // Those asked for from now on were not asked for when its barrier set out.
            let is_now = |wanted: &mut Wanted| wanted.time == SavepointTime::Now;
            let savepoints: Vec<Wanted> = state.savepoints.extract_if(.., is_now).collect();
            // What shards have left behind that have ended is all of it, and a savepoint needs all.
            let is_running_whole = state.running == self.shards();
            let extent = match is_running_whole && savepoints.is_empty() {
                true => extent,
                false => Extent::Whole,
            };
            self.asks_for_changes
                .store(extent == Extent::Changes, Ordering::Release);
            state.collecting = Some(Collecting {
                snapshot,
                extent,
                owed: state.running,
                began_us: now_us,
                savepoints,
            });
            self.epoch.store(epoch, Ordering::Release);
        }
        self.wake_all();
        true
    }

    /// Takes in a shard's part of the checkpoint under way.
    pub fn add_part(&self, shard: usize, part: ShardPart, prepared: Vec<(NodeId, Vec<Committable>)>) {
        let mut state = lock(&self.state);
        self.add_part_to(&mut state, shard, part, prepared);
    }

    fn add_part_to(
        &self,
        state: &mut State,
        shard: usize,
        mut part: ShardPart,
        prepared: Vec<(NodeId, Vec<Committable>)>,
    ) {
        let Some(collecting) = &mut state.collecting else {
            return;
        };
        if collecting.extent == Extent::Changes {
            let share = Share {
                key_groups: collecting.snapshot.key_groups,
                shard,
                shards: self.shards(),
            };
            let tables = part
                .values_mut()
                .flat_map(|operator| operator.tables.values_mut());
            tables.for_each(|table| table.say_all(share));
        }
        absorb(&mut collecting.snapshot, part);
        collecting.owed -= 1;
        let (done, epoch) = (collecting.owed == 0, collecting.snapshot.epoch);
        state.prepared.entry(epoch).or_default().extend(prepared);
        if done
            && let Some(Collecting {
                mut snapshot,
                extent,
                began_us,
                savepoints,
                ..
            }) = state.collecting.take()
        {
            self.add_unfinished(state, &mut snapshot);
            state.complete = Some(Complete {
                snapshot,
                extent,
                began_us,
                savepoints,
            });
            self.changed.notify_all();
        }
    }

    /// What is no change in a snapshot of changes is all that there is.
    fn say_all(&self, part: &mut ShardPart, shard: usize) {
        let share = Share {
            key_groups: self.key_groups,
            shard,
            shards: self.shards(),
        };
        let tables = part
            .values_mut()
            .flat_map(|operator| operator.tables.values_mut());
        tables.for_each(|table| table.say_all(share));
    }

    /// What earlier barriers asked for and is not done yet must not be forgotten with them.
    fn add_unfinished(&self, state: &State, snapshot: &mut Snapshot) {
        let earlier = state.prepared.range(..snapshot.epoch);
        let earlier = earlier.flat_map(|(_, prepared)| prepared);
        for (node, committables) in earlier.chain(&state.unsettled) {
            let operator = snapshot.operators.entry(self.ids[*node]).or_default();
            let committables = committables.iter().map(|committable| committable.0.clone());
            Arc::make_mut(operator).committables.extend(committables);
        }
    }

    /// What a job that goes on from here must know, when all shards have ended.
    pub fn last_snapshot(&self) -> Snapshot {
        let mut state = lock(&self.state);
        let mut snapshot = Snapshot {
            epoch: self.epoch() + 1,
            key_groups: self.key_groups,
            ..Snapshot::default()
        };
        self.epoch.store(snapshot.epoch, Ordering::Release);
        absorb(&mut snapshot, std::mem::take(&mut state.ended));
        self.add_unfinished(&state, &mut snapshot);
        if self.was_cut() {
            snapshot
        } else {
            snapshot.without_rows()
        }
    }

    /// When all is committed: what is left to be done is what committers say is pending.
    pub fn forget_committed(&self, snapshot: &mut Snapshot) {
        snapshot.clear_committables();
        self.add_unfinished(&lock(&self.state), snapshot);
    }

    /// Whether a shard that ends must say what it holds: for the checkpoint under way, if it has not spoken at it
    /// yet, or for one to come.
    pub fn needs_part(&self, spoken: Epoch) -> bool {
        let state = lock(&self.state);
        let owes = |collecting: &Collecting| collecting.snapshot.epoch > spoken;
        self.keeps_last() || !self.is_stopped() || state.collecting.as_ref().is_some_and(owes)
    }

    pub fn has_complete(&self) -> bool {
        lock(&self.state).complete.is_some()
    }

    pub fn take_complete(&self) -> Option<Complete> {
        take_complete(&mut lock(&self.state), self.keeps_last())
    }

    /// What was taken to be kept is committed, or given up: another checkpoint may begin.
    pub fn has_kept(&self) {
        lock(&self.state).is_keeping = false;
    }

    /// Notes that a shard has ended: what its sinks have prepared, what it would say at a barrier from now on,
    /// and the last barrier it has spoken at.
    pub fn shard_ended(
        &self,
        shard: usize,
        mut last: Vec<(NodeId, Vec<Committable>)>,
        mut part: ShardPart,
        spoken: Epoch,
    ) {
        let mut state = lock(&self.state);
        self.say_all(&mut part, shard);
        if state
            .collecting
            .as_ref()
            .is_some_and(|collecting| collecting.snapshot.epoch > spoken)
        {
            self.add_part_to(&mut state, shard, part.clone(), std::mem::take(&mut last));
            clear_committables(&mut part);
        }
        for (id, operator) in part {
            match state.ended.entry(id) {
                Entry::Vacant(place) => drop(place.insert(operator)),
                Entry::Occupied(mut own) => own.get_mut().absorb(operator),
            }
        }
        state.running -= 1;
        state.last.extend(last);
        self.changed.notify_all();
    }

    /// What was prepared up to an epoch, or all there is. [`Shared::settle`] tells when it is committed.
    pub fn take_prepared(&self, up_to: Option<Epoch>) -> Vec<(NodeId, Vec<Committable>)> {
        let mut state = lock(&self.state);
        let later = match up_to {
            Some(epoch) => state.prepared.split_off(&(epoch + 1)),
            None => BTreeMap::new(),
        };
        let mut taken: Vec<_> = std::mem::replace(&mut state.prepared, later)
            .into_values()
            .flatten()
            .collect();
        if up_to.is_none() {
            taken.append(&mut state.last);
        }
        state.unsettled.extend(taken.iter().cloned());
        taken
    }

    /// Notes that all that was taken is committed, and what committers have yet to do for it.
    pub fn settle(&self, pending: Vec<(NodeId, Vec<Committable>)>) {
        lock(&self.state).unsettled = pending;
    }

    /// Adds what a restored snapshot says was prepared.
    pub fn add_prepared(&self, epoch: Epoch, prepared: Vec<(NodeId, Vec<Committable>)>) {
        lock(&self.state)
            .prepared
            .entry(epoch)
            .or_default()
            .extend(prepared);
    }

    pub fn take_error(&self) -> Option<Error> {
        lock(&self.state).error.take()
    }

    /// Waits until there is something to do for the one who looks after the job, or until time is up.
    pub fn wait(&self, patience: Duration) -> Event {
        let nothing_happens = |state: &mut State| {
            state.error.is_none() && state.complete.is_none() && state.running > 0 && !state.is_nudged
        };
        let (mut state, _) = self
            .changed
            .wait_timeout_while(lock(&self.state), patience, nothing_happens)
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        state.is_nudged = false;
        if let Some(error) = state.error.take() {
            Event::Failed(error)
        } else if let Some(complete) = take_complete(&mut state, self.keeps_last()) {
            Event::Complete(complete)
        } else if state.running == 0 {
            Event::AllEnded
        } else {
            Event::Time
        }
    }
}

fn clear_committables(part: &mut ShardPart) {
    part.values_mut()
        .for_each(|operator| operator.committables.clear());
}

fn take_complete(state: &mut State, is_kept: bool) -> Option<Complete> {
    let complete = state.complete.take()?;
    state.is_keeping = is_kept;
    Some(complete)
}

fn absorb(snapshot: &mut Snapshot, part: ShardPart) {
    for (id, operator) in part {
        match snapshot.operators.entry(id) {
            Entry::Vacant(place) => drop(place.insert(Arc::new(operator))),
            Entry::Occupied(mut own) => Arc::make_mut(own.get_mut()).absorb(operator),
        }
    }
}
