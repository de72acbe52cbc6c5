//! How much a job needs, and whether there is room for it.

use std::collections::HashMap;
use std::time::Duration;

use model::id::{DeploymentId, DraftId, RunId};
use runner::{Next, PlanSummary, PreviewEvent, PreviewLimits, PreviewRequest, Program, Purpose, Runner};
use serde::Serialize;

use crate::{Error, Jobs, JobsSettings, Result};

/// What a version needs, with the reasons in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Estimate {
    pub parallelism: u32,
    pub memory_bytes: u64,
    pub reasons: Vec<String>,
}

/// How long a sampled run may take.
const SAMPLE_MS: u64 = 1_500;
/// Rows that one shard is expected to read each second with room to spare; beyond it another shard is worth it.
const ROWS_PER_SHARD: f64 = 250_000.0;
/// A process without a job.
const MEMORY_BASE: u64 = 64 << 20;
/// Chunks on their way, for each shard.
const MEMORY_PER_SHARD: u64 = 32 << 20;
/// First room for the state of one operator on one shard.
const MEMORY_PER_STATE: u64 = 64 << 20;

impl Jobs {
    /// Parallelism and memory of a version, from its plan and a short run that writes nothing.
    pub async fn estimate(&self, workspace: &str, draft: DraftId, number: u32) -> Result<Estimate> {
        let version = self.inner.store.versions().get(workspace, draft, number).await?;
        let program = self.program_of(workspace, &version).await?;
        self.estimate_of(program, None).await
    }

    /// With a parallelism that is given there is nothing to sample.
    pub(crate) async fn estimate_of(&self, program: Program, given: Option<u32>) -> Result<Estimate> {
        let checked = program.clone();
        let check = move |runner: &dyn Runner| runner.check(&checked, Purpose::Deployment);
        // A run that is to begin has a parallelism, and waits for nobody.
        let report = match given {
            Some(_) => self.ask(&self.inner.runner, check).await?,
            None => self.ask_in_turn(check).await?,
        };
        let Some(plan) = report.plan else {
            return Err(Error::diagnosed(
                "the version cannot be planned",
                report.diagnostics,
            ));
        };
        let settings = &self.inner.settings;
        let most = settings.capacity_cores.min(settings.workspace_cores);
        let choice = match given {
            Some(parallelism) => Choice::Given(parallelism),
            None => Choice::Sampled {
                rows_per_second: self.ask_in_turn(move |runner| sample(runner, program)).await?,
                parallelism_max: most,
            },
        };
        Ok(weigh(&plan, &choice))
    }
}

/// Rows that a short run read in a second; `None` if it could not run.
fn sample(runner: &dyn runner::Runner, program: Program) -> Option<f64> {
    let limits = PreviewLimits {
        time_max_ms: SAMPLE_MS,
        rows_max: u64::MAX,
        bytes_max: 64 << 20,
    };
    let mut preview = runner.preview(PreviewRequest { program, limits }).ok()?;
    let mut rows_in = None;
    let waits = 2 * SAMPLE_MS / 50;
    for _ in 0..waits {
        match preview.next(Duration::from_millis(50)) {
            Next::Event(PreviewEvent::Statistics { rows_in: rows, .. }) => rows_in = Some(rows),
            Next::Event(event) if event.is_last() => break,
            Next::Event(_) | Next::Pending => {}
            Next::Over => break,
        }
    }
    rows_in.map(|rows| rows as f64 * 1000.0 / SAMPLE_MS as f64)
}

/// Where the parallelism comes from.
enum Choice {
    Given(u32),
    Sampled {
        rows_per_second: Option<f64>,
        parallelism_max: u32,
    },
}

