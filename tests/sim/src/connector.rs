//! Tables of the simulated world: `'connector' = 'sim'`.
//!
//! A source has partitions that are read in small bites, pause and fail. A sink makes what it was given visible in
//! parts, each once however often it is committed; or with `'transactional' = 'true'` in a transaction, of which one that
//! comes later only knows whether it was committed.

use std::sync::Arc;
use std::time::Duration;

use dataflow::{
    Boundedness, Chunk, Committable, Committer, Connector, DecoderRequest, Epoch, Error, EvaluationContext,
    Lookup, LookupRequest, OnUnreadable, OptionDoc, Options, Position, ReadOutcome, Registry, ScanRequest,
    Sink, SinkRequest, SinkWriter, Source, Split, SplitReader, TableDescriptor, Transaction, Unreadable,
};
use model::{ChangelogMode, Schema};

use crate::lookup::SimLookup;
use crate::world::{PARTITIONS, World, encode};

/// Rows that are read at once, at most.
const BITE_ROWS_MAX: u64 = 20;
/// How long a source that pauses does so.
const PAUSE: Duration = Duration::from_millis(3);

pub struct Sim {
    pub world: Arc<World>,
    /// A bug to be found: parts are made visible again when they are committed again.
    pub forgets_commits: bool,
    /// Of all sinks of a job.
    pub transaction: Arc<SimTransaction>,
}

impl Connector for Sim {
    fn name(&self) -> &'static str {
        "sim"
    }

    fn options(&self) -> Vec<OptionDoc> {
        Vec::new()
    }

    fn meets_unreadable(&self) -> bool {
        true
    }

    fn source(
        &self,
        table: &TableDescriptor<'_>,
        request: &ScanRequest,
    ) -> Result<Option<Arc<dyn Source>>, Error> {
        table.options.finish()?;
        Ok(Some(Arc::new(SimSource {
            table: name_of(table),
            schema: request.columns.clone(),
            on_unreadable: request.on_unreadable,
            physical: table.physical.clone(),
            registry: table.registry.clone(),
            context: table.context.clone(),
            world: self.world.clone(),
        })))
    }

    fn sink(
        &self,
        table: &TableDescriptor<'_>,
        request: &SinkRequest,
    ) -> Result<Option<Arc<dyn Sink>>, Error> {
        let is_transactional = table.options.boolean("transactional")?.unwrap_or(false);
        table.options.finish()?;
        Ok(Some(Arc::new(SimSink {
            transaction: is_transactional.then(|| self.transaction.clone()),
            table: name_of(table),
            schema: request.columns.clone(),
            world: self.world.clone(),
            forgets_commits: self.forgets_commits,
        })))
    }

    fn looks_up(&self) -> bool {
        true
    }

    fn lookup(
        &self,
        table: &TableDescriptor<'_>,
        request: &LookupRequest,
    ) -> Result<Option<Arc<dyn Lookup>>, Error> {
        table.options.get("connector");
        table.options.finish()?;
        Ok(Some(Arc::new(SimLookup {
            request: request.clone(),
            context: table.context.clone(),
            world: self.world.clone(),
        })))
    }
}

fn name_of(table: &TableDescriptor<'_>) -> String {
    table.path.rsplit('.').next().unwrap_or_default().to_string()
}

#[derive(Debug, Clone)]
struct SimSource {
    table: String,
    schema: Schema,
    on_unreadable: OnUnreadable,
    physical: Schema,
    registry: Registry,
    context: Arc<EvaluationContext>,
    world: Arc<World>,
}

impl Source for SimSource {
    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn splits(&self, _parallelism: usize) -> Result<Vec<Split>, Error> {
        self.world.fault("list partitions")?;
        let split = |partition: usize| Split {
            id: partition.to_string(),
            lane: partition.to_string(),
            payload: partition.to_string(),
        };
        Ok((0..PARTITIONS).map(split).collect())
    }

    fn open(&self, split: &Split, position: Option<&Position>) -> Result<Box<dyn SplitReader>, Error> {
        self.world.fault("open a partition")?;
        let number = |text: &str| text.parse::<usize>().map_err(|_| Error::internal("no number"));
        let at = match position {
            Some(position) => number(&String::from_utf8_lossy(&position.0))?,
            None => 0,
        };
        Ok(Box::new(SimReader {
            source: self.clone(),
            partition: number(&split.payload)?,
            at,
            unreadable: Vec::new(),
        }))
    }
}

struct SimReader {
    source: SimSource,
    partition: usize,
    at: usize,
    unreadable: Vec<Unreadable>,
}

