//! Rows of a table by keys.

use arrow_array::RecordBatch;
use dataflow::{Error, Found, Looking, Lookup, LookupRequest};
use model::Schema;

use super::client::{Column, Pool, Selection};
use super::options::TableOptions;
use crate::outside::spawn;
use crate::text;

/// Keys of one statement.
const KEYS_MAX: usize = 100;
/// Statements of one shard at a time: databases do not like many connections.
const REQUESTS_MAX: usize = 4;

#[derive(Debug)]
pub struct JdbcLookup {
    pool: Pool,
    selection: Selection,
    columns: Schema,
    keys: Schema,
}

pub fn columns_of(schema: &Schema) -> Vec<Column> {
    schema
        .fields
        .iter()
        .map(|field| Column {
            name: field.name.clone(),
            kind: field.data_type.kind.clone(),
        })
        .collect()
}

impl JdbcLookup {
    pub fn new(options: TableOptions, request: &LookupRequest) -> JdbcLookup {
        JdbcLookup {
            pool: Pool::new(options.server),
            selection: Selection {
                table: options.table,
                keys: columns_of(&request.keys),
                columns: columns_of(&request.columns),
            },
            columns: request.columns.clone(),
            keys: request.keys.clone(),
        }
    }
}

impl Lookup for JdbcLookup {
    fn keys_max(&self) -> usize {
        KEYS_MAX
    }

    fn requests_max(&self) -> usize {
        REQUESTS_MAX
    }

    fn look_up(&self, keys: RecordBatch) -> Looking {
        let (pool, selection, columns) = (self.pool.clone(), self.selection.clone(), self.columns.clone());
        let texts: Vec<Vec<Option<String>>> = (0..keys.num_rows())
            .map(|row| {
                let cells = keys.columns().iter().zip(&self.keys.fields);
                cells
                    .map(|(array, field)| text::of_value(array.as_ref(), row, &field.data_type.kind))
                    .collect()
            })
            .collect();
        let work = spawn(async move {
            let mut client = pool.take().await?;
            match client.look_up(&selection, &texts).await {
                Ok(rows) => {
                    pool.give_back(client);
                    let (places, rows): (Vec<u32>, Vec<Vec<text::Cell>>) = rows.into_iter().unzip();
                    Ok(Found {
                        rows: text::batch(&columns, &rows, &pool.server().place())?,
                        keys: places,
                    })
                }
                Err(error) => {
                    if matches!(error, Error::Io { .. }) {
                        pool.forget();
                    }
                    Err(error)
                }
            }
        });
        Box::pin(async move { work.await? })
    }
}
