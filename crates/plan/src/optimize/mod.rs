//! Hand-picked rules that make a plan cheaper and keep its rows.
//!
//! None of them lets an error appear that the query as written would not meet, and none of them evaluates at
//! planning time what may differ from row to row.

mod fold;
mod merge;
mod nested;
mod prune;
mod push;
mod rank;
mod share;
mod windows;

use dataflow::EvaluationContext;

use crate::logical::Plan;

pub(crate) use rank::RANK_END_NONE;
pub(crate) use share::share_scans;

pub(crate) fn optimize(plan: Plan, context: &EvaluationContext) -> Plan {
    let plan = fold::constants(plan, context);
    let plan = merge::calcs(plan);
    let plan = rank::from_filters(plan);
    let plan = prune::columns(plan);
    let plan = windows::pull_up(plan);
    let plan = merge::calcs(plan);
    let plan = push::filters(plan);
    let plan = merge::calcs(push::keys(plan));
    let plan = nested::fields_into_scans(plan);
    let plan = prune::columns(plan);
    merge::calcs(plan)
}
