//! How fast a generator may go.

use std::time::Duration;

/// Rows wait so long for others, so that a batch is more than a row.
const GATHER_US: i64 = 5_000;
const WAIT_MAX: Duration = Duration::from_secs(1);

/// Row `n` of all rows is due `n / rate` seconds after the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub start_us: i64,
    /// Rows a second; not zero.
    pub rate: u64,
}

impl Pace {
    /// How many of all rows are due.
    pub fn due(&self, now_us: i64) -> u64 {
        let Ok(elapsed_us) = u128::try_from(now_us.saturating_sub(self.start_us)) else {
            return 0;
        };
        let due = elapsed_us * u128::from(self.rate) / 1_000_000;
        u64::try_from(due + 1).unwrap_or(u64::MAX)
    }

    /// How long to wait until row `n` and those shortly behind it are due.
    pub fn wait(&self, n: u64, now_us: i64) -> Duration {
        let offset_us = (u128::from(n) * 1_000_000).div_ceil(u128::from(self.rate));
        let due_us = self
            .start_us
            .saturating_add(i64::try_from(offset_us).unwrap_or(i64::MAX));
        let wait_us = due_us.saturating_sub(now_us).max(GATHER_US);
        Duration::from_micros(wait_us as u64).min(WAIT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_due_when_its_wait_is_over() {
        let pace = Pace {
            start_us: 1_000,
            rate: 10,
        };
        assert_eq!(pace.due(999), 0);
        assert_eq!(pace.due(1_000), 1);
        assert_eq!(pace.due(100_999), 1);
        assert_eq!(pace.due(101_000), 2);
        assert_eq!(pace.wait(1, 1_000), Duration::from_millis(100));
        assert_eq!(pace.wait(0, 1_000), Duration::from_millis(5));
        assert_eq!(pace.wait(1_000, 1_000), WAIT_MAX);
        let fast = Pace {
            start_us: i64::MIN,
            rate: u64::MAX,
        };
        assert_eq!(fast.due(i64::MAX), u64::MAX);
    }
}
