//! What follows the failure of an attempt.

use serde::{Deserialize, Serialize};

/// As `restart-strategy.type` names it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartStrategy {
    /// No other attempt.
    None,
    /// So many other attempts, each so long after a failure.
    FixedDelay { attempts: u32, delay_ms: u64 },
    /// Others, as long as no more failures than these fall into the interval.
    FailureRate {
        failures_max: u32,
        interval_ms: u64,
        delay_ms: u64,
    },
    /// Others, each after a longer time, up to a longest one. An attempt that has run for a while before it failed
    /// starts the count anew.
    ExponentialDelay {
        first_ms: u64,
        max_ms: u64,
        multiplier: f64,
        healthy_ms: u64,
        /// `None`: without end.
        attempts: Option<u32>,
    },
}

impl Default for RestartStrategy {
    /// What holds if nothing is set: what has failed ten times in a row is left to people.
    fn default() -> Self {
        RestartStrategy::ExponentialDelay {
            first_ms: 1_000,
            max_ms: 60_000,
            multiplier: 2.0,
            healthy_ms: 10 * 60_000,
            attempts: Some(9),
        }
    }
}

impl RestartStrategy {
    /// Whether no other attempt follows after so many failures in a row, and so many within the interval.
    pub fn gives_up(&self, failures: u32, recent: u32) -> bool {
        match *self {
            RestartStrategy::None => failures > 0,
            RestartStrategy::FixedDelay { attempts, .. } => failures > attempts,
            RestartStrategy::FailureRate { failures_max, .. } => recent > failures_max,
            RestartStrategy::ExponentialDelay { attempts, .. } => {
                attempts.is_some_and(|attempts| failures > attempts)
            }
        }
    }

    /// How long to wait after so many failures in a row.
    pub fn delay_ms(&self, failures: u32) -> i64 {
        let delay_ms = match *self {
            RestartStrategy::None => 0,
            RestartStrategy::FixedDelay { delay_ms, .. } | RestartStrategy::FailureRate { delay_ms, .. } => {
                delay_ms
            }
            RestartStrategy::ExponentialDelay {
                first_ms,
                max_ms,
                multiplier,
                ..
            } => {
                let steps = failures.saturating_sub(1).min(1_000) as i32;
                let delay_ms = first_ms as f64 * multiplier.max(1.0).powi(steps);
                // A float that is too large becomes the greatest number.
                (delay_ms as u64).min(max_ms)
            }
        };
        i64::try_from(delay_ms).unwrap_or(i64::MAX)
    }

    /// How long an attempt must have run for its failure to be the first of a row.
    pub fn healthy_ms(&self) -> Option<i64> {
        match *self {
            RestartStrategy::ExponentialDelay { healthy_ms, .. } => i64::try_from(healthy_ms).ok(),
            _ => None,
        }
    }

    /// The time in which failures are counted.
    pub fn interval_ms(&self) -> Option<i64> {
        match *self {
            RestartStrategy::FailureRate { interval_ms, .. } => i64::try_from(interval_ms).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_setting_nine_attempts_follow_later_and_later() {
        let strategy = RestartStrategy::default();
        let delays: Vec<i64> = [1, 2, 3, 9]
            .iter()
            .map(|&failures| strategy.delay_ms(failures))
            .collect();
        assert_eq!(delays, [1_000, 2_000, 4_000, 60_000]);
        assert!(!strategy.gives_up(9, 9) && strategy.gives_up(10, 0));
        assert_eq!(strategy.delay_ms(u32::MAX), 60_000);
    }

    #[test]
    fn each_strategy_gives_up_by_its_own_count() {
        assert!(RestartStrategy::None.gives_up(1, 0));
        let fixed = RestartStrategy::FixedDelay {
            attempts: 3,
            delay_ms: 5_000,
        };
        assert!(!fixed.gives_up(3, 100) && fixed.gives_up(4, 0));
        assert_eq!((fixed.delay_ms(1), fixed.delay_ms(3)), (5_000, 5_000));
        let rate = RestartStrategy::FailureRate {
            failures_max: 2,
            interval_ms: 60_000,
            delay_ms: 10,
        };
        assert!(!rate.gives_up(100, 2) && rate.gives_up(3, 3));
        let endless = RestartStrategy::ExponentialDelay {
            first_ms: 1,
            max_ms: u64::MAX,
            multiplier: 1e300,
            healthy_ms: 1,
            attempts: None,
        };
        assert!(!endless.gives_up(u32::MAX, u32::MAX));
        assert_eq!(endless.delay_ms(5), i64::MAX);
    }
}
