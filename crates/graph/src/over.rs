//! What is computed for each row over the rows before and with it.

use std::fmt;

use model::TimeAttribute;

use crate::{AggregateCall, Expr};

/// From where to the current row a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Frame {
    /// All rows up to the current one.
    RowsUnbounded,
    /// All rows up to the current one, and those that are equal to it in the order.
    RangeUnbounded,
    /// This many rows before the current one.
    Rows(i64),
    /// Rows whose time is at most so many milliseconds before that of the current one.
    Range(i64),
}

/// What puts the rows in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OverOrder {
    /// Event time: rows are worked off when the watermark has passed it.
    Rowtime(usize),
    /// Rows are worked off as they come.
    Proctime,
    /// Other columns: each row that comes or goes changes those behind it.
    Columns,
}

#[derive(Debug, Clone)]
pub enum OverFunction {
    RowNumber,
    Rank,
    DenseRank,
    Aggregate(AggregateCall),
    /// The value of a row some rows before.
    Lag {
        value: Expr,
        offset: usize,
        /// NULL if absent.
        default: Option<Expr>,
    },
}

impl OverFunction {
    pub fn name(&self) -> &str {
        match self {
            OverFunction::RowNumber => "ROW_NUMBER",
            OverFunction::Rank => "RANK",
            OverFunction::DenseRank => "DENSE_RANK",
            OverFunction::Aggregate(call) => call.function.name(),
            OverFunction::Lag { .. } => "LAG",
        }
    }

    /// The expressions over the rows that it needs.
    pub fn expressions(&self) -> Vec<&Expr> {
        match self {
            OverFunction::RowNumber | OverFunction::Rank | OverFunction::DenseRank => Vec::new(),
            OverFunction::Aggregate(call) => call.arguments.iter().chain(&call.filter).collect(),
            OverFunction::Lag { value, default, .. } => std::iter::once(value).chain(default).collect(),
        }
    }

    /// The same with every expression passed through `change`.
    pub fn map_expressions(self, change: &mut impl FnMut(Expr) -> Expr) -> OverFunction {
        match self {
            OverFunction::Aggregate(call) => OverFunction::Aggregate(AggregateCall {
                arguments: call.arguments.into_iter().map(&mut *change).collect(),
                filter: call.filter.map(change),
                ..call
            }),
            OverFunction::Lag {
                value,
                offset,
                default,
            } => OverFunction::Lag {
                value: change(value),
                offset,
                default: default.map(change),
            },
            other => other,
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Frame::RowsUnbounded => f.write_str("ROWS UNBOUNDED PRECEDING"),
            Frame::RangeUnbounded => f.write_str("RANGE UNBOUNDED PRECEDING"),
            Frame::Rows(rows) => write!(f, "ROWS {rows} PRECEDING"),
            Frame::Range(distance_ms) => write!(f, "RANGE {distance_ms} ms PRECEDING"),
        }
    }
}

impl fmt::Display for OverOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OverOrder::Rowtime(column) => write!(f, "rowtime ${column}"),
            OverOrder::Proctime => f.write_str("proctime"),
            OverOrder::Columns => f.write_str("columns"),
        }
    }
}

impl fmt::Display for OverFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.expressions().into_iter().map(Expr::to_string).collect();
        write!(f, "{}({})", self.name(), texts.join(", "))?;
        match self {
            OverFunction::Aggregate(call) if call.filter.is_some() => f.write_str(" FILTER"),
            OverFunction::Lag { offset, .. } => write!(f, " BY {offset}"),
            _ => Ok(()),
        }
    }
}

impl OverOrder {
    pub fn of(attribute: Option<TimeAttribute>, column: usize) -> OverOrder {
        match attribute {
            Some(TimeAttribute::Rowtime) => OverOrder::Rowtime(column),
            Some(TimeAttribute::Proctime) => OverOrder::Proctime,
            None => OverOrder::Columns,
        }
    }
}
