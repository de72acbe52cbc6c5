//! What to do next about a deployment: a pure function of what is wanted, what was written down and what is seen.
//!
//! Level-triggered: it asks only how things are, never what has happened, so that it may be called at any time,
//! any number of times, by a server that has just come back.
//!
//! - While an attempt may still be alive, nothing is started in its place: *unreachable* is a condition. One that
//!   shall end and does not answer is ended by force, if its process can be proven to be it.
//! - An attempt that is written down and was never started is started; `start` is idempotent.
//! - An attempt that was asked to stop ends, whatever is wanted by then: what comes next is another attempt.
//! - After a failure that may pass another attempt follows, later each time, up to a bound. What cannot run at all
//!   waits for a person.
//! - The clock may jump: a time that lies ahead of what it could be does not make anybody wait for it.

use model::phase::DesiredState;
use runner::{
    End, FailureCause, Outcome, RestartStrategy, RunState, SavepointOrigin, SavepointState, StoppedBy,
};

/// The deployment as it is written down.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub desired: DesiredState,
    /// The attempt that has not ended, if there is one.
    pub active: Option<ActiveRun>,
    /// How the last attempt ended; `None` too if what is wanted has changed since.
    pub last_end: Option<LastEnd>,
    /// Failures in a row, of which the last attempt was one.
    pub failures: u32,
    /// Failures within the interval of the restart strategy, if it has one.
    pub recent_failures: u32,
    /// What follows a failure.
    pub restart: RestartStrategy,
    /// Whether it was found that what is wanted now cannot run.
    pub has_failed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveRun {
    /// Whether it runs what is wanted now: this version, at this parallelism.
    pub fits: bool,
    /// Whether it is written down that it was asked to stop.
    pub is_stopping: bool,
    /// When this server asked it to, if it did.
    pub stopping_since_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastEnd {
    pub ended_ms: i64,
    pub kind: EndKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndKind {
    Finished,
    Stopped,
    /// It may go well at another attempt.
    FailedOnce,
    /// It will not.
    FailedForGood,
}

/// What to do now.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Nothing: this is how it should be. Look again after a while.
    Rest(Rest),
    /// Make a new attempt, if there is room for it.
    MakeRun,
    /// Start the attempt that is written down, or find that it runs.
    StartRun,
    /// Ask the attempt to end in order.
    RequestStop,
    /// It was asked long ago: end it by force.
    Kill,
    /// Write down how the attempt ended.
    RecordEnd(Outcome),
    /// Write down that the attempt's process is gone without a word.
    RecordLost(String),
}

/// How things are while there is nothing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Rest {
    /// The attempt starts up.
    Starting,
    Running,
    Stopping,
    /// It does not answer; it may still run.
    Unreachable(String),
    /// Another attempt follows at this time.
    BackOff {
        until_ms: i64,
    },
    Finished,
    Failed,
    Stopped,
    Suspended,
}

/// A savepoint that somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Of the state in which the run of then stops.
    pub at_stop: bool,
    /// Whether the deployment is to run, and can.
    pub runs_on: bool,
}

/// What becomes of a savepoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Wait,
    Done(SavepointOrigin),
    Failed(String),
}

/// How long after it was stopped from outside an attempt is followed by another.
pub const STOPPED_PAUSE_MS: i64 = 1_000;
/// How long a run may take to end in order.
pub const STOP_PATIENCE_MS: i64 = 60_000;

/// `seen` is what the runner says of the active attempt; without one it is not looked at.
pub fn decide(known: &Known, seen: &RunState, now_ms: i64) -> Action {
    match &known.active {
        Some(active) => about_active(known, active, seen, now_ms),
        None => without_active(known, now_ms),
    }
}

