//! Lookup joins: `JOIN t FOR SYSTEM_TIME AS OF left.proctime`, and how the table is asked.
//!
//! That is said by the hint LOOKUP, else by the options `lookup.*` of the table, else by the session. Names and meanings
//! are Flink's, but for what becomes of rows whose lookup takes too long, which Flink does not let one choose.

use std::sync::Arc;
use std::time::Duration;

use dataflow::{LOOKUP_OPTIONS, OptionError, Options};
use graph::{Expr, JoinKind, LookupCache, LookupSettings, MissRetry, OnTimeout, WholeCache};
use indexmap::IndexMap;
use model::suggest::did_you_mean;
use model::{Diagnostic, Field, Schema, Span, TimeAttribute, TypeKind};
use sql::ast::{Hint, TableRef};

use super::join::joined;
use super::late_rows::{Redirected, table_name};
use super::query::QueryBinder;
use super::state_ttl::input_name;
use crate::config::Config;
use crate::logical::{Plan, PlanKind, ScanTable};

/// Keys that a shard remembers of a table unless its options say otherwise.
const CACHED_KEYS: u32 = 10_000;
/// The name of the hint.
const HINT: &str = "LOOKUP";

/// What was said of asking a table; what was not said is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LookupOptions {
    asynchronous: Option<bool>,
    ordered: Option<bool>,
    capacity: Option<usize>,
    timeout: Option<Duration>,
    timeout_attempts: Option<u32>,
    on_timeout: Option<OnTimeout>,
    timeout_table: Option<String>,
    on_miss: Option<MissRetry>,
    retries: Option<u32>,
    cache: Option<LookupCache>,
    whole: Option<WholeCache>,
    shuffles: Option<bool>,
}

impl LookupOptions {
    /// Takes the options out that speak of lookups.
    pub fn of_options(options: &mut IndexMap<String, String>) -> Result<LookupOptions, OptionError> {
        let (own, others): (IndexMap<String, String>, IndexMap<String, String>) = std::mem::take(options)
            .into_iter()
            .partition(|(key, _)| key.starts_with(LOOKUP_OPTIONS));
        *options = others;
        let own = Options::new(own);
        let mut read = LookupOptions::default();
        read.read(&own, LOOKUP_OPTIONS)?;
        read.retries = count(&own, "lookup.max-retries", 0)?;
        match cache(&own)? {
            Cache::None => {}
            Cache::Partial(cache) => read.cache = Some(cache),
            Cache::Full(whole) => read.whole = Some(whole),
        }
        own.finish()?;
        Ok(read)
    }

    /// What a table's options and a hint can say both.
    fn read(&mut self, options: &Options, prefix: &str) -> Result<(), OptionError> {
        let key = |name: &str| format!("{prefix}{name}");
        self.asynchronous = options.boolean(&key("async"))?;
        self.timeout = positive(options, &key("timeout"))?;
        self.timeout_attempts = count(options, &key("timeout-attempts"), 1)?;
        self.on_timeout = options.one_of(
            &key("on-timeout"),
            &[
                ("fail", OnTimeout::Fail),
                ("null", OnTimeout::Null),
                ("redirect", OnTimeout::Redirect),
            ],
        )?;
        self.timeout_table = options.get(&key("timeout-table")).map(str::to_string);
        match (self.on_timeout, &self.timeout_table) {
            (Some(OnTimeout::Redirect), None) => Err(OptionError::new(
                &key("on-timeout"),
                format!("'redirect' needs '{}', where rows go", key("timeout-table")),
            )
            .hint(format!("add '{}' = 'the name of a table'", key("timeout-table")))),
            (None | Some(OnTimeout::Fail | OnTimeout::Null), Some(_)) => Err(OptionError::new(
                &key("timeout-table"),
                format!(
                    "'{}' is of no meaning unless '{}' is 'redirect'",
                    key("timeout-table"),
                    key("on-timeout")
                ),
            )),
            _ => Ok(()),
        }
    }

