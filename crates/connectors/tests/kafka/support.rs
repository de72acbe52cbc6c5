//! What the tests share: tables on the broker, topics made and filled by a client of its own, readers driven to where
//! a test wants them.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use arrow_array::{Array, RecordBatch};
use connectors::{Access, NetworkAccess};
use dataflow::{
    Chunk, Error, EvaluationContext, OnUnreadable, Options, ReadOutcome, Registry, ScanRequest, Sink,
    SinkRequest, Source, Split, SplitReader, TableDescriptor,
};
use model::{DataType, Field, Schema, TypeKind};
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message as _, OwnedHeaders, OwnedMessage};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stdx::SystemClock;

#[path = "../../../../tests/kafka/broker.rs"]
mod broker;

pub use broker::Broker;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn address() -> &'static str {
    &Broker::shared().address
}

/// A name that no other test has.
pub fn unique(name: &str) -> String {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("{name}-{}-{count}", std::process::id())
}

/// Runs what is ready soon.
fn wait_for<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

fn client_config(address: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", address);
    config
}

fn admin(address: &str) -> AdminClient<DefaultClientContext> {
    client_config(address).create().unwrap()
}

pub fn create_topic_at(address: &str, topic: &str, partitions: i32) {
    let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    let created = wait_for(admin(address).create_topics([&new], &AdminOptions::new())).unwrap();
    created.into_iter().for_each(|topic| {
        topic.unwrap();
    });
}

/// A topic of its own for a test.
pub fn topic(partitions: i32) -> String {
    let topic = unique("topic");
    create_topic_at(address(), &topic, partitions);
    topic
}

pub fn delete(topic: &str) {
    let deleted = wait_for(admin(address()).delete_topics(&[topic], &AdminOptions::new())).unwrap();
    deleted.into_iter().for_each(|topic| {
        topic.unwrap();
    });
}

pub fn grow(topic: &str, partitions: usize) {
    let new = NewPartitions::new(topic, partitions);
    let grown = wait_for(admin(address()).create_partitions([&new], &AdminOptions::new())).unwrap();
    grown.into_iter().for_each(|topic| {
        topic.unwrap();
    });
}

/// A record as a test writes it.
#[derive(Default, Clone)]
pub struct Put<'a> {
    pub partition: i32,
    pub key: Option<&'a str>,
    pub value: Option<&'a str>,
    pub time_ms: Option<i64>,
    pub headers: &'a [(&'a str, Option<&'a str>)],
}

