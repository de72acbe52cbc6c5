//! A table read once, whole.
//!
//! One statement reads it, in the order of its primary key or else of all columns read. Whoever goes on behind some rows
//! reads the others, which are the same while nobody writes to the table.

use std::sync::Arc;
use std::time::Duration;

use dataflow::{
    Boundedness, Error, Position, ReadOutcome, ScanRequest, Source, Split, SplitReader, TableDescriptor,
};
use model::Schema;
use tokio::sync::mpsc::{Receiver, channel, error::TryRecvError};

use super::client::{Pool, Selection};
use super::lookup::columns_of;
use super::options::TableOptions;
use crate::outside::{Spawned, spawn};
use crate::text::{self, Cell};

/// Parts that are read ahead.
const PARTS_AHEAD: usize = 2;
/// Rows of a part.
const PART_ROWS: usize = 4096;
/// How soon a reader that has nothing is asked again.
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub struct JdbcSource {
    pool: Pool,
    selection: Selection,
    columns: Schema,
}

impl JdbcSource {
    pub fn new(options: TableOptions, table: &TableDescriptor<'_>, request: &ScanRequest) -> JdbcSource {
        let key: Vec<model::Field> = table
            .primary_key
            .iter()
            .filter_map(|name| Some(table.physical.fields[table.physical.index_of(name)?].clone()))
            .collect();
        let order = if key.is_empty() {
            request.columns.clone()
        } else {
            Schema::new(key)
        };
        JdbcSource {
            pool: Pool::new(options.server),
            selection: Selection {
                table: options.table,
                keys: columns_of(&order),
                columns: columns_of(&request.columns),
            },
            columns: request.columns.clone(),
        }
    }
}

impl Source for JdbcSource {
    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn splits(&self, _parallelism: usize) -> Result<Vec<Split>, Error> {
        Ok(vec![Split {
            id: "table".to_string(),
            lane: "table".to_string(),
            payload: String::new(),
        }])
    }

    fn open(&self, _split: &Split, position: Option<&Position>) -> Result<Box<dyn SplitReader>, Error> {
        let given = match position {
            None => 0,
            Some(position) => {
                let bytes = position.0.as_slice().try_into();
                u64::from_le_bytes(bytes.map_err(|_| Error::internal("a position of a table is no number"))?)
            }
        };
        let (pool, selection) = (self.pool.clone(), self.selection.clone());
        let (send, parts) = channel(PARTS_AHEAD);
        let reading = spawn(async move {
            let outcome = async {
                let mut client = pool.take().await?;
                client.read(&selection, given, PART_ROWS, &send).await
            };
            if let Err(error) = outcome.await {
                // Whoever reads may have gone.
                let _ = send.send(Err(error)).await;
            }
        });
        Ok(Box::new(JdbcReader {
            parts,
            _reading: reading,
            held: Vec::new(),
            given,
            columns: self.columns.clone(),
            place: Arc::from(self.pool.server().place()),
        }))
    }
}

struct JdbcReader {
    parts: Receiver<Result<Vec<Vec<Cell>>, Error>>,
    /// Ends with the reader.
    _reading: Spawned<()>,
    /// Rows that came and were not given, the next one last.
    held: Vec<Vec<Cell>>,
    given: u64,
    columns: Schema,
    place: Arc<str>,
}

impl SplitReader for JdbcReader {
    fn read(&mut self, rows_max: usize) -> Result<ReadOutcome, Error> {
        if self.held.is_empty() {
            match self.parts.try_recv() {
                Ok(rows) => {
                    self.held = rows?;
                    self.held.reverse();
                }
                Err(TryRecvError::Empty) => return Ok(ReadOutcome::Pending(PAUSE)),
                Err(TryRecvError::Disconnected) => return Ok(ReadOutcome::End),
            }
        }
        let from = self.held.len().saturating_sub(rows_max);
        let mut rows = self.held.split_off(from);
        rows.reverse();
        let batch = text::batch(&self.columns, &rows, &self.place)?;
        self.given += rows.len() as u64;
        Ok(ReadOutcome::Rows(batch))
    }

    fn position(&self) -> Position {
        Position(self.given.to_le_bytes().to_vec())
    }
}
