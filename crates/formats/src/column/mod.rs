//! Columns that decoders write into and that become Arrow arrays.
//!
//! Plain vectors. A NULL costs one entry in a list of rows, a value costs nothing beside itself. Every column can
//! be cut back to an earlier length, which is how a value or a record that turns out wrong is taken back.

mod store;

pub use store::{Ends, Fixed, Text};

use std::mem;
use std::sync::Arc;

use arrow_array::types::{
    Date32Type, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType, TimestampMicrosecondType,
    TimestampNanosecondType,
};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, ListArray, MapArray, NullArray, RecordBatch, RecordBatchOptions,
    StringArray, StructArray,
};
use arrow_buffer::BooleanBuffer;
use arrow_schema::{DataType as ArrowType, SchemaRef};
use dataflow::Error;
use model::{DataType, Schema, TypeKind};

use store::{cut_nulls, take_nulls};

#[derive(Debug)]
pub struct List {
    pub ends: Ends,
    pub elements: Column,
    arrow: ArrowType,
}

#[derive(Debug)]
pub struct Map {
    pub ends: Ends,
    pub keys: Column,
    pub values: Column,
    arrow: ArrowType,
}

#[derive(Debug)]
pub struct Row {
    pub fields: Vec<Column>,
    length: usize,
    nulls: Vec<u32>,
    arrow: ArrowType,
}

impl Row {
    pub fn len(&self) -> usize {
        self.length
    }

    /// Ends a row whose fields have all been pushed.
    pub fn close(&mut self) {
        self.length += 1;
    }

    fn push_null(&mut self) {
        self.nulls.push(self.length as u32);
        self.length += 1;
        for field in &mut self.fields {
            field.push_null();
        }
    }
}

/// A column of one of Flink's types.
#[derive(Debug)]
pub enum Column {
    /// The type `NULL`: only a count.
    Null(usize),
    Boolean(Fixed<bool>),
    TinyInt(Fixed<i8>),
    SmallInt(Fixed<i16>),
    Int(Fixed<i32>),
    BigInt(Fixed<i64>),
    Float(Fixed<f32>),
    Double(Fixed<f64>),
    Decimal {
        values: Fixed<i128>,
        precision: u8,
        scale: u8,
    },
    Text(Text),
    Bytes(Text),
    Date(Fixed<i32>),
    Time {
        values: Fixed<i32>,
        precision: u8,
    },
    Timestamp {
        values: Fixed<i64>,
        precision: u8,
    },
    TimestampLtz {
        values: Fixed<i64>,
        precision: u8,
    },
    Months(Fixed<i32>),
    Millis(Fixed<i64>),
    Array(Box<List>),
    /// Also `MULTISET`, whose values are counts.
    Map(Box<Map>),
    Row(Box<Row>),
}

impl Column {
    pub fn new(data_type: &DataType) -> Column {
        let precision = match &data_type.kind {
            TypeKind::Time(p) | TypeKind::Timestamp(p) | TypeKind::TimestampLtz(p) => *p,
            _ => 0,
        };
        match &data_type.kind {
            TypeKind::Null => Column::Null(0),
            TypeKind::Boolean => Column::Boolean(Fixed::default()),
            TypeKind::TinyInt => Column::TinyInt(Fixed::default()),
            TypeKind::SmallInt => Column::SmallInt(Fixed::default()),
            TypeKind::Int => Column::Int(Fixed::default()),
            TypeKind::BigInt => Column::BigInt(Fixed::default()),
            TypeKind::Float => Column::Float(Fixed::default()),
            TypeKind::Double => Column::Double(Fixed::default()),
            TypeKind::Decimal { precision, scale } => Column::Decimal {
                values: Fixed::default(),
                precision: *precision,
                scale: *scale,
            },
            TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Variant => Column::Text(Text::default()),
            TypeKind::Binary(_) | TypeKind::Varbinary(_) | TypeKind::Bitmap => Column::Bytes(Text::default()),
            TypeKind::Date => Column::Date(Fixed::default()),
            TypeKind::Time(_) => Column::Time {
                values: Fixed::default(),
                precision,
            },
            TypeKind::Timestamp(_) => Column::Timestamp {
                values: Fixed::default(),
                precision,
            },
            TypeKind::TimestampLtz(_) => Column::TimestampLtz {
                values: Fixed::default(),
                precision,
            },
            TypeKind::IntervalYearMonth => Column::Months(Fixed::default()),
            TypeKind::IntervalDayTime => Column::Millis(Fixed::default()),
            TypeKind::Array(element) => Column::Array(Box::new(List {
                ends: Ends::default(),
                elements: Column::new(element),
                arrow: data_type.arrow(),
            })),
            TypeKind::Map(key, value) => Column::Map(Box::new(Map {
                ends: Ends::default(),
                keys: Column::new(key),
                values: Column::new(value),
                arrow: data_type.arrow(),
            })),
            TypeKind::Multiset(element) => Column::Map(Box::new(Map {
                ends: Ends::default(),
                keys: Column::new(element),
                values: Column::Int(Fixed::default()),
                arrow: data_type.arrow(),
            })),
            TypeKind::Row(fields) => Column::Row(Box::new(Row {
                fields: fields.iter().map(|field| Column::new(&field.data_type)).collect(),
                length: 0,
                nulls: Vec::new(),
                arrow: data_type.arrow(),
            })),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Column::Null(length) => *length,
            Column::Boolean(column) => column.values.len(),
            Column::TinyInt(column) => column.values.len(),
            Column::SmallInt(column) => column.values.len(),
            Column::Int(column) | Column::Date(column) | Column::Months(column) => column.values.len(),
            Column::Time { values, .. } => values.values.len(),
            Column::BigInt(column) | Column::Millis(column) => column.values.len(),
            Column::Timestamp { values, .. } | Column::TimestampLtz { values, .. } => values.values.len(),
            Column::Float(column) => column.values.len(),
            Column::Double(column) => column.values.len(),
            Column::Decimal { values, .. } => values.values.len(),
            Column::Text(column) | Column::Bytes(column) => column.len(),
            Column::Array(column) => column.ends.len(),
            Column::Map(column) => column.ends.len(),
            Column::Row(column) => column.length,
        }
    }

