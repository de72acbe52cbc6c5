//! A worker, and a server that starts one and dies at once.

use std::path::Path;
use std::process::ExitCode;

use embedded::{EmbeddedOptions, EmbeddedRunner};
use runner::{RunSpec, Runner};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[1..] {
        ["worker", "--folder", folder] => embedded::worker::main(Path::new(folder)),
        ["start-and-die", data, spec] => start_and_die(Path::new(data), Path::new(spec)),
        _ => ExitCode::from(2),
    }
}

/// Starts a run as a server does, and is killed.
fn start_and_die(data: &Path, spec: &Path) -> ExitCode {
    let text = std::fs::read(spec).expect("the spec is there");
    let spec: RunSpec = serde_json::from_slice(&text).expect("it is a spec");
    let runner = EmbeddedRunner::new(EmbeddedOptions::new(data).expect("this program has a path"))
        .expect("the data folder can be made");
    runner.start(&spec).expect("the run starts");
    // SAFETY: sends a signal to this process.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    ExitCode::FAILURE
}
