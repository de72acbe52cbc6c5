//! Functions of bitmaps, sets of 32-bit integers.

mod convert;
mod sets;

use dataflow::{Argument, SignatureError};
use model::{DataType, TypeKind};

use crate::definition::Scalar;
use crate::signature::{check_count, mismatch};

pub(crate) fn list() -> Vec<&'static Scalar> {
    [convert::LIST, sets::LIST].into_iter().flatten().collect()
}

/// The types of arguments that must be bitmaps.
fn bitmaps(name: &str, arguments: &[Argument], count: usize) -> Result<Vec<DataType>, SignatureError> {
    check_count(name, arguments, count, count)?;
    arguments
        .iter()
        .enumerate()
        .map(|(index, argument)| match argument.data_type.kind {
            TypeKind::Bitmap => Ok(argument.data_type.clone()),
            TypeKind::Null => Ok(TypeKind::Bitmap.nullable()),
            _ => Err(mismatch(name, index, "a bitmap", &argument.data_type)),
        })
        .collect()
}
