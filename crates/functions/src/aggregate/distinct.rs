//! DISTINCT in front of any aggregate.
//!
//! Each group counts how often it holds each value. A value that comes for the first time is handed on, one that
//! leaves for good is taken back; the aggregate behind sees nothing else. The state is the counts alone: the
//! aggregate is built from them again. They keep the order in which the values came, so that what goes by the order,
//! such as a text joined or a sum of floats, is the same again. A NULL is a value only to those that keep NULLs; it is
//! no key of a map, so that its count and its place among the values travel beside it.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, MapArray, UInt32Array};
use arrow_select::take::take;
use dataflow::{
    Accumulator, AggregateForm, AggregateFunction, BoundAggregate, Error, SignatureError, TakesBack,
};
use model::{DataType, RowKind, TypeKind};

use super::values::{Column, Counts, ForColumn, Unfolded, for_column, maps};
use super::{argument, count_state, for_each, reversible};

pub(super) fn bind(
    name: &'static str,
    plain: BoundAggregate,
    keeps_nulls: bool,
) -> Result<BoundAggregate, SignatureError> {
    let value = plain.arguments[0].clone().with_nullable(false);
    let kind = value.kind.clone();
    let counts = TypeKind::Map(Box::new(value), Box::new(TypeKind::BigInt.not_null())).not_null();
    let over = |inner: &Arc<dyn AggregateFunction>| {
        let make = Make {
            name,
            inner: inner.clone(),
            counts: counts.clone(),
            keeps_nulls,
        };
        for_column(&kind, make).ok_or_else(|| {
            SignatureError::new(format!("{name}(DISTINCT ...) does not take values of {kind}")).argument(0)
        })
    };
    let mut state_types = vec![counts.clone()];
    if keeps_nulls {
        state_types.extend([count_state(), count_state()]);
    }
    let function = over(&plain.function)?;
    let retracting = match &plain.retracting {
        Some(form) => Some(AggregateForm {
            state_types: state_types.clone(),
            function: over(&form.function)?,
        }),
        None => None,
    };
    Ok(BoundAggregate {
        state_types,
        function,
        retracting,
        ..plain
    })
}

struct Make {
    name: &'static str,
    inner: Arc<dyn AggregateFunction>,
    counts: DataType,
    keeps_nulls: bool,
}

impl ForColumn for Make {
    type Output = Arc<dyn AggregateFunction>;

    fn of<C: Column>(self) -> Self::Output {
        // A value that came again stays where its first one was.
        let takes_back = match self.inner.takes_back() {
            TakesBack::Any => TakesBack::Any,
            TakesBack::Earliest | TakesBack::Nothing => TakesBack::Nothing,
        };
        reversible(self.name, takes_back, move || {
            Box::new(Distinct::<C> {
                inner: self.inner.accumulator(),
                groups: Vec::new(),
                bytes: 0,
                counts: self.counts.clone(),
                keeps_nulls: self.keeps_nulls,
            })
        })
    }
}

struct Group<K> {
    counts: Counts<K>,
    /// On the heap behind the keys.
    key_bytes: usize,
    /// How often it holds NULL, and how many values came before it.
    nulls: i64,
    nulls_place: usize,
}

impl<K> Group<K> {
    fn bytes(&self) -> usize {
        // An entry holds its hash too, and has a place in the table of hashes.
        let entry = size_of::<K>() + size_of::<i64>() + 2 * size_of::<usize>();
        self.counts.capacity() * entry + self.key_bytes
    }
}

struct Distinct<C: Column> {
    inner: Box<dyn Accumulator>,
    groups: Vec<Group<C::Key>>,
    /// Of all groups together.
    bytes: usize,
    counts: DataType,
    keeps_nulls: bool,
}