impl SplitReader for SimReader {
    fn read(&mut self, rows_max: usize) -> Result<ReadOutcome, Error> {
        let source = &self.source;
        source.world.fault("read a partition")?;
        if source.world.chance(0.2) {
            return Ok(ReadOutcome::Pending(PAUSE));
        }
        let bite = 1 + source.world.below(BITE_ROWS_MAX) as usize;
        let rows = source
            .world
            .rows(&source.table, self.partition, self.at, bite.min(rows_max));
        if rows.is_empty() {
            return Ok(ReadOutcome::End);
        }
        let options = Options::default();
        let mut decoder = source
            .registry
            .format("format", "json")?
            .decoder(&DecoderRequest {
                schema: &source.schema,
                physical: &source.physical,
                options: &options,
                context: &source.context,
                faults_at_once: false,
            })?;
        for (offset, row) in rows.iter().enumerate() {
            match (decoder.decode_message(row.as_bytes()), source.on_unreadable) {
                (Ok(()), _) => {}
                (Err(error), OnUnreadable::Keep) => self.unreadable.push(Unreadable {
                    record: Some(row.clone().into_bytes()),
                    error: error.message,
                    split: self.partition.to_string(),
                    offset: (self.at + offset) as i64,
                }),
                (Err(error), _) => return Err(Error::internal(format!("{row}: {error}"))),
            }
        }
        self.at += rows.len();
        Ok(ReadOutcome::Rows(decoder.take()?))
    }

    fn position(&self) -> Position {
        Position(self.at.to_string().into_bytes())
    }

    fn take_unreadable(&mut self) -> Vec<Unreadable> {
        std::mem::take(&mut self.unreadable)
    }
}

#[derive(Debug, Clone)]
struct SimSink {
    table: String,
    schema: Schema,
    world: Arc<World>,
    forgets_commits: bool,
    transaction: Option<Arc<SimTransaction>>,
}

impl Sink for SimSink {
    fn changelog_mode(&self, requested: ChangelogMode) -> ChangelogMode {
        requested
    }

    fn writer(&self, _shard: usize, _shards: usize) -> Result<Box<dyn SinkWriter>, Error> {
        Ok(Box::new(SimWriter {
            sink: self.clone(),
            written: Vec::new(),
            barriers: 0,
        }))
    }

    fn committer(&self) -> Result<Option<Box<dyn Committer>>, Error> {
        if self.transaction.is_some() {
            return Ok(None);
        }
        Ok(Some(Box::new(SimCommitter { sink: self.clone() })))
    }

    fn transaction(&self) -> Option<Arc<dyn Transaction>> {
        let transaction = self.transaction.clone()?;
        Some(transaction)
    }
}

#[derive(Debug)]
pub struct SimTransaction {
    pub world: Arc<World>,
}

impl Transaction for SimTransaction {
    fn begin(&self) -> Result<Option<Epoch>, Error> {
        self.world.fault("begin transactions")?;
        Ok(self.world.begin_transactions())
    }

    fn note(&self, epoch: Epoch) -> Result<(), Error> {
        self.world.fault("note an epoch")?;
        self.world.note_epoch(epoch);
        self.world.death("when an epoch was noted")
    }

    fn commit(&self, epoch: Epoch, is_last: bool) -> Result<(), Error> {
        self.world.fault("commit a transaction")?;
        self.world.death("before a transaction was committed")?;
        self.world.commit_transaction(epoch, is_last)?;
        self.world.death("when a transaction was committed")?;
        self.world.fault("hear that a transaction was committed")
    }
}

struct SimWriter {
    sink: SimSink,
    written: Vec<String>,
    /// That it has seen.
    barriers: u64,
}

impl SinkWriter for SimWriter {
    fn write(&mut self, chunk: &Chunk) -> Result<(), Error> {
        self.sink.world.fault("write rows")?;
        let mut rows = encode(&self.sink.schema, &timeless(&self.sink.schema, chunk)?)?;
        if self.sink.transaction.is_some() {
            self.sink
                .world
                .write_in_transaction(&self.sink.table, self.barriers, rows);
        } else {
            self.written.append(&mut rows);
        }
        Ok(())
    }

    fn prepare(&mut self, _epoch: Option<Epoch>) -> Result<Vec<Committable>, Error> {
        self.sink.world.fault("prepare rows")?;
        self.barriers += 1;
        if self.written.is_empty() {
            return Ok(Vec::new());
        }
        let mut part = vec![self.sink.world.part_name()];
        part.append(&mut self.written);
        Ok(vec![Committable(part.join("\n").into_bytes())])
    }
}

/// The rows with NULL in the one column that says when something was done, which is never the same again.
fn timeless(schema: &Schema, chunk: &Chunk) -> Result<Chunk, Error> {
    let Some(column) = schema.index_of("read_at") else {
        return Ok(chunk.clone());
    };
    let mut columns = chunk.batch.columns().to_vec();
    columns[column] = arrow_array::new_null_array(columns[column].data_type(), chunk.rows());
    let batch = arrow_array::RecordBatch::try_new(chunk.batch.schema(), columns);
    Ok(Chunk {
        batch: batch.map_err(|error| Error::internal(error.to_string()))?,
        kinds: chunk.kinds.clone(),
    })
}

struct SimCommitter {
    sink: SimSink,
}

impl Committer for SimCommitter {
    fn commit(&mut self, committables: Vec<Committable>, _end_of_input: bool) -> Result<(), Error> {
        let world = &self.sink.world;
        for committable in &committables {
            world.fault("commit rows")?;
            world.death("in a commit")?;
            let text = String::from_utf8_lossy(&committable.0);
            let mut lines = text.lines().map(str::to_string);
            let part = lines.next().unwrap_or_default();
            let rows: Vec<String> = lines.collect();
            world.publish(&self.sink.table, &part, &rows, self.sink.forgets_commits);
        }
        world.death("behind a commit")
    }
}
