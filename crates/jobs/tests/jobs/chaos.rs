//! The loop under a server that dies at any moment, workers that die, a clock that jumps, and people who change
//! their minds: no deployment is ever run twice at a time, and in the end each is as it should be.
//!
//! Nothing real runs: a stage stands for the engine and watches that two attempts never live side by side. The server
//! is a runtime that is dropped, so that whatever it was at stops between two steps and what was not committed is
//! undone.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dataflow::Registry;
use jobs::{DeploymentChange, Jobs, JobsSettings, NewDeployment};
use model::AddressRules;
use model::id::{DeploymentId, DraftId};
use model::phase::{DesiredState, PhaseName};
use runner::{
    CheckReport, Checkpoint, ConnectionReport, ConnectionTest, Diagnostic, End, FailureCause, Kind, LogPage,
    Metrics, NoClusters, Outcome, PlanSummary, Preview, PreviewRequest, Program, Purpose, RunFailure, RunKey,
    RunSpec, RunState, Runner, RunnerError, SavepointKey, SavepointOrigin, SavepointState, SavepointTime,
    StateVerdict, StoppedBy,
};
use stdx::{Clock, ManualClock, Random};
use store::{Durability, MasterKey, NewDraft, NewVersion, NewWorkspace, Options, PageRequest, Store};
use tokio::runtime::Runtime;

const ACTOR: &str = "tester";
/// How long a deployment may take to be as it should be once nothing happens any more.
const PATIENCE: Duration = Duration::from_secs(30);
const DEPLOYMENTS: usize = 3;
const ROUNDS: usize = 40;
/// Of so many starts one fails.
const STARTS_TO_FAILURE: u64 = 5;
const SEEDS: std::ops::Range<u64> = 0..6;

/// An engine whose runs are entries of a map.
#[derive(Default)]
struct Stage {
    runs: Mutex<HashMap<String, Played>>,
    /// Those that are not whole yet have no origin.
    savepoints: Mutex<BTreeMap<SavepointKey, Option<SavepointOrigin>>>,
    faults: Mutex<Vec<String>>,
    starts: AtomicU64,
}

#[derive(Debug, Clone)]
struct Played {
    key: RunKey,
    deployment: String,
    state: RunState,
}

impl Stage {
    fn runs(&self) -> MutexGuard<'_, HashMap<String, Played>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn savepoints(&self) -> MutexGuard<'_, BTreeMap<SavepointKey, Option<SavepointOrigin>>> {
        self.savepoints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, text: String) {
        self.faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(text);
    }

    fn live(&self, deployment: &str) -> Vec<RunKey> {
        let runs = self.runs();
        let live = runs
            .values()
            .filter(|run| run.deployment == deployment && !run.state.is_over());
        live.map(|run| run.key.clone()).collect()
    }

    /// Lets something happen to a live run, if there is one.
    fn happen(&self, random: &mut Random) {
        let mut runs = self.runs();
        let mut live: Vec<&mut Played> = runs.values_mut().filter(|run| !run.state.is_over()).collect();
        live.sort_by(|a, b| a.key.run_id.cmp(&b.key.run_id));
        let count = live.len() as u64;
        if count == 0 {
            return;
        }
        let run = live.swap_remove((random.next_u64() % count) as usize);
        run.state = match random.next_u64() % 6 {
            // Whoever was asked to stop does not go on.
            _ if run.state == RunState::Stopping => ended(
                &run.key,
                End::Stopped {
                    by: StoppedBy::Request,
                },
            ),
            0 => RunState::Lost {
                message: "killed".to_string(),
            },
            1 => ended(&run.key, failure()),
            2 => ended(
                &run.key,
                End::Stopped {
                    by: StoppedBy::Signal,
                },
            ),
            3 => RunState::Unreachable {
                message: "hangs".to_string(),
            },
            _ => RunState::Running { since_ms: 0 },
        };
    }

