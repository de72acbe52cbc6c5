//! The memory that the keyed state of a job may take, and how a process gives memory back.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use plan::config::Config;
use state::spill::{Budget, SpillFolder};

const KEY: &str = "taskmanager.memory.managed.size";

/// As the program says, or `default`; `None`: what it needs. What does not fit is spilled to a folder.
pub fn state_budget(config: &Config, default: Option<u64>, folder: &Path) -> Option<Budget> {
    let bytes = config.memory(KEY).or(default)?;
    Some(Budget {
        bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
        files: Arc::new(SpillFolder::new(folder)),
    })
}

static GIVE_BACK: OnceLock<fn()> = OnceLock::new();

/// Says how the allocator of this process is asked to give back to the system what it keeps without need.
pub fn set_give_back(give_back: fn()) {
    // Whoever came first has said the same.
    let _ = GIVE_BACK.set(give_back);
}

/// Asks for it.
pub(crate) fn give_back() {
    if let Some(give_back) = GIVE_BACK.get() {
        give_back();
    }
}
