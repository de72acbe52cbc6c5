//! `PERCENTILE`: the value below which a share of the values lies, interpolated between its neighbours.
//!
//! Each group counts how often it holds each value, in their order. The share comes with the rows, and the first row of
//! a group decides, as in Flink.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, ListArray, UInt32Array};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::DataType as ArrowType;
use dataflow::{Accumulator, Argument, BoundAggregate, Error, SignatureError};
use model::{DataType, RowKind, TypeKind};

use super::values::{Bits, Primitive, Unfolded, maps};
use super::{argument, distinct, for_each, indexes, maker};
use crate::build;
use crate::definition::Aggregate;
use crate::signature::{check_count, literal_int, mismatch};

pub(crate) const LIST: &[Aggregate] = &[Aggregate {
    name: "PERCENTILE",
    signatures: &[
        "PERCENTILE(number, share [, frequency])",
        "PERCENTILE(number, ARRAY[share, ...] [, frequency])",
    ],
    doc: "The value below which that share of the values lies, from 0.0 to 1.0; of several shares an array. A value counts as often as the frequency says.",
    example: ("PERCENTILE(price, 0.5)", "14.5"),
    bind: bind_percentile,
}];

fn bind_percentile(arguments: &[Argument], is_distinct: bool) -> Result<BoundAggregate, SignatureError> {
    const NAME: &str = "PERCENTILE";
    check_count(NAME, arguments, 2, 3)?;
    let given = |index: usize| &arguments[index].data_type;
    if !given(0).kind.is_numeric() {
        return Err(mismatch(NAME, 0, "a number", given(0)));
    }
    let is_list = match &given(1).kind {
        TypeKind::Array(item) if item.kind.is_numeric() => true,
        kind if kind.is_numeric() => false,
        _ => {
            return Err(mismatch(
                NAME,
                1,
                "a number from 0.0 to 1.0 or an array of them",
                given(1),
            ));
        }
    };
    let fixed = literal_share(&arguments[1]);
    if fixed.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        return Err(SignatureError::new("the share of PERCENTILE must lie between 0.0 and 1.0").argument(1));
    }
    if arguments.len() == 3 && !given(2).kind.is_integer() {
        return Err(mismatch(NAME, 2, "an integer", given(2)));
    }
    let share = if is_list {
        TypeKind::Array(Box::new(TypeKind::Double.nullable()))
    } else {
        TypeKind::Double
    };
    let mut types = vec![
        TypeKind::Double.nullable().with_nullable(given(0).nullable),
        share.clone().nullable().with_nullable(given(1).nullable),
    ];
    if arguments.len() == 3 {
        types.push(TypeKind::BigInt.nullable().with_nullable(given(2).nullable));
    }
    let counts = TypeKind::Map(
        Box::new(TypeKind::Double.not_null()),
        Box::new(TypeKind::BigInt.not_null()),
    );
    let counts = counts.not_null();
    let held = counts.clone();
    let plain = BoundAggregate {
        arguments: types.clone(),
        result: share.nullable(),
        state_types: vec![
            TypeKind::Array(Box::new(TypeKind::Double.nullable())).nullable(),
            counts,
        ],
        function: maker(NAME, move || {
            Box::new(Percentile {
                is_list,
                fixed,
                counts: held.clone(),
                groups: Vec::new(),
                entries: 0,
            })
        }),
        retracting: None,
    };
    if !is_distinct {
        return Ok(plain);
    }
    // Distinct values travel alone.
    if fixed.is_none() || arguments.len() == 3 {
        return Err(SignatureError::new(
            "PERCENTILE(DISTINCT ...) takes a number, and a share that is a literal",
        ));
    }
    distinct::bind(NAME, plain, false)
}

/// The share, if it is one literal number.
fn literal_share(argument: &Argument) -> Option<f64> {
    let array = argument.literal.as_ref().filter(|array| array.is_valid(0))?;
    if let Some(decimals) = array.as_primitive_opt::<Decimal128Type>() {
        let scale = i32::from(decimals.scale());
        return Some(decimals.value(0) as f64 / 10f64.powi(scale));
    }
    if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
        return Some(doubles.value(0));
    }
    literal_int(argument).map(|share| share as f64)
}

#[derive(Default)]
struct Group {
    shares: Option<Arc<[f64]>>,
    /// By the keys of the values.
    counts: BTreeMap<i64, i64>,
}

struct Percentile {
    is_list: bool,
    /// The share, if it is a literal.
    fixed: Option<f64>,
    counts: DataType,
    groups: Vec<Group>,
    /// Of all groups together.
    entries: usize,
}

fn checked(shares: &Float64Array) -> Result<Arc<[f64]>, Error> {
    for share in shares.iter() {
        if !share.is_some_and(|share| (0.0..=1.0).contains(&share)) {
            let share = share.map_or("null".to_string(), |share| share.to_string());
            return Err(Error::evaluation(format!(
                "Percentage of PERCENTILE should be between [0.0, 1.0], but was '{share}'."
            )));
        }
    }
    Ok(shares.values().iter().copied().collect())
}

impl Percentile {
    fn count(&mut self, group: usize, key: i64, by: i64) {
        match self.groups[group].counts.entry(key) {
            Entry::Occupied(mut entry) => {
                *entry.get_mut() += by;
                if *entry.get() == 0 {
                    entry.remove();
                    self.entries -= 1;
                }
            }
            Entry::Vacant(entry) => {
                entry.insert(by);
                self.entries += 1;
            }
        }
    }

