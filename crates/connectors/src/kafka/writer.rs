//! Writes rows as records, within transactions or without.
//!
//! What becomes of a record is learnt later: a failure is told by the next call, at last by the one that closes an
//! epoch, which waits for all records before it.

use std::collections::HashMap;
use std::ffi::CString;
use std::sync::Arc;
use std::time::Duration;

use dataflow::{Chunk, Committable, Epoch, Error, SinkWriter};
use indexmap::IndexMap;
use stdx::Clock;

use super::client::{Producer, Record};
use super::records::{RecordEncoder, RecordLayout};
use super::transactions::Participant;

/// Changes are held back so that only the last one of a key is written: at most of so many keys, for so long.
#[derive(Debug, Clone, Copy)]
pub struct Reduction {
    pub keys_max: usize,
    pub interval: Duration,
}

pub struct KafkaWriter {
    outlet: Outlet,
    layout: Arc<RecordLayout>,
    encoder: RecordEncoder,
    held: Option<Held>,
}

/// What records are sent with.
pub enum Route {
    /// A client of this writer's own. `waits` at a barrier until all is delivered.
    Own { producer: Producer, waits: bool },
    /// Those of all writers of the job.
    Shared(Participant),
}

impl Route {
    fn producer(&mut self) -> Result<&mut Producer, Error> {
        match self {
            Route::Own { producer, .. } => Ok(producer),
            Route::Shared(participant) => participant.producer(),
        }
    }

    fn serve(&self) -> Result<(), Error> {
        match self {
            Route::Own { producer, .. } => producer.serve(),
            Route::Shared(participant) => participant.serve(),
        }
    }
}

/// The way records go, and which partition each goes to.
struct Outlet {
    route: Route,
    /// The place of this writer among all, if its records go to one partition of a topic.
    fixed: Option<usize>,
    /// The partitions of topics written to, if they matter.
    partitions: HashMap<String, Vec<i32>>,
}

impl Outlet {
    fn send(&mut self, mut record: Record<'_>) -> Result<(), Error> {
        if let Some(place) = self.fixed {
            record.partition = Some(self.fixed_partition(place, record.topic)?);
        }
        self.route.producer()?.send(&record)
    }

    fn fixed_partition(&mut self, place: usize, topic: &str) -> Result<i32, Error> {
        if !self.partitions.contains_key(topic) {
            let mut partitions = self.route.producer()?.client().partitions_of(topic)?;
            partitions.sort_unstable();
            self.partitions.insert(topic.to_string(), partitions);
        }
        let partitions = &self.partitions[topic];
        Ok(partitions[place % partitions.len()])
    }
}

/// The last change of each key.
struct Held {
    reduction: Reduction,
    clock: Arc<dyn Clock>,
    since_us: i64,
    records: IndexMap<(String, Vec<u8>), HeldRecord>,
}

struct HeldRecord {
    value: Option<Vec<u8>>,
    timestamp_ms: Option<i64>,
    headers: Vec<(CString, Vec<u8>)>,
}

impl Held {
    fn hold(&mut self, record: &Record<'_>) {
        if self.records.is_empty() {
            self.since_us = self.clock.now_us();
        }
        let key = record.key.unwrap_or_default().to_vec();
        let held = HeldRecord {
            value: record.value.map(<[u8]>::to_vec),
            timestamp_ms: record.timestamp_ms,
            headers: record.headers.to_vec(),
        };
        self.records.insert((record.topic.to_string(), key), held);
    }

    fn is_full(&self) -> bool {
        self.records.len() >= self.reduction.keys_max
    }

    fn is_due(&self) -> bool {
        let interval_us = i64::try_from(self.reduction.interval.as_micros()).unwrap_or(i64::MAX);
        !self.records.is_empty() && self.clock.now_us().saturating_sub(self.since_us) >= interval_us
    }

    fn release(&mut self, outlet: &mut Outlet) -> Result<(), Error> {
        for ((topic, key), held) in self.records.drain(..) {
            outlet.send(Record {
                topic: &topic,
                partition: None,
                key: Some(&key),
                value: held.value.as_deref(),
                timestamp_ms: held.timestamp_ms,
                headers: &held.headers,
            })?;
        }
        Ok(())
    }
}

impl KafkaWriter {
    pub fn new(
        route: Route,
        layout: Arc<RecordLayout>,
        encoder: RecordEncoder,
        fixed: Option<usize>,
        reduction: Option<(Reduction, Arc<dyn Clock>)>,
    ) -> KafkaWriter {
        KafkaWriter {
            outlet: Outlet {
                route,
                fixed,
                partitions: HashMap::new(),
            },
            layout,
            encoder,
            held: reduction.map(|(reduction, clock)| Held {
                reduction,
                clock,
                since_us: 0,
                records: IndexMap::new(),
            }),
        }
    }
}

impl SinkWriter for KafkaWriter {
    fn write(&mut self, chunk: &Chunk) -> Result<(), Error> {
        let (outlet, held) = (&mut self.outlet, &mut self.held);
        self.encoder.each(&self.layout, chunk, |record| {
            let Some(held) = held else {
                return outlet.send(record);
            };
            held.hold(&record);
            if held.is_full() {
                held.release(outlet)?;
            }
            Ok(())
        })?;
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Error> {
        if let Some(held) = &mut self.held
            && held.is_due()
        {
            held.release(&mut self.outlet)?;
        }
        // The client sends by itself.
        self.outlet.route.serve()
    }

    fn prepare(&mut self, epoch: Option<Epoch>) -> Result<Vec<Committable>, Error> {
        if let Some(held) = &mut self.held {
            held.release(&mut self.outlet)?;
        }
        match &mut self.outlet.route {
            Route::Shared(participant) => participant.close(epoch.is_some())?,
            // For the last records everybody waits.
            Route::Own { producer, waits } if *waits || epoch.is_none() => producer.flush()?,
            Route::Own { producer, .. } => producer.serve()?,
        }
        Ok(Vec::new())
    }
}