fn weigh(plan: &PlanSummary, choice: &Choice) -> Estimate {
    let mut reasons = Vec::new();
    let stateful = plan.nodes.iter().filter(|node| node.state.is_some()).count();
    let parallelism = match *choice {
        Choice::Given(parallelism) => {
            reasons.push(format!("a parallelism of {parallelism} was asked for"));
            parallelism
        }
        Choice::Sampled {
            rows_per_second: Some(rows),
            parallelism_max,
        } => {
            let needed = (rows / ROWS_PER_SHARD).ceil().max(1.0) as u32;
            let given = needed.min(parallelism_max);
            reasons.push(format!(
                "a sampled run read about {rows:.0} rows a second; one shard is good for {ROWS_PER_SHARD:.0}"
            ));
            if given < needed {
                reasons.push(format!(
                    "{needed} shards would be better, {given} is the most allowed here"
                ));
            }
            given
        }
        Choice::Sampled {
            rows_per_second: None,
            ..
        } => {
            reasons.push("no rows could be sampled, so one shard to begin with".to_string());
            1
        }
    };
    let state = MEMORY_PER_STATE * stateful as u64 * u64::from(parallelism);
    let memory_bytes = MEMORY_BASE + MEMORY_PER_SHARD * u64::from(parallelism) + state;
    reasons.push(format!(
        "{} MiB for the process and {} MiB for each shard's rows on their way",
        MEMORY_BASE >> 20,
        MEMORY_PER_SHARD >> 20
    ));
    reasons.push(match stateful {
        0 => "no operator keeps state".to_string(),
        1 => format!("1 operator keeps state: {} MiB a shard", MEMORY_PER_STATE >> 20),
        many => format!(
            "{many} operators keep state: {} MiB each a shard",
            MEMORY_PER_STATE >> 20
        ),
    });
    if plan.is_bounded {
        reasons.push("all its sources end, and then it does".to_string());
    }
    Estimate {
        parallelism,
        memory_bytes,
        reasons,
    }
}

/// What runs have been given, of what there is.
#[derive(Debug)]
pub struct Capacity {
    all: Share,
    workspace: Share,
    given: HashMap<Holder, (String, Share)>,
}

/// Who has a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Run(RunId),
    /// The run that is just being made for a deployment, which has no id yet.
    Coming(DeploymentId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    pub cores: u32,
    pub memory_bytes: u64,
}

impl Share {
    fn plus(self, other: Share) -> Share {
        Share {
            cores: self.cores.saturating_add(other.cores),
            memory_bytes: self.memory_bytes.saturating_add(other.memory_bytes),
        }
    }

    fn fits_in(self, whole: Share) -> bool {
        self.cores <= whole.cores && self.memory_bytes <= whole.memory_bytes
    }
}

impl Capacity {
    pub fn new(settings: &JobsSettings) -> Capacity {
        Capacity {
            all: Share {
                cores: settings.capacity_cores,
                memory_bytes: settings.capacity_memory_bytes,
            },
            workspace: Share {
                cores: settings.workspace_cores,
                memory_bytes: settings.workspace_memory_bytes,
            },
            given: HashMap::new(),
        }
    }

    /// Keeps room for the next run of a deployment, or says why there is none. Asked and kept in one step, so that two
    /// deployments never get the same room.
    pub fn reserve(
        &mut self,
        deployment: DeploymentId,
        workspace: &str,
        wanted: Share,
    ) -> std::result::Result<(), String> {
        match self.lacks(workspace, wanted) {
            Some(lack) => Err(lack),
            None => {
                let holder = Holder::Coming(deployment);
                self.given.insert(holder, (workspace.to_string(), wanted));
                Ok(())
            }
        }
    }

    /// The run was made, or it was not.
    pub fn end_reservation(&mut self, deployment: DeploymentId) {
        self.given.remove(&Holder::Coming(deployment));
    }

    /// Why there would be no room for this share if a run ended that makes way for it. One that needs no more than that
    /// run has finds room, also where more was given than there is.
    pub fn lacks_instead_of(&self, run: RunId, workspace: &str, wanted: Share) -> Option<String> {
        let has = self.given.get(&Holder::Run(run));
        if has.is_some_and(|(_, share)| wanted.fits_in(*share)) {
            return None;
        }
        self.lacks_without(Some(run), workspace, wanted)
    }

    /// Why there is no room for this share now, if there is none.
    fn lacks(&self, workspace: &str, wanted: Share) -> Option<String> {
        self.lacks_without(None, workspace, wanted)
    }

