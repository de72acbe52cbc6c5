//! One life of a job, from its first attempt to the end of its input, through whatever happens.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dataflow::{Error, EvaluationContext};
use engine::{
    Checkpointing, Committed, Job, JobOptions, Progress, RestoreError, SnapshotKeeper, Stepper, Taken,
};
use graph::Graph;
use plan::session::{Outcome, Session};
use state::spill::Budget;
use state::{Checkpoints, Extent, Label};
use stdx::{Clock, ManualClock, Random};

use crate::connector::{Sim, SimTransaction};
use crate::program::{PROGRAMS, rows, tables};
use crate::storage::{SimSpill, SimStorage};
use crate::world::{Weather, World};

/// Attempts under bad weather; then it clears up, so that the job comes to its end.
const BAD_ATTEMPTS: usize = 25;
const STEPS_MAX: usize = 1_000_000;

/// What is broken on purpose, so that it can be seen that it would be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A snapshot is said to be safe before it is.
    AcknowledgedTooSoon,
    /// A sink does not know what it has committed.
    CommitsForgotten,
}

/// What became of a run.
#[derive(Debug, Default)]
pub struct Report {
    pub program: &'static str,
    pub attempts: usize,
    /// Attempts that went on from a checkpoint.
    pub restored: usize,
    /// Files that state was spilled to.
    pub spills: usize,
    /// How the result differs from that of an undisturbed run; `None` if it does not.
    pub difference: Option<String>,
}

/// Runs what the seed says. Fails only on a fault of the simulation itself.
pub fn run(seed: u64, bug: Option<Bug>) -> Result<Report, String> {
    let random = &mut Random::new(seed);
    let (name, text) = PROGRAMS[random.below(PROGRAMS.len() as u64) as usize];
    let rows = rows(random);
    let text = &format!("{}{text};", tables(random));
    let calm = World::new(Random::new(seed), rows.clone());
    Life::new(text, &calm, Random::new(seed), None)?.live(&mut Report::default())?;
    let world = World::new(Random::new(random.next_u64()), rows);
    world.set_weather(Weather::of(random));
    let mut report = Report {
        program: name,
        ..Report::default()
    };
    Life::new(text, &world, Random::new(random.next_u64()), bug)?.live(&mut report)?;
    report.spills = world.spills();
    report.difference = difference(&collapsed(&calm), &collapsed(&world));
    Ok(report)
}

struct Life {
    world: Arc<World>,
    random: Random,
    clock: Arc<ManualClock>,
    context: Arc<EvaluationContext>,
    graph: Graph,
    bug: Option<Bug>,
}

impl Life {
    fn new(text: &str, world: &Arc<World>, random: Random, bug: Option<Bug>) -> Result<Life, String> {
        let mut registry = embedded::wiring::registry(Arc::new(Mutex::new(std::io::sink())));
        registry.add_connector(Arc::new(Sim {
            world: world.clone(),
            forgets_commits: bug == Some(Bug::CommitsForgotten),
            transaction: Arc::new(SimTransaction { world: world.clone() }),
        }));
        let clock = Arc::new(ManualClock::at_ms(0));
        let mut session = Session::new(Arc::new(registry), clock.clone());
        session.begin_script();
        let mut graph = None;
        let script = sql::parse_script(text);
        if let Some(fault) = script.diagnostics.first() {
            return Err(fault.render("program.sql", text));
        }
        for statement in &script.statements {
            let outcome = session.execute(text, statement);
            match outcome.map_err(|fault| fault.render("program.sql", text))? {
                Outcome::Insert(planned) => graph = Some(planned),
                _ => continue,
            }
        }
        Ok(Life {
            world: world.clone(),
            random,
            clock,
            context: session.context(),
            graph: graph.ok_or("the program runs no job")?,
            bug,
        })
    }

