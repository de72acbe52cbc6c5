//! The runner through its front door.

mod connections;
mod kafka;
mod object_recovery;
mod object_storage;
mod object_store;
mod previews;
mod recovery;
mod runs;
mod savepoints;
mod spilling;
mod support;
