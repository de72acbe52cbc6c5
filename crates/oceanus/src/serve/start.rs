//! Puts the platform together, serves until a signal comes, and takes it apart in order. Workers go on.

use std::future::pending;
use std::io::{ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{Settings, Tls};
use embedded::{EmbeddedOptions, EmbeddedRunner, wiring};
use flink::FlinkClusters;
use jobs::{Jobs, JobsSettings};
use stdx::{Clock, Random, SystemClock};
use store::{MasterKey, Options, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use super::config::{Config, Mode};
use super::console::Embedded;
use super::{CLUSTERS_FOLDER, DATABASE_FILE, RUNS_FOLDER, Refusal, demo, first_start, log, place};

/// How often what has expired is removed.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(10 * 60);
/// How long the server may take to answer its own first request.
const ANSWER_WAIT_MS: i64 = 10_000;
const ANSWER_LOOK_INTERVAL: Duration = Duration::from_millis(5);

pub fn run(config: &Config, has_demo: bool, out: &mut dyn Write) -> Result<(), Refusal> {
    log::begin(&config.log_level);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Refusal::new(format!("cannot begin: {error}")))?;
    let outcome = runtime.block_on(serve(config, has_demo, out));
    // What still blocks a thread is not waited for: whatever is cut off, the next start goes on from what is stored.
    runtime.shutdown_background();
    outcome
}

/// Opens the store for a moment, without a server around it.
pub fn with_store<T>(config: &Config, act: impl AsyncFnOnce(&Store) -> T) -> Result<T, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Refusal::new(format!("cannot begin: {error}")))?;
    runtime.block_on(async {
        let store = open_store(config).await?;
        let acted = act(&store).await;
        store.close().await;
        Ok(acted)
    })
}

async fn serve(config: &Config, has_demo: bool, out: &mut dyn Write) -> Result<(), Refusal> {
    let mut signals = Signals::new()?;
    // Before anything is made: a port that is taken leaves nothing behind.
    let listener = bind(config.listen).await?;
    let address = listener
        .local_addr()
        .map_err(|error| Refusal::new(format!("cannot listen on {}: {error}", config.listen)))?;
    let tls = tls(config)?;
    let store = open_store(config).await?;
    let jobs = jobs(config, &store).await?;
    if config.mode == Mode::Users {
        first_start::make_admin(&store, &config.data, out).await?;
    }
    if has_demo {
        demo::make(&jobs).await?;
    }
    let reconciling = jobs.spawn();
    let expiring = tokio::spawn(remove_expired(store.clone()));

    let router = api::router(jobs.clone(), settings(config), Some(Arc::new(Embedded)));
    let (shut_down, is_shut_down) = oneshot::channel::<()>();
    let mut serving = tokio::spawn(api::serve(listener, router, tls, async move {
        // Also over if the sender is gone.
        let _ = is_shut_down.await;
    }));
    let url = url(config, address);
    let being_ready = async {
        until_it_answers(local_url(config, address)).await?;
        writeln!(out, "Oceanus is ready at {url}")
            .and_then(|()| out.flush())
            .map_err(|error| Refusal::new(format!("cannot write to standard output: {error}")))?;
        tracing::info!(url, data = %config.data.display(), "ready");
        pending().await
    };
    let outcome = tokio::select! {
        name = signals.next() => {
            tracing::info!(signal = name, "shutting down; jobs go on");
            Ok(())
        }
        failed = being_ready => failed,
        ended = &mut serving => Err(ended_by_itself(ended)),
    };

    // Whoever cannot wait for the end in order sends a second signal.
    let end = async {
        // Nobody listens if it has ended by itself.
        let _ = shut_down.send(());
        if !serving.is_finished()
            && let Err(error) = (&mut serving).await
        {
            tracing::error!(%error, "the API did not end in order");
        }
        jobs.shut_down();
        if let Err(error) = reconciling.await {
            tracing::error!(%error, "the reconcile loop did not end in order");
        }
        expiring.abort();
        store.close().await;
    };
    tokio::select! {
        () = end => {}
        name = signals.next() => tracing::warn!(signal = name, "ended at once"),
    }
    outcome
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Refusal> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Refusal::new(format!("another program listens on {address}"))
            .hint("if it is Oceanus, open it in a browser; else choose another port with --listen 127.0.0.1:PORT or OCEANUS_LISTEN"),
        ErrorKind::PermissionDenied => {
            Refusal::new(format!("no permission to listen on {address}")).hint("take a port from 1024 on")
        }
        ErrorKind::AddrNotAvailable => Refusal::new(format!("{address} is no address of this machine"))
            .hint("listen on 0.0.0.0 for every network that this machine is in"),
        _ => Refusal::new(format!("cannot listen on {address}: {error}")),
    })
}

