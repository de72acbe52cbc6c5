//! The clock and randomness, always handed in from outside so that a test can hold them; files that are there whole or not
//! at all; and steps that a test can watch.

pub mod clock;
pub mod countdown;
pub mod file;
pub mod random;
pub mod step;

pub use clock::{Clock, ManualClock, SystemClock};
pub use countdown::Countdown;
pub use random::Random;
pub use step::step;
