//! The store through its front door: what it keeps, what it refuses, and what it never tells.

mod artifacts;
mod audit;
mod backup;
mod catalog;
mod clusters;
mod connections;
mod deployments;
mod drafts;
mod fixture;
mod idempotency;
mod opening;
mod paging;
mod people;
mod runs;
mod savepoints;
mod secrets;
mod sessions;
mod tokens;
mod versions;
mod workspaces;
