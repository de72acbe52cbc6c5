//! A worker, which may be told to die at a step, and a server that starts one and dies at once.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use embedded::{EmbeddedOptions, EmbeddedRunner};
use runner::{RunSpec, Runner};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[1..] {
        ["worker", "--folder", folder] => {
            let folder = Path::new(folder);
            // Beside the folder of runs: `3 storage: a file is written` is the third time.
            if let Some(order) = folder
                .parent()
                .and_then(Path::parent)
                .map(|data| data.join("die-at"))
            {
                die_at(&order);
            }
            embedded::worker::main(folder)
        }
        ["start-and-die", data, spec] => start_and_die(Path::new(data), Path::new(spec)),
        _ => ExitCode::from(2),
    }
}

/// Is killed at a step, once: the order is taken away before.
fn die_at(order: &Path) {
    let Ok(text) = std::fs::read_to_string(order) else {
        return;
    };
    let (count, at) = text.split_once(' ').expect("a count and a step");
    let (count, at) = (count.parse::<u64>().expect("a count"), at.to_string());
    let reached = AtomicU64::new(0);
    std::fs::remove_file(order).expect("it was read");
    stdx::step::watch(move |step| {
        if step == at && reached.fetch_add(1, Ordering::Relaxed) + 1 == count {
            die();
        }
    });
}

fn die() {
    // SAFETY: sends a signal to this process.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
}

/// Starts a run as a server does, and is killed.
fn start_and_die(data: &Path, spec: &Path) -> ExitCode {
    let text = std::fs::read(spec).expect("the spec is there");
    let spec: RunSpec = serde_json::from_slice(&text).expect("it is a spec");
    let runner = EmbeddedRunner::new(EmbeddedOptions::new(data).expect("this program has a path"))
        .expect("the data folder can be made");
    runner.start(&spec).expect("the run starts");
    die();
    ExitCode::FAILURE
}
