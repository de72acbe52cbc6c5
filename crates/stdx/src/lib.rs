//! The clock and randomness, always handed in from outside so that a test can hold them.

pub mod clock;
pub mod countdown;
pub mod random;

pub use clock::{Clock, ManualClock, SystemClock};
pub use countdown::Countdown;
pub use random::Random;
