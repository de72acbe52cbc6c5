//! The hint `STATE_TTL`: how long the rows of a table are remembered by the joins and groupings of a SELECT.
//!
//! It names the inputs of regular joins, and the only input of a GROUP BY or DISTINCT, by their alias, else by their
//! name. As in Flink it says nothing to queries inside, and a name that is no input of any is refused.

use std::time::Duration;

use dataflow::options::parse_duration;
use model::suggest::did_you_mean;
use model::{Diagnostic, Span};
use sql::ast::{Hint, ObjectName, TableRef, TableRefKind};

/// Names shorter than this are all near to each other.
const NEAR_MIN: usize = 3;

/// What the hints of a SELECT say.
#[derive(Debug, Default)]
pub(super) struct StateTtl {
    entries: Vec<Entry>,
    /// Inputs that could have been named.
    inputs: Vec<String>,
}

#[derive(Debug)]
struct Entry {
    table: String,
    ttl: Duration,
    is_used: bool,
    span: Span,
}

impl StateTtl {
    pub fn of(hints: &[Hint]) -> Result<StateTtl, Diagnostic> {
        let mut entries: Vec<Entry> = Vec::new();
        let own = |hint: &&Hint| hint.name.name.eq_ignore_ascii_case("STATE_TTL");
        for hint in hints.iter().filter(own) {
            if hint.options.is_empty() || !hint.arguments.is_empty() {
                return Err(Diagnostic::validation(
                    hint.span,
                    "STATE_TTL takes tables, each with a duration",
                )
                .hint("write STATE_TTL('orders' = '1d', 'customers' = '12h')"));
            }
            for option in &hint.options {
                let ttl = parse_duration(&option.value.value).ok_or_else(|| {
                    let message = format!("'{}' is no duration", option.value.value);
                    Diagnostic::validation(option.value.span, message)
                        .hint("write a number and a unit, such as '12h', '30 min' or '1d'")
                })?;
                entries.push(Entry {
                    table: option.key.value.clone(),
                    ttl,
                    is_used: false,
                    span: option.key.span,
                });
            }
        }
        Ok(StateTtl {
            entries,
            inputs: Vec::new(),
        })
    }

    /// What is said of an input. Where a table is named twice, the first counts, as in Flink.
    pub fn take(&mut self, name: Option<String>) -> Option<Duration> {
        let name = name.filter(|_| !self.entries.is_empty())?;
        let mut found = None;
        for entry in &mut self.entries {
            // A name can be given with its catalog and database.
            let last = entry.table.rsplit('.').next().unwrap_or_default();
            if entry.table == name || last == name {
                entry.is_used = true;
                found = found.or(Some(entry.ttl));
            }
        }
        self.inputs.push(name);
        found
    }

    /// Refuses names of which nothing was heard.
    pub fn check(self) -> Result<(), Diagnostic> {
        let Some(unused) = self.entries.iter().find(|entry| !entry.is_used) else {
            return Ok(());
        };
        let message = format!(
            "'{}' is not an input of a join or grouping here that STATE_TTL could hold for",
            unused.table
        );
        let near = did_you_mean(&unused.table, self.inputs.iter().map(String::as_str))
            .filter(|_| unused.table.len() >= NEAR_MIN);
        let hint = near.unwrap_or_else(|| match self.inputs.as_slice() {
            [] => "give the hint in the SELECT that joins or groups the table itself".to_string(),
            inputs => format!("name one of {}, by its alias if it has one", inputs.join(", ")),
        });
        Err(Diagnostic::validation(unused.span, message).hint(hint))
    }
}

/// An input's alias, else its name; `None` for what has neither, such as a join.
pub(super) fn input_name(table: &TableRef) -> Option<String> {
    if let Some(alias) = &table.alias {
        return Some(alias.name.name.clone());
    }
    match &table.kind {
        TableRefKind::Table { name, .. } => last_of(name),
        TableRefKind::Nested(inner) => input_name(inner),
        _ => None,
    }
}

fn last_of(name: &ObjectName) -> Option<String> {
    name.parts.last().map(|part| part.name.clone())
}
