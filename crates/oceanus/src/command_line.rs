//! The command line: which commands there are.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use clap::{CommandFactory, Parser, Subcommand};

use crate::output::Format;
use crate::run::{self, RunOptions};
use crate::{client, serve, shell};

/// Stream processing in SQL: one binary, Flink's dialect.
#[derive(Debug, Parser)]
#[command(name = "oceanus", version, after_help = EXIT_CODES)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes:
  0    done; of a server: ended by a signal, in order
  1    a job failed while it ran, or the server did
  2    what was asked for is wrong: the command line, the SQL text, an option, a name that there is not
  3    the server does not answer, or is busy: try again
  4    not signed in, or not allowed
  5    something stands against it, or somebody else has changed it meanwhile
  130  interrupted by Ctrl-C (rows written so far are kept)";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the statements of a file in order.
    Run {
        /// A file of SQL statements ended by `;`, or `-` for standard input.
        file: String,
        #[command(flatten)]
        common: Common,
    },
    /// Open an interactive shell.
    Sql {
        #[command(flatten)]
        common: Common,
    },
    /// Run the platform: API, console, and the jobs that are deployed.
    Serve(serve::Arguments),
    #[command(flatten)]
    Client(client::Command),
    /// Run one attempt of a deployment. The platform starts it; nobody else needs to.
    #[command(hide = true)]
    Worker {
        /// The attempt's folder.
        #[arg(long)]
        folder: PathBuf,
    },
    /// List the SQL functions with their signatures, or explain one.
    Functions {
        /// Show this one only, with its description and an example.
        name: Option<String>,
    },
    /// Print what makes a shell complete commands, such as: source <(oceanus completion bash)
    Completion { shell: clap_complete::Shell },
}

#[derive(Debug, clap::Args)]
struct Common {
    /// How rows are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Set a session option, such as `parallelism.default=2`; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    settings: Vec<(String, String)>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_string(), value.trim().to_string()))
}

/// Does what the arguments of this process say.
pub fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let output = || Arc::new(Mutex::new(std::io::stdout()));
    match command_line.command {
        Command::Run { file, common } => {
            let options = RunOptions {
                format: common.format,
                settings: common.settings,
                show_progress: std::io::stderr().is_terminal(),
            };
            ExitCode::from(run::run_file(&file, &options, output()))
        }
        Command::Sql { common } => ExitCode::from(shell::run(common.format, &common.settings, output())),
        Command::Serve(arguments) => ExitCode::from(serve::run(arguments, &mut std::io::stdout())),
        Command::Client(command) => ExitCode::from(client::run(command, &mut std::io::stdout())),
        Command::Worker { folder } => embedded::worker::main(&folder),
        Command::Functions { name } => ExitCode::from(shell::show_functions(name.as_deref(), output())),
        Command::Completion { shell } => {
            let mut command = CommandLine::command();
            clap_complete::generate(shell, &mut command, "oceanus", &mut std::io::stdout());
            ExitCode::SUCCESS
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_fit_together() {
        CommandLine::command().debug_assert();
    }
}
