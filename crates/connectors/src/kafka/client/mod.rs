//! A thin layer over librdkafka: its handles as types, its errors as ours, its connections by our rules.
//!
//! The wrappers at hand set no hook before a connection is made, and every broker that a cluster advertises would be
//! dialled. Here [`hooks`] asks [`NetworkAccess`] about each address before it is connected to. Nothing else in the
//! connector calls C.

mod consumer;
mod hooks;
mod metadata;
mod offsets;
mod producer;
mod settings;
mod transactions;

use std::ffi::{CStr, CString};
use std::io;
use std::time::Duration;

use dataflow::{Error, OptionError};
use rdkafka_sys::bindings as sys;
use rdkafka_sys::types::RDKafkaRespErr as Code;

use self::hooks::Context;
use self::settings::{Configuration, MESSAGE_BYTES_MAX, Text};
use crate::network::NetworkAccess;

pub use consumer::{Event, Message, PartitionConsumer, TimestampType};
pub use metadata::Topics;
pub use offsets::At;
pub use producer::{Producer, Record};
pub use settings::Settings;

/// How long the cluster may take to answer a question about itself, try by try: between them is looked whether it
/// will ever.
const ANSWER_PATIENCE: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Consumer,
    Producer,
}

/// A partition of a topic, `topic-partition` in text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    pub topic: String,
    pub partition: i32,
}

impl std::fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// A client of a cluster, shared by all that read or write through it.
pub struct Client {
    handle: *mut sys::rd_kafka_t,
    /// Where hooks leave what they saw. The handle points to it, and goes first.
    context: Box<Context>,
}

// SAFETY: librdkafka's handles may be used from all threads at once; what the hooks write stands behind locks.
unsafe impl Send for Client {}
// SAFETY: as above.
unsafe impl Sync for Client {}

impl Client {
    /// Makes a client. It connects by itself, later.
    pub fn new(
        kind: Kind,
        settings: &Settings,
        servers: &str,
        network: NetworkAccess,
    ) -> Result<Client, Error> {
        let configuration = Configuration::new(settings)?;
        let context = Box::new(Context::new(network, servers));
        hooks::install(configuration.0, kind, &context);
        let mut text = Text::new();
        let kind = match kind {
            Kind::Consumer => sys::rd_kafka_type_t::RD_KAFKA_CONSUMER,
            Kind::Producer => sys::rd_kafka_type_t::RD_KAFKA_PRODUCER,
        };
        // SAFETY: the configuration is whole, and the client's from now on unless there is none.
        let handle = unsafe { sys::rd_kafka_new(kind, configuration.0, text.room(), MESSAGE_BYTES_MAX) };
        if handle.is_null() {
            let message = format!(
                "the options of the Kafka client do not go together: {}",
                text.read()
            );
            return Err(OptionError {
                key: None,
                message,
                hint: Some("look at the options that begin with 'properties.'".to_string()),
            }
            .into());
        }
        std::mem::forget(configuration);
        Ok(Client { handle, context })
    }

    /// Lets librdkafka tell what it has to tell, without waiting. Fails if it must not reach a broker, is not let in,
    /// or cannot go on at all.
    pub fn serve(&self) -> Result<(), Error> {
        self.wait(Duration::ZERO)
    }

    /// The same, waiting for something to tell.
    fn wait(&self, patience: Duration) -> Result<(), Error> {
        // SAFETY: the handle is alive. Callbacks run on this thread and take no lock that is held here.
        unsafe { sys::rd_kafka_poll(self.handle, milliseconds(patience)) };
        self.check()
    }

