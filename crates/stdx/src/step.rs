//! Steps of protocols, at each of which a test may end the process.

use std::sync::OnceLock;

static WATCHER: OnceLock<Box<dyn Fn(&'static str) + Send + Sync>> = OnceLock::new();

/// Tells the watcher, if there is one, that a step was reached. Called where something is about to be done that outlives
/// the process, or was just done.
pub fn step(name: &'static str) {
    if let Some(watcher) = WATCHER.get() {
        watcher(name);
    }
}

/// Sets the watcher of this process. There is one at most: the first stays.
pub fn watch(watcher: impl Fn(&'static str) + Send + Sync + 'static) {
    let _ = WATCHER.set(Box::new(watcher));
}
