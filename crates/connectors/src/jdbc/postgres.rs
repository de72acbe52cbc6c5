//! PostgreSQL.
//!
//! Many keys or rows go in one statement, as an array of texts for each column. They are cast to the types that the
//! table's columns have there, so that a column declared STRING here may be a UUID or an enumeration there, and an index
//! on it is used.

use std::collections::HashMap;
use std::io;

use dataflow::Error;
use futures_core::Stream;
use tokio::sync::mpsc::Sender;
use tokio_postgres::types::Type;
use tokio_postgres::{Config, NoTls, Row};

use super::client::{
    Changes, Column, Finds, Selection, Target, fault_of_values, quoted, quoted_table, refused, refused_values,
};
use super::options::Server;
use crate::outside::{dial, dial_error};
use crate::text::{Cell, is_bytes, unhex};

const QUOTE: char = '"';
/// Classes of SQLSTATE after which another try may help: connection, rollback, resources, intervention, system.
const PASSING_CLASSES: [&str; 6] = ["08", "40", "53", "55", "57", "58"];

pub struct PostgresClient {
    client: tokio_postgres::Client,
    place: String,
    /// Statements by their text.
    prepared: HashMap<String, tokio_postgres::Statement>,
    /// The types of columns by table and column, as they are written in a cast.
    types: HashMap<(String, String), String>,
}

impl PostgresClient {
    pub async fn connect(server: &Server) -> Result<PostgresClient, Error> {
        let place = server.place();
        let what = format!("reach {place}");
        let stream = dial(
            server.network.clone(),
            server.host.clone(),
            server.port,
            server.patience,
        )
        .await
        .map_err(|error| dial_error(error, &what, "url"))?;
        let mut config = Config::new();
        config.dbname(&server.database).application_name("oceanus");
        if let Some(user) = &server.user {
            config.user(user);
        }
        if let Some(password) = &server.password {
            config.password(password);
        }
        config.ssl_mode(tokio_postgres::config::SslMode::Disable);
        let (client, connection) = config
            .connect_raw(stream, NoTls)
            .await
            .map_err(|error| fault(&place, error))?;
        // It ends with the client; why, the client tells.
        tokio::spawn(async move { drop(connection.await) });
        let client = PostgresClient {
            client,
            place,
            prepared: HashMap::new(),
            types: HashMap::new(),
        };
        let session =
            "SET TIME ZONE 'UTC'; SET DateStyle TO ISO; SET bytea_output TO hex; SET extra_float_digits TO 1";
        client
            .client
            .batch_execute(session)
            .await
            .map_err(|error| client.fault(error))?;
        Ok(client)
    }

    pub fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    fn fault(&self, error: tokio_postgres::Error) -> Error {
        fault(&self.place, error)
    }

    async fn prepare(&mut self, text: String, arrays: usize) -> Result<tokio_postgres::Statement, Error> {
        if let Some(statement) = self.prepared.get(&text) {
            return Ok(statement.clone());
        }
        let types = vec![Type::TEXT_ARRAY; arrays];
        let statement = self
            .client
            .prepare_typed(&text, &types)
            .await
            .map_err(|error| self.fault(error))?;
        self.prepared.insert(text, statement.clone());
        Ok(statement)
    }

