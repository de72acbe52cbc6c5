//! Arrays made from elements of other arrays, by index.
//!
//! A result is described by which elements of a pool go to which row; the elements are copied in one go at the
//! end. Elements are compared by an order made once a chunk.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, UInt32Array};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType as ArrowType, SortOptions};
use arrow_select::concat::concat;
use arrow_select::take::take;
use dataflow::{Argument, Error, SignatureError, Value};
use model::{DataType, TypeKind};

use crate::build::Nulls;
use crate::signature::mismatch;
use crate::types::common_type;

/// A column of arrays.
pub(super) struct Lists<'a> {
    list: &'a ListArray,
    constant: bool,
    /// Where its elements begin in the pool.
    base: usize,
}

impl<'a> Lists<'a> {
    pub fn of(value: &'a Value, base: usize) -> Result<Self, Error> {
        let list = value
            .array()
            .as_list_opt::<i32>()
            .ok_or_else(|| Error::internal("a function of arrays was given something else"))?;
        Ok(Lists {
            list,
            constant: value.is_constant(),
            base,
        })
    }

    pub fn values(&self) -> &'a ArrayRef {
        self.list.values()
    }

    /// Which elements of the pool a row has.
    pub fn get(&self, row: usize) -> Option<std::ops::Range<usize>> {
        let row = if self.constant { 0 } else { row };
        if self.list.is_null(row) {
            return None;
        }
        let offsets = self.list.value_offsets();
        Some(self.base + offsets[row] as usize..self.base + offsets[row + 1] as usize)
    }
}

/// Elements of several arrays side by side, with their order.
pub(super) struct Pool {
    values: ArrayRef,
    order: Box<dyn Fn(usize, usize) -> Ordering + Send + Sync>,
}

impl Pool {
    pub fn of(parts: &[&ArrayRef]) -> Result<Pool, Error> {
        let values = match parts {
            [only] => (*only).clone(),
            _ => {
                let parts: Vec<&dyn Array> = parts.iter().map(|part| part.as_ref()).collect();
                concat(&parts).map_err(internal)?
            }
        };
        let order = arrow_ord::ord::make_comparator(values.as_ref(), values.as_ref(), SortOptions::default())
            .map_err(internal)?;
        Ok(Pool { values, order })
    }

    pub fn is_null(&self, index: usize) -> bool {
        self.values.is_null(index)
    }

    /// Equal, where NULL equals NULL.
    pub fn same(&self, a: usize, b: usize) -> bool {
        (self.order)(a, b).is_eq()
    }

    pub fn compare(&self, a: usize, b: usize) -> Ordering {
        (self.order)(a, b)
    }

    pub fn take(&self, indexes: Vec<Option<u32>>) -> Result<ArrayRef, Error> {
        take(self.values.as_ref(), &UInt32Array::from(indexes), None).map_err(internal)
    }
}

/// Rows of elements of a pool.
pub(super) struct Picks {
    indexes: Vec<u32>,
    offsets: Vec<i32>,
    nulls: Nulls,
    /// Places of a row's elements, used again for every row.
    places: Vec<u32>,
}

impl Picks {
    pub fn new(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Picks {
            indexes: Vec::new(),
            offsets,
            nulls: Nulls::new(),
            places: Vec::new(),
        }
    }

    pub fn push(&mut self, index: usize) {
        self.indexes.push(index as u32);
    }

    /// Leaves the first of equal elements pushed since the last row.
    pub fn keep_first(&mut self, pool: &Pool) {
        let start = self.offsets.last().map_or(0, |&offset| offset as usize);
        let current = &mut self.indexes[start..];
        let places = &mut self.places;
        places.clear();
        places.extend(0..current.len() as u32);
        let compare =
            |a: u32, b: u32| pool.compare(current[a as usize] as usize, current[b as usize] as usize);
        places.sort_unstable_by(|&a, &b| compare(a, b).then(a.cmp(&b)));
        places.dedup_by(|b, a| compare(*a, *b).is_eq());
        places.sort_unstable();
        for (to, &from) in places.iter().enumerate() {
            current[to] = current[from as usize];
        }
        self.indexes.truncate(start + self.places.len());
    }

    /// The elements pushed since the last row.
    pub fn current_mut(&mut self) -> &mut [u32] {
        let start = self.offsets.last().map_or(0, |&offset| offset as usize);
        &mut self.indexes[start..]
    }

    pub fn end_row(&mut self) {
        self.offsets.push(self.indexes.len() as i32);
        self.nulls.valid();
    }

    pub fn null_row(&mut self) {
        self.offsets.push(self.indexes.len() as i32);
        self.nulls.null();
    }

    pub fn finish(self, pool: &Pool, result: &ArrowType) -> Result<ArrayRef, Error> {
        let ArrowType::List(field) = result else {
            return Err(Error::internal("a function of arrays has another result"));
        };
        if self.indexes.len() > i32::MAX as usize {
            return Err(Error::evaluation(
                "the arrays of one chunk have too many elements",
            ));
        }
        let values = take(pool.values.as_ref(), &UInt32Array::from(self.indexes), None).map_err(internal)?;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        Ok(Arc::new(
            ListArray::try_new(field.clone(), offsets, values, self.nulls.finish()).map_err(internal)?,
        ))
    }
}

pub(super) fn internal(error: ArrowError) -> Error {
    Error::internal(error.to_string())
}

/// The element type of an argument that must be an array.
pub(super) fn element_of<'a>(
    name: &str,
    index: usize,
    argument: &'a Argument,
) -> Result<&'a DataType, SignatureError> {
    match &argument.data_type.kind {
        TypeKind::Array(element) => Ok(element),
        _ => Err(mismatch(name, index, "an array", &argument.data_type)),
    }
}

pub(super) fn array_of(element: DataType, nullable: bool) -> DataType {
    DataType {
        kind: TypeKind::Array(Box::new(element)),
        nullable,
    }
}

/// The common element type of arrays, or of an array and an element.
pub(super) fn common_element(
    name: &str,
    a: &DataType,
    b: &DataType,
    index: usize,
) -> Result<DataType, SignatureError> {
    common_type(&[a.clone(), b.clone()])
        .ok_or_else(|| mismatch(name, index, &format!("of the array's type {}", a.kind), b))
}
