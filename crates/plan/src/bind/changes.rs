//! TO_CHANGELOG and FROM_CHANGELOG in FROM: the changes of a table as rows, and rows as the changes of a table.

use graph::Changes;
use model::suggest::did_you_mean;
use model::{Diagnostic, Field, RowKind, Schema, Span, TypeKind};
use sql::ast::{self, Argument, ArgumentValue, ExprKind, FunctionCall, Ident, Literal};

use super::call::refuse_aggregate_clauses;
use super::query::{Bound, Boxed, QueryBinder};
use super::scope::list_of;
use crate::logical::{Plan, PlanKind};

const KINDS: [(RowKind, &str); 4] = [
    (RowKind::Insert, "INSERT"),
    (RowKind::UpdateBefore, "UPDATE_BEFORE"),
    (RowKind::UpdateAfter, "UPDATE_AFTER"),
    (RowKind::Delete, "DELETE"),
];

const PARAMETERS: [&str; 4] = ["input", "op", "op_mapping", "uid"];

/// The column of the codes unless said.
const OP: &str = "op";

pub(super) fn is_changelog_function(name: &str) -> bool {
    matches!(name, "TO_CHANGELOG" | "FROM_CHANGELOG")
}

/// An entry of `op_mapping`: `'c, r', 'INSERT'`.
struct Entry<'a> {
    key: (&'a str, Span),
    value: (&'a str, Span),
}

impl QueryBinder<'_> {
    pub(super) fn changelog_function(&mut self, name: &str, call: &FunctionCall) -> Boxed<Bound> {
        refuse_aggregate_clauses(name, call)?;
        let [input, op, mapping, uid] = by_parameter(name, call)?;
        let Some(input) = input else {
            return Err(
                Diagnostic::validation(call.span, format!("{name} takes a table as its input"))
                    .hint(format!("write {name}(input => TABLE t)")),
            );
        };
        let ArgumentValue::Table {
            table,
            partition_by,
            order_by,
        } = &input.value
        else {
            return Err(
                Diagnostic::validation(input.span, format!("the input of {name} is a table"))
                    .hint("write input => TABLE t"),
            );
        };
        let ordered = order_by.first().map(|item| item.expression.span);
        if let Some(place) = partition_by.first().map(|key| key.span).or(ordered) {
            return Err(Diagnostic::validation(
                place,
                format!("the input of {name} cannot be partitioned or ordered"),
            )
            .hint("leave PARTITION BY and ORDER BY out: each row is taken for itself"));
        }
        // It names what a function keeps, and these keep nothing.
        if let Some(uid) = uid {
            text_of(uid)?;
        }
        let op = op.map(|op| single_column(name, op)).transpose()?;
        let entries = mapping.map(|mapping| entries_of(name, mapping)).transpose()?;
        let (scope, bound) = *self.deeper(call.span, |binder| binder.from(table))?;
        super::select::refuse_ambiguous(&scope, table.span)?;
        let plan = super::select::whole_table(scope, bound).1.plan;
        let (changes, schema) = if name == "TO_CHANGELOG" {
            to_changelog(&plan, op, entries)?
        } else {
            from_changelog(&plan, op, entries, table.span)?
        };
        Ok(Box::new(Bound::plain(Plan {
            kind: PlanKind::Changes {
                input: Box::new(plan),
                changes,
            },
            schema,
            span: self.at(call.span),
        })))
    }
}

fn to_changelog(
    plan: &Plan,
    op: Option<&Ident>,
    entries: Option<Vec<Entry<'_>>>,
) -> Result<(Changes, Schema), Diagnostic> {
    let name = op.map_or(OP, |op| op.name.as_str());
    if plan.schema.fields.iter().any(|field| field.name == name) {
        let place = op.map_or(plan.span, |op| op.span);
        return Err(
            Diagnostic::validation(place, format!("the table has a column '{name}' already"))
                .hint("name another column for the operation: op => DESCRIPTOR(operation)"),
        );
    }
    let codes = match entries {
        None => KINDS
            .iter()
            .map(|(kind, name)| (*kind, name.to_string()))
            .collect(),
        Some(entries) => {
            let mut codes: Vec<(RowKind, String)> = Vec::new();
            for Entry { key, value } in entries {
                for part in key.0.split(',') {
                    let kind = kind_of(part.trim(), key.1)?;
                    if codes.iter().any(|(known, _)| *known == kind) {
                        return Err(twice(part.trim(), key.1));
                    }
                    codes.push((kind, value.0.to_string()));
                }
            }
            codes
        }
    };
    let mut fields = vec![Field::new(name, TypeKind::STRING.nullable())];
    fields.extend(plan.schema.fields.iter().cloned());
    Ok((Changes::ToCodes(codes), Schema::new(fields)))
}

fn from_changelog(
    plan: &Plan,
    op: Option<&Ident>,
    entries: Option<Vec<Entry<'_>>>,
    table: Span,
) -> Result<(Changes, Schema), Diagnostic> {
    let name = op.map_or(OP, |op| op.name.as_str());
    let place = op.map_or(table, |op| op.span);
    let fields = &plan.schema.fields;
    let Some(column) = fields.iter().position(|field| field.name == name) else {
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let hint = did_you_mean(name, names.iter().copied());
        let hint = hint.unwrap_or_else(|| {
            format!(
                "say by op => DESCRIPTOR(column) which of these tells the operation: {}",
                list_of(&names)
            )
        });
        return Err(Diagnostic::validation(
            place,
            format!("the table has no column '{name}' for the operation"),
        )
        .hint(hint));
    };
    let data_type = &fields[column].data_type;
    if !data_type.kind.is_string() {
        return Err(Diagnostic::validation(
            place,
            format!(
                "the column '{name}' for the operation must be a text, but is {}",
                data_type.kind
            ),
        )
        .hint("name the column that tells the operation: op => DESCRIPTOR(column)"));
    }
    let codes = match entries {
        None => KINDS
            .iter()
            .map(|(kind, name)| (name.to_string(), *kind))
            .collect(),
        Some(entries) => codes_of(entries)?,
    };
    let mut schema = plan.schema.clone();
    schema.fields.remove(column);
    Ok((Changes::FromCodes { column, codes }, schema))
}