    /// The types of columns there, schema and name.
    async fn types_of<'c>(
        &mut self,
        table: &str,
        columns: impl Iterator<Item = &'c Column>,
    ) -> Result<Vec<String>, Error> {
        let names: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
        let known = |types: &HashMap<(String, String), String>| -> Option<Vec<String>> {
            let of = |name: &&str| types.get(&(table.to_string(), name.to_string())).cloned();
            names.iter().map(of).collect()
        };
        if let Some(types) = known(&self.types) {
            return Ok(types);
        }
        let quoted: Vec<String> = names.iter().map(|name| quoted(name, QUOTE)).collect();
        let text = format!("SELECT {} FROM {table} LIMIT 0", quoted.join(", "));
        let statement = self
            .client
            .prepare(&text)
            .await
            .map_err(|error| self.fault(error))?;
        let mut types = Vec::with_capacity(names.len());
        for (name, column) in names.iter().zip(statement.columns()) {
            let own = column.type_();
            let written = format!(
                "{}.{}",
                super::client::quoted(own.schema(), QUOTE),
                super::client::quoted(own.name(), QUOTE)
            );
            self.types
                .insert((table.to_string(), name.to_string()), written.clone());
            types.push(written);
        }
        Ok(types)
    }

    pub async fn look_up(
        &mut self,
        selection: &Selection,
        keys: &[Vec<Option<String>>],
    ) -> Result<Vec<(u32, Vec<Cell>)>, Error> {
        let table = quoted_table(&selection.table, QUOTE);
        let types = self.types_of(&table, selection.keys.iter()).await?;
        let agreements: Vec<String> = selection
            .keys
            .iter()
            .zip(&types)
            .enumerate()
            .map(|(number, (key, own))| {
                format!("t.{} = CAST(k.c{number} AS {own})", quoted(&key.name, QUOTE))
            })
            .collect();
        let width = selection.keys.len();
        let text = format!(
            "SELECT (k.place - 1)::text, {} FROM {} WITH ORDINALITY AS k({}, place) JOIN {table} AS t ON {}",
            texts(&selection.columns),
            unnested(width),
            names(width),
            agreements.join(" AND ")
        );
        let statement = self.prepare(text, width).await?;
        let mut finds = Finds::new();
        if self.find(selection, &statement, keys, 0, &mut finds).await? {
            return Ok(finds.rows);
        }
        // One of them is no value of its column's type, and matches nothing; which, the database tells of each alone.
        let mut finds = Finds::new();
        for (place, key) in (0..).zip(keys) {
            let held = finds.rows.len();
            let key = std::slice::from_ref(key);
            if !self.find(selection, &statement, key, place, &mut finds).await? {
                finds.rows.truncate(held);
            }
        }
        Ok(finds.rows)
    }

    /// Adds the rows for keys, the first of which is at a place. Says no if one of the keys is not of its column's type.
    async fn find(
        &self,
        selection: &Selection,
        statement: &tokio_postgres::Statement,
        keys: &[Vec<Option<String>>],
        first: u32,
        finds: &mut Finds,
    ) -> Result<bool, Error> {
        let table = selection.table.join(".");
        let arrays = transposed(keys, selection.keys.len());
        let found = self.client.query_raw(statement, arrays).await;
        let found = match found {
            Ok(found) => found,
            Err(error) if is_unfit(&error) => return Ok(false),
            Err(error) => return Err(fault_in(&self.place, &table, error)),
        };
        let mut found = std::pin::pin!(found);
        while let Some(row) = std::future::poll_fn(|context| found.as_mut().poll_next(context)).await {
            let row = match row {
                Ok(row) => row,
                Err(error) if is_unfit(&error) => return Ok(false),
                Err(error) => return Err(fault_in(&self.place, &table, error)),
            };
            let place: &str = row.try_get(0).map_err(|error| self.fault(error))?;
            let place: u32 = place
                .parse()
                .map_err(|_| Error::internal("a place is no number"))?;
            let cells = cells_of(&self.place, &row, 1, &selection.columns)?;
            finds.push(first + place, cells, &table)?;
        }
        Ok(true)
    }

    pub async fn read(
        &mut self,
        selection: &Selection,
        skipped: u64,
        rows_max: usize,
        out: &Sender<Result<Vec<Vec<Cell>>, Error>>,
    ) -> Result<(), Error> {
        let table = quoted_table(&selection.table, QUOTE);
        let order: Vec<String> = selection
            .keys
            .iter()
            .map(|key| format!("t.{}", quoted(&key.name, QUOTE)))
            .collect();
        let text = format!(
            "SELECT {} FROM {table} AS t ORDER BY {} OFFSET {skipped}",
            texts(&selection.columns),
            order.join(", ")
        );
        let transaction = self
            .client
            .transaction()
            .await
            .map_err(|error| fault(&self.place, error))?;
        let statement = transaction
            .prepare(&text)
            .await
            .map_err(|error| fault(&self.place, error))?;
        let portal = transaction
            .bind(&statement, &[])
            .await
            .map_err(|error| fault(&self.place, error))?;
        loop {
            let rows = transaction
                .query_portal(&portal, i32::try_from(rows_max).unwrap_or(i32::MAX))
                .await
                .map_err(|error| fault_in(&self.place, &selection.table.join("."), error))?;
            if rows.is_empty() {
                return Ok(());
            }
            let cells: Result<Vec<Vec<Cell>>, Error> = rows
                .iter()
                .map(|row| cells_of(&self.place, row, 0, &selection.columns))
                .collect();
            if out.send(Ok(cells?)).await.is_err() {
                // Nobody reads any more.
                return Ok(());
            }
        }
    }

    pub async fn write(&mut self, target: &Target, changes: &Changes) -> Result<(), Error> {
        let table = quoted_table(&target.table, QUOTE);
        let types = self.types_of(&table, target.columns.iter()).await?;
        let key_types: Vec<&String> = target.key.iter().map(|place| &types[*place]).collect();
        let key_names: Vec<String> = target
            .key
            .iter()
            .map(|place| quoted(&target.columns[*place].name, QUOTE))
            .collect();
        let delete = {
            let agreements: Vec<String> = key_names
                .iter()
                .zip(&key_types)
                .enumerate()
                .map(|(number, (name, own))| format!("t.{name} = CAST(k.c{number} AS {own})"))
                .collect();
            format!(
                "DELETE FROM {table} AS t USING {} AS k({}) WHERE {}",
                unnested(key_names.len()),
                names(key_names.len()),
                agreements.join(" AND ")
            )
        };
        let insert = {
            let columns: Vec<String> = target
                .columns
                .iter()
                .map(|column| quoted(&column.name, QUOTE))
                .collect();
            let casts: Vec<String> = types
                .iter()
                .enumerate()
                .map(|(number, own)| format!("CAST(k.c{number} AS {own})"))
                .collect();
            let mut text = format!(
                "INSERT INTO {table} ({}) SELECT {} FROM {} AS k({})",
                columns.join(", "),
                casts.join(", "),
                unnested(columns.len()),
                names(columns.len())
            );
            if !target.key.is_empty() {
                let others = (0..columns.len()).filter(|place| !target.key.contains(place));
                let updates: Vec<String> = others
                    .map(|place| format!("{0} = EXCLUDED.{0}", columns[place]))
                    .collect();
                text.push_str(&format!(" ON CONFLICT ({}) DO ", key_names.join(", ")));
                text.push_str(&match updates.is_empty() {
                    true => "NOTHING".to_string(),
                    false => format!("UPDATE SET {}", updates.join(", ")),
                });
            }
            text
        };
        let delete = match changes.deleted.is_empty() {
            true => None,
            false => Some(self.prepare(delete, target.key.len()).await?),
        };
        let insert = match changes.rows.is_empty() {
            true => None,
            false => Some(self.prepare(insert, target.columns.len()).await?),
        };
        let (place, written) = (self.place.clone(), target.table.join("."));
        let transaction = self
            .client
            .transaction()
            .await
            .map_err(|error| fault(&place, error))?;
        let statements = [
            (delete, &changes.deleted, target.key.len()),
            (insert, &changes.rows, target.columns.len()),
        ];
        for (statement, rows, width) in statements {
            let Some(statement) = statement else { continue };
            let arrays = transposed(rows, width);
            let parameters: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
                arrays.iter().map(|array| array as _).collect();
            transaction
                .execute(&statement, &parameters)
                .await
                .map_err(|error| fault_in(&place, &written, error))?;
        }
        let committed = transaction.commit().await;
        committed.map_err(|error| fault_in(&place, &written, error))
    }
}

