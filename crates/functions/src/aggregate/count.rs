//! `COUNT(*)` and `COUNT(x)`.

use std::sync::Arc;

use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, PrimitiveArray, UInt32Array};
use dataflow::{Accumulator, Argument, BoundAggregate, Error, SignatureError, TakesBack};
use model::{RowKind, TypeKind};

use super::{argument, bind, count_state, for_each, indexes, reversible};
use crate::definition::Aggregate;

pub(crate) const LIST: &[Aggregate] = &[Aggregate {
    name: "COUNT",
    signatures: &["COUNT(*)", "COUNT([DISTINCT] value)"],
    doc: "The number of rows, or of rows where the value is not NULL.",
    example: ("COUNT(*)", "3"),
    bind: bind_count,
}];

fn bind_count(arguments: &[Argument], distinct: bool) -> Result<BoundAggregate, SignatureError> {
    let result = TypeKind::BigInt.not_null();
    let function = reversible("COUNT", TakesBack::Any, || Box::new(Count::default()));
    if arguments.is_empty() {
        return Ok(BoundAggregate {
            arguments: Vec::new(),
            result,
            state_types: vec![count_state()],
            function,
            retracting: None,
        });
    }
    crate::signature::check_count("COUNT", arguments, 1, 1)?;
    bind(
        "COUNT",
        &arguments[0].data_type,
        distinct,
        result,
        vec![count_state()],
        function,
    )
}

#[derive(Debug, Default)]
struct Count {
    counts: Vec<i64>,
}

impl Accumulator for Count {
    fn resize(&mut self, groups: usize) {
        if groups > self.counts.len() {
            self.counts.resize(groups, 0);
        }
    }

    fn update(
        &mut self,
        groups: &[u32],
        arguments: &[ArrayRef],
        filter: Option<&BooleanArray>,
        kinds: Option<&[RowKind]>,
    ) -> Result<(), Error> {
        let nulls = arguments.first().and_then(|array| array.logical_nulls());
        let counts = self.counts.as_mut_slice();
        for_each(groups, nulls.as_ref(), filter, kinds, |_, group, adds| {
            counts[group] += if adds { 1 } else { -1 };
            Ok(())
        })
    }

    fn merge(&mut self, groups: &[u32], state: &[ArrayRef]) -> Result<(), Error> {
        let counts = argument::<PrimitiveArray<Int64Type>>(state, 0)?;
        for (&group, &count) in groups.iter().zip(counts.values()) {
            self.counts[group as usize] += count;
        }
        Ok(())
    }

    fn evaluate(&self, groups: &UInt32Array) -> Result<ArrayRef, Error> {
        Ok(Arc::new(Int64Array::from_iter_values(
            indexes(groups).map(|group| self.counts[group]),
        )))
    }

    fn state(&self, groups: &UInt32Array) -> Result<Vec<ArrayRef>, Error> {
        Ok(vec![self.evaluate(groups)?])
    }

    fn clear(&mut self, groups: &[u32]) {
        for &group in groups {
            self.counts[group as usize] = 0;
        }
    }

    fn size_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<i64>()
    }
}