    fn check(&self) -> Result<(), Error> {
        if let Some(refusal) = self.context.refusal() {
            let message = format!("a broker of the cluster is out of reach: {}", refusal.message);
            return Err(OptionError {
                key: Some("properties.bootstrap.servers".to_string()),
                message,
                hint: refusal.hint,
            }
            .into());
        }
        if let Some(rejection) = self.context.rejection() {
            return Err(io_error("sign in to Kafka", &rejection));
        }
        let mut text = Text::new();
        // SAFETY: the room is as long as told.
        let fatal = unsafe { sys::rd_kafka_fatal_error(self.handle, text.room(), MESSAGE_BYTES_MAX) };
        if fatal == Code::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Ok(());
        }
        Err(match transactions::told(fatal) {
            Some(told) => told.into(),
            None => io_error("talk to Kafka", &text.read()),
        })
    }

    /// Asks the cluster something, within a time in milliseconds. After silence it is asked again with more time;
    /// anything else is an answer.
    fn ask(&self, what: &str, mut question: impl FnMut(i32) -> Code) -> Result<(), Error> {
        let mut last = Code::RD_KAFKA_RESP_ERR__TIMED_OUT;
        for patience in ANSWER_PATIENCE {
            last = question(milliseconds(patience));
            self.serve()?;
            match last {
                Code::RD_KAFKA_RESP_ERR_NO_ERROR => return Ok(()),
                code if is_silence(code) => {}
                code if is_moving(code) => std::thread::sleep(patience / 2),
                code => return Err(self.failure(what, code)),
            }
        }
        Err(self.failure(what, last))
    }

    /// What went wrong, and what the client last heard of its brokers if it cannot reach one.
    fn failure(&self, what: &str, code: Code) -> Error {
        if let Err(error) = self.check() {
            return error;
        }
        let reason = match is_silence(code) {
            true => {
                let servers = &self.context.servers;
                let last = self.context.last_error().unwrap_or_else(|| describe(code));
                format!("no broker at '{servers}' answers: {last}")
            }
            false => describe(code),
        };
        io_error(what, &reason)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        const QUEUED_AND_IN_FLIGHT: i32 = 1 | 2;
        // What was not flushed was not promised: without this a producer would go on trying. Of a consumer it is
        // refused, which does no harm.
        // SAFETY: topics, queues and messages hold the client, so none of them is left.
        unsafe {
            sys::rd_kafka_purge(self.handle, QUEUED_AND_IN_FLIGHT);
            sys::rd_kafka_destroy(self.handle);
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("servers", &self.context.servers)
            .finish_non_exhaustive()
    }
}

/// A topic as librdkafka knows it.
struct Topic(*mut sys::rd_kafka_topic_t);

impl Topic {
    fn new(client: &Client, name: &str) -> Result<Topic, Error> {
        let text = c_text(name)?;
        // SAFETY: the name ends with NUL; without settings of its own it has those of the client.
        let topic = unsafe { sys::rd_kafka_topic_new(client.handle, text.as_ptr(), std::ptr::null_mut()) };
        if topic.is_null() {
            return Err(client.failure(&format!("open topic '{name}'"), last_code()));
        }
        Ok(Topic(topic))
    }
}

impl Drop for Topic {
    fn drop(&mut self) {
        // SAFETY: it was made by `rd_kafka_topic_new` and is counted.
        unsafe { sys::rd_kafka_topic_destroy(self.0) };
    }
}

/// Whether nobody answered, or not in time.
fn is_silence(code: Code) -> bool {
    matches!(
        code,
        Code::RD_KAFKA_RESP_ERR__TRANSPORT
            | Code::RD_KAFKA_RESP_ERR__TIMED_OUT
            | Code::RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE
            | Code::RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN
            | Code::RD_KAFKA_RESP_ERR__WAIT_COORD
    )
}

/// Whether what is asked for is about to be found elsewhere, or at the same place in a moment.
fn is_moving(code: Code) -> bool {
    matches!(
        code,
        Code::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS
            | Code::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE
            | Code::RD_KAFKA_RESP_ERR_NOT_COORDINATOR
    )
}

fn last_code() -> Code {
    // SAFETY: it reads what the last call on this thread left.
    unsafe { sys::rd_kafka_last_error() }
}

fn describe(code: Code) -> String {
    // SAFETY: the texts are constants of the library.
    let text = unsafe { CStr::from_ptr(sys::rd_kafka_err2str(code)) };
    text.to_string_lossy().into_owned()
}

fn c_text(text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error::internal("a name for Kafka has a NUL byte in it"))
}

fn io_error(what: &str, reason: &str) -> Error {
    Error::io(what, io::Error::other(reason.to_string()))
}

fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
