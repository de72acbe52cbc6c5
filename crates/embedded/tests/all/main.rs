//! The runner through its front door.

mod connections;
mod previews;
mod recovery;
mod runs;
mod support;
