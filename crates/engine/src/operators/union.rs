//! All rows of all inputs.

use dataflow::{Chunk, Error};

use crate::operator::{Operator, Output};

pub(super) struct Union;

impl Operator for Union {
    fn data(&mut self, _input: usize, chunk: Chunk, out: &mut Output) -> Result<(), Error> {
        out.chunk(chunk);
        Ok(())
    }
}
