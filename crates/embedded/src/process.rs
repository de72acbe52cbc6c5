//! Processes as the system knows them: started apart from this one, recognised again, limited, ended.
//!
//! A process id alone proves nothing, since ids are used again. A process is the same if it was started at the
//! same tick since the same boot.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde::{Deserialize, Serialize};

/// Variables that a worker gets from the server's environment.
const ENVIRONMENT_KEPT: [&str; 2] = ["TZ", "RUST_BACKTRACE"];
/// Files that a worker may have open: input files, part files, sockets.
const OPEN_FILES_MAX: u64 = 4096;
/// Where the machine runs out of memory, a worker goes before the server.
const OOM_SCORE: &str = "500";

/// A process that can be recognised again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    pub pid: u32,
    /// When it was started, in ticks since the machine was.
    pub started_ticks: u64,
    pub boot: String,
}

impl ProcessId {
    pub fn own() -> io::Result<ProcessId> {
        let pid = std::process::id();
        let started_ticks = started_ticks(pid)?
            .ok_or_else(|| io::Error::other("this process is not among those that run"))?;
        Ok(ProcessId {
            pid,
            started_ticks,
            boot: boot()?,
        })
    }

    pub fn is_alive(&self) -> io::Result<bool> {
        Ok(boot()? == self.boot && started_ticks(self.pid)? == Some(self.started_ticks))
    }

    /// Ends the process at once if it is still the same; false if it is gone.
    pub fn kill(&self) -> io::Result<bool> {
        // The handle names this process even if its id is used again in the next moment.
        let handle = match open_process(self.pid) {
            Ok(handle) => handle,
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return Ok(false),
            Err(error) => return Err(error),
        };
        if !self.is_alive()? {
            return Ok(false);
        }
        // SAFETY: the descriptor is open, and no signal information is passed.
        let sent = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                handle.as_raw_fd(),
                libc::SIGKILL,
                std::ptr::null::<libc::siginfo_t>(),
                0,
            )
        };
        if sent == 0 {
            return Ok(true);
        }
        match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
            error => Err(error),
        }
    }
}

fn open_process(pid: u32) -> io::Result<OwnedFd> {
    // SAFETY: takes numbers and returns a descriptor that is ours.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was just opened and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor as i32) })
}

/// When a process was started; `None` if it is gone, or has ended and only waits to be noticed.
fn started_ticks(pid: u32) -> io::Result<Option<u64>> {
    let text = match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return Ok(None),
        Err(error) => return Err(error),
    };
    parse_stat(&text)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "/proc/<pid>/stat is not understood"))
}

/// The start of a process from its line in `/proc`; the inner `None` says that it has ended.
fn parse_stat(text: &str) -> Option<Option<u64>> {
    // The second field is a name that may hold anything, blanks and brackets too.
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let state = fields.next()?;
    let started: u64 = fields.nth(18)?.parse().ok()?;
    Some((!matches!(state, "Z" | "X" | "x")).then_some(started))
}

/// Tells one boot of the machine from the next, after which ids and ticks begin anew.
fn boot() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?
        .trim()
        .to_string())
}

/// How long the allocator of a process keeps memory that it does not need, at least, before it gives it back: what a
/// checkpoint takes and frees, the next one takes again, and memory that is new to a process comes at a price.
const MEMORY_KEPT_MS: &str = "120000";

/// Starts a process that nothing connects with this one: a session of its own, none of its files, and an
/// environment with nothing in it. What it prints goes to `output`.
pub fn spawn_apart(
    program: &Path,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    folder: &Path,
    output: File,
) -> io::Result<Child> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("MIMALLOC_PURGE_DELAY", MEMORY_KEPT_MS)
        .stdin(Stdio::null())
        .stderr(output.try_clone()?)
        .stdout(output);
    for name in ENVIRONMENT_KEPT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // SAFETY: between fork and exec only system calls are made, nothing is allocated and no lock is taken.
    unsafe {
        command.pre_exec(|| {
            if libc::setsid() < 0 {
                return Err(io::Error::last_os_error());
            }
            // Whatever the server has open, its database above all, is closed on exec.
            let first = 3;
            if libc::syscall(
                libc::SYS_close_range,
                first,
                libc::c_uint::MAX,
                libc::CLOSE_RANGE_CLOEXEC,
            ) < 0
            {
                return Err(io::Error::last_os_error());
            }
            Ok(())
        });
    }
    command.spawn()
}

