//! Reads one partition, through a queue of its own.
//!
//! The client fetches ahead by itself; how much it holds is bounded by its settings. A message keeps the bytes of the
//! response it came in, so that messages are not kept for long.

use std::ffi::CStr;
use std::sync::Arc;

use dataflow::Error;
use rdkafka_sys::bindings as sys;
use rdkafka_sys::types::RDKafkaRespErr as Code;

use super::{Client, Topic, TopicPartition, describe, io_error, last_code};

/// What comes out of a partition.
#[derive(Debug)]
pub enum Event {
    Message(Message),
    /// Everything before this offset has come, and there is no more for now.
    End(i64),
}

/// A partition that is being read, until it is dropped.
pub struct PartitionConsumer {
    place: TopicPartition,
    topic: Topic,
    queue: Queue,
    /// Room for what a batch hands over.
    batch: Vec<*mut sys::rd_kafka_message_t>,
    /// Dropped last.
    client: Arc<Client>,
}

// SAFETY: what it points to may be used from any thread, one at a time.
unsafe impl Send for PartitionConsumer {}

struct Queue(*mut sys::rd_kafka_queue_t);

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: it was made by `rd_kafka_queue_new`.
        unsafe { sys::rd_kafka_queue_destroy(self.0) };
    }
}

impl PartitionConsumer {
    pub fn start(client: &Arc<Client>, place: &TopicPartition, offset: i64) -> Result<Self, Error> {
        let topic = Topic::new(client, &place.topic)?;
        // SAFETY: the client is alive, the queue is its own.
        let queue = Queue(unsafe { sys::rd_kafka_queue_new(client.handle) });
        // SAFETY: topic and queue are of this client.
        let started = unsafe { sys::rd_kafka_consume_start_queue(topic.0, place.partition, offset, queue.0) };
        if started != 0 {
            return Err(client.failure(&format!("read {place}"), last_code()));
        }
        Ok(PartitionConsumer {
            place: place.clone(),
            topic,
            queue,
            batch: Vec::new(),
            client: Arc::clone(client),
        })
    }

    /// Appends what has come, at most `count_max` events, without waiting. Errors that pass by themselves are not
    /// told.
    pub fn take(&mut self, count_max: usize, events: &mut Vec<Event>) -> Result<(), Error> {
        self.client.serve()?;
        self.batch.clear();
        self.batch.reserve(count_max);
        // SAFETY: there is room for as many as told.
        let count =
            unsafe { sys::rd_kafka_consume_batch_queue(self.queue.0, 0, self.batch.as_mut_ptr(), count_max) };
        let Ok(count) = usize::try_from(count) else {
            return Err(self.client.failure(&format!("read {}", self.place), last_code()));
        };
        // SAFETY: that many were written, no more than there is room for.
        unsafe { self.batch.set_len(count.min(count_max)) };
        let mut failed = None;
        // All of them are taken, so that all are freed.
        for message in self.batch.drain(..) {
            let message = Message(message);
            match message.code() {
                Code::RD_KAFKA_RESP_ERR_NO_ERROR => events.push(Event::Message(message)),
                Code::RD_KAFKA_RESP_ERR__PARTITION_EOF => events.push(Event::End(message.offset())),
                code if passes(code) => {
                    tracing::warn!(partition = %self.place, reason = message.error(), "kafka does not answer");
                }
                _ => {
                    failed.get_or_insert_with(|| message.error());
                }
            }
        }
        match failed {
            None => Ok(()),
            Some(reason) => {
                let TopicPartition { topic, partition } = &self.place;
                let what = format!("read topic '{topic}', partition {partition}");
                Err(io_error(&what, &reason))
            }
        }
    }
}

/// What librdkafka goes on after, by itself.
fn passes(code: Code) -> bool {
    matches!(
        code,
        Code::RD_KAFKA_RESP_ERR__TRANSPORT
            | Code::RD_KAFKA_RESP_ERR__TIMED_OUT
            | Code::RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN
            | Code::RD_KAFKA_RESP_ERR__RESOLVE
            | Code::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
            | Code::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION
            | Code::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT
            | Code::RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE
            | Code::RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE
            | Code::RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION
    )
}

