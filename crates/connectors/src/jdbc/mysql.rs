//! MySQL and MariaDB.
//!
//! Many keys or rows go in one statement, written out: texts and bytes as hexadecimal digits, so that nothing in them can
//! be taken for SQL. Each key has a SELECT of its own in a UNION, which compares as the table's columns do and uses their
//! index.

use std::fmt::Write;
use std::io;

use dataflow::Error;
use model::TypeKind;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Row, Value};
use tokio::sync::mpsc::Sender;

use super::client::{
    Changes, Column, Finds, Selection, Target, fault_of_values, quoted, quoted_table, refused, refused_values,
};
use super::options::Server;
use crate::network::NetworkError;
use crate::outside::dial_error;
use crate::text::Cell;

const QUOTE: char = '`';
/// Errors of the server after which another try may help: too many connections, shutting down, locks, deadlocks, full.
const PASSING_CODES: [u16; 9] = [1040, 1053, 1077, 1080, 1203, 1205, 1213, 1226, 3024];
/// The error of the server that a value is wrong for its column.
const INCORRECT_VALUE: u16 = 1366;

pub struct MysqlClient {
    connection: Conn,
    place: String,
}

impl MysqlClient {
    pub async fn connect(server: &Server) -> Result<MysqlClient, Error> {
        let place = server.place();
        let what = format!("reach {place}");
        let (network, host, port, patience) = (
            server.network.clone(),
            server.host.clone(),
            server.port,
            server.patience,
        );
        let resolved = tokio::task::spawn_blocking(move || network.resolve(&host, port, patience)).await;
        let resolved = resolved.map_err(|error| NetworkError::Unreachable {
            what: "the name cannot be resolved".to_string(),
            cause: io::Error::other(error),
        });
        let addresses = resolved
            .and_then(|resolved| resolved)
            .map_err(|error| dial_error(error, &what, "url"))?;
        let options = OptsBuilder::default()
            .ip_or_hostname(server.host.clone())
            .resolved_ips(Some(
                addresses.iter().map(|address| address.ip()).collect::<Vec<_>>(),
            ))
            .tcp_port(server.port)
            .user(server.user.clone())
            .pass(server.password.clone())
            .db_name(Some(server.database.clone()))
            // What was judged is what is dialled: nothing is told of sockets by the server.
            .prefer_socket(Some(false))
            .tcp_nodelay(true)
            .setup(vec!["SET time_zone = '+00:00', NAMES utf8mb4".to_string()]);
        let connection = Conn::new(options).await.map_err(|error| fault(&place, error))?;
        Ok(MysqlClient { connection, place })
    }

    pub async fn look_up(
        &mut self,
        selection: &Selection,
        keys: &[Vec<Option<String>>],
    ) -> Result<Vec<(u32, Vec<Cell>)>, Error> {
        let table = quoted_table(&selection.table, QUOTE);
        let columns = columns(&selection.columns);
        let mut text = String::new();
        for (place, key) in keys.iter().enumerate() {
            if place > 0 {
                text.push_str(" UNION ALL ");
            }
            // Writing to a string does not fail.
            let _ = write!(text, "(SELECT {place}, {columns} FROM {table} WHERE ");
            push_agreements(&mut text, selection.keys.iter(), key)?;
            text.push(')');
        }
        let looked = selection.table.join(".");
        let place = self.place.clone();
        let found = self.connection.query_iter(text).await;
        let mut found = found.map_err(|error| fault_in(&place, &looked, error))?;
        let mut finds = Finds::new();
        while let Some(row) = found
            .next()
            .await
            .map_err(|error| fault_in(&place, &looked, error))?
        {
            let mut cells = cells(row)?.into_iter();
            let key = cells.next().flatten();
            let key = key.and_then(|text| std::str::from_utf8(&text).ok()?.parse().ok());
            let key = key.ok_or_else(|| Error::internal("a place is no number"))?;
            finds.push(key, cells.collect(), &looked)?;
        }
        Ok(finds.rows)
    }

    pub async fn read(
        &mut self,
        selection: &Selection,
        skipped: u64,
        rows_max: usize,
        out: &Sender<Result<Vec<Vec<Cell>>, Error>>,
    ) -> Result<(), Error> {
        let order: Vec<String> = selection
            .keys
            .iter()
            .map(|key| quoted(&key.name, QUOTE))
            .collect();
        let text = format!(
            "SELECT {} FROM {} ORDER BY {} LIMIT {skipped}, {}",
            columns(&selection.columns),
            quoted_table(&selection.table, QUOTE),
            order.join(", "),
            u64::MAX
        );
        let place = self.place.clone();
        let mut result = self
            .connection
            .query_iter(text)
            .await
            .map_err(|error| fault(&place, error))?;
        let mut held = Vec::new();
        while let Some(row) = result.next().await.map_err(|error| fault(&place, error))? {
            held.push(cells(row)?);
            if held.len() >= rows_max && out.send(Ok(std::mem::take(&mut held))).await.is_err() {
                // Nobody reads any more.
                return Ok(());
            }
        }
        if !held.is_empty() {
            // Whoever reads may have gone.
            let _ = out.send(Ok(held)).await;
        }
        Ok(())
    }