fn cells_of(place: &str, row: &Row, from: usize, columns: &[Column]) -> Result<Vec<Cell>, Error> {
    columns
        .iter()
        .enumerate()
        .map(|(number, column)| {
            let text: Option<&str> = row.try_get(from + number).map_err(|error| fault(place, error))?;
            match text {
                Some(text) if is_bytes(&column.kind) => match unhex(text.as_bytes()) {
                    Some(bytes) => Ok(Some(bytes)),
                    // No bytes there: the text is.
                    None => Ok(Some(text.as_bytes().to_vec())),
                },
                text => Ok(text.map(|text| text.as_bytes().to_vec())),
            }
        })
        .collect()
}

fn texts(columns: &[Column]) -> String {
    let texts: Vec<String> = columns
        .iter()
        .map(|column| format!("t.{}::text", quoted(&column.name, QUOTE)))
        .collect();
    texts.join(", ")
}

fn unnested(arrays: usize) -> String {
    let parameters: Vec<String> = (1..=arrays).map(|number| format!("${number}")).collect();
    format!("unnest({})", parameters.join(", "))
}

fn names(arrays: usize) -> String {
    let names: Vec<String> = (0..arrays).map(|number| format!("c{number}")).collect();
    names.join(", ")
}

/// Rows as an array for each column.
fn transposed(rows: &[Vec<Option<String>>], width: usize) -> Vec<Vec<Option<&str>>> {
    (0..width)
        .map(|column| rows.iter().map(|row| row[column].as_deref()).collect())
        .collect()
}

/// Whether a value is wrong, and nothing else.
fn is_unfit(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|state| state.code().starts_with("22"))
}

/// What stands in the way of rows of a table.
fn fault_in(place: &str, table: &str, error: tokio_postgres::Error) -> Error {
    let state = error.code().map(|state| state.code().to_string());
    match state.as_deref().and_then(fault_of_values) {
        Some(what) => refused_values(place, table, what, state.as_deref().unwrap_or_default()),
        None => fault(place, error),
    }
}

fn fault(place: &str, error: tokio_postgres::Error) -> Error {
    if let Some(told) = error.as_db_error() {
        let state = told.code().code();
        if !PASSING_CLASSES.iter().any(|class| state.starts_with(class)) {
            return refused(place, told.message());
        }
        return Error::io(
            format!("ask {place}"),
            io::Error::other(told.message().to_string()),
        );
    }
    let cause = match std::error::Error::source(&error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    Error::io(format!("ask {place}"), io::Error::other(cause))
}
