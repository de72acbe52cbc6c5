//! When a job takes snapshots of itself, and who keeps them.
//!
//! The thread that looks after a job starts a checkpoint now and then. Its barrier passes the shards; what they must
//! remember is kept; and only then does what sinks have prepared become visible. A last one is kept when all shards
//! have ended, before the last rows become visible: whoever comes after a death in between makes them visible, and
//! writes none twice.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use dataflow::Error;
use state::{Extent, Snapshot};

/// The first checkpoint comes sooner than the others, each of the next after twice the time, so that a new job soon
/// shows what it does.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Keeps snapshots where they outlive the job.
pub trait SnapshotKeeper: Send + Sync + Debug {
    /// Returns when the snapshot is safe whatever happens to this process, and how much the next one is to say.
    fn keep(&self, taken: &Taken) -> Result<Extent, Error>;
}

/// A snapshot, and how it came about.
#[derive(Debug, Clone)]
pub struct Taken {
    pub snapshot: Snapshot,
    /// Whether it says all, or what has changed since the last one that was kept.
    pub extent: Extent,
    /// When its barrier set out.
    pub began_us: i64,
    /// No other one follows: all shards have ended.
    pub is_last: bool,
}

/// How a job takes checkpoints.
#[derive(Debug, Clone)]
pub struct Checkpointing {
    pub keeper: Arc<dyn SnapshotKeeper>,
    /// From one to the next; `None`: only the last one is taken.
    pub interval: Option<Duration>,
    /// The least time from the end of one to the next.
    pub min_pause: Duration,
    /// How long one may take before it counts as failed.
    pub timeout: Duration,
    /// Failures in a row that do not fail the job.
    pub tolerable_failures: u32,
}

/// When the next checkpoint is due, and how many have failed.
#[derive(Debug)]
pub(crate) struct Schedule {
    interval_us: Option<i64>,
    min_pause_us: i64,
    timeout_us: i64,
    tolerable_failures: u32,
    /// Between the last checkpoint and the next: grows up to the interval.
    pause_us: i64,
    due_us: i64,
    /// When the one under way has begun.
    began_us: Option<i64>,
    /// The one under way counts as failed already.
    is_overdue: bool,
    failures: u32,
}

impl Schedule {
    pub fn new(how: &Checkpointing, now_us: i64) -> Schedule {
        let interval_us = how.interval.map(microseconds);
        let pause_us = interval_us.map_or(0, |interval_us| interval_us.min(microseconds(FIRST_PAUSE)));
        Schedule {
            interval_us,
            min_pause_us: microseconds(how.min_pause),
            timeout_us: microseconds(how.timeout),
            tolerable_failures: how.tolerable_failures,
            pause_us,
            due_us: now_us.saturating_add(pause_us),
            began_us: None,
            is_overdue: false,
            failures: 0,
        }
    }

    /// When there is something to do again; `None` if never.
    pub fn wake_us(&self) -> Option<i64> {
        match self.began_us {
            Some(_) if self.is_overdue => None,
            Some(began_us) => Some(began_us.saturating_add(self.timeout_us)),
            None => self.interval_us.map(|_| self.due_us),
        }
    }

    /// Whether none is under way.
    pub fn is_idle(&self) -> bool {
        self.began_us.is_none()
    }

    pub fn is_due(&self, now_us: i64) -> bool {
        self.is_idle() && self.interval_us.is_some() && now_us >= self.due_us
    }

    /// One was started, by whomever.
    pub fn begin(&mut self, now_us: i64) {
        self.began_us = Some(now_us);
        self.is_overdue = false;
        if let Some(interval_us) = self.interval_us {
            self.due_us = now_us.saturating_add(self.pause_us);
            self.pause_us = self.pause_us.saturating_mul(2).min(interval_us);
        }
    }

    /// None could be started now: it is tried again after a while.
    pub fn put_off(&mut self, now_us: i64) {
        self.due_us = now_us.saturating_add(self.pause_us);
    }

    /// The one under way is over: kept, or not.
    pub fn end(&mut self, kept: Result<(), Error>, now_us: i64) -> Result<(), Error> {
        self.began_us = None;
        self.due_us = self.due_us.max(now_us.saturating_add(self.min_pause_us));
        match kept {
            Ok(()) => {
                self.failures = 0;
                Ok(())
            }
            Err(error) => self.fail(error),
        }
    }

