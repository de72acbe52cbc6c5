//! The savepoints that the run was asked for.
//!
//! The file is the truth: a savepoint that is there is done, whoever took it. What is remembered here is what waits,
//! and what went wrong. A savepoint that waits when a job ends is asked of the next one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dataflow::Error;
use engine::{Control, SavepointKeeper, Taken};
use runner::{RunKey, SavepointOrigin, SavepointState, SavepointTime};
use state::{Label, find_savepoint, keep_savepoint};
use stdx::Clock;

use crate::storage::LocalStorage;

/// Savepoints that may wait at once.
const WAITING_MAX: usize = 16;
/// Failures that are remembered. One that is forgotten is tried again, if it is asked for again.
const FAILED_KNOWN_MAX: usize = 64;

#[derive(Debug)]
pub struct Savepoints {
    storage: LocalStorage,
    key: RunKey,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    job: Option<(Control, JobLabel)>,
    waiting: BTreeMap<String, SavepointTime>,
    /// And why.
    failed: BTreeMap<String, String>,
}

/// What a savepoint says of the job that it is of.
#[derive(Debug, Clone, Copy)]
pub struct JobLabel {
    /// Which of the program's.
    pub job: usize,
    pub parallelism: usize,
}

impl Savepoints {
    pub fn new(folder: &Path, key: &RunKey, clock: Arc<dyn Clock>) -> Savepoints {
        Savepoints {
            storage: LocalStorage::at(folder),
            key: key.clone(),
            clock,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a savepoint unless it is there or was asked for, and says what has become of it.
    pub fn request(self: &Arc<Self>, id: &str, time: SavepointTime) -> SavepointState {
        // Held throughout: one that is taken meanwhile is not asked for again.
        let mut state = self.lock();
        if state.waiting.contains_key(id) {
            return SavepointState::Pending {};
        }
        if let Some(message) = state.failed.get(id) {
            let message = message.clone();
            return SavepointState::Failed { message };
        }
        match find_savepoint(&self.storage, id) {
            Ok(Some((label, bytes))) => return SavepointState::Done(origin(&label, bytes)),
            Ok(None) => {}
            Err(error) => {
                return SavepointState::Failed {
                    message: error.to_string(),
                };
            }
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

    fn keep(&self, id: &str, label: JobLabel, taken: &Taken) -> Result<u64, Error> {
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
        keep_savepoint(&self.storage, id, &label, &taken.snapshot)
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
            Ok(bytes) => tracing::info!(savepoint = self.id, bytes, "a savepoint was taken"),
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
