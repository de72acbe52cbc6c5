//! What all joins do alike: the columns and keys of both inputs, rows whose key agrees with nothing, and pairs as rows.

use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow_buffer::NullBuffer;
use arrow_schema::SchemaRef;
use dataflow::{Chunk, Error};
use graph::Join;
use state::KeyCodec;

use super::pairs::{PairColumns, PairCondition, strict_keys};
use crate::exchange::take_rows;
use crate::expression::arrow_error;
use crate::operators::Build;

pub(super) struct Stage {
    /// By input: its columns, and the keys among them.
    pub schemas: [SchemaRef; 2],
    pub keys: [Vec<usize>; 2],
    /// By input: those of the keys that must not be NULL.
    strict: [Vec<usize>; 2],
    pub condition: Option<PairCondition>,
    pub outputs: PairColumns,
    pub schema: SchemaRef,
    pub chunk_rows: usize,
    pub key_groups: u16,
}

impl Stage {
    pub fn new(build: &Build<'_>, join: &Join) -> Result<Stage, Error> {
        let (left, right) = (build.nth_input(0)?, build.nth_input(1)?);
        let (width, right_width) = (left.schema.len(), right.schema.len());
        let condition = join.condition.as_ref();
        Ok(Stage {
            schemas: [left.schema.arrow(), right.schema.arrow()],
            keys: [join.left_keys(), join.right_keys()],
            strict: [
                strict_keys(&join.keys, 0, &left.schema),
                strict_keys(&join.keys, 1, &right.schema),
            ],
            condition: condition
                .map(|condition| PairCondition::new(build, condition, width, width + right_width)),
            outputs: PairColumns::new(&join.outputs, width),
            schema: build.node.schema.arrow(),
            chunk_rows: build.options.chunk_rows,
            key_groups: build.options.key_groups,
        })
    }

    /// Of the keys.
    pub fn codec(&self) -> Result<KeyCodec, Error> {
        let left = &self.schemas[0];
        let types = self.keys[0]
            .iter()
            .map(|&key| left.field(key).data_type().clone());
        KeyCodec::new(types.collect()).map_err(arrow_error)
    }

    /// Gives back the rows of a chunk whose key can agree with another; `apart` is told of the others.
    pub fn with_keys(
        &self,
        input: usize,
        chunk: Chunk,
        apart: impl FnOnce(&Chunk, Vec<u32>) -> Result<(), Error>,
    ) -> Result<Chunk, Error> {
        let mut valid: Option<NullBuffer> = None;
        for &column in &self.strict[input] {
            let nulls = chunk.batch.column(column).logical_nulls();
            valid = NullBuffer::union(valid.as_ref(), nulls.as_ref());
        }
        let Some(valid) = valid.filter(|valid| valid.null_count() > 0) else {
            return Ok(chunk);
        };
        let (with, without): (Vec<u32>, Vec<u32>) =
            (0..chunk.rows() as u32).partition(|&row| valid.is_valid(row as usize));
        apart(&chunk, without)?;
        take_rows(&chunk, &UInt32Array::from(with))
    }

    /// Rows of the result, of the used columns of both inputs.
    pub fn batch(&self, of: &[Vec<ArrayRef>; 2]) -> Result<RecordBatch, Error> {
        let columns = self.outputs.put_together(of).collect();
        RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)
    }
}
