//! The runner on a real cluster: jobs from their start to their end, and what is left of them.

mod cluster;
mod life;
mod outages;
mod refused;
mod support;