    /// One attempt after the other until the job has read its input to the end.
    fn live(&mut self, report: &mut Report) -> Result<(), String> {
        loop {
            report.attempts += 1;
            if report.attempts > BAD_ATTEMPTS {
                self.world.set_weather(Weather::default());
            }
            match self.attempt(report) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) if report.attempts > BAD_ATTEMPTS => {
                    return Err(format!("it fails in good weather: {error}"));
                }
                // Somebody starts it again.
                Err(_) => {}
            }
        }
    }

    /// The memory for state: little of it, or all that is needed.
    fn budget(&mut self) -> Option<Budget> {
        let bytes = self.random.below(8_000) as usize;
        (bytes < 4_000).then(|| Budget {
            bytes,
            files: Arc::new(SimSpill {
                world: self.world.clone(),
            }),
        })
    }

    /// Returns whether the job has come to its end, and somebody knows it.
    fn attempt(&mut self, report: &mut Report) -> Result<bool, Error> {
        self.world.new_process();
        let storage = SimStorage {
            world: self.world.clone(),
        };
        let checkpoints = Arc::new(Checkpoints::open(Arc::new(storage))?);
        let committed = Job::last_committed(&self.graph)?;
        let latest = || match checkpoints.latest(0) {
            // Died in the middle of its first object: nothing was acknowledged yet.
            Err(Error::Data { .. }) => Ok(None),
            found => found,
        };
        let is_transactional = committed != Committed::Repeatable;
        let options = JobOptions {
            parallelism: self.random.between(1, 4) as usize,
            chunk_rows: self.random.between(1, 50) as usize,
            last_committed: committed.epoch().unwrap_or(0),
            state: self.budget(),
            ..JobOptions::default()
        };
        let job = loop {
            let (options, context) = (options.clone(), self.context.clone());
            let Some(mut found) = latest()? else {
                break Job::new(&self.graph, context, options)?;
            };
            let epoch = found.reader.snapshot.epoch;
            if committed.epoch().is_some_and(|committed| epoch > committed) {
                checkpoints.remove(found)?;
                continue;
            }
            if found.label.is_transactional && committed == Committed::Never {
                return Err(Error::internal("nobody knows what was committed"));
            }
            match Job::restore_from(&self.graph, context, options, &mut found.reader) {
                Ok(job) => {
                    report.restored += 1;
                    break job;
                }
                Err(RestoreError::Unreadable(error)) => {
                    checkpoints.pass_over(found.number, &found.label, error.to_string());
                }
                Err(error) => return Err(error.into()),
            }
        };
        let keeper = Keeper {
            checkpoints,
            world: self.world.clone(),
            clock: self.clock.clone(),
            epoch: report.attempts as u64,
            is_transactional,
            bug: self.bug,
        };
        let job = job.keep_snapshots(Checkpointing {
            keeper: Arc::new(keeper),
            interval: Some(Duration::from_millis(self.random.between(1, 30) as u64)),
            min_pause: Duration::ZERO,
            timeout: Duration::from_secs(600),
            tolerable_failures: self.random.below(3) as u32,
        });
        let mut stepper = job.into_stepper();
        if !self.steps(&mut stepper)? {
            return Ok(false);
        }
        let end = stepper.finish()?;
        self.world.death("before it could say that it has ended")?;
        Ok(!end.stopped)
    }

    /// Returns whether all shards have ended; else the process has died.
    fn steps(&mut self, stepper: &mut Stepper) -> Result<bool, Error> {
        for _ in 0..STEPS_MAX {
            let weather = self.world.weather();
            if self.random.chance(weather.death) {
                return Ok(false);
            }
            if self.random.chance(weather.stop) {
                stepper.stop();
            }
            if self.random.chance(0.1) {
                self.clock.advance(Duration::from_millis(1));
            }
            self.world.wake(self.clock.now_us());
            match stepper.step(&mut self.random)? {
                Progress::Worked => {}
                Progress::Ended => return Ok(true),
                Progress::Waiting(wait) => {
                    let until_wake = self.world.next_wake_us().map(|at_us| at_us - self.clock.now_us());
                    let until_wake = until_wake.map(|us| Duration::from_micros(us.max(0) as u64));
                    let wait = wait.into_iter().chain(until_wake).min();
                    let wait = wait.ok_or_else(|| Error::internal("all shards wait for each other"))?;
                    self.clock.advance(wait);
                }
            }
        }
        Err(Error::internal("the job does not end"))
    }
}

#[derive(Debug)]
struct Keeper {
    checkpoints: Arc<Checkpoints>,
    world: Arc<World>,
    clock: Arc<ManualClock>,
    epoch: u64,
    is_transactional: bool,
    bug: Option<Bug>,
}

impl SnapshotKeeper for Keeper {
    fn keep(&self, taken: &Taken) -> Result<Extent, Error> {
        if self.bug == Some(Bug::AcknowledgedTooSoon) && self.world.chance(0.5) {
            return Ok(Extent::Changes);
        }
        let label = Label {
            run_id: format!("rn_{}", self.epoch),
            epoch: self.epoch,
            job: 0,
            parallelism: 1,
            began_us: taken.began_us,
            taken_us: self.clock.now_us(),
            is_last: taken.is_last,
            is_transactional: self.is_transactional,
            parent: None,
        };
        self.checkpoints.keep(&label, &taken.snapshot, taken.extent, 2)?;
        if self.world.chance(0.3) {
            match self.checkpoints.compact() {
                // Those that there are stay as they are.
                Ok(_) | Err(Error::Io { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.world.death("between a checkpoint and its commit")?;
        Ok(match self.world.chance(0.8) {
            true => Extent::Changes,
            false => Extent::Whole,
        })
    }
}

/// Rows of all tables once every retraction has taken its row away, and how often each is there.
fn collapsed(world: &World) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for (table, changes) in world.visible() {
        for change in changes {
            let (kind, row) = change.split_at(1);
            *counts.entry(format!("{table} {row}")).or_default() += if kind == "+" { 1 } else { -1 };
        }
    }
    counts.retain(|_, count| *count != 0);
    counts
}

fn difference(expected: &BTreeMap<String, i64>, found: &BTreeMap<String, i64>) -> Option<String> {
    let mut text = String::new();
    let rows = expected
        .keys()
        .chain(found.keys().filter(|row| !expected.contains_key(*row)));
    for row in rows {
        let (wanted, have) = (
            expected.get(row).copied().unwrap_or(0),
            found.get(row).copied().unwrap_or(0),
        );
        if wanted != have {
            let _ = writeln!(text, "  {row}: {wanted} expected, {have} found");
        }
    }
    (!text.is_empty()).then_some(text)
}
