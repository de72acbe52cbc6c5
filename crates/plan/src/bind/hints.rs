//! Hints in `/*+ ... */`.
//!
//! `OPTIONS` on a table goes into its options; STATE_TTL, LATE_ROWS and LOOKUP behind SELECT are read where their
//! query is. Hints about how to join say nothing to this engine, and are passed over. Any other name is refused, as Flink refuses
//! it.

use std::time::Duration;

use indexmap::IndexMap;
use model::suggest::did_you_mean;
use model::{Diagnostic, Span};
use sql::ast::{Hint, Select};

use super::late_rows::LateRows;
use super::lookup::LookupHints;
use super::query::Boxed;
use super::state_ttl::{StateTtl, input_name};
use crate::session::Environment;

const JOIN_HINTS: &[&str] = &[
    "BROADCAST",
    "SHUFFLE_HASH",
    "SHUFFLE_MERGE",
    "NEST_LOOP",
    "LOOKUP",
    "MULTI_JOIN",
    "STATE_TTL",
    "LATE_ROWS",
];

/// What a SELECT says of its operators. Each takes what concerns it.
#[derive(Debug, Default)]
pub(super) struct SelectHints {
    pub ttl: StateTtl,
    /// What it would call the only input of its grouping.
    group_input: Option<String>,
    pub late: Option<LateRows>,
    pub lookup: LookupHints,
}

impl SelectHints {
    pub fn of(select: &Select) -> Boxed<SelectHints> {
        Ok(Box::new(SelectHints {
            ttl: StateTtl::of(&select.hints)?,
            group_input: select.from.as_ref().and_then(input_name),
            late: LateRows::of_hints(&select.hints)?,
            lookup: LookupHints::of(&select.hints)?,
        }))
    }

    /// How long the keys of its grouping are remembered.
    pub fn group_ttl(&mut self) -> Option<Duration> {
        self.ttl.take(self.group_input.clone())
    }

    /// Refuses hints that nobody took.
    pub fn check<T>(self, outcome: Result<T, Diagnostic>) -> Result<T, Diagnostic> {
        let outcome = outcome?;
        self.ttl.check()?;
        self.lookup.check()?;
        match self.late.and_then(|late| late.span) {
            None => Ok(outcome),
            Some(span) => Err(Diagnostic::validation(
                span,
                "LATE_ROWS is about a window, but this SELECT groups by none",
            )
            .hint("give it in the SELECT whose GROUP BY has the window")),
        }
    }
}

/// Hints behind SELECT.
pub(super) fn check_query_hints(hints: &[Hint]) -> Result<(), Diagnostic> {
    for hint in hints {
        let name = hint.name.name.to_ascii_uppercase();
        if name == "OPTIONS" {
            return Err(
                Diagnostic::validation(hint.span, "OPTIONS belongs behind the name of a table")
                    .hint("write FROM t /*+ OPTIONS('key' = 'value') */"),
            );
        }
        check_known(&name, hint)?;
    }
    Ok(())
}

/// Hints on a view, or on a common table expression.
pub(super) fn refuse_on_query(hints: &[Hint]) -> Result<(), Diagnostic> {
    for hint in hints {
        let name = hint.name.name.to_ascii_uppercase();
        if name == "OPTIONS" {
            return Err(Diagnostic::validation(
                hint.span,
                "OPTIONS can only be given to a table, not to a query",
            )
            .hint("put the hint behind the table inside of the query"));
        }
        check_on_table(&name, hint)?;
    }
    Ok(())
}

/// OPTIONS on a table that is read may be switched off. Those on one that is written are not looked at, as in Flink.
pub(super) fn refuse_if_disabled(hints: &[Hint], env: &Environment<'_>) -> Result<(), Diagnostic> {
    const KEY: &str = "table.dynamic-table-options.enabled";
    let given = hints
        .iter()
        .find(|hint| hint.name.name.eq_ignore_ascii_case("OPTIONS"));
    match given {
        Some(hint) if env.config.boolean(KEY) == Some(false) => Err(Diagnostic::validation(
            hint.span,
            format!("the hint OPTIONS is allowed only where '{KEY}' is 'true'"),
        )
        .hint(format!("write SET '{KEY}' = 'true'"))),
        _ => Ok(()),
    }
}

/// The options of a table with those of the hints put over them, and the places of the latter.
pub(crate) fn table_options(
    declared: &IndexMap<String, String>,
    hints: &[Hint],
) -> Result<(IndexMap<String, String>, Vec<(String, Span)>), Diagnostic> {
    let mut options = declared.clone();
    let mut places = Vec::new();
    for hint in hints {
        let name = hint.name.name.to_ascii_uppercase();
        if name != "OPTIONS" {
            check_on_table(&name, hint)?;
            continue;
        }
        if hint.options.is_empty() || !hint.arguments.is_empty() {
            return Err(
                Diagnostic::validation(hint.span, "OPTIONS takes keys with values")
                    .hint("write OPTIONS('key' = 'value')"),
            );
        }
        for entry in &hint.options {
            if entry.key.value == "connector" {
                return Err(Diagnostic::validation(
                    entry.key.span,
                    "a hint cannot change the connector of a table",
                ));
            }
            options.insert(entry.key.value.clone(), entry.value.value.clone());
            places.push((entry.key.value.clone(), entry.key.span.to(entry.value.span)));
        }
    }
    Ok((options, places))
}

/// Hints on tables and views.
fn check_on_table(name: &str, hint: &Hint) -> Result<(), Diagnostic> {
    if name == "LATE_ROWS" {
        return Err(Diagnostic::validation(
            hint.span,
            "LATE_ROWS belongs behind the SELECT whose GROUP BY has the window",
        )
        .hint("a table says what becomes of late rows by its options 'window.late-rows.*'"));
    }
    check_known(name, hint)
}

fn check_known(name: &str, hint: &Hint) -> Result<(), Diagnostic> {
    if JOIN_HINTS.contains(&name) {
        return Ok(());
    }
    let known = JOIN_HINTS.iter().copied().chain(["OPTIONS"]);
    Err(
        Diagnostic::validation(hint.name.span, format!("hint '{}' is not known", hint.name.name))
            .maybe_hint(did_you_mean(name, known)),
    )
}
