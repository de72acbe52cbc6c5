//! The runner through its front door.

mod connections;
mod previews;
mod runs;
mod support;
