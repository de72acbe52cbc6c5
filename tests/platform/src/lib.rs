//! The platform from outside: a server process with its workers, and somebody who works with it over HTTP.
//!
//! Nothing here knows the server but by what it answers and prints, by its processes and by the data folder that it
//! documents.

pub mod backup;
pub mod client;
pub mod cycle;
pub mod events;
pub mod ledger;
pub mod person;
pub mod server;
pub mod workers;

use std::time::Duration;

use stdx::{Clock, SystemClock};

/// How long anything may take that a test waits for, on a machine with much else to do.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is looked whether it has come.
pub const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer, and says what was waited for if there is none.
pub fn until<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let deadline_ms = SystemClock.now_ms() + PATIENCE.as_millis() as i64;
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(SystemClock.now_ms() < deadline_ms, "waited in vain: {what}");
        SystemClock.sleep(LOOK_INTERVAL);
    }
}