fn codes_of(entries: Vec<Entry<'_>>) -> Result<Vec<(String, RowKind)>, Diagnostic> {
    let mut codes: Vec<(String, RowKind)> = Vec::new();
    let mut kinds: Vec<RowKind> = Vec::new();
    let mut after = None;
    for Entry { key, value } in entries {
        let kind = kind_of(value.0, value.1)?;
        if kinds.contains(&kind) {
            return Err(twice(value.0, value.1).hint("several codes of it stand in one text: 'c, r'"));
        }
        kinds.push(kind);
        if kind == RowKind::UpdateAfter {
            after = Some(value.1);
        }
        for code in key.0.split(',') {
            let code = code.trim();
            if codes.iter().any(|(known, _)| known == code) {
                return Err(twice(code, key.1));
            }
            codes.push((code.to_string(), kind));
        }
    }
    match after {
        Some(place) if !kinds.contains(&RowKind::UpdateBefore) => Err(Diagnostic::validation(
            place,
            "where rows are updated, op_mapping must tell UPDATE_BEFORE too",
        )
        .hint("updates that do not say what the row was before are not supported here")),
        _ => Ok(codes),
    }
}

fn kind_of(name: &str, place: Span) -> Result<RowKind, Diagnostic> {
    let found = KINDS.iter().find(|(_, known)| *known == name);
    found.map(|(kind, _)| *kind).ok_or_else(|| {
        let names = KINDS.iter().map(|(_, name)| *name);
        let all: Vec<&str> = names.clone().collect();
        let hint = did_you_mean(name, names).unwrap_or_else(|| format!("there are {}", all.join(", ")));
        Diagnostic::validation(place, format!("there is no operation '{name}'")).hint(hint)
    })
}

fn twice(name: &str, place: Span) -> Diagnostic {
    Diagnostic::validation(place, format!("op_mapping names '{name}' more than once"))
}

/// The arguments by the position of their parameters.
fn by_parameter<'a>(
    name: &str,
    call: &'a FunctionCall,
) -> Result<[Option<&'a Argument>; PARAMETERS.len()], Diagnostic> {
    let mut found = [None; PARAMETERS.len()];
    let named = call.arguments.iter().filter(|argument| argument.name.is_some());
    let named = named.count();
    if named > 0 && named < call.arguments.len() {
        return Err(Diagnostic::validation(
            call.span,
            "give all arguments by name, or none of them",
        ));
    }
    for (position, argument) in call.arguments.iter().enumerate() {
        let (index, place) = match &argument.name {
            None => (Some(position).filter(|at| *at < PARAMETERS.len()), argument.span),
            Some(ident) => {
                let index = PARAMETERS.iter().position(|parameter| *parameter == ident.name);
                (index, ident.span)
            }
        };
        let Some(index) = index else {
            return Err(
                Diagnostic::validation(place, format!("{name} has no such argument"))
                    .hint(format!("its arguments: {}", PARAMETERS.join(", "))),
            );
        };
        if matches!(argument.value, ArgumentValue::Default) && index > 0 {
            continue;
        }
        if found[index].replace(argument).is_some() {
            return Err(Diagnostic::validation(
                argument.span,
                format!("argument '{}' is given twice", PARAMETERS[index]),
            ));
        }
    }
    Ok(found)
}

fn single_column<'a>(name: &str, argument: &'a Argument) -> Result<&'a Ident, Diagnostic> {
    match &argument.value {
        ArgumentValue::Descriptor(columns) if columns.len() == 1 => Ok(&columns[0]),
        _ => Err(Diagnostic::validation(
            argument.span,
            format!("{name} takes one column for the operation"),
        )
        .hint("write op => DESCRIPTOR(operation)")),
    }
}

fn entries_of<'a>(name: &str, argument: &'a Argument) -> Result<Vec<Entry<'a>>, Diagnostic> {
    let fault = |place: Span| {
        Diagnostic::validation(place, format!("op_mapping of {name} is a MAP of constant texts"))
            .hint("write op_mapping => MAP['INSERT', 'I', 'DELETE', 'D']")
    };
    let ArgumentValue::Expression(ast::Expr {
        kind: ExprKind::Map(entries),
        ..
    }) = &argument.value
    else {
        return Err(fault(argument.span));
    };
    let text = |expr: &'a ast::Expr| match &expr.kind {
        ExprKind::Literal(Literal::String(text)) => Ok((text.as_str(), expr.span)),
        _ => Err(fault(expr.span)),
    };
    let entries = entries.iter().map(|(key, value)| {
        Ok(Entry {
            key: text(key)?,
            value: text(value)?,
        })
    });
    entries.collect()
}

fn text_of(argument: &Argument) -> Result<&str, Diagnostic> {
    match &argument.value {
        ArgumentValue::Expression(ast::Expr {
            kind: ExprKind::Literal(Literal::String(text)),
            ..
        }) => Ok(text),
        _ => Err(Diagnostic::validation(
            argument.span,
            "the uid of a function is a constant text",
        )),
    }
}