fn tls(config: &Config) -> Result<Option<Tls>, Refusal> {
    let Some(files) = &config.tls else {
        return Ok(None);
    };
    match Tls::from_files(&files.certificate, &files.key) {
        Ok(tls) => Ok(Some(tls)),
        Err(error) => Err(Refusal::new(format!("no TLS: {error}"))),
    }
}

async fn open_store(config: &Config) -> Result<Store, Refusal> {
    let data = &config.data;
    require_all_or_nothing(config)?;
    make_private(data).map_err(|error| {
        Refusal::new(format!(
            "cannot make the data folder '{}': {error}",
            data.display()
        ))
    })?;
    let key = MasterKey::read_or_create(&config.master_key).map_err(|error| {
        Refusal::new(error.to_string())
            .hint("the setting 'master_key' says where the key lies, outside of the data folder")
    })?;
    let seed = getrandom::u64().map_err(|error| Refusal::new(format!("there is no randomness: {error}")))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Store::open(Options::new(data, key), clock, Random::new(seed))
        .await
        .map_err(|error| match error {
            store::Error::InUse { .. } => Refusal::new(format!(
                "another server works with the data folder '{}'",
                data.display()
            ))
            .hint("stop it, or give this one a folder of its own with --data DIR"),
            error => Refusal::new(format!(
                "cannot open the data folder '{}': {error}",
                data.display()
            )),
        })
}

/// Refuses to take a folder for a new one that has lost its database or its key: the jobs that still run would be
/// strangers to a new database, and be stopped; secrets would be sealed for ever.
fn require_all_or_nothing(config: &Config) -> Result<(), Refusal> {
    let data = &config.data;
    let failed = |path: &Path, error: std::io::Error| {
        Refusal::new(format!("cannot look at '{}': {error}", path.display()))
    };
    let database = data.join(DATABASE_FILE);
    // One that a first start has made, and nothing more, is empty.
    let has_database = match std::fs::metadata(&database) {
        Ok(metadata) => metadata.len() > 0,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(failed(&database, error)),
    };
    let runs = data.join(RUNS_FOLDER);
    let has_runs = match std::fs::read_dir(&runs) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(failed(&runs, error)),
    };
    if has_runs && !has_database {
        return Err(Refusal::new(format!(
            "the database '{}' is missing, but '{}' has runs of its jobs",
            database.display(),
            runs.display()
        ))
        .hint("put a copy back with `oceanus restore FILE`; if there is none, end the jobs' processes, move the folder of runs away, and start again"));
    }
    let key = &config.master_key;
    let has_key = key.try_exists().map_err(|error| failed(key, error))?;
    if (has_database || has_runs) && !has_key {
        return Err(Refusal::new(format!(
            "the master key '{}' is missing, which seals the secrets in '{}'",
            key.display(),
            database.display()
        ))
        .hint("put it back, or say with the setting 'master_key' where it lies; if it is lost, take the key of a new data folder, and set every secret anew"));
    }
    Ok(())
}

/// Makes the data folder and the database's file for their owner only. An empty file is a new database.
fn make_private(data: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)?;
    let database = data.join(DATABASE_FILE);
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(database);
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

async fn jobs(config: &Config, store: &Store) -> Result<Jobs, Refusal> {
    let failed =
        |error: &dyn std::fmt::Display| Refusal::new(format!("the embedded engine cannot begin: {error}"));
    let options = EmbeddedOptions {
        denied: config.denied_files(),
        snapshots: config.snapshots.clone(),
        ..EmbeddedOptions::new(&config.data).map_err(|error| failed(&error))?
    };
    let runner = Arc::new(EmbeddedRunner::new(options).map_err(|error| failed(&error))?);
    place::require_same(config, store).await?;
    if config.snapshots.is_some() {
        probe_snapshots(runner.clone()).await?;
    }
    place::claim(config, runner.clone()).await?;
    let registry = wiring::registry(Arc::new(Mutex::new(std::io::sink())));
    let settings = JobsSettings {
        capacity_cores: config.capacity.cores,
        capacity_memory_bytes: config.capacity.memory_bytes,
        workspace_cores: config.workspace.cores,
        workspace_memory_bytes: config.workspace.memory_bytes,
        files: config.data.join("files"),
        file_roots: config.file_roots.clone(),
        denied: config.denied_files(),
        network: config.network.clone(),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let clusters = FlinkClusters {
        folder: config.data.join(CLUSTERS_FOLDER),
        planner: runner.clone(),
        clock: clock.clone(),
    };
    Ok(Jobs::new(
        store.clone(),
        runner,
        Arc::new(clusters),
        Arc::new(registry),
        clock,
        settings,
    ))
}

/// Tells at once what would make every checkpoint fail.
async fn probe_snapshots(runner: Arc<EmbeddedRunner>) -> Result<(), Refusal> {
    match tokio::task::spawn_blocking(move || runner.probe_snapshots()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Refusal::new(error.to_string()).hint(
            "see the settings 'execution.checkpointing.dir' and 's3': `oceanus serve --print-config` says what they mean",
        )),
        Err(panic) => Err(Refusal::new(format!("the place of checkpoints could not be looked at: {panic}"))),
    }
}

