//! The runner through its front door.

mod connections;
mod kafka;
mod previews;
mod recovery;
mod runs;
mod savepoints;
mod spilling;
mod support;
