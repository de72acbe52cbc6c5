//! Computes the calls of OVER for rows that stand in their order, many keys at a time.
//!
//! Rows are worked off in steps. A step holds what can be taken in together: one row of each key, or all rows of a
//! key that are equal in the order, which then have the same results.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, UInt32Array};
use arrow_select::concat::concat;
use arrow_select::take::take;
use dataflow::{Error, EvaluationContext, TakesBack};
use graph::OverFunction;
use model::RowKind;
use state::Aggregates;

use crate::expression::{Expression, Frame, arrow_error};
use crate::operators::window_aggregate::accumulators;

pub(super) struct Computer {
    calls: Vec<Call>,
    pub aggregates: Aggregates,
    /// By key: how many rows, and how many that differ in the order, were taken in.
    pub counts: Vec<Count>,
    context: Arc<EvaluationContext>,
}

enum Call {
    RowNumber,
    Rank,
    DenseRank,
    /// The number among the aggregates.
    Aggregate {
        number: usize,
        arguments: Vec<Expression>,
        filter: Option<Expression>,
    },
    /// Values of rows that were gathered for it.
    Lag {
        value: Expression,
        offset: usize,
        default: Option<Expression>,
    },
}

#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Count {
    pub rows: i64,
    pub peers: i64,
    step: u64,
}

/// What the calls need of a batch of rows.
struct Inputs {
    /// By call.
    arguments: Vec<Vec<ArrayRef>>,
    filters: Vec<Option<BooleanArray>>,
}

/// Rows that are worked off together: places in the batch.
pub(super) type Step = Vec<u32>;

/// What happens to frames before a step: rows, and the key of each.
pub(super) enum FrameChange {
    Nothing,
    /// These leave.
    Leaving(RecordBatch, Vec<u32>),
    /// These are all that is left; for aggregates that cannot take rows back.
    Left(RecordBatch, Vec<u32>),
}

impl Computer {
    pub fn new(functions: &[OverFunction], context: &Arc<EvaluationContext>) -> Computer {
        let mut aggregates = Vec::new();
        let mut calls = Vec::with_capacity(functions.len());
        for function in functions {
            calls.push(match function {
                OverFunction::RowNumber => Call::RowNumber,
                OverFunction::Rank => Call::Rank,
                OverFunction::DenseRank => Call::DenseRank,
                OverFunction::Aggregate(call) => {
                    aggregates.push(call.clone());
                    Call::Aggregate {
                        number: aggregates.len() - 1,
                        arguments: call.arguments.iter().map(Expression::new).collect(),
                        filter: call.filter.as_ref().map(Expression::new),
                    }
                }
                OverFunction::Lag {
                    value,
                    offset,
                    default,
                } => Call::Lag {
                    value: Expression::new(value),
                    offset: *offset,
                    default: default.as_ref().map(Expression::new),
                },
            });
        }
        Computer {
            calls,
            aggregates: accumulators(&aggregates),
            counts: Vec::new(),
            context: context.clone(),
        }
    }

    /// How many rows back the calls look.
    pub fn rows_back(&self) -> usize {
        let offsets = self.calls.iter().map(|call| match call {
            Call::Lag { offset, .. } => *offset,
            _ => 0,
        });
        offsets.max().unwrap_or(0)
    }

    /// Whether rows that leave a frame, which are those that came first, can be taken back from all aggregates.
    pub fn can_take_back(functions: &[OverFunction]) -> bool {
        functions.iter().all(|function| match function {
            OverFunction::Aggregate(call) => call.function.takes_back() != TakesBack::Nothing,
            _ => true,
        })
    }

    /// Makes room for keys `0..keys`.
    pub fn make_room(&mut self, keys: usize) {
        if self.counts.len() < keys {
            self.counts.resize(keys, Count::default());
        }
        self.aggregates.make_room_for(keys);
    }

    /// Forgets what was taken in for these keys.
    pub fn clear(&mut self, keys: &[u32]) {
        for key in keys {
            self.counts[*key as usize] = Count::default();
        }
        self.aggregates.clear(keys);
    }

    fn inputs(&self, batch: &RecordBatch) -> Result<Inputs, Error> {
        let frame = Frame::new(batch);
        let mut inputs = Inputs {
            arguments: Vec::with_capacity(self.calls.len()),
            filters: Vec::with_capacity(self.calls.len()),
        };
        for call in &self.calls {
            let (arguments, filter) = match call {
                Call::Aggregate {
                    arguments, filter, ..
                } => (arguments.as_slice(), filter.as_ref()),
                _ => (&[][..], None),
            };
            let arguments = arguments
                .iter()
                .map(|argument| argument.array(&frame, &self.context))
                .collect::<Result<Vec<_>, _>>()?;
            let filter = filter
                .map(|filter| filter.condition(&frame, &self.context))
                .transpose()?;
            inputs.arguments.push(arguments);
            inputs.filters.push(filter);
        }
        Ok(inputs)
    }

