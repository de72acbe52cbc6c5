//! Gives each row with each element of a collection in it. What a chunk becomes is sent in parts.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, BooleanArray, Int32Array, RecordBatch, StructArray, UInt32Array};
use arrow_schema::{DataType as ArrowType, SchemaRef};
use arrow_select::nullif::nullif;
use arrow_select::take::take;
use dataflow::{Chunk, Error, EvaluationContext};
use graph::Unnest as Node;
use model::{Schema, TypeKind};

use super::Build;
use crate::expression::{Expression, Frame, arrow_error};
use crate::operator::{Operator, Output, ROUND_CHUNKS_MAX};

pub(super) struct Unnest {
    operand: Expression,
    is_multiset: bool,
    ordinality: bool,
    keeps: bool,
    condition: Option<Condition>,
    outputs: Vec<usize>,
    schema: SchemaRef,
    context: Arc<EvaluationContext>,
    chunk_rows: usize,
    pending: Option<Pending>,
}

/// What elements must meet, over their columns.
struct Condition {
    holds: Expression,
    columns: SchemaRef,
}

/// A chunk of which not all elements were sent.
struct Pending {
    chunk: Chunk,
    /// The columns of all elements, one behind the other.
    elements: Vec<ArrayRef>,
    /// Of each row to be sent: its place in the chunk, its element, and the number of that.
    rows: Vec<u32>,
    places: Vec<Option<u32>>,
    numbers: Vec<Option<i32>>,
    sent: usize,
}

impl Unnest {
    pub fn new(build: &Build<'_>, node: &Node) -> Unnest {
        Unnest {
            operand: Expression::new(&node.operand),
            is_multiset: matches!(node.operand.data_type().kind, TypeKind::Multiset(_)),
            ordinality: node.ordinality,
            keeps: node.keeps,
            condition: node.condition.as_ref().map(|condition| Condition {
                holds: Expression::new(condition),
                columns: columns_of_elements(node),
            }),
            outputs: node.outputs.clone(),
            schema: build.node.schema.arrow(),
            context: build.context.clone(),
            chunk_rows: build.options.chunk_rows,
            pending: None,
        }
    }

    fn begin(&self, chunk: Chunk) -> Result<Pending, Error> {
        let collection = self.operand.array(&Frame::new(&chunk.batch), &self.context)?;
        let (offsets, elements, counts) = match collection.data_type() {
            ArrowType::List(_) => {
                let list = collection.as_list::<i32>();
                (list.value_offsets().to_vec(), columns_of(list.values())?, None)
            }
            ArrowType::Map(_, _) => {
                let map = collection.as_map();
                let offsets = map.value_offsets().to_vec();
                if self.is_multiset {
                    let counts = map.values().as_primitive::<Int32Type>().clone();
                    (offsets, columns_of(map.keys())?, Some(counts))
                } else {
                    (offsets, vec![map.keys().clone(), map.values().clone()], None)
                }
            }
            other => return Err(Error::internal(format!("elements are taken from type {other}"))),
        };
        let mut pending = Pending {
            elements,
            rows: Vec::with_capacity(chunk.rows()),
            places: Vec::with_capacity(chunk.rows()),
            numbers: Vec::new(),
            sent: 0,
            chunk,
        };
        for row in 0..pending.chunk.rows() {
            let range = if collection.is_null(row) {
                0..0
            } else {
                offsets[row]..offsets[row + 1]
            };
            if range.is_empty() && self.keeps && self.condition.is_none() {
                pending.add(row, None, None, self.ordinality);
            }
            let mut number = 0;
            for place in range {
                let count = counts
                    .as_ref()
                    .map_or(1, |counts: &Int32Array| counts.value(place as usize));
                for _ in 0..count {
                    number += 1;
                    pending.add(row, Some(place as u32), Some(number), self.ordinality);
                }
            }
        }
        match &self.condition {
            Some(condition) => self.filtered(pending, condition),
            None => Ok(pending),
        }
    }

