//! Reads the rows of one partition.
//!
//! The position is the offset of the next message. What the client has fetched is taken without waiting; while the
//! brokers are away there is nothing to take, and reading goes on where it was when they are back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use dataflow::{CHUNK_BYTES_MAX, Chunk, Error, Position, ReadOutcome, SplitReader, Unreadable};

use super::client::{Client, Event, PartitionConsumer, TopicPartition};
use super::rows::Rows;

/// How long to wait after nothing was there: at first, and after nothing again and again.
const WAIT_MIN: Duration = Duration::from_millis(1);
const WAIT_MAX: Duration = Duration::from_millis(20);

/// What a split says of its partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub place: TopicPartition,
    pub start: i64,
    /// Read up to here, not further; `None` for ever.
    pub end: Option<i64>,
}

impl Span {
    pub fn payload(&self) -> String {
        let end = self.end.map_or("-".to_string(), |end| end.to_string());
        let TopicPartition { topic, partition } = &self.place;
        format!("{partition} {} {end} {topic}", self.start)
    }

    pub fn parse(payload: &str) -> Result<Span, Error> {
        let parsed = || -> Option<Span> {
            let mut parts = payload.splitn(4, ' ');
            let partition = parts.next()?.parse().ok()?;
            let start = parts.next()?.parse().ok()?;
            let end = match parts.next()? {
                "-" => None,
                end => Some(end.parse().ok()?),
            };
            let topic = parts.next()?.to_string();
            Some(Span {
                place: TopicPartition { topic, partition },
                start,
                end,
            })
        };
        parsed().ok_or_else(|| Error::internal(format!("'{payload}' is no split of Kafka")))
    }
}

pub fn parse_position(Position(bytes): &Position) -> Result<i64, Error> {
    let bytes = bytes.as_slice().try_into();
    let bytes = bytes.map_err(|_| Error::internal("a position in Kafka must have eight bytes"))?;
    Ok(i64::from_le_bytes(bytes))
}

pub struct PartitionReader {
    /// Taken from the client and not yet decoded. They go before the consumer does.
    events: VecDeque<Event>,
    rows: Rows,
    /// `None` once there is nothing more to read.
    consumer: Option<PartitionConsumer>,
    next: i64,
    end: Option<i64>,
    wait: Duration,
    /// Room for what is taken.
    room: Vec<Event>,
}

impl PartitionReader {
    pub fn open(client: &Arc<Client>, span: &Span, next: i64, rows: Rows) -> Result<Self, Error> {
        let is_over = span.end.is_some_and(|end| next >= end);
        let consumer = match is_over {
            true => None,
            false => Some(PartitionConsumer::start(client, &span.place, next)?),
        };
        Ok(PartitionReader {
            events: VecDeque::new(),
            rows,
            consumer,
            next,
            end: span.end,
            wait: WAIT_MIN,
            room: Vec::new(),
        })
    }

    /// Decodes until there are `rows_max` rows, or no more events at hand.
    fn decode(&mut self, rows_max: usize) -> Result<(), Error> {
        let mut bytes = 0;
        while self.rows.len() < rows_max && bytes < CHUNK_BYTES_MAX {
            let Some(event) = self.events.pop_front() else {
                return Ok(());
            };
            let reached = match &event {
                // What is not shown, such as the marks of transactions, counts as read.
                Event::End(offset) => *offset,
                Event::Message(message) => message.offset(),
            };
            if let Some(end) = self.end
                && reached >= end
            {
                self.next = end;
                self.events.clear();
                return Ok(());
            }
            // It may lead back: where a partition has lost what was to be read, the client goes on as it was told to.
            self.next = reached;
            if let Event::Message(message) = event {
                bytes += message.size_bytes();
                self.rows.push(message)?;
                self.next = reached + 1;
            }
        }
        Ok(())
    }

    fn nothing_came(&mut self) -> ReadOutcome {
        self.wait = (self.wait * 2).min(WAIT_MAX);
        ReadOutcome::Pending(self.wait)
    }
}

impl SplitReader for PartitionReader {
    fn read(&mut self, rows_max: usize) -> Result<ReadOutcome, Error> {
        let rows_max = rows_max.max(1);
        let Some(consumer) = &mut self.consumer else {
            return Ok(ReadOutcome::End);
        };
        if self.events.is_empty() {
            consumer.take(rows_max, &mut self.room)?;
            self.events.extend(self.room.drain(..));
        }
        if self.events.is_empty() {
            return Ok(self.nothing_came());
        }
        self.wait = WAIT_MIN;
        self.decode(rows_max)?;
        let is_over = self.end.is_some_and(|end| self.next >= end);
        let Chunk { batch, kinds } = self.rows.take()?;
        if is_over {
            self.consumer = None;
        }
        Ok(match kinds {
            _ if batch.num_rows() == 0 && is_over => ReadOutcome::End,
            // There may be more at once.
            _ if batch.num_rows() == 0 => ReadOutcome::Pending(Duration::ZERO),
            None => ReadOutcome::Rows(batch),
            kinds => ReadOutcome::Changes(Chunk { batch, kinds }),
        })
    }

    fn skipped(&self) -> u64 {
        self.rows.skipped()
    }

    fn take_unreadable(&mut self) -> Vec<Unreadable> {
        self.rows.take_unreadable()
    }

    fn position(&self) -> Position {
        Position(self.next.to_le_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_says_what_to_read_and_how_far() {
        for end in [None, Some(70)] {
            let span = Span {
                place: TopicPartition {
                    topic: "a-1".to_string(),
                    partition: 3,
                },
                start: 42,
                end,
            };
            assert_eq!(Span::parse(&span.payload()).unwrap(), span);
        }
        assert!(Span::parse("3 x - a").is_err());
        assert!(parse_position(&Position(vec![1])).is_err());
    }
}
