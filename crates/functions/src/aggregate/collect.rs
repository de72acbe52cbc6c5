//! `COLLECT`: the multiset of the values that are not NULL.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array};
use dataflow::{Accumulator, AggregateFunction, Argument, BoundAggregate, Error, SignatureError};
use model::{DataType, RowKind, TypeKind};

use super::values::{Column, Counts, ForColumn, Unfolded, for_column, maps};
use super::{bind, for_each, indexes, maker, nested, one};
use crate::definition::Aggregate;

pub(crate) const LIST: &[Aggregate] = &[Aggregate {
    name: "COLLECT",
    signatures: &["COLLECT([DISTINCT] value)"],
    doc: "The values that are not NULL as a multiset, which tells how often it holds each.",
    example: ("COLLECT(name)", "{a=2, b=1}"),
    bind: bind_collect,
}];

fn bind_collect(arguments: &[Argument], distinct: bool) -> Result<BoundAggregate, SignatureError> {
    let given = one("COLLECT", arguments)?;
    nested::bind("COLLECT", given, distinct, |given| {
        let held = given.clone().with_nullable(false);
        let counts = TypeKind::Map(Box::new(held), Box::new(TypeKind::BigInt.not_null())).not_null();
        let result = TypeKind::Multiset(Box::new(given.clone())).not_null();
        let make = Make {
            multiset: result.clone(),
            counts: counts.clone(),
        };
        let function = for_column(&given.kind, make)
            .ok_or_else(|| crate::signature::mismatch("COLLECT", 0, "a value", given))?;
        bind("COLLECT", given, distinct, result, vec![counts], function)
    })
}

struct Make {
    multiset: DataType,
    counts: DataType,
}

impl ForColumn for Make {
    type Output = Arc<dyn AggregateFunction>;

    fn of<C: Column>(self) -> Self::Output {
        maker("COLLECT", move || {
            Box::new(Collected::<C> {
                multiset: self.multiset.clone(),
                counts: self.counts.clone(),
                groups: Vec::new(),
                entries: 0,
                key_bytes: 0,
            })
        })
    }
}

struct Collected<C: Column> {
    multiset: DataType,
    counts: DataType,
    groups: Vec<Counts<C::Key>>,
    /// Of all groups together.
    entries: usize,
    /// On the heap behind the keys.
    key_bytes: usize,
}

impl<C: Column> Collected<C> {
    fn count(&mut self, group: usize, array: &dyn Array, row: usize, by: i64) -> Result<(), Error> {
        let (before, after) = C::count(&mut self.groups[group], array, row, by)?;
        if before == 0 {
            self.entries += 1;
            self.key_bytes += C::heap_bytes_of(array, row);
        }
        if after == 0 {
            self.entries -= 1;
            self.key_bytes -= C::heap_bytes_of(array, row);
        }
        Ok(())
    }

    fn as_maps(&self, groups: &UInt32Array, as_type: &DataType) -> Result<ArrayRef, Error> {
        let (mut keys, mut counts) = (Vec::new(), Vec::new());
        for group in indexes(groups) {
            for (key, count) in &self.groups[group] {
                keys.push(Some(key));
                counts.push(*count);
            }
        }
        let lengths = indexes(groups).map(|group| self.groups[group].len());
        maps::<C>(&keys, counts, lengths, &as_type.arrow())
    }
}

impl<C: Column> Accumulator for Collected<C> {
    fn resize(&mut self, groups: usize) {
        if groups > self.groups.len() {
            self.groups.resize_with(groups, Counts::default);
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
            .ok_or_else(|| Error::internal("COLLECT lacks its column"))?;
        let nulls = array.logical_nulls();
        for_each(groups, nulls.as_ref(), filter, kinds, |row, group, adds| {
            self.count(group, array.as_ref(), row, if adds { 1 } else { -1 })
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let parts = Unfolded::maps(groups, state, 0)?;
        for (row, &group) in parts.owners.iter().enumerate() {
            self.count(group as usize, parts.values.as_ref(), row, parts.count(row))?;
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        self.as_maps(groups, &self.multiset)
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        Ok(vec![self.as_maps(groups, &self.counts)?])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            let values = std::mem::take(&mut self.groups[group as usize]);
            self.entries -= values.len();
            self.key_bytes -= values.keys().map(C::heap_bytes).sum::<usize>();
        }
    }

    fn size_bytes(&self) -> usize {
        // An entry holds its hash too, and has a place in the table of hashes.
        let entry = size_of::<C::Key>() + size_of::<i64>() + 2 * size_of::<usize>();
        self.groups.capacity() * size_of::<Counts<C::Key>>() + self.entries * entry + self.key_bytes
    }
}
