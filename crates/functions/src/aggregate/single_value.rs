//! `SINGLE_VALUE`: what a sub-query that stands for a value gives.
//!
//! A second row is an error, whatever it holds: a NULL counts too.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, UInt32Array};
use dataflow::{Accumulator, AggregateFunction, Argument, BoundAggregate, Error, SignatureError};
use model::{DataType, RowKind};

use super::values::{Column, ForColumn, for_column};
use super::{argument, count_state, for_each, indexes, maker, nested, one};
use crate::definition::Aggregate;

pub(crate) const LIST: &[Aggregate] = &[Aggregate {
    name: "SINGLE_VALUE",
    signatures: &["SINGLE_VALUE(value)"],
    doc: "The only value; more than one fails the query.",
    example: ("SINGLE_VALUE(price)", "5"),
    bind: |arguments, _| bind_single(arguments),
}];

fn bind_single(arguments: &[Argument]) -> Result<BoundAggregate, SignatureError> {
    let given = one("SINGLE_VALUE", arguments)?;
    nested::bind("SINGLE_VALUE", given, false, |given| {
        let function = for_column(&given.kind, Make(given.clone()))
            .ok_or_else(|| crate::signature::mismatch("SINGLE_VALUE", 0, "a value", given))?;
        Ok(BoundAggregate {
            arguments: vec![given.clone()],
            result: given.clone(),
            state_types: vec![given.clone().with_nullable(true), count_state()],
            function,
            retracting: None,
        })
    })
}

struct Make(DataType);

impl ForColumn for Make {
    type Output = Arc<dyn AggregateFunction>;

    fn of<C: Column>(self) -> Self::Output {
        maker("SINGLE_VALUE", move || {
            Box::new(Single::<C> {
                value: self.0.clone(),
                slots: Vec::new(),
                bytes: 0,
            })
        })
    }
}

struct Single<C: Column> {
    value: DataType,
    /// The value, and how many rows there are.
    slots: Vec<(Option<C::Key>, i64)>,
    /// On the heap behind the values.
    bytes: usize,
}

fn more_than_one() -> Error {
    Error::evaluation("SingleValueAggFunction received more than one element.")
}

impl<C: Column> Single<C> {
    fn put(&mut self, group: usize, value: Option<C::Key>, count: i64) {
        let heap_bytes = |value: &Option<C::Key>| value.as_ref().map_or(0, C::heap_bytes);
        self.bytes += heap_bytes(&value);
        self.bytes -= heap_bytes(&self.slots[group].0);
        self.slots[group] = (value, count);
    }
}

impl<C: Column> Accumulator for Single<C> {
    fn resize(&mut self, groups: usize) {
        if groups > self.slots.len() {
            self.slots.resize_with(groups, || (None, 0));
        }
    }

    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        let array = arguments
            .first()
            .ok_or_else(|| Error::internal("SINGLE_VALUE lacks its column"))?;
        let nulls = array.logical_nulls();
        for_each(groups, None, filter, kinds, |row, group, adds| {
            let count = self.slots[group].1;
            if adds {
                if count > 0 {
                    return Err(more_than_one());
                }
                let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
                let value = (!is_null).then(|| C::key(array.as_ref(), row));
                self.put(group, value, count + 1);
            } else {
                if count != 0 && count != 1 {
                    return Err(more_than_one());
                }
                self.put(group, None, count - 1);
            }
            Ok(())
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let values = state
            .first()
            .ok_or_else(|| Error::internal("SINGLE_VALUE lacks its state"))?;
        let nulls = values.logical_nulls();
        let counts = argument::<Int64Array>(state, 1)?;
        for (row, &group) in groups.iter().enumerate() {
            let held = self.slots[group as usize].1;
            if held > 0 && counts.value(row) > 0 {
                return Err(more_than_one());
            }
            if counts.value(row) > 0 {
                let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
                let value = (!is_null).then(|| C::key(values.as_ref(), row));
                self.put(group as usize, value, held + counts.value(row));
            } else if counts.value(row) < 0 {
                self.put(group as usize, None, held + counts.value(row));
            }
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        let values: Vec<Option<&C::Key>> = indexes(groups)
            .map(|group| self.slots[group].0.as_ref())
            .collect();
        C::array(&mut values.into_iter(), &self.value.arrow())
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        let counts = Int64Array::from_iter_values(indexes(groups).map(|group| self.slots[group].1));
        Ok(vec![self.evaluate(groups)?, Arc::new(counts)])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            self.put(group as usize, None, 0);
        }
    }

    fn size_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<(Option<C::Key>, i64)>() + self.bytes
    }
}
