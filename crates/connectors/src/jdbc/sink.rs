//! Rows into a table: by the primary key, or only added.

use std::sync::Arc;
use std::time::Duration;

use dataflow::{
    Chunk, Committable, Epoch, Error, EvaluationContext, OptionError, Sink, SinkRequest, SinkWriter,
    TableDescriptor,
};
use indexmap::IndexMap;
use model::{ChangelogMode, RowKind};

use super::client::{Changes, Pool, Target};
use super::lookup::columns_of;
use super::options::{Buffer, TableOptions};
use crate::outside;
use crate::text;

/// The pause before a write that failed is made again, once for each time that it has failed.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct JdbcSink {
    pool: Pool,
    target: Arc<Target>,
    buffer: Buffer,
    context: Arc<EvaluationContext>,
}

impl JdbcSink {
    pub fn new(
        options: TableOptions,
        table: &TableDescriptor<'_>,
        request: &SinkRequest,
    ) -> Result<JdbcSink, Error> {
        if !table.partition_keys.is_empty() {
            return Err(OptionError {
                key: None,
                message: "tables of 'jdbc' have no partitions".to_string(),
                hint: Some("leave PARTITIONED BY out".to_string()),
            }
            .into());
        }
        let key = table
            .primary_key
            .iter()
            .filter_map(|name| request.columns.index_of(name));
        Ok(JdbcSink {
            pool: Pool::new(options.server),
            target: Arc::new(Target {
                table: options.table,
                columns: columns_of(&request.columns),
                key: key.collect(),
            }),
            buffer: options.buffer,
            context: table.context.clone(),
        })
    }
}

impl Sink for JdbcSink {
    fn changelog_mode(&self, _requested: ChangelogMode) -> ChangelogMode {
        match self.target.key.is_empty() {
            true => ChangelogMode::INSERT_ONLY,
            false => ChangelogMode::UPSERT,
        }
    }

    fn writer(&self, _shard: usize, _shards: usize) -> Result<Box<dyn SinkWriter>, Error> {
        Ok(Box::new(JdbcWriter {
            pool: self.pool.clone(),
            target: self.target.clone(),
            buffer: self.buffer,
            context: self.context.clone(),
            added: Vec::new(),
            changed: IndexMap::new(),
            since_us: 0,
        }))
    }
}

type Row = Vec<Option<String>>;

struct JdbcWriter {
    pool: Pool,
    target: Arc<Target>,
    buffer: Buffer,
    context: Arc<EvaluationContext>,
    /// Rows that are only added.
    added: Vec<Row>,
    /// The last change of each key: its row, or that it is gone.
    changed: IndexMap<Row, Option<Row>>,
    /// When the first of them came.
    since_us: i64,
}

impl JdbcWriter {
    fn held(&self) -> usize {
        self.added.len() + self.changed.len()
    }

    fn is_due(&self) -> bool {
        let waited_us = self.context.clock.now_us().saturating_sub(self.since_us);
        let is_over =
            |interval: Duration| waited_us >= i64::try_from(interval.as_micros()).unwrap_or(i64::MAX);
        self.held() > 0 && self.buffer.interval.is_some_and(is_over)
    }

    fn flush_all(&mut self) -> Result<(), Error> {
        if self.held() == 0 {
            return Ok(());
        }
        let mut changes = Changes {
            rows: std::mem::take(&mut self.added),
            deleted: Vec::new(),
        };
        for (key, row) in self.changed.drain(..) {
            match row {
                Some(row) => changes.rows.push(row),
                None => changes.deleted.push(key),
            }
        }
        let changes = Arc::new(changes);
        let mut failures = 0;
        loop {
            match self.try_write(changes.clone()) {
                Ok(()) => return Ok(()),
                // What the database refuses it refuses again.
                Err(error) if failures >= self.buffer.retries || !matches!(error, Error::Io { .. }) => {
                    return Err(error);
                }
                Err(error) => {
                    failures += 1;
                    self.pool.forget();
                    tracing::warn!(%error, failures, "a write failed and is made again");
                    self.context.clock.sleep(RETRY_PAUSE * failures);
                }
            }
        }
    }

    fn try_write(&self, changes: Arc<Changes>) -> Result<(), Error> {
        let (pool, target) = (self.pool.clone(), self.target.clone());
        let what = format!("write to {}", self.pool.server().place());
        let patience = self.pool.server().patience;
        let work = async move {
            let mut client = pool.take().await?;
            client.write(&target, &changes).await?;
            pool.give_back(client);
            Ok(())
        };
        outside::wait(work, patience, &what)
    }
}

impl SinkWriter for JdbcWriter {
    fn write(&mut self, chunk: &Chunk) -> Result<(), Error> {
        for row in 0..chunk.rows() {
            if self.held() == 0 {
                self.since_us = self.context.clock.now_us();
            }
            let cells = chunk.batch.columns().iter().zip(&self.target.columns);
            let cells: Row = cells
                .map(|(array, column)| text::of_value(array.as_ref(), row, &column.kind))
                .collect();
            let is_there = match chunk.kind(row) {
                RowKind::Insert | RowKind::UpdateAfter => true,
                RowKind::Delete => false,
                // What a row was is of no interest where it is known by its key.
                RowKind::UpdateBefore => continue,
            };
            if self.target.key.is_empty() {
                self.added.push(cells);
            } else {
                let key: Row = self
                    .target
                    .key
                    .iter()
                    .map(|place| cells[*place].clone())
                    .collect();
                self.changed.insert(key, is_there.then_some(cells));
            }
            if self.held() >= self.buffer.rows_max {
                self.flush_all()?;
            }
        }
        if self.is_due() {
            self.flush_all()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.flush_all()
    }

    fn prepare(&mut self, _epoch: Option<Epoch>) -> Result<Vec<Committable>, Error> {
        self.flush_all()?;
        Ok(Vec::new())
    }
}