    fn lacks_without(&self, run: Option<RunId>, workspace: &str, wanted: Share) -> Option<String> {
        let sum = |of: Option<&str>| {
            self.given
                .iter()
                .filter(|(holder, _)| run.is_none_or(|run| **holder != Holder::Run(run)))
                .filter(|(_, (owner, _))| of.is_none_or(|of| of == owner))
                .fold(wanted, |sum, (_, (_, share))| sum.plus(*share))
        };
        let describe = |share: Share| format!("{} cores and {} MiB", share.cores, share.memory_bytes >> 20);
        if !sum(Some(workspace)).fits_in(self.workspace) {
            return Some(format!(
                "the workspace may use {}; with this run it would use {}",
                describe(self.workspace),
                describe(sum(Some(workspace)))
            ));
        }
        if !sum(None).fits_in(self.all) {
            return Some(format!(
                "this machine has {} for jobs; with this run they would use {}",
                describe(self.all),
                describe(sum(None))
            ));
        }
        None
    }

    /// Whatever runs has its share, also beyond what there is: it was given before.
    pub fn give(&mut self, run: RunId, workspace: &str, share: Share) {
        self.given
            .insert(Holder::Run(run), (workspace.to_string(), share));
    }

    pub fn take_back(&mut self, run: RunId) {
        self.given.remove(&Holder::Run(run));
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn capacity() -> Capacity {
        Capacity::new(&JobsSettings {
            capacity_cores: 4,
            capacity_memory_bytes: 4 << 30,
            workspace_cores: 3,
            workspace_memory_bytes: 4 << 30,
            files: PathBuf::new(),
            file_roots: Vec::new(),
            denied: Vec::new(),
            network: model::AddressRules::default(),
        })
    }

    fn share(cores: u32) -> Share {
        Share {
            cores,
            memory_bytes: 1 << 30,
        }
    }

    #[test]
    fn there_is_room_until_a_quota_or_the_machine_is_used_up() {
        let mut capacity = capacity();
        let run = |number| RunId::new(0, number);
        assert_eq!(capacity.lacks("a", share(3)), None);
        capacity.give(run(1), "a", share(2));
        assert_eq!(
            capacity.lacks("a", share(2)).unwrap(),
            "the workspace may use 3 cores and 4096 MiB; with this run it would use 4 cores and 2048 MiB"
        );
        assert_eq!(capacity.lacks("b", share(2)), None);
        capacity.give(run(2), "b", share(2));
        assert_eq!(
            capacity.lacks("b", share(1)).unwrap(),
            "this machine has 4 cores and 4096 MiB for jobs; with this run they would use 5 cores and 3072 MiB"
        );
        capacity.take_back(run(1));
        assert_eq!(capacity.lacks("b", share(1)), None);
    }

    #[test]
    fn a_run_makes_way_for_one_that_fits_in_its_place() {
        let mut capacity = capacity();
        let run = |number| RunId::new(0, number);
        capacity.give(run(1), "a", share(2));
        capacity.give(run(2), "b", share(1));
        assert_eq!(capacity.lacks_instead_of(run(1), "a", share(3)), None);
        capacity.give(run(3), "b", share(1));
        assert_eq!(
            capacity.lacks_instead_of(run(1), "a", share(3)).unwrap(),
            "this machine has 4 cores and 4096 MiB for jobs; with this run they would use 5 cores and 3072 MiB"
        );
        // More was given than there is, by a server with more of it.
        capacity.give(run(4), "c", share(3));
        assert_eq!(capacity.lacks_instead_of(run(1), "a", share(2)), None);
    }

    #[test]
    fn room_that_is_kept_for_one_is_not_given_to_another() {
        let mut capacity = capacity();
        let (first, second) = (DeploymentId::new(0, 1), DeploymentId::new(0, 2));
        assert_eq!(capacity.reserve(first, "a", share(2)), Ok(()));
        assert!(capacity.reserve(second, "a", share(2)).is_err());
        capacity.end_reservation(first);
        assert_eq!(capacity.reserve(second, "a", share(2)), Ok(()));
    }
}
