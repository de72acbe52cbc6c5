//! A broker of Apache Kafka of the bench's own, and what is in its topics.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::runtime::{Builder, Runtime};

use crate::rows::Digest;

#[path = "../../../tests/kafka/broker.rs"]
#[allow(dead_code, reason = "tests ask for more of it")]
mod broker;

use broker::Broker;

/// Of every topic: one for each parallel task.
const PARTITIONS: i32 = 2;
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(100);

/// A broker that runs until it is dropped, and takes its data with it.
pub struct Topics {
    broker: Broker,
    admin: AdminClient<DefaultClientContext>,
    runtime: Runtime,
    /// Dropped last.
    _folder: Folder,
}

/// A folder that is removed when it is dropped.
struct Folder(PathBuf);

impl Topics {
    /// Starts a broker whose data lies in `folder`, which is emptied.
    pub fn start(folder: &Path) -> Result<Topics> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        let broker = Broker::start(Some(folder));
        Ok(Topics {
            admin: client(&broker).create()?,
            broker,
            runtime: Builder::new_current_thread().build()?,
            _folder: Folder(folder.to_path_buf()),
        })
    }

    /// `host:port`
    pub fn servers(&self) -> &str {
        &self.broker.address
    }

    pub fn create(&self, topic: &str) -> Result<()> {
        let new = NewTopic::new(topic, PARTITIONS, TopicReplication::Fixed(1));
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        let answers = self
            .runtime
            .block_on(self.admin.create_topics([&new], &options))?;
        done(answers, "create")
    }

    pub fn delete(&self, topic: &str) -> Result<()> {
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        let answers = self
            .runtime
            .block_on(self.admin.delete_topics(&[topic], &options))?;
        done(answers, "delete")
    }

    /// Writes a file of lines to each partition, in its order.
    pub fn fill(&self, topic: &str, folder: &Path) -> Result<()> {
        let mut files: Vec<_> = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        files.sort();
        ensure!(
            files.len() == PARTITIONS as usize,
            "there are {} files in {} for {PARTITIONS} partitions",
            files.len(),
            folder.display()
        );
        let producer: BaseProducer = client(&self.broker).set("enable.idempotence", "true").create()?;
        for (partition, file) in (0..).zip(&files) {
            for line in BufReader::with_capacity(1 << 20, File::open(file)?).split(b'\n') {
                let line = line?;
                let mut record = BaseRecord::<(), [u8]>::to(topic)
                    .partition(partition)
                    .payload(&line[..]);
                while let Err((error, refused)) = producer.send(record) {
                    if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                        return Err(error).context("cannot write events to Kafka");
                    }
                    producer.poll(POLL);
                    record = refused;
                }
            }
        }
        producer.flush(PATIENCE).context("cannot write events to Kafka")
    }

    /// What all committed records of a topic have in common with others, byte by byte.
    pub fn digest(&self, topic: &str) -> Result<Digest> {
        let consumer: BaseConsumer = client(&self.broker)
            .set("group.id", "bench")
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .create()?;
        let mut places = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            places.add_partition_offset(topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&places)?;
        let mut digest = Digest::default();
        let mut at_their_end = 0;
        let began = Instant::now();
        while at_their_end < PARTITIONS {
            ensure!(
                began.elapsed() < PATIENCE,
                "topic '{topic}' could not be read to its end"
            );
            match consumer.poll(POLL) {
                None => {}
                Some(Ok(message)) => {
                    let row = message.payload().context("a record without a value")?;
                    digest.count(&row, true);
                }
                Some(Err(KafkaError::PartitionEOF(_))) => at_their_end += 1,
                Some(Err(error)) => bail!("cannot read topic '{topic}': {error}"),
            }
        }
        Ok(digest)
    }
}

fn client(broker: &Broker) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &broker.address);
    config
}

fn done(answers: Vec<Result<String, (String, RDKafkaErrorCode)>>, what: &str) -> Result<()> {
    for answer in answers {
        if let Err((topic, code)) = answer {
            bail!("cannot {what} topic '{topic}': {code}");
        }
    }
    Ok(())
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is removed by the next.
        let _ = fs::remove_dir_all(&self.0);
    }
}
