//! Queries whose state is bounded by theory, over many events of advancing time: their memory must stay flat.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::process;
use crate::say;

#[derive(Debug, Args)]
pub struct Options {
    /// Events that each query reads.
    #[arg(long, default_value_t = 50_000_000)]
    events: u64,
    /// Only these queries.
    queries: Vec<String>,
}

const NAMES: [&str; 4] = ["interval_join", "window_top_n", "temporal_join", "session"];
const SAMPLE_PAUSE: Duration = Duration::from_millis(50);
/// Parts of a run; each is told by the most memory that was held in it.
const PARTS: usize = 5;
/// By how much the last part may exceed the second, in which every window is open and every buffer has its size.
const GROWTH_MAX: f64 = 1.15;
/// What an allocator may keep for later does not grow with the state: so much more is no growth.
const SLACK_BYTES: f64 = (8 << 20) as f64;

pub fn run(root: &Path, binary: &Path, scratch: &Path, options: &Options) -> Result<()> {
    if let Some(unknown) = options
        .queries
        .iter()
        .find(|name| !NAMES.contains(&name.as_str()))
    {
        bail!("there is no query '{unknown}'; known: {}", NAMES.join(", "));
    }
    fs::create_dir_all(scratch)?;
    say(&format!(
        "{} events, parallelism 2; MiB held in each fifth of the run\n\n\
         | query | seconds | 1 | 2 | 3 | 4 | 5 | flat |\n| --- | --- | --- | --- | --- | --- | --- | --- |",
        options.events
    ))?;
    let mut growing = Vec::new();
    for name in NAMES {
        if !options.queries.is_empty() && !options.queries.iter().any(|wanted| wanted == name) {
            continue;
        }
        let script = script(root, name, options.events)?;
        let (seconds, samples) = sample(binary, &script, scratch)?;
        let parts =
            peaks(&samples).with_context(|| format!("{name} was over at once; more --events are needed"))?;
        let is_flat = parts[PARTS - 1] as f64 <= parts[1] as f64 * GROWTH_MAX + SLACK_BYTES;
        let listed: Vec<String> = parts.iter().map(|bytes| (bytes >> 20).to_string()).collect();
        let verdict = if is_flat { "yes" } else { "NO" };
        say(&format!(
            "| {name} | {seconds:.0} | {} | {verdict} |",
            listed.join(" | ")
        ))?;
        if !is_flat {
            growing.push(name);
        }
    }
    ensure!(growing.is_empty(), "memory grows: {}", growing.join(", "));
    Ok(())
}

fn script(root: &Path, name: &str, events: u64) -> Result<String> {
    let read = |name: &str| {
        let path = root.join(format!("bench/flat/{name}.sql"));
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let tables = read("tables")?.replace("${events}", &events.to_string());
    Ok(tables + "\n" + &read(name)?)
}

/// Runs a script to its end; resident bytes at even distances of time.
fn sample(binary: &Path, script: &str, folder: &Path) -> Result<(f64, Vec<u64>)> {
    let file = folder.join("flat.sql");
    fs::write(&file, script)?;
    let started = Instant::now();
    let mut child = Command::new(binary)
        .arg("run")
        .arg(&file)
        .args(["--set", "parallelism.default=2"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let mut samples = Vec::new();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // A process that has just ended has no size any more.
        samples.extend(process::memory_bytes(child.id()));
        thread::sleep(SAMPLE_PAUSE);
    };
    ensure!(
        status.success(),
        "oceanus ended with {status} on {}",
        file.display()
    );
    Ok((started.elapsed().as_secs_f64(), samples))
}

/// The largest sample of each part; nothing if there are too few.
fn peaks(samples: &[u64]) -> Option<[u64; PARTS]> {
    let each = samples.len() / PARTS;
    if each == 0 {
        return None;
    }
    let mut peaks = [0; PARTS];
    for (part, samples) in peaks.iter_mut().zip(samples.chunks_exact(each)) {
        *part = samples.iter().copied().max().unwrap_or(0);
    }
    Some(peaks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_told_by_its_peak() {
        assert_eq!(peaks(&[1, 2, 3, 4, 9, 5, 6, 7, 8, 1, 0]), Some([2, 4, 9, 7, 8]));
        assert_eq!(peaks(&[1, 2, 3, 4]), None);
    }
}
