//! `oceanus serve`: the platform as one process: store, reconcile loop, API and console.
//!
//! It remembers nothing outside of its data folder: whoever starts it there again goes on where it was. Jobs run in
//! processes of their own and do not notice.

mod config;
mod console;
mod demo;
mod first_start;
mod layers;
mod log;
mod machine;
mod place;
mod start;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use config::{Config, REFERENCE};
use layers::{Named, Sources, Value};
use store::Store;

pub use layers::Fault;

/// The metadata database in the data folder.
pub const DATABASE_FILE: &str = "oceanus.db";
/// What is remembered of clusters, in the data folder.
pub const CLUSTERS_FOLDER: &str = "clusters";
/// Where the embedded engine keeps what runs, in the data folder.
const RUNS_FOLDER: &str = "runs";

const EXIT_FAILED: u8 = 1;
const EXIT_WRONG_SETTING: u8 = 2;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder of all that the server keeps; without it ~/.local/share/oceanus.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one. Without it 127.0.0.1:8180.
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Nobody signs in: whoever reaches the port may do everything. Listens on this machine only.
    #[arg(long)]
    single_user: bool,
    /// Put a workspace with live jobs into a new server.
    #[arg(long)]
    demo: bool,
    /// A PEM file with the server's certificate and its chain.
    #[arg(long, value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
    /// A PEM file with the certificate's key.
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// A file of settings.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print every setting with its meaning and default, and end.
    #[arg(long)]
    print_config: bool,
}

/// Why the server does not run: what is wrong, and what to do about it.
#[derive(Debug)]
pub struct Refusal {
    pub message: String,
    pub hint: Option<String>,
}

impl Refusal {
    fn new(message: impl Into<String>) -> Refusal {
        Refusal {
            message: message.into(),
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Refusal {
        self.hint = Some(hint.into());
        self
    }
}

/// Serves until it is told to end, and returns the exit code.
pub fn run(arguments: Arguments, out: &mut dyn Write) -> u8 {
    if arguments.print_config {
        return match out.write_all(REFERENCE.as_bytes()) {
            Ok(()) => 0,
            Err(_) => EXIT_FAILED,
        };
    }
    let has_demo = arguments.demo;
    let (config, warnings) = match read_config(arguments) {
        Ok(read) => read,
        Err(fault) => {
            crate::run::complain(&fault.render());
            return EXIT_WRONG_SETTING;
        }
    };
    for warning in warnings {
        crate::run::complain(&warning.render());
    }
    match start::run(&config, has_demo, out) {
        Ok(()) => 0,
        Err(refusal) => {
            let Refusal { message, hint } = refusal;
            crate::run::complain(&crate::client::message_with_hint(
                "error",
                &message,
                hint.as_deref(),
            ));
            EXIT_FAILED
        }
    }
}

/// Does something with the store of a data folder that no server works with.
pub fn with_store<T>(data: &Path, act: impl AsyncFnOnce(&Store) -> T) -> Result<T, Refusal> {
    let flags = vec![("data", Value::Text(data.display().to_string()))];
    let (config, _) = read_sources(None, flags).map_err(|fault| Refusal::new(fault.render().trim_end()))?;
    start::with_store(&config, act)
}

/// The data folder of a server that is started with the settings of here and now.
pub fn data_folder(flag: Option<&Path>) -> Result<PathBuf, Fault> {
    let flags = flag.map(|folder| ("data", Value::Text(folder.display().to_string())));
    let (config, _) = read_sources(None, flags.into_iter().collect())?;
    Ok(config.data)
}

fn read_config(arguments: Arguments) -> Result<(Config, Vec<Fault>), Fault> {
    let text = |path: PathBuf| Value::Text(path.display().to_string());
    let mut flags = Vec::new();
    flags.extend(arguments.data.map(|data| ("data", text(data))));
    flags.extend(arguments.listen.map(|listen| ("listen", Value::Text(listen))));
    flags.extend(
        arguments
            .tls_certificate
            .map(|file| ("tls.certificate", text(file))),
    );
    flags.extend(arguments.tls_key.map(|file| ("tls.key", text(file))));
    if arguments.single_user {
        flags.push(("mode", Value::Text("single-user".to_string())));
    }
    read_sources(arguments.config, flags)
}

fn read_sources(
    file: Option<PathBuf>,
    flags: Vec<(&'static str, Value)>,
) -> Result<(Config, Vec<Fault>), Fault> {
    // What is no UTF-8 is no setting of ours.
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let named = environment.get("OCEANUS_CONFIG").filter(|file| !file.is_empty());
    let file = file.or_else(|| named.map(PathBuf::from));
    let name = file.as_ref().map(|file| file.display().to_string());
    let text = match &file {
        Some(file) => Some(std::fs::read_to_string(file).map_err(|error| Fault::of_file(file, &error))?),
        None => None,
    };
    let sources = Sources {
        file: match (&name, &text) {
            (Some(name), Some(text)) => Some(Named { name, text }),
            _ => None,
        },
        environment,
        flags,
    };
    Config::read(sources, &machine::this())
}
