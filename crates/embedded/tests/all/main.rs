//! The runner through its front door.

mod previews;
mod runs;
mod support;
