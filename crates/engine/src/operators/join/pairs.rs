//! Pairs of rows as columns: what conditions look at, and what joins give.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, UInt32Array};
use arrow_select::take::take;
use dataflow::{Error, EvaluationContext};
use graph::{Expr, JoinKey};
use model::Schema;
use state::NO_ROW;

use crate::expression::{Expression, Frame, arrow_error, columns_of};
use crate::operators::Build;
use crate::operators::calc::true_only;

/// Columns of a pair of rows, each of them from one of both.
pub(super) struct PairColumns {
    /// The columns of each input that are used.
    pub of: [Vec<usize>; 2],
    /// Of each column its input, and the place among the columns of that input that are used.
    places: Vec<(usize, usize)>,
}

impl PairColumns {
    /// `wanted` counts through `width` left columns and the right ones behind them.
    pub fn new(wanted: &[usize], width: usize) -> PairColumns {
        let mut of = [Vec::new(), Vec::new()];
        let places = wanted
            .iter()
            .map(|&column| {
                let (input, column) = if column < width {
                    (0, column)
                } else {
                    (1, column - width)
                };
                let used: &mut Vec<usize> = &mut of[input];
                let known = used.iter().position(|other| *other == column);
                let place = known.unwrap_or_else(|| {
                    used.push(column);
                    used.len() - 1
                });
                (input, place)
            })
            .collect();
        PairColumns { of, places }
    }

    /// The wanted columns, given the used ones of both inputs.
    pub fn put_together<'a>(&'a self, of: &'a [Vec<ArrayRef>; 2]) -> impl Iterator<Item = ArrayRef> + 'a {
        self.places.iter().map(|&(input, place)| of[input][place].clone())
    }
}

/// What pairs with equal keys have to meet besides.
pub(super) struct PairCondition {
    expression: Expression,
    wanted: Vec<usize>,
    pub columns: PairColumns,
    width: usize,
    context: Arc<EvaluationContext>,
}

impl PairCondition {
    /// `left` columns come first, `width` is that of both rows together.
    pub fn new(build: &Build<'_>, condition: &Expr, left: usize, width: usize) -> PairCondition {
        let wanted = columns_of([condition]);
        PairCondition {
            expression: Expression::new(condition),
            columns: PairColumns::new(&wanted, left),
            wanted,
            width,
            context: build.context.clone(),
        }
    }

    /// Which pairs meet it, given the used columns of both inputs.
    pub fn met_by(&self, of: &[Vec<ArrayRef>; 2], pairs: usize) -> Result<BooleanArray, Error> {
        let mut columns = vec![None; self.width];
        for (&wanted, column) in self.wanted.iter().zip(self.columns.put_together(of)) {
            columns[wanted] = Some(column);
        }
        let frame = Frame::from_columns(columns, pairs);
        Ok(true_only(self.expression.condition(&frame, &self.context)?))
    }
}

/// These columns of these rows of a batch; NULL for [`NO_ROW`].
pub(super) fn take_columns(
    batch: &RecordBatch,
    columns: &[usize],
    rows: &[u32],
) -> Result<Vec<ArrayRef>, Error> {
    let in_order =
        rows.len() == batch.num_rows() && rows.iter().enumerate().all(|(place, &row)| row as usize == place);
    if in_order {
        return Ok(columns
            .iter()
            .map(|&column| batch.column(column).clone())
            .collect());
    }
    let places: UInt32Array = if rows.contains(&NO_ROW) {
        rows.iter().map(|&row| (row != NO_ROW).then_some(row)).collect()
    } else {
        rows.to_vec().into()
    };
    columns
        .iter()
        .map(|&column| take(batch.column(column).as_ref(), &places, None).map_err(arrow_error))
        .collect()
}

/// The columns of a batch that keys are made of.
pub(super) fn key_columns(batch: &RecordBatch, keys: &[usize]) -> Vec<ArrayRef> {
    keys.iter().map(|&key| batch.column(key).clone()).collect()
}

/// The key columns of an input in which NULL agrees with nothing.
pub(super) fn strict_keys(keys: &[JoinKey], input: usize, schema: &Schema) -> Vec<usize> {
    keys.iter()
        .filter(|key| !key.nulls_agree)
        .map(|key| if input == 0 { key.left } else { key.right })
        .filter(|&column| schema.fields[column].data_type.nullable)
        .collect()
}

/// The left columns first.
pub(super) fn in_order(input: usize, own: Vec<ArrayRef>, other: Vec<ArrayRef>) -> [Vec<ArrayRef>; 2] {
    if input == 0 { [own, other] } else { [other, own] }
}