/// Limits this process for good, before it does anything.
pub fn limit_self() -> io::Result<()> {
    limit(libc::RLIMIT_NOFILE, OPEN_FILES_MAX)?;
    // A dump would hold secrets.
    limit(libc::RLIMIT_CORE, 0)?;
    // Where the system does not let us, the order in which it ends processes is its own.
    let _ = fs::write("/proc/self/oom_score_adj", OOM_SCORE);
    Ok(())
}

fn limit(resource: libc::__rlimit_resource_t, value: u64) -> io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure outlives both calls.
    unsafe {
        if libc::getrlimit(resource, &mut limit) != 0 {
            return Err(io::Error::last_os_error());
        }
        limit.rlim_max = limit.rlim_max.min(value);
        limit.rlim_cur = limit.rlim_max;
        if libc::setrlimit(resource, &limit) != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Memory of this process that is really there, without what the system can read from files again: the program's own
/// text, and spilled state.
pub fn resident_bytes() -> io::Result<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let kib_of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    };
    // Files that are in memory only are no files that it could be read from.
    match (kib_of("RssAnon:"), kib_of("RssShmem:")) {
        (Some(anonymous), Some(shared)) => Ok((anonymous + shared) << 10),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "/proc/self/status is not understood",
        )),
    }
}

/// The process ends with this code when the disk does not give back what was written to it.
const EXIT_DISK: i32 = 6;

/// Says why this process ends when the disk fails under a file that is read as memory: there is no other way to be told.
pub fn explain_failing_disk() {
    extern "C" fn explain(_: libc::c_int) {
        const MESSAGE: &[u8] = b"cannot read spilled state: the disk failed\n";
        // SAFETY: both calls may be made in a signal handler; the bytes are static.
        unsafe {
            libc::write(libc::STDERR_FILENO, MESSAGE.as_ptr().cast(), MESSAGE.len());
            libc::_exit(EXIT_DISK);
        }
    }
    // SAFETY: the handler only makes calls that a handler may make. Stack overflows are another signal's.
    unsafe { libc::signal(libc::SIGBUS, explain as *const () as libc::sighandler_t) };
}

/// Lets standard output and standard error of this process lead to `file`.
pub fn redirect_output(file: &File) -> io::Result<()> {
    for stream in [libc::STDOUT_FILENO, libc::STDERR_FILENO] {
        // SAFETY: both descriptors are open; the second is replaced in one step.
        if unsafe { libc::dup2(file.as_raw_fd(), stream) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_one_started_at_another_tick_is_not_it() {
        let own = ProcessId::own().unwrap();
        assert!(own.is_alive().unwrap());
        let successor = ProcessId {
            started_ticks: own.started_ticks + 1,
            ..own.clone()
        };
        assert!(!successor.is_alive().unwrap());
        assert!(!successor.kill().unwrap(), "it must not be killed for another");
        let before_boot = ProcessId {
            boot: "another".to_string(),
            ..own
        };
        assert!(!before_boot.is_alive().unwrap());
    }

    #[test]
    fn a_process_that_has_ended_is_not_alive_though_nobody_has_noticed() {
        let mut child = Command::new("true").spawn().unwrap();
        let mut is_gone = false;
        for _ in 0..200 {
            is_gone = started_ticks(child.id()).unwrap().is_none();
            if is_gone {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert!(is_gone);
        child.wait().unwrap();
        assert_eq!(started_ticks(child.id()).unwrap(), None);
    }

    #[test]
    fn a_name_with_brackets_does_not_confuse() {
        let fields = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        assert_eq!(parse_stat(&format!("7 (a) b (c)) {fields}")), Some(Some(4711)));
        assert_eq!(
            parse_stat(&format!("7 (a) {}", fields.replace('S', "Z"))),
            Some(None)
        );
        assert_eq!(parse_stat("7 (a"), None);
    }

    #[test]
    fn memory_is_counted() {
        let before = resident_bytes().unwrap();
        let block = vec![1u8; 64 << 20];
        let after = resident_bytes().unwrap();
        // Other tests of this process take memory and give it back meanwhile.
        assert!(after >= before + (32 << 20), "{before} {after} {}", block[7]);
    }
}
