//! Queues between shards: one for each pair of sender and receiver of an exchange, bounded in bytes.
//!
//! A sender looks at its queues before it starts work, not while it works: a queue may grow over its bound by
//! what one piece of work sends, and nobody ever waits in the middle of something.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use dataflow::{Chunk, Epoch, Error, Message};
use model::RowKind;
use state::{hash_columns, key_group, shard_of};

use crate::expression::arrow_error;
use crate::operator::{Inputs, Moved, Output};
use crate::shared::Shared;

/// How often a receiving end may be asked before it sends rows that are short of a chunk.
const HELD_POLLS_MAX: usize = 16;

/// An exchange between the shards of a job.
#[derive(Debug)]
pub(crate) struct Edge {
    /// The columns to hash; `None`: everything goes to the first shard.
    keys: Option<Vec<usize>>,
    shards: usize,
    key_groups: u16,
    bytes_max: usize,
    /// By sender, then receiver.
    queues: Vec<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    messages: Mutex<VecDeque<(Message, usize)>>,
    bytes: AtomicUsize,
    /// Messages waiting, so that nobody takes the lock of an empty queue.
    waiting: AtomicUsize,
}

impl Edge {
    pub fn new(keys: Option<Vec<usize>>, shards: usize, key_groups: u16, bytes_max: usize) -> Edge {
        Edge {
            keys,
            shards,
            key_groups,
            bytes_max,
            queues: (0..shards * shards).map(|_| Queue::default()).collect(),
        }
    }

    fn queue(&self, sender: usize, receiver: usize) -> &Queue {
        &self.queues[sender * self.shards + receiver]
    }

    /// Shards that rows can go to.
    fn receivers(&self) -> usize {
        if self.keys.is_some() { self.shards } else { 1 }
    }

    /// Whether shard `shard` gets anything from it.
    pub fn reaches(&self, shard: usize) -> bool {
        shard < self.receivers()
    }

    /// Whether a queue of this sender is full.
    pub fn is_full(&self, sender: usize) -> bool {
        (0..self.receivers())
            .any(|receiver| self.queue(sender, receiver).bytes.load(Ordering::Acquire) > self.bytes_max)
    }

    /// Bytes in all queues.
    pub fn bytes(&self) -> usize {
        self.queues
            .iter()
            .map(|queue| queue.bytes.load(Ordering::Relaxed))
            .sum()
    }

    pub fn send(&self, sender: usize, message: &Message, shared: &Shared) -> Result<(), Error> {
        match message {
            Message::Data(chunk) => match &self.keys {
                Some(keys) if self.shards > 1 => self.scatter(sender, chunk, keys, shared)?,
                _ => self.push(sender, 0, message.clone(), shared),
            },
            control => {
                for receiver in 0..self.receivers() {
                    self.push(sender, receiver, control.clone(), shared);
                }
            }
        }
        Ok(())
    }

    fn scatter(&self, sender: usize, chunk: &Chunk, keys: &[usize], shared: &Shared) -> Result<(), Error> {
        let rows = chunk.rows();
        let columns: Vec<_> = keys.iter().map(|&key| chunk.batch.column(key).clone()).collect();
        let hashes = hash_columns(&columns, rows).map_err(arrow_error)?;
        let receiver_of =
            |hash: u64| shard_of(key_group(hash, self.key_groups), self.key_groups, self.shards);
        // Count, then place: the rows of each receiver stand together, in their order.
        let receivers: Vec<u8> = hashes.iter().map(|&hash| receiver_of(hash) as u8).collect();
        let mut starts = vec![0u32; self.shards + 1];
        for &receiver in &receivers {
            starts[usize::from(receiver) + 1] += 1;
        }
        for receiver in 0..self.shards {
            starts[receiver + 1] += starts[receiver];
        }
        let mut places = starts.clone();
        let mut order = vec![0u32; rows];
        for (row, &receiver) in receivers.iter().enumerate() {
            let place = &mut places[usize::from(receiver)];
            order[*place as usize] = row as u32;
            *place += 1;
        }
        let order = UInt32Array::from(order);
        for receiver in 0..self.shards {
            let (from, to) = (starts[receiver] as usize, starts[receiver + 1] as usize);
            if from == to {
                continue;
            }
            let part = if to - from == rows {
                chunk.clone()
            } else {
                take_rows(chunk, &order.slice(from, to - from))?
            };
            self.push(sender, receiver, Message::Data(part), shared);
        }
        Ok(())
    }

