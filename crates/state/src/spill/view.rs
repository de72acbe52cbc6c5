//! What a store held at a moment, to be read while it goes on: the runs of that moment do not change.

use std::sync::Arc;

use dataflow::Error;

use super::merge::Merge;
use super::run::{Place, Record, Run};
use super::squeeze::Squeeze;

#[derive(Clone)]
pub struct View {
    /// The newest first.
    runs: Vec<Arc<Run>>,
    squeeze: Squeeze,
    /// Of records written in an interval before it nothing is said.
    since: u32,
}

impl View {
    pub(super) fn new(runs: Vec<Arc<Run>>, squeeze: Squeeze, since: u32) -> View {
        View { runs, squeeze, since }
    }

    /// The records with a place in `from..=to`, in order, with their values as they were given: of each key the last, also
    /// that there is no value any more.
    pub(super) fn records(
        &self,
        from: Place,
        to: Place,
        mut each: impl FnMut(Record<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut merge = Merge::new(&self.runs, from)?;
        let mut whole = Vec::new();
        while let Some(record) = merge.current()
            && record.place <= to
        {
            if record.interval >= self.since {
                let value = record.value.map(|value| self.squeeze.whole(value, &mut whole));
                each(Record { value, ..record })?;
            }
            merge.advance()?;
        }
        Ok(())
    }
}
