//! State that does not fit into the memory it may have: rows of keys that were not used for a while go to files, and
//! come back when their key does.
//!
//! A table gives away what it has of a key in a [`Form`] of its own, and keeps no trace of it. What it gave away is in a
//! [`Store`]: sorted runs, the newest of which has the last word on a key. A [`Tier`] is what stands between the two;
//! its [`Clock`] tells which keys were not used lately. A snapshot of such a table is a [`View`] of the store, which is
//! read while the table goes on.

mod clock;
mod files;
mod filter;
mod index;
mod merge;
mod packed;
mod recent;
mod rows;
mod run;
mod squeeze;
mod store;
mod tier;
mod view;

pub use clock::Clock;
pub use files::{SpillFile, SpillFiles, SpillFolder};
pub use packed::Packed;
pub use rows::{Form, OneRow, SpilledRows};
pub use store::{Sought, Store};
pub(crate) use tier::KEPT_MAX;
pub use tier::{Budget, Fetched, Tier};
pub use view::View;
