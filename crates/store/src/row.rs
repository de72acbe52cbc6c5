//! Columns of a row as the types they stand for.
//!
//! A value that does not read is a fault of the database, never of the caller.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// An id, a phase, a role: anything kept as its text.
pub(crate) fn parsed<T>(row: &SqliteRow, column: &str) -> sqlx::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|cause: T::Err| wrong(column, cause))
}

pub(crate) fn optional_parsed<T>(row: &SqliteRow, column: &str) -> sqlx::Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match row.try_get::<Option<&str>, _>(column)? {
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|cause: T::Err| wrong(column, cause)),
        None => Ok(None),
    }
}

pub(crate) fn json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> sqlx::Result<T> {
    let text: &str = row.try_get(column)?;
    serde_json::from_str(text).map_err(|cause| wrong(column, cause))
}

pub(crate) fn optional_json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> sqlx::Result<Option<T>> {
    match row.try_get::<Option<&str>, _>(column)? {
        Some(text) => {
            let value = serde_json::from_str(text).map_err(|cause| wrong(column, cause))?;
            Ok(Some(value))
        }
        None => Ok(None),
    }
}

/// A count or number, which databases keep with a sign.
pub(crate) fn number<T: TryFrom<i64>>(row: &SqliteRow, column: &str) -> sqlx::Result<T>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    let number: i64 = row.try_get(column)?;
    T::try_from(number).map_err(|cause| wrong(column, cause))
}

pub(crate) fn optional_number<T: TryFrom<i64>>(row: &SqliteRow, column: &str) -> sqlx::Result<Option<T>>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    match row.try_get::<Option<i64>, _>(column)? {
        Some(number) => {
            let number = T::try_from(number).map_err(|cause| wrong(column, cause))?;
            Ok(Some(number))
        }
        None => Ok(None),
    }
}

/// The other way. Nothing that is stored comes near the end of the range, so a number beyond it matches no row.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn wrong(column: &str, cause: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_string(),
        source: Box::new(cause),
    }
}
