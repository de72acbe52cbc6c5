//! How rows of two inputs are put together.

use std::fmt;
use std::time::Duration;

use chrono_tz::Tz;
use model::TimeAttribute;

use crate::{Expr, LookupSettings};

/// Joins the rows of a left and a right input. Pairs that agree in all keys and meet the condition match.
#[derive(Debug, Clone)]
pub struct Join {
    pub kind: JoinKind,
    pub keys: Vec<JoinKey>,
    /// What keys do not say, over the left columns and the right ones behind them.
    pub condition: Option<Expr>,
    /// Columns of the result among the left columns and the right ones behind them; of the left ones only for
    /// SEMI and ANTI.
    pub outputs: Vec<usize>,
    pub time: JoinTime,
    /// By input: how long its rows are remembered, if a hint says so.
    pub ttl: [Option<Duration>; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinKind {
    Inner,
    /// Left rows without a match come with NULLs; the others likewise.
    Left,
    Right,
    Full,
    /// Left rows that have a match, each once.
    Semi,
    /// Left rows that have none.
    Anti,
}

/// A column of each input. Both have the same type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JoinKey {
    pub left: usize,
    pub right: usize,
    /// NULL agrees with NULL (`IS NOT DISTINCT FROM`).
    pub nulls_agree: bool,
}

/// How long rows wait for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinTime {
    /// For ever. Both inputs may change.
    Regular,
    /// Until time has passed the interval in which they can match. Both inputs only grow.
    Interval(JoinInterval),
    /// Until their window closes; it is a part of the keys. Both inputs only grow.
    Window(JoinWindow),
    /// Left rows wait until time has passed theirs, then take the version that was valid then. Left rows only come.
    Temporal(JoinVersion),
    /// Left rows take what the right table, which is never read, answers at the moment. Until the graph is laid out.
    Lookup(LookupSettings),
}

/// Rows match only if `left time - right time` is in `[lower_ms, upper_ms]`; the condition says so too, in its own
/// precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinInterval {
    pub attribute: TimeAttribute,
    /// The time columns of both inputs; of no meaning for processing time.
    pub left: usize,
    pub right: usize,
    pub lower_ms: i64,
    pub upper_ms: i64,
}

/// The time columns of the left rows and of the versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinVersion {
    pub left: usize,
    pub right: usize,
}

/// The columns `window_end` of both inputs, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinWindow {
    pub attribute: TimeAttribute,
    pub left_end: usize,
    pub right_end: usize,
    /// As in [`crate::WindowTime`].
    pub time_zone: Option<Tz>,
}

impl JoinKind {
    /// Whether left rows without a match are given with NULLs.
    pub fn keeps_left(self) -> bool {
        matches!(self, JoinKind::Left | JoinKind::Full)
    }

    /// Whether right rows without a match are given with NULLs.
    pub fn keeps_right(self) -> bool {
        matches!(self, JoinKind::Right | JoinKind::Full)
    }

    /// Whether the result has the right columns.
    pub fn has_right(self) -> bool {
        !matches!(self, JoinKind::Semi | JoinKind::Anti)
    }

    /// As Flink's plans name it.
    pub fn name(self) -> &'static str {
        match self {
            JoinKind::Inner => "InnerJoin",
            JoinKind::Left => "LeftOuterJoin",
            JoinKind::Right => "RightOuterJoin",
            JoinKind::Full => "FullOuterJoin",
            JoinKind::Semi => "LeftSemiJoin",
            JoinKind::Anti => "LeftAntiJoin",
        }
    }
}

impl Join {
    pub fn left_keys(&self) -> Vec<usize> {
        self.keys.iter().map(|key| key.left).collect()
    }

    pub fn right_keys(&self) -> Vec<usize> {
        self.keys.iter().map(|key| key.right).collect()
    }

    pub fn operator_name(&self) -> &'static str {
        match self.time {
            JoinTime::Regular => "Join",
            JoinTime::Interval(_) => "IntervalJoin",
            JoinTime::Window(_) => "WindowJoin",
            JoinTime::Temporal(_) => "TemporalJoin",
            JoinTime::Lookup(_) => "LookupJoin",
        }
    }
}

impl fmt::Display for JoinKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = if self.nulls_agree {
            "IS NOT DISTINCT FROM"
        } else {
            "="
        };
        write!(f, "${} {operator} ${}", self.left, self.right)
    }
}

impl fmt::Display for JoinTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JoinTime::Regular => f.write_str("regular"),
            JoinTime::Interval(interval) => write!(
                f,
                "{:?} of ${} - ${} in [{} ms, {} ms]",
                interval.attribute, interval.left, interval.right, interval.lower_ms, interval.upper_ms
            ),
            JoinTime::Temporal(version) => {
                write!(f, "version of ${} at ${}", version.right, version.left)
            }
            JoinTime::Lookup(_) => f.write_str("lookup"),
            JoinTime::Window(window) => {
                write!(
                    f,
                    "{:?} until ${}, ${}",
                    window.attribute, window.left_end, window.right_end
                )?;
                match window.time_zone {
                    Some(zone) => write!(f, " in {zone}"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<String> = self.keys.iter().map(JoinKey::to_string).collect();
        write!(f, "{}(type=[{}]", self.operator_name(), self.kind.name())?;
        write!(f, ", on=[{}]", keys.join(", "))?;
        if let Some(condition) = &self.condition {
            write!(f, ", where=[{condition}]")?;
        }
        if self.time != JoinTime::Regular {
            write!(f, ", time=[{}]", self.time)?;
        }
        write!(f, ", select={:?})", self.outputs)
    }
}
