//! Writes records and learns what became of them.

use std::collections::HashMap;
use std::ffi::{CString, c_void};
use std::sync::Arc;
use std::time::Duration;

use dataflow::Error;
use rdkafka_sys::bindings as sys;
use rdkafka_sys::types::RDKafkaRespErr as Code;

use super::{Client, Topic, io_error, milliseconds};

/// The partition is for the partitioner to choose.
pub const ANY_PARTITION: i32 = -1;
/// The client copies what it is given.
const COPY: i32 = 2;
/// How long a full buffer waits for room before it looks for errors again.
const ROOM_PAUSE: Duration = Duration::from_millis(50);
/// The same, for records that are on their way.
const FLUSH_PAUSE: Duration = Duration::from_millis(200);

/// A record to be written.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    pub topic: &'a str,
    /// `None`: by the key, or in turn.
    pub partition: Option<i32>,
    pub key: Option<&'a [u8]>,
    /// `None` for a tombstone.
    pub value: Option<&'a [u8]>,
    /// In milliseconds; `None` for now.
    pub timestamp_ms: Option<i64>,
    pub headers: &'a [(CString, Vec<u8>)],
}

/// A client that writes, maybe for others too, and the topics it has written to.
pub struct Producer {
    topics: HashMap<String, Topic>,
    /// Dropped last.
    client: Arc<Client>,
}

// SAFETY: topics may be used from any thread, one at a time.
unsafe impl Send for Producer {}

impl Producer {
    pub fn new(client: Arc<Client>) -> Producer {
        Producer {
            topics: HashMap::new(),
            client,
        }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Hands a record over, and waits while the buffer is full: until there is room, or what is in it has failed.
    pub fn send(&mut self, record: &Record<'_>) -> Result<(), Error> {
        loop {
            match self.try_send(record)? {
                Code::RD_KAFKA_RESP_ERR_NO_ERROR => return Ok(()),
                Code::RD_KAFKA_RESP_ERR__QUEUE_FULL => {
                    self.client.wait(ROOM_PAUSE)?;
                    self.check()?;
                }
                code => {
                    // What has failed before says more than that nothing can be written now.
                    self.serve()?;
                    return Err(self
                        .client
                        .failure(&format!("write to topic '{}'", record.topic), code));
                }
            }
        }
    }

    fn try_send(&mut self, record: &Record<'_>) -> Result<Code, Error> {
        let topic = self.topic(record.topic)?;
        let mut fields: [sys::rd_kafka_vu_t; 8] = [field(Tag::RD_KAFKA_VTYPE_END, |_| ()); 8];
        let mut count = 0;
        let mut add = |value| {
            fields[count] = value;
            count += 1;
        };
        add(field(Tag::RD_KAFKA_VTYPE_RKT, |u| u.rkt = topic));
        let partition = record.partition.unwrap_or(ANY_PARTITION);
        add(field(Tag::RD_KAFKA_VTYPE_PARTITION, |u| u.i32_ = partition));
        add(field(Tag::RD_KAFKA_VTYPE_MSGFLAGS, |u| u.i = COPY));
        if let Some(value) = record.value {
            add(field(Tag::RD_KAFKA_VTYPE_VALUE, |u| u.mem = memory(value)));
        }
        if let Some(key) = record.key {
            add(field(Tag::RD_KAFKA_VTYPE_KEY, |u| u.mem = memory(key)));
        }
        if let Some(time_ms) = record.timestamp_ms {
            add(field(Tag::RD_KAFKA_VTYPE_TIMESTAMP, |u| u.i64_ = time_ms));
        }
        let headers = headers(record.headers);
        if let Some(headers) = headers {
            add(field(Tag::RD_KAFKA_VTYPE_HEADERS, |u| u.headers = headers));
        }
        // SAFETY: each field holds what its tag says, and what it points to outlives the call, which copies it. The
        // headers are the record's if it was taken, and ours if not.
        unsafe {
            let error = sys::rd_kafka_produceva(self.client.handle, fields.as_ptr(), count);
            if error.is_null() {
                return Ok(Code::RD_KAFKA_RESP_ERR_NO_ERROR);
            }
            let code = sys::rd_kafka_error_code(error);
            sys::rd_kafka_error_destroy(error);
            if let Some(headers) = headers {
                sys::rd_kafka_headers_destroy(headers);
            }
            Ok(code)
        }
    }

    fn topic(&mut self, name: &str) -> Result<*mut sys::rd_kafka_topic_t, Error> {
        if let Some(topic) = self.topics.get(name) {
            return Ok(topic.0);
        }
        let topic = Topic::new(&self.client, name)?;
        Ok(self.topics.entry(name.to_string()).or_insert(topic).0)
    }

    /// Learns what became of records, without waiting. Fails if one could not be delivered.
    pub fn serve(&self) -> Result<(), Error> {
        self.client.serve()?;
        self.check()
    }

    fn check(&self) -> Result<(), Error> {
        match self.client.context.failed_delivery() {
            None => Ok(()),
            Some(reason) => Err(io_error("deliver records to Kafka", &reason)),
        }
    }

    /// Waits until everything handed over has been delivered. How long a record may take is among the settings.
    pub fn flush(&self) -> Result<(), Error> {
        loop {
            // SAFETY: the client is alive; callbacks run on this thread.
            let code = unsafe { sys::rd_kafka_flush(self.client.handle, milliseconds(FLUSH_PAUSE)) };
            self.serve()?;
            match code {
                Code::RD_KAFKA_RESP_ERR_NO_ERROR => return Ok(()),
                Code::RD_KAFKA_RESP_ERR__TIMED_OUT => {}
                code => return Err(self.client.failure("deliver records to Kafka", code)),
            }
        }
    }
}

use sys::rd_kafka_vtype_t as Tag;
type Union = sys::rd_kafka_vu_s__bindgen_ty_1;

fn field(tag: Tag, set: impl FnOnce(&mut Union)) -> sys::rd_kafka_vu_t {
    let mut value = Union { _pad: [0; 64] };
    set(&mut value);
    sys::rd_kafka_vu_t { vtype: tag, u: value }
}

fn memory(bytes: &[u8]) -> sys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 {
    sys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 {
        ptr: bytes.as_ptr().cast_mut().cast::<c_void>(),
        size: bytes.len(),
    }
}

fn headers(headers: &[(CString, Vec<u8>)]) -> Option<*mut sys::rd_kafka_headers_t> {
    if headers.is_empty() {
        return None;
    }
    // SAFETY: names and values are copied.
    unsafe {
        let list = sys::rd_kafka_headers_new(headers.len());
        for (name, value) in headers {
            let length = isize::try_from(name.as_bytes().len()).unwrap_or(-1);
            let size = isize::try_from(value.len()).unwrap_or(0);
            sys::rd_kafka_header_add(list, name.as_ptr(), length, value.as_ptr().cast(), size);
        }
        Some(list)
    }
}
