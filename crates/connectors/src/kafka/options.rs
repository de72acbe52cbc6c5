//! The options of a table of Kafka, with Flink's names, rules and defaults.
//!
//! A table is read and written, so that both sides' options are known on either side.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dataflow::{Error, OptionError, Options, ScanRequest, SinkRequest, TableDescriptor};
use model::ChangelogMode;
use regex::Regex;

use super::client::Topics;
use super::fields::{Entries, Fields, list};
use super::layout::Layout;
use super::offsets::{Bounded, Startup};
use super::properties::Properties;
use super::records::RecordLayout;
use super::sink::{Delivery, KafkaSink, Partitioner};
use super::source::{KafkaSource, State};
use super::transactions::TransactionPool;
use super::writer::Reduction;
use crate::network::NetworkAccess;
use crate::refuse;

/// Which of the two connectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    Append,
    Upsert,
}

/// What an upsert topic tells: what a row is now, and that it is gone.
const UPSERTS_READ: ChangelogMode = ChangelogMode {
    insert: false,
    ..ChangelogMode::UPSERT
};
/// The longest name of a topic.
const TOPIC_LENGTH_MAX: usize = 249;
const PREFIX: &str = "sink.transactional-id-prefix";
const DISCOVERY_INTERVAL: Duration = Duration::from_secs(5 * 60);

pub struct TableOptions {
    flavour: Flavour,
    topics: Topics,
    properties: Properties,
    fields: Fields,
    startup: Startup,
    bounded: Bounded,
    discovery: Option<Duration>,
    guarantee: Guarantee,
    transactional_prefix: Option<String>,
    partitioner: Partitioner,
    reduction: Option<Reduction>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guarantee {
    None,
    AtLeastOnce,
    ExactlyOnce,
}

impl TableOptions {
    pub fn read(table: &TableDescriptor<'_>, flavour: Flavour) -> Result<TableOptions, OptionError> {
        let options = table.options;
        options.get("connector");
        let topics = topics(options)?;
        let properties = Properties::read(options)?;
        let fields = match flavour {
            Flavour::Append => Fields::read(table)?,
            Flavour::Upsert => Fields::of_upsert(table)?,
        };
        refuse::parallelism(options, "scan.parallelism")?;
        refuse::parallelism(options, "sink.parallelism")?;
        let is_single = matches!(&topics, Topics::Named(names) if names.len() == 1);
        let bounded = Bounded::read(options, is_single)?;
        let guarantee = guarantee(options)?;
        // Of no effect without transactions, as in Flink.
        let transactional_prefix = options.get(PREFIX).map(str::to_string);
        let (startup, discovery, partitioner, reduction) = match flavour {
            Flavour::Append => {
                check_primary_key(table, &fields)?;
                (
                    Startup::read(options, is_single)?,
                    discovery(options)?,
                    partitioner(options, &fields)?,
                    None,
                )
            }
            // Whole, so that no row is missing.
            Flavour::Upsert => (
                Startup::Earliest,
                Some(DISCOVERY_INTERVAL),
                Partitioner::Default,
                reduction(options)?,
            ),
        };
        Ok(TableOptions {
            flavour,
            topics,
            properties,
            fields,
            startup,
            bounded,
            discovery,
            guarantee,
            transactional_prefix,
            partitioner,
            reduction,
        })
    }

    pub fn source(
        self,
        table: &TableDescriptor<'_>,
        request: &ScanRequest,
        network: NetworkAccess,
    ) -> Result<KafkaSource, Error> {
        self.startup.check(&self.properties)?;
        self.bounded.check(&self.properties)?;
        let is_upsert = self.flavour == Flavour::Upsert;
        let changes = match self.flavour {
            Flavour::Append => self.fields.value.format.reads(),
            Flavour::Upsert => UPSERTS_READ,
        };
        let layout = Layout::new(self.fields, table.physical, request, is_upsert, table.context)?;
        let layout = Arc::new(layout);
        // Read the options of the formats now, so that a wrong one is found before the job runs.
        layout.check(table.options)?;
        table.options.finish()?;
        Ok(KafkaSource {
            topics: self.topics,
            startup: self.startup,
            bounded: self.bounded,
            properties: self.properties,
            discovery: self.discovery,
            layout,
            changes,
            entries: Entries::of(table.options),
            network,
            state: Mutex::new(State::default()),
        })
    }

