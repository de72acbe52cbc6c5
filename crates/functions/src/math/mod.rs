//! Functions of numbers.

mod double;
mod hyperbolic;
mod random;
mod round;
mod sign;

use crate::definition::Scalar;

pub(crate) fn list() -> Vec<&'static Scalar> {
    [double::LIST, random::LIST, round::LIST, sign::LIST]
        .into_iter()
        .flatten()
        .collect()
}
