//! Hands rows to the writer of a sink.

use dataflow::{Chunk, Committable, Epoch, Error, SinkWriter};
use graph::SinkNode;
use state::OperatorSnapshot;

use super::Build;
use crate::operator::{Operator, Output};

pub(super) struct SinkOperator {
    writer: Box<dyn SinkWriter>,
    has_written: bool,
    /// What was prepared at the end of input.
    last: Option<Vec<Committable>>,
}

impl SinkOperator {
    pub fn new(build: &Build<'_>, sink: &SinkNode) -> Result<SinkOperator, Error> {
        Ok(SinkOperator {
            writer: sink.sink.writer(build.shard, build.shards)?,
            has_written: false,
            last: None,
        })
    }
}

impl Operator for SinkOperator {
    fn data(&mut self, _input: usize, chunk: Chunk, _out: &mut Output) -> Result<(), Error> {
        self.has_written = true;
        self.writer.write(&chunk)
    }

    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot, Error> {
        let committables = match &self.last {
            Some(last) => last.clone(),
            None => self.writer.prepare(Some(epoch))?,
        };
        Ok(OperatorSnapshot {
            committables: committables
                .into_iter()
                .map(|committable| committable.0)
                .collect(),
            ..OperatorSnapshot::default()
        })
    }

    fn end(&mut self, _out: &mut Output) -> Result<(), Error> {
        self.last = Some(self.writer.prepare(None)?);
        Ok(())
    }

    fn pause(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.has_written) && self.last.is_none() {
            self.writer.flush()?;
        }
        Ok(())
    }
}