    pub fn push_null(&mut self) {
        match self {
            Column::Null(length) => *length += 1,
            Column::Boolean(column) => column.push_null(),
            Column::TinyInt(column) => column.push_null(),
            Column::SmallInt(column) => column.push_null(),
            Column::Int(column) | Column::Date(column) | Column::Months(column) => column.push_null(),
            Column::Time { values, .. } => values.push_null(),
            Column::BigInt(column) | Column::Millis(column) => column.push_null(),
            Column::Timestamp { values, .. } | Column::TimestampLtz { values, .. } => values.push_null(),
            Column::Float(column) => column.push_null(),
            Column::Double(column) => column.push_null(),
            Column::Decimal { values, .. } => values.push_null(),
            Column::Text(column) | Column::Bytes(column) => column.push_null(),
            Column::Array(column) => column.ends.push_null(),
            Column::Map(column) => column.ends.push_null(),
            Column::Row(column) => column.push_null(),
        }
    }

    /// Drops everything behind the first `length` values, and what an unfinished value left behind.
    pub fn truncate(&mut self, length: usize) {
        match self {
            Column::Null(held) => *held = length.min(*held),
            Column::Boolean(column) => column.truncate(length),
            Column::TinyInt(column) => column.truncate(length),
            Column::SmallInt(column) => column.truncate(length),
            Column::Int(column) | Column::Date(column) | Column::Months(column) => column.truncate(length),
            Column::Time { values, .. } => values.truncate(length),
            Column::BigInt(column) | Column::Millis(column) => column.truncate(length),
            Column::Timestamp { values, .. } | Column::TimestampLtz { values, .. } => values.truncate(length),
            Column::Float(column) => column.truncate(length),
            Column::Double(column) => column.truncate(length),
            Column::Decimal { values, .. } => values.truncate(length),
            Column::Text(column) | Column::Bytes(column) => column.truncate(length),
            Column::Array(column) => {
                column.ends.truncate(length);
                column.elements.truncate(column.ends.last());
            }
            Column::Map(column) => {
                column.ends.truncate(length);
                column.keys.truncate(column.ends.last());
                column.values.truncate(column.ends.last());
            }
            Column::Row(column) => {
                column.length = length.min(column.length);
                cut_nulls(&mut column.nulls, length);
                for field in &mut column.fields {
                    field.truncate(length);
                }
            }
        }
    }

