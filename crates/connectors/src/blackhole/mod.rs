//! Takes every row and keeps none: `'connector' = 'blackhole'`.

use std::sync::Arc;

use dataflow::{
    Chunk, Committable, Connector, Epoch, Error, OptionDoc, ScanRequest, Sink, SinkRequest, SinkWriter,
    Source, TableDescriptor,
};
use model::ChangelogMode;

use crate::refuse;

#[derive(Debug)]
pub struct Blackhole;

impl Connector for Blackhole {
    fn name(&self) -> &'static str {
        "blackhole"
    }

    fn options(&self) -> Vec<OptionDoc> {
        Vec::new()
    }

    fn source(
        &self,
        _table: &TableDescriptor<'_>,
        _request: &ScanRequest,
    ) -> Result<Option<Arc<dyn Source>>, Error> {
        Ok(None)
    }

    fn sink(
        &self,
        table: &TableDescriptor<'_>,
        _request: &SinkRequest,
    ) -> Result<Option<Arc<dyn Sink>>, Error> {
        table.options.get("connector");
        refuse::parallelism(table.options, "sink.parallelism")?;
        table.options.finish()?;
        Ok(Some(Arc::new(BlackholeSink)))
    }
}

#[derive(Debug)]
struct BlackholeSink;

impl Sink for BlackholeSink {
    fn changelog_mode(&self, requested: ChangelogMode) -> ChangelogMode {
        // Flink's asks for no -U, which spares the plan to produce them.
        ChangelogMode {
            update_before: false,
            ..requested
        }
    }

    fn writer(&self, _shard: usize, _shards: usize) -> Result<Box<dyn SinkWriter>, Error> {
        Ok(Box::new(BlackholeWriter))
    }
}

struct BlackholeWriter;

impl SinkWriter for BlackholeWriter {
    fn write(&mut self, _chunk: &Chunk) -> Result<(), Error> {
        Ok(())
    }

    fn prepare(&mut self, _epoch: Option<Epoch>) -> Result<Vec<Committable>, Error> {
        Ok(Vec::new())
    }
}
