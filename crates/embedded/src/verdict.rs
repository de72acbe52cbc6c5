//! Plans two programs, and says what becomes of the state of the one in the other.

use std::sync::Arc;

use graph::Graph;
use plan::verdict::{Fate, Part, state_verdict};
use runner::{Diagnostic, PartKind, PartVerdict, Place, Program, Purpose, StateFate, StateVerdict};
use stdx::Clock;

use crate::check::{Checked, plan};
use crate::planning;
use crate::summary::PlannedJob;

/// Fails with what is wrong with one of them; the wrong one is named.
pub fn compare(
    before: &Program,
    after: &Program,
    clock: &Arc<dyn Clock>,
) -> Result<StateVerdict, Vec<Diagnostic>> {
    planning::on_large_stack(|| {
        let old = planned(before, "the version that the state is of", clock)?;
        let new = planned(after, "the new version", clock)?;
        let verdict = state_verdict(&graphs(&old.jobs), &graphs(&new.jobs));
        Ok(StateVerdict {
            parts: verdict
                .into_iter()
                .map(|part| PartVerdict {
                    kind: match part.part {
                        Part::Source => PartKind::Source,
                        Part::Operator => PartKind::Operator,
                        Part::Sink => PartKind::Sink,
                    },
                    fate: match part.fate {
                        Fate::Kept => StateFate::Kept,
                        Fate::New => StateFate::New,
                        Fate::Gone => StateFate::Gone,
                        Fate::Reset => StateFate::Reset,
                        Fate::Impossible => StateFate::Impossible,
                    },
                    name: after.secrets.redact(&part.name).into_owned(),
                    keeps: part.keeps,
                    reason: part.reason.map(|reason| {
                        let reason = before.secrets.redact(&reason).into_owned();
                        after.secrets.redact(&reason).into_owned()
                    }),
                    before: part.before.map(|span| Place::of(span, &before.sql)),
                    after: part.after.map(|span| Place::of(span, &after.sql)),
                })
                .collect(),
            drops_state: new.drops_state,
        })
    })
    .unwrap_or_else(|message| {
        tracing::error!(message, "a verdict failed");
        Err(vec![Diagnostic::error(runner::Kind::Validation, message)])
    })
}

fn planned(program: &Program, which: &str, clock: &Arc<dyn Clock>) -> Result<Checked, Vec<Diagnostic>> {
    if let Some(fault) = program.size_fault() {
        return Err(vec![fault]);
    }
    let checked = plan(program, Purpose::Deployment, clock.clone());
    if !checked.report.has_errors() {
        return Ok(checked);
    }
    let faults = checked
        .report
        .diagnostics
        .into_iter()
        .filter(Diagnostic::is_error);
    Err(faults
        .map(|fault| Diagnostic {
            message: format!("{which}: {}", fault.message),
            ..fault
        })
        .collect())
}

fn graphs(jobs: &[PlannedJob]) -> Vec<&Graph> {
    jobs.iter().map(|job| &job.graph).collect()
}