    /// What a hint says.
    fn of_hint(options: &Options) -> Result<LookupOptions, OptionError> {
        let mut read = LookupOptions::default();
        read.read(options, "")?;
        read.ordered = output_mode(options, "output-mode")?;
        read.capacity = count(options, "capacity", 1)?.map(|capacity| capacity as usize);
        read.shuffles = options.boolean("shuffle")?;
        read.on_miss = miss_retry(options)?;
        options.finish()?;
        Ok(read)
    }

    /// These, and what they leave open from others.
    fn or(self, others: LookupOptions) -> LookupOptions {
        // A table for rows that took too long belongs to the policy.
        let timeout_table = match self.on_timeout {
            Some(_) => self.timeout_table,
            None => others.timeout_table,
        };
        LookupOptions {
            asynchronous: self.asynchronous.or(others.asynchronous),
            ordered: self.ordered.or(others.ordered),
            capacity: self.capacity.or(others.capacity),
            timeout: self.timeout.or(others.timeout),
            timeout_attempts: self.timeout_attempts.or(others.timeout_attempts),
            on_timeout: self.on_timeout.or(others.on_timeout),
            timeout_table,
            on_miss: self.on_miss.or(others.on_miss),
            retries: self.retries.or(others.retries),
            cache: self.cache.or(others.cache),
            whole: self.whole.or(others.whole),
            shuffles: self.shuffles.or(others.shuffles),
        }
    }

    fn of_session(config: &Config) -> LookupOptions {
        let mode = config.get("table.exec.async-lookup.output-mode");
        let capacity = config.get("table.exec.async-lookup.buffer-capacity");
        LookupOptions {
            ordered: mode.map(|mode| !mode.trim().eq_ignore_ascii_case("ALLOW_UNORDERED")),
            capacity: capacity.and_then(|capacity| capacity.trim().parse().ok()),
            timeout: config.duration("table.exec.async-lookup.timeout"),
            ..LookupOptions::default()
        }
    }

    fn settings(&self) -> LookupSettings {
        let usual = LookupSettings::default();
        let one_by_one = self.asynchronous == Some(false);
        LookupSettings {
            ordered: one_by_one || self.ordered.unwrap_or(usual.ordered),
            capacity: if one_by_one {
                1
            } else {
                self.capacity.unwrap_or(usual.capacity)
            },
            timeout: self.timeout.unwrap_or(usual.timeout),
            timeout_attempts: self.timeout_attempts.unwrap_or(usual.timeout_attempts),
            on_timeout: self.on_timeout.unwrap_or(usual.on_timeout),
            on_miss: self.on_miss,
            retries: self.retries.unwrap_or(usual.retries),
            cache: self.cache,
            whole: self.whole,
            shuffles: self.shuffles.unwrap_or(usual.shuffles),
        }
    }
}

fn count(options: &Options, key: &str, least: i64) -> Result<Option<u32>, OptionError> {
    let Some(given) = options.integer(key)? else {
        return Ok(None);
    };
    match u32::try_from(given) {
        Ok(count) if given >= least => Ok(Some(count)),
        _ => Err(OptionError::new(
            key,
            format!("option '{key}' must be at least {least}, got '{given}'"),
        )),
    }
}

fn positive(options: &Options, key: &str) -> Result<Option<Duration>, OptionError> {
    match options.duration(key)? {
        Some(duration) if duration.is_zero() => Err(OptionError::new(
            key,
            format!("option '{key}' must be longer than nothing"),
        )
        .hint("write a number and a unit, such as '3 s'")),
        duration => Ok(duration),
    }
}

/// Whether rows keep their order.
fn output_mode(options: &Options, key: &str) -> Result<Option<bool>, OptionError> {
    options.one_of(key, &[("ordered", true), ("allow_unordered", false)])
}

