//! The memory that the keyed state of a job may take.

use std::path::Path;
use std::sync::Arc;

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
