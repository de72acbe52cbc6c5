//! The savepoints that the run was asked for.
//!
//! The file is the truth: a savepoint that is there is done, whoever took it. What is remembered here is what waits,
//! and what went wrong. A savepoint that waits when a job ends is asked of the next one.
//!
//! Whoever asks is answered at once, however slow the place is that they go to: whether one is there already is looked
//! for by a thread of its own, and once more before it is written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

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
    waiting: BTreeMap<String, Waiting>,
    /// And why.
    failed: BTreeMap<String, String>,
    /// Those that were taken last.
    done: BTreeMap<String, SavepointOrigin>,
}

/// One that the job is asked for.
#[derive(Debug)]
struct Waiting {
    time: SavepointTime,
    look: Look,
}

/// Whether it was looked for: a run before this one may have taken it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Needed,
    Underway,
    /// It was not there.
    Done,
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

    /// Asks for a savepoint unless it was asked for, and says what has become of it. Does not wait for the place that
    /// it goes to.
    pub fn request(self: &Arc<Self>, id: &str, time: SavepointTime) -> SavepointState {
        // Nobody knows what to run: it is asked for again.
        if self.places.get().is_none() {
            return SavepointState::Pending {};
        }
        let mut state = self.lock();
        if let Some(settled) = state.settled(id) {
            return settled;
        }
        if !state.waiting.contains_key(id) {
            if state.waiting.len() >= WAITING_MAX {
                return SavepointState::Failed {
                    message: format!("{WAITING_MAX} savepoints wait to be taken already"),
                };
            }
            let look = Look::Needed;
            state.waiting.insert(id.to_string(), Waiting { time, look });
            if let Some((control, label)) = &state.job {
                self.ask(control, *label, id, time);
            }
        }
        if let Some(waiting) = state.waiting.get_mut(id)
            && waiting.look == Look::Needed
        {
            waiting.look = self.begin_look(id);
        }
        SavepointState::Pending {}
    }

    /// Looks for one beside the job.
    fn begin_look(self: &Arc<Self>, id: &str) -> Look {
        let (savepoints, wanted) = (self.clone(), id.to_string());
        let thread = thread::Builder::new().name("savepoint-look".to_string());
        match thread.spawn(move || savepoints.look(&wanted)) {
            Ok(_) => Look::Underway,
            Err(error) => {
                tracing::warn!(savepoint = id, "a thread could not be started: {error}");
                Look::Needed
            }
        }
    }

    fn look(&self, id: &str) {
        let Some(places) = self.places.get() else {
            return;
        };
        let found = find_savepoint(&*places.of_server, id);
        let mut state = self.lock();
        let Some(waiting) = state.waiting.get_mut(id) else {
            // It was settled meanwhile.
            return;
        };
        match found {
            Ok(Some((label, bytes))) => {
                tracing::info!(savepoint = id, "a savepoint is there already");
                state.settle(id, Ok(origin(&label, bytes)));
            }
            Ok(None) => waiting.look = Look::Done,
            Err(error @ Error::Data { .. }) => state.settle(id, Err(error.to_string())),
            Err(error) => {
                // Whoever asks again has it looked for again.
                tracing::warn!(savepoint = id, "a savepoint cannot be looked for: {error}");
                waiting.look = Look::Needed;
            }
        }
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
        for (id, waiting) in &state.waiting {
            self.ask(control, label, id, waiting.time);
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
        // One that cannot be looked for now is written over.
        if let Ok(Some((label, bytes))) = find_savepoint(&*places.of_job, id) {
            return Ok(origin(&label, bytes));
        }
        let bytes = keep_savepoint(&*places.of_job, id, &label, &taken.snapshot)?;
        Ok(origin(&label, bytes))
    }
}

impl State {
    /// What has become of one that does not wait any more.
    fn settled(&self, id: &str) -> Option<SavepointState> {
        if let Some(origin) = self.done.get(id) {
            return Some(SavepointState::Done(origin.clone()));
        }
        let message = self.failed.get(id)?.clone();
        Some(SavepointState::Failed { message })
    }

