//! The program `oceanus`, built along with the tests of the platform, so that they never meet an older one.

use std::process::ExitCode;

fn main() -> ExitCode {
    oceanus::command_line::main()
}
