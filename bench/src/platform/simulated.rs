//! A runner of which some runs are real worker processes and the others are only said to be.
//!
//! A program that begins with [`MARK`] is simulated: its run starts and stops as soon as it is asked to, so that what
//! is measured is the platform. It is remembered when each such run was looked at.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use embedded::EmbeddedRunner;
use runner::{
    CheckReport, Checkpoint, ConnectionReport, ConnectionTest, Diagnostic, End, LogPage, Metrics, Outcome,
    Preview, PreviewRequest, Program, Purpose, RunKey, RunSpec, RunState, Runner, RunnerError, SavepointKey,
    SavepointOrigin, SavepointState, SavepointTime, StateVerdict, StoppedBy,
};
use serde_json::{Value, json};
use stdx::Clock;

use super::figures::Samples;

pub const MARK: &str = "-- simulated\n";
/// About as long as a worker takes to answer over its socket.
const ANSWER_TIME: Duration = Duration::from_micros(200);

pub struct Mixed {
    real: EmbeddedRunner,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    runs: HashMap<String, Simulated>,
    looks: u64,
    gaps: Samples,
}

struct Simulated {
    key: RunKey,
    since_ms: i64,
    outcome: Option<Outcome>,
    last_look: Option<Instant>,
}

impl Mixed {
    pub fn new(real: EmbeddedRunner, clock: Arc<dyn Clock>) -> Mixed {
        Mixed {
            real,
            clock,
            state: Mutex::default(),
        }
    }

