//! The binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    oceanus::command_line::main()
}
