//! What a process costs: processor seconds and peak memory.

use std::fs;
use std::process::{Child, ExitStatus};

use anyhow::{Context, Result, bail};

#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    pub cpu_seconds: f64,
    pub memory_bytes_peak: u64,
}

/// Waits for a child and tells what it used.
pub fn wait(child: Child) -> Result<(ExitStatus, Cost)> {
    use std::os::unix::process::ExitStatusExt;
    let mut status = 0;
    // SAFETY: an all-zero rusage is a valid value of that plain C struct.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the id is that of our own child, which nobody else waits for; both pointers are to live locals.
    let waited = unsafe { libc::wait4(child.id() as libc::pid_t, &mut status, 0, &mut usage) };
    if waited < 0 {
        return Err(std::io::Error::last_os_error()).context("cannot wait for a process");
    }
    let cost = Cost {
        cpu_seconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        // Linux counts in KiB.
        memory_bytes_peak: usage.ru_maxrss as u64 * 1024,
    };
    Ok((ExitStatus::from_raw(status), cost))
}

/// Processor seconds of all children of this process that have ended and were waited for.
pub fn cpu_seconds_of_ended_children() -> Result<f64> {
    // SAFETY: an all-zero rusage is a valid value of that plain C struct.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live local.
    if unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage) } != 0 {
        return Err(std::io::Error::last_os_error()).context("cannot tell what children have used");
    }
    Ok(seconds(usage.ru_utime) + seconds(usage.ru_stime))
}

fn seconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}

/// Processor seconds that a running process has used so far, its ended children left out.
pub fn cpu_seconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold spaces; fields are counted behind it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok());
    let (Some(user), Some(system)) = (ticks(11), ticks(12)) else {
        bail!("/proc/{process}/stat has an unknown form")
    };
    // SAFETY: sysconf only reads a constant of the system.
    let ticks_per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64;
    Ok((user + system) / ticks_per_second)
}

/// The memory that a running process holds now; `None` once it has ended.
pub fn memory_bytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    kib_of(&status, "VmRSS:").map(|kib| kib * 1024)
}

/// The most memory a running process has held since [`reset_memory_peak`].
pub fn memory_bytes_peak(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    Ok(kib_of(&status, "VmHWM:").context("no VmHWM")? * 1024)
}

fn kib_of(status: &str, name: &str) -> Option<u64> {
    let text = status.lines().find_map(|line| line.strip_prefix(name))?;
    text.trim().trim_end_matches("kB").trim().parse().ok()
}

pub fn reset_memory_peak(process: u32) -> Result<()> {
    Ok(fs::write(format!("/proc/{process}/clear_refs"), "5")?)
}