    /// What hung answers again, and what was asked to stop does.
    fn calm(&self) {
        for run in self.runs().values_mut() {
            match run.state {
                RunState::Unreachable { .. } => run.state = RunState::Running { since_ms: 0 },
                RunState::Stopping => {
                    run.state = ended(
                        &run.key,
                        End::Stopped {
                            by: StoppedBy::Request,
                        },
                    )
                }
                _ => {}
            }
        }
    }
}

fn ended(key: &RunKey, end: End) -> RunState {
    RunState::Ended(Outcome {
        run_id: key.run_id.clone(),
        epoch: key.epoch,
        started_ms: None,
        ended_ms: 0,
        end,
        metrics: Metrics::default(),
        failed_savepoints: BTreeMap::new(),
    })
}

fn failure() -> End {
    End::Failed(RunFailure {
        cause: FailureCause::Runtime,
        diagnostics: vec![Diagnostic::error(Kind::Runtime, "it broke")],
    })
}

impl Runner for Stage {
    fn name(&self) -> &'static str {
        "stage"
    }

    fn check(&self, _: &Program, _: Purpose) -> CheckReport {
        CheckReport {
            plan: Some(PlanSummary::default()),
            ..CheckReport::default()
        }
    }

    fn compare(&self, _: &Program, _: &Program) -> Result<StateVerdict, Vec<Diagnostic>> {
        Ok(StateVerdict::default())
    }

    fn preview(&self, _: PreviewRequest) -> Result<Box<dyn Preview>, RunnerError> {
        Err(RunnerError::Busy("no previews here".to_string()))
    }

    fn test_connection(&self, _: &ConnectionTest) -> ConnectionReport {
        ConnectionReport::default()
    }

    fn start(&self, spec: &RunSpec) -> Result<RunState, RunnerError> {
        for other in self.live(&spec.deployment_id) {
            if other.run_id != spec.run_id {
                self.fault(format!("{} started beside {other:?}", spec.run_id));
            }
        }
        let last = self.last_epoch(&spec.deployment_id)?.unwrap_or(0);
        let is_full = self
            .starts
            .fetch_add(1, Ordering::SeqCst)
            .is_multiple_of(STARTS_TO_FAILURE);
        if is_full {
            return Err(RunnerError::io(
                "cannot start",
                std::io::ErrorKind::StorageFull.into(),
            ));
        }
        let mut runs = self.runs();
        if !runs.contains_key(&spec.run_id) && spec.epoch <= last {
            self.fault(format!(
                "{} started with epoch {} behind {last}",
                spec.run_id, spec.epoch
            ));
        }
        let run = runs.entry(spec.run_id.clone()).or_insert_with(|| Played {
            key: spec.key(),
            deployment: spec.deployment_id.clone(),
            state: RunState::Running { since_ms: 0 },
        });
        Ok(run.state.clone())
    }

    fn observe(&self, run: &RunKey) -> Result<RunState, RunnerError> {
        let runs = self.runs();
        Ok(runs
            .get(&run.run_id)
            .map_or(RunState::Absent, |run| run.state.clone()))
    }

    fn metrics(&self, _: &RunKey) -> Result<Metrics, RunnerError> {
        Ok(Metrics::default())
    }

    fn logs(&self, _: &str, _: u64, _: usize) -> Result<LogPage, RunnerError> {
        Ok(LogPage::default())
    }

    fn request_stop(&self, run: &RunKey) -> Result<(), RunnerError> {
        match self.runs().get_mut(&run.run_id) {
            Some(played) if matches!(played.state, RunState::Unreachable { .. }) => {
                Err(RunnerError::Unreachable("hangs".to_string()))
            }
            Some(played) if !played.state.is_over() => {
                played.state = ended(
                    run,
                    End::Stopped {
                        by: StoppedBy::Request,
                    },
                );
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn kill(&self, run: &RunKey) -> Result<RunState, RunnerError> {
        let mut runs = self.runs();
        let Some(played) = runs.get_mut(&run.run_id) else {
            return Ok(RunState::Absent);
        };
        if !played.state.is_over() {
            played.state = ended(run, End::Stopped { by: StoppedBy::Kill });
        }
        Ok(played.state.clone())
    }

    fn stop(&self, run: &RunKey, _: Duration) -> Result<RunState, RunnerError> {
        self.kill(run)
    }

    fn runs(&self) -> Result<Vec<RunKey>, RunnerError> {
        Ok(Stage::runs(self).values().map(|run| run.key.clone()).collect())
    }

    fn last_epoch(&self, deployment_id: &str) -> Result<Option<u64>, RunnerError> {
        let runs = Stage::runs(self);
        let of_deployment = runs.values().filter(|run| run.deployment == deployment_id);
        Ok(of_deployment.map(|run| run.key.epoch).max())
    }

    fn forget(&self, _: &RunKey) -> Result<(), RunnerError> {
        // What was played is watched to the end.
        Ok(())
    }

    fn checkpoints(&self, _deployment_id: &str) -> Result<Vec<Checkpoint>, RunnerError> {
        Ok(Vec::new())
    }

    fn forget_checkpoints(&self, _deployment_id: &str) -> Result<(), RunnerError> {
        Ok(())
    }

    fn with_checkpoints(&self) -> Result<Vec<String>, RunnerError> {
        Ok(Vec::new())
    }

    /// The second to ask a run that answers is told that it is done.
    fn savepoint(
        &self,
        run: &RunKey,
        savepoint: &SavepointKey,
        _: SavepointTime,
    ) -> Result<SavepointState, RunnerError> {
        let mut taken = Stage::savepoints(self);
        if let Some(Some(origin)) = taken.get(savepoint) {
            return Ok(SavepointState::Done(origin.clone()));
        }
        let state = self.runs().get(&run.run_id).map(|played| played.state.clone());
        match state {
            Some(RunState::Running { .. } | RunState::Stopping) => {}
            Some(RunState::Unreachable { message }) => return Err(RunnerError::Unreachable(message)),
            _ => return Ok(SavepointState::NotTaken {}),
        }
        match taken.insert(savepoint.clone(), None) {
            None => Ok(SavepointState::Pending {}),
            Some(_) => {
                let origin = SavepointOrigin {
                    run_id: run.run_id.clone(),
                    epoch: run.epoch,
                    parallelism: 1,
                    taken_ms: 0,
                    bytes: 1,
                };
                taken.insert(savepoint.clone(), Some(origin.clone()));
                Ok(SavepointState::Done(origin))
            }
        }
    }

    fn find_savepoint(&self, savepoint: &SavepointKey) -> Result<Option<SavepointOrigin>, RunnerError> {
        Ok(Stage::savepoints(self).get(savepoint).cloned().flatten())
    }

    fn forget_savepoint(&self, savepoint: &SavepointKey) -> Result<(), RunnerError> {
        Stage::savepoints(self).remove(savepoint);
        Ok(())
    }

    fn savepoints(&self) -> Result<Vec<SavepointKey>, RunnerError> {
        let taken = Stage::savepoints(self);
        let whole = taken.iter().filter(|(_, origin)| origin.is_some());
        Ok(whole.map(|(key, _)| key.clone()).collect())
    }
}

/// A server over a store and a stage that both outlive it.
struct Server {
    runtime: Runtime,
    jobs: Jobs,
}

struct World {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    stage: Arc<Stage>,
}

impl World {
    fn new() -> World {
        World {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(ManualClock::at_ms(1_800_000_000_000)),
            stage: Arc::default(),
        }
    }

    fn start(&self, seed: u64) -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let jobs = runtime.block_on(async {
            let options = Options {
                durability: Durability::Process,
                ..Options::new(self.folder.path(), MasterKey::new([7; 32]))
            };
            let store = open(options, self.clock.clone(), seed).await;
            let settings = JobsSettings {
                capacity_cores: 64,
                capacity_memory_bytes: 1 << 40,
                workspace_cores: 64,
                workspace_memory_bytes: 1 << 40,
                files: self.folder.path().join("files"),
                file_roots: Vec::new(),
                denied: Vec::new(),
                network: AddressRules::default(),
            };
            let runner: Arc<dyn Runner> = self.stage.clone();
            Jobs::new(
                store,
                runner,
                Arc::new(NoClusters),
                Arc::new(Registry::default()),
                self.clock.clone(),
                settings,
            )
        });
        {
            let _inside = runtime.enter();
            jobs.spawn();
        }
        Server { runtime, jobs }
    }
}

/// A server that was cut off may hold the file for another moment.
async fn open(options: Options, clock: Arc<dyn Clock>, seed: u64) -> Store {
    let started = Instant::now();
    loop {
        match Store::open(options.clone(), clock.clone(), Random::new(seed)).await {
            Ok(store) => return store,
            Err(store::Error::InUse { .. }) if started.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

impl Server {
    /// Whatever it was at stops where it is.
    fn cut_off(self) {
        drop(self.jobs);
        self.runtime.shutdown_timeout(PATIENCE);
    }

    fn furnish(&self) -> Vec<DeploymentId> {
        self.runtime.block_on(async {
            let store = self.jobs.store();
            let new = NewWorkspace {
                name: "w".to_string(),
                display_name: "W".to_string(),
            };
            store.workspaces().create(new, ACTOR).await.unwrap();
            let mut ids = Vec::new();
            for number in 0..DEPLOYMENTS {
                let draft = draft(store, &format!("d{number}")).await;
                let new = NewDeployment {
                    name: format!("d{number}"),
                    draft_id: draft,
                    version: 1,
                    cluster: None,
                    parallelism: None,
                    desired: DesiredState::Running,
                    savepoint: None,
                    allow_reset: false,
                };
                ids.push(self.jobs.create_deployment(ACTOR, "w", new).await.unwrap().id);
            }
            ids
        })
    }

    /// A person wants a savepoint, which is refused if nothing runs.
    fn ask_for_savepoint(&self, id: DeploymentId) {
        self.runtime.block_on(async {
            match self.jobs.create_savepoint(ACTOR, "w", id, "").await {
                Ok(_) | Err(jobs::Error::Conflict(_)) => {}
                Err(error) => panic!("{error}"),
            }
        });
    }

    /// All that were ever asked for, each with what is there of it.
    fn savepoints(&self) -> Vec<store::Savepoint> {
        self.runtime.block_on(async {
            let page = PageRequest {
                limit: store::PAGE_ITEMS_MAX,
                ..PageRequest::default()
            };
            let filter = store::SavepointFilter::default();
            let savepoints = self.jobs.store().savepoints();
            savepoints.list("w", &filter, &page).await.unwrap().items
        })
    }

    /// A person changes something.
    fn change(&self, id: DeploymentId, random: &mut Random) {
        let change = match random.next_u64() % 5 {
            0 => DeploymentChange {
                desired: Some(DesiredState::Stopped),
                ..DeploymentChange::default()
            },
            1 => DeploymentChange {
                desired: Some(DesiredState::Suspended),
                ..DeploymentChange::default()
            },
            2 => DeploymentChange {
                version: Some(1 + (random.next_u64() % 2) as u32),
                desired: Some(DesiredState::Running),
                ..DeploymentChange::default()
            },
            3 => DeploymentChange {
                parallelism: Some(Some(1 + (random.next_u64() % 3) as u32)),
                ..DeploymentChange::default()
            },
            _ => DeploymentChange {
                desired: Some(DesiredState::Running),
                ..DeploymentChange::default()
            },
        };
        self.runtime.block_on(async {
            let read = self.jobs.store().deployments().get("w", id).await.unwrap();
            self.jobs
                .change_deployment(ACTOR, "w", id, read.revision, change)
                .await
                .unwrap();
        });
    }
}

/// With two versions.
async fn draft(store: &Store, name: &str) -> DraftId {
    let new = NewDraft {
        name: name.to_string(),
        sql: "INSERT INTO a SELECT 1".to_string(),
        settings: BTreeMap::new(),
    };
    let draft = store.drafts().create("w", new, ACTOR).await.unwrap().id;
    for _ in 0..2 {
        let new = NewVersion::default();
        store.versions().create("w", draft, new, ACTOR).await.unwrap();
    }
    draft
}

fn jump(clock: &ManualClock, random: &mut Random) {
    let now_ms = clock.now_ms();
    match random.next_u64() % 4 {
        // A day back, a day ahead, a while, a moment.
        0 => clock.set_ms(now_ms - 86_400_000),
        1 => clock.set_ms(now_ms + 86_400_000),
        2 => clock.set_ms(now_ms + 70_000),
        _ => clock.set_ms(now_ms + 1_500),
    }
}

fn live_through(seed: u64) {
    let world = World::new();
    let mut random = Random::new(seed);
    let mut server = world.start(seed);
    let ids = server.furnish();
    for round in 0..ROUNDS {
        match random.next_u64() % 7 {
            6 => {
                let id = ids[(random.next_u64() % ids.len() as u64) as usize];
                server.ask_for_savepoint(id);
            }
            0 | 1 => {
                let id = ids[(random.next_u64() % ids.len() as u64) as usize];
                server.change(id, &mut random);
            }
            2 | 3 => world.stage.happen(&mut random),
            4 => jump(&world.clock, &mut random),
            _ => {
                server.cut_off();
                server = world.start(seed * 1000 + round as u64);
            }
        }
        // Anything from nothing to a few steps of the loop happens before the next blow.
        std::thread::sleep(Duration::from_micros(random.next_u64() % 20_000));
        let faults = world.stage.faults.lock().unwrap();
        assert!(faults.is_empty(), "seed {seed}, round {round}: {faults:?}");
    }
    settle(&world, &server, &ids, seed);
    server.cut_off();
    // And a server that finds all this settled has nothing to do.
    let server = world.start(seed * 1000 + 999);
    settle(&world, &server, &ids, seed);
    server.cut_off();
}

/// Nothing happens any more but time: each deployment comes to be as it should.
fn settle(world: &World, server: &Server, ids: &[DeploymentId], seed: u64) {
    let started = Instant::now();
    loop {
        world.stage.calm();
        let mut waiting = Vec::new();
        for id in ids {
            let (read, live) = server.runtime.block_on(async {
                let read = server.jobs.store().deployments().by_id(*id).await.unwrap();
                let page = PageRequest::default();
                let runs = server.jobs.store().runs().list(*id, &page).await.unwrap();
                let live = runs.items.iter().filter(|run| run.ended_at.is_none()).count();
                (read, live)
            });
            let staged = world.stage.live(&id.to_string()).len();
            let is_so = match read.desired {
                DesiredState::Running => {
                    (read.phase == PhaseName::Running && (live, staged) == (1, 1))
                        // Ten failures in a row, in all this.
                        || (read.phase == PhaseName::Failed && (live, staged) == (0, 0))
                }
                DesiredState::Suspended => read.phase == PhaseName::Suspended && (live, staged) == (0, 0),
                DesiredState::Stopped => read.phase == PhaseName::Stopped && (live, staged) == (0, 0),
            };
            let pending = server
                .savepoints()
                .iter()
                .filter(|savepoint| savepoint.deployment_id == *id)
                .filter(|savepoint| savepoint.status == store::SavepointStatus::Pending)
                .count();
            if !is_so || pending > 0 || read.observed_generation != read.generation {
                waiting.push(format!("{live} live, {staged} on stage: {read:?}"));
            }
        }
        let faults = world.stage.faults.lock().unwrap();
        assert!(faults.is_empty(), "seed {seed}: {faults:?}");
        drop(faults);
        if waiting.is_empty() {
            for savepoint in server.savepoints() {
                let key = SavepointKey {
                    deployment_id: savepoint.deployment_id.to_string(),
                    savepoint_id: savepoint.id.to_string(),
                };
                let found = world.stage.find_savepoint(&key).unwrap();
                let is_done = savepoint.status == store::SavepointStatus::Done;
                assert_eq!(found.is_some(), is_done, "seed {seed}: {savepoint:?}");
            }
            return;
        }
        assert!(started.elapsed() < PATIENCE, "seed {seed}: {waiting:#?}");
        world.clock.advance(Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn whatever_happens_no_deployment_runs_twice_and_each_comes_to_be_as_it_should() {
    for seed in SEEDS {
        live_through(seed);
    }
}
