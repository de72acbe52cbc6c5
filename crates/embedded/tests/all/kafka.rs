//! From Kafka to Kafka, on a real broker.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use model::AddressRules;
use rdkafka::Message;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use runner::{End, Restore, RunSpec, RunState, Runner, StoppedBy};
use stdx::{Clock, Random, SystemClock};

use crate::recovery::{given, pause};
use crate::support::{PATIENCE, Place};

#[path = "../../../../tests/kafka/broker.rs"]
#[allow(dead_code, reason = "tests of the connector ask for more of it")]
mod broker;

use broker::Broker;

const ROWS: i64 = 20_000;

/// Two tables of numbers, each with its time, and where those go that are in both at the same time.
const TABLES: &str = "
CREATE TABLE orders (id BIGINT, ts AS TO_TIMESTAMP_LTZ(id, 3), WATERMARK FOR ts AS ts) WITH (
  'connector' = 'kafka', 'topic' = 'orders', 'properties.bootstrap.servers' = '${broker}', 'format' = 'json',
  'scan.startup.mode' = 'earliest-offset');
CREATE TABLE clicks (id BIGINT, ts AS TO_TIMESTAMP_LTZ(id, 3), WATERMARK FOR ts AS ts) WITH (
  'connector' = 'kafka', 'topic' = 'clicks', 'properties.bootstrap.servers' = '${broker}', 'format' = 'json',
  'scan.startup.mode' = 'earliest-offset');
CREATE TABLE joined (id BIGINT) WITH (
  'connector' = 'kafka', 'topic' = 'joined', 'properties.bootstrap.servers' = '${broker}', 'format' = 'raw',
  'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = 'join');";

const FEED: &str = "
CREATE TABLE numbers (id BIGINT) WITH (
  'connector' = 'datagen', 'rows-per-second' = '4000', 'number-of-rows' = '20000',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '19999');
EXECUTE STATEMENT SET BEGIN
  INSERT INTO orders SELECT id FROM numbers;
  INSERT INTO clicks SELECT id FROM numbers;
END;";

const JOIN: &str = "
SET 'execution.checkpointing.interval' = '100 ms';
SET 'execution.checkpointing.incremental' = 'true';
INSERT INTO joined SELECT o.id
  FROM (SELECT * FROM TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '0.1' SECOND)) o
  JOIN (SELECT * FROM TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '0.1' SECOND)) c
  ON o.id = c.id AND o.window_start = c.window_start AND o.window_end = c.window_end;";

fn spec(place: &Place, broker: &Broker, deployment: &str, number: u64, sql: &str) -> RunSpec {
    let sql = format!("{TABLES}{sql}").replace("${broker}", &broker.address);
    let mut spec = place.spec(&format!("rn_{deployment}_{number}"), number, &sql);
    spec.deployment_id = format!("dp_{deployment}");
    spec.restore = Restore::Latest { since_epoch: 1 };
    spec.program.network = AddressRules::loopback();
    spec
}

fn client(broker: &Broker) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &broker.address);
    config
}

fn create_topic(broker: &Broker, name: &str) {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let admin: AdminClient<DefaultClientContext> = client(broker).create().unwrap();
    let new = NewTopic::new(name, 1, TopicReplication::Fixed(1));
    let (new, options) = ([new], AdminOptions::new());
    let mut creating = std::pin::pin!(admin.create_topics(&new, &options));
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match creating.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(created) => {
                created
                    .unwrap()
                    .into_iter()
                    .for_each(|topic| drop(topic.unwrap()));
                return;
            }
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Numbers in a topic that are committed, read until there are so many and nothing more comes.
fn committed(broker: &Broker, topic: &str, count: usize) -> Vec<i64> {
    let mut config = client(broker);
    config
        .set("group.id", "test")
        .set("isolation.level", "read_committed");
    config.set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut places = TopicPartitionList::new();
    places.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&places).unwrap();
    let began = Instant::now();
    let mut numbers = Vec::new();
    let mut quiet = 0;
    while quiet < 20 {
        assert!(
            began.elapsed() < PATIENCE,
            "{} of {count} numbers in '{topic}'",
            numbers.len()
        );
        match consumer.poll(Duration::from_millis(100)) {
            Some(message) => {
                let message = message.unwrap();
                // The format raw writes numbers as their bytes, the first the highest.
                let bytes: [u8; 8] = message.payload().unwrap().try_into().unwrap();
                numbers.push(i64::from_be_bytes(bytes));
                quiet = 0;
            }
            None if numbers.len() >= count => quiet += 1,
            None => {}
        }
    }
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_join_from_kafka_to_kafka_that_is_killed_again_and_again_writes_every_row_once() {
    let seed = given("OCEANUS_TEST_SEED").unwrap_or_else(|| SystemClock.now_us() as u64);
    let kills = given("OCEANUS_TEST_KILLS").unwrap_or(10);
    let what = format!("OCEANUS_TEST_SEED={seed} OCEANUS_TEST_KILLS={kills}");
    let random = &mut Random::new(seed);
    let broker = Broker::start(None);
    for topic in ["orders", "clicks", "joined"] {
        create_topic(&broker, topic);
    }
    let place = Place::new();
    let feed = spec(&place, &broker, "feed", 1, FEED);
    place.runner.start(&feed).unwrap();
    let mut restored = 0;
    let mut number = 0;
    let join = loop {
        number += 1;
        let mut join = spec(&place, &broker, "join", number, JOIN);
        join.parallelism = Some(random.between(1, 4) as u32);
        place.runner.start(&join).unwrap();
        if number > kills {
            break join;
        }
        pause(&place, &join.key(), random);
        let state = place.runner.kill(&join.key()).unwrap();
        let RunState::Ended(outcome) = state else {
            panic!("{what}: {state:?}");
        };
        assert_eq!(
            outcome.end,
            End::Stopped { by: StoppedBy::Kill },
            "{what}\n{}",
            place.log(&join.key())
        );
        restored += u64::from(outcome.metrics.checkpoints.restored.is_some());
    };
    let fed = place.outcome(&feed.key());
    assert_eq!(fed.end, End::Finished, "{}", place.log(&feed.key()));
    let numbers = committed(&broker, "joined", ROWS as usize);
    assert!(
        numbers.iter().copied().eq(0..ROWS),
        "{what}: {} numbers\n{}",
        numbers.len(),
        place.log(&join.key())
    );
    assert!(
        restored > 0 || kills < 10,
        "{what}: none went on from a checkpoint"
    );
    place.runner.stop(&join.key(), PATIENCE).unwrap();
}
