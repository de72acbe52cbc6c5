//! What people do with jobs, on a real store and a real planner; nothing runs here.

mod bundles;
mod chaos;
mod fixture;
mod hostile_bundles;
mod workspaces;
