//! The sink of a SELECT: its rows go to whoever asked, through a bounded queue.
//!
//! A slow reader slows the job down; a reader who leaves ends it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use dataflow::{Chunk, Committable, Epoch, Error, Sink, SinkWriter};
use model::ChangelogMode;

/// Chunks that may wait for the reader.
const CHUNKS_WAITING_MAX: usize = 16;

#[derive(Debug)]
pub struct CollectSink {
    rows: SyncSender<Chunk>,
}

impl CollectSink {
    /// A sink, and the end at which its rows come out. The reader sees the end of the queue once the job and
    /// the graph that holds the sink are gone.
    pub fn new() -> (CollectSink, Receiver<Chunk>) {
        let (rows, reader) = sync_channel(CHUNKS_WAITING_MAX);
        (CollectSink { rows }, reader)
    }
}

impl Sink for CollectSink {
    fn changelog_mode(&self, requested: ChangelogMode) -> ChangelogMode {
        requested
    }

    fn writer(&self, _shard: usize, _shards: usize) -> Result<Box<dyn SinkWriter>, Error> {
        Ok(Box::new(CollectWriter {
            rows: self.rows.clone(),
        }))
    }
}

struct CollectWriter {
    rows: SyncSender<Chunk>,
}

impl SinkWriter for CollectWriter {
    fn write(&mut self, chunk: &Chunk) -> Result<(), Error> {
        if chunk.rows() == 0 {
            return Ok(());
        }
        self.rows.send(chunk.clone()).map_err(|_| {
            let gone = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
            Error::io("the reader of the rows has left", gone)
        })
    }

    fn prepare(&mut self, _epoch: Option<Epoch>) -> Result<Vec<Committable>, Error> {
        Ok(Vec::new())
    }
}
