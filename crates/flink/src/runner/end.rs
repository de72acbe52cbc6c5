//! How a job comes to its end, and what it leaves.

use std::collections::BTreeMap;

use runner::{End, FailureCause, Outcome, RunFailure, RunnerError, SavepointKey, SavepointOrigin, StoppedBy};

use super::{FlinkRunner, STATISTICS_AGE_MS, STOP_ATTEMPTS_MAX, failure, locked, of_rest, stop_trigger};
use crate::jobmanager::{self, Job, JobState, RestError, Triggered};
use crate::record::{RunRecord, SavepointRecord, Snapshot, StopRequest};
use crate::snapshots;
use crate::{fault, metrics};

impl FlinkRunner {
    /// Asks a job that is to stop, until it does.
    pub(super) fn pursue_stop(
        &self,
        record: &RunRecord,
        stop: &StopRequest,
        job: &Job,
    ) -> Result<(), RunnerError> {
        if record.is_killed || job.state == JobState::Cancelling {
            return Ok(());
        }
        let trigger = stop_trigger(record, stop.attempt);
        if stop.is_asked {
            match self.jobmanager.triggered(&record.job_id, &trigger) {
                Ok(Triggered::Failed(message)) if stop.attempt < STOP_ATTEMPTS_MAX => {
                    tracing::warn!(
                        run = record.run_id,
                        message,
                        "the job could not stop; it is asked again"
                    );
                    self.records.change_run(&record.key(), |record| {
                        if let Some(stop) = &mut record.stop {
                            stop.attempt += 1;
                            stop.is_asked = false;
                        }
                    })?;
                }
                // It was asked, and the cluster has lost that: it is asked for the same again.
                Err(RestError::NotFound(_)) => self.ask_to_stop(record, &trigger)?,
                Ok(_) => {}
                Err(error) => return Err(of_rest(error)),
            }
            return Ok(());
        }
        if record.started_ms.is_none() && job.state != JobState::Running {
            // It has read nothing, and takes no savepoint before it runs.
            self.cancel(record)?;
            return Ok(());
        }
        self.ask_to_stop(record, &trigger)
    }

    pub(super) fn ask_to_stop(&self, record: &RunRecord, trigger: &str) -> Result<(), RunnerError> {
        let folder = self.storage.savepoints(&record.deployment_id);
        match self.jobmanager.stop(&record.job_id, &folder, trigger) {
            Ok(()) => {}
            // It is over, or about to be.
            Err(RestError::NotFound(_)) => return Ok(()),
            Err(RestError::Refused(errors)) => {
                tracing::warn!(run = record.run_id, errors, "the job does not stop yet");
                return Ok(());
            }
            Err(error) => return Err(of_rest(error)),
        }
        self.records.change_run(&record.key(), |record| {
            if let Some(stop) = &mut record.stop {
                stop.is_asked = true;
            }
        })?;
        Ok(())
    }

    pub(super) fn cancel(&self, record: &RunRecord) -> Result<(), RunnerError> {
        match self.jobmanager.cancel(&record.job_id) {
            Ok(()) | Err(RestError::NotFound(_)) => Ok(()),
            Err(error) => Err(of_rest(error)),
        }
    }

    /// How a job ended, and what it left; `None` as long as that is not known. Written down by the caller.
    pub(super) fn outcome(&self, record: &RunRecord, job: &Job) -> Result<Option<Outcome>, RunnerError> {
        let told = self.jobmanager.checkpoints(&record.job_id).map_err(of_rest)?;
        let is_final = self.are_final(record);
        let mut left = match job.state {
            JobState::Finished => self.left_by_stop(record, &told)?,
            _ => None,
        };
        // People want to know how large their savepoint is.
        let is_wanted = record.stop.as_ref().is_some_and(|stop| stop.savepoint.is_some());
        let is_known = left.as_ref().is_some_and(|left| left.bytes > 0 || !is_wanted);
        if !is_known && !is_final {
            return Ok(None);
        }
        if job.state == JobState::Finished && left.is_none() {
            let savepoint = told
                .latest
                .savepoint
                .as_ref()
                .filter(|savepoint| savepoint.stops());
            left = savepoint.and_then(|savepoint| snapshots::snapshot(savepoint, true));
        }
        self.remember(record, snapshots::of_checkpoints(&told))?;
        let mut failed_savepoints = BTreeMap::new();
        let end = match job.state {
            JobState::Finished => self.finished(record, left, &mut failed_savepoints)?,
            JobState::Canceled if record.is_killed => End::Stopped { by: StoppedBy::Kill },
            JobState::Canceled if record.stop.is_some() => End::Stopped {
                by: StoppedBy::Request,
            },
            JobState::Canceled => End::Stopped {
                by: StoppedBy::Signal,
            },
            _ => End::Failed(self.failure_of(record)?),
        };
        Ok(Some(Outcome {
            run_id: record.run_id.clone(),
            epoch: record.epoch,
            started_ms: record.started_ms,
            ended_ms: if job.end_ms > 0 {
                job.end_ms
            } else {
                self.clock.now_ms()
            },
            end,
            metrics: metrics::of_job(&self.jobmanager, &record.job_id, job, &told, self.clock.now_ms()),
            failed_savepoints,
        }))
    }