    fn shares(&self, arguments: &[ArrayRef], row: usize) -> Result<Arc<[f64]>, Error> {
        if self.is_list {
            let lists = argument::<ListArray>(arguments, 1)?;
            return checked(lists.value(row).as_primitive::<Float64Type>());
        }
        match self.fixed {
            Some(share) => Ok(Arc::new([share])),
            None => checked(&argument::<Float64Array>(arguments, 1)?.slice(row, 1)),
        }
    }

    /// One value for each share; `None` where there are no values.
    fn percentiles(group: &Group) -> Option<Vec<f64>> {
        let shares = group.shares.as_deref()?;
        let total: i64 = group.counts.values().sum();
        if total <= 0 || shares.is_empty() {
            return None;
        }
        let mut order: Vec<usize> = (0..shares.len()).collect();
        order.sort_by(|a, b| shares[*a].total_cmp(&shares[*b]));
        let mut results = vec![0.0; shares.len()];
        let mut values = group
            .counts
            .iter()
            .map(|(&key, &count)| (f64::value(key), count))
            .peekable();
        let (mut value, mut passed) = values.next()?;
        for place in order {
            // Counted from one.
            let position = shares[place] * (total - 1) as f64 + 1.0;
            let (lower, higher) = (position.floor(), position.ceil());
            while passed < lower as i64
                && let Some((next, count)) = values.next()
            {
                value = next;
                passed += count;
            }
            results[place] = match values.peek() {
                Some((next, _)) if passed < higher as i64 => {
                    (higher - position) * value + (position - lower) * next
                }
                _ => value,
            };
        }
        Some(results)
    }
}

impl Accumulator for Percentile {
    fn resize(&mut self, groups: usize) {
        if groups > self.groups.len() {
            self.groups.resize_with(groups, Group::default);
        }
    }

    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        let values = argument::<Float64Array>(arguments, 0)?;
        let frequencies = arguments.get(2).map(|column| column.as_primitive::<Int64Type>());
        for_each(groups, None, filter, kinds, |row, group, adds| {
            if adds && self.groups[group].shares.is_none() {
                self.groups[group].shares = Some(self.shares(arguments, row)?);
            }
            let frequency = match frequencies {
                Some(column) if column.is_null(row) => 0,
                Some(column) => column.value(row),
                None => 1,
            };
            if frequency > 0 && values.is_valid(row) {
                let by = if adds { frequency } else { -frequency };
                self.count(group, values.value(row).bits(), by);
            }
            Ok(())
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let shares = argument::<ListArray>(state, 0)?;
        for (row, &group) in groups.iter().enumerate() {
            let held = &mut self.groups[group as usize].shares;
            if held.is_none() && shares.is_valid(row) {
                let list = shares.value(row);
                *held = Some(
                    list.as_primitive::<Float64Type>()
                        .values()
                        .iter()
                        .copied()
                        .collect(),
                );
            }
        }
        let parts = Unfolded::maps(groups, state, 1)?;
        let values = parts.values.as_primitive::<Float64Type>();
        for (row, &group) in parts.owners.iter().enumerate() {
            self.count(group as usize, values.value(row).bits(), parts.count(row));
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        let results = indexes(groups).map(|group| Self::percentiles(&self.groups[group]));
        if !self.is_list {
            let results: Vec<Option<Vec<f64>>> = results.collect();
            let first = |row: usize| results[row].as_ref().and_then(|values| values.first().copied());
            return Ok(Arc::new(build::numbers::<Float64Type>(groups.len(), |row| {
                Ok(first(row))
            })?));
        }
        double_lists(results)
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        let shares = double_lists(indexes(groups).map(|group| self.groups[group].shares.clone()))?;
        let held = || indexes(groups).map(|group| &self.groups[group].counts);
        let keys: Vec<Option<&i64>> = held().flat_map(BTreeMap::keys).map(Some).collect();
        let counts = held().flat_map(BTreeMap::values).copied().collect();
        let counts =
            maps::<Primitive<Float64Type>>(&keys, counts, held().map(BTreeMap::len), &self.counts.arrow())?;
        Ok(vec![shares, counts])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            let held = std::mem::take(&mut self.groups[group as usize]);
            self.entries -= held.counts.len();
        }
    }

    fn size_bytes(&self) -> usize {
        // The nodes of the trees are three quarters full, more or less.
        self.groups.capacity() * size_of::<Group>() + self.entries * 2 * size_of::<i64>() * 4 / 3
    }
}

/// `None` is NULL.
fn double_lists<L: AsRef<[f64]>>(rows: impl Iterator<Item = Option<L>>) -> Result<ArrayRef, Error> {
    let ArrowType::List(item) = TypeKind::Array(Box::new(TypeKind::Double.nullable())).arrow() else {
        return Err(Error::internal("an array is no list"));
    };
    let (mut values, mut lengths, mut valid) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let list = row.as_ref().map_or(&[] as &[f64], AsRef::as_ref);
        values.extend_from_slice(list);
        lengths.push(list.len());
        valid.push(row.is_some());
    }
    let values = Arc::new(Float64Array::from(values));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let lists = ListArray::try_new(item, offsets, values, Some(NullBuffer::from(valid)));
    Ok(Arc::new(
        lists.map_err(|error| Error::internal(error.to_string()))?,
    ))
}