    /// Hands out the values as an array of the type's Arrow form and starts anew.
    pub fn finish(&mut self) -> Result<ArrayRef, Error> {
        Ok(match self {
            Column::Null(length) => Arc::new(NullArray::new(mem::take(length))),
            Column::Boolean(column) => {
                let (values, nulls) = column.take();
                Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls))
            }
            Column::TinyInt(column) => Arc::new(column.finish::<Int8Type>()),
            Column::SmallInt(column) => Arc::new(column.finish::<Int16Type>()),
            Column::Int(column) => Arc::new(column.finish::<Int32Type>()),
            Column::BigInt(column) => Arc::new(column.finish::<Int64Type>()),
            Column::Float(column) => Arc::new(column.finish::<Float32Type>()),
            Column::Double(column) => Arc::new(column.finish::<Float64Type>()),
            Column::Decimal {
                values,
                precision,
                scale,
            } => Arc::new(
                values
                    .finish::<Decimal128Type>()
                    .with_precision_and_scale(*precision, *scale as i8)
                    .map_err(|error| Error::internal(error.to_string()))?,
            ),
            Column::Text(column) => {
                let (bytes, offsets, nulls) = column.take()?;
                // SAFETY: only UTF-8 is pushed into a text column, and offsets stand between characters.
                Arc::new(unsafe { StringArray::new_unchecked(offsets, bytes, nulls) })
            }
            Column::Bytes(column) => {
                let (bytes, offsets, nulls) = column.take()?;
                Arc::new(BinaryArray::new(offsets, bytes, nulls))
            }
            Column::Date(column) => Arc::new(column.finish::<Date32Type>()),
            Column::Time { values, .. } => Arc::new(values.finish::<Time32MillisecondType>()),
            Column::Timestamp { values, precision } => timestamps(values, *precision, None),
            Column::TimestampLtz { values, precision } => timestamps(values, *precision, Some("UTC")),
            Column::Months(column) => Arc::new(column.finish::<IntervalYearMonthType>()),
            Column::Millis(column) => Arc::new(column.finish::<DurationMillisecondType>()),
            Column::Array(column) => {
                // Both start anew, whatever is wrong with one of them.
                let ends = column.ends.take(column.elements.len());
                let elements = column.elements.finish()?;
                let (offsets, nulls) = ends?;
                let ArrowType::List(field) = &column.arrow else {
                    return Err(Error::internal("an array column is not a list"));
                };
                Arc::new(ListArray::new(field.clone(), offsets, elements, nulls))
            }
            Column::Map(column) => {
                let ends = column.ends.take(column.keys.len());
                let (keys, values) = (column.keys.finish(), column.values.finish());
                let (keys, values, (offsets, nulls)) = (keys?, values?, ends?);
                let ArrowType::Map(field, sorted) = &column.arrow else {
                    return Err(Error::internal("a map column is not a map"));
                };
                let ArrowType::Struct(fields) = field.data_type() else {
                    return Err(Error::internal("the entries of a map are no rows"));
                };
                let entries = StructArray::new(fields.clone(), vec![keys, values], None);
                Arc::new(MapArray::new(field.clone(), offsets, entries, nulls, *sorted))
            }
            Column::Row(column) => {
                let length = mem::take(&mut column.length);
                let nulls = take_nulls(&mut column.nulls, length);
                let ArrowType::Struct(fields) = &column.arrow else {
                    return Err(Error::internal("a row column is no row"));
                };
                let mut arrays = Vec::with_capacity(column.fields.len());
                for field in &mut column.fields {
                    arrays.push(field.finish()?);
                }
                if arrays.is_empty() {
                    Arc::new(StructArray::new_empty_fields(length, nulls))
                } else {
                    Arc::new(StructArray::new(fields.clone(), arrays, nulls))
                }
            }
        })
    }
}

impl Map {
    /// Which entries of the unfinished map count: of those with the same key the last; `None` if all keys differ.
    pub fn kept_entries(&self) -> Option<Vec<bool>> {
        let (Column::Text(keys) | Column::Bytes(keys)) = &self.keys else {
            return None;
        };
        last_of_each(self.ends.last()..keys.len(), |index| keys.value(index))
    }
}

/// For each index whether it is the last with its name; `None` if all names differ.
pub fn last_of_each<'a>(
    indices: std::ops::Range<usize>,
    name: impl Fn(usize) -> &'a [u8],
) -> Option<Vec<bool>> {
    /// Up to here comparing all pairs is faster than hashing.
    const PAIRWISE_MAX: usize = 12;
    let (start, end) = (indices.start, indices.end);
    let count = end - start;
    if count < 2 {
        return None;
    }
    if count <= PAIRWISE_MAX {
        let repeated = |index: usize| (index + 1..end).any(|later| name(later) == name(index));
        if !(start..end).any(repeated) {
            return None;
        }
        return Some((start..end).map(|index| !repeated(index)).collect());
    }
    let mut seen = std::collections::HashSet::with_capacity(count);
    let mut keep = vec![true; count];
    let mut any = false;
    for index in (start..end).rev() {
        if !seen.insert(name(index)) {
            keep[index - start] = false;
            any = true;
        }
    }
    any.then_some(keep)
}

fn timestamps(values: &mut Fixed<i64>, precision: u8, zone: Option<&str>) -> ArrayRef {
    if precision <= 6 {
        Arc::new(
            values
                .finish::<TimestampMicrosecondType>()
                .with_timezone_opt(zone),
        )
    } else {
        Arc::new(values.finish::<TimestampNanosecondType>().with_timezone_opt(zone))
    }
}

/// The columns of a schema, filled row by row.
#[derive(Debug)]
pub struct Columns {
    pub fields: Vec<Column>,
    pub rows: usize,
    schema: SchemaRef,
}

impl Columns {
    pub fn new(schema: &Schema) -> Columns {
        Columns {
            fields: schema
                .fields
                .iter()
                .map(|field| Column::new(&field.data_type))
                .collect(),
            rows: 0,
            schema: schema.arrow(),
        }
    }

    /// Takes back what was pushed since the last finished row.
    pub fn roll_back(&mut self) {
        for field in &mut self.fields {
            field.truncate(self.rows);
        }
    }

    pub fn take(&mut self) -> Result<RecordBatch, Error> {
        let rows = mem::take(&mut self.rows);
        let mut arrays = Vec::with_capacity(self.fields.len());
        let mut fault = None;
        for field in &mut self.fields {
            match field.finish() {
                Ok(array) => arrays.push(array),
                // The others start anew all the same.
                Err(error) => fault = Some(error),
            }
        }
        if let Some(error) = fault {
            return Err(error);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
            .map_err(|error| Error::internal(error.to_string()))
    }
}