    fn settle(&mut self, id: &str, kept: Result<SavepointOrigin, String>) {
        self.waiting.remove(id);
        match kept {
            Ok(origin) => {
                if self.done.len() >= DONE_KNOWN_MAX {
                    self.done.pop_first();
                }
                self.done.insert(id.to_string(), origin);
            }
            Err(message) => {
                if self.failed.len() >= FAILED_KNOWN_MAX {
                    // Ids grow with time.
                    self.failed.pop_first();
                }
                self.failed.insert(id.to_string(), message);
            }
        }
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
        if !self.savepoints.lock().waiting.contains_key(&self.id) {
            // It was found meanwhile.
            return;
        }
        let kept = match taken {
            Ok(taken) => self
                .savepoints
                .keep(&self.id, self.label, taken)
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match &kept {
            Ok(origin) => tracing::info!(savepoint = self.id, bytes = origin.bytes, "a savepoint was taken"),
            Err(message) => {
                tracing::warn!(savepoint = self.id, "a savepoint could not be taken: {message}");
            }
        }
        let mut state = self.savepoints.lock();
        // One that was found while this one was written is the same.
        if state.waiting.contains_key(&self.id) {
            state.settle(&self.id, kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::time::{Duration, Instant};

    use state::{Object, Snapshot};
    use stdx::SystemClock;

    use super::*;

    /// Lists what it is told to, when it is told to.
    #[derive(Debug)]
    struct Slow {
        lists: Mutex<Receiver<io::Result<Vec<u8>>>>,
        object: Mutex<Vec<u8>>,
    }

    impl Storage for Slow {
        fn put(&self, _: &str, _: &mut dyn FnMut(&mut dyn Write) -> Result<(), Error>) -> Result<u64, Error> {
            Err(Error::internal("nothing is written here"))
        }

        fn open(&self, _: &str) -> Result<Object, Error> {
            Ok(Box::new(io::Cursor::new(self.object.lock().unwrap().clone())))
        }

        fn list(&self) -> Result<Vec<(String, u64)>, Error> {
            let told = self.lists.lock().unwrap().recv().unwrap();
            *self.object.lock().unwrap() = told.map_err(|cause| Error::io("list", cause))?;
            Ok(vec![("sp_1".to_string(), 7)])
        }

        fn remove(&self, _: &str) -> Result<(), Error> {
            Ok(())
        }
    }

    fn slow() -> (Arc<Savepoints>, SyncSender<io::Result<Vec<u8>>>) {
        let (tell, lists) = sync_channel(1);
        let key = RunKey {
            run_id: "rn_2".to_string(),
            epoch: 2,
        };
        let savepoints = Arc::new(Savepoints::new(&key, Arc::new(SystemClock)));
        let storage = Arc::new(Slow {
            lists: Mutex::new(lists),
            object: Mutex::default(),
        });
        savepoints.keep_in(storage.clone(), storage);
        (savepoints, tell)
    }

    fn object() -> Vec<u8> {
        let label = Label {
            run_id: "rn_1".to_string(),
            epoch: 1,
            job: 0,
            parallelism: 2,
            began_us: 1,
            taken_us: 2_000,
            is_last: false,
            is_transactional: false,
            parent: None,
        };
        let mut object = Vec::new();
        let snapshot = Snapshot {
            key_groups: 128,
            ..Snapshot::default()
        };
        let label = serde_json::to_vec(&label).unwrap();
        snapshot.write(&label, &mut object).unwrap();
        object
    }

    /// Asks until it is not pending any more.
    fn settled(savepoints: &Arc<Savepoints>) -> SavepointState {
        let began = Instant::now();
        loop {
            match savepoints.request("sp_1", SavepointTime::Now) {
                SavepointState::Pending {} => thread::sleep(Duration::from_millis(1)),
                state => return state,
            }
            assert!(began.elapsed() < Duration::from_secs(60));
        }
    }

    #[test]
    fn whoever_asks_is_answered_at_once_and_told_of_one_that_is_there() {
        let (savepoints, tell) = slow();
        // The place does not answer yet.
        for _ in 0..3 {
            let state = savepoints.request("sp_1", SavepointTime::Now);
            assert_eq!(state, SavepointState::Pending {});
        }
        // It cannot be reached for a while, and then it can.
        tell.send(Err(io::ErrorKind::TimedOut.into())).unwrap();
        tell.send(Ok(object())).unwrap();
        let SavepointState::Done(origin) = settled(&savepoints) else {
            panic!("it is there");
        };
        assert_eq!(
            (origin.run_id.as_str(), origin.bytes, origin.taken_ms),
            ("rn_1", 7, 2)
        );
        assert!(savepoints.failed().is_empty());
    }

    #[test]
    fn one_that_is_damaged_has_failed() {
        let (savepoints, tell) = slow();
        tell.send(Ok(b"no savepoint".to_vec())).unwrap();
        let SavepointState::Failed { message } = settled(&savepoints) else {
            panic!("it cannot be read");
        };
        assert!(message.contains("damaged"), "{message}");
    }
}
