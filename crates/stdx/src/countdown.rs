//! Waiting with a bound that a clock which jumps cannot stretch.

use std::time::Duration;

use crate::Clock;

/// Time that is left of a wait. Each look takes away what has passed since the one before; a clock that was set back
/// in between takes away nothing, one that was set forward at most ends the wait.
#[derive(Debug)]
pub struct Countdown {
    left_us: i64,
    last_us: i64,
}

impl Countdown {
    pub fn new(clock: &dyn Clock, patience: Duration) -> Countdown {
        Countdown {
            left_us: i64::try_from(patience.as_micros()).unwrap_or(i64::MAX),
            last_us: clock.now_us(),
        }
    }

    pub fn is_over(&mut self, clock: &dyn Clock) -> bool {
        let now_us = clock.now_us();
        self.left_us -= now_us.saturating_sub(self.last_us).max(0);
        self.last_us = now_us;
        self.left_us <= 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManualClock;

    #[test]
    fn a_clock_that_is_set_back_does_not_stretch_a_wait() {
        let clock = ManualClock::at_ms(1_000_000);
        let mut wait = Countdown::new(&clock, Duration::from_secs(10));
        clock.advance(Duration::from_secs(9));
        assert!(!wait.is_over(&clock));
        clock.set_ms(5);
        assert!(!wait.is_over(&clock));
        clock.advance(Duration::from_millis(999));
        assert!(!wait.is_over(&clock));
        clock.advance(Duration::from_millis(1));
        assert!(wait.is_over(&clock));
    }

    #[test]
    fn a_clock_that_is_set_forward_ends_it() {
        let clock = ManualClock::at_ms(0);
        let mut wait = Countdown::new(&clock, Duration::MAX);
        assert!(!wait.is_over(&clock));
        let mut wait = Countdown::new(&clock, Duration::from_secs(10));
        clock.set_ms(86_400_000);
        assert!(wait.is_over(&clock));
    }
}
