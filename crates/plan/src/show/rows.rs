//! Rows of text that a statement answers at once.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringArray};
use model::{Field, Schema, TypeKind};

use crate::session::Outcome;

pub enum Cell {
    Text(Option<String>),
    Boolean(bool),
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Cell {
        Cell::Text(Some(text.into()))
    }
}

pub struct Rows {
    fields: Vec<Field>,
    rows: Vec<Vec<Cell>>,
}

impl Rows {
    /// Columns of these names, all of text.
    pub fn new(columns: &[&str]) -> Rows {
        Rows {
            fields: Vec::new(),
            rows: Vec::new(),
        }
        .with_texts(columns)
    }

    pub fn with_texts(mut self, columns: &[&str]) -> Rows {
        for name in columns {
            self.fields.push(Field::new(*name, TypeKind::STRING.nullable()));
        }
        self
    }

    pub fn with_boolean(mut self, column: &str) -> Rows {
        self.fields.push(Field::new(column, TypeKind::Boolean.nullable()));
        self
    }

    /// A row: one cell a column.
    pub fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    pub fn finish(self) -> Outcome {
        let schema = Schema::new(self.fields);
        let arrays: Vec<ArrayRef> = schema
            .fields
            .iter()
            .enumerate()
            .map(|(index, field)| column(&field.data_type.kind, &self.rows, index))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows.len()));
        let rows = RecordBatch::try_new_with_options(schema.arrow(), arrays, &options)
            .unwrap_or_else(|_| RecordBatch::new_empty(schema.arrow()));
        Outcome::Rows { schema, rows }
    }
}

fn column(kind: &TypeKind, rows: &[Vec<Cell>], index: usize) -> ArrayRef {
    let cells = rows.iter().map(|row| row.get(index));
    if *kind == TypeKind::Boolean {
        return Arc::new(BooleanArray::from_iter(cells.map(|cell| match cell {
            Some(Cell::Boolean(value)) => Some(*value),
            _ => None,
        })));
    }
    Arc::new(StringArray::from_iter(cells.map(|cell| match cell {
        Some(Cell::Text(text)) => text.as_deref(),
        _ => None,
    })))
}

/// One row with one column named `result`, such as EXPLAIN's.
pub fn one_text(text: String) -> Outcome {
    let mut rows = Rows::new(&["result"]);
    rows.push(vec![Cell::text(text)]);
    rows.finish()
}