    /// A job ends by itself at the end of its input, or because it was asked to stop behind a savepoint.
    pub(super) fn finished(
        &self,
        record: &RunRecord,
        left: Option<Snapshot>,
        failed_savepoints: &mut BTreeMap<String, String>,
    ) -> Result<End, RunnerError> {
        let Some(mut last) = left else {
            if let Some(StopRequest {
                savepoint: Some(wanted),
                ..
            }) = &record.stop
            {
                let message = "the input had ended before it was taken".to_string();
                failed_savepoints.insert(wanted.savepoint_id.clone(), message);
            }
            // At its end nothing is left to go on from, and Flink has removed what there was.
            self.records
                .change_run(&record.key(), |record| record.snapshots.clear())?;
            return Ok(End::Finished);
        };
        let wanted = record.stop.as_ref().and_then(|stop| stop.savepoint.as_ref());
        let by = match record.stop {
            Some(_) => StoppedBy::Request,
            None => StoppedBy::Signal,
        };
        // One that somebody else took is theirs.
        last.is_kept = wanted.is_some() || record.stop.is_none();
        if let Some(wanted) = wanted {
            self.keep_savepoint(wanted, record, &last)?;
        }
        self.records
            .change_run(&record.key(), |record| record.snapshots = vec![last])?;
        Ok(End::Stopped { by })
    }

    /// What a stop has left that was asked for here, which is known at once.
    pub(super) fn left_by_stop(
        &self,
        record: &RunRecord,
        told: &jobmanager::Checkpoints,
    ) -> Result<Option<Snapshot>, RunnerError> {
        let Some(stop) = &record.stop else {
            return Ok(None);
        };
        let trigger = stop_trigger(record, stop.attempt);
        let path = match self.jobmanager.triggered(&record.job_id, &trigger) {
            Ok(Triggered::Completed(path)) => path,
            Ok(Triggered::InProgress | Triggered::Failed(_)) | Err(RestError::NotFound(_)) => {
                return Ok(None);
            }
            Err(error) => return Err(of_rest(error)),
        };
        let known = told.latest.savepoint.as_ref();
        let known = known.filter(|savepoint| savepoint.external_path.as_deref() == Some(&path));
        if let Some(known) = known.and_then(|savepoint| snapshots::snapshot(savepoint, true)) {
            return Ok(Some(known));
        }
        let now_ms = self.clock.now_ms();
        let before = record.snapshots.last();
        Ok(Some(Snapshot {
            number: before.map_or(1, |before| before.number + 1),
            path,
            bytes: 0,
            began_ms: now_ms,
            taken_ms: now_ms,
            is_last: true,
            is_kept: false,
        }))
    }

    /// Whether statistics of a job that is over, which are some seconds old, are those of its end.
    pub(super) fn are_final(&self, record: &RunRecord) -> bool {
        let now_ms = self.clock.now_ms();
        let mut watched = locked(&self.watched);
        let watched = watched.entry(record.run_id.clone()).or_default();
        now_ms - *watched.over_since_ms.get_or_insert(now_ms) >= STATISTICS_AGE_MS
    }

    pub(super) fn keep_savepoint(
        &self,
        key: &SavepointKey,
        record: &RunRecord,
        snapshot: &Snapshot,
    ) -> Result<SavepointOrigin, RunnerError> {
        let origin = SavepointOrigin {
            run_id: record.run_id.clone(),
            epoch: record.epoch,
            parallelism: record.parallelism as usize,
            taken_ms: snapshot.taken_ms,
            bytes: snapshot.bytes,
        };
        let kept = SavepointRecord {
            path: snapshot.path.clone(),
            origin: origin.clone(),
        };
        self.records.write_savepoint(key, &kept)?;
        Ok(origin)
    }

    pub(super) fn failure_of(&self, record: &RunRecord) -> Result<RunFailure, RunnerError> {
        let exceptions = self.jobmanager.exceptions(&record.job_id).map_err(of_rest)?;
        let Some(exception) = exceptions.first() else {
            return Ok(failure(FailureCause::Runtime, "the cluster gives no reason"));
        };
        let trace = &exception.stacktrace;
        let cause = if trace.contains("OutOfMemoryError") {
            FailureCause::Memory
        } else if trace.contains("Failed to rollback to checkpoint/savepoint")
            || trace.contains("Cannot find checkpoint or savepoint")
        {
            FailureCause::State
        } else {
            FailureCause::Runtime
        };
        let message = fault::root_cause(trace).unwrap_or_else(|| exception.name.clone());
        let message = match &exception.task {
            Some(task) => format!("{message} (in {task})"),
            None => message,
        };
        Ok(failure(cause, message))
    }
}
