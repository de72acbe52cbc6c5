//! Aggregates that keep all their values in the order of arrival: `ARRAY_AGG`, `JSON_ARRAYAGG`, and the forms of
//! `FIRST_VALUE`, `LAST_VALUE` and `LISTAGG` that take rows back.
//!
//! Which of several equal values goes does not show but in the order: it is the earliest, as in Flink. The state is the
//! list, and the values that were taken back before they came: other parts of the group have them.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow_buffer::NullBuffer;
use dataflow::{
    Accumulator, AggregateForm, AggregateFunction, Argument, BoundAggregate, Error, SignatureError, TakesBack,
};
use model::{DataType, RowKind, TypeKind};

use super::arrivals::Arrivals;
use super::values::{Column, ForColumn, Unfolded, for_column, lists};
use super::{distinct, for_each, indexes, nested, one, reversible};
use crate::build;
use crate::definition::Aggregate;

pub(crate) const LIST: &[Aggregate] = &[
    Aggregate {
        name: "ARRAY_AGG",
        signatures: &["ARRAY_AGG([DISTINCT] value [IGNORE NULLS])"],
        doc: "The values in the order of their arrival, NULLs too unless they are ignored; NULL without any.",
        example: ("ARRAY_AGG(price)", "[5, 3, 9]"),
        bind: |arguments, distinct| bind_array("ARRAY_AGG", arguments, distinct, true),
    },
    Aggregate {
        name: "ARRAY_AGG IGNORE NULLS",
        signatures: &["ARRAY_AGG([DISTINCT] value [IGNORE NULLS])"],
        doc: "The values in the order of their arrival, without NULLs; NULL without any.",
        example: ("ARRAY_AGG(price IGNORE NULLS)", "[5, 3, 9]"),
        bind: |arguments, distinct| bind_array("ARRAY_AGG IGNORE NULLS", arguments, distinct, false),
    },
];

fn bind_array(
    name: &'static str,
    arguments: &[Argument],
    distinct: bool,
    keeps_nulls: bool,
) -> Result<BoundAggregate, SignatureError> {
    let given = one(name, arguments)?;
    nested::bind(name, given, distinct, |given| {
        let result = TypeKind::Array(Box::new(given.clone())).nullable();
        let form = form(name, given, Shape::Array, keeps_nulls)
            .ok_or_else(|| crate::signature::mismatch(name, 0, "a value", given))?;
        bind_listed(name, given, distinct, result, form, keeps_nulls)
    })
}

/// Binds a form that there is no other of.
pub(super) fn bind_listed(
    name: &'static str,
    given: &DataType,
    distinct: bool,
    result: DataType,
    form: AggregateForm,
    keeps_nulls: bool,
) -> Result<BoundAggregate, SignatureError> {
    let plain = BoundAggregate {
        arguments: vec![given.clone()],
        result,
        state_types: form.state_types,
        function: form.function,
        retracting: None,
    };
    if distinct {
        distinct::bind(name, plain, keeps_nulls)
    } else {
        Ok(plain)
    }
}

/// What is made of the values.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    First,
    Last,
    Array,
    /// Texts with this between them.
    Joined(String),
    /// Texts that are JSON.
    JsonArray,
}

/// The form that makes this of values of a type; `None` for nested types.
pub(super) fn form(
    name: &'static str,
    value: &DataType,
    shape: Shape,
    keeps_nulls: bool,
) -> Option<AggregateForm> {
    let list = TypeKind::Array(Box::new(value.clone().with_nullable(true))).not_null();
    let make = Make {
        name,
        shape,
        keeps_nulls,
        value: value.clone(),
        list: list.clone(),
    };
    let function = for_column(&value.kind, make)?;
    Some(AggregateForm {
        state_types: vec![list.clone(), list],
        function,
    })
}

struct Make {
    name: &'static str,
    shape: Shape,
    keeps_nulls: bool,
    value: DataType,
    list: DataType,
}

impl ForColumn for Make {
    type Output = Arc<dyn AggregateFunction>;

    fn of<C: Column>(self) -> Self::Output {
        // The earliest of equal values goes, so that it must be the one that came with the row.
        reversible(self.name, TakesBack::Earliest, move || {
            Box::new(Listed::<C> {
                shape: self.shape.clone(),
                keeps_nulls: self.keeps_nulls,
                value: self.value.clone(),
                list: self.list.clone(),
                groups: Vec::new(),
                bytes: 0,
            })
        })
    }
}

struct Listed<C: Column> {
    shape: Shape,
    keeps_nulls: bool,
    value: DataType,
    list: DataType,
    groups: Vec<Arrivals<C::Key>>,
    /// Of all groups together.
    bytes: usize,
}

impl<C: Column> Listed<C> {
    fn heap_bytes(value: &Option<C::Key>) -> usize {
        value.as_ref().map_or(0, C::heap_bytes)
    }

