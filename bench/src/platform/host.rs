//! The server that is measured under load: the API, the store and the reconcile loop as in `oceanus serve`, over a
//! runner that simulates most of its runs.
//!
//! It fills its data folder, prints one line of JSON that says where it is and what it made, and then answers lines on
//! its standard input; it ends with it.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use clap::Args;
use embedded::{EmbeddedOptions, EmbeddedRunner, wiring};
use jobs::{Jobs, JobsSettings};
use model::DraftId;
use runner::{NoClusters, Runner};
use serde_json::{Value, json};
use stdx::{Clock, Random, SystemClock};
use store::{
    Durability, ExposeSecret, MasterKey, NewDraft, NewToken, NewUser, NewVersion, NewWorkspace, Options,
    Role, Store,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::simulated::{MARK, Mixed};
use crate::say;

pub const WORKSPACE: &str = "bench";
/// Versions of one draft, for the list of them.
const VERSIONS: u32 = 250;
/// More than all jobs together ask for.
const CORES: u32 = 4_096;
const MEMORY_BYTES: u64 = 1 << 46;

const TABLES: &str = "CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000000000');
CREATE TABLE nowhere (n BIGINT) WITH ('connector' = 'blackhole');";
const INSERT: &str = "INSERT INTO nowhere SELECT n FROM ticks";
/// What makes a text as long as those that people write.
const COMMENT: &str =
    "-- Orders of the last day by region, without those that were cancelled or sent back.\n";
const COMMENT_LINES: usize = 12;

#[derive(Debug, Args)]
pub struct HostOptions {
    #[arg(long)]
    data: PathBuf,
    /// The program whose workers the real runs are.
    #[arg(long)]
    oceanus: PathBuf,
    #[arg(long)]
    drafts: usize,
    #[arg(long)]
    simulated: usize,
    #[arg(long)]
    real: usize,
}

pub fn run(options: &HostOptions) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(options))
}

async fn serve(options: &HostOptions) -> Result<()> {
    let filled = {
        let store = open(&options.data, Durability::Process).await?;
        let (jobs, _) = jobs(options, &store)?;
        let filled = fill(options, &store, &jobs).await?;
        store.close().await;
        filled
    };
    let store = open(&options.data, Durability::Power).await?;
    let (jobs, runner) = jobs(options, &store)?;
    let reconciling = jobs.spawn();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = api::router(jobs.clone(), api::Settings::new(api::Mode::Users), None);
    let (shut_down, is_shut_down) = oneshot::channel::<()>();
    let serving = tokio::spawn(api::serve(listener, router, None, async move {
        // Also over if the sender is gone.
        let _ = is_shut_down.await;
    }));
    say(&filled.line(&url).to_string())?;
    tokio::task::spawn_blocking(move || answer_lines(&runner)).await??;
    let _ = shut_down.send(());
    serving.await??;
    jobs.shut_down();
    reconciling.await?;
    store.close().await;
    Ok(())
}

/// `looks` is answered with how far looks at a run were apart.
fn answer_lines(runner: &Mixed) -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        match line?.as_str() {
            "looks" => say(&runner.looks().to_string())?,
            other => anyhow::bail!("'{other}' is not understood"),
        }
    }
    Ok(())
}

async fn open(data: &Path, durability: Durability) -> Result<Store> {
    let mut options = Options::new(data, MasterKey::new([7; 32]));
    options.durability = durability;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let seed = clock.now_us() as u64;
    Ok(Store::open(options, clock, Random::new(seed)).await?)
}

fn jobs(options: &HostOptions, store: &Store) -> Result<(Jobs, Arc<Mixed>)> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let real = EmbeddedRunner::new(EmbeddedOptions {
        program: options.oceanus.clone(),
        ..EmbeddedOptions::new(&options.data)?
    })?;
    let runner = Arc::new(Mixed::new(real, clock.clone()));
    let settings = JobsSettings {
        capacity_cores: CORES,
        capacity_memory_bytes: MEMORY_BYTES,
        workspace_cores: CORES,
        workspace_memory_bytes: MEMORY_BYTES,
        files: options.data.join("files"),
        file_roots: Vec::new(),
        denied: Vec::new(),
        network: model::AddressRules::default(),
    };
    let registry = Arc::new(wiring::registry(Arc::new(Mutex::new(std::io::sink()))));
    let known: Arc<dyn Runner> = runner.clone();
    Ok((
        Jobs::new(
            store.clone(),
            known,
            Arc::new(NoClusters),
            registry,
            clock,
            settings,
        ),
        runner,
    ))
}

/// What lies in the data folder now.
struct Filled {
    token: String,
    /// Drafts with a version to deploy.
    simulated: Vec<DraftId>,
    real: Vec<DraftId>,
}

impl Filled {
    fn line(&self, url: &str) -> Value {
        json!({ "url": url, "token": self.token, "simulated": self.simulated, "real": self.real })
    }
}

async fn fill(options: &HostOptions, store: &Store, jobs: &Jobs) -> Result<Filled> {
    let admin = NewUser {
        name: "admin".to_string(),
        password: None,
        is_admin: true,
    };
    let admin = store.users().create(admin, "bench").await?;
    let actor = admin.id.to_string();
    let workspace = NewWorkspace {
        name: WORKSPACE.to_string(),
        display_name: "Bench".to_string(),
    };
    store.workspaces().create(workspace, &actor).await?;
    let token = NewToken {
        name: "bench".to_string(),
        user: admin.id,
        workspace: None,
        role: Role::Owner,
        expires_at: None,
    };
    let (_, token) = store.tokens().create(token, &actor).await?;
    jobs.execute_catalog(&actor, WORKSPACE, TABLES).await?;
    let mut filled = Filled {
        token: token.expose_secret().to_string(),
        simulated: Vec::new(),
        real: Vec::new(),
    };
    let deployed = options.simulated + options.real;
    for number in 0..options.drafts.max(deployed) {
        let is_real = number < options.real;
        let mark = if is_real { "" } else { MARK };
        let new = NewDraft {
            name: format!(
                "{} {number:05}",
                ["orders", "payments", "clicks", "sensors", "stock"][number % 5]
            ),
            sql: format!("{mark}{}{INSERT}", COMMENT.repeat(COMMENT_LINES)),
            settings: BTreeMap::new(),
        };
        let draft = store.drafts().create(WORKSPACE, new, &actor).await?;
        if number < deployed {
            jobs.create_version(&actor, WORKSPACE, draft.id, "").await?;
            let list = if is_real {
                &mut filled.real
            } else {
                &mut filled.simulated
            };
            list.push(draft.id);
        }
    }
    let first = filled
        .simulated
        .first()
        .context("there is a simulated deployment")?;
    for number in 1..VERSIONS {
        let new = NewVersion {
            comment: format!("change {number}"),
            catalog_ddl: TABLES.to_string(),
            revision: None,
        };
        store.versions().create(WORKSPACE, *first, new, &actor).await?;
    }
    Ok(filled)
}
