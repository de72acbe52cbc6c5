//! `VAR_POP`, `VAR_SAMP`, `STDDEV_POP`, `STDDEV_SAMP` and their short names.
//!
//! Count, mean and sum of squared distances are kept as Welford does; values can be taken back, and two states
//! merge (Chan et al.).

use std::sync::Arc;

use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, PrimitiveArray, UInt32Array};
use dataflow::{Accumulator, Argument, BoundAggregate, Error, SignatureError};
use model::{RowKind, TypeKind};

use super::{argument, bind, count_state, for_each, indexes, maker, one_number};
use crate::build;
use crate::definition::Aggregate;

macro_rules! spread {
    ($name:literal, $doc:literal, $sample:expr, $root:expr) => {
        Aggregate {
            name: $name,
            signatures: &[concat!($name, "([DISTINCT] number)")],
            doc: $doc,
            example: (concat!($name, "(price)"), "2.5"),
            bind: |arguments, distinct| {
                bind_spread(
                    $name,
                    Kind {
                        sample: $sample,
                        root: $root,
                    },
                    arguments,
                    distinct,
                )
            },
        }
    };
}

pub(crate) const LIST: &[Aggregate] = &[
    spread!("VAR_POP", "The variance of all values.", false, false),
    spread!(
        "VAR_SAMP",
        "The variance estimated from a sample; NULL for one value.",
        true,
        false
    ),
    spread!(
        "VARIANCE",
        "The variance estimated from a sample; the same as VAR_SAMP.",
        true,
        false
    ),
    spread!("STDDEV_POP", "The standard deviation of all values.", false, true),
    spread!(
        "STDDEV_SAMP",
        "The standard deviation estimated from a sample; NULL for one value.",
        true,
        true
    ),
    spread!(
        "STDDEV",
        "The standard deviation estimated from a sample; the same as STDDEV_SAMP.",
        true,
        true
    ),
];

#[derive(Debug, Clone, Copy)]
struct Kind {
    sample: bool,
    root: bool,
}

fn bind_spread(
    name: &'static str,
    kind: Kind,
    arguments: &[Argument],
    distinct: bool,
) -> Result<BoundAggregate, SignatureError> {
    let given = one_number(name, arguments)?;
    let double = TypeKind::Double.nullable().with_nullable(given.nullable);
    let state = vec![
        count_state(),
        TypeKind::Double.not_null(),
        TypeKind::Double.not_null(),
    ];
    let result = result_kind(&given.kind);
    let as_type = result.clone();
    let function = maker(name, move || {
        Box::new(Spread {
            kind,
            result: as_type.clone(),
            slots: Vec::new(),
        })
    });
    let result = result.nullable().with_nullable(given.nullable);
    bind(name, &double, distinct, result, state, function)
}

/// That of the argument, as for AVG.
fn result_kind(kind: &TypeKind) -> TypeKind {
    match kind {
        TypeKind::Decimal { scale, .. } => TypeKind::Decimal {
            precision: 38,
            scale: (*scale).max(6),
        },
        other => other.clone(),
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    count: i64,
    mean: f64,
    /// Sum of the squared distances from the mean.
    squares: f64,
}

impl Slot {
    fn add(&mut self, value: f64) {
        self.count += 1;
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
    }

    fn remove(&mut self, value: f64) {
        self.count -= 1;
        if self.count <= 0 {
            *self = Slot {
                count: self.count,
                ..Slot::default()
            };
            return;
        }
        let distance = value - self.mean;
        self.mean -= distance / self.count as f64;
        self.squares -= distance * (value - self.mean);
    }

    fn merge(&mut self, other: Slot) {
        let count = self.count + other.count;
        if count == 0 {
            *self = Slot::default();
            return;
        }
        let distance = other.mean - self.mean;
        let weight = other.count as f64 / count as f64;
        self.squares += other.squares + distance * distance * self.count as f64 * weight;
        self.mean += distance * weight;
        self.count = count;
    }
}

struct Spread {
    kind: Kind,
    result: TypeKind,
    slots: Vec<Slot>,
}

impl Accumulator for Spread {
    fn resize(&mut self, groups: usize) {
        if groups > self.slots.len() {
            self.slots.resize(groups, Slot::default());
        }
    }

    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        let array = argument::<PrimitiveArray<Float64Type>>(arguments, 0)?;
        let slots = self.slots.as_mut_slice();
        for_each(groups, array.nulls(), filter, kinds, |row, group, adds| {
            if adds {
                slots[group].add(array.value(row));
            } else {
                slots[group].remove(array.value(row));
            }
            Ok(())
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let counts = argument::<PrimitiveArray<Int64Type>>(state, 0)?;
        let means = argument::<Float64Array>(state, 1)?;
        let squares = argument::<Float64Array>(state, 2)?;
        for (row, &group) in groups.iter().enumerate() {
            self.slots[group as usize].merge(Slot {
                count: counts.value(row),
                mean: means.value(row),
                squares: squares.value(row),
            });
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        let least = i64::from(self.kind.sample);
        let results = build::numbers::<Float64Type>(groups.len(), |row| {
            let slot = self.slots[groups.value(row) as usize];
            if slot.count <= least {
                return Ok(None);
            }
            let variance = slot.squares / (slot.count - least) as f64;
            Ok(Some(if self.kind.root { variance.sqrt() } else { variance }))
        })?;
        let results: ArrayRef = Arc::new(results);
        if self.result == TypeKind::Double {
            return Ok(results);
        }
        crate::cast::from_double(&results, &self.result)
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        let slots = || indexes(groups).map(|group| self.slots[group]);
        Ok(vec![
            Arc::new(Int64Array::from_iter_values(slots().map(|slot| slot.count))),
            Arc::new(Float64Array::from_iter_values(slots().map(|slot| slot.mean))),
            Arc::new(Float64Array::from_iter_values(slots().map(|slot| slot.squares))),
        ])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            self.slots[group as usize] = Slot::default();
        }
    }

    fn size_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }
}