    /// Counts the one under way as failed if it takes too long. It may still be kept later.
    pub fn check_timeout(&mut self, now_us: i64) -> Result<(), Error> {
        let Some(began_us) = self.began_us.filter(|_| !self.is_overdue) else {
            return Ok(());
        };
        if now_us < began_us.saturating_add(self.timeout_us) {
            return Ok(());
        }
        self.is_overdue = true;
        let seconds = (now_us - began_us) / 1_000_000;
        self.fail(Error::io(
            "take a checkpoint",
            std::io::Error::new(
                std::io::ErrorKind::TimedOut,
                format!(
                    "its barrier has not passed all operators after {seconds} s, \
                     as 'execution.checkpointing.timeout' asks for"
                ),
            ),
        ))
    }

    fn fail(&mut self, error: Error) -> Result<(), Error> {
        self.failures += 1;
        tracing::warn!(failures = self.failures, %error, "a checkpoint has failed");
        if self.failures > self.tolerable_failures {
            return Err(error);
        }
        Ok(())
    }
}

fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[derive(Debug)]
    struct Nowhere;

    impl SnapshotKeeper for Nowhere {
        fn keep(&self, _taken: &Taken) -> Result<Extent, Error> {
            Ok(Extent::Whole)
        }
    }

    fn schedule(interval: Option<u64>) -> Schedule {
        let how = Checkpointing {
            keeper: Arc::new(Nowhere),
            interval: interval.map(Duration::from_secs),
            min_pause: Duration::from_secs(3),
            timeout: Duration::from_secs(60),
            tolerable_failures: 1,
        };
        Schedule::new(&how, 0)
    }

    fn failed() -> Result<(), Error> {
        Err(Error::internal("the disk is full"))
    }

    #[test]
    fn the_first_ones_come_sooner_and_later_ones_at_the_interval() {
        let mut schedule = schedule(Some(10));
        let mut gaps = Vec::new();
        let mut last_us = 0;
        for _ in 0..7 {
            let now_us = schedule.wake_us().unwrap();
            assert!(schedule.is_due(now_us) && !schedule.is_due(now_us - 1));
            gaps.push(now_us - last_us);
            last_us = now_us;
            schedule.begin(now_us);
            schedule.end(Ok(()), now_us).unwrap();
        }
        // The least pause holds for the first ones, too.
        let seconds: Vec<f64> = gaps.iter().map(|&gap| gap as f64 / SECOND as f64).collect();
        assert_eq!(seconds, [0.5, 3.0, 3.0, 3.0, 4.0, 8.0, 10.0]);
    }

    #[test]
    fn a_slow_one_is_followed_after_the_least_pause() {
        let mut schedule = schedule(Some(10));
        schedule.begin(SECOND);
        assert_eq!(schedule.wake_us(), Some(61 * SECOND));
        assert!(!schedule.is_due(50 * SECOND), "one is under way");
        schedule.end(Ok(()), 50 * SECOND).unwrap();
        assert_eq!(schedule.wake_us(), Some(53 * SECOND));
    }

    #[test]
    fn without_an_interval_none_is_due() {
        let schedule = schedule(None);
        assert_eq!(schedule.wake_us(), None);
        assert!(!schedule.is_due(i64::MAX));
    }

    #[test]
    fn failures_in_a_row_fail_the_job_and_others_do_not() {
        let mut schedule = schedule(Some(10));
        for _ in 0..3 {
            schedule.begin(0);
            schedule.end(failed(), 0).unwrap();
            schedule.begin(0);
            schedule.end(Ok(()), 0).unwrap();
        }
        schedule.begin(0);
        schedule.end(failed(), 0).unwrap();
        schedule.begin(0);
        assert!(schedule.end(failed(), 0).is_err());
    }

    #[test]
    fn one_that_takes_too_long_counts_as_failed_once() {
        let mut schedule = schedule(Some(10));
        schedule.begin(0);
        schedule.check_timeout(59 * SECOND).unwrap();
        schedule.check_timeout(60 * SECOND).unwrap();
        schedule.check_timeout(70 * SECOND).unwrap();
        assert_eq!(schedule.wake_us(), None);
        schedule.end(Ok(()), 80 * SECOND).unwrap();
        schedule.begin(90 * SECOND);
        schedule.check_timeout(150 * SECOND).unwrap();
        assert!(schedule.end(failed(), 151 * SECOND).is_err());
    }
}
