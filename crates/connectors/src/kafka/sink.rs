//! Topics as a sink. Every writer has a client of its own, or those of its transactions.

use std::sync::Arc;

use dataflow::{Error, Sink, SinkWriter, Transaction};
use model::ChangelogMode;
use stdx::Clock;

use super::client::{Client, Kind, Producer, Topics};
use super::fields::Entries;
use super::properties::Properties;
use super::records::RecordLayout;
use super::servers;
use super::transactions::Transactions;
use super::writer::{KafkaWriter, Reduction, Route};
use crate::network::NetworkAccess;

/// What is promised of records.
#[derive(Debug)]
pub enum Delivery {
    /// They may be lost.
    None,
    AtLeastOnce,
    ExactlyOnce(Arc<Transactions>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partitioner {
    /// By the hash of the key; without a key in turn, a batch each.
    Default,
    /// All records of a writer go to one partition.
    Fixed,
}

pub struct KafkaSink {
    pub properties: Properties,
    pub layout: Arc<RecordLayout>,
    pub changes: ChangelogMode,
    pub delivery: Delivery,
    pub partitioner: Partitioner,
    pub reduction: Option<Reduction>,
    pub entries: Entries,
    pub clock: Arc<dyn Clock>,
    pub network: NetworkAccess,
}

impl std::fmt::Debug for KafkaSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaSink")
            .field("topics", &self.layout.topics)
            .field("delivery", &self.delivery)
            .field("partitioner", &self.partitioner)
            .finish_non_exhaustive()
    }
}

impl Sink for KafkaSink {
    fn changelog_mode(&self, _requested: ChangelogMode) -> ChangelogMode {
        self.changes
    }

    fn writer(&self, shard: usize, _shards: usize) -> Result<Box<dyn SinkWriter>, Error> {
        servers::check(&self.properties, &self.network)?;
        let client = Arc::new(Client::new(
            Kind::Producer,
            &self.properties.settings(Kind::Producer),
            &self.properties.server_list(),
            self.network.clone(),
        )?);
        // A topic that is not there would be found out only when its records have waited for long.
        if let Topics::Named(names) = &self.layout.topics {
            for name in names {
                client.partitions_of(name)?;
            }
        }
        let own = |waits| Route::Own {
            producer: Producer::new(client),
            waits,
        };
        let route = match &self.delivery {
            Delivery::None => own(false),
            Delivery::AtLeastOnce => own(true),
            Delivery::ExactlyOnce(transactions) => Route::Shared(transactions.participant()),
        };
        let encoder = self.layout.encoder(&self.entries.options())?;
        Ok(Box::new(KafkaWriter::new(
            route,
            Arc::clone(&self.layout),
            encoder,
            (self.partitioner == Partitioner::Fixed).then_some(shard),
            self.reduction
                .map(|reduction| (reduction, Arc::clone(&self.clock))),
        )))
    }

    fn transaction(&self) -> Option<Arc<dyn Transaction>> {
        match &self.delivery {
            Delivery::ExactlyOnce(transactions) => Some(Arc::clone(transactions) as Arc<dyn Transaction>),
            Delivery::None | Delivery::AtLeastOnce => None,
        }
    }
}
