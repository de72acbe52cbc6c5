//! The life of a job on real worker processes.

mod bundles;
mod life;
mod recovery;
mod savepoints;
mod support;
