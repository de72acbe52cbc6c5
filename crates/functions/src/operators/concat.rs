//! `||` on texts.

use dataflow::{Argument, BoundScalar, SignatureError};
use model::TypeKind;
use model::data_type::LENGTH_MAX;

use crate::build;
use crate::definition::Scalar;
use crate::kernel::kernel;
use crate::signature::{Slot, bound, coerce};

pub(crate) const LIST: &[Scalar] = &[Scalar {
    name: "||",
    signatures: &["a || b"],
    doc: "One text after the other; NULL if either is NULL.",
    example: ("'ab' || 'c'", "abc"),
    category: "string",
    bind,
}];

fn bind(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("||", arguments, 2, &[Slot::Text, Slot::Text])?;
    let length = |kind: &TypeKind| match kind {
        TypeKind::Char(length) | TypeKind::Varchar(length) => *length,
        _ => LENGTH_MAX,
    };
    let sum = length(&types[0].kind)
        .saturating_add(length(&types[1].kind))
        .min(LENGTH_MAX);
    let kind = match (&types[0].kind, &types[1].kind) {
        (TypeKind::Char(_), TypeKind::Char(_)) => TypeKind::Char(sum),
        _ => TypeKind::Varchar(sum),
    };
    let function = kernel("||", |call| {
        let (a, b) = (call.text(0)?, call.text(1)?);
        build::strings(call.rows, |row, out| {
            let (Some(a), Some(b)) = (a.get(row), b.get(row)) else {
                return Ok(None);
            };
            out.push_str(a);
            out.push_str(b);
            Ok(Some(()))
        })
    });
    Ok(bound(types, kind, function))
}
