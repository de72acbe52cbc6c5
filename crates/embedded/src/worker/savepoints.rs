//! The savepoints that the run was asked for.
//!
//! The file is the truth: a savepoint that is there is done, whoever took it. What is remembered here is what waits,
//! and what went wrong. A savepoint that waits when a job ends is asked of the next one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use dataflow::Error;
use engine::{Control, SavepointKeeper, Taken};
use runner::{RunKey, SavepointOrigin, SavepointState, SavepointTime};
use state::{Label, Storage, find_savepoint, keep_savepoint};
use stdx::Clock;

/// Savepoints that may wait at once.
const WAITING_MAX: usize = 16;
/// Failures that are remembered. One that is forgotten is tried again, if it is asked for again.
const FAILED_KNOWN_MAX: usize = 64;

/// Savepoints that are remembered as taken. One that is forgotten is looked for.
const DONE_KNOWN_MAX: usize = 64;

#[derive(Debug)]
pub struct Savepoints {
    /// Known once it was said what to run.
    places: OnceLock<Places>,
    key: RunKey,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// Where savepoints go, twice: for the job, which waits for it, and for whoever looks, who does not.
#[derive(Debug)]
struct Places {
    of_job: Arc<dyn Storage>,
    of_server: Arc<dyn Storage>,
}

#[derive(Debug, Default)]
struct State {
    job: Option<(Control, JobLabel)>,
    waiting: BTreeMap<String, SavepointTime>,
    /// And why.
    failed: BTreeMap<String, String>,
    /// Those that were taken last.
    done: BTreeMap<String, SavepointOrigin>,
}

/// What a savepoint says of the job that it is of.
#[derive(Debug, Clone, Copy)]
pub struct JobLabel {
    /// Which of the program's.
    pub job: usize,
    pub parallelism: usize,
}

impl Savepoints {
    pub fn new(key: &RunKey, clock: Arc<dyn Clock>) -> Savepoints {
        Savepoints {
            places: OnceLock::new(),
            key: key.clone(),
            clock,
            state: Mutex::default(),
        }
    }

    /// Says where they go. Only the first place counts.
    pub fn keep_in(&self, of_job: Arc<dyn Storage>, of_server: Arc<dyn Storage>) {
        self.places.get_or_init(|| Places { of_job, of_server });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a savepoint unless it is there or was asked for, and says what has become of it.
    pub fn request(self: &Arc<Self>, id: &str, time: SavepointTime) -> SavepointState {
        let known = self.lock().known(id);
        if let Some(known) = known {
            return known;
        }
        // Nobody knows what to run: it is asked for again.
        let Some(places) = self.places.get() else {
            return SavepointState::Pending {};
        };
        // It may take a while, and the job goes on.
        match find_savepoint(&*places.of_server, id) {
            Ok(Some((label, bytes))) => return SavepointState::Done(origin(&label, bytes)),
            Ok(None) => {}
            Err(error) => {
                return SavepointState::Failed {
                    message: error.to_string(),
                };
            }
        }
        let mut state = self.lock();
        // It may have been asked for, and even be taken, meanwhile.
        if let Some(known) = state.known(id) {
            return known;
        }
        if state.waiting.len() >= WAITING_MAX {
            return SavepointState::Failed {
                message: format!("{WAITING_MAX} savepoints wait to be taken already"),
            };
        }
        state.waiting.insert(id.to_string(), time);
        if let Some((control, label)) = &state.job {
            self.ask(control, *label, id, time);
        }
        SavepointState::Pending {}
    }

    fn ask(self: &Arc<Self>, control: &Control, label: JobLabel, id: &str, time: SavepointTime) {
        let keeper = Arc::new(Keeper {
            savepoints: self.clone(),
            id: id.to_string(),
            label,
        });
        let time = match time {
            SavepointTime::Now => engine::SavepointTime::Now,
            SavepointTime::AtStop => engine::SavepointTime::AtStop,
        };
        control.request_savepoint(keeper, time);
    }

    /// A job begins: it is asked for all that wait.
    pub fn begin_job(self: &Arc<Self>, control: &Control, label: JobLabel) {
        let mut state = self.lock();
        for (id, time) in &state.waiting {
            self.ask(control, label, id, *time);
        }
        state.job = Some((control.clone(), label));
    }

    pub fn end_job(&self) {
        self.lock().job = None;
    }

    /// Those that could not be taken, and why.
    pub fn failed(&self) -> BTreeMap<String, String> {
        self.lock().failed.clone()
    }

    fn keep(&self, id: &str, label: JobLabel, taken: &Taken) -> Result<SavepointOrigin, Error> {
        let label = Label {
            run_id: self.key.run_id.clone(),
            epoch: self.key.epoch,
            job: label.job,
            parallelism: label.parallelism,
            began_us: taken.began_us,
            taken_us: self.clock.now_us(),
            is_last: taken.is_last,
            // All of its rows were committed before it was kept.
            is_transactional: false,
            parent: None,
        };
        let places = self.places.get();
        let places = places.ok_or_else(|| Error::internal("a savepoint came before its run"))?;
        let bytes = keep_savepoint(&*places.of_job, id, &label, &taken.snapshot)?;
        Ok(origin(&label, bytes))
    }
}

impl State {
    /// What has become of one that was asked for.
    fn known(&self, id: &str) -> Option<SavepointState> {
        if self.waiting.contains_key(id) {
            return Some(SavepointState::Pending {});
        }
        if let Some(origin) = self.done.get(id) {
            return Some(SavepointState::Done(origin.clone()));
        }
        let message = self.failed.get(id)?.clone();
        Some(SavepointState::Failed { message })
    }
}

pub fn origin(label: &Label, bytes: u64) -> SavepointOrigin {
    SavepointOrigin {
        run_id: label.run_id.clone(),
        epoch: label.epoch,
        parallelism: label.parallelism,
        taken_ms: label.taken_us.div_euclid(1000),
        bytes,
    }
}

/// Keeps one savepoint.
#[derive(Debug)]
struct Keeper {
    savepoints: Arc<Savepoints>,
    id: String,
    label: JobLabel,
}

impl SavepointKeeper for Keeper {
    fn settle(&self, taken: Result<&Taken, &Error>) {
        let kept = match taken {
            Ok(taken) => self
                .savepoints
                .keep(&self.id, self.label, taken)
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let mut state = self.savepoints.lock();
        state.waiting.remove(&self.id);
        match kept {
            Ok(origin) => {
                tracing::info!(savepoint = self.id, bytes = origin.bytes, "a savepoint was taken");
                if state.done.len() >= DONE_KNOWN_MAX {
                    state.done.pop_first();
                }
                state.done.insert(self.id.clone(), origin);
            }
            Err(message) => {
                tracing::warn!(savepoint = self.id, "a savepoint could not be taken: {message}");
                if state.failed.len() >= FAILED_KNOWN_MAX {
                    // Ids grow with time.
                    state.failed.pop_first();
                }
                state.failed.insert(self.id.clone(), message);
            }
        }
    }
}
