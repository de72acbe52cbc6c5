//! The server as a process, and the command line as its client: through the front door only.

mod access;
mod backups;
mod bundles;
mod clusters;
mod deployments;
mod modes;
mod object_storage;
#[path = "../../../embedded/tests/all/object_store.rs"]
#[allow(dead_code)] // Parts of it are for other tests.
mod object_store;
mod support;
