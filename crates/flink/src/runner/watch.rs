//! What is true of a run whose job the cluster was asked for.

use runner::{RunState, RunnerError};

use super::{
    CHECKPOINTS_LOOK_MS, FlinkRunner, SNAPSHOTS_REMEMBERED, STATISTICS_PATIENCE_MS, SUBMIT_PATIENCE_MS,
    UNKNOWN_PATIENCE_MS, is_over, locked, of_rest,
};
use crate::jobmanager::{Job, JobState, RestError};
use crate::record::{RunRecord, Snapshot};
use crate::snapshots;

impl FlinkRunner {
    pub(super) fn state_of(&self, record: &RunRecord, job: &Job) -> Result<RunState, RunnerError> {
        let key = record.key();
        if is_over(job.state) {
            let Some(outcome) = self.outcome(record, job)? else {
                return Ok(match record.started_ms {
                    _ if record.stop.is_some() || record.is_killed => RunState::Stopping,
                    Some(since_ms) => RunState::Running { since_ms },
                    None => RunState::Starting,
                });
            };
            self.records
                .change_run(&key, |record| record.outcome = Some(outcome.clone()))?;
            locked(&self.watched).remove(&record.run_id);
            return Ok(RunState::Ended(outcome));
        }
        if job.state == JobState::Suspended {
            return Ok(RunState::Unreachable {
                message: "the JobManager is not the leader any more; another one goes on with the job"
                    .to_string(),
            });
        }
        if let Some(stop) = &record.stop {
            self.pursue_stop(record, stop, job)?;
            return Ok(RunState::Stopping);
        }
        if matches!(job.state, JobState::Cancelling) || record.is_killed {
            return Ok(RunState::Stopping);
        }
        let runs = job.state == JobState::Running
            && !job.vertices.is_empty()
            && job
                .vertices
                .iter()
                .all(|vertex| matches!(vertex.status.as_str(), "RUNNING" | "FINISHED"));
        let started_ms = match record.started_ms {
            Some(started_ms) => started_ms,
            None if runs => {
                let now_ms = self.clock.now_ms();
                self.records
                    .change_run(&key, |record| record.started_ms = Some(now_ms))?;
                now_ms
            }
            None => return Ok(RunState::Starting),
        };
        self.look_at_checkpoints(record)?;
        Ok(RunState::Running { since_ms: started_ms })
    }

    /// Remembers the newest checkpoints of a job, so that another one can go on from them whatever becomes of the cluster.
    pub(super) fn look_at_checkpoints(&self, record: &RunRecord) -> Result<(), RunnerError> {
        let now_ms = self.clock.now_ms();
        {
            let mut watched = locked(&self.watched);
            let watched = watched.entry(record.run_id.clone()).or_default();
            if (0..CHECKPOINTS_LOOK_MS).contains(&(now_ms - watched.checkpoints_at_ms)) {
                return Ok(());
            }
            watched.checkpoints_at_ms = now_ms;
        }
        match self.jobmanager.checkpoints(&record.job_id) {
            Ok(told) => self.remember(record, snapshots::of_checkpoints(&told)),
            // There will be another look.
            Err(error) => {
                tracing::debug!(run = record.run_id, %error, "checkpoints cannot be listed");
                Ok(())
            }
        }
    }

    pub(super) fn remember(
        &self,
        record: &RunRecord,
        mut snapshots: Vec<Snapshot>,
    ) -> Result<(), RunnerError> {
        if snapshots.is_empty() {
            return Ok(());
        }
        snapshots.drain(..snapshots.len().saturating_sub(SNAPSHOTS_REMEMBERED));
        self.records.change_run(&record.key(), |record| {
            let last = record.snapshots.iter().filter(|snapshot| snapshot.is_last);
            snapshots.extend(last.cloned());
            record.snapshots = snapshots;
        })?;
        self.forget_before(record)
    }

    /// Nobody goes on from what earlier attempts left: this one has its own. It is not removed here: what the
    /// job went on from belongs to it, and may hold files that its own checkpoints refer to.
    pub(super) fn forget_before(&self, record: &RunRecord) -> Result<(), RunnerError> {
        for earlier in self.records.runs_of(&record.deployment_id)? {
            if earlier.epoch < record.epoch && !earlier.snapshots.is_empty() {
                self.forget_snapshots(&earlier)?;
            }
        }
        Ok(())
    }

    pub(super) fn remove_snapshots(&self, record: &RunRecord) -> Result<(), RunnerError> {
        for snapshot in record.snapshots.iter().filter(|snapshot| !snapshot.is_kept) {
            match self.jobmanager.dispose(&snapshot.path) {
                // It may be gone already.
                Ok(()) | Err(RestError::NotFound(_) | RestError::Refused(_)) => {}
                Err(error) => return Err(of_rest(error)),
            }
        }
        self.forget_snapshots(record)
    }

    pub(super) fn forget_snapshots(&self, record: &RunRecord) -> Result<(), RunnerError> {
        if record.is_forgotten {
            return self.records.remove_run(&record.key());
        }
        self.records
            .change_run(&record.key(), |record| record.snapshots.clear())?;
        Ok(())
    }

    /// Statistics are some seconds old, and do not reach back for ever.
    pub(super) fn may_be_told_soon(&self, run_id: &str) -> bool {
        let now_ms = self.clock.now_ms();
        let mut watched = locked(&self.watched);
        let watched = watched.entry(run_id.to_string()).or_default();
        let since_ms = *watched.savepoint_since_ms.get_or_insert(now_ms);
        let is_soon = now_ms - since_ms < STATISTICS_PATIENCE_MS;
        if !is_soon {
            watched.savepoint_since_ms = None;
        }
        is_soon
    }

    pub(super) fn missing(&self, record: &RunRecord, message: &str) -> Result<RunState, RunnerError> {
        let now_ms = self.clock.now_ms();
        if !record.is_submitted {
            return Ok(match record.asked_ms {
                // It may still be planning, and then has the job after all.
                Some(asked_ms) if (0..SUBMIT_PATIENCE_MS).contains(&(now_ms - asked_ms)) => {
                    RunState::Unreachable {
                        message: "the cluster was asked for the job, and has not answered".to_string(),
                    }
                }
                _ => RunState::Absent,
            });
        }
        if record.address != self.address {
            return Ok(RunState::Unreachable {
                message: "the cluster does not know the job, which was given to one at another address"
                    .to_string(),
            });
        }
        // Only what answers other questions can be believed.
        if let Err(error) = self.jobmanager.overview() {
            locked(&self.watched).remove(&record.run_id);
            return Err(of_rest(error));
        }
        let mut watched = locked(&self.watched);
        let watched = watched.entry(record.run_id.clone()).or_default();
        let since_ms = *watched.unknown_since_ms.get_or_insert(now_ms);
        if now_ms - since_ms < UNKNOWN_PATIENCE_MS {
            return Ok(RunState::Unreachable {
                message: format!(
                    "the cluster does not know the job ({message}); it may not have found it again yet"
                ),
            });
        }
        Ok(RunState::Lost {
            message: "the cluster does not know the job any more: its JobManager was started anew without \
                      high availability, or forgot how the job ended"
                .to_string(),
        })
    }
}