    /// How far looks at the same run were apart since this was last asked.
    pub fn looks(&self) -> Value {
        let mut state = self.state();
        let gaps = std::mem::take(&mut state.gaps);
        let looks = std::mem::take(&mut state.looks);
        json!({
            "looks": looks,
            "gap_ms_p50": gaps.median(),
            "gap_ms_p99": gaps.quantile(0.99),
            "gap_ms_max": gaps.quantile(1.0),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the simulated run says, after as long as a real one would take; `None` if it is none.
    fn simulated<T>(&self, run_id: &str, answer: impl FnOnce(&mut Simulated, i64) -> T) -> Option<T> {
        if !self.state().runs.contains_key(run_id) {
            return None;
        }
        self.clock.sleep(ANSWER_TIME);
        let now_ms = self.clock.now_ms();
        self.state().runs.get_mut(run_id).map(|run| answer(run, now_ms))
    }
}

impl Simulated {
    fn state(&self) -> RunState {
        match &self.outcome {
            Some(outcome) => RunState::Ended(outcome.clone()),
            None => RunState::Running {
                since_ms: self.since_ms,
            },
        }
    }

    fn end(&mut self, by: StoppedBy, now_ms: i64) {
        let outcome = Outcome {
            run_id: self.key.run_id.clone(),
            epoch: self.key.epoch,
            started_ms: Some(self.since_ms),
            ended_ms: now_ms,
            end: End::Stopped { by },
            metrics: Metrics::default(),
            failed_savepoints: BTreeMap::new(),
        };
        self.outcome.get_or_insert(outcome);
    }
}

impl Runner for Mixed {
    fn name(&self) -> &'static str {
        self.real.name()
    }

    fn check(&self, program: &Program, purpose: Purpose) -> CheckReport {
        self.real.check(program, purpose)
    }

    fn compare(&self, before: &Program, after: &Program) -> Result<StateVerdict, Vec<Diagnostic>> {
        self.real.compare(before, after)
    }

    fn preview(&self, request: PreviewRequest) -> Result<Box<dyn Preview>, RunnerError> {
        self.real.preview(request)
    }

    fn test_connection(&self, test: &ConnectionTest) -> ConnectionReport {
        self.real.test_connection(test)
    }

    fn start(&self, spec: &RunSpec) -> Result<RunState, RunnerError> {
        if !spec.program.sql.starts_with(MARK) {
            return self.real.start(spec);
        }
        let mut state = self.state();
        let run = state
            .runs
            .entry(spec.run_id.clone())
            .or_insert_with(|| Simulated {
                key: spec.key(),
                since_ms: self.clock.now_ms(),
                outcome: None,
                last_look: None,
            });
        Ok(run.state())
    }

    fn observe(&self, run: &RunKey) -> Result<RunState, RunnerError> {
        let looked = self.simulated(&run.run_id, |run, _| {
            let gap = run.last_look.replace(Instant::now()).map(|last| last.elapsed());
            (run.state(), gap)
        });
        let Some((seen, gap)) = looked else {
            return self.real.observe(run);
        };
        let mut state = self.state();
        state.looks += 1;
        if let Some(gap) = gap {
            state.gaps.add(gap);
        }
        Ok(seen)
    }

    fn metrics(&self, run: &RunKey) -> Result<Metrics, RunnerError> {
        match self.simulated(&run.run_id, |_, _| Metrics::default()) {
            Some(metrics) => Ok(metrics),
            None => self.real.metrics(run),
        }
    }

    fn logs(&self, run_id: &str, after: u64, bytes_max: usize) -> Result<LogPage, RunnerError> {
        match self.simulated(run_id, |_, _| LogPage::default()) {
            Some(page) => Ok(page),
            None => self.real.logs(run_id, after, bytes_max),
        }
    }

    fn request_stop(&self, run: &RunKey) -> Result<(), RunnerError> {
        match self.simulated(&run.run_id, |run, now_ms| run.end(StoppedBy::Request, now_ms)) {
            Some(()) => Ok(()),
            None => self.real.request_stop(run),
        }
    }

    fn kill(&self, run: &RunKey) -> Result<RunState, RunnerError> {
        let killed = self.simulated(&run.run_id, |run, now_ms| {
            run.end(StoppedBy::Kill, now_ms);
            run.state()
        });
        killed.map_or_else(|| self.real.kill(run), Ok)
    }

    fn stop(&self, run: &RunKey, patience: Duration) -> Result<RunState, RunnerError> {
        let stopped = self.simulated(&run.run_id, |run, now_ms| {
            run.end(StoppedBy::Request, now_ms);
            run.state()
        });
        stopped.map_or_else(|| self.real.stop(run, patience), Ok)
    }

    fn runs(&self) -> Result<Vec<RunKey>, RunnerError> {
        let mut runs = self.real.runs()?;
        runs.extend(self.state().runs.values().map(|run| run.key.clone()));
        Ok(runs)
    }

    fn last_epoch(&self, deployment_id: &str) -> Result<Option<u64>, RunnerError> {
        self.real.last_epoch(deployment_id)
    }

    fn forget(&self, run: &RunKey) -> Result<(), RunnerError> {
        match self.state().runs.remove(&run.run_id) {
            Some(_) => Ok(()),
            None => self.real.forget(run),
        }
    }

    fn checkpoints(&self, deployment_id: &str) -> Result<Vec<Checkpoint>, RunnerError> {
        self.real.checkpoints(deployment_id)
    }

    fn forget_checkpoints(&self, deployment_id: &str) -> Result<(), RunnerError> {
        self.real.forget_checkpoints(deployment_id)
    }

    fn with_checkpoints(&self) -> Result<Vec<String>, RunnerError> {
        self.real.with_checkpoints()
    }

    fn savepoint(
        &self,
        run: &RunKey,
        savepoint: &SavepointKey,
        time: SavepointTime,
    ) -> Result<SavepointState, RunnerError> {
        self.real.savepoint(run, savepoint, time)
    }

    fn find_savepoint(&self, savepoint: &SavepointKey) -> Result<Option<SavepointOrigin>, RunnerError> {
        self.real.find_savepoint(savepoint)
    }

    fn forget_savepoint(&self, savepoint: &SavepointKey) -> Result<(), RunnerError> {
        self.real.forget_savepoint(savepoint)
    }

    fn savepoints(&self) -> Result<Vec<SavepointKey>, RunnerError> {
        self.real.savepoints()
    }
}