    pub fn sink(
        self,
        table: &TableDescriptor<'_>,
        request: &SinkRequest,
        network: NetworkAccess,
        pool: &TransactionPool,
    ) -> Result<KafkaSink, Error> {
        if request.overwrite {
            let error = OptionError {
                key: None,
                message: "a topic cannot be overwritten".to_string(),
                hint: Some("write INSERT INTO".to_string()),
            };
            return Err(error.into());
        }
        let is_upsert = self.flavour == Flavour::Upsert;
        let changes = match self.flavour {
            Flavour::Append => self.fields.value.format.writes(),
            Flavour::Upsert => ChangelogMode::UPSERT,
        };
        let layout = RecordLayout::new(self.fields, self.topics, request, is_upsert, table.context)?;
        layout.encoder(table.options)?;
        table.options.finish()?;
        let delivery = match self.guarantee {
            Guarantee::None => Delivery::None,
            Guarantee::AtLeastOnce => Delivery::AtLeastOnce,
            Guarantee::ExactlyOnce => {
                let prefix = check_prefix(self.transactional_prefix.as_deref())?;
                self.properties.check_transactional()?;
                Delivery::ExactlyOnce(pool.get(&self.properties, prefix, &network)?)
            }
        };
        Ok(KafkaSink {
            properties: self.properties,
            layout: Arc::new(layout),
            changes,
            delivery,
            partitioner: self.partitioner,
            reduction: self.reduction,
            entries: Entries::of(table.options),
            clock: Arc::clone(&table.context.clock),
            network,
        })
    }
}

fn topics(options: &Options) -> Result<Topics, OptionError> {
    match (options.get("topic"), options.get("topic-pattern")) {
        (Some(_), Some(_)) => Err(OptionError::new(
            "topic-pattern",
            "options 'topic' and 'topic-pattern' cannot be set together",
        )
        .hint("give one of them")),
        (None, None) => Err(OptionError::missing("topic")),
        (Some(topics), None) => {
            let mut names = Vec::new();
            for name in list(topics) {
                check_topic(&name)?;
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            if names.is_empty() {
                let error = OptionError::new("topic", "option 'topic' must name a topic");
                return Err(error.hint("such as 'orders', or 'orders;returns'"));
            }
            Ok(Topics::Named(names))
        }
        (None, Some(pattern)) => match Regex::new(&format!(r"\A(?:{pattern})\z")) {
            Ok(regex) => Ok(Topics::Matching(regex)),
            Err(_) => {
                let message = format!("option 'topic-pattern' must be a regular expression, got '{pattern}'");
                Err(OptionError::new("topic-pattern", message)
                    .hint("it is matched with the whole name, such as 'orders-.*'; it cannot look around"))
            }
        },
    }
}

/// What a broker would refuse is found before one is asked.
fn check_topic(name: &str) -> Result<(), OptionError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.len() <= TOPIC_LENGTH_MAX && name.bytes().all(fits) && name != "." && name != ".." {
        return Ok(());
    }
    let message = format!("option 'topic': '{name}' is no name of a topic");
    Err(OptionError::new("topic", message)
        .hint("a name has letters, digits, '.', '_' and '-'; several are parted by ';'"))
}

/// As in Flink: rows that are only added cannot keep a key unique.
fn check_primary_key(table: &TableDescriptor<'_>, fields: &Fields) -> Result<(), OptionError> {
    if table.primary_key.is_empty() || !fields.value.format.reads().is_insert_only() {
        return Ok(());
    }
    Err(OptionError {
        key: None,
        message: format!(
            "a table of 'kafka' cannot have a primary key with the format '{}', which has no updates",
            fields.value.format.name()
        ),
        hint: Some("use the connector 'upsert-kafka', or remove the primary key".to_string()),
    })
}

fn discovery(options: &Options) -> Result<Option<Duration>, OptionError> {
    let interval = options.duration("scan.topic-partition-discovery.interval")?;
    let interval = interval.unwrap_or(DISCOVERY_INTERVAL);
    Ok(Some(interval).filter(|interval| !interval.is_zero()))
}

fn guarantee(options: &Options) -> Result<Guarantee, OptionError> {
    let guarantees = [
        ("at-least-once", Guarantee::AtLeastOnce),
        ("none", Guarantee::None),
        ("exactly-once", Guarantee::ExactlyOnce),
    ];
    // Ids are used again here in any case.
    options.get("sink.transaction-naming-strategy");
    let guarantee = options.one_of("sink.delivery-guarantee", &guarantees)?;
    Ok(guarantee.unwrap_or(Guarantee::AtLeastOnce))
}

fn check_prefix(prefix: Option<&str>) -> Result<&str, OptionError> {
    match prefix {
        Some("") => Err(
            OptionError::new(PREFIX, format!("option '{PREFIX}' must not be empty"))
                .hint("give each job one of its own, such as the name of the job"),
        ),
        Some(prefix) => Ok(prefix),
        None => {
            let message = format!(
                "option '{PREFIX}' is missing, which 'sink.delivery-guarantee' = 'exactly-once' needs"
            );
            Err(OptionError::new(PREFIX, message)
                .hint("give each job one of its own, such as the name of the job"))
        }
    }
}

fn partitioner(options: &Options, fields: &Fields) -> Result<Partitioner, OptionError> {
    let key = "sink.partitioner";
    match options.get(key).map(str::trim) {
        None | Some("default") => Ok(Partitioner::Default),
        Some("fixed") => Ok(Partitioner::Fixed),
        // Without a key that is what Kafka's own does, a batch at a time.
        Some("round-robin") if fields.key.is_none() => Ok(Partitioner::Default),
        Some("round-robin") => {
            let message = format!("option '{key}' = 'round-robin' is only for a table without 'key.fields'");
            Err(OptionError::new(key, message).hint("use 'default': records go by their keys"))
        }
        Some(other) => {
            let message = format!("option '{key}' must be default, fixed or round-robin, got '{other}'");
            Err(OptionError::new(key, message).hint("classes of Java run on a Flink cluster only"))
        }
    }
}

fn reduction(options: &Options) -> Result<Option<Reduction>, OptionError> {
    let (rows_key, interval_key) = ("sink.buffer-flush.max-rows", "sink.buffer-flush.interval");
    let rows = options.integer(rows_key)?.unwrap_or(0);
    let interval = options.duration(interval_key)?.unwrap_or_default();
    match (usize::try_from(rows).unwrap_or(0), interval) {
        (0, Duration::ZERO) => Ok(None),
        (keys_max @ 1.., interval) if !interval.is_zero() => Ok(Some(Reduction { keys_max, interval })),
        _ => {
            let message = format!(
                "options '{rows_key}' and '{interval_key}' must both be greater than zero, or neither"
            );
            Err(OptionError::new(rows_key, message).hint(format!("add '{rows_key}' and '{interval_key}'")))
        }
    }
}
