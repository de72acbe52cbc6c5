//! Worker processes as the machine knows them, and the rule that no job runs twice.
//!
//! A worker belongs to a data folder: its command line names the folder of its run, which says which deployment it is
//! and of which epoch.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;
use stdx::{Clock, SystemClock};

const WATCH_INTERVAL: Duration = Duration::from_millis(15);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    pub pid: i32,
    /// When it was started, in ticks since the machine was: tells it from a later process of the same id.
    started_ticks: u64,
    folder: PathBuf,
    pub run_id: String,
    pub deployment_id: String,
    pub epoch: u64,
    /// Whether it is the process that serves the run. One that came second leaves at once, before it does anything.
    serves: bool,
}

impl Worker {
    pub fn is_alive(&self) -> bool {
        started_ticks(self.pid) == Some(self.started_ticks)
    }

    /// Whether its run may be under way. Once it has said how it ended, all that is left to do is to leave.
    fn is_at_work(&self) -> bool {
        self.serves && !self.folder.join("outcome.json").exists()
    }

    /// Ends it as `kill -9` does; false if it was gone already.
    pub fn kill(&self) -> bool {
        if !self.is_alive() {
            return false;
        }
        // SAFETY: sends a signal to a process that was just found to be a worker of a test's own data folder.
        unsafe { libc::kill(self.pid, libc::SIGKILL) == 0 }
    }
}

/// The workers of a data folder that are alive.
pub fn of(data: &Path) -> Vec<Worker> {
    let runs = data.join("runs");
    let processes = fs::read_dir("/proc").expect("there is a /proc");
    let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter_map(|pid| worker(pid, &runs)).collect()
}

fn worker(pid: i32, runs: &Path) -> Option<Worker> {
    let command_line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let mut arguments = command_line
        .split(|&byte| byte == 0)
        .map(|bytes| String::from_utf8_lossy(bytes));
    // The program, then what it is told.
    if arguments.nth(1)? != "worker" || arguments.next()? != "--folder" {
        return None;
    }
    let folder = PathBuf::from(arguments.next()?.into_owned());
    if folder.parent()? != runs {
        return None;
    }
    let spec = json(&folder.join("spec.json"))?;
    let server = json(&folder.join("worker.pid"));
    Some(Worker {
        pid,
        started_ticks: started_ticks(pid)?,
        run_id: spec["run_id"].as_str()?.to_string(),
        deployment_id: spec["deployment_id"].as_str()?.to_string(),
        epoch: spec["epoch"].as_u64()?,
        serves: server.is_some_and(|server| server["process"]["pid"].as_i64() == Some(pid.into())),
        folder,
    })
}

fn json(file: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// When a process was started; `None` if it is gone or has ended and only waits to be noticed.
fn started_ticks(pid: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before the bracket may hold anything.
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    match fields.next()? {
        "Z" | "X" | "x" => None,
        _ => fields.nth(18)?.parse().ok(),
    }
}

/// Looks all the time whether two attempts of one deployment run side by side, and whether epochs only rise.
#[derive(Debug)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Seen {
    looks: u64,
    /// The newest epoch of each deployment, and its process.
    newest: BTreeMap<String, (u64, i32)>,
    faults: Vec<String>,
}

impl Watch {
    pub fn start(data: &Path) -> Watch {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::new(Mutex::new(Seen::default()));
        let thread = {
            let (stop, seen, data) = (stop.clone(), seen.clone(), data.to_path_buf());
            thread::spawn(move || {
                while !stop.load(Ordering::Acquire) {
                    let found = of(&data);
                    let twins = twins(&found);
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.take_note(&found, twins);
                    drop(seen);
                    SystemClock.sleep(WATCH_INTERVAL);
                }
            })
        };
        Watch {
            stop,
            seen,
            thread: Some(thread),
        }
    }

    /// Panics if a rule was broken since the start.
    #[track_caller]
    pub fn check(&self) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(seen.faults.is_empty(), "{}", seen.faults.join("\n"));
    }

    /// How often it was looked, and how many deployments were seen running.
    pub fn seen(&self) -> (u64, usize) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.looks, seen.newest.len())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // Its faults were told by `check`; here the test is over either way.
            let _ = thread.join();
        }
    }
}

/// Pairs of workers of one deployment that run at the same time.
///
/// The processes were listed one after the other, so that a pair counts only if both still run after both were seen.
fn twins(found: &[Worker]) -> Vec<(Worker, Worker)> {
    let mut twins = Vec::new();
    for (index, one) in found.iter().enumerate() {
        for other in &found[index + 1..] {
            let is_at_work = |worker: &Worker| worker.is_at_work() && worker.is_alive();
            if one.deployment_id == other.deployment_id && is_at_work(one) && is_at_work(other) {
                twins.push((one.clone(), other.clone()));
            }
        }
    }
    twins
}

impl Seen {
    fn take_note(&mut self, found: &[Worker], twins: Vec<(Worker, Worker)>) {
        self.looks += 1;
        for (one, other) in twins {
            self.faults
                .push(format!("two workers of one deployment: {one:?} and {other:?}"));
        }
        for worker in found.iter().filter(|worker| worker.is_at_work()) {
            let newest = self
                .newest
                .entry(worker.deployment_id.clone())
                .or_insert((worker.epoch, worker.pid));
            if worker.epoch > newest.0 {
                *newest = (worker.epoch, worker.pid);
            } else if worker.epoch == newest.0 && worker.pid != newest.1 {
                self.faults.push(format!(
                    "process {} runs epoch {} again, which process {} had: {worker:?}",
                    worker.pid, worker.epoch, newest.1
                ));
                newest.1 = worker.pid;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(pid: i32, epoch: u64) -> Worker {
        Worker {
            pid,
            started_ticks: 0,
            folder: PathBuf::from("/nowhere"),
            run_id: format!("rn_{epoch}"),
            deployment_id: "dp_1".to_string(),
            epoch,
            serves: true,
        }
    }

    #[test]
    fn two_that_run_side_by_side_are_a_fault_and_so_is_an_epoch_that_runs_again() {
        let own = std::process::id() as i32;
        let alive = |epoch| Worker {
            started_ticks: started_ticks(own).unwrap(),
            ..worker(own, epoch)
        };
        assert_eq!(twins(&[alive(1), alive(2)]).len(), 1);
        // A process of that id that was started at another time is gone.
        assert!(twins(&[worker(own, 1), alive(2)]).is_empty());
        let mut seen = Seen::default();
        seen.take_note(&[worker(7, 1)], Vec::new());
        seen.take_note(&[worker(8, 2), worker(7, 1)], Vec::new());
        assert!(seen.faults.is_empty(), "{:?}", seen.faults);
        seen.take_note(&[worker(9, 2)], Vec::new());
        assert_eq!(seen.faults.len(), 1);
    }
}