    /// Adds a value, or takes it back.
    fn take_in(&mut self, group: usize, value: Option<C::Key>, adds: bool) {
        let held = &mut self.groups[group];
        let (before, size) = (held.size_bytes(), Self::heap_bytes(&value));
        if adds {
            held.add(value);
            self.bytes += size;
        } else if held.retract(value).is_some() {
            self.bytes -= size;
        } else {
            self.bytes += size;
        }
        self.bytes = self.bytes + held.size_bytes() - before;
    }

    /// The values of these groups one after the other, and how many each has.
    fn gathered(&self, groups: &UInt32Array) -> (Vec<Option<&C::Key>>, Vec<usize>) {
        let values = indexes(groups)
            .flat_map(|group| self.groups[group].iter())
            .collect();
        let lengths = indexes(groups).map(|group| self.groups[group].len()).collect();
        (values, lengths)
    }

    /// One text of each group: what stands before, between and behind its values, and NULL for none if `or_null`.
    fn texts(
        &self,
        groups: &UInt32Array,
        [before, between, behind]: [&str; 3],
        or_null: bool,
    ) -> Result<ArrayRef, Error> {
        let (values, lengths) = self.gathered(groups);
        let array = C::array(&mut values.into_iter(), &self.value.arrow())?;
        let texts = array.as_string::<i32>();
        let mut next = 0;
        build::strings(groups.len(), |row, out| {
            let end = next + lengths[row];
            if next == end && or_null {
                return Ok(None);
            }
            out.push_str(before);
            for place in next..end {
                if place > next {
                    out.push_str(between);
                }
                out.push_str(if texts.is_null(place) {
                    "null"
                } else {
                    texts.value(place)
                });
            }
            out.push_str(behind);
            next = end;
            Ok(Some(()))
        })
    }
}

impl<C: Column> Accumulator for Listed<C> {
    fn resize(&mut self, groups: usize) {
        if groups > self.groups.len() {
            self.groups.resize_with(groups, Arrivals::default);
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
        let passed_over = nulls.as_ref().filter(|_| !self.keeps_nulls);
        for_each(groups, passed_over, filter, kinds, |row, group, adds| {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            let value = (!is_null).then(|| C::key(array.as_ref(), row));
            self.take_in(group, value, adds);
            Ok(())
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        for is_owed in [false, true] {
            let parts = Unfolded::lists(groups, state, usize::from(is_owed))?;
            let nulls = parts.values.logical_nulls();
            for (row, &group) in parts.owners.iter().enumerate() {
                let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
                let value = (!is_null).then(|| C::key(parts.values.as_ref(), row));
                self.take_in(group as usize, value, !is_owed);
            }
        }
        for &group in groups {
            let held = &mut self.groups[group as usize];
            if !held.owed().is_empty() {
                let before = held.size_bytes();
                // Both the value and what was owed for it are gone.
                let settled: usize = held.settle().iter().map(Self::heap_bytes).sum();
                self.bytes = self.bytes + held.size_bytes() - before - 2 * settled;
            }
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        let one_of = |pick: fn(&Arrivals<C::Key>) -> Option<Option<&C::Key>>| {
            let picked = groups
                .values()
                .iter()
                .map(|&group| pick(&self.groups[group as usize]).flatten());
            let picked: Vec<Option<&C::Key>> = picked.collect();
            C::array(&mut picked.into_iter(), &self.value.arrow())
        };
        match &self.shape {
            Shape::First => one_of(Arrivals::first),
            Shape::Last => one_of(Arrivals::last),
            Shape::Array => {
                let (values, lengths) = self.gathered(groups);
                let nulls = NullBuffer::from_iter(lengths.iter().map(|&length| length > 0));
                lists::<C>(&values, lengths.into_iter(), Some(nulls), &self.list.arrow())
            }
            Shape::Joined(separator) => self.texts(groups, ["", separator, ""], true),
            Shape::JsonArray => self.texts(groups, ["[", ",", "]"], false),
        }
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        let (values, lengths) = self.gathered(groups);
        let list = lists::<C>(&values, lengths.into_iter(), None, &self.list.arrow())?;
        let owed = || indexes(groups).map(|group| self.groups[group].owed());
        let values: Vec<Option<&C::Key>> = owed().flatten().map(Option::as_ref).collect();
        let owed = lists::<C>(&values, owed().map(<[_]>::len), None, &self.list.arrow())?;
        Ok(vec![list, owed])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            let held = std::mem::take(&mut self.groups[group as usize]);
            let values = held.iter().chain(held.owed().iter().map(Option::as_ref));
            self.bytes -= held.size_bytes() + values.flatten().map(C::heap_bytes).sum::<usize>();
        }
    }

    fn size_bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Arrivals<C::Key>>() + self.bytes
    }
}
