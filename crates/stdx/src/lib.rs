//! The clock and randomness, always handed in from outside so that a test can hold them.

pub mod clock;
pub mod random;

pub use clock::{Clock, ManualClock, SystemClock};
pub use random::Random;
