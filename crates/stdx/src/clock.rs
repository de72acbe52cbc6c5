//! The time of day, handed in.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Microseconds since 1970-01-01 00:00:00 UTC.
    fn now_us(&self) -> i64;

    fn now_ms(&self) -> i64 {
        self.now_us().div_euclid(1000)
    }

    /// Waits for at most this long. A manual clock moves on instead.
    fn sleep(&self, duration: Duration);
}

#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_us(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_micros() as i64,
            Err(before) => -(before.duration().as_micros() as i64),
        }
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug, Default)]
pub struct ManualClock {
    now_us: AtomicI64,
}

impl ManualClock {
    pub fn at_ms(now_ms: i64) -> Self {
        ManualClock {
            now_us: AtomicI64::new(now_ms * 1000),
        }
    }

    /// Sets the time, also back.
    pub fn set_ms(&self, now_ms: i64) {
        self.now_us.store(now_ms * 1000, Ordering::SeqCst);
    }

    pub fn advance(&self, duration: Duration) {
        self.now_us
            .fetch_add(duration.as_micros() as i64, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_us(&self) -> i64 {
        self.now_us.load(Ordering::SeqCst)
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