/// `state` is what the runner says of it. One that was not taken is asked of the next run, unless it is that of a run
/// which is over.
pub fn decide_savepoint(waiting: Waiting, state: SavepointState) -> Fate {
    match state {
        SavepointState::Done(origin) => Fate::Done(origin),
        SavepointState::Failed { message } => Fate::Failed(message),
        SavepointState::Pending {} => Fate::Wait,
        SavepointState::NotTaken {} if waiting.at_stop => Fate::Failed(
            "the run ended before it was taken: it failed, was ended by force, or had read its input to the end"
                .to_string(),
        ),
        SavepointState::NotTaken {} if waiting.runs_on => Fate::Wait,
        SavepointState::NotTaken {} => {
            Fate::Failed("the deployment was stopped, failed or finished before it was taken".to_string())
        }
    }
}

fn about_active(known: &Known, active: &ActiveRun, seen: &RunState, now_ms: i64) -> Action {
    let wanted = known.desired == DesiredState::Running && active.fits && !active.is_stopping;
    match seen {
        RunState::Ended(outcome) => Action::RecordEnd(outcome.clone()),
        RunState::Lost { message } => Action::RecordLost(message.clone()),
        RunState::Unreachable { message } if wanted => Action::Rest(Rest::Unreachable(message.clone())),
        RunState::Unreachable { message } => end(active, Rest::Unreachable(message.clone()), now_ms),
        // It was never started, and nobody wants it any more.
        RunState::Absent if !wanted => Action::RecordEnd(never_started(now_ms)),
        RunState::Absent => Action::StartRun,
        RunState::Starting | RunState::Running { .. } | RunState::Stopping if !wanted => {
            end(active, Rest::Stopping, now_ms)
        }
        RunState::Starting => Action::Rest(Rest::Starting),
        RunState::Running { .. } => Action::Rest(Rest::Running),
        // Somebody else asked it to: its end says who.
        RunState::Stopping => Action::Rest(Rest::Stopping),
    }
}

/// Asks it to end, and after a while insists.
fn end(active: &ActiveRun, meanwhile: Rest, now_ms: i64) -> Action {
    match active.stopping_since_ms {
        None => Action::RequestStop,
        Some(since_ms) if now_ms - since_ms >= STOP_PATIENCE_MS => Action::Kill,
        Some(_) => Action::Rest(meanwhile),
    }
}

fn without_active(known: &Known, now_ms: i64) -> Action {
    match known.desired {
        DesiredState::Stopped => return Action::Rest(Rest::Stopped),
        DesiredState::Suspended => return Action::Rest(Rest::Suspended),
        DesiredState::Running => {}
    }
    if known.has_failed {
        return Action::Rest(Rest::Failed);
    }
    let Some(last) = &known.last_end else {
        return Action::MakeRun;
    };
    match last.kind {
        EndKind::Finished => Action::Rest(Rest::Finished),
        EndKind::FailedForGood => Action::Rest(Rest::Failed),
        EndKind::FailedOnce if known.restart.gives_up(known.failures, known.recent_failures) => {
            Action::Rest(Rest::Failed)
        }
        EndKind::FailedOnce => after(last, known.restart.delay_ms(known.failures), now_ms),
        // Nobody wanted it to stop. If somebody stops it again and again, that must not keep the machine busy.
        EndKind::Stopped => after(last, STOPPED_PAUSE_MS, now_ms),
    }
}

/// Another attempt, so long after the last.
fn after(last: &LastEnd, wait_ms: i64, now_ms: i64) -> Action {
    // An end that lies ahead was written before the clock was set back.
    let passed_ms = now_ms - last.ended_ms;
    if (0..wait_ms).contains(&passed_ms) {
        let until_ms = last.ended_ms + wait_ms;
        Action::Rest(Rest::BackOff { until_ms })
    } else {
        Action::MakeRun
    }
}

fn never_started(now_ms: i64) -> Outcome {
    Outcome {
        run_id: String::new(),
        epoch: 0,
        started_ms: None,
        ended_ms: now_ms,
        end: End::Stopped {
            by: StoppedBy::Request,
        },
        metrics: runner::Metrics::default(),
        failed_savepoints: std::collections::BTreeMap::new(),
    }
}

