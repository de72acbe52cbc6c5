//! Scans of one table in one job become one scan that reads what any of them wants.

use graph::{Expr, JoinTime};
use model::Schema;

use crate::logical::{Plan, PlanKind, Scan};

pub(crate) fn share_scans(plans: Vec<Plan>) -> Vec<Plan> {
    let mut shared: Vec<Shared> = Vec::new();
    for plan in &plans {
        collect(plan, &mut shared);
    }
    plans
        .into_iter()
        .map(|plan| super::merge::calcs(replace(plan, &shared)))
        .collect()
}

struct Shared {
    scan: Scan,
    schema: Schema,
    span: model::Span,
    /// How many different lists of columns are wanted.
    variants: Vec<String>,
}

fn collect(plan: &Plan, shared: &mut Vec<Shared>) {
    for input in plan.inputs() {
        collect(input, shared);
        if is_lookup(plan) {
            break;
        }
    }
    let PlanKind::Scan(scan) = &plan.kind else {
        return;
    };
    let variant = describe(&scan.outputs);
    let Some(known) = shared
        .iter_mut()
        .find(|known| known.scan.table.is_same(&scan.table))
    else {
        shared.push(Shared {
            scan: scan.clone(),
            schema: plan.schema.clone(),
            span: plan.span,
            variants: vec![variant],
        });
        return;
    };
    if known.variants.contains(&variant) {
        return;
    }
    known.variants.push(variant);
    for (output, field) in scan.outputs.iter().zip(&plan.schema.fields) {
        if position(&known.scan.outputs, output).is_none() {
            known.scan.outputs.push(output.clone());
            known.schema.fields.push(field.clone());
        }
    }
}

fn replace(plan: Plan, shared: &[Shared]) -> Plan {
    let is_lookup = is_lookup(&plan);
    let mut is_first = true;
    let plan = plan.map_inputs(
        &mut |input| match std::mem::replace(&mut is_first, false) || !is_lookup {
            true => replace(input, shared),
            false => input,
        },
    );
    let PlanKind::Scan(scan) = &plan.kind else {
        return plan;
    };
    let Some(known) = shared.iter().find(|known| known.scan.table.is_same(&scan.table)) else {
        return plan;
    };
    if known.variants.len() == 1 {
        return plan;
    }
    let whole = Plan {
        kind: PlanKind::Scan(known.scan.clone()),
        schema: known.schema.clone(),
        span: known.span,
    };
    let expressions = scan
        .outputs
        .iter()
        .filter_map(|output| position(&known.scan.outputs, output))
        .map(|place| whole.column(place))
        .collect();
    Plan {
        span: plan.span,
        schema: plan.schema.clone(),
        kind: PlanKind::Calc {
            input: Box::new(whole),
            filter: None,
            expressions,
        },
    }
}

/// Whether its second input is never read.
fn is_lookup(plan: &Plan) -> bool {
    matches!(&plan.kind, PlanKind::Join { join, .. } if matches!(join.time, JoinTime::Lookup(_)))
}

fn position(outputs: &[Expr], wanted: &Expr) -> Option<usize> {
    let text = wanted.to_string();
    outputs.iter().position(|output| output.to_string() == text)
}

fn describe(outputs: &[Expr]) -> String {
    outputs.iter().map(Expr::to_string).collect::<Vec<_>>().join(", ")
}
