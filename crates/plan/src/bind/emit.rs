//! When windows tell results besides at their end: Flink's `table.exec.emit.*`, and policies for late rows.

use std::time::Duration;

use graph::{Expr, Window, WindowEmit};
use model::{Diagnostic, Span, TimeAttribute};

use super::aggregation::{Aggregation, GroupWindow};
use super::grouped::Grouping;
use super::late_rows::{self, LateRows, Policy, Redirected, milliseconds};
use super::query::{Bound, QueryBinder};
use super::unsupported;
use crate::config::Config;
use crate::logical::{Plan, PlanKind};

impl QueryBinder<'_> {
    /// Finds out when the window tells its results besides at its end, and sets rows apart that come too late where
    /// they go to a table.
    pub(super) fn with_emit(
        &mut self,
        grouping: &mut Grouping,
        aggregation: &Aggregation,
        bound: Bound,
        filter: Option<Expr>,
        span: Span,
    ) -> Result<(Bound, Option<Expr>), Diagnostic> {
        let place = self.at(span);
        let is_function = matches!(aggregation.window, GroupWindow::Function { .. });
        if is_function {
            let (window, attribute) = (grouping.window, grouping.time.attribute);
            grouping.emit = of_session(self.env.config, window, attribute, place)?;
        } else {
            refuse_over_functions(self.env.config, place)?;
        }
        let late = match self.hints.late.take() {
            Some(late) => Some(late),
            None => LateRows::of_tables(&bound.plan, place)?,
        };
        let Some(late) = late else {
            return Ok((bound, filter));
        };
        if !late.check(grouping.made_by, grouping.time, place)? {
            return Ok((bound, filter));
        }
        if let Some(corrections) = late.emit() {
            grouping.emit = Some(WindowEmit {
                early: grouping.emit.and_then(|emit| emit.early),
                ..corrections
            });
        }
        let Policy::Redirect(table) = &late.policy else {
            return Ok((bound, filter));
        };
        let target = late_rows::table_name(table, self.at(late.span.unwrap_or(span)));
        let Bound { plan, windowed } = bound;
        let (plan, rows, filter) = if is_function {
            // What WHERE leaves out belongs to no window.
            let filtered = match filter {
                None => plan,
                filter => Plan {
                    schema: plan.schema.clone(),
                    span: plan.span,
                    kind: PlanKind::Calc {
                        expressions: plan.columns(),
                        filter,
                        input: Box::new(plan),
                    },
                },
            };
            let (timely, rows) = late_rows::apart(filtered, grouping.window, grouping.time);
            (timely, rows, None)
        } else {
            let (timely, rows) = late_rows::apart_below(plan).ok_or_else(|| {
                unsupported(
                    target.span,
                    "redirecting late rows of a window function that does not stand in this FROM, or is joined there",
                    "group right over TABLE(TUMBLE(...)), and join before or behind",
                )
            })?;
            (timely, rows, filter)
        };
        self.redirected.borrow_mut().push(Redirected {
            table: target,
            rows,
            what: "late rows",
        });
        Ok((Bound { plan, windowed }, filter))
    }
}

/// What the session says of windows in GROUP BY, with Flink's rules (WindowEmitStrategy).
fn of_session(
    config: &Config,
    window: Window,
    attribute: TimeAttribute,
    span: Span,
) -> Result<Option<WindowEmit>, Diagnostic> {
    let early = enabled(config, "early", span)?;
    let late = enabled(config, "late", span)?;
    if early.is_none() && late.is_none() {
        return Ok(None);
    }
    if window.is_session() {
        return Err(Diagnostic::validation(
            span,
            "sessions tell their results when they close, neither early nor again",
        )
        .hint(
            "set 'table.exec.emit.early-fire.enabled' and 'table.exec.emit.late-fire.enabled' to 'false'",
        ));
    }
    let lateness = config
        .duration("table.exec.emit.allow-lateness")
        .or_else(|| config.state_ttl())
        .unwrap_or_default();
    let is_event_time = attribute == TimeAttribute::Rowtime;
    if let Some(delay) = late {
        if is_event_time && lateness.is_zero() {
            return Err(
                Diagnostic::validation(span, "results can only be told late where rows may be late")
                    .hint("set 'table.exec.emit.allow-lateness', such as to '10 s'"),
            );
        }
        if delay > lateness {
            return Err(Diagnostic::validation(
                span,
                "'table.exec.emit.late-fire.delay' is longer than 'table.exec.emit.allow-lateness'",
            )
            .hint("let rows be late for longer, or tell results sooner"));
        }
    }
    let late = late.filter(|_| is_event_time);
    let is_any = early.is_some() || late.is_some();
    Ok(is_any.then(|| WindowEmit {
        early,
        late,
        lateness_ms: if late.is_some() { milliseconds(lateness) } else { 0 },
        takes_back: false,
    }))
}

/// The delay of early, or of late results, if they are enabled.
fn enabled(config: &Config, which: &str, span: Span) -> Result<Option<Duration>, Diagnostic> {
    let enabled = format!("table.exec.emit.{which}-fire.enabled");
    if config.boolean(&enabled) != Some(true) {
        return Ok(None);
    }
    let delay = format!("table.exec.emit.{which}-fire.delay");
    match config.duration(&delay) {
        Some(delay) => Ok(Some(delay)),
        None => Err(
            Diagnostic::validation(span, format!("'{enabled}' needs '{delay}'"))
                .hint(format!("write SET '{delay}' = '10 s', or '0 s' for every change")),
        ),
    }
}

/// Refuses to tell results of the window functions in FROM early or late, as Flink does.
fn refuse_over_functions(config: &Config, span: Span) -> Result<(), Diagnostic> {
    let is_on = |which: &str| config.boolean(&format!("table.exec.emit.{which}-fire.enabled")) == Some(true);
    if !is_on("early") && !is_on("late") {
        return Ok(());
    }
    Err(Diagnostic::validation(
        span,
        "windows of functions in FROM tell their results when they close: 'table.exec.emit.*' says nothing to them",
    )
    .hint("group by TUMBLE(ts, size) or HOP(ts, slide, size); late rows are taken with the hint LATE_ROWS('policy' = 'refire', ...)"))
}
