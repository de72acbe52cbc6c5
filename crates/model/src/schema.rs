//! Columns of a stream or a table.

use std::fmt;
use std::sync::Arc;

use arrow_schema::{Schema as ArrowSchema, SchemaRef};

use crate::DataType;

/// Whether a column tells the time of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeAttribute {
    /// Event time: watermarks speak about this column.
    Rowtime,
    /// The wall clock when the row is processed.
    Proctime,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    pub name: String,
    pub data_type: DataType,
    pub time_attribute: Option<TimeAttribute>,
}

impl Field {
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Field {
            name: name.into(),
            data_type,
            time_attribute: None,
        }
    }

    pub fn with_time_attribute(mut self, time_attribute: Option<TimeAttribute>) -> Self {
        self.time_attribute = time_attribute;
        self
    }
}

/// `name TYPE`, with `*ROWTIME*` or `*PROCTIME*` as Flink shows it.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.data_type.kind)?;
        match self.time_attribute {
            Some(TimeAttribute::Rowtime) => f.write_str(" *ROWTIME*")?,
            Some(TimeAttribute::Proctime) => f.write_str(" *PROCTIME*")?,
            None => {}
        }
        if !self.data_type.nullable {
            f.write_str(" NOT NULL")?;
        }
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Schema {
    pub fields: Vec<Field>,
}

impl Schema {
    pub fn new(fields: Vec<Field>) -> Self {
        Schema { fields }
    }

    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    pub fn arrow(&self) -> SchemaRef {
        Arc::new(ArrowSchema::new(
            self.fields
                .iter()
                .map(|field| field.data_type.arrow_field(&field.name))
                .collect::<Vec<_>>(),
        ))
    }
}
