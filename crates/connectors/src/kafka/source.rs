//! The partitions of topics as a source: a split and a lane each.
//!
//! A split carries the offset it begins at and the one it ends at, both found when it was listed, so that a job that
//! is restored reads what it would have read. One client fetches for all splits of a source.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dataflow::{Boundedness, Error, OptionError, Position, Source, Split, SplitReader};
use model::ChangelogMode;

use super::client::{At, Client, Kind, TopicPartition, Topics};
use super::fields::Entries;
use super::layout::Layout;
use super::offsets::{Bounded, Startup};
use super::properties::{Properties, Reset};
use super::reader::{PartitionReader, Span, parse_position};
use super::servers;
use crate::network::NetworkAccess;

/// Bytes that a source fetches ahead, over all its partitions; each has its share, within these bounds.
const AHEAD_BYTES_MAX: u64 = 256 << 20;
const PARTITION_AHEAD_BYTES: std::ops::RangeInclusive<u64> = (1 << 20)..=(16 << 20);
/// How long a full queue waits before it fetches again. The client's own default is a second.
const FULL_QUEUE_PAUSE_MS: &str = "10";

pub struct KafkaSource {
    pub topics: Topics,
    pub startup: Startup,
    pub bounded: Bounded,
    pub properties: Properties,
    pub discovery: Option<Duration>,
    pub layout: Arc<Layout>,
    pub changes: ChangelogMode,
    pub entries: Entries,
    pub network: NetworkAccess,
    pub state: Mutex<State>,
}

#[derive(Default)]
pub struct State {
    /// The splits listed so far, in this job or before it was restored; `None` before the first look.
    listed: Option<BTreeMap<TopicPartition, Split>>,
    fetching: Option<Arc<Client>>,
}

impl KafkaSource {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self, settings: &super::client::Settings) -> Result<Client, Error> {
        servers::check(&self.properties, &self.network)?;
        let servers = self.properties.server_list();
        Client::new(Kind::Consumer, settings, &servers, self.network.clone())
    }

    /// The client that fetches, made by whoever comes first.
    fn fetching(&self) -> Result<Arc<Client>, Error> {
        let mut state = self.state();
        if let Some(client) = &state.fetching {
            return Ok(Arc::clone(client));
        }
        // Nobody listed any if a split is opened that was kept elsewhere.
        let partitions = state.listed.as_ref().map_or(0, BTreeMap::len).max(1) as u64;
        let share = (AHEAD_BYTES_MAX / partitions)
            .clamp(*PARTITION_AHEAD_BYTES.start(), *PARTITION_AHEAD_BYTES.end());
        let mut settings = self.properties.settings(Kind::Consumer);
        settings.set("queued.max.messages.kbytes", (share >> 10).to_string());
        settings.set("fetch.queue.backoff.ms", FULL_QUEUE_PAUSE_MS);
        settings.set(
            "auto.offset.reset",
            match self.startup.reset(&self.properties) {
                Reset::Earliest => "earliest",
                Reset::Latest => "latest",
                Reset::Fail => "error",
            },
        );
        let client = Arc::new(self.client(&settings)?);
        state.fetching = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Where new partitions begin and end. Those that were not there at the first look are read from their beginning:
    /// all that is in them came later.
    fn spans(&self, client: &Client, new: Vec<TopicPartition>, is_first: bool) -> Result<Vec<Span>, Error> {
        let starts = match is_first {
            true => self.startup.resolve(client, &new, &self.properties)?,
            false => client.offsets(&new, At::Earliest)?,
        };
        let ends = self.bounded.resolve(client, &new, &self.properties)?;
        let spans = new.into_iter().zip(starts).zip(ends);
        Ok(spans
            .map(|((place, start), end)| Span { place, start, end })
            .collect())
    }
}

impl std::fmt::Debug for KafkaSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaSource")
            .field("topics", &self.topics)
            .field("startup", &self.startup)
            .field("bounded", &self.bounded)
            .finish_non_exhaustive()
    }
}

impl Source for KafkaSource {
    fn boundedness(&self) -> Boundedness {
        match self.bounded {
            Bounded::Never => Boundedness::Unbounded,
            _ => Boundedness::Bounded,
        }
    }

    fn changelog_mode(&self) -> ChangelogMode {
        self.changes
    }

    fn lanes_end(&self) -> bool {
        self.boundedness() == Boundedness::Bounded
    }

    fn splits(&self, _parallelism: usize) -> Result<Vec<Split>, Error> {
        // A client of its own, gone when it has answered: minutes pass until the next look.
        let client = self.client(&self.properties.settings(Kind::Consumer))?;
        let found = client.partitions(&self.topics)?;
        let known = self.state().listed.clone();
        let is_first = known.is_none();
        let mut listed = known.unwrap_or_default();
        let is_new = |place: &TopicPartition| !listed.contains_key(place);
        let new: Vec<TopicPartition> = found.into_iter().filter(is_new).collect();
        for span in self.spans(&client, new, is_first)? {
            let split = Split {
                id: span.place.to_string(),
                lane: span.place.to_string(),
                payload: span.payload(),
            };
            listed.insert(span.place, split);
        }
        let splits = listed.values().cloned().collect();
        self.state().listed = Some(listed);
        Ok(splits)
    }

    fn restored(&self, splits: &[Split]) {
        let known = splits.iter().filter_map(|split| {
            let span = Span::parse(&split.payload).ok()?;
            Some((span.place, split.clone()))
        });
        self.state().listed = Some(known.collect());
    }

    fn discovery_interval(&self) -> Option<Duration> {
        match self.boundedness() {
            Boundedness::Unbounded => self.discovery,
            Boundedness::Bounded => None,
        }
    }

    fn open(&self, split: &Split, position: Option<&Position>) -> Result<Box<dyn SplitReader>, Error> {
        let span = Span::parse(&split.payload)?;
        let next = match position {
            Some(position) => parse_position(position)?,
            None => span.start,
        };
        let fault = |error: OptionError| Error::from(error);
        let rows = self
            .layout
            .rows(&self.entries.options(), &span.place)
            .map_err(fault)?;
        let client = self.fetching()?;
        Ok(Box::new(PartitionReader::open(&client, &span, next, rows)?))
    }
}