    /// Takes rows in, or back out.
    fn update(&mut self, inputs: &Inputs, rows: &UInt32Array, keys: &[u32], out: bool) -> Result<(), Error> {
        let kinds = out.then(|| vec![RowKind::Delete; keys.len()]);
        for (position, call) in self.calls.iter().enumerate() {
            let Call::Aggregate { number, .. } = call else {
                continue;
            };
            let arguments = inputs.arguments[position]
                .iter()
                .map(|argument| take(argument, rows, None).map_err(arrow_error))
                .collect::<Result<Vec<_>, _>>()?;
            let filter = match &inputs.filters[position] {
                None => None,
                Some(filter) => {
                    let taken = take(filter, rows, None).map_err(arrow_error)?;
                    Some(arrow_array::cast::AsArray::as_boolean(&taken).clone())
                }
            };
            self.aggregates
                .update(*number, keys, &arguments, filter.as_ref(), kinds.as_deref())?;
        }
        Ok(())
    }

    /// Takes rows in without results, as they were before a snapshot.
    pub fn take_in(&mut self, batch: &RecordBatch, keys: &[u32]) -> Result<(), Error> {
        let inputs = self.inputs(batch)?;
        let all = UInt32Array::from_iter_values(0..batch.num_rows() as u32);
        self.update(&inputs, &all, keys, false)
    }

    /// The results of the calls, one column each, in the order of the rows of `batch`. `keys` tells the key of each
    /// row; `change` is asked before each step; `back` gives for rows, by key and place in the batch, the row that
    /// stands so many rows before it.
    pub fn compute(
        &mut self,
        batch: &RecordBatch,
        keys: &[u32],
        steps: &[Step],
        mut change: impl FnMut(&Step) -> Result<FrameChange, Error>,
        back: impl Fn(usize) -> Result<(RecordBatch, Vec<Option<u32>>), Error>,
    ) -> Result<Vec<ArrayRef>, Error> {
        let inputs = self.inputs(batch)?;
        let mut parts: Vec<Vec<ArrayRef>> = vec![Vec::with_capacity(steps.len()); self.calls.len()];
        let mut place = vec![0u32; batch.num_rows()];
        let mut next = 0;
        for (number, step) in steps.iter().enumerate() {
            let step_keys: Vec<u32> = step.iter().map(|row| keys[*row as usize]).collect();
            match change(step)? {
                FrameChange::Nothing => {}
                FrameChange::Leaving(rows, keys) => {
                    let inputs = self.inputs(&rows)?;
                    let all = UInt32Array::from_iter_values(0..rows.num_rows() as u32);
                    self.update(&inputs, &all, &keys, true)?;
                }
                FrameChange::Left(rows, keys) => {
                    self.aggregates.clear(&step_keys);
                    self.take_in(&rows, &keys)?;
                }
            }
            for row in step {
                place[*row as usize] = next;
                next += 1;
            }
            self.update(&inputs, &UInt32Array::from(step.clone()), &step_keys, false)?;
            let groups = UInt32Array::from(step_keys.clone());
            let mut results = self.aggregates.evaluate(&groups)?.into_iter();
            for (position, call) in self.calls.iter().enumerate() {
                let count = |of: fn(Count) -> i64| -> ArrayRef {
                    let counts = step_keys.iter().map(|key| of(self.counts[*key as usize]));
                    Arc::new(Int64Array::from_iter_values(counts))
                };
                let column = match call {
                    Call::RowNumber | Call::Rank => count(|count| count.rows + 1),
                    Call::DenseRank => count(|count| count.peers + 1),
                    // As many results as there are aggregates.
                    Call::Aggregate { .. } => match results.next() {
                        Some(result) => result,
                        None => return Err(Error::internal("an aggregate has no result")),
                    },
                    Call::Lag { .. } => continue,
                };
                parts[position].push(column);
            }
            let stamp = number as u64 + 1;
            for key in &step_keys {
                let count = &mut self.counts[*key as usize];
                count.rows += 1;
                if count.step != stamp {
                    count.step = stamp;
                    count.peers += 1;
                }
            }
        }
        // Numbers of steps begin anew with the next batch.
        for key in keys {
            self.counts[*key as usize].step = 0;
        }
        let place = UInt32Array::from(place);
        let mut columns = Vec::with_capacity(self.calls.len());
        for (call, parts) in self.calls.iter().zip(parts) {
            columns.push(match call {
                Call::Lag {
                    value,
                    offset,
                    default,
                } => self.lag(batch, value, default.as_ref(), back(*offset)?)?,
                _ => {
                    let parts: Vec<&dyn arrow_array::Array> =
                        parts.iter().map(|part| part.as_ref()).collect();
                    let joined = concat(&parts).map_err(arrow_error)?;
                    take(&joined, &place, None).map_err(arrow_error)?
                }
            });
        }
        Ok(columns)
    }

    fn lag(
        &self,
        batch: &RecordBatch,
        value: &Expression,
        default: Option<&Expression>,
        (rows, places): (RecordBatch, Vec<Option<u32>>),
    ) -> Result<ArrayRef, Error> {
        let values = value.array(&Frame::new(&rows), &self.context)?;
        let indices = UInt32Array::from(places.clone());
        let Some(default) = default else {
            return take(&values, &indices, None).map_err(arrow_error);
        };
        let defaults = default.array(&Frame::new(batch), &self.context)?;
        let indices: Vec<(usize, usize)> = places
            .iter()
            .enumerate()
            .map(|(row, place)| match place {
                Some(place) => (0, *place as usize),
                None => (1, row),
            })
            .collect();
        arrow_select::interleave::interleave(&[values.as_ref(), defaults.as_ref()], &indices)
            .map_err(arrow_error)
    }
}
