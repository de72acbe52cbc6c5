//! Tables of PostgreSQL, MySQL and MariaDB: `'connector' = 'jdbc'`, with Flink's option names.
//!
//! They are looked up, read once, and written: by their primary key, if one is declared, else rows are only added. What
//! was written is in the database before a checkpoint is complete: so it is delivered at least once, and with a primary
//! key what is repeated changes nothing. No Java is involved; databases are spoken to in their own protocols.

mod client;
mod docs;
mod lookup;
mod mysql;
mod options;
mod postgres;
mod sink;
mod source;

use std::sync::Arc;

use dataflow::{
    Connector, Error, Lookup, LookupRequest, OptionDoc, ScanRequest, Sink, SinkRequest, Source,
    TableDescriptor,
};

use self::options::TableOptions;
use crate::network::NetworkAccess;

#[derive(Debug)]
pub struct Jdbc {
    network: NetworkAccess,
}

impl Jdbc {
    pub fn new(network: NetworkAccess) -> Jdbc {
        Jdbc { network }
    }
}

impl Connector for Jdbc {
    fn name(&self) -> &'static str {
        "jdbc"
    }

    fn options(&self) -> Vec<OptionDoc> {
        docs::options()
    }

    fn source(
        &self,
        table: &TableDescriptor<'_>,
        request: &ScanRequest,
    ) -> Result<Option<Arc<dyn Source>>, Error> {
        let options = TableOptions::read(table, self.network.clone())?;
        crate::refuse::metadata(request)?;
        Ok(Some(Arc::new(source::JdbcSource::new(options, table, request))))
    }

    fn sink(
        &self,
        table: &TableDescriptor<'_>,
        request: &SinkRequest,
    ) -> Result<Option<Arc<dyn Sink>>, Error> {
        let options = TableOptions::read(table, self.network.clone())?;
        Ok(Some(Arc::new(sink::JdbcSink::new(options, table, request)?)))
    }

    fn looks_up(&self) -> bool {
        true
    }

    fn lookup(
        &self,
        table: &TableDescriptor<'_>,
        request: &LookupRequest,
    ) -> Result<Option<Arc<dyn Lookup>>, Error> {
        let options = TableOptions::read(table, self.network.clone())?;
        Ok(Some(Arc::new(lookup::JdbcLookup::new(options, request))))
    }
}
