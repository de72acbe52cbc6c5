//! Files in the local file system: `'connector' = 'filesystem'`.
//!
//! Reading is bounded unless a folder is watched. A large file of a format that can be cut at line breaks is
//! read in ranges: side by side, unless watermarks need its rows in their order. What is written becomes visible
//! only when it is committed.

mod access;
mod bytes;
mod glob;
mod listing;
mod location;
mod options;
mod partition;
mod range;
mod reader;
mod sink;
mod source;
mod writer;

use std::sync::Arc;

use dataflow::{Connector, Error, OptionDoc, ScanRequest, Sink, SinkRequest, Source, TableDescriptor};
use model::DataType;

pub use self::access::FileAccess;
pub use self::location::find;
use self::options::FileOptions;

#[derive(Debug)]
pub struct Filesystem {
    access: FileAccess,
}

impl Filesystem {
    pub fn new(access: FileAccess) -> Filesystem {
        Filesystem { access }
    }
}

impl Connector for Filesystem {
    fn name(&self) -> &'static str {
        "filesystem"
    }

    fn options(&self) -> Vec<OptionDoc> {
        options::docs()
    }

    fn metadata(&self, _table: &TableDescriptor<'_>) -> Vec<(&'static str, DataType, &'static str)> {
        source::metadata()
    }

    fn meets_unreadable(&self) -> bool {
        true
    }

    fn source(
        &self,
        table: &TableDescriptor<'_>,
        request: &ScanRequest,
    ) -> Result<Option<Arc<dyn Source>>, Error> {
        let options = FileOptions::read(table, &self.access)?;
        Ok(Some(Arc::new(source::FileSource::new(table, request, options)?)))
    }

    fn sink(
        &self,
        table: &TableDescriptor<'_>,
        request: &SinkRequest,
    ) -> Result<Option<Arc<dyn Sink>>, Error> {
        let options = FileOptions::read(table, &self.access)?;
        Ok(Some(Arc::new(sink::FileSink::new(table, request, options)?)))
    }
}

#[cfg(test)]
mod tests;
