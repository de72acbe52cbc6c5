//! All shards of a job on one thread, stepped in an order that a seed decides: what threads might do, repeatably.

use std::sync::Arc;
use std::time::Duration;

use dataflow::{Epoch, Error};
use state::{Extent, Snapshot};
use stdx::Random;

use crate::control::{Statistics, statistics};
use crate::job::{Job, JobEnd};
use crate::shard::{self, Step, earlier};

pub struct Stepper {
    job: Job,
    /// By shard, since anything last moved: when it wants to be stepped again, if it waits.
    waiting: Vec<Option<Option<i64>>>,
    ended: Vec<bool>,
    has_begun: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A shard has worked.
    Worked,
    /// All shards wait: until somebody moves the clock by this much, or without end.
    Waiting(Option<Duration>),
    /// All shards have ended. [`Stepper::finish`] commits.
    Ended,
}

impl Stepper {
    pub(crate) fn new(job: Job) -> Stepper {
        let shards = job.shards.len();
        Stepper {
            job,
            waiting: vec![None; shards],
            ended: vec![false; shards],
            has_begun: false,
        }
    }

    /// Steps one shard, or whoever looks after the job, chosen at random among those that may have something to do.
    pub fn step(&mut self, random: &mut Random) -> Result<Progress, Error> {
        if !self.has_begun {
            self.has_begun = true;
            self.job.coordinator.begin()?;
            shard::begin(&mut self.job.shards)?;
        }
        let now_us = self.job.context.clock.now_us();
        for (shard, waiting) in self.waiting.iter_mut().enumerate() {
            if self.job.shared.take_woken(shard) {
                *waiting = None;
            }
        }
        let is_due = |waiting: &Option<Option<i64>>| match waiting {
            None => true,
            Some(until_us) => until_us.is_some_and(|until_us| until_us <= now_us),
        };
        let ready: Vec<usize> = (0..self.ended.len())
            .filter(|&shard| !self.ended[shard] && is_due(&self.waiting[shard]))
            .collect();
        // Whoever looks after a job does so beside its shards, at any time.
        let choices = ready.len() + usize::from(self.job.coordinator.has_work());
        if choices == 0 {
            if self.ended.iter().all(|ended| *ended) {
                return Ok(Progress::Ended);
            }
            let until_us = self
                .waiting
                .iter()
                .zip(&self.ended)
                .filter(|(_, ended)| !**ended)
                .fold(None, |until, (waiting, _)| earlier(until, waiting.flatten()));
            let wait = until_us.map(|until_us| Duration::from_micros((until_us - now_us).max(0) as u64));
            return Ok(Progress::Waiting(wait));
        }
        let choice = random.below(choices as u64) as usize;
        let Some(&shard) = ready.get(choice) else {
            self.job.coordinator.work()?;
            self.waiting.fill(None);
            return Ok(Progress::Worked);
        };
        match self.job.shards[shard].step()? {
            Step::Worked => self.waiting.fill(None),
            Step::Waiting(until_us) => self.waiting[shard] = Some(until_us),
            Step::Ended => {
                self.ended[shard] = true;
                self.waiting.fill(None);
            }
        }
        if let Some(error) = self.job.shared.take_error() {
            return Err(error);
        }
        Ok(Progress::Worked)
    }

    /// Steps until all shards have ended, moving the clock on where all of them wait for it.
    pub fn run(&mut self, random: &mut Random) -> Result<(), Error> {
        loop {
            match self.step(random)? {
                Progress::Worked => {}
                Progress::Ended => return Ok(()),
                Progress::Waiting(wait) => {
                    let wait = wait.ok_or_else(|| Error::internal("all shards wait for each other"))?;
                    self.job.context.clock.sleep(wait.max(Duration::from_millis(1)));
                }
            }
        }
    }

    /// Starts a checkpoint unless one is under way or the job stops or has ended; returns whether it did.
    pub fn start_checkpoint(&mut self, epoch: Epoch) -> bool {
        self.start_checkpoint_of(epoch, Extent::Whole)
    }

    /// As [`Stepper::start_checkpoint`]; it may ask for what has changed since the one before.
    pub fn start_checkpoint_of(&mut self, epoch: Epoch, extent: Extent) -> bool {
        self.waiting.fill(None);
        let now_us = self.job.context.clock.now_us();
        self.job.shared.start_checkpoint(epoch, extent, now_us)
    }

    /// The snapshot of the last checkpoint once its barrier has passed everything; once.
    pub fn take_snapshot(&mut self) -> Option<Snapshot> {
        Some(self.take_checkpoint()?.0)
    }

    /// As [`Stepper::take_snapshot`], and whether it says all, which it does if a shard has ended.
    pub fn take_checkpoint(&mut self) -> Option<(Snapshot, Extent)> {
        let complete = self.job.shared.take_complete()?;
        Some((complete.snapshot, complete.extent))
    }

    /// Makes visible what sinks have prepared up to this epoch.
    pub fn commit(&mut self, epoch: Epoch) -> Result<(), Error> {
        self.job.coordinator.commit(epoch)
    }

    /// As [`crate::Control::stop`].
    pub fn stop(&mut self) {
        self.waiting.fill(None);
        self.job.shared.stop();
    }

    pub fn statistics(&self) -> Statistics {
        statistics(&self.job.shared, &self.job.labels)
    }

    /// Bytes waiting between shards.
    pub fn exchange_bytes(&self) -> usize {
        let edges = self.job.shards.first().map(|shard| shard.edges.as_slice());
        edges
            .unwrap_or_default()
            .iter()
            .map(|edge| Arc::as_ref(edge).bytes())
            .sum()
    }

    /// Commits all that was prepared. To be called when all shards have ended.
    pub fn finish(mut self) -> Result<JobEnd, Error> {
        self.job.coordinator.finish()?;
        Ok(JobEnd {
            stopped: self.job.shared.was_cut(),
            statistics: self.statistics(),
        })
    }
}
