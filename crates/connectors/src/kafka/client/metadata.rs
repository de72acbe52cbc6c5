//! Which topics and partitions there are.

use std::ffi::CStr;
use std::time::Duration;

use dataflow::{Error, OptionError};
use rdkafka_sys::bindings as sys;
use rdkafka_sys::types::RDKafkaRespErr as Code;
use regex::Regex;

use super::{Client, Topic, TopicPartition};

/// Looks at a topic that was made a moment ago and has no leaders yet.
const LOOKS_MAX: usize = 20;
const LOOK_PAUSE: Duration = Duration::from_millis(100);
/// Topics that the brokers keep for themselves; a pattern does not mean them.
const INTERNAL: [&str; 3] = ["__consumer_offsets", "__transaction_state", "__share_group_state"];

/// Topics by their names, or by what their names look like.
#[derive(Debug, Clone)]
pub enum Topics {
    Named(Vec<String>),
    Matching(Regex),
}

impl Topics {
    pub fn contains(&self, topic: &str) -> bool {
        match self {
            Topics::Named(names) => names.iter().any(|name| name == topic),
            Topics::Matching(pattern) => pattern.is_match(topic),
        }
    }
}

/// What the cluster answered, freed at its end.
struct Answer(*const sys::rd_kafka_metadata);

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: it was made by `rd_kafka_metadata`.
        unsafe { sys::rd_kafka_metadata_destroy(self.0) };
    }
}

struct Described {
    name: String,
    code: Code,
    partitions: Vec<i32>,
}

impl Answer {
    fn topics(&self) -> Vec<Described> {
        // SAFETY: the answer is whole: as many topics and partitions as it counts, names that end with NUL.
        unsafe {
            let answer = &*self.0;
            let topics = elements(answer.topics, answer.topic_cnt).iter();
            topics
                .map(|topic| Described {
                    name: CStr::from_ptr(topic.topic).to_string_lossy().into_owned(),
                    code: topic.err,
                    partitions: elements(topic.partitions, topic.partition_cnt)
                        .iter()
                        .map(|partition| partition.id)
                        .collect(),
                })
                .collect()
        }
    }
}

/// # Safety
/// As many elements as told, or none and NULL.
unsafe fn elements<'a, T>(first: *const T, count: i32) -> &'a [T] {
    match usize::try_from(count) {
        // SAFETY: as promised.
        Ok(count @ 1..) if !first.is_null() => unsafe { std::slice::from_raw_parts(first, count) },
        _ => &[],
    }
}

impl Client {
    /// The partitions of these topics, in order. A topic that is named must be there.
    pub fn partitions(&self, topics: &Topics) -> Result<Vec<TopicPartition>, Error> {
        let mut found = Vec::new();
        match topics {
            Topics::Named(names) => {
                for name in names {
                    let partitions = self.partitions_of(name)?;
                    found.extend(partitions.into_iter().map(|partition| TopicPartition {
                        topic: name.clone(),
                        partition,
                    }));
                }
            }
            Topics::Matching(_) => {
                for topic in self.describe(None)?.topics() {
                    if !INTERNAL.contains(&topic.name.as_str()) && topics.contains(&topic.name) {
                        found.extend(topic.partitions.into_iter().map(|partition| TopicPartition {
                            topic: topic.name.clone(),
                            partition,
                        }));
                    }
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// How many partitions a topic has; it must be there.
    pub fn partitions_of(&self, name: &str) -> Result<Vec<i32>, Error> {
        let topic = Topic::new(self, name)?;
        for _ in 0..LOOKS_MAX {
            let answer = self.describe(Some(&topic))?;
            let described = answer.topics().into_iter().find(|found| found.name == name);
            match described {
                Some(Described {
                    code: Code::RD_KAFKA_RESP_ERR_NO_ERROR,
                    partitions,
                    ..
                }) if !partitions.is_empty() => return Ok(partitions),
                Some(Described {
                    code: Code::RD_KAFKA_RESP_ERR_NO_ERROR | Code::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                    ..
                }) => self.wait(LOOK_PAUSE)?,
                Some(Described {
                    code:
                        Code::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
                        | Code::RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
                        | Code::RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
                    ..
                })
                | None => return Err(self.no_topic(name)),
                Some(Described { code, .. }) => {
                    return Err(self.failure(&format!("look at topic '{name}'"), code));
                }
            }
        }
        let code = Code::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
        Err(self.failure(&format!("look at topic '{name}'"), code))
    }

    fn no_topic(&self, name: &str) -> Error {
        let message = format!("topic '{name}' does not exist at '{}'", self.context.servers);
        OptionError::new("topic", message)
            .hint("create the topic, or correct its name")
            .into()
    }

    /// Asks for one topic, or for all.
    fn describe(&self, topic: Option<&Topic>) -> Result<Answer, Error> {
        let mut answer = std::ptr::null();
        let (all, only) = match topic {
            Some(topic) => (0, topic.0),
            None => (1, std::ptr::null_mut()),
        };
        self.ask("look at the topics of Kafka", |patience_ms| {
            // SAFETY: the topic is of this client; the answer is ours if there is no error.
            unsafe { sys::rd_kafka_metadata(self.handle, all, only, &mut answer, patience_ms) }
        })?;
        Ok(Answer(answer))
    }
}
