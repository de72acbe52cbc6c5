//! Writes phases down, one legal move after the other. A move that the life cycle does not have does not compile.

use model::phase::{
    AnyPhase, Failed, Finished, Move, Pending, PhaseName, Recovering, Rescaling, Running, Starting, Stopped,
    Stopping, Suspended,
};
use serde_json::Value;
use store::{Deployment, Observed, Run, RunEnd};

use crate::{Error, Jobs, Result};

/// More moves than any way from one phase to another.
const MOVES_MAX: usize = 4;

enum Step {
    Pending(Move<Pending>),
    Starting(Move<Starting>),
    Running(Move<Running>),
    Recovering(Move<Recovering>),
    Rescaling(Move<Rescaling>),
    Stopping(Move<Stopping>),
    Suspended(Move<Suspended>),
    Stopped(Move<Stopped>),
    Finished(Move<Finished>),
    Failed(Move<Failed>),
}

macro_rules! steps {
    ($from:expr, $to:expr; $($start:ident => $($end:ident),+;)*) => {
        match ($from.typed(), $to) {
            $($((AnyPhase::$start(phase), PhaseName::$end) => Some(Step::$end(phase.to::<$end>())),)+)*
            _ => None,
        }
    };
}

fn step(from: PhaseName, to: PhaseName) -> Option<Step> {
    steps! { from, to;
        Pending => Starting, Suspended, Stopped, Failed;
        Starting => Running, Recovering, Stopping, Stopped, Finished, Failed;
        Running => Recovering, Rescaling, Stopping, Stopped, Finished, Failed;
        Recovering => Starting, Running, Stopping, Suspended, Stopped, Finished, Failed;
        Rescaling => Starting, Running, Recovering, Stopping, Suspended, Stopped, Finished, Failed;
        Stopping => Suspended, Stopped, Finished, Failed;
        Suspended => Pending, Stopped;
        Stopped => Pending;
        Finished => Pending;
        Failed => Pending, Stopped;
    }
}

/// The next phase on the way to another one.
fn towards(from: PhaseName, to: PhaseName) -> Option<PhaseName> {
    if from.can_become(to) {
        return Some(to);
    }
    match (from, to) {
        // What is over, or rests, begins anew.
        (PhaseName::Suspended | PhaseName::Stopped | PhaseName::Finished | PhaseName::Failed, _) => {
            Some(PhaseName::Pending)
        }
        (PhaseName::Pending, _) => Some(PhaseName::Starting),
        (PhaseName::Running, PhaseName::Starting) => Some(PhaseName::Recovering),
        (PhaseName::Starting | PhaseName::Running, PhaseName::Suspended) => Some(PhaseName::Stopping),
        // It was to stop, and then something else was wanted.
        (
            PhaseName::Stopping,
            PhaseName::Starting | PhaseName::Running | PhaseName::Pending | PhaseName::Recovering,
        ) => Some(PhaseName::Stopped),
        _ => None,
    }
}

impl Jobs {
    pub(crate) async fn move_deployment(
        &self,
        deployment: &Deployment,
        to: PhaseName,
        observed: Observed,
    ) -> Result<()> {
        let (id, epoch) = (deployment.id, deployment.epoch);
        let deployments = self.inner.store.deployments();
        let mut phase = deployment.phase;
        for _ in 0..MOVES_MAX {
            if phase == to {
                return Ok(());
            }
            let Some(step) = towards(phase, to).and_then(|next| step(phase, next)) else {
                break;
            };
            let observed = observed.clone();
            let written = match step {
                Step::Pending(step) => deployments.advance(id, epoch, step, observed).await?,
                Step::Starting(step) => deployments.advance(id, epoch, step, observed).await?,
                Step::Running(step) => deployments.advance(id, epoch, step, observed).await?,
                Step::Recovering(step) => deployments.advance(id, epoch, step, observed).await?,
                Step::Rescaling(step) => deployments.advance(id, epoch, step, observed).await?,
                Step::Stopping(step) => deployments.advance(id, epoch, step, observed).await?,
                Step::Suspended(step) => deployments.advance(id, epoch, step, observed).await?,
                Step::Stopped(step) => deployments.advance(id, epoch, step, observed).await?,
                Step::Finished(step) => deployments.advance(id, epoch, step, observed).await?,
                Step::Failed(step) => deployments.advance(id, epoch, step, observed).await?,
            };
            phase = written.phase;
        }
        if phase == to {
            return Ok(());
        }
        Err(Error::Internal(format!(
            "no way leads from {} to {}",
            phase.name(),
            to.name()
        )))
    }

    /// Follows what is seen of a run that goes on; what it never was before it is not made into.
    pub(crate) async fn move_run(&self, run: &Run, to: PhaseName) -> Result<()> {
        if run.phase == to || !run.phase.can_become(to) {
            return Ok(());
        }
        self.write_run(run, to, None).await
    }

    pub(crate) async fn end_run(&self, run: &Run, to: PhaseName, failure: Option<Value>) -> Result<()> {
        self.write_run(run, to, failure).await
    }

    async fn write_run(&self, run: &Run, to: PhaseName, failure: Option<Value>) -> Result<()> {
        let runs = self.inner.store.runs();
        let end = RunEnd { failure };
        match step(run.phase, to) {
            Some(Step::Running(step)) => runs.advance(run.id, step, end).await?,
            Some(Step::Stopping(step)) => runs.advance(run.id, step, end).await?,
            Some(Step::Stopped(step)) => runs.advance(run.id, step, end).await?,
            Some(Step::Finished(step)) => runs.advance(run.id, step, end).await?,
            Some(Step::Failed(step)) => runs.advance(run.id, step, end).await?,
            _ => {
                return Err(Error::Internal(format!(
                    "a run does not go from {} to {}",
                    run.phase.name(),
                    to.name()
                )));
            }
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_leads_wherever_the_loop_goes() {
        use PhaseName::{
            AwaitingApproval, Failed, Finished, Pending, Recovering, Rescaling, Running, Starting, Stopped,
            Stopping, Suspended,
        };
        let reach = |from: PhaseName, to: PhaseName| {
            let mut phase = from;
            for _ in 0..MOVES_MAX {
                if phase == to {
                    break;
                }
                match towards(phase, to) {
                    Some(next) if step(phase, next).is_some() => phase = next,
                    _ => break,
                }
            }
            phase == to
        };
        for &from in PhaseName::ALL.iter().filter(|phase| **phase != AwaitingApproval) {
            for to in [Starting, Running, Failed, Stopped, Finished, Recovering] {
                assert!(reach(from, to), "{from:?} to {to:?}");
            }
        }
        for from in [
            Pending, Starting, Running, Recovering, Rescaling, Stopping, Stopped, Finished, Failed,
        ] {
            assert!(reach(from, Suspended), "{from:?}");
            assert!(
                from == Stopping || from == Rescaling || reach(from, Stopping),
                "{from:?}"
            );
        }
        // Where a deployment waits for capacity; see `waiting`.
        for from in [Suspended, Stopping, Stopped, Finished, Failed] {
            assert!(reach(from, Pending), "{from:?}");
        }
    }
}
