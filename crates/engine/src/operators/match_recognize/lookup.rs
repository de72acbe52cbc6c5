//! Expressions over matches: what they look up is gathered for many matches at once.

use std::sync::Arc;

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, BooleanArray, PrimitiveArray, RecordBatch, UInt32Array};
use arrow_schema::DataType as ArrowType;
use dataflow::{Error, EvaluationContext};
use graph::{Lookup, MatchEnd, MatchExpressions};
use state::matches::{Chains, MatchRows};
use state::{Aggregates, NO_ROW};

use crate::expression::{Expression, Frame, columns_of};
use crate::operators::window_aggregate::accumulators;

/// Rows that are aggregated in one go, about.
const AGGREGATED_ROWS_MAX: usize = 1 << 16;

/// The rows of a match, or of one on its way with the row that it may take next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    /// The last row taken, or none.
    pub link: u32,
    /// A row behind it, and the variable that may take it.
    pub next: Option<(u32, u32)>,
    pub time_ms: i64,
}

/// Where rows of matches are kept.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub chains: &'a Chains,
    pub rows: &'a MatchRows,
}

pub(super) struct Lookups {
    values: Vec<Value>,
    aggregates: Vec<Call>,
    accumulators: Aggregates,
    expressions: Vec<Expression>,
    context: Arc<EvaluationContext>,
}

enum Value {
    Row {
        at: Spot,
        column: usize,
    },
    /// The number among the aggregates.
    Aggregate(usize),
    Rowtime(ArrowType),
}

/// A row of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spot {
    variable: Option<u32>,
    end: MatchEnd,
    offset: usize,
}

struct Call {
    variable: Option<u32>,
    arguments: Vec<Expression>,
    filter: Option<Expression>,
    /// The columns of rows that both need.
    columns: Vec<usize>,
}

impl Lookups {
    pub fn new(of: &MatchExpressions, context: &Arc<EvaluationContext>) -> Lookups {
        let (mut aggregates, mut calls) = (Vec::new(), Vec::new());
        let mut values = Vec::with_capacity(of.lookups.len());
        for lookup in &of.lookups {
            values.push(match lookup {
                Lookup::Row {
                    variable,
                    end,
                    offset,
                    column,
                } => Value::Row {
                    at: Spot {
                        variable: variable.map(|variable| variable as u32),
                        end: *end,
                        offset: *offset,
                    },
                    column: *column,
                },
                Lookup::Aggregate { variable, call } => {
                    aggregates.push(Call {
                        variable: variable.map(|variable| variable as u32),
                        arguments: call.arguments.iter().map(Expression::new).collect(),
                        filter: call.filter.as_ref().map(Expression::new),
                        columns: columns_of(call.arguments.iter().chain(&call.filter)),
                    });
                    calls.push(call.clone());
                    Value::Aggregate(calls.len() - 1)
                }
                Lookup::Rowtime(data_type) => Value::Rowtime(data_type.arrow()),
            });
        }
        Lookups {
            values,
            aggregates,
            accumulators: accumulators(&calls),
            expressions: of.expressions.iter().map(Expression::new).collect(),
            context: context.clone(),
        }
    }

    /// One column an expression, one row a path.
    pub fn evaluate(&mut self, paths: &[Path], source: Source<'_>) -> Result<Vec<ArrayRef>, Error> {
        let mut columns = Vec::with_capacity(self.values.len());
        let mut known: Vec<(Spot, Vec<u32>)> = Vec::new();
        let aggregates = self.aggregate(paths, source)?;
        for value in &self.values {
            columns.push(Some(match value {
                Value::Row { at, column } => {
                    let place = known.iter().position(|(spot, _)| spot == at);
                    let place = place.unwrap_or_else(|| {
                        let rows = paths.iter().map(|path| at.row(path, source.chains));
                        known.push((*at, rows.collect()));
                        known.len() - 1
                    });
                    source.rows.gather_column(*column, &known[place].1)?
                }
                Value::Aggregate(number) => aggregates[*number].clone(),
                Value::Rowtime(data_type) => {
                    let times = paths.iter().map(|path| path.time_ms.saturating_mul(1000));
                    let times = PrimitiveArray::<TimestampMicrosecondType>::from_iter_values(times);
                    let zone = match data_type {
                        ArrowType::Timestamp(_, zone) => zone.clone(),
                        _ => None,
                    };
                    Arc::new(times.with_timezone_opt(zone))
                }
            }));
        }
        let frame = Frame::from_columns(columns, paths.len());
        self.expressions
            .iter()
            .map(|expression| expression.array(&frame, &self.context))
            .collect()
    }

    /// The only expression as a condition: NULL is false.
    pub fn conditions(&mut self, paths: &[Path], source: Source<'_>) -> Result<Vec<bool>, Error> {
        let columns = self.evaluate(paths, source)?;
        truths(columns.first())
    }

    /// The results of the aggregates, one row a path.
    fn aggregate(&mut self, paths: &[Path], source: Source<'_>) -> Result<Vec<ArrayRef>, Error> {
        if self.aggregates.is_empty() {
            return Ok(Vec::new());
        }
        self.accumulators.make_room_for(paths.len());
        for (number, call) in self.aggregates.iter().enumerate() {
            let (mut rows, mut groups) = (Vec::new(), Vec::new());
            for (group, path) in paths.iter().enumerate() {
                taken(path, call.variable, source.chains, &mut rows);
                groups.resize(rows.len(), group as u32);
                if rows.len() >= AGGREGATED_ROWS_MAX || group + 1 == paths.len() {
                    call.update(
                        number,
                        &rows,
                        &groups,
                        source,
                        &mut self.accumulators,
                        &self.context,
                    )?;
                    rows.clear();
                    groups.clear();
                }
            }
        }
        let all: Vec<u32> = (0..paths.len() as u32).collect();
        let results = self.accumulators.evaluate(&UInt32Array::from(all.clone()))?;
        self.accumulators.clear(&all);
        Ok(results)
    }
}

