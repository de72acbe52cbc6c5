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
use crate::support::{PATIENCE, Place, wait_for};

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

fn feeding() -> String {
    format!("{TABLES}{FEED}")
}

fn joining() -> String {
    format!("{TABLES}{JOIN}")
}

fn spec(place: &Place, broker: &str, deployment: &str, number: u64, sql: &str) -> RunSpec {
    let sql = sql.replace("${broker}", broker);
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
    let feed = spec(&place, &broker.address, "feed", 1, &feeding());
    place.runner.start(&feed).unwrap();
    let mut restored = 0;
    let mut number = 0;
    let join = loop {
        number += 1;
        let mut join = spec(&place, &broker.address, "join", number, &joining());
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

/// Where an attempt dies in the middle of what it does with Kafka, and where the next one does on its way back.
const STEPS: [&str; 6] = [
    "checkpoint: its barrier has passed",
    "storage: a file is written",
    "checkpoint: it is kept",
    "checkpoint: its transaction is committed",
    "checkpoint: it is committed",
    "restore: earlier attempts are shut out",
];

#[test]
fn a_death_in_any_step_of_a_transaction_loses_and_repeats_nothing() {
    let broker = Broker::start(None);
    for topic in ["orders", "clicks", "joined"] {
        create_topic(&broker, topic);
    }
    let place = Place::new();
    let feed = spec(&place, &broker.address, "feed", 1, &feeding());
    place.runner.start(&feed).unwrap();
    let order = place.data().join("die-at");
    for (number, step) in (1..).zip(STEPS) {
        let count = if step.starts_with("restore") { 1 } else { 2 };
        std::fs::write(&order, format!("{count} {step}")).unwrap();
        let run = spec(&place, &broker.address, "join", number, &joining());
        place.runner.start(&run).unwrap();
        wait_for("a death", || match place.runner.observe(&run.key()).unwrap() {
            RunState::Lost { .. } => Some(()),
            state => {
                assert!(!state.is_over(), "{step} was not reached: {state:?}");
                None
            }
        });
    }
    let last = spec(
        &place,
        &broker.address,
        "join",
        STEPS.len() as u64 + 1,
        &joining(),
    );
    place.runner.start(&last).unwrap();
    let fed = place.outcome(&feed.key());
    assert_eq!(fed.end, End::Finished, "{}", place.log(&feed.key()));
    let numbers = committed(&broker, "joined", ROWS as usize);
    assert!(
        numbers.iter().copied().eq(0..ROWS),
        "{} numbers\n{}",
        numbers.len(),
        place.log(&last.key())
    );
    place.runner.stop(&last.key(), PATIENCE).unwrap();
}

/// A job that is started again when it fails, as the platform does.
struct Supervised<'a> {
    place: &'a Place,
    broker: String,
    name: &'static str,
    sql: String,
    attempts: u64,
    run: RunSpec,
}

impl<'a> Supervised<'a> {
    fn start(place: &'a Place, broker: &Broker, name: &'static str, sql: String) -> Supervised<'a> {
        let run = spec(place, &broker.address, name, 1, &sql);
        place.runner.start(&run).unwrap();
        Supervised {
            place,
            broker: broker.address.clone(),
            name,
            sql,
            attempts: 1,
            run,
        }
    }

    /// Whether it has come to its end.
    fn is_finished(&mut self) -> bool {
        let RunState::Ended(outcome) = self.place.runner.observe(&self.run.key()).unwrap() else {
            return false;
        };
        if outcome.end == End::Finished {
            return true;
        }
        let log = self.place.log(&self.run.key());
        assert!(matches!(outcome.end, End::Failed(_)), "{:?}", outcome.end);
        assert!(self.attempts < 20, "it does not come back\n{log}");
        self.attempts += 1;
        self.run = spec(self.place, &self.broker, self.name, self.attempts, &self.sql);
        self.place.runner.start(&self.run).unwrap();
        false
    }
}

#[test]
fn a_broker_that_is_gone_for_half_a_minute_costs_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(Some(folder.path()));
    for topic in ["orders", "clicks", "joined"] {
        create_topic(&broker, topic);
    }
    let place = Place::new();
    // Exactly once as well, so that it may be started again.
    let once = "'format' = 'json', 'sink.delivery-guarantee' = 'exactly-once',
        'sink.transactional-id-prefix' = 'feed', 'scan.startup.mode'";
    let feed = format!("SET 'execution.checkpointing.interval' = '100 ms'; {TABLES}{FEED}")
        .replace("'format' = 'json',\n  'scan.startup.mode'", once)
        .replace("'rows-per-second' = '4000'", "'rows-per-second' = '1000'");
    let mut feed = Supervised::start(&place, &broker, "feed", feed);
    let mut join = Supervised::start(&place, &broker, "join", joining());
    place.wait_for_rows(&join.run.key(), 2_000);

    let address = broker.address.clone();
    drop(broker);
    SystemClock.sleep(Duration::from_secs(30));
    let again = Broker::start(Some(folder.path()));
    assert_eq!(again.address, address, "it is where it was");

    wait_for("the feed", || {
        join.is_finished();
        feed.is_finished().then_some(())
    });
    let numbers = committed(&again, "joined", ROWS as usize);
    assert!(
        numbers.iter().copied().eq(0..ROWS),
        "{} numbers\n{}",
        numbers.len(),
        place.log(&join.run.key())
    );
    place.runner.stop(&join.run.key(), PATIENCE).unwrap();
}
