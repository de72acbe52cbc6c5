//! Hands rows to the writer of a sink.

use dataflow::{Chunk, Committable, Epoch, Error, SinkWriter};
use graph::SinkNode;
use state::{Extent, OperatorSnapshot};

use super::Build;
use crate::operator::{Operator, Output};

pub(super) struct SinkOperator {
    writer: Box<dyn SinkWriter>,
    has_written: bool,
    has_ended: bool,
    /// What was prepared at the end of input, until a snapshot says so.
    last: Vec<Committable>,
}

impl SinkOperator {
    pub fn new(build: &Build<'_>, sink: &SinkNode) -> Result<SinkOperator, Error> {
        Ok(SinkOperator {
            writer: sink.sink.writer(build.shard, build.shards)?,
            has_written: false,
            has_ended: false,
            last: Vec::new(),
        })
    }
}

impl Operator for SinkOperator {
    fn data(&mut self, _input: usize, chunk: Chunk, _out: &mut Output) -> Result<(), Error> {
        self.has_written = true;
        self.writer.write(&chunk)
    }

    fn snapshot(&mut self, epoch: Epoch, _extent: Extent) -> Result<OperatorSnapshot, Error> {
        let committables = match self.has_ended {
            true => std::mem::take(&mut self.last),
            false => self.writer.prepare(Some(epoch))?,
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
        self.has_ended = true;
        self.last = self.writer.prepare(None)?;
        Ok(())
    }

    fn pause(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.has_written) && !self.has_ended {
            self.writer.flush()?;
        }
        Ok(())
    }
}
