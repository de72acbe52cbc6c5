//! Where reading begins and where it ends: `scan.startup.*` and `scan.bounded.*`.

use std::collections::BTreeMap;

use dataflow::{Error, OptionError, Options};

use super::client::{At, Client, TopicPartition};
use super::properties::{Properties, Reset};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Startup {
    Earliest,
    Latest,
    /// How far the group has read.
    Group,
    Time(i64),
    /// Offsets by partition of the one topic.
    Specific(BTreeMap<i32, i64>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bounded {
    Never,
    Latest,
    Group,
    Time(i64),
    Specific(BTreeMap<i32, i64>),
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Earliest,
    Latest,
    Group,
    Time,
    Specific,
    Unbounded,
}

const GROUP_ID: &str = "properties.group.id";

impl Startup {
    pub fn read(options: &Options, single_topic: bool) -> Result<Self, OptionError> {
        let modes = [
            ("earliest-offset", Mode::Earliest),
            ("latest-offset", Mode::Latest),
            ("group-offsets", Mode::Group),
            ("timestamp", Mode::Time),
            ("specific-offsets", Mode::Specific),
        ];
        let companions = Companions::read(options, "scan.startup")?;
        let mode = options
            .one_of("scan.startup.mode", &modes)?
            .unwrap_or(Mode::Group);
        Ok(match mode {
            Mode::Earliest => Startup::Earliest,
            Mode::Latest | Mode::Unbounded => Startup::Latest,
            Mode::Group => Startup::Group,
            Mode::Time => Startup::Time(companions.time()?),
            Mode::Specific => Startup::Specific(companions.specific(single_topic)?),
        })
    }

    /// Whether it can be found: asked for a table that is read, as one that is only written needs no group.
    pub fn check(&self, properties: &Properties) -> Result<(), OptionError> {
        match self {
            Startup::Group => needs_group(properties, "scan.startup.mode").map_err(|error| {
                error.hint(format!(
                    "add '{GROUP_ID}' = '...', or begin elsewhere: 'scan.startup.mode' = 'earliest-offset'"
                ))
            }),
            _ => Ok(()),
        }
    }

    /// Where the consumer goes on if there is nothing at its offset any more, as Flink sets it.
    pub fn reset(&self, properties: &Properties) -> Reset {
        match self {
            Startup::Earliest | Startup::Specific(_) => Reset::Earliest,
            Startup::Latest | Startup::Time(_) => Reset::Latest,
            Startup::Group => properties.reset.unwrap_or(Reset::Fail),
        }
    }

    /// The first offset to read in each of these partitions.
    pub fn resolve(
        &self,
        client: &Client,
        partitions: &[TopicPartition],
        properties: &Properties,
    ) -> Result<Vec<i64>, Error> {
        match self {
            Startup::Earliest => client.offsets(partitions, At::Earliest),
            Startup::Latest => client.offsets(partitions, At::Latest),
            Startup::Time(time_ms) => client.offsets(partitions, At::Time(*time_ms)),
            Startup::Specific(offsets) => specific(client, partitions, offsets, properties),
            Startup::Group => {
                let committed = client.committed(partitions)?;
                let or_at = match properties.reset.unwrap_or(Reset::Fail) {
                    Reset::Earliest => At::Earliest,
                    Reset::Latest => At::Latest,
                    Reset::Fail => {
                        return every(committed, partitions, properties).map_err(|error| {
                            let hint =
                                "say where to begin: 'properties.auto.offset.reset' = 'earliest' or 'latest'";
                            error.hint(hint).into()
                        });
                    }
                };
                fill(client, partitions, committed, or_at)
            }
        }
    }
}

impl Bounded {
    pub fn read(options: &Options, single_topic: bool) -> Result<Self, OptionError> {
        let modes = [
            ("unbounded", Mode::Unbounded),
            ("latest-offset", Mode::Latest),
            ("group-offsets", Mode::Group),
            ("timestamp", Mode::Time),
            ("specific-offsets", Mode::Specific),
        ];
        let companions = Companions::read(options, "scan.bounded")?;
        let mode = options.one_of("scan.bounded.mode", &modes)?;
        Ok(match mode.unwrap_or(Mode::Unbounded) {
            Mode::Unbounded | Mode::Earliest => Bounded::Never,
            Mode::Latest => Bounded::Latest,
            Mode::Group => Bounded::Group,
            Mode::Time => Bounded::Time(companions.time()?),
            Mode::Specific => Bounded::Specific(companions.specific(single_topic)?),
        })
    }

    /// As [`Startup::check`].
    pub fn check(&self, properties: &Properties) -> Result<(), OptionError> {
        match self {
            Bounded::Group => needs_group(properties, "scan.bounded.mode"),
            _ => Ok(()),
        }
    }

    /// The offset before which to stop in each of these partitions; `None` if it is read for ever.
    pub fn resolve(
        &self,
        client: &Client,
        partitions: &[TopicPartition],
        properties: &Properties,
    ) -> Result<Vec<Option<i64>>, Error> {
        let offsets = match self {
            Bounded::Never => return Ok(vec![None; partitions.len()]),
            Bounded::Latest => client.offsets(partitions, At::Latest)?,
            Bounded::Time(time_ms) => client.offsets(partitions, At::Time(*time_ms))?,
            Bounded::Group => every(client.committed(partitions)?, partitions, properties)?,
            Bounded::Specific(offsets) => specific(client, partitions, offsets, properties)?,
        };
        Ok(offsets.into_iter().map(Some).collect())
    }
}

fn needs_group(properties: &Properties, mode: &str) -> Result<(), OptionError> {
    if properties.group.is_some() {
        return Ok(());
    }
    Err(OptionError {
        key: None,
        message: format!("option '{GROUP_ID}' is missing, which '{mode}' = 'group-offsets' needs"),
        hint: Some(format!("add '{GROUP_ID}' = '...' to the WITH clause")),
    })
}

/// Offsets as given; where none is, how far the group has read, and at last the beginning.
fn specific(
    client: &Client,
    partitions: &[TopicPartition],
    offsets: &BTreeMap<i32, i64>,
    properties: &Properties,
) -> Result<Vec<i64>, Error> {
    let given: Vec<Option<i64>> = partitions
        .iter()
        .map(|place| offsets.get(&place.partition).copied())
        .collect();
    let committed = match properties.group {
        Some(_) if given.contains(&None) => client.committed(partitions)?,
        _ => vec![None; partitions.len()],
    };
    let known = given.into_iter().zip(committed);
    let known = known.map(|(given, committed)| given.or(committed)).collect();
    fill(client, partitions, known, At::Earliest)
}

/// The known offsets, and those of a place where none is known.
fn fill(
    client: &Client,
    partitions: &[TopicPartition],
    known: Vec<Option<i64>>,
    at: At,
) -> Result<Vec<i64>, Error> {
    let is_unknown = |(_, offset): &(&TopicPartition, &Option<i64>)| offset.is_none();
    let unknown = partitions.iter().zip(&known).filter(is_unknown);
    let unknown: Vec<TopicPartition> = unknown.map(|(place, _)| place.clone()).collect();
    let mut found = client.offsets(&unknown, at)?.into_iter();
    let or_found = |offset: Option<i64>| offset.or_else(|| found.next());
    let all: Option<Vec<i64>> = known.into_iter().map(or_found).collect();
    all.ok_or_else(|| Error::internal("fewer offsets were found than asked for"))
}

/// The offsets, if there is one for every partition.
fn every(
    committed: Vec<Option<i64>>,
    partitions: &[TopicPartition],
    properties: &Properties,
) -> Result<Vec<i64>, OptionError> {
    let mut offsets = Vec::with_capacity(committed.len());
    for (offset, place) in committed.into_iter().zip(partitions) {
        let Some(offset) = offset else {
            let group = properties.group.as_deref().unwrap_or_default();
            let message = format!(
                "group '{group}' has no committed offset in topic '{}', partition {}",
                place.topic, place.partition
            );
            return Err(OptionError::new(GROUP_ID, message));
        };
        offsets.push(offset);
    }
    Ok(offsets)
}

/// What goes with a mode. All of it is read, whatever the mode is, as both sides of a table are.
struct Companions {
    prefix: &'static str,
    time_ms: Option<i64>,
    specific: Option<BTreeMap<i32, i64>>,
}

impl Companions {
    fn read(options: &Options, prefix: &'static str) -> Result<Companions, OptionError> {
        let key = format!("{prefix}.specific-offsets");
        Ok(Companions {
            prefix,
            time_ms: options.integer(&format!("{prefix}.timestamp-millis"))?,
            specific: match options.get(&key) {
                Some(text) => Some(parse_specific(&key, text)?),
                None => None,
            },
        })
    }

    fn lacks(&self, name: &str, mode: &str) -> OptionError {
        let key = format!("{}.{name}", self.prefix);
        OptionError {
            key: None,
            message: format!(
                "option '{key}' is missing, which '{}.mode' = '{mode}' needs",
                self.prefix
            ),
            hint: Some(format!("add '{key}' = '...' to the WITH clause")),
        }
    }

    fn time(&self) -> Result<i64, OptionError> {
        self.time_ms
            .ok_or_else(|| self.lacks("timestamp-millis", "timestamp"))
    }

    fn specific(self, single_topic: bool) -> Result<BTreeMap<i32, i64>, OptionError> {
        if self.specific.is_some() && !single_topic {
            let key = format!("{}.specific-offsets", self.prefix);
            let message = format!("option '{key}' needs a table of a single topic");
            return Err(
                OptionError::new(&key, message).hint("make a table of each topic, and UNION ALL them")
            );
        }
        let missing = self.lacks("specific-offsets", "specific-offsets");
        self.specific.ok_or(missing)
    }
}

/// `partition:0,offset:42;partition:1,offset:300`
fn parse_specific(key: &str, text: &str) -> Result<BTreeMap<i32, i64>, OptionError> {
    let pair = |pair: &str| -> Option<(i32, i64)> {
        let (partition, offset) = pair.split_once(',')?;
        let partition: i32 = partition.strip_prefix("partition:")?.parse().ok()?;
        let offset: i64 = offset.strip_prefix("offset:")?.parse().ok()?;
        (partition >= 0 && offset >= 0).then_some((partition, offset))
    };
    let pairs: Option<BTreeMap<i32, i64>> = text.trim_end_matches(';').split(';').map(pair).collect();
    pairs.ok_or_else(|| {
        let message = format!("option '{key}' must be a list of partitions and their offsets, got '{text}'");
        OptionError::new(key, message).hint("such as 'partition:0,offset:42;partition:1,offset:300'")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specific_offsets_are_read_as_flink_writes_them() {
        let read = |text| {
            parse_specific("k", text)
                .ok()
                .map(|map| map.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(
            read("partition:0,offset:42;partition:1,offset:300"),
            Some(vec![(0, 42), (1, 300)])
        );
        assert_eq!(read("partition:3,offset:0;"), Some(vec![(3, 0)]));
        for wrong in [
            "",
            "0:42",
            "partition:0",
            "partition:0,offset:x",
            "partition:0,offset:-1",
            "partition:0,offset:1,partition:1,offset:2",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
