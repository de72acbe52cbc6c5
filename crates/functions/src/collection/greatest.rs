//! `GREATEST` and `LEAST`.

use std::cmp::Ordering;

use arrow_array::Array;
use arrow_select::interleave::interleave;
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::DataType;

use super::lists::internal;
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{bound_as, check_count};
use crate::types::common_type;

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "GREATEST",
        signatures: &["GREATEST(value [, ...])"],
        doc: "The greatest of the values; NULL if any is NULL.",
        example: ("GREATEST(1, 3, 2)", "3"),
        category: "comparison",
        bind: |arguments| bind("GREATEST", arguments, Ordering::Greater),
    },
    Scalar {
        name: "LEAST",
        signatures: &["LEAST(value [, ...])"],
        doc: "The least of the values; NULL if any is NULL.",
        example: ("LEAST(3, 1, 2)", "1"),
        category: "comparison",
        bind: |arguments| bind("LEAST", arguments, Ordering::Less),
    },
];

fn bind(name: &'static str, arguments: &[Argument], wanted: Ordering) -> Result<BoundScalar, SignatureError> {
    check_count(name, arguments, 1, usize::MAX)?;
    let types: Vec<DataType> = arguments
        .iter()
        .map(|argument| argument.data_type.clone())
        .collect();
    let Some(common) = common_type(&types) else {
        return Err(
            SignatureError::new(format!("the values of {name} have no type in common"))
                .hint("cast them to one type with CAST(x AS type)"),
        );
    };
    let casts = types
        .iter()
        .map(|t| common.clone().with_nullable(t.nullable))
        .collect();
    let function = kernel(name, move |call| {
        let mut orders = Vec::new();
        for a in call.arguments {
            let mut row = Vec::with_capacity(call.len());
            for b in call.arguments {
                row.push(crate::operators::comparator(a.array(), b.array())?);
            }
            orders.push(row);
        }
        let mut arrays: Vec<&dyn Array> = call
            .arguments
            .iter()
            .map(|value| value.array().as_ref())
            .collect();
        let null = arrow_array::new_null_array(arrays[0].data_type(), 1);
        let null_index = arrays.len();
        arrays.push(null.as_ref());
        let picks: Vec<(usize, usize)> = (0..call.rows)
            .map(|row| {
                let at = |index: usize| call.arguments[index].index(row);
                let mut best = 0;
                for (index, order) in orders.iter().enumerate() {
                    if call.arguments[index].is_null(row) {
                        return (null_index, 0);
                    }
                    if order[best](at(index), at(best)) == wanted {
                        best = index;
                    }
                }
                (best, at(best))
            })
            .collect();
        interleave(&arrays, &picks).map_err(|error| -> Error { internal(error) })
    });
    Ok(bound_as(casts, common, function))
}
