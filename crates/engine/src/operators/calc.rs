//! Keeps rows and computes columns.
//!
//! The filter comes first, and rows it rules out are seen by no other expression. Rows are moved once, and not
//! at all where all of them pass.

use std::sync::Arc;

use arrow_array::{Array, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow_buffer::BooleanBuffer;
use arrow_schema::SchemaRef;
use arrow_select::filter::FilterBuilder;
use dataflow::{Chunk, Error, EvaluationContext};
use graph::Expr;

use super::Build;
use crate::expression::{Expression, Frame, arrow_error, columns_of};
use crate::operator::{Operator, Output};

pub(super) struct Calc {
    filter: Option<Expression>,
    expressions: Vec<Expression>,
    /// The input columns that the expressions use.
    columns: Vec<usize>,
    schema: SchemaRef,
    context: Arc<EvaluationContext>,
    /// Whether an expression asks for the watermark.
    wants_watermark: bool,
}

impl Calc {
    pub fn new(build: &Build<'_>, filter: Option<&Expr>, expressions: &[Expr]) -> Calc {
        Calc {
            filter: filter.map(Expression::new),
            expressions: expressions.iter().map(Expression::new).collect(),
            columns: columns_of(expressions),
            schema: build.node.schema.arrow(),
            context: build.context.clone(),
            wants_watermark: filter
                .into_iter()
                .chain(expressions)
                .any(|expression| expression.calls("CURRENT_WATERMARK")),
        }
    }

    fn project(&self, frame: &Frame) -> Result<RecordBatch, Error> {
        let columns = self
            .expressions
            .iter()
            .map(|expression| expression.array(frame, &self.context))
            .collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(frame.rows()));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(arrow_error)
    }
}

impl Operator for Calc {
    fn watermark(&mut self, time_ms: i64, _out: &mut Output) -> Result<(), Error> {
        if self.wants_watermark {
            self.context = Arc::new(EvaluationContext {
                watermark_ms: Some(time_ms),
                ..self.context.as_ref().clone()
            });
        }
        Ok(())
    }

    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let frame = Frame::new(&chunk.batch);
        let Some(filter) = &self.filter else {
            let batch = self.project(&frame)?;
            out.chunk(Chunk {
                batch,
                kinds: chunk.kinds,
            });
            return Ok(());
        };
        let passes = true_only(filter.condition(&frame, &self.context)?);
        let rows = passes.true_count();
        if rows == 0 {
            return Ok(());
        }
        if rows == chunk.rows() {
            let batch = self.project(&frame)?;
            out.chunk(Chunk {
                batch,
                kinds: chunk.kinds,
            });
            return Ok(());
        }
        let predicate = FilterBuilder::new(&passes).optimize().build();
        let mut columns = vec![None; chunk.batch.num_columns()];
        for &column in &self.columns {
            let kept = predicate
                .filter(chunk.batch.column(column).as_ref())
                .map_err(arrow_error)?;
            columns[column] = Some(kept);
        }
        let batch = self.project(&Frame::from_columns(columns, rows))?;
        let kinds = chunk
            .kinds
            .map(|kinds| passes.values().set_indices().map(|row| kinds[row]).collect());
        out.chunk(Chunk { batch, kinds });
        Ok(())
    }
}

/// NULL as false.
pub(super) fn true_only(condition: BooleanArray) -> BooleanArray {
    match condition.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => condition,
        Some(nulls) => {
            let values: BooleanBuffer = condition.values() & nulls.inner();
            BooleanArray::new(values, None)
        }
    }
}