impl Call {
    fn update(
        &self,
        number: usize,
        rows: &[u32],
        groups: &[u32],
        source: Source<'_>,
        accumulators: &mut Aggregates,
        context: &EvaluationContext,
    ) -> Result<(), Error> {
        let width = self.columns.last().map_or(0, |last| last + 1);
        let mut columns = vec![None; width];
        for &column in &self.columns {
            columns[column] = Some(source.rows.gather_column(column, rows)?);
        }
        let frame = Frame::from_columns(columns, rows.len());
        let arguments = self
            .arguments
            .iter()
            .map(|argument| argument.array(&frame, context))
            .collect::<Result<Vec<_>, _>>()?;
        let filter = self.filter.as_ref();
        let filter = filter
            .map(|filter| filter.condition(&frame, context))
            .transpose()?;
        accumulators.update(number, groups, &arguments, filter.as_ref(), None)
    }
}

impl Spot {
    /// The row of a path, or [`NO_ROW`].
    fn row(&self, path: &Path, chains: &Chains) -> u32 {
        let next = path
            .next
            .filter(|(_, taker)| self.variable.is_none_or(|variable| variable == *taker))
            .map(|(row, _)| row);
        let last = match self.variable {
            Some(variable) => chains
                .last_of(path.link, variable)
                .map(|link| (link.length as usize, *link)),
            None if path.link == NO_ROW => None,
            None => Some((chains.length(path.link), *chains.link(path.link))),
        };
        let (length, mut link) = match last {
            Some((length, link)) => (length, link),
            None => return next.filter(|_| self.offset == 0).unwrap_or(NO_ROW),
        };
        // How many rows to go back from the last one taken.
        let back = match (self.end, next) {
            (MatchEnd::Last, Some(next)) if self.offset == 0 => return next,
            (MatchEnd::First, Some(next)) if self.offset == length => return next,
            (MatchEnd::Last, Some(_)) => Some(self.offset - 1),
            (MatchEnd::Last, None) => Some(self.offset),
            (MatchEnd::First, _) => (length - 1).checked_sub(self.offset),
        };
        let Some(mut back) = back.filter(|back| *back < length) else {
            return NO_ROW;
        };
        while back > 0 {
            // From the first row of a variable straight to the variable before it.
            let whole = link.length as usize - 1;
            link = if back > whole {
                back -= whole + 1;
                *chains.link(chains.link(link.first).before)
            } else if back == whole {
                back = 0;
                *chains.link(link.first)
            } else {
                back -= 1;
                *chains.link(link.before)
            };
        }
        link.row
    }
}

/// Appends the rows that a variable took, or all, in their order.
fn taken(path: &Path, variable: Option<u32>, chains: &Chains, rows: &mut Vec<u32>) {
    let from = rows.len();
    if let Some((row, taker)) = path.next
        && variable.is_none_or(|variable| variable == taker)
    {
        rows.push(row);
    }
    let mut link = match variable {
        Some(variable) => chains.last_of(path.link, variable),
        None if path.link == NO_ROW => None,
        None => Some(chains.link(path.link)),
    };
    while let Some(at) = link {
        rows.push(at.row);
        let goes_on = at.before != NO_ROW && (variable.is_none() || at.length > 1);
        link = goes_on.then(|| chains.link(at.before));
    }
    rows[from..].reverse();
}

/// A condition that looks at nothing but the row to be taken, and cannot fail.
pub(super) struct RowCondition {
    expression: Expression,
    /// The column of rows behind each column of the expression.
    columns: Vec<usize>,
}

impl RowCondition {
    /// None if it looks at more.
    pub fn new(of: &MatchExpressions, variable: usize) -> Option<RowCondition> {
        let [expression] = of.expressions.as_slice() else {
            return None;
        };
        if expression.is_fallible() || !expression.is_deterministic() {
            return None;
        }
        let column_of = |lookup: &Lookup| match lookup {
            Lookup::Row {
                variable: of,
                end: MatchEnd::Last,
                offset: 0,
                column,
            } if of.is_none_or(|of| of == variable) => Some(*column),
            _ => None,
        };
        Some(RowCondition {
            columns: of.lookups.iter().map(column_of).collect::<Option<_>>()?,
            expression: Expression::new(expression),
        })
    }

    /// NULL is false.
    pub fn evaluate(&self, batch: &RecordBatch, context: &EvaluationContext) -> Result<Vec<bool>, Error> {
        let columns = self
            .columns
            .iter()
            .map(|column| Some(batch.column(*column).clone()));
        let frame = Frame::from_columns(columns.collect(), batch.num_rows());
        let array: ArrayRef = self.expression.array(&frame, context)?;
        truths(Some(&array))
    }
}

fn truths(column: Option<&ArrayRef>) -> Result<Vec<bool>, Error> {
    let Some(condition) = column.and_then(|column| column.as_any().downcast_ref::<BooleanArray>()) else {
        return Err(Error::internal(
            "a condition of a pattern is of no type of conditions",
        ));
    };
    Ok(condition.iter().map(|value| value == Some(true)).collect())
}