/// Asking again where nothing was found: Flink wants all of it said.
fn miss_retry(options: &Options) -> Result<Option<MissRetry>, OptionError> {
    let keys = ["retry-predicate", "retry-strategy", "fixed-delay", "max-attempts"];
    let predicate = options.one_of(keys[0], &[("lookup_miss", ())])?;
    let strategy = options.one_of(keys[1], &[("fixed_delay", ())])?;
    let delay = positive(options, keys[2])?;
    let attempts = count(options, keys[3], 1)?;
    match (predicate, strategy, delay, attempts) {
        (None, None, None, None) => Ok(None),
        (Some(()), Some(()), Some(delay), Some(attempts)) => Ok(Some(MissRetry { delay, attempts })),
        (predicate, strategy, delay, attempts) => {
            let given = [
                predicate.is_some(),
                strategy.is_some(),
                delay.is_some(),
                attempts.is_some(),
            ];
            let missing = keys
                .iter()
                .zip(given)
                .find(|(_, given)| !given)
                .map_or("", |(key, _)| key);
            Err(OptionError {
                key: None,
                message: format!(
                    "asking again needs all of '{}', but '{missing}' is missing",
                    keys.join("', '")
                ),
                hint: Some(
                    "write 'retry-predicate' = 'lookup_miss', 'retry-strategy' = 'fixed_delay', \
                     'fixed-delay' = '10 s', 'max-attempts' = '3'"
                        .to_string(),
                ),
            })
        }
    }
}

/// What is remembered of a table.
enum Cache {
    None,
    Partial(LookupCache),
    Full(WholeCache),
}

fn cache(options: &Options) -> Result<Cache, OptionError> {
    let kind = options.one_of(
        "lookup.cache",
        &[("NONE", "NONE"), ("PARTIAL", "PARTIAL"), ("FULL", "FULL")],
    )?;
    let partial = [
        "lookup.partial-cache.max-rows",
        "lookup.partial-cache.expire-after-write",
        "lookup.partial-cache.expire-after-access",
        "lookup.partial-cache.cache-missing-key",
    ];
    let full = [
        "lookup.full-cache.reload-strategy",
        "lookup.full-cache.periodic-reload.interval",
        "lookup.full-cache.periodic-reload.schedule-mode",
    ];
    let refuse = |keys: &[&str], needed: &str| match keys.iter().find(|key| options.get(key).is_some()) {
        None => Ok(()),
        Some(key) => Err(OptionError::new(
            key,
            format!("'{key}' is of no meaning unless 'lookup.cache' is '{needed}'"),
        )),
    };
    if kind != Some("PARTIAL") {
        refuse(&partial, "PARTIAL")?;
    }
    if kind != Some("FULL") {
        refuse(&full, "FULL")?;
    }
    match kind {
        Some("PARTIAL") => Ok(Cache::Partial(LookupCache {
            keys_max: count(options, partial[0], 1)?.unwrap_or(CACHED_KEYS) as usize,
            after_write: positive(options, partial[1])?,
            after_access: positive(options, partial[2])?,
            keeps_misses: options.boolean(partial[3])?.unwrap_or(true),
        })),
        Some("FULL") => {
            options.one_of(full[0], &[("PERIODIC", ())])?;
            // From the start of one reading to the start of the next, or later if it takes longer: both are kept.
            options.one_of(full[2], &[("FIXED_DELAY", ()), ("FIXED_RATE", ())])?;
            Ok(Cache::Full(WholeCache {
                reload: positive(options, full[1])?,
            }))
        }
        _ => Ok(Cache::None),
    }
}

/// What the hints LOOKUP of a SELECT say.
#[derive(Debug, Default)]
pub(super) struct LookupHints {
    entries: Vec<Entry>,
    /// Tables that could have been named.
    tables: Vec<String>,
}

#[derive(Debug)]
struct Entry {
    table: String,
    options: LookupOptions,
    is_used: bool,
    span: Span,
}