    fn push(&self, sender: usize, receiver: usize, message: Message, shared: &Shared) {
        let bytes = match &message {
            Message::Data(chunk) => chunk.size_bytes(),
            _ => 0,
        };
        let queue = self.queue(sender, receiver);
        {
            let mut messages = lock(&queue.messages);
            messages.push_back((message, bytes));
            queue.bytes.fetch_add(bytes, Ordering::AcqRel);
            queue.waiting.fetch_add(1, Ordering::AcqRel);
        }
        if receiver != sender {
            shared.wake(receiver);
        }
    }

    fn pop(&self, sender: usize, receiver: usize, shared: &Shared) -> Option<Message> {
        let queue = self.queue(sender, receiver);
        if queue.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        let (message, bytes) = {
            let mut messages = lock(&queue.messages);
            let popped = messages.pop_front()?;
            queue.waiting.fetch_sub(1, Ordering::AcqRel);
            popped
        };
        let before = queue.bytes.fetch_sub(bytes, Ordering::AcqRel);
        if before > self.bytes_max && before - bytes <= self.bytes_max && sender != receiver {
            shared.wake(sender);
        }
        Some(message)
    }
}

/// These rows with their kinds.
pub(crate) fn take_rows(chunk: &Chunk, rows: &UInt32Array) -> Result<Chunk, Error> {
    Ok(Chunk {
        batch: take_record_batch(&chunk.batch, rows).map_err(arrow_error)?,
        kinds: chunk
            .kinds
            .as_ref()
            .map(|kinds| rows.values().iter().map(|&row| kinds[row as usize]).collect()),
    })
}

/// A lock that guards plain data, whole at every moment even if its holder died.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One shard's end of an exchange: joins the channels of all senders into one stream.
///
/// Small chunks are put together until they are worth working on, but never held back behind a watermark or a
/// barrier, or while there is nothing else to do.
#[derive(Debug)]
pub(crate) struct Receiver {
    edge: std::sync::Arc<Edge>,
    shard: usize,
    chunk_rows: usize,
    channels: Inputs,
    /// The channel to read next.
    next: usize,
    /// The last barrier that passed all channels.
    epoch: Epoch,
    held: Vec<Chunk>,
    held_rows: usize,
    /// How often it was asked since it began to hold rows.
    held_polls: usize,
}

impl Receiver {
    pub fn new(edge: std::sync::Arc<Edge>, shard: usize, chunk_rows: usize, epoch: Epoch) -> Receiver {
        Receiver {
            channels: Inputs::new(edge.shards, epoch),
            edge,
            shard,
            chunk_rows,
            next: 0,
            epoch,
            held: Vec::new(),
            held_rows: 0,
            held_polls: 0,
        }
    }

    /// The last barrier delivered.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Reads until there is something to send. Rows short of a chunk are held back unless `eager`.
    /// Returns whether anything was sent.
    pub fn poll(&mut self, eager: bool, out: &mut Output, shared: &Shared) -> Result<bool, Error> {
        let senders = self.edge.shards;
        let mut empty = 0;
        while empty < senders {
            let channel = self.next;
            let message = if self.channels.has_ended(channel) || self.channels.is_ahead(channel, self.epoch) {
                None
            } else {
                self.edge.pop(channel, self.shard, shared)
            };
            let Some(message) = message else {
                empty += 1;
                self.next = (channel + 1) % senders;
                continue;
            };
            empty = 0;
            match message {
                Message::Data(chunk) => {
                    self.next = (channel + 1) % senders;
                    self.held_rows += chunk.rows();
                    self.held.push(chunk);
                    if self.held_rows >= self.chunk_rows {
                        self.release(out)?;
                    }
                }
                Message::Watermark(time_ms) => {
                    let moved = self.channels.watermark(channel, time_ms);
                    self.moved(moved, out)?;
                }
                Message::Idle(idle) => {
                    let moved = self.channels.idle(channel, idle);
                    self.moved(moved, out)?;
                }
                Message::Barrier(epoch) => {
                    self.channels.barrier(channel, epoch);
                    self.align(out)?;
                }
                Message::End => {
                    if self.channels.end(channel) {
                        self.release(out)?;
                        out.message(Message::End);
                    } else {
                        self.align(out)?;
                    }
                }
            }
            if !out.messages.is_empty() {
                return Ok(true);
            }
        }
        if self.held_rows > 0 {
            self.held_polls += 1;
            if eager || self.held_polls > HELD_POLLS_MAX {
                self.release(out)?;
            }
        }
        Ok(!out.messages.is_empty())
    }