impl<C: Column> Distinct<C> {
    /// Counts the values, and hands on those that came or went.
    fn take_in(
        &mut self,
        groups: &[u32],
        array: &ArrayRef,
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
        by: impl Fn(usize) -> i64,
    ) -> Result<(), Error> {
        let mut rows: Vec<u32> = Vec::new();
        let mut changed: Vec<u32> = Vec::new();
        let mut changes: Vec<RowKind> = Vec::new();
        let nulls = array.logical_nulls();
        let passed_over = nulls.as_ref().filter(|_| !self.keeps_nulls);
        for_each(groups, passed_over, filter, kinds, |row, group, adds| {
            let by = if adds { by(row) } else { -by(row) };
            let held = &mut self.groups[group];
            let (length, bytes) = (held.counts.len(), held.bytes());
            let (before, after) = if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                if held.nulls == 0 {
                    held.nulls_place = length;
                }
                held.nulls += by;
                (held.nulls - by, held.nulls)
            } else {
                C::count(&mut held.counts, array.as_ref(), row, by)?
            };
            if held.counts.len() != length {
                let key_bytes = C::heap_bytes_of(array.as_ref(), row);
                if held.counts.len() > length {
                    held.key_bytes += key_bytes;
                } else {
                    held.key_bytes -= key_bytes;
                }
                self.bytes = self.bytes + held.bytes() - bytes;
            }
            if (before > 0) != (after > 0) {
                rows.push(row as u32);
                changed.push(group as u32);
                changes.push(if after > 0 {
                    RowKind::Insert
                } else {
                    RowKind::Delete
                });
            }
            Ok(())
        })?;
        if rows.is_empty() {
            return Ok(());
        }
        let values = take(array.as_ref(), &UInt32Array::from(rows), None)
            .map_err(|error| Error::internal(error.to_string()))?;
        let all_inserts = changes.iter().all(|change| change.is_addition());
        let kinds = (!all_inserts).then_some(changes.as_slice());
        self.inner.update(&changed, &[values], None, kinds)
    }
}

impl<C: Column> Accumulator for Distinct<C> {
    fn resize(&mut self, groups: usize) {
        self.inner.resize(groups);
        if groups > self.groups.len() {
            self.groups.resize_with(groups, || Group {
                counts: Counts::default(),
                key_bytes: 0,
                nulls: 0,
                nulls_place: 0,
            });
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
            .ok_or_else(|| Error::internal("DISTINCT lacks its column"))?;
        self.take_in(groups, array, filter, kinds, |_| 1)
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let counts = Unfolded::maps(groups, state, 0)?;
        if !self.keeps_nulls {
            return self.take_in(&counts.owners, &counts.values, None, None, |row| {
                counts.count(row)
            });
        }
        // The values with each NULL in its place.
        let nulls = argument::<Int64Array>(state, 1)?;
        let places = argument::<Int64Array>(state, 2)?;
        let lengths = argument::<MapArray>(state, 0)?.offsets().lengths();
        let (mut owners, mut rows, mut times) = (Vec::new(), Vec::new(), Vec::new());
        let mut next = 0;
        for (place, (&group, length)) in groups.iter().zip(lengths).enumerate() {
            let null_at = (nulls.value(place) != 0).then(|| places.value(place) as usize);
            for position in 0..=length {
                if null_at.map(|at| at.min(length)) == Some(position) {
                    owners.push(group);
                    rows.push(None);
                    times.push(nulls.value(place));
                }
                if position < length {
                    owners.push(group);
                    rows.push(Some(next as u32));
                    times.push(counts.count(next));
                    next += 1;
                }
            }
        }
        let values = take(counts.values.as_ref(), &UInt32Array::from(rows), None)
            .map_err(|error| Error::internal(error.to_string()))?;
        self.take_in(&owners, &values, None, None, |row| times[row])
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        self.inner.evaluate(groups)
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        let (mut keys, mut counts) = (Vec::new(), Vec::new());
        for group in super::indexes(groups) {
            for (key, count) in &self.groups[group].counts {
                keys.push(Some(key));
                counts.push(*count);
            }
        }
        let lengths = super::indexes(groups).map(|group| self.groups[group].counts.len());
        let mut state = vec![maps::<C>(&keys, counts, lengths, &self.counts.arrow())?];
        if self.keeps_nulls {
            let of_each = |value: fn(&Group<C::Key>) -> i64| -> ArrayRef {
                let values = super::indexes(groups).map(|group| value(&self.groups[group]));
                Arc::new(Int64Array::from_iter_values(values))
            };
            state.push(of_each(|group| group.nulls));
            state.push(of_each(|group| group.nulls_place as i64));
        }
        Ok(state)
    }

    fn clear(&mut self, groups: &[u32]) {
        self.inner.clear(groups);
        for &group in groups {
            let group = &mut self.groups[group as usize];
            self.bytes -= group.bytes();
            group.counts = Counts::default();
            group.key_bytes = 0;
            group.nulls = 0;
        }
    }

    fn size_bytes(&self) -> usize {
        self.inner.size_bytes() + self.groups.capacity() * size_of::<Group<C::Key>>() + self.bytes
    }
}
