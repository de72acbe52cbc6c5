//! Aggregates whose running values are held in columns, a slot a group.
//!
//! NULLs are passed over by all but `COUNT(*)`, `ARRAY_AGG` and `SINGLE_VALUE`. What can be taken back out again (`COUNT`,
//! `SUM`, `AVG` and what is built on them, DISTINCT too) is retracted by -U and -D rows. Those that keep less than that
//! needs (`MIN`, `LISTAGG` and their like) refuse such rows by name, and offer another form that keeps all values: the
//! planner takes it where the input is not insert-only.
//! A result type has the nullability of its argument: over no rows at all it is NULL whatever the type says, which
//! the planner knows and types accordingly.

mod arrivals;
mod average;
mod bitmap;
mod collect;
mod count;
mod distinct;
mod extreme;
mod json_aggregate;
mod list_agg;
mod listed;
mod nested;
mod percentile;
mod single_value;
mod sorted;
mod sum;
mod values;
mod variance;

use std::fmt;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow_buffer::NullBuffer;
use dataflow::{Accumulator, AggregateFunction, Argument, BoundAggregate, Error, SignatureError, TakesBack};
use model::{DataType, RowKind, TypeKind};

use crate::definition::Aggregate;

#[cfg(test)]
mod tests;

pub(crate) fn list() -> Vec<&'static Aggregate> {
    [
        average::LIST,
        collect::LIST,
        bitmap::LIST,
        count::LIST,
        extreme::LIST,
        json_aggregate::LIST,
        list_agg::LIST,
        listed::LIST,
        percentile::LIST,
        single_value::LIST,
        sum::LIST,
        variance::LIST,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// An aggregate made of a closure that makes accumulators.
pub(crate) struct Maker<F> {
    name: &'static str,
    takes_back: TakesBack,
    make: F,
}

impl<F> fmt::Debug for Maker<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<F> AggregateFunction for Maker<F>
where
    F: Fn() -> Box<dyn Accumulator> + Send + Sync,
{
    fn name(&self) -> &str {
        self.name
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        (self.make)()
    }

    fn takes_back(&self) -> TakesBack {
        self.takes_back
    }
}

pub(crate) fn maker<F>(name: &'static str, make: F) -> Arc<dyn AggregateFunction>
where
    F: Fn() -> Box<dyn Accumulator> + Send + Sync + 'static,
{
    reversible(name, TakesBack::Nothing, make)
}

/// As [`maker`], of accumulators from which these rows can be taken back.
pub(crate) fn reversible<F>(name: &'static str, takes_back: TakesBack, make: F) -> Arc<dyn AggregateFunction>
where
    F: Fn() -> Box<dyn Accumulator> + Send + Sync + 'static,
{
    Arc::new(Maker {
        name,
        takes_back,
        make,
    })
}

/// The one argument of an aggregate.
pub(crate) fn one<'a>(name: &str, arguments: &'a [Argument]) -> Result<&'a DataType, SignatureError> {
    crate::signature::check_count(name, arguments, 1, 1)?;
    Ok(&arguments[0].data_type)
}

/// The argument as a number, or why it is none.
pub(crate) fn one_number<'a>(name: &str, arguments: &'a [Argument]) -> Result<&'a DataType, SignatureError> {
    let data_type = one(name, arguments)?;
    if data_type.kind.is_numeric() {
        Ok(data_type)
    } else {
        Err(crate::signature::mismatch(
            name,
            0,
            "a number",
            &data_type.kind.clone().nullable(),
        ))
    }
}

/// Binds, and puts distinct values in front if asked to.
pub(crate) fn bind(
    name: &'static str,
    argument: &DataType,
    distinct: bool,
    result: DataType,
    state_types: Vec<DataType>,
    function: Arc<dyn AggregateFunction>,
) -> Result<BoundAggregate, SignatureError> {
    let plain = BoundAggregate {
        arguments: vec![argument.clone()],
        result,
        state_types,
        function,
        retracting: None,
    };
    if distinct {
        distinct::bind(name, plain, false)
    } else {
        Ok(plain)
    }
}

/// Calls `each` with row, group and whether the row adds, for every row that counts.
#[inline]
pub(crate) fn for_each(
    groups: &[u32],
    nulls: Option<&NullBuffer>,
    filter: Option<&BooleanArray>,
    kinds: Option<&[RowKind]>,
    mut each: impl FnMut(usize, usize, bool) -> Result<(), Error>,
) -> Result<(), Error> {
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
    if nulls.is_none() && filter.is_none() && kinds.is_none() {
        for (row, &group) in groups.iter().enumerate() {
            each(row, group as usize, true)?;
        }
        return Ok(());
    }
    for (row, &group) in groups.iter().enumerate() {
        if nulls.is_some_and(|nulls| nulls.is_null(row))
            || filter.is_some_and(|filter| filter.is_null(row) || !filter.value(row))
        {
            continue;
        }
        let adds = kinds.is_none_or(|kinds| kinds[row].is_addition());
        each(row, group as usize, adds)?;
    }
    Ok(())
}

pub(crate) fn argument<T: 'static>(arguments: &[ArrayRef], index: usize) -> Result<&T, Error> {
    arguments
        .get(index)
        .and_then(|array| array.as_any().downcast_ref::<T>())
        .ok_or_else(|| Error::internal(format!("an aggregate lacks column {index} of its type")))
}

/// Group numbers as indexes.
pub(crate) fn indexes(groups: &UInt32Array) -> impl Iterator<Item = usize> + '_ {
    groups.values().iter().map(|&group| group as usize)
}

pub(crate) fn cannot_retract(name: &str) -> Error {
    Error::evaluation(format!(
        "{name} cannot take rows back, but its input updates or deletes rows"
    ))
}

pub(crate) fn count_state() -> DataType {
    TypeKind::BigInt.not_null()
}
