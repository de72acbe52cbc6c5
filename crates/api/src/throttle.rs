//! Failed sign-ins are counted, and too many of them make the next one wait.
//!
//! Counted by name and address together, so that nobody shuts another person out from elsewhere; by address, for one
//! who tries many names; and by name, for many who try one. The table is bounded: the oldest counts go first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stdx::Clock;

use crate::problem::{Problem, Result};

/// Failures are forgotten after this time without another one.
const WINDOW_MS: i64 = 15 * 60 * 1000;
const FAILURES_OF_BOTH_MAX: u32 = 5;
const FAILURES_OF_ADDRESS_MAX: u32 = 50;
const FAILURES_OF_NAME_MAX: u32 = 50;
const KEYS_MAX: usize = 10_000;
const NAME_CHARACTERS_MAX: usize = 63;

#[derive(Debug)]
pub struct Throttle {
    clock: Arc<dyn Clock>,
    counts: Mutex<HashMap<Key, Count>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Both(String, String),
    Address(String),
    Name(String),
}

#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    last_ms: i64,
}

impl Throttle {
    pub fn new(clock: Arc<dyn Clock>) -> Throttle {
        Throttle {
            clock,
            counts: Mutex::default(),
        }
    }

    /// Whether another attempt may be made now.
    pub fn check(&self, name: &str, address: &str) -> Result<()> {
        let now_ms = self.clock.now_ms();
        let counts = self.counts();
        for (key, failures_max) in keys(name, address) {
            let Some(count) = counts.get(&key) else {
                continue;
            };
            let left_ms = count.last_ms + WINDOW_MS - now_ms;
            if left_ms > 0 && count.failures >= failures_max {
                let seconds = (left_ms as u64).div_ceil(1000);
                return Err(Problem::too_many("too many sign-ins have failed")
                    .hint(format!("Try again in {} minutes.", seconds.div_ceil(60)))
                    .retry_after(seconds));
            }
        }
        Ok(())
    }

    pub fn failed(&self, name: &str, address: &str) {
        let now_ms = self.clock.now_ms();
        let mut counts = self.counts();
        for (key, _) in keys(name, address) {
            make_room(&mut counts, now_ms);
            let count = counts.entry(key).or_insert(Count {
                failures: 0,
                last_ms: now_ms,
            });
            if now_ms - count.last_ms >= WINDOW_MS {
                count.failures = 0;
            }
            count.failures += 1;
            count.last_ms = now_ms;
        }
    }

    /// Whoever knows the password has not been guessing.
    pub fn succeeded(&self, name: &str, address: &str) {
        let [(both, _), _, _] = keys(name, address);
        self.counts().remove(&both);
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Key, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keys(name: &str, address: &str) -> [(Key, u32); 3] {
    let name: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
    let address = address.to_string();
    [
        (Key::Both(name.clone(), address.clone()), FAILURES_OF_BOTH_MAX),
        (Key::Address(address), FAILURES_OF_ADDRESS_MAX),
        (Key::Name(name), FAILURES_OF_NAME_MAX),
    ]
}

fn make_room(counts: &mut HashMap<Key, Count>, now_ms: i64) {
    if counts.len() < KEYS_MAX {
        return;
    }
    counts.retain(|_, count| now_ms - count.last_ms < WINDOW_MS);
    if counts.len() < KEYS_MAX {
        return;
    }
    // A tenth at once, so that it is not looked for with every attempt.
    let mut times: Vec<i64> = counts.values().map(|count| count.last_ms).collect();
    let (_, &mut oldest, _) = times.select_nth_unstable(KEYS_MAX / 10);
    let mut surplus = KEYS_MAX / 10;
    counts.retain(|_, count| {
        let goes = count.last_ms <= oldest && surplus > 0;
        surplus -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stdx::ManualClock;

    use super::*;

    fn throttle() -> (Throttle, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at_ms(1_000_000));
        (Throttle::new(clock.clone()), clock)
    }

    #[test]
    fn after_five_failures_one_waits_and_others_do_not() {
        let (throttle, clock) = throttle();
        for _ in 0..FAILURES_OF_BOTH_MAX {
            assert!(throttle.check("ann", "10.0.0.1").is_ok());
            throttle.failed("ann", "10.0.0.1");
        }
        assert_eq!(throttle.check("ann", "10.0.0.1").unwrap_err().status(), 429);
        assert!(throttle.check("ann", "10.0.0.2").is_ok());
        assert!(throttle.check("bob", "10.0.0.1").is_ok());
        clock.advance(Duration::from_millis(WINDOW_MS as u64));
        assert!(throttle.check("ann", "10.0.0.1").is_ok());
    }

    #[test]
    fn many_names_from_one_address_and_one_name_from_many_addresses_are_noticed() {
        let (throttle, _) = throttle();
        for number in 0..FAILURES_OF_ADDRESS_MAX {
            throttle.failed(&format!("user{number}"), "10.0.0.1");
            throttle.failed("ann", &format!("10.0.1.{number}"));
        }
        assert!(throttle.check("another", "10.0.0.1").is_err());
        assert!(throttle.check("ann", "10.0.2.1").is_err());
        assert!(throttle.check("another", "10.0.2.1").is_ok());
    }

    #[test]
    fn one_who_signs_in_begins_anew() {
        let (throttle, _) = throttle();
        for _ in 0..FAILURES_OF_BOTH_MAX - 1 {
            throttle.failed("ann", "10.0.0.1");
        }
        throttle.succeeded("ann", "10.0.0.1");
        throttle.failed("ann", "10.0.0.1");
        assert!(throttle.check("ann", "10.0.0.1").is_ok());
    }

    #[test]
    fn the_table_stays_bounded() {
        let (throttle, clock) = throttle();
        for number in 0..KEYS_MAX {
            clock.advance(Duration::from_millis(1));
            throttle.failed(&format!("user{number}"), &format!("address{number}"));
            assert!(throttle.counts().len() <= KEYS_MAX);
        }
        assert!(throttle.counts().len() > KEYS_MAX / 2);
    }
}
