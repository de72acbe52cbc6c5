//! Where partitions begin and end, and how far groups have read them.

use dataflow::Error;
use rdkafka_sys::bindings as sys;
use rdkafka_sys::types::RDKafkaRespErr as Code;

use super::{Client, TopicPartition, c_text};

/// A place in a partition that only the cluster knows the offset of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Earliest,
    /// Behind the last record.
    Latest,
    /// The first record of this time (milliseconds) or later; behind the last record if there is none.
    Time(i64),
}

/// The numbers that the protocol has for them, in the place of a time.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;

/// A list as librdkafka wants it, of the same length and order as the partitions it was made of.
pub struct List(pub *mut sys::rd_kafka_topic_partition_list_t);

impl List {
    pub fn new(partitions: &[TopicPartition], offset: i64) -> Result<List, Error> {
        let count = i32::try_from(partitions.len()).unwrap_or(i32::MAX);
        // SAFETY: it never gives NULL.
        let list = List(unsafe { sys::rd_kafka_topic_partition_list_new(count) });
        for partition in partitions {
            let topic = c_text(&partition.topic)?;
            // SAFETY: the name ends with NUL and is copied; the element is alive until the list is.
            unsafe {
                let element =
                    sys::rd_kafka_topic_partition_list_add(list.0, topic.as_ptr(), partition.partition);
                (*element).offset = offset;
            }
        }
        Ok(list)
    }

    fn elements(&self) -> &[sys::rd_kafka_topic_partition_t] {
        // SAFETY: the list holds as many as it counts; there is room for one at least.
        unsafe {
            let list = &*self.0;
            match list.elems.is_null() {
                true => &[],
                false => std::slice::from_raw_parts(list.elems, usize::try_from(list.cnt).unwrap_or(0)),
            }
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: it was made by `rd_kafka_topic_partition_list_new`.
        unsafe { sys::rd_kafka_topic_partition_list_destroy(self.0) };
    }
}

impl Client {
    /// The offset of a place in each of these partitions.
    pub fn offsets(&self, partitions: &[TopicPartition], at: At) -> Result<Vec<i64>, Error> {
        let time = match at {
            At::Earliest => EARLIEST,
            At::Latest => LATEST,
            At::Time(time_ms) => {
                // Asked for first, so that no record falls between the two answers.
                let ends = self.offsets(partitions, At::Latest)?;
                // Negative times have a meaning of their own to the protocol.
                let found = self.listed(partitions, time_ms.max(0))?;
                let or_end = |(offset, end): (i64, i64)| if offset < 0 { end } else { offset };
                return Ok(found.into_iter().zip(ends).map(or_end).collect());
            }
        };
        self.listed(partitions, time)
    }

    fn listed(&self, partitions: &[TopicPartition], time: i64) -> Result<Vec<i64>, Error> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let list = List::new(partitions, time)?;
        let what = "look for offsets";
        self.ask(what, |patience_ms| {
            // SAFETY: the list is whole; the offsets in it are times, and are replaced by an answer only.
            unsafe { sys::rd_kafka_offsets_for_times(self.handle, list.0, patience_ms) }
        })?;
        self.answered(&list, what, partitions)
    }

    /// How far the group of this client has read, where it has committed it.
    pub fn committed(&self, partitions: &[TopicPartition]) -> Result<Vec<Option<i64>>, Error> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let list = List::new(partitions, LATEST)?;
        let what = "look for committed offsets";
        self.ask(what, |patience_ms| {
            // SAFETY: the list is whole.
            unsafe { sys::rd_kafka_committed(self.handle, list.0, patience_ms) }
        })?;
        let offsets = self.answered(&list, what, partitions)?;
        Ok(offsets
            .into_iter()
            .map(|offset| (offset >= 0).then_some(offset))
            .collect())
    }

    /// The offsets in a list, unless there is an error of a partition.
    fn answered(&self, list: &List, what: &str, partitions: &[TopicPartition]) -> Result<Vec<i64>, Error> {
        let elements = list.elements();
        for (element, partition) in elements.iter().zip(partitions) {
            if element.err != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
                let what = format!(
                    "{what} of topic '{}', partition {}",
                    partition.topic, partition.partition
                );
                return Err(self.failure(&what, element.err));
            }
        }
        Ok(elements.iter().map(|element| element.offset).collect())
    }
}
