//! What becomes of late rows of windows: the hint LATE_ROWS, or the options `window.late-rows.*` of a table.

use std::sync::Arc;
use std::time::Duration;

use dataflow::options::parse_duration;
use dataflow::{OptionError, Options};
use graph::{Window, WindowEmit, WindowTime};
use indexmap::IndexMap;
use model::suggest::did_you_mean;
use model::{Diagnostic, Span, TimeAttribute};
use sql::ast::{Hint, Ident, ObjectName};

use super::unsupported;
use crate::logical::{Plan, PlanKind};

/// Options of a table that speak of the windows over it.
pub(crate) const OPTIONS: &str = "window.late-rows.";

const POLICIES: &[&str] = &["drop", "refire", "redirect"];

/// What becomes of rows that come when their windows have closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LateRows {
    pub policy: Policy,
    /// Where it was said, if in the query.
    pub span: Option<Span>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Dropped and counted.
    Drop,
    /// For so long they correct the results of their windows.
    Refire(Duration),
    /// They go to a table.
    Redirect(String),
}

/// Rows that go to a table besides what the query gives.
#[derive(Debug, Clone)]
pub(crate) struct Redirected {
    pub table: ObjectName,
    pub rows: Plan,
    /// Which rows they are, for messages.
    pub what: &'static str,
}

impl LateRows {
    /// The hint of a SELECT.
    pub fn of_hints(hints: &[Hint]) -> Result<Option<LateRows>, Diagnostic> {
        let mut found: Option<LateRows> = None;
        for hint in hints {
            if !hint.name.name.eq_ignore_ascii_case("LATE_ROWS") {
                continue;
            }
            if found.is_some() {
                return Err(Diagnostic::validation(hint.span, "LATE_ROWS is given twice"));
            }
            let usage = "write LATE_ROWS('policy' = 'refire', 'allowed-lateness' = '10 s')";
            if hint.options.is_empty() || !hint.arguments.is_empty() {
                return Err(
                    Diagnostic::validation(hint.span, "LATE_ROWS takes keys with values").hint(usage),
                );
            }
            let entries = hint
                .options
                .iter()
                .map(|entry| (entry.key.value.clone(), entry.value.value.clone()));
            let policy = policy(&Options::new(entries.collect()), "").map_err(|error| {
                let key = error.key.as_deref();
                let place = hint
                    .options
                    .iter()
                    .find(|entry| Some(entry.key.value.as_str()) == key);
                let place = place.map_or(hint.span, |entry| entry.key.span.to(entry.value.span));
                Diagnostic::validation(place, error.message)
                    .hint(error.hint.unwrap_or_else(|| usage.to_string()))
            })?;
            found = policy.map(|policy| LateRows {
                policy,
                span: Some(hint.span),
            });
        }
        Ok(found)
    }

    /// Takes the options out that speak of late rows.
    pub fn of_options(options: &mut IndexMap<String, String>) -> Result<Option<LateRows>, OptionError> {
        let (own, others): (IndexMap<String, String>, IndexMap<String, String>) = std::mem::take(options)
            .into_iter()
            .partition(|(key, _)| key.starts_with(OPTIONS));
        *options = others;
        let policy = policy(&Options::new(own), OPTIONS)?;
        Ok(policy.map(|policy| LateRows { policy, span: None }))
    }

    /// What the only table says that rows come from. Where several could speak, the query must.
    pub fn of_tables(plan: &Plan, span: Span) -> Result<Option<LateRows>, Diagnostic> {
        let mut tables = Vec::new();
        collect(plan, &mut tables);
        let speaks = |late: &&Option<LateRows>| late.as_ref().is_some_and(|late| late.policy != Policy::Drop);
        match tables.as_slice() {
            [only] => Ok((*only).clone()),
            many if many.iter().any(speaks) => Err(Diagnostic::validation(
                span,
                "the rows of this window come from several tables, one of which says what becomes of late ones",
            )
            .hint("say it in the query, behind SELECT: /*+ LATE_ROWS('policy' = 'drop') */")),
            _ => Ok(None),
        }
    }

    /// When windows tell corrections.
    pub fn emit(&self) -> Option<WindowEmit> {
        match self.policy {
            Policy::Refire(lateness) => Some(WindowEmit {
                early: None,
                late: Some(Duration::ZERO),
                lateness_ms: milliseconds(lateness),
                takes_back: false,
            }),
            Policy::Drop | Policy::Redirect(_) => None,
        }
    }

    /// Refuses windows that cannot do it.
    pub fn check(&self, window: Window, time: WindowTime, span: Span) -> Result<bool, Diagnostic> {
        if self.policy == Policy::Drop {
            return Ok(false);
        }
        let place = self.span.unwrap_or(span);
        if time.attribute == TimeAttribute::Proctime {
            return match self.span {
                None => Ok(false),
                Some(span) => Err(Diagnostic::validation(
                    span,
                    "LATE_ROWS is about windows over event time: by processing time no row is late",
                )
                .hint("leave the hint out")),
            };
        }
        if window.is_session() {
            return Err(unsupported(
                place,
                "a policy for late rows of sessions other than 'drop'",
                "say LATE_ROWS('policy' = 'drop') behind SELECT",
            ));
        }
        Ok(true)
    }
}

