//! Topics of Apache Kafka: `'connector' = 'kafka'`, and as tables of upserts `'connector' = 'upsert-kafka'`.
//!
//! Offsets are kept in checkpoints, not in groups. What is written is delivered at least once: before a checkpoint is
//! complete, everything before its barrier is. With transactions it is delivered exactly once: behind each checkpoint
//! one is committed, of all tables of the job ([`transactions`]).

mod client;
mod docs;
mod fields;
mod layout;
mod metadata;
mod offsets;
mod options;
mod properties;
mod reader;
mod records;
mod rows;
mod servers;
mod sink;
mod source;
mod transactions;
mod writer;

use std::sync::Arc;

use dataflow::{Connector, Error, OptionDoc, ScanRequest, Sink, SinkRequest, Source, TableDescriptor};
use model::DataType;

use self::options::{Flavour, TableOptions};
use self::transactions::TransactionPool;
use crate::network::NetworkAccess;

/// Either of the two connectors.
#[derive(Debug)]
pub struct Kafka {
    flavour: Flavour,
    network: NetworkAccess,
    transactions: Arc<TransactionPool>,
}

impl Kafka {
    /// `kafka`, where messages are rows, or tell changes by their format; and `upsert-kafka`, where a message replaces
    /// what the last one of its key said, and a tombstone deletes it. Tables of both are written in one transaction.
    pub fn both(network: NetworkAccess) -> [Kafka; 2] {
        let transactions = Arc::new(TransactionPool::default());
        [Flavour::Append, Flavour::Upsert].map(|flavour| Kafka {
            flavour,
            network: network.clone(),
            transactions: Arc::clone(&transactions),
        })
    }
}

impl Connector for Kafka {
    fn name(&self) -> &'static str {
        match self.flavour {
            Flavour::Append => "kafka",
            Flavour::Upsert => "upsert-kafka",
        }
    }

    fn options(&self) -> Vec<OptionDoc> {
        docs::options(self.flavour)
    }

    fn metadata(&self, _table: &TableDescriptor<'_>) -> Vec<(&'static str, DataType, &'static str)> {
        metadata::readable()
    }

    fn reads_upserts(&self) -> bool {
        self.flavour == Flavour::Upsert
    }

    fn meets_unreadable(&self) -> bool {
        true
    }

    fn source(
        &self,
        table: &TableDescriptor<'_>,
        request: &ScanRequest,
    ) -> Result<Option<Arc<dyn Source>>, Error> {
        let options = TableOptions::read(table, self.flavour)?;
        Ok(Some(Arc::new(options.source(
            table,
            request,
            self.network.clone(),
        )?)))
    }

    fn sink(
        &self,
        table: &TableDescriptor<'_>,
        request: &SinkRequest,
    ) -> Result<Option<Arc<dyn Sink>>, Error> {
        let options = TableOptions::read(table, self.flavour)?;
        Ok(Some(Arc::new(options.sink(
            table,
            request,
            self.network.clone(),
            &self.transactions,
        )?)))
    }
}

#[cfg(test)]
mod tests;
