//! A connector that reads nothing and cannot write, whatever its options.

use std::sync::Arc;

use dataflow::{
    Boundedness, Connector, Error, OptionDoc, Position, ScanRequest, Sink, SinkRequest, Source, Split,
    SplitReader, TableDescriptor,
};

#[derive(Debug)]
pub struct Stub;

impl Connector for Stub {
    fn name(&self) -> &'static str {
        "stub"
    }

    fn options(&self) -> Vec<OptionDoc> {
        Vec::new()
    }

    fn source(&self, _: &TableDescriptor<'_>, _: &ScanRequest) -> Result<Option<Arc<dyn Source>>, Error> {
        Ok(Some(Arc::new(Stub)))
    }

    fn sink(&self, _: &TableDescriptor<'_>, _: &SinkRequest) -> Result<Option<Arc<dyn Sink>>, Error> {
        Ok(None)
    }
}

impl Source for Stub {
    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn splits(&self, _: usize) -> Result<Vec<Split>, Error> {
        Ok(Vec::new())
    }

    fn open(&self, _: &Split, _: Option<&Position>) -> Result<Box<dyn SplitReader>, Error> {
        Err(Error::internal("the stub has no splits"))
    }
}
