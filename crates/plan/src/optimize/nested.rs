//! Fields of rows that a Calc takes out are taken out by the scan below, so that the rest is never read.

use graph::Expr;
use model::Field;

use crate::bind::substitute;
use crate::logical::{Plan, PlanKind, Scan};

pub(super) fn fields_into_scans(plan: Plan) -> Plan {
    let plan = plan.map_inputs(&mut fields_into_scans);
    let Plan { kind, schema, span } = plan;
    match kind {
        PlanKind::Calc {
            input,
            filter,
            expressions,
        } => match input.kind {
            PlanKind::Scan(scan) => {
                let mut paths = Paths {
                    schema: input.schema,
                    whole: whole_columns(&scan, expressions.iter().chain(&filter)),
                    scan,
                };
                let filter = filter.map(|filter| paths.rewrite(filter));
                let expressions = expressions
                    .into_iter()
                    .map(|expression| paths.rewrite(expression))
                    .collect();
                Plan {
                    kind: PlanKind::Calc {
                        input: Box::new(Plan {
                            kind: PlanKind::Scan(paths.scan),
                            schema: paths.schema,
                            span: input.span,
                        }),
                        filter,
                        expressions,
                    },
                    schema,
                    span,
                }
            }
            kind => Plan {
                kind: PlanKind::Calc {
                    input: Box::new(Plan { kind, ..*input }),
                    filter,
                    expressions,
                },
                schema,
                span,
            },
        },
        kind => Plan { kind, schema, span },
    }
}

struct Paths {
    scan: Scan,
    schema: model::Schema,
    /// Columns of the scan that somebody wants as a whole.
    whole: Vec<bool>,
}

impl Paths {
    fn rewrite(&mut self, expression: Expr) -> Expr {
        if let Some(column) = path_root(&expression) {
            if matches!(expression, Expr::Field { .. }) && !self.whole[column] {
                return self.output(expression);
            }
            return expression;
        }
        rebuild(expression, &mut |child| self.rewrite(child))
    }

    /// The scan's column for this path, a new one if there is none.
    fn output(&mut self, path: Expr) -> Expr {
        let data_type = path.data_type();
        let name = path_name(&path, &self.schema);
        let output = substitute(path, &self.scan.outputs);
        let text = output.to_string();
        let known = self
            .scan
            .outputs
            .iter()
            .position(|other| other.to_string() == text);
        let index = known.unwrap_or_else(|| {
            self.scan.outputs.push(output);
            self.schema.fields.push(Field::new(name, data_type.clone()));
            self.whole.push(true);
            self.scan.outputs.len() - 1
        });
        Expr::column(index, data_type)
    }
}

/// The column that a path of fields starts from.
fn path_root(expression: &Expr) -> Option<usize> {
    match expression {
        Expr::Column { index, .. } => Some(*index),
        Expr::Field { operand, .. } => path_root(operand),
        _ => None,
    }
}

fn path_name(path: &Expr, schema: &model::Schema) -> String {
    match path {
        Expr::Column { index, .. } => schema.fields[*index].name.clone(),
        Expr::Field { operand, index, .. } => {
            let inner = path_name(operand, schema);
            match operand.data_type().kind {
                model::TypeKind::Row(fields) => format!("{inner}.{}", fields[*index].name),
                _ => format!("{inner}.{index}"),
            }
        }
        _ => String::new(),
    }
}

fn whole_columns<'a>(scan: &Scan, expressions: impl Iterator<Item = &'a Expr>) -> Vec<bool> {
    let mut whole = vec![false; scan.outputs.len()];
    if let Some(rowtime) = scan.rowtime {
        whole[rowtime] = true;
    }
    for expression in expressions {
        mark_whole(expression, &mut whole);
    }
    whole
}

fn mark_whole(expression: &Expr, whole: &mut [bool]) {
    match expression {
        Expr::Column { index, .. } => whole[*index] = true,
        Expr::Field { .. } if path_root(expression).is_some() => {}
        other => other.children().for_each(|child| mark_whole(child, whole)),
    }
}

/// The same expression over changed children.
fn rebuild(expression: Expr, change: &mut impl FnMut(Expr) -> Expr) -> Expr {
    match expression {
        leaf @ (Expr::Column { .. } | Expr::Literal { .. }) => leaf,
        Expr::Call {
            function,
            arguments,
            data_type,
            span,
        } => Expr::Call {
            function,
            arguments: arguments.into_iter().map(change).collect(),
            data_type,
            span,
        },
        Expr::Field {
            operand,
            index,
            data_type,
        } => Expr::Field {
            operand: Box::new(change(*operand)),
            index,
            data_type,
        },
        Expr::And(operands) => Expr::And(operands.into_iter().map(change).collect()),
        Expr::Or(operands) => Expr::Or(operands.into_iter().map(change).collect()),
        Expr::Case {
            branches,
            otherwise,
            data_type,
        } => Expr::Case {
            branches: branches
                .into_iter()
                .map(|(condition, result)| (change(condition), change(result)))
                .collect(),
            otherwise: otherwise.map(|otherwise| Box::new(change(*otherwise))),
            data_type,
        },
    }
}