pub fn put_at(address: &str, topic: &str, records: &[Put<'_>]) {
    let producer: BaseProducer = client_config(address).create().unwrap();
    send(&producer, topic, records);
    producer.flush(PATIENCE).unwrap();
}

fn send(producer: &BaseProducer, topic: &str, records: &[Put<'_>]) {
    for put in records {
        let mut record = BaseRecord::<str, str>::to(topic).partition(put.partition);
        record.key = put.key;
        record.payload = put.value;
        record.timestamp = put.time_ms;
        let mut headers = OwnedHeaders::new();
        for (key, value) in put.headers {
            headers = headers.insert(rdkafka::message::Header { key, value: *value });
        }
        if !put.headers.is_empty() {
            record.headers = Some(headers);
        }
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
}

pub fn put(topic: &str, records: &[Put<'_>]) {
    put_at(address(), topic, records);
}

/// Writes values that are no text.
pub fn put_bytes(topic: &str, values: &[Vec<u8>]) {
    let producer: BaseProducer = client_config(address()).create().unwrap();
    for value in values {
        let record = BaseRecord::<str, [u8]>::to(topic).partition(0).payload(value);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

pub fn put_values(topic: &str, partition: i32, values: &[&str]) {
    let records: Vec<Put<'_>> = values
        .iter()
        .map(|value| Put {
            partition,
            value: Some(value),
            ..Put::default()
        })
        .collect();
    put(topic, &records);
}

/// Writes in transactions: those that are kept and one that is not.
pub fn put_in_transactions(topic: &str, kept: &[&str], aborted: &[&str]) {
    let mut config = client_config(address());
    config.set("transactional.id", unique("transaction"));
    let producer: BaseProducer = config.create().unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    let of = |values: &[&str]| {
        producer.begin_transaction().unwrap();
        let records: Vec<Put<'_>> = values
            .iter()
            .map(|value| Put {
                value: Some(value),
                ..Put::default()
            })
            .collect();
        send(&producer, topic, &records);
        producer.flush(PATIENCE).unwrap();
    };
    of(aborted);
    producer.abort_transaction(PATIENCE).unwrap();
    of(kept);
    producer.commit_transaction(PATIENCE).unwrap();
}

pub fn commit(topic: &str, group: &str, partition: i32, offset: i64) {
    let mut config = client_config(address());
    config.set("group.id", group);
    let consumer: BaseConsumer = config.create().unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets
        .add_partition_offset(topic, partition, Offset::Offset(offset))
        .unwrap();
    consumer
        .commit(&offsets, rdkafka::consumer::CommitMode::Sync)
        .unwrap();
}

/// All records of a topic, by partition and offset, as another client reads them.
pub fn records(topic: &str) -> Vec<OwnedMessage> {
    let mut config = client_config(address());
    config.set("group.id", unique("reader"));
    config.set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
    let partitions = metadata.topics()[0].partitions();
    let mut assigned = TopicPartitionList::new();
    for partition in partitions {
        assigned
            .add_partition_offset(topic, partition.id(), Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&assigned).unwrap();
    let (mut found, mut ended) = (Vec::new(), 0);
    let deadline = Instant::now() + PATIENCE;
    while ended < partitions.len() {
        assert!(Instant::now() < deadline, "the topic has no end");
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => found.push(message.detach()),
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => ended += 1,
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
    }
    found.sort_by_key(|message| (message.partition(), message.offset()));
    found
}

/// `key=value` of every record, `-` for none.
pub fn texts(records: &[OwnedMessage]) -> Vec<String> {
    let text = |bytes: Option<&[u8]>| match bytes {
        Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        None => "-".to_string(),
    };
    let records = records.iter();
    records
        .map(|record| format!("{}={}", text(record.key()), text(record.payload())))
        .collect()
}

pub fn headers(record: &OwnedMessage) -> Vec<(String, String)> {
    let Some(headers) = record.headers() else {
        return Vec::new();
    };
    headers
        .iter()
        .map(|header| {
            let value = String::from_utf8_lossy(header.value.unwrap_or_default());
            (header.key.to_string(), value.into_owned())
        })
        .collect()
}

/// A table, as the planner shows it to its connector.
pub struct Table {
    registry: Registry,
    connector: String,
    schema: Schema,
    primary_key: Vec<String>,
    entries: Vec<(String, String)>,
    context: Arc<EvaluationContext>,
}

pub fn schema(columns: &[(&str, TypeKind)]) -> Schema {
    let columns = columns.iter();
    Schema::new(
        columns
            .map(|(name, kind)| Field::new(*name, kind.clone().nullable()))
            .collect(),
    )
}

/// `id INT, name STRING`
pub fn id_and_name() -> Schema {
    schema(&[("id", TypeKind::Int), ("name", TypeKind::STRING)])
}

impl Table {
    /// A table on the shared broker.
    pub fn new(connector: &str, schema: Schema, options: &[(&str, &str)]) -> Table {
        Table::at(address(), connector, schema, options)
    }

    pub fn at(address: &str, connector: &str, schema: Schema, options: &[(&str, &str)]) -> Table {
        let own = [
            ("connector", connector),
            ("properties.bootstrap.servers", address),
        ];
        let entries = own.iter().chain(options);
        let table = Table {
            registry: Registry::default(),
            connector: connector.to_string(),
            schema,
            primary_key: Vec::new(),
            entries: entries
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect(),
            context: Arc::new(EvaluationContext::new(chrono_tz::UTC, Arc::new(SystemClock))),
        };
        table.with_network(NetworkAccess::everything())
    }

    pub fn with_network(mut self, network: NetworkAccess) -> Table {
        self.registry = Registry::default();
        let output: connectors::Stream = Arc::new(Mutex::new(Vec::new()));
        let access = Access {
            network,
            ..Access::everything()
        };
        for format in connectors::formats(&access) {
            self.registry.add_format(format);
        }
        for connector in connectors::with_access(output, access) {
            self.registry.add_connector(connector);
        }
        for format in formats::all() {
            self.registry.add_format(format);
        }
        self
    }

    /// Another table of the same program at the same broker, with other options.
    pub fn like(&self, connector: &str, options: &[(&str, &str)]) -> Table {
        let entries = options
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()));
        let servers = self
            .entries
            .iter()
            .find(|(key, _)| key == "properties.bootstrap.servers");
        Table {
            registry: self.registry.clone(),
            connector: connector.to_string(),
            schema: self.schema.clone(),
            primary_key: Vec::new(),
            entries: entries
                .chain(servers.cloned())
                .chain([("connector".to_string(), connector.to_string())])
                .collect(),
            context: Arc::clone(&self.context),
        }
    }

    pub fn with_primary_key(mut self, columns: &[&str]) -> Table {
        self.primary_key = columns.iter().map(|column| column.to_string()).collect();
        self
    }

    fn with<T>(&self, use_table: impl FnOnce(&TableDescriptor<'_>, &dyn dataflow::Connector) -> T) -> T {
        let options = Options::new(self.entries.iter().cloned().collect());
        let connector = self.registry.connector(&self.connector).unwrap();
        let descriptor = TableDescriptor {
            path: "default_catalog.default_database.t",
            physical: &self.schema,
            partition_keys: &[],
            primary_key: &self.primary_key,
            options: &options,
            registry: &self.registry,
            context: &self.context,
        };
        use_table(&descriptor, connector.as_ref())
    }

    /// The source of these columns, and of metadata by its keys.
    pub fn scan(&self, columns: &[&str], metadata: &[&str]) -> Result<Arc<dyn Source>, Error> {
        self.scan_on_unreadable(columns, metadata, OnUnreadable::Fail)
    }

    pub fn scan_on_unreadable(
        &self,
        columns: &[&str],
        metadata: &[&str],
        on_unreadable: OnUnreadable,
    ) -> Result<Arc<dyn Source>, Error> {
        let fields = self.schema.fields.iter();
        let wanted = fields.filter(|field| columns.contains(&field.name.as_str()));
        self.with(|table, connector| {
            let known = connector.metadata(table);
            let metadata = metadata.iter().map(|key| {
                let found = known.iter().find(|(name, ..)| name == key);
                let data_type = found.map(|(_, data_type, _)| data_type.clone());
                (key.to_string(), data_type.unwrap_or(TypeKind::STRING.nullable()))
            });
            let request = ScanRequest {
                columns: Schema::new(wanted.cloned().collect()),
                metadata: metadata.collect(),
                event_time: true,
                on_unreadable,
            };
            connector.source(table, &request)
        })
        .map(|source| source.expect("it reads"))
    }

    /// The source of all columns.
    pub fn source(&self) -> Result<Arc<dyn Source>, Error> {
        let names: Vec<&str> = self.schema.names().collect();
        self.scan(&names, &[])
    }

    pub fn sink(&self) -> Result<Arc<dyn Sink>, Error> {
        self.sink_with(&[])
    }

    pub fn sink_with(&self, metadata: &[(&str, DataType)]) -> Result<Arc<dyn Sink>, Error> {
        let metadata = metadata.iter().map(|(key, kind)| (key.to_string(), kind.clone()));
        let request = SinkRequest {
            columns: self.schema.clone(),
            metadata: metadata.collect(),
            static_partition: Vec::new(),
            overwrite: false,
        };
        self.with(|table, connector| connector.sink(table, &request))
            .map(|sink| sink.expect("it writes"))
    }
}

/// What a reader gave: chunks, and whether it came to its end.
pub struct Readout {
    pub chunks: Vec<Chunk>,
    pub ended: bool,
}

/// Reads until the end, or until there are enough rows.
pub fn read_some(
    reader: &mut dyn SplitReader,
    rows_enough: usize,
    rows_max: usize,
) -> Result<Readout, Error> {
    let deadline = Instant::now() + PATIENCE;
    let mut chunks: Vec<Chunk> = Vec::new();
    loop {
        let rows: usize = chunks.iter().map(Chunk::rows).sum();
        if rows >= rows_enough {
            return Ok(Readout { chunks, ended: false });
        }
        assert!(Instant::now() < deadline, "only {rows} rows came");
        match reader.read(rows_max)? {
            ReadOutcome::Rows(batch) => chunks.push(Chunk::inserts(batch)),
            ReadOutcome::Changes(chunk) => chunks.push(chunk),
            ReadOutcome::Pending(wait) => std::thread::sleep(wait),
            ReadOutcome::End => return Ok(Readout { chunks, ended: true }),
        }
    }
}

/// The rows of all splits, each read to its end.
pub fn read_bounded(source: &dyn Source) -> Result<Vec<String>, Error> {
    let mut rows = Vec::new();
    for split in source.splits(1)? {
        rows.extend(read_split(source, &split)?);
    }
    Ok(rows)
}

pub fn read_split(source: &dyn Source, split: &Split) -> Result<Vec<String>, Error> {
    let readout = read_some(&mut *source.open(split, None)?, usize::MAX, 4096)?;
    assert!(readout.ended);
    Ok(rows_text(&readout.chunks))
}

/// `1|one` for an insert, `+U 1|one` for other kinds.
pub fn rows_text(chunks: &[Chunk]) -> Vec<String> {
    let mut rows = Vec::new();
    for chunk in chunks {
        for row in 0..chunk.rows() {
            let text = row_text(&chunk.batch, row);
            rows.push(match &chunk.kinds {
                None => text,
                Some(_) => format!("{} {text}", chunk.kind(row)),
            });
        }
    }
    rows
}

fn row_text(batch: &RecordBatch, row: usize) -> String {
    let options = arrow_cast::display::FormatOptions::default().with_null("-");
    let columns = batch.columns().iter();
    let values = columns.map(|column| {
        // Times as in UTC, without naming it.
        let column = match column.data_type() {
            arrow_schema::DataType::Timestamp(unit, Some(_)) => {
                arrow_cast::cast(column, &arrow_schema::DataType::Timestamp(*unit, None)).unwrap()
            }
            _ => Arc::clone(column),
        };
        let formatter = arrow_cast::display::ArrayFormatter::try_new(&column, &options).unwrap();
        formatter.value(row).to_string()
    });
    values.collect::<Vec<_>>().join("|")
}

/// The message and the hint of an error that a person can act on.
pub fn told<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, Option<String>) {
    match result.unwrap_err() {
        Error::Option(error) => (error.message, error.hint),
        other => (other.to_string(), None),
    }
}