    /// Whether rows wait for more.
    pub fn holds_rows(&self) -> bool {
        self.held_rows > 0
    }

    fn moved(&mut self, moved: Moved, out: &mut Output) -> Result<(), Error> {
        if moved == Moved::default() {
            return Ok(());
        }
        self.release(out)?;
        send_moved(moved, out);
        Ok(())
    }

    fn align(&mut self, out: &mut Output) -> Result<(), Error> {
        if let Some(epoch) = self.channels.aligned()
            && epoch > self.epoch
        {
            self.epoch = epoch;
            self.release(out)?;
            out.message(Message::Barrier(epoch));
        }
        Ok(())
    }

    fn release(&mut self, out: &mut Output) -> Result<(), Error> {
        let held = std::mem::take(&mut self.held);
        self.held_rows = 0;
        self.held_polls = 0;
        let mut from = 0;
        while from < held.len() {
            let mut to = from;
            let mut rows = 0;
            while to < held.len() && (rows == 0 || rows + held[to].rows() <= self.chunk_rows) {
                rows += held[to].rows();
                to += 1;
            }
            for part in split(concat(&held[from..to])?, self.chunk_rows) {
                out.chunk(part);
            }
            from = to;
        }
        Ok(())
    }
}

/// Tells what follows from a move of inputs, in the order in which it must be heard.
pub(crate) fn send_moved(moved: Moved, out: &mut Output) {
    if moved.idle == Some(false) {
        out.message(Message::Idle(false));
    }
    if let Some(time_ms) = moved.watermark {
        out.message(Message::Watermark(time_ms));
    }
    if moved.idle == Some(true) {
        out.message(Message::Idle(true));
    }
}

/// Cuts a chunk that is longer than `rows_max`.
pub(crate) fn split(chunk: Chunk, rows_max: usize) -> impl Iterator<Item = Chunk> {
    let rows = chunk.rows();
    (0..rows).step_by(rows_max.max(1)).map(move |from| {
        if rows <= rows_max {
            chunk.clone()
        } else {
            slice(&chunk, from, (from + rows_max).min(rows))
        }
    })
}

/// Rows `from..to`, nothing copied but kinds.
pub(crate) fn slice(chunk: &Chunk, from: usize, to: usize) -> Chunk {
    Chunk {
        batch: chunk.batch.slice(from, to - from),
        kinds: chunk.kinds.as_ref().map(|kinds| kinds[from..to].into()),
    }
}

fn concat(chunks: &[Chunk]) -> Result<Chunk, Error> {
    if let [only] = chunks {
        return Ok(only.clone());
    }
    let batches: Vec<&RecordBatch> = chunks.iter().map(|chunk| &chunk.batch).collect();
    let schema = chunks[0].batch.schema();
    let batch = concat_batches(&schema, batches).map_err(arrow_error)?;
    let kinds = chunks.iter().any(|chunk| chunk.kinds.is_some()).then(|| {
        let all = chunks
            .iter()
            .flat_map(|chunk| (0..chunk.rows()).map(|row| chunk.kind(row)));
        all.collect::<Vec<RowKind>>().into()
    });
    Ok(Chunk { batch, kinds })
}