    pub async fn write(&mut self, target: &Target, changes: &Changes) -> Result<(), Error> {
        let table = quoted_table(&target.table, QUOTE);
        let mut statements = Vec::new();
        if !changes.deleted.is_empty() {
            let keys: Vec<&Column> = target.key.iter().map(|place| &target.columns[*place]).collect();
            let mut text = format!("DELETE FROM {table} WHERE ");
            for (number, key) in changes.deleted.iter().enumerate() {
                text.push_str(if number > 0 { " OR (" } else { "(" });
                push_agreements(&mut text, keys.iter().copied(), key)?;
                text.push(')');
            }
            statements.push(text);
        }
        if !changes.rows.is_empty() {
            let mut text = format!("INSERT INTO {table} ({}) VALUES ", columns(&target.columns));
            for (number, row) in changes.rows.iter().enumerate() {
                text.push_str(if number > 0 { ", (" } else { "(" });
                for (place, (column, value)) in target.columns.iter().zip(row).enumerate() {
                    text.push_str(if place > 0 { ", " } else { "" });
                    push_literal(&mut text, &column.kind, value.as_deref())?;
                }
                text.push(')');
            }
            if !target.key.is_empty() {
                let others = (0..target.columns.len()).filter(|place| !target.key.contains(place));
                // Where there is nothing but the key, it stays what it is.
                let updated: Vec<usize> = others.collect();
                let updated = if updated.is_empty() { &target.key } else { &updated };
                let updates: Vec<String> = updated
                    .iter()
                    .map(|place| {
                        let name = quoted(&target.columns[*place].name, QUOTE);
                        format!("{name} = VALUES({name})")
                    })
                    .collect();
                let _ = write!(text, " ON DUPLICATE KEY UPDATE {}", updates.join(", "));
            }
            statements.push(text);
        }
        let (place, written) = (self.place.clone(), target.table.join("."));
        let mut transaction = self
            .connection
            .start_transaction(mysql_async::TxOpts::default())
            .await
            .map_err(|error| fault(&place, error))?;
        for text in statements {
            transaction
                .query_drop(text)
                .await
                .map_err(|error| fault_in(&place, &written, error))?;
        }
        let committed = transaction.commit().await;
        committed.map_err(|error| fault_in(&place, &written, error))
    }
}

fn columns(columns: &[Column]) -> String {
    let names: Vec<String> = columns.iter().map(|column| quoted(&column.name, QUOTE)).collect();
    names.join(", ")
}

fn push_agreements<'c>(
    text: &mut String,
    columns: impl Iterator<Item = &'c Column>,
    values: &[Option<String>],
) -> Result<(), Error> {
    for (number, (column, value)) in columns.zip(values).enumerate() {
        let and = if number > 0 { " AND " } else { "" };
        let _ = write!(text, "{and}{} = ", quoted(&column.name, QUOTE));
        push_literal(text, &column.kind, value.as_deref())?;
    }
    Ok(())
}

/// A value that cannot be taken for anything else.
fn push_literal(out: &mut String, kind: &TypeKind, value: Option<&str>) -> Result<(), Error> {
    let Some(value) = value else {
        out.push_str("NULL");
        return Ok(());
    };
    match kind {
        TypeKind::Boolean
        | TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Decimal { .. } => out.push_str(value),
        TypeKind::Float | TypeKind::Double => {
            if value.contains('N') || value.contains('I') {
                return Err(Error::Data {
                    message: format!("MySQL has no number {value}"),
                    place: "a row to be written".to_string(),
                });
            }
            out.push_str(value);
        }
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
            let digits = value.strip_prefix("\\x").unwrap_or(value);
            let _ = write!(out, "X'{digits}'");
        }
        // Their texts are of digits and what stands between them.
        TypeKind::Date | TypeKind::Time(_) | TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_) => {
            let _ = write!(out, "'{value}'");
        }
        _ => {
            out.push_str("_utf8mb4 X'");
            for byte in value.bytes() {
                let _ = write!(out, "{byte:02X}");
            }
            out.push('\'');
        }
    }
    Ok(())
}

fn cells(row: Row) -> Result<Vec<Cell>, Error> {
    row.unwrap()
        .into_iter()
        .map(|value| match value {
            Value::NULL => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes)),
            _ => Err(Error::internal("MySQL gave a value that is no text")),
        })
        .collect()
}

/// What stands in the way of rows of a table.
fn fault_in(place: &str, table: &str, error: mysql_async::Error) -> Error {
    if let mysql_async::Error::Server(told) = &error {
        // Some say so of a value without its class.
        let state = if told.code == INCORRECT_VALUE {
            "22000"
        } else {
            &told.state
        };
        if let Some(what) = fault_of_values(state) {
            return refused_values(place, table, what, state);
        }
    }
    fault(place, error)
}

fn fault(place: &str, error: mysql_async::Error) -> Error {
    match error {
        mysql_async::Error::Server(told) if !PASSING_CODES.contains(&told.code) => {
            refused(place, &told.message)
        }
        mysql_async::Error::Server(told) => Error::io(format!("ask {place}"), io::Error::other(told.message)),
        other => Error::io(format!("ask {place}"), io::Error::other(other.to_string())),
    }
}