fn settings(config: &Config) -> Settings {
    Settings {
        hosts: config.hosts.clone(),
        secure: config.tls.is_some(),
        upload_bytes_max: config.upload_bytes_max,
        session_lifetime: config.session_lifetime,
        ..Settings::new(match config.mode {
            Mode::Users => api::Mode::Users,
            Mode::SingleUser => api::Mode::SingleUser,
        })
    }
}

async fn remove_expired(store: Store) {
    loop {
        tokio::time::sleep(EXPIRY_INTERVAL).await;
        match store.remove_expired().await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "sessions and answers have expired"),
            Err(error) => tracing::warn!(%error, "what has expired could not be removed; it is tried again"),
        }
    }
}

/// Where people find the server.
fn url(config: &Config, address: SocketAddr) -> String {
    match (address.ip().is_unspecified(), config.hosts.first()) {
        (true, Some(host)) => format!("{}://{host}:{}", scheme(config), address.port()),
        _ => local_url(config, address),
    }
}

/// Where this machine finds the server.
fn local_url(config: &Config, address: SocketAddr) -> String {
    let ip: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("{}://{}", scheme(config), SocketAddr::new(ip, address.port()))
}

fn scheme(config: &Config) -> &'static str {
    if config.tls.is_some() { "https" } else { "http" }
}

/// Waits until a request is answered. What is said of readiness has then been seen.
async fn until_it_answers(url: String) -> Result<(), Refusal> {
    let ask = move || {
        // Its own certificate need not be made for the address of this machine.
        let tls = ureq::tls::TlsConfig::builder().disable_verification(true).build();
        let agent = ureq::Agent::config_builder()
            .proxy(None)
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_millis(ANSWER_WAIT_MS as u64)))
            .build()
            .new_agent();
        let until_ms = SystemClock.now_ms() + ANSWER_WAIT_MS;
        loop {
            // A server that goes by other names only refuses this one, and that is an answer.
            let fault = match agent.get(format!("{url}{}/health/ready", api::BASE)).call() {
                Ok(answer) if !answer.status().is_server_error() => return Ok(()),
                Ok(answer) => format!("it answered with status {}", answer.status()),
                Err(error) => error.to_string(),
            };
            if SystemClock.now_ms() >= until_ms {
                return Err(Refusal::new(format!(
                    "the server does not answer at {url}: {fault}"
                )));
            }
            SystemClock.sleep(ANSWER_LOOK_INTERVAL);
        }
    };
    match tokio::task::spawn_blocking(ask).await {
        Ok(answered) => answered,
        Err(panic) => Err(Refusal::new(format!("the server could not be asked: {panic}"))),
    }
}

fn ended_by_itself(ended: Result<std::io::Result<()>, tokio::task::JoinError>) -> Refusal {
    Refusal::new(match ended {
        Ok(Ok(())) => "the API ended without being told to".to_string(),
        Ok(Err(error)) => format!("the API failed: {error}"),
        Err(panic) => format!("the API failed: {panic}"),
    })
}

/// What asks the server to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Signals, Refusal> {
        let take = |kind| signal(kind).map_err(|error| Refusal::new(format!("cannot take signals: {error}")));
        Ok(Signals {
            interrupt: take(SignalKind::interrupt())?,
            terminate: take(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        let name = tokio::select! {
            got = self.interrupt.recv() => got.map(|()| "interrupt"),
            got = self.terminate.recv() => got.map(|()| "terminate"),
        };
        match name {
            Some(name) => name,
            // There are no more signals: nobody will ask.
            None => pending().await,
        }
    }
}
