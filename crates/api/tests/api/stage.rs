//! A runner for tests: checks and previews are the embedded engine's own; runs are told how they go.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use embedded::{EmbeddedOptions, EmbeddedRunner};
use runner::{
    CheckReport, Checkpoint, ConnectionReport, ConnectionTest, Diagnostic, End, LogPage, Metrics, Outcome,
    Preview, PreviewRequest, Program, Purpose, RunKey, RunSpec, RunState, Runner, RunnerError, SavepointKey,
    SavepointOrigin, SavepointState, SavepointTime, StateVerdict, StoppedBy,
};

pub struct Stage {
    engine: EmbeddedRunner,
    runs: Mutex<HashMap<String, RunState>>,
    savepoints: Mutex<BTreeMap<SavepointKey, SavepointOrigin>>,
}

impl Stage {
    pub fn new(data: &Path) -> Stage {
        Stage {
            engine: EmbeddedRunner::new(EmbeddedOptions::new(data).unwrap()).unwrap(),
            runs: Mutex::default(),
            savepoints: Mutex::default(),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, RunState>) -> T) -> T {
        work(&mut self.runs.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Runner for Stage {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn check(&self, program: &Program, purpose: Purpose) -> CheckReport {
        self.engine.check(program, purpose)
    }

    fn compare(&self, before: &Program, after: &Program) -> Result<StateVerdict, Vec<Diagnostic>> {
        self.engine.compare(before, after)
    }

    fn preview(&self, request: PreviewRequest) -> Result<Box<dyn Preview>, RunnerError> {
        self.engine.preview(request)
    }

    fn test_connection(&self, test: &ConnectionTest) -> ConnectionReport {
        self.engine.test_connection(test)
    }

    fn start(&self, spec: &RunSpec) -> Result<RunState, RunnerError> {
        let running = RunState::Running { since_ms: 0 };
        Ok(self.with(|runs| runs.entry(spec.run_id.clone()).or_insert(running).clone()))
    }

    fn observe(&self, run: &RunKey) -> Result<RunState, RunnerError> {
        Ok(self
            .with(|runs| runs.get(&run.run_id).cloned())
            .unwrap_or(RunState::Absent))
    }

    fn metrics(&self, _: &RunKey) -> Result<Metrics, RunnerError> {
        Ok(Metrics {
            at_ms: 1_764_406_800_000,
            rows_in: 7,
            rows_out: 3,
            watermark_ms: Some(i64::MAX),
            ..Metrics::default()
        })
    }

    /// Two lines, and after them nothing.
    fn logs(&self, _: &str, after: u64, _: usize) -> Result<LogPage, RunnerError> {
        let lines = if after == 0 {
            vec!["begun".to_string(), "going on".to_string()]
        } else {
            Vec::new()
        };
        Ok(LogPage {
            lines,
            next: 15,
            skipped: false,
        })
    }

    fn request_stop(&self, run: &RunKey) -> Result<(), RunnerError> {
        self.kill(run).map(|_| ())
    }

    fn kill(&self, run: &RunKey) -> Result<RunState, RunnerError> {
        let ended = RunState::Ended(Outcome {
            run_id: run.run_id.clone(),
            epoch: run.epoch,
            started_ms: None,
            ended_ms: 0,
            end: End::Stopped {
                by: StoppedBy::Request,
            },
            metrics: Metrics::default(),
            failed_savepoints: BTreeMap::new(),
        });
        self.with(|runs| runs.insert(run.run_id.clone(), ended.clone()));
        Ok(ended)
    }

    fn stop(&self, run: &RunKey, _: Duration) -> Result<RunState, RunnerError> {
        self.kill(run)
    }

    fn runs(&self) -> Result<Vec<RunKey>, RunnerError> {
        Ok(Vec::new())
    }

    fn last_epoch(&self, _: &str) -> Result<Option<u64>, RunnerError> {
        Ok(None)
    }

    fn forget(&self, run: &RunKey) -> Result<(), RunnerError> {
        self.with(|runs| runs.remove(&run.run_id));
        Ok(())
    }

    fn checkpoints(&self, _deployment_id: &str) -> Result<Vec<Checkpoint>, RunnerError> {
        Ok(Vec::new())
    }

    fn forget_checkpoints(&self, _deployment_id: &str) -> Result<(), RunnerError> {
        Ok(())
    }

    fn with_checkpoints(&self) -> Result<Vec<String>, RunnerError> {
        Ok(Vec::new())
    }

    /// Done at once, if the run goes on.
    fn savepoint(
        &self,
        run: &RunKey,
        savepoint: &SavepointKey,
        _: SavepointTime,
    ) -> Result<SavepointState, RunnerError> {
        if let Some(origin) = self.find_savepoint(savepoint)? {
            return Ok(SavepointState::Done(origin));
        }
        if !matches!(self.observe(run)?, RunState::Running { .. }) {
            return Ok(SavepointState::NotTaken {});
        }
        let origin = SavepointOrigin {
            run_id: run.run_id.clone(),
            epoch: run.epoch,
            parallelism: 1,
            taken_ms: 1_764_406_800_000,
            bytes: 1_234,
        };
        let mut savepoints = self.savepoints.lock().unwrap_or_else(PoisonError::into_inner);
        savepoints.insert(savepoint.clone(), origin.clone());
        Ok(SavepointState::Done(origin))
    }

    fn find_savepoint(&self, savepoint: &SavepointKey) -> Result<Option<SavepointOrigin>, RunnerError> {
        let savepoints = self.savepoints.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(savepoints.get(savepoint).cloned())
    }

    fn forget_savepoint(&self, savepoint: &SavepointKey) -> Result<(), RunnerError> {
        let mut savepoints = self.savepoints.lock().unwrap_or_else(PoisonError::into_inner);
        savepoints.remove(savepoint);
        Ok(())
    }

    fn savepoints(&self) -> Result<Vec<SavepointKey>, RunnerError> {
        let savepoints = self.savepoints.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(savepoints.keys().cloned().collect())
    }
}

/// As the platform knows it.
pub fn runner(data: &Path) -> Arc<dyn Runner> {
    Arc::new(Stage::new(data))
}
