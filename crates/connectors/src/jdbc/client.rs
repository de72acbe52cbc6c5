//! A connection to either database, and a pool of them.
//!
//! A connection that fails, or whose work is given up, is not used again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dataflow::{Error, OptionError};
use model::TypeKind;
use tokio::sync::mpsc::Sender;

use super::mysql::MysqlClient;
use super::options::{Dialect, Server};
use super::postgres::PostgresClient;
use crate::text::Cell;

/// Bytes of the rows that one request may find.
const LOOKUP_BYTES_MAX: usize = 128 << 20;
/// Connections that wait to be used again.
const IDLE_MAX: usize = 8;

/// A column there: its name and the type it is declared with here.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: TypeKind,
}

/// What is looked up, or read whole.
#[derive(Debug, Clone)]
pub struct Selection {
    pub table: Vec<String>,
    pub keys: Vec<Column>,
    pub columns: Vec<Column>,
}

/// What is written.
#[derive(Debug, Clone)]
pub struct Target {
    pub table: Vec<String>,
    pub columns: Vec<Column>,
    /// Places of the columns of the primary key; none if rows are only added.
    pub key: Vec<usize>,
}

/// Rows to write and keys to delete, as texts: no key comes twice.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub rows: Vec<Vec<Option<String>>>,
    pub deleted: Vec<Vec<Option<String>>>,
}

pub enum Client {
    Postgres(PostgresClient),
    Mysql(MysqlClient),
}

impl Client {
    async fn connect(server: &Server) -> Result<Client, Error> {
        Ok(match server.dialect {
            Dialect::Postgres => Client::Postgres(PostgresClient::connect(server).await?),
            Dialect::Mysql => Client::Mysql(MysqlClient::connect(server).await?),
        })
    }

    /// As far as is known: MySQL tells when it is asked.
    fn is_open(&self) -> bool {
        match self {
            Client::Postgres(client) => client.is_open(),
            Client::Mysql(_) => true,
        }
    }

    /// Rows, each with the place of its key before it.
    pub async fn look_up(
        &mut self,
        selection: &Selection,
        keys: &[Vec<Option<String>>],
    ) -> Result<Vec<(u32, Vec<Cell>)>, Error> {
        match self {
            Client::Postgres(client) => client.look_up(selection, keys).await,
            Client::Mysql(client) => client.look_up(selection, keys).await,
        }
    }

    /// Sends all rows behind the first `skipped`, in an order that stays the same while the table does, some at a time.
    pub async fn read(
        &mut self,
        selection: &Selection,
        skipped: u64,
        rows_max: usize,
        out: &Sender<Result<Vec<Vec<Cell>>, Error>>,
    ) -> Result<(), Error> {
        match self {
            Client::Postgres(client) => client.read(selection, skipped, rows_max, out).await,
            Client::Mysql(client) => client.read(selection, skipped, rows_max, out).await,
        }
    }

    /// Makes all changes, or none.
    pub async fn write(&mut self, target: &Target, changes: &Changes) -> Result<(), Error> {
        match self {
            Client::Postgres(client) => client.write(target, changes).await,
            Client::Mysql(client) => client.write(target, changes).await,
        }
    }
}

/// Connections to one server. Cloned freely.
#[derive(Clone)]
pub struct Pool {
    server: Arc<Server>,
    idle: Arc<Mutex<Vec<Client>>>,
}

impl Pool {
    pub fn new(server: Server) -> Pool {
        Pool {
            server: Arc::new(server),
            idle: Arc::default(),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Client>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn take(&self) -> Result<Client, Error> {
        // One that the server has closed meanwhile is passed over.
        let idle = std::iter::from_fn(|| self.idle().pop()).find(Client::is_open);
        match idle {
            Some(client) => Ok(client),
            None => {
                let connecting = tokio::time::timeout(self.server.patience, Client::connect(&self.server));
                connecting.await.unwrap_or_else(|_| {
                    let cause =
                        std::io::Error::new(std::io::ErrorKind::TimedOut, "it does not answer in time");
                    Err(Error::io(self.reach(), cause))
                })
            }
        }
    }

    /// Gives back a connection that is in order.
    pub fn give_back(&self, client: Client) {
        let mut idle = self.idle();
        if idle.len() < IDLE_MAX {
            idle.push(client);
        }
    }

    /// Those that wait may have been cut off together.
    pub fn forget(&self) {
        self.idle().clear();
    }

    fn reach(&self) -> String {
        format!("reach {}", self.server.place())
    }

    pub fn server(&self) -> &Server {
        &self.server
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pool").field(&self.server).finish()
    }
}

/// A name between quotes, quotes in it doubled.
pub fn quoted(name: &str, quote: char) -> String {
    let doubled = format!("{quote}{quote}");
    format!("{quote}{}{quote}", name.replace(quote, &doubled))
}

pub fn quoted_table(parts: &[String], quote: char) -> String {
    let parts: Vec<String> = parts.iter().map(|part| quoted(part, quote)).collect();
    parts.join(".")
}

/// Rows that a request finds, each with the place of its key before it.
pub struct Finds {
    pub rows: Vec<(u32, Vec<Cell>)>,
    bytes_left: usize,
}

impl Finds {
    pub fn new() -> Finds {
        Finds::up_to(LOOKUP_BYTES_MAX)
    }

    fn up_to(bytes: usize) -> Finds {
        Finds {
            rows: Vec::new(),
            bytes_left: bytes,
        }
    }

    pub fn push(&mut self, place: u32, cells: Vec<Cell>, table: &str) -> Result<(), Error> {
        let texts = cells.iter().flatten().map(Vec::len).sum::<usize>();
        let bytes = size_of::<(u32, Vec<Cell>)>() + cells.len() * size_of::<Cell>() + texts;
        let Some(left) = self.bytes_left.checked_sub(bytes) else {
            return Err(OptionError {
                key: None,
                message: format!(
                    "a lookup in {table} finds more than {} rows, which are too many to be held",
                    self.rows.len()
                ),
                hint: Some("compare more columns, so that a key has few rows".to_string()),
            }
            .into());
        };
        self.bytes_left = left;
        self.rows.push((place, cells));
        Ok(())
    }
}

/// What a class of SQLSTATE says of values, if it does: messages of these repeat them, and are not shown.
pub fn fault_of_values(state: &str) -> Option<&'static str> {
    match state.get(..2)? {
        "22" => Some("a value does not fit"),
        "23" => Some("a value breaks a constraint"),
        _ => None,
    }
}

/// What the database says of values in rows of a table.
pub fn refused_values(server: &str, table: &str, what: &str, state: &str) -> Error {
    refused(server, &format!("{what} in {table} (SQLSTATE {state})"))
}

/// What the database says of a statement: show it; it says the same the next time.
pub fn refused(server: &str, message: &str) -> Error {
    OptionError {
        key: None,
        message: format!("{server} refuses: {message}"),
        hint: None,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_finds_is_bounded() {
        let row = || vec![Some(vec![b'x'; 100]), None];
        let mut finds = Finds::up_to(1000);
        let held = (0..100).take_while(|place| finds.push(*place, row(), "t").is_ok());
        let held = held.count();
        assert!((1..10).contains(&held), "{held}");
        assert_eq!(finds.rows.len(), held);
        let error = finds.push(0, row(), "t").unwrap_err();
        assert!(
            error.to_string().contains("a lookup in t finds more than"),
            "{error}"
        );
    }
}
