//! Worker processes of a data folder: counted, weighed, and ended when the measuring is over.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// Ids of the processes that were started as `worker --folder DATA/runs/...`.
pub fn of(data: &Path) -> Result<Vec<u32>> {
    let runs = data.join("runs");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(id) = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
        else {
            continue;
        };
        // One that has just ended is no worker any more.
        let Ok(command_line) = fs::read(format!("/proc/{id}/cmdline")) else {
            continue;
        };
        let arguments: Vec<&str> = command_line
            .split(|&byte| byte == 0)
            .filter_map(|bytes| std::str::from_utf8(bytes).ok())
            .collect();
        if let [_, "worker", "--folder", folder, ..] = arguments.as_slice()
            && Path::new(folder).parent() == Some(&runs)
        {
            found.push(id);
        }
    }
    Ok(found)
}

/// Ends whatever works in the data folder when it is dropped, so that nothing stays behind.
pub struct Cleanup<'a>(pub &'a Path);

impl Drop for Cleanup<'_> {
    fn drop(&mut self) {
        for id in of(self.0).unwrap_or_default() {
            // SAFETY: sends a signal to a process that was just found to be a worker of this bench's own data folder.
            unsafe { libc::kill(id as libc::pid_t, libc::SIGKILL) };
        }
    }
}
