//! `MIN` and `MAX` that take rows back: each group counts how often it holds each value, in their order.
//!
//! A count below zero belongs to a value that was taken back before it came: it is not there.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array};
use dataflow::{Accumulator, AggregateForm, AggregateFunction, Error, TakesBack};
use model::{DataType, RowKind, TypeKind};

use super::values::{Column, ForColumn, Unfolded, for_column, maps};
use super::{for_each, indexes, reversible};

/// `None` for nested types.
pub(super) fn form(name: &'static str, value: &DataType, greatest: bool) -> Option<AggregateForm> {
    let held = value.clone().with_nullable(false);
    let counts = TypeKind::Map(Box::new(held), Box::new(TypeKind::BigInt.not_null())).not_null();
    let make = Make {
        name,
        greatest,
        value: value.clone(),
        counts: counts.clone(),
    };
    Some(AggregateForm {
        function: for_column(&value.kind, make)?,
        state_types: vec![counts],
    })
}

struct Make {
    name: &'static str,
    greatest: bool,
    value: DataType,
    counts: DataType,
}

impl ForColumn for Make {
    type Output = Arc<dyn AggregateFunction>;

    fn of<C: Column>(self) -> Self::Output {
        reversible(self.name, TakesBack::Any, move || {
            Box::new(Sorted::<C> {
                greatest: self.greatest,
                value: self.value.clone(),
                counts: self.counts.clone(),
                groups: Vec::new(),
                entries: 0,
                key_bytes: 0,
            })
        })
    }
}

struct Sorted<C: Column> {
    greatest: bool,
    value: DataType,
    counts: DataType,
    groups: Vec<BTreeMap<C::Key, i64>>,
    /// Of all groups together.
    entries: usize,
    /// On the heap behind the keys.
    key_bytes: usize,
}

impl<C: Column> Sorted<C> {
    fn count(&mut self, group: usize, key: C::Key, by: i64) {
        use std::collections::btree_map::Entry;
        match self.groups[group].entry(key) {
            Entry::Occupied(mut entry) => {
                *entry.get_mut() += by;
                if *entry.get() == 0 {
                    let (key, _) = entry.remove_entry();
                    self.entries -= 1;
                    self.key_bytes -= C::heap_bytes(&key);
                }
            }
            Entry::Vacant(entry) => {
                self.entries += 1;
                self.key_bytes += C::heap_bytes(entry.key());
                entry.insert(by);
            }
        }
    }
}

impl<C: Column> Accumulator for Sorted<C> {
    fn resize(&mut self, groups: usize) {
        if groups > self.groups.len() {
            self.groups.resize_with(groups, BTreeMap::new);
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
            .ok_or_else(|| Error::internal("an aggregate lacks its column"))?;
        let nulls = array.logical_nulls();
        for_each(groups, nulls.as_ref(), filter, kinds, |row, group, adds| {
            self.count(group, C::key(array.as_ref(), row), if adds { 1 } else { -1 });
            Ok(())
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let parts = Unfolded::maps(groups, state, 0)?;
        for (row, &group) in parts.owners.iter().enumerate() {
            let key = C::key(parts.values.as_ref(), row);
            self.count(group as usize, key, parts.count(row));
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        fn there<'a, K>((key, count): (&'a K, &'a i64)) -> Option<&'a K> {
            (*count > 0).then_some(key)
        }
        let kept = |group: usize| {
            let values = &self.groups[group];
            if self.greatest {
                values.iter().rev().find_map(there)
            } else {
                values.iter().find_map(there)
            }
        };
        let kept: Vec<Option<&C::Key>> = indexes(groups).map(kept).collect();
        C::array(&mut kept.into_iter(), &self.value.arrow())
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        let (mut keys, mut counts) = (Vec::new(), Vec::new());
        for group in indexes(groups) {
            for (key, count) in &self.groups[group] {
                keys.push(Some(key));
                counts.push(*count);
            }
        }
        let lengths = indexes(groups).map(|group| self.groups[group].len());
        Ok(vec![maps::<C>(&keys, counts, lengths, &self.counts.arrow())?])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            let values = std::mem::take(&mut self.groups[group as usize]);
            self.entries -= values.len();
            self.key_bytes -= values.keys().map(C::heap_bytes).sum::<usize>();
        }
    }

    fn size_bytes(&self) -> usize {
        // The nodes of the trees are three quarters full, more or less.
        let entry = (size_of::<C::Key>() + size_of::<i64>()) * 4 / 3;
        self.groups.capacity() * size_of::<BTreeMap<C::Key, i64>>() + self.entries * entry + self.key_bytes
    }
}