impl Drop for PartitionConsumer {
    fn drop(&mut self) {
        // SAFETY: it was started, and is stopped once.
        unsafe { sys::rd_kafka_consume_stop(self.topic.0, self.place.partition) };
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampType {
    None,
    CreateTime,
    LogAppendTime,
}

/// A message or an error, freed at its end.
#[derive(Debug)]
pub struct Message(*mut sys::rd_kafka_message_t);

// SAFETY: a message is only read, and freed by whichever thread has it.
unsafe impl Send for Message {}

impl Message {
    fn raw(&self) -> &sys::rd_kafka_message_t {
        // SAFETY: it is alive until it is dropped.
        unsafe { &*self.0 }
    }

    fn code(&self) -> Code {
        self.raw().err
    }

    fn error(&self) -> String {
        // SAFETY: NULL, or a text that ends with NUL and lives as long as the message.
        unsafe {
            let text = sys::rd_kafka_message_errstr(self.0);
            match text.is_null() {
                true => describe(self.code()),
                false => CStr::from_ptr(text).to_string_lossy().into_owned(),
            }
        }
    }

    pub fn offset(&self) -> i64 {
        self.raw().offset
    }

    pub fn key(&self) -> Option<&[u8]> {
        let raw = self.raw();
        // SAFETY: the message keeps its bytes.
        unsafe { bytes(raw.key, raw.key_len) }
    }

    /// `None` for a tombstone.
    pub fn value(&self) -> Option<&[u8]> {
        let raw = self.raw();
        // SAFETY: the message keeps its bytes.
        unsafe { bytes(raw.payload, raw.len) }
    }

    pub fn size_bytes(&self) -> usize {
        self.raw().len + self.raw().key_len
    }

    /// In milliseconds; -1 if it has none.
    pub fn timestamp(&self) -> (i64, TimestampType) {
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive.
        let time_ms = unsafe { sys::rd_kafka_message_timestamp(self.0, &mut kind) };
        let kind = match kind {
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE => TimestampType::None,
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_CREATE_TIME => TimestampType::CreateTime,
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME => {
                TimestampType::LogAppendTime
            }
        };
        (time_ms, kind)
    }

    /// `None` if the broker is too old to tell.
    pub fn leader_epoch(&self) -> Option<i32> {
        // SAFETY: the message is alive.
        let epoch = unsafe { sys::rd_kafka_message_leader_epoch(self.0) };
        (epoch >= 0).then_some(epoch)
    }

    /// Shows every header, in order: its name and its bytes.
    pub fn each_header<'a>(&'a self, mut show: impl FnMut(&'a CStr, Option<&'a [u8]>)) {
        let mut headers = std::ptr::null_mut();
        // SAFETY: headers, names and values live as long as the message.
        unsafe {
            if sys::rd_kafka_message_headers(self.0, &mut headers) != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
                return;
            }
            for index in 0.. {
                let (mut name, mut value, mut size) = (std::ptr::null(), std::ptr::null(), 0);
                let code = sys::rd_kafka_header_get_all(headers, index, &mut name, &mut value, &mut size);
                if code != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
                    return;
                }
                show(CStr::from_ptr(name), bytes(value, size));
            }
        }
    }
}

/// # Safety
/// NULL, or as many bytes as told for as long as the result is used.
unsafe fn bytes<'a>(first: *const std::ffi::c_void, length: usize) -> Option<&'a [u8]> {
    // SAFETY: as promised.
    (!first.is_null()).then(|| unsafe { std::slice::from_raw_parts(first.cast::<u8>(), length) })
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: it was handed over by the queue.
        unsafe { sys::rd_kafka_message_destroy(self.0) };
    }
}