/// Tables whose rows come here as they are: what was grouped is of no table any more.
fn collect<'a>(plan: &'a Plan, tables: &mut Vec<&'a Option<LateRows>>) {
    match &plan.kind {
        PlanKind::Scan(scan) => tables.push(&scan.table.late_rows),
        PlanKind::Aggregate { .. } | PlanKind::GroupAggregate { .. } => {}
        _ => plan.inputs().into_iter().for_each(|input| collect(input, tables)),
    }
}

/// Reads a policy from options whose keys begin with `prefix`.
fn policy(options: &Options, prefix: &str) -> Result<Option<Policy>, OptionError> {
    let key = |name: &str| format!("{prefix}{name}");
    let (policy_key, lateness_key, table_key) = (key("policy"), key("allowed-lateness"), key("table"));
    let named = options
        .get(&policy_key)
        .map(|name| name.trim().to_ascii_lowercase());
    let lateness = match options.get(&lateness_key) {
        None => None,
        Some(text) => Some(parse_duration(text).ok_or_else(|| {
            OptionError::new(&lateness_key, format!("'{text}' is no duration"))
                .hint("write a number and a unit, such as '10 s' or '5 min'")
        })?),
    };
    let table = options.get(&table_key).map(str::to_string);
    options.finish()?;
    let needless = |given: bool, key: &str, policy: &str| match given {
        true => Err(OptionError::new(
            key,
            format!("'{key}' is of no meaning where '{policy_key}' is '{policy}'"),
        )),
        false => Ok(()),
    };
    let Some(named) = named else {
        let given = lateness.is_some() || table.is_some();
        return match given {
            true => Err(OptionError::new(
                if lateness.is_some() {
                    &lateness_key
                } else {
                    &table_key
                },
                format!("'{policy_key}' is missing"),
            )
            .hint(format!("'{policy_key}' is one of 'drop', 'refire', 'redirect'"))),
            false => Ok(None),
        };
    };
    let policy = match named.as_str() {
        "drop" => {
            needless(lateness.is_some(), &lateness_key, "drop")?;
            needless(table.is_some(), &table_key, "drop")?;
            Policy::Drop
        }
        "refire" => {
            needless(table.is_some(), &table_key, "refire")?;
            let lateness = lateness.filter(|lateness| !lateness.is_zero()).ok_or_else(|| {
                OptionError::new(
                    &policy_key,
                    format!("'refire' needs '{lateness_key}', for how long windows take late rows"),
                )
                .hint(format!("add '{lateness_key}' = '10 s'"))
            })?;
            Policy::Refire(lateness)
        }
        "redirect" => {
            needless(lateness.is_some(), &lateness_key, "redirect")?;
            let table = table.ok_or_else(|| {
                OptionError::new(
                    &policy_key,
                    format!("'redirect' needs '{table_key}', where late rows go"),
                )
                .hint(format!("add '{table_key}' = 'the name of a table'"))
            })?;
            Policy::Redirect(table)
        }
        other => {
            return Err(OptionError::new(
                &policy_key,
                format!("'{policy_key}' must be one of 'drop', 'refire', 'redirect', got '{other}'"),
            )
            .hint(
                did_you_mean(other, POLICIES.iter().copied())
                    .unwrap_or_else(|| "'drop' is what happens where nothing is said".to_string()),
            ));
        }
    };
    Ok(Some(policy))
}

pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Sets late rows of a window apart from the rows that go into it: gives the others, and them.
pub(super) fn apart(rows: Plan, window: Window, time: WindowTime) -> (Plan, Plan) {
    let pair = Arc::new(());
    let which = |late: bool| Plan {
        schema: rows.schema.clone(),
        span: rows.span,
        kind: PlanKind::LateRows {
            input: Box::new(rows.clone()),
            window,
            time,
            late,
            pair: pair.clone(),
        },
    };
    (which(false), which(true))
}

/// The same where the window is made by a function; `None` if there is none right below.
pub(super) fn apart_below(plan: Plan) -> Option<(Plan, Plan)> {
    let Plan { kind, schema, span } = plan;
    let (kind, late) = match kind {
        PlanKind::WindowTable {
            input,
            window,
            time,
            keys,
        } => {
            let (timely, late) = apart(*input, window, time);
            let kind = PlanKind::WindowTable {
                input: Box::new(timely),
                window,
                time,
                keys,
            };
            (kind, late)
        }
        PlanKind::Calc {
            input,
            filter,
            expressions,
        } => {
            let (input, late) = apart_below(*input)?;
            let kind = PlanKind::Calc {
                input: Box::new(input),
                filter,
                expressions,
            };
            (kind, late)
        }
        _ => return None,
    };
    Some((Plan { kind, schema, span }, late))
}

/// A table's name out of a hint or an option.
pub(crate) fn table_name(text: &str, span: Span) -> ObjectName {
    let part = |name: &str| Ident {
        name: name.trim().trim_matches('`').to_string(),
        quoted: true,
        span,
    };
    ObjectName {
        parts: text.split('.').map(part).collect(),
        span,
    }
}