    /// Only the elements that meet the condition. Rows left without any count as rows without elements.
    fn filtered(&self, all: Pending, condition: &Condition) -> Result<Pending, Error> {
        let places: UInt32Array = all.places.iter().copied().collect();
        let mut columns = all
            .elements
            .iter()
            .map(|column| take(column.as_ref(), &places, None).map_err(arrow_error))
            .collect::<Result<Vec<ArrayRef>, Error>>()?;
        if self.ordinality {
            let numbers: Int32Array = all.numbers.iter().copied().collect();
            columns.push(Arc::new(numbers));
        }
        let elements = RecordBatch::try_new(condition.columns.clone(), columns).map_err(arrow_error)?;
        let holds = condition.holds.array(&Frame::new(&elements), &self.context)?;
        let holds = holds.as_boolean();
        let mut kept = Pending {
            rows: Vec::with_capacity(all.rows.len()),
            places: Vec::with_capacity(all.rows.len()),
            numbers: Vec::new(),
            sent: 0,
            elements: all.elements,
            chunk: all.chunk,
        };
        let mut next = 0;
        for row in 0..kept.chunk.rows() {
            let before = kept.rows.len();
            while all.rows.get(next).is_some_and(|&own| own as usize == row) {
                if holds.is_valid(next) && holds.value(next) {
                    let number = all.numbers.get(next).copied().flatten();
                    kept.add(row, all.places[next], number, self.ordinality);
                }
                next += 1;
            }
            if kept.rows.len() == before && self.keeps {
                kept.add(row, None, None, self.ordinality);
            }
        }
        Ok(kept)
    }

    fn send(&self, pending: &mut Pending, out: &mut Output) -> Result<(), Error> {
        let from = pending.sent;
        let to = pending.rows.len().min(from + self.chunk_rows);
        pending.sent = to;
        let rows = UInt32Array::from(pending.rows[from..to].to_vec());
        let places: UInt32Array = pending.places[from..to].iter().copied().collect();
        let width = pending.chunk.batch.num_columns();
        let columns = self
            .outputs
            .iter()
            .map(|&output| match output.checked_sub(width) {
                None => take(pending.chunk.batch.column(output).as_ref(), &rows, None).map_err(arrow_error),
                Some(element) => match pending.elements.get(element) {
                    Some(element) => take(element.as_ref(), &places, None).map_err(arrow_error),
                    None => {
                        let numbers: Int32Array = pending.numbers[from..to].iter().copied().collect();
                        Ok(Arc::new(numbers) as ArrayRef)
                    }
                },
            })
            .collect::<Result<Vec<ArrayRef>, Error>>()?;
        let kinds = pending
            .chunk
            .kinds
            .as_ref()
            .map(|kinds| rows.values().iter().map(|&row| kinds[row as usize]).collect());
        out.chunk(Chunk {
            batch: RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)?,
            kinds,
        });
        Ok(())
    }
}

impl Pending {
    fn add(&mut self, row: usize, place: Option<u32>, number: Option<i32>, ordinality: bool) {
        self.rows.push(row as u32);
        self.places.push(place);
        if ordinality {
            self.numbers.push(number);
        }
    }
}

/// The columns that a condition on elements sees.
fn columns_of_elements(node: &Node) -> SchemaRef {
    let fields = Node::columns(&node.operand.data_type(), node.ordinality, true);
    Schema::new(fields.unwrap_or_default()).arrow()
}

/// The fields of rows, NULL where the row is; other elements as they are.
fn columns_of(elements: &ArrayRef) -> Result<Vec<ArrayRef>, Error> {
    let Some(rows): Option<&StructArray> = elements.as_struct_opt() else {
        return Ok(vec![elements.clone()]);
    };
    if rows.null_count() == 0 {
        return Ok(rows.columns().to_vec());
    }
    let missing: BooleanArray = (0..rows.len()).map(|row| Some(rows.is_null(row))).collect();
    rows.columns()
        .iter()
        .map(|column| nullif(column.as_ref(), &missing).map_err(arrow_error))
        .collect()
}

impl Operator for Unnest {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        self.pending = Some(self.begin(chunk)?);
        self.resume(out)
    }

    fn has_more(&self) -> bool {
        self.pending.is_some()
    }

    fn resume(&mut self, out: &mut Output) -> Result<(), Error> {
        let Some(mut pending) = self.pending.take() else {
            return Ok(());
        };
        for _ in 0..ROUND_CHUNKS_MAX {
            if pending.sent == pending.rows.len() {
                return Ok(());
            }
            self.send(&mut pending, out)?;
        }
        self.pending = Some(pending);
        Ok(())
    }
}