impl LookupHints {
    pub fn of(hints: &[Hint]) -> Result<LookupHints, Diagnostic> {
        let mut entries = Vec::new();
        for hint in hints
            .iter()
            .filter(|hint| hint.name.name.eq_ignore_ascii_case(HINT))
        {
            let usage = "write LOOKUP('table' = 'customers', 'timeout' = '3 s')";
            if hint.options.is_empty() || !hint.arguments.is_empty() {
                return Err(Diagnostic::validation(hint.span, "LOOKUP takes keys with values").hint(usage));
            }
            let given = hint
                .options
                .iter()
                .map(|entry| (entry.key.value.to_ascii_lowercase(), entry.value.value.clone()));
            let given = Options::new(given.collect());
            let read = || -> Result<(String, LookupOptions), OptionError> {
                let table = given
                    .get("table")
                    .map(str::to_string)
                    .ok_or_else(|| OptionError {
                        key: None,
                        message: "LOOKUP must name its table".to_string(),
                        hint: Some(usage.to_string()),
                    })?;
                Ok((table, LookupOptions::of_hint(&given)?))
            };
            let (table, options) = read().map_err(|error| {
                let key = error.key.as_deref();
                let place = hint
                    .options
                    .iter()
                    .find(|entry| Some(entry.key.value.to_ascii_lowercase().as_str()) == key);
                let place = place.map_or(hint.span, |entry| entry.key.span.to(entry.value.span));
                Diagnostic::validation(place, error.message).maybe_hint(error.hint)
            })?;
            entries.push(Entry {
                table,
                options,
                is_used: false,
                span: hint.span,
            });
        }
        Ok(LookupHints {
            entries,
            tables: Vec::new(),
        })
    }

    /// What is said of a table, by its alias or else its name, and where. The first that names it counts, as in Flink.
    fn take(&mut self, name: Option<String>) -> (LookupOptions, Option<Span>) {
        let mut found = None;
        for entry in &mut self.entries {
            let last = entry.table.rsplit('.').next().unwrap_or_default();
            if name
                .as_ref()
                .is_some_and(|name| entry.table == *name || last == name)
            {
                entry.is_used = true;
                found = found.or(Some((entry.options.clone(), Some(entry.span))));
            }
        }
        self.tables.extend(name);
        found.unwrap_or_default()
    }

    /// Refuses hints about tables that nobody looks up.
    pub fn check(self) -> Result<(), Diagnostic> {
        let Some(unused) = self.entries.iter().find(|entry| !entry.is_used) else {
            return Ok(());
        };
        let message = format!("'{}' is not a table that is looked up here", unused.table);
        let near = did_you_mean(&unused.table, self.tables.iter().map(String::as_str));
        let hint = near.unwrap_or_else(|| match self.tables.as_slice() {
            [] => "give the hint in the SELECT that says JOIN t FOR SYSTEM_TIME AS OF ...".to_string(),
            tables => format!("name one of {}, by its alias if it has one", tables.join(", ")),
        });
        Err(Diagnostic::validation(unused.span, message).hint(hint))
    }
}

/// A table to be looked up.
pub(super) struct LookupTable {
    pub settings: LookupSettings,
    /// Where rows go whose lookup takes too long.
    timeout_table: Option<String>,
    /// Where that is said, if in the query.
    hinted: Option<Span>,
}