/// What an end means for the attempts to come.
pub fn kind_of(end: &End) -> EndKind {
    match end {
        End::Finished => EndKind::Finished,
        End::Stopped { .. } => EndKind::Stopped,
        End::Failed(failure) if failure.cause.may_pass() => EndKind::FailedOnce,
        // The lock is that of a later attempt: this one is out of date, not the deployment.
        End::Failed(failure) if failure.cause == FailureCause::Fenced => EndKind::FailedOnce,
        End::Failed(_) => EndKind::FailedForGood,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        Known {
            desired: DesiredState::Running,
            active: None,
            last_end: None,
            failures: 0,
            recent_failures: 0,
            restart: RestartStrategy::default(),
            has_failed: false,
        }
    }

    fn active(fits: bool) -> Option<ActiveRun> {
        Some(ActiveRun {
            fits,
            is_stopping: false,
            stopping_since_ms: None,
        })
    }

    fn unreachable() -> RunState {
        RunState::Unreachable {
            message: "no answer".to_string(),
        }
    }

    #[test]
    fn a_run_that_cannot_be_asked_is_left_alone_as_long_as_it_is_wanted() {
        let known = Known {
            active: active(true),
            ..known()
        };
        assert_eq!(
            decide(&known, &unreachable(), i64::MAX),
            Action::Rest(Rest::Unreachable("no answer".to_string()))
        );
    }

    #[test]
    fn a_run_that_cannot_be_asked_and_shall_end_is_ended_by_force_after_a_while() {
        for (desired, fits) in [
            (DesiredState::Running, false),
            (DesiredState::Suspended, true),
            (DesiredState::Stopped, true),
        ] {
            let mut known = Known {
                desired,
                active: active(fits),
                ..known()
            };
            assert_eq!(decide(&known, &unreachable(), 0), Action::RequestStop);
            known.active = Some(ActiveRun {
                stopping_since_ms: Some(0),
                ..known.active.unwrap()
            });
            assert_eq!(
                decide(&known, &unreachable(), STOP_PATIENCE_MS - 1),
                Action::Rest(Rest::Unreachable("no answer".to_string()))
            );
            assert_eq!(decide(&known, &unreachable(), STOP_PATIENCE_MS), Action::Kill);
        }
    }

    #[test]
    fn a_run_that_was_asked_to_stop_ends_though_it_is_wanted_again() {
        let mut known = Known {
            active: Some(ActiveRun {
                is_stopping: true,
                ..active(true).unwrap()
            }),
            ..known()
        };
        let running = RunState::Running { since_ms: 0 };
        // Whoever asked it is gone, and it may not have heard.
        assert_eq!(decide(&known, &running, 0), Action::RequestStop);
        known.active = Some(ActiveRun {
            stopping_since_ms: Some(0),
            ..known.active.unwrap()
        });
        assert_eq!(decide(&known, &running, 1), Action::Rest(Rest::Stopping));
        assert_eq!(
            decide(&known, &RunState::Stopping, STOP_PATIENCE_MS),
            Action::Kill
        );
        assert!(matches!(
            decide(&known, &RunState::Absent, 1),
            Action::RecordEnd(_)
        ));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait() {
        for (kind, failures) in [(EndKind::FailedOnce, 9), (EndKind::Stopped, 0)] {
            let known = Known {
                failures,
                last_end: Some(LastEnd {
                    ended_ms: 86_400_000,
                    kind,
                }),
                ..known()
            };
            assert_eq!(decide(&known, &RunState::Absent, 0), Action::MakeRun);
        }
    }

    #[test]
    fn what_was_stopped_from_outside_comes_back_a_little_later() {
        let known = Known {
            last_end: Some(LastEnd {
                ended_ms: 0,
                kind: EndKind::Stopped,
            }),
            ..known()
        };
        assert_eq!(
            decide(&known, &RunState::Absent, 1),
            Action::Rest(Rest::BackOff {
                until_ms: STOPPED_PAUSE_MS
            })
        );
        assert_eq!(
            decide(&known, &RunState::Absent, STOPPED_PAUSE_MS),
            Action::MakeRun
        );
    }

    #[test]
    fn a_savepoint_that_no_run_has_taken_waits_for_the_next_if_there_is_one() {
        let fate = |at_stop, runs_on| {
            let waiting = Waiting { at_stop, runs_on };
            decide_savepoint(waiting, SavepointState::NotTaken {})
        };
        assert_eq!(fate(false, true), Fate::Wait);
        assert!(matches!(fate(false, false), Fate::Failed(_)));
        // Another run stops in another state.
        assert!(matches!(fate(true, true), Fate::Failed(_)));
        for (at_stop, runs_on) in [(false, false), (true, false), (true, true)] {
            let waiting = Waiting { at_stop, runs_on };
            assert_eq!(decide_savepoint(waiting, SavepointState::Pending {}), Fate::Wait);
        }
    }

    #[test]
    fn what_cannot_run_waits_for_a_person() {
        let known = Known {
            has_failed: true,
            ..known()
        };
        assert_eq!(
            decide(&known, &RunState::Absent, i64::MAX),
            Action::Rest(Rest::Failed)
        );
    }

    #[test]
    fn a_run_is_made_only_while_no_other_is_active() {
        let states = [
            RunState::Absent,
            RunState::Starting,
            RunState::Running { since_ms: 0 },
            RunState::Stopping,
            RunState::Lost {
                message: String::new(),
            },
            RunState::Ended(never_started(0)),
        ];
        for state in &states {
            for fits in [false, true] {
                let known = Known {
                    active: active(fits),
                    ..known()
                };
                assert_ne!(decide(&known, state, i64::MAX / 2), Action::MakeRun, "{state:?}");
            }
        }
        assert_eq!(decide(&known(), &RunState::Absent, 0), Action::MakeRun);
    }

    #[test]
    fn a_change_stops_the_run_of_before_and_then_makes_another() {
        let mut known = Known {
            active: active(false),
            ..known()
        };
        let running = RunState::Running { since_ms: 0 };
        assert_eq!(decide(&known, &running, 0), Action::RequestStop);
        known.active = Some(ActiveRun {
            stopping_since_ms: Some(0),
            ..known.active.unwrap()
        });
        assert_eq!(decide(&known, &running, 1), Action::Rest(Rest::Stopping));
        assert_eq!(decide(&known, &running, STOP_PATIENCE_MS), Action::Kill);
        known.active = None;
        assert_eq!(decide(&known, &RunState::Absent, 1), Action::MakeRun);
    }

    #[test]
    fn failures_are_tried_again_later_and_later_and_not_for_ever() {
        let failed = |failures| Known {
            failures,
            last_end: Some(LastEnd {
                ended_ms: 100,
                kind: EndKind::FailedOnce,
            }),
            ..known()
        };
        let until = |failures| match decide(&failed(failures), &RunState::Absent, 100) {
            Action::Rest(Rest::BackOff { until_ms }) => until_ms - 100,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            [until(1), until(2), until(3), until(9)],
            [1_000, 2_000, 4_000, 60_000]
        );
        assert_eq!(decide(&failed(1), &RunState::Absent, 1_100), Action::MakeRun);
        assert_eq!(
            decide(&failed(10), &RunState::Absent, i64::MAX),
            Action::Rest(Rest::Failed)
        );
    }

    #[test]
    fn an_attempt_that_was_written_down_and_never_started_is_started_or_dropped() {
        let mut known = Known {
            active: active(true),
            ..known()
        };
        assert_eq!(decide(&known, &RunState::Absent, 0), Action::StartRun);
        known.desired = DesiredState::Stopped;
        assert!(matches!(
            decide(&known, &RunState::Absent, 0),
            Action::RecordEnd(_)
        ));
    }
}
