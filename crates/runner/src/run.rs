//! One attempt to run a deployment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Diagnostic, Kind, Metrics, Program, RunnerError, SavepointKey};

/// How long an attempt waits for its predecessor to be gone, unless the spec says otherwise.
pub const LOCK_WAIT_MS: u64 = 10_000;

const ID_LENGTH_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSpec {
    pub run_id: String,
    pub deployment_id: String,
    /// Grows with every attempt of the deployment. An attempt of a lower epoch than one that ran refuses to run.
    pub epoch: u64,
    pub program: Program,
    /// Shards; `None` leaves it to the settings, and then to the cores of the machine.
    pub parallelism: Option<u32>,
    /// Resident memory beyond which the run fails itself.
    pub memory_bytes_max: Option<u64>,
    /// How long to wait for another attempt of this deployment to be gone.
    pub lock_wait_ms: u64,
    #[serde(default)]
    pub restore: Restore,
    /// State that the program has no operator for may be dropped.
    #[serde(default)]
    pub drops_state: bool,
}

/// What an attempt goes on from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restore {
    /// Nothing: it begins anew.
    #[default]
    None,
    /// The newest checkpoint that attempts of this epoch or later ones have taken; if there is none it begins anew.
    Latest { since_epoch: u64 },
    /// The same, but if there is none it begins from the savepoint.
    Savepoint {
        savepoint: SavepointKey,
        since_epoch: u64,
    },
}

impl RunSpec {
    pub fn key(&self) -> RunKey {
        RunKey {
            run_id: self.run_id.clone(),
            epoch: self.epoch,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunKey {
    pub run_id: String,
    pub epoch: u64,
}

/// Refuses ids that could not be the name of a file.
pub fn check_id(id: &str) -> Result<(), RunnerError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !id.is_empty() && id.len() <= ID_LENGTH_MAX && id.bytes().all(fits) {
        return Ok(());
    }
    let shown: String = id.chars().take(ID_LENGTH_MAX).collect();
    Err(RunnerError::Invalid(
        Diagnostic::error(Kind::Validation, format!("{shown:?} is no id"))
            .hint("an id has up to 64 letters, digits, '_' and '-'"),
    ))
}

/// What can be seen of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It was never started here, or nothing of it is left: it may be started.
    Absent,
    /// Planning, or waiting for an earlier attempt to be gone.
    Starting,
    Running {
        since_ms: i64,
    },
    /// Asked to end; what was read is being worked off.
    Stopping,
    Ended(Outcome),
    /// Its process is gone and left no outcome.
    Lost {
        message: String,
    },
    /// It cannot be asked now. It may still run: nothing may be started in its place.
    Unreachable {
        message: String,
    },
}

impl RunState {
    /// Whether nothing of the run goes on.
    pub fn is_over(&self) -> bool {
        matches!(self, RunState::Ended(_) | RunState::Lost { .. })
    }
}

/// How a run has ended; written once, by the run itself unless it was killed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub run_id: String,
    pub epoch: u64,
    /// When the first row could flow; `None` if it never came to that.
    pub started_ms: Option<i64>,
    pub ended_ms: i64,
    pub end: End,
    /// The last counts.
    pub metrics: Metrics,
    /// Savepoints that were asked for and could not be taken, by id, and why.
    #[serde(default)]
    pub failed_savepoints: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// All input was read.
    Finished,
    Stopped {
        by: StoppedBy,
    },
    Failed(RunFailure),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoppedBy {
    /// In order, as asked.
    Request,
    /// In order, because the machine asked its process to end. Nobody wanted the deployment stopped.
    Signal,
    /// By force, after it had not ended in time. What was not committed is lost.
    Kill,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFailure {
    pub cause: FailureCause,
    /// At least one.
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCause {
    /// The program is wrong.
    Invalid,
    /// What there is to go on from does not fit, or cannot be read: people choose.
    State,
    /// The job failed on a row or on the outside world.
    Runtime,
    /// It used more memory than it may.
    Memory,
    /// Another attempt of the deployment was still there after the wait.
    Locked,
    /// A later attempt of the deployment has run.
    Fenced,
    /// A fault of ours.
    Internal,
}

impl FailureCause {
    /// Whether another attempt of the same version may succeed.
    pub fn may_pass(self) -> bool {
        match self {
            FailureCause::Invalid | FailureCause::State | FailureCause::Fenced => false,
            FailureCause::Runtime | FailureCause::Memory | FailureCause::Locked | FailureCause::Internal => {
                true
            }
        }
    }
}

/// Lines of a log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogPage {
    pub lines: Vec<String>,
    /// The offset to ask from next.
    pub next: u64,
    /// Lines between the offset asked for and the first line here are gone.
    pub skipped: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_lead_elsewhere_are_refused() {
        for id in ["rn_01hz", "A-b_9"] {
            check_id(id).unwrap();
        }
        for id in ["", "..", "a/b", "a b", "a\0", "é", &"x".repeat(65)] {
            assert!(check_id(id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn a_state_is_read_as_it_was_written() {
        let states = [
            RunState::Absent,
            RunState::Running {
                since_ms: 1_767_225_600_123,
            },
            RunState::Ended(Outcome {
                run_id: "rn_1".to_string(),
                epoch: 7,
                started_ms: Some(5),
                ended_ms: 9,
                end: End::Failed(RunFailure {
                    cause: FailureCause::Memory,
                    diagnostics: vec![Diagnostic::error(Kind::Runtime, "too much")],
                }),
                metrics: Metrics {
                    rows_in_per_second: 0.5,
                    watermark_ms: Some(-1),
                    ..Metrics::default()
                },
                failed_savepoints: BTreeMap::from([("sp_1".to_string(), "the disk is full".to_string())]),
            }),
        ];
        for state in states {
            let written = serde_json::to_string(&state).unwrap();
            assert_eq!(
                serde_json::from_str::<RunState>(&written).unwrap(),
                state,
                "{written}"
            );
        }
    }
}