impl QueryBinder<'_> {
    /// How a table is asked that stands right of a join.
    pub(super) fn lookup_table(&mut self, right: &TableRef, plan: &Plan) -> Result<LookupTable, Diagnostic> {
        let Some(table) = scanned(plan) else {
            return Err(Diagnostic::validation(
                right.span,
                "versions at processing time are looked up in a table, which this is not",
            )
            .hint("name the table itself, or a view that only selects of it"));
        };
        let (hint, hinted) = self.hints.lookup.take(input_name(right));
        let of_table = table.lookup.clone().unwrap_or_default();
        let options = hint.or(of_table).or(LookupOptions::of_session(self.env.config));
        Ok(LookupTable {
            settings: options.settings(),
            timeout_table: options.timeout_table.clone(),
            hinted,
        })
    }

    /// Sends the left rows of a lookup join whose lookup takes too long to another table, if that was said: gives the
    /// join without them.
    pub(super) fn apart_on_timeout(
        &mut self,
        plan: Plan,
        lookup: &LookupTable,
        right: &TableRef,
    ) -> Result<Plan, Diagnostic> {
        let Some(table) = &lookup.timeout_table else {
            return Ok(plan);
        };
        let place = self.at(lookup.hinted.unwrap_or(right.span));
        let Plan { kind, schema, span } = plan;
        let PlanKind::Join { left, right, join } = kind else {
            return Ok(Plan { kind, schema, span });
        };
        let width = left.schema.len();
        // Whoever looks up puts what became of it into the first column of the other side.
        let told = with_told(*right);
        let moved = |expression: Expr| {
            expression.transform(&mut |expression| match expression {
                Expr::Column { index, data_type } if (width..super::SUBQUERY_BASE).contains(&index) => {
                    Expr::column(index + 1, data_type)
                }
                other => other,
            })
        };
        let (kind, time, ttl) = (join.kind, join.time, join.ttl);
        let mut all = joined(*left, told, kind, join.condition.map(moved), span);
        if let PlanKind::Join { join, .. } = &mut all.kind {
            join.time = time;
            join.ttl = ttl;
        }
        let all = Plan {
            schema: all.schema.clone(),
            span,
            kind: PlanKind::Whole {
                input: Box::new(all),
                shared: Arc::new(()),
            },
        };
        let told = all.column(width);
        let rows = |columns: Vec<usize>, fields: Vec<Field>, filter: Expr| Plan {
            schema: Schema::new(fields),
            span,
            kind: PlanKind::Calc {
                expressions: columns.into_iter().map(|column| all.column(column)).collect(),
                filter: Some(filter),
                input: Box::new(all.clone()),
            },
        };
        // The time at which somebody looks is no part of a row.
        let is_of_row =
            |column: &usize| all.schema.fields[*column].time_attribute != Some(TimeAttribute::Proctime);
        let of_rows: Vec<usize> = (0..width).filter(is_of_row).collect();
        let fields = of_rows
            .iter()
            .map(|column| all.schema.fields[*column].clone())
            .collect();
        let late = rows(of_rows, fields, is_true(told.clone(), "IS TRUE", span)?);
        self.redirected.borrow_mut().push(Redirected {
            table: table_name(table, place),
            rows: late,
            what: "rows whose lookup takes too long",
        });
        let kept = (0..all.schema.len()).filter(|column| *column != width).collect();
        Ok(rows(kept, schema.fields, is_true(told, "IS NOT TRUE", span)?))
    }

    /// Refuses joins that cannot be lookups.
    pub(super) fn check_lookup(&self, kind: JoinKind, right: &TableRef) -> Result<(), Diagnostic> {
        match kind {
            JoinKind::Inner | JoinKind::Left => Ok(()),
            _ => Err(Diagnostic::validation(
                right.span,
                "a lookup join is an inner or a left join",
            )),
        }
    }
}

/// The table that a plan only selects of.
fn scanned(plan: &Plan) -> Option<&ScanTable> {
    match &plan.kind {
        PlanKind::Scan(scan) => Some(&scan.table),
        PlanKind::Calc { input, .. } => scanned(input),
        _ => None,
    }
}

fn with_told(right: Plan) -> Plan {
    let told = Expr::Literal {
        value: Arc::new(arrow_array::BooleanArray::from(vec![false])),
        data_type: TypeKind::Boolean.nullable(),
    };
    let mut fields = vec![Field::new("timed_out", told.data_type())];
    fields.extend(right.schema.fields.iter().cloned());
    let mut expressions = vec![told];
    expressions.extend(right.columns());
    Plan {
        schema: Schema::new(fields),
        span: right.span,
        kind: PlanKind::Calc {
            input: Box::new(right),
            filter: None,
            expressions,
        },
    }
}

fn is_true(operand: Expr, test: &str, span: Span) -> Result<Expr, Diagnostic> {
    let argument = dataflow::Argument::of(operand.data_type());
    let bound = functions::scalar(test).and_then(|function| function.bind(&[argument]).ok());
    let bound = bound.ok_or_else(|| Diagnostic::validation(span, format!("{test} is missing")))?;
    Ok(Expr::Call {
        function: bound.function,
        arguments: vec![operand],
        data_type: bound.result,
        span,
    })
}
