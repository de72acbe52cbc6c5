//! A sink whose rows become visible when they are committed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use dataflow::{Chunk, Committable, Committer, Epoch, Error, Sink, SinkWriter};
use model::ChangelogMode;

use super::cell;

#[derive(Debug, Clone, Default)]
pub struct TestSink {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    visible: Mutex<Vec<String>>,
    written: Mutex<Vec<String>>,
    committed: Mutex<BTreeSet<String>>,
    /// Names of what was prepared differ between runs, as the names of files would.
    names: AtomicU64,
    flushes: AtomicU64,
    ended: AtomicU64,
}

impl TestSink {
    /// Rows that were committed.
    pub fn rows(&self) -> Vec<String> {
        self.inner.visible.lock().unwrap().clone()
    }

    /// Rows that were written, committed or not, in the order in which they came.
    pub fn written(&self) -> Vec<String> {
        self.inner.written.lock().unwrap().clone()
    }

    /// How many rows were written, committed or not.
    pub fn written_rows(&self) -> usize {
        self.inner.written.lock().unwrap().len()
    }

    pub fn flushes(&self) -> u64 {
        self.inner.flushes.load(Ordering::Relaxed)
    }

    pub fn ended(&self) -> u64 {
        self.inner.ended.load(Ordering::Relaxed)
    }
}

impl Sink for TestSink {
    fn changelog_mode(&self, requested: ChangelogMode) -> ChangelogMode {
        requested
    }

    fn writer(&self, _shard: usize, _shards: usize) -> Result<Box<dyn SinkWriter>, Error> {
        Ok(Box::new(Writer {
            inner: self.inner.clone(),
            pending: Vec::new(),
        }))
    }

    fn committer(&self) -> Result<Option<Box<dyn Committer>>, Error> {
        Ok(Some(Box::new(TestCommitter {
            inner: self.inner.clone(),
        })))
    }
}

struct Writer {
    inner: Arc<Inner>,
    pending: Vec<String>,
}

impl SinkWriter for Writer {
    fn write(&mut self, chunk: &Chunk) -> Result<(), Error> {
        assert!(chunk.rows() > 0, "empty chunks are not sent");
        for row in 0..chunk.rows() {
            let cells: Vec<String> = chunk
                .batch
                .columns()
                .iter()
                .map(|column| cell(column.as_ref(), row))
                .collect();
            let line = cells.join(" ");
            self.inner.written.lock().unwrap().push(line.clone());
            self.pending.push(line);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.inner.flushes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn prepare(&mut self, _epoch: Option<Epoch>) -> Result<Vec<Committable>, Error> {
        if self.pending.is_empty() {
            return Ok(Vec::new());
        }
        let name = self.inner.names.fetch_add(1, Ordering::Relaxed).to_string();
        self.pending.insert(0, name);
        Ok(vec![Committable(
            self.pending.drain(..).collect::<Vec<_>>().join("\n").into_bytes(),
        )])
    }
}

struct TestCommitter {
    inner: Arc<Inner>,
}

impl Committer for TestCommitter {
    fn commit(&mut self, committables: Vec<Committable>, end_of_input: bool) -> Result<(), Error> {
        for committable in committables {
            let text = String::from_utf8(committable.0).unwrap();
            let (name, rows) = text.split_once('\n').unwrap();
            if self.inner.committed.lock().unwrap().insert(name.to_string()) {
                self.inner
                    .visible
                    .lock()
                    .unwrap()
                    .extend(rows.lines().map(str::to_string));
            }
        }
        if end_of_input {
            self.inner.ended.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
