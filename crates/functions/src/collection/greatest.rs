//! `GREATEST` and `LEAST`.

use std::cmp::Ordering;

use arrow_array::{Array, ArrayRef};
use dataflow::{Argument, BoundScalar, SignatureError, Value};
use model::DataType;

use super::lists::Pool;
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
        let parts: Vec<&ArrayRef> = call.arguments.iter().map(Value::array).collect();
        let pool = Pool::of(&parts)?;
        let picks = (0..call.rows)
            .map(|row| {
                let mut best: Option<usize> = None;
                let mut base = 0;
                for value in call.arguments {
                    if value.is_null(row) {
                        return None;
                    }
                    let at = base + value.index(row);
                    if best.is_none_or(|best| pool.compare(at, best) == wanted) {
                        best = Some(at);
                    }
                    base += value.array().len();
                }
                best.map(|best| best as u32)
            })
            .collect();
        pool.take(picks)
    });
    Ok(bound_as(casts, common, function))
}
