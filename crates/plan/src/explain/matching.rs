//! EXPLAIN of MATCH_RECOGNIZE: expressions with what they look up in a match, as it may be written.

use std::fmt::Write as _;

use graph::{Lookup, MatchEnd, MatchExpressions, MatchSkip, Matching};
use model::{Field, Schema, TypeKind};

use super::{expression, list, names, order_text, partition_text, selected};

pub(super) fn text(matching: &Matching, input: &Schema, output: &Schema) -> String {
    let mut text = format!("MatchRecognize({}", partition_text(&matching.partition, input));
    let time = match matching.rowtime {
        Some(column) => names(&[column], input),
        None => "processing time".to_string(),
    };
    let rest = order_text(&matching.order, input);
    let rest = rest.trim_end_matches(", ");
    let then = if rest.is_empty() { "" } else { ", then " };
    let variables: Vec<String> = matching
        .variables
        .iter()
        .map(|variable| format!("{}{}", variable.name, variable.quantifier))
        .collect();
    let _ = write!(
        text,
        "time=[{time}]{then}{rest}, pattern=[{}]",
        variables.join(" ")
    );
    if let Some(within_ms) = matching.within_ms {
        let _ = write!(text, ", within=[{within_ms} ms]");
    }
    let conditions: Vec<String> = matching
        .variables
        .iter()
        .filter_map(|variable| {
            let condition = variable.condition.as_ref()?;
            let looked_up = looked_up(condition, matching, input);
            Some(format!(
                "{} AS {}",
                variable.name,
                list(&condition.expressions, &looked_up)
            ))
        })
        .collect();
    let name = |variable: usize| &matching.variables[variable].name;
    let skip = match matching.skip {
        MatchSkip::PastLastRow => "PAST LAST ROW".to_string(),
        MatchSkip::ToNextRow => "TO NEXT ROW".to_string(),
        MatchSkip::ToFirst(variable) => format!("TO FIRST {}", name(variable)),
        MatchSkip::ToLast(variable) => format!("TO LAST {}", name(variable)),
    };
    let measured = Schema::new(output.fields[matching.partition.len()..].to_vec());
    let measures = selected(
        &matching.measures.expressions,
        &looked_up(&matching.measures, matching, input),
        &measured,
    );
    let _ = write!(
        text,
        ", define=[{}], skip=[{skip}], measures=[{measures}])",
        conditions.join(", ")
    );
    text
}

/// What expressions look up as columns, named as it may be written.
fn looked_up(expressions: &MatchExpressions, matching: &Matching, input: &Schema) -> Schema {
    let of = |variable: Option<usize>| match variable {
        Some(variable) => format!("{}.", matching.variables[variable].name),
        None => String::new(),
    };
    let fields = expressions.lookups.iter().map(|lookup| {
        let name = match lookup {
            Lookup::Row {
                variable,
                end,
                offset,
                column,
            } => {
                let column = format!("{}{}", of(*variable), input.fields[*column].name);
                match (end, offset) {
                    (MatchEnd::Last, 0) => column,
                    (end, 0) => format!("{end}({column})"),
                    (end, offset) => format!("{end}({column}, {offset})"),
                }
            }
            Lookup::Aggregate { variable, call } => {
                let prefix = of(*variable);
                let fields = input.fields.iter();
                let named = fields
                    .map(|field| Field::new(format!("{prefix}{}", field.name), field.data_type.clone()));
                let arguments: Vec<String> = call
                    .arguments
                    .iter()
                    .map(|argument| expression(argument, &Schema::new(named.clone().collect())))
                    .collect();
                let arguments = match arguments.is_empty() {
                    true => "*".to_string(),
                    false => arguments.join(", "),
                };
                format!("{}({arguments})", call.name)
            }
            Lookup::Rowtime(_) => "MATCH_ROWTIME()".to_string(),
        };
        // Only the name is asked for.
        Field::new(name, TypeKind::Null.nullable())
    });
    Schema::new(fields.collect())
}
