//! The life of a job: checked, versioned, deployed, and kept as its deployment says.
//!
//! [`Jobs`] is what the API calls. Whatever runs is seen through [`runner::Runner`]; whatever is written down is
//! in [`store::Store`]. Callers have decided that the actor may do what it asks for.

mod artifacts;
mod attempts;
pub mod bundle;
pub mod catalog;
mod clusters;
mod connections;
mod decide;
mod deployments;
pub mod diff;
mod error;
mod moves;
mod orphans;
mod programs;
mod queue;
mod reconcile;
mod resources;
mod savepoints;
mod surroundings;
mod verdict;
mod versions;
mod workspaces;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dataflow::Registry;
use model::AddressRules;
use model::id::{DeploymentId, DraftId, RunId};
use runner::{Clusters, RestartStrategy, Runner};
use stdx::Clock;
use store::Store;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

pub use artifacts::Jar;
pub use bundle::{Bundle, BundleDiff, BundleReport};
pub use catalog::{CatalogTree, TableDetail};
pub use clusters::ClusterReport;
pub use deployments::{DeploymentChange, NewDeployment, RestoreWish};
pub use diff::DiffLine;
pub use error::Error;
pub use plan::catalog::ObjectPath;
pub use resources::Estimate;
pub use verdict::{Candidate, Forecast, StateOf};

use clusters::Opened;
use queue::Queue;
use resources::{Capacity, Share};

pub type Result<T> = std::result::Result<T, Error>;

/// Events that a slow listener may lag behind before it misses some: it then reads everything again.
const EVENTS_WAITING_MAX: usize = 1024;
/// Texts of people that are worked on at once, and questions about runs that are asked for people at once. All block
/// threads of one pool of 512: what keeps deployments right is asked without a turn, and finds threads left.
const TEXTS_MAX: usize = 64;
const LOOKS_MAX: usize = 64;
/// How long a person waits for a turn.
const TURN_PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub struct JobsSettings {
    /// What the runs of all deployments together may be given.
    pub capacity_cores: u32,
    pub capacity_memory_bytes: u64,
    /// What the runs of one workspace together may be given.
    pub workspace_cores: u32,
    pub workspace_memory_bytes: u64,
    /// Each workspace has a folder of its own name below; tables may read and write there.
    pub files: PathBuf,
    /// Further folders that tables of every workspace may read and write.
    pub file_roots: Vec<PathBuf>,
    /// What stays closed inside them.
    pub denied: Vec<PathBuf>,
    /// Addresses that tables of every workspace may reach.
    pub network: AddressRules,
}

/// Something about this deployment has changed: read it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentEvent {
    pub workspace: String,
    pub deployment_id: DeploymentId,
}

#[derive(Clone)]
pub struct Jobs {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    /// Runs jobs on this machine, and knows programs whatever they run on.
    runner: Arc<dyn Runner>,
    clusters: Opened,
    registry: Arc<Registry>,
    clock: Arc<dyn Clock>,
    settings: JobsSettings,
    queue: Queue,
    texts: Arc<Semaphore>,
    looks: Arc<Semaphore>,
    events: broadcast::Sender<DeploymentEvent>,
    capacity: Mutex<Capacity>,
    /// What deployments need that wait for room, each as of its generation.
    weights: Mutex<HashMap<DeploymentId, (u64, Share)>>,
    /// Runs that were asked to stop, and when.
    stopping: Mutex<HashMap<RunId, i64>>,
    /// What follows failures of versions, as far as it was asked for.
    restarts: Mutex<HashMap<(DraftId, u32), RestartStrategy>>,
}

impl Jobs {
    pub fn new(
        store: Store,
        runner: Arc<dyn Runner>,
        clusters: Arc<dyn Clusters>,
        registry: Arc<Registry>,
        clock: Arc<dyn Clock>,
        settings: JobsSettings,
    ) -> Jobs {
        let capacity = Capacity::new(&settings);
        Jobs {
            inner: Arc::new(Inner {
                store,
                runner,
                clusters: Opened::new(clusters),
                registry,
                clock,
                settings,
                queue: Queue::default(),
                texts: Arc::new(Semaphore::new(TEXTS_MAX)),
                looks: Arc::new(Semaphore::new(LOOKS_MAX)),
                events: broadcast::channel(EVENTS_WAITING_MAX).0,
                capacity: Mutex::new(capacity),
                weights: Mutex::default(),
                stopping: Mutex::default(),
                restarts: Mutex::default(),
            }),
        }
    }

    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Tells of every change of a deployment from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<DeploymentEvent> {
        self.inner.events.subscribe()
    }

    fn announce(&self, workspace: &str, deployment_id: DeploymentId) {
        // Nobody may be listening.
        let _ = self.inner.events.send(DeploymentEvent {
            workspace: workspace.to_string(),
            deployment_id,
        });
    }

    /// Asks a runner on a thread where it may block.
    async fn ask<T: Send + 'static>(
        &self,
        runner: &Arc<dyn Runner>,
        ask: impl FnOnce(&dyn Runner) -> T + Send + 'static,
    ) -> Result<T> {
        let runner = Arc::clone(runner);
        on_thread(move || ask(&*runner)).await
    }

    /// As [`Jobs::ask`], about a person's text: no cluster is needed for that.
    async fn ask_in_turn<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Runner) -> T + Send + 'static,
    ) -> Result<T> {
        let turn = turn(&self.inner.texts).await?;
        self.ask(&self.inner.runner, move |runner| {
            let _turn = turn;
            ask(runner)
        })
        .await
    }

    /// As [`Jobs::ask`], for a person who looks at a run.
    async fn look_at_run<T: Send + 'static>(
        &self,
        runner: &Arc<dyn Runner>,
        ask: impl FnOnce(&dyn Runner) -> T + Send + 'static,
    ) -> Result<T> {
        let runner = Arc::clone(runner);
        self.look_at(move || ask(&*runner)).await
    }

    /// Looks at what may block, for a person.
    async fn look_at<T: Send + 'static>(&self, look: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let turn = turn(&self.inner.looks).await?;
        on_thread(move || {
            let _turn = turn;
            look()
        })
        .await
    }

    /// Works on a person's statements, as [`catalog::apart`] does.
    async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let turn = turn(&self.inner.texts).await?;
        catalog::apart(move || {
            let _turn = turn;
            work()
        })
        .await
    }
}

async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|panic| Error::Internal(format!("the runner panicked: {panic}")))
}

/// Waits for a turn. Whoever has it keeps it until the work is done, even if nobody waits for that any more.
async fn turn(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    let busy = || Error::Busy("too many others are being answered".to_string());
    let waited = tokio::time::timeout(TURN_PATIENCE, Arc::clone(turns).acquire_owned()).await;
    waited.map_err(|_| busy())?.map_err(|_| busy())
}

/// A poisoned lock guards data that is still whole: every critical section here is a plain assignment.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
