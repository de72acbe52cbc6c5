//! Changes as rows with a code of their kind, and rows with such codes as changes.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StringArray, UInt32Array};
use arrow_schema::SchemaRef;
use dataflow::{Chunk, Error};
use model::RowKind;

use super::Build;
use crate::exchange::take_rows;
use crate::expression::arrow_error;
use crate::operator::{Operator, Output};

/// `TO_CHANGELOG`
pub(super) struct ToCodes {
    codes: Vec<(RowKind, String)>,
    schema: SchemaRef,
}

impl ToCodes {
    pub fn new(build: &Build<'_>, codes: &[(RowKind, String)]) -> ToCodes {
        ToCodes {
            codes: codes.to_vec(),
            schema: build.node.schema.arrow(),
        }
    }

    fn code(&self, kind: RowKind) -> Option<&str> {
        let found = self.codes.iter().find(|(own, _)| *own == kind);
        found.map(|(_, code)| code.as_str())
    }
}

impl Operator for ToCodes {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let kind_of = |row: usize| chunk.kinds.as_ref().map_or(RowKind::Insert, |kinds| kinds[row]);
        let (mut rows, mut codes) = (Vec::new(), Vec::new());
        for row in 0..chunk.rows() {
            if let Some(code) = self.code(kind_of(row)) {
                rows.push(row as u32);
                codes.push(code);
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let mut columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(codes))];
        if rows.len() == chunk.rows() {
            columns.extend_from_slice(chunk.batch.columns());
        } else {
            let kept = take_rows(&chunk, &UInt32Array::from(rows))?;
            columns.extend_from_slice(kept.batch.columns());
        }
        out.chunk(Chunk {
            batch: RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)?,
            kinds: None,
        });
        Ok(())
    }
}

/// `FROM_CHANGELOG`
pub(super) struct FromCodes {
    column: usize,
    codes: HashMap<String, RowKind>,
    schema: SchemaRef,
}

impl FromCodes {
    pub fn new(build: &Build<'_>, column: usize, codes: &[(String, RowKind)]) -> FromCodes {
        FromCodes {
            column,
            codes: codes.iter().cloned().collect(),
            schema: build.node.schema.arrow(),
        }
    }
}

impl Operator for FromCodes {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        let codes = chunk.batch.column(self.column).as_string::<i32>();
        let mut kinds = Vec::with_capacity(chunk.rows());
        for row in 0..codes.len() {
            if codes.is_null(row) {
                return Err(Error::evaluation(
                    "FROM_CHANGELOG got a row whose operation is NULL",
                ));
            }
            let code = codes.value(row);
            let Some(kind) = self.codes.get(code) else {
                return Err(Error::evaluation(format!(
                    "FROM_CHANGELOG got the operation '{code}', which op_mapping does not name"
                )));
            };
            kinds.push(*kind);
        }
        let mut columns = chunk.batch.columns().to_vec();
        columns.remove(self.column);
        let options = RecordBatchOptions::new().with_row_count(Some(chunk.rows()));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        out.chunk(Chunk {
            batch: batch.map_err(arrow_error)?,
            kinds: Some(kinds.into()),
        });
        Ok(())
    }
}
