//! Results before and after.

use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_ord::cmp::not_distinct;
use dataflow::Error;

use crate::expression::arrow_error;

/// Which of so many rows are the same before and after; `None` if nobody can tell.
pub(super) fn stayed(
    before: &[ArrayRef],
    after: &[ArrayRef],
    rows: usize,
) -> Result<Option<BooleanArray>, Error> {
    let mut stayed = BooleanArray::from(vec![true; rows]);
    for (before, after) in before.iter().zip(after) {
        if before.data_type().is_nested() {
            return Ok(None);
        }
        let same = not_distinct(before, after).map_err(arrow_error)?;
        stayed = BooleanArray::from(stayed.values() & same.values());
    }
    Ok(Some(stayed))
}
