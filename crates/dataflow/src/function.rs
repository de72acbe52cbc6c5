//! What a function must say and do.
//!
//! Binding happens once, when a query is planned: from the types of the arguments come the types they are cast
//! to, the type of the result, and the code to run. Evaluation happens once a chunk, over whole columns.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array};
use chrono_tz::Tz;
use model::{DataType, RowKind};
use stdx::Clock;

use crate::Error;

/// What evaluation may know of the session and of the time.
#[derive(Debug, Clone)]
pub struct EvaluationContext {
    /// `table.local-time-zone`
    pub time_zone: Tz,
    pub clock: Arc<dyn Clock>,
    /// When the query started, in microseconds.
    pub started_us: i64,
    /// `table.exec.legacy-cast-behaviour`: a failed CAST is NULL.
    pub legacy_cast: bool,
    /// No row with a time at or before this is expected any more, in milliseconds; only where rows of a stream are at
    /// hand and some expression asks for it.
    pub watermark_ms: Option<i64>,
}

impl EvaluationContext {
    pub fn new(time_zone: Tz, clock: Arc<dyn Clock>) -> Self {
        let started_us = clock.now_us();
        EvaluationContext {
            time_zone,
            clock,
            started_us,
            legacy_cast: false,
            watermark_ms: None,
        }
    }
}

/// A column of a chunk: one value a row, or one value for all rows.
#[derive(Debug, Clone)]
pub enum Value {
    Array(ArrayRef),
    /// An array of length one.
    Constant(ArrayRef),
}

impl Value {
    /// The array that holds it; of length one for a constant.
    pub fn array(&self) -> &ArrayRef {
        match self {
            Value::Array(array) | Value::Constant(array) => array,
        }
    }

    pub fn is_constant(&self) -> bool {
        matches!(self, Value::Constant(_))
    }

    /// Where in [`Value::array`] row `row` stands.
    pub fn index(&self, row: usize) -> usize {
        match self {
            Value::Array(_) => row,
            Value::Constant(_) => 0,
        }
    }

    pub fn is_null(&self, row: usize) -> bool {
        self.array().is_null(self.index(row))
    }
}

pub trait ScalarFunction: Send + Sync + std::fmt::Debug {
    /// Flink's name, in upper case.
    fn name(&self) -> &str;

    /// Computes one result a row. Where all arguments are constant it may answer with a constant.
    /// `arguments` have exactly the types that binding asked for.
    fn evaluate(&self, arguments: &[Value], rows: usize, context: &EvaluationContext)
    -> Result<Value, Error>;

    /// Whether a value can make it fail. Fallible functions are kept from rows that CASE, AND and OR rule out.
    fn is_fallible(&self) -> bool {
        true
    }

    /// Whether the same arguments give the same result.
    fn is_deterministic(&self) -> bool {
        true
    }
}

/// Running aggregates of many groups, one slot a group, held in columns.
pub trait Accumulator: Send {
    /// Makes room for groups `0..groups`; new ones start empty. Never shrinks.
    fn resize(&mut self, groups: usize);

    /// Takes in rows: row `i` belongs to group `groups[i]`. Rows whose `filter` is not true are passed over.
    /// `kinds` is `None` if all rows are inserts; otherwise -U and -D take their row back out.
    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error>;

    /// Takes in partial aggregates, as [`Accumulator::state`] made them.
    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error>;

    /// The results of these groups, in their order. Consumes nothing.
    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error>;

    /// The partial aggregates of these groups as columns of [`BoundAggregate::state_types`]. Consumes nothing.
    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error>;

    /// Makes the groups empty again, so that their slots can be used for others.
    fn clear(&mut self, groups: &[u32]);

    fn size_bytes(&self) -> usize;
}

pub trait AggregateFunction: Send + Sync + std::fmt::Debug {
    /// Flink's name, in upper case.
    fn name(&self) -> &str;

    fn accumulator(&self) -> Box<dyn Accumulator>;

    /// Which rows can be taken back out of its accumulators so that what is left is the same as if they had never
    /// come, but for the rounding of floats. Others may be taken back where this does not matter.
    fn takes_back(&self) -> TakesBack {
        TakesBack::Nothing
    }
}

/// Rows that an aggregate takes back as if they had never come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakesBack {
    Nothing,
    /// Those that came first, in the order in which they came.
    Earliest,
    Any,
}

/// An argument as binding sees it.
#[derive(Debug, Clone)]
pub struct Argument {
    pub data_type: DataType,
    /// The value, if it is a literal: an array of length one.
    pub literal: Option<ArrayRef>,
}

impl Argument {
    pub fn of(data_type: DataType) -> Self {
        Argument {
            data_type,
            literal: None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct BoundScalar {
    /// The types to which the arguments are cast; as many as there are arguments.
    pub arguments: Vec<DataType>,
    pub result: DataType,
    pub function: Arc<dyn ScalarFunction>,
}

#[derive(Debug, Clone)]
pub struct BoundAggregate {
    pub arguments: Vec<DataType>,
    pub result: DataType,
    /// Columns of the partial aggregate that travels between phases and into snapshots.
    pub state_types: Vec<DataType>,
    pub function: Arc<dyn AggregateFunction>,
    /// What to use where rows are taken back, if `function` cannot do that.
    pub retracting: Option<AggregateForm>,
}

/// Another way to compute the same aggregate from the same arguments.
#[derive(Debug, Clone)]
pub struct AggregateForm {
    pub state_types: Vec<DataType>,
    pub function: Arc<dyn AggregateFunction>,
}

/// Why arguments do not fit; the planner adds the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureError {
    pub message: String,
    /// The argument at fault, counted from zero.
    pub argument: Option<usize>,
    pub hint: Option<String>,
}

impl SignatureError {
    pub fn new(message: impl Into<String>) -> Self {
        SignatureError {
            message: message.into(),
            argument: None,
            hint: None,
        }
    }

    pub fn argument(mut self, index: usize) -> Self {
        self.argument = Some(index);
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FunctionKind {
    Scalar,
    Aggregate,
    Table,
    Window,
}

/// A function as the documentation and completion show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionDoc {
    pub name: &'static str,
    pub kind: FunctionKind,
    /// `SUBSTRING(string, start [, length])`
    pub signatures: &'static [&'static str],
    pub doc: &'static str,
    /// An expression and what it gives: `SUBSTRING('stream', 2, 3)` and `tre`.
    pub example: (&'static str, &'static str),
    /// `string`, `math`, `temporal`, ...
    pub category: &'static str,
}
