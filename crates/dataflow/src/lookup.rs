//! Where rows are looked up by keys.
//!
//! A lookup answers in its own time: what it gives is a future that whoever asked polls, with a waker of theirs, from any
//! thread. It must not need a runtime of whoever polls; one that is dropped is given up. Time-outs, caches, retries and
//! the order of rows are the business of whoever asks.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::task::Context;

use arrow_array::RecordBatch;
use model::Schema;

use crate::{Error, OptionDoc};

/// Options of every table that can be looked up begin so. They are read by the planner, not by its connector.
pub const LOOKUP_OPTIONS: &str = "lookup.";

/// What a query wants to know of a table's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupRequest {
    /// The physical columns that keys are given for, in the order of the batches of keys: at least one.
    pub keys: Schema,
    /// Physical columns wanted, in the order of the batches of rows.
    pub columns: Schema,
}

/// The rows of several keys.
#[derive(Debug, Clone)]
pub struct Found {
    /// Of the columns wanted.
    pub rows: RecordBatch,
    /// Of each row, the place of its key among those that were asked for.
    pub keys: Vec<u32>,
}

/// Rows being looked up.
pub type Looking = Pin<Box<dyn Future<Output = Result<Found, Error>> + Send>>;

pub trait Lookup: Send + Sync + Debug {
    /// Keys of one request, at most. More than one is worth it where the other side answers many at once.
    fn keys_max(&self) -> usize {
        1
    }

    /// Requests of one shard under way at a time that are worth it. Some more may be, that take unusually long.
    fn requests_max(&self) -> usize {
        usize::MAX
    }

    /// Looks up keys: distinct ones, without NULLs. An [`Error::Io`] is worth another try.
    fn look_up(&self, keys: RecordBatch) -> Looking;
}

impl Found {
    /// Nothing for any key.
    pub fn nothing(columns: &Schema) -> Found {
        Found {
            rows: RecordBatch::new_empty(columns.arrow()),
            keys: Vec::new(),
        }
    }
}

/// Lets a future say that it waits, or what it has come to.
pub fn poll(looking: &mut Looking, context: &mut Context<'_>) -> std::task::Poll<Result<Found, Error>> {
    looking.as_mut().poll(context)
}

/// The options that all tables have which can be looked up, as documentation shows them.
pub fn option_docs() -> Vec<OptionDoc> {
    let doc = |key, default, doc| OptionDoc {
        key,
        required: false,
        default,
        doc,
    };
    vec![
        doc(
            "lookup.async",
            "true",
            "whether several requests may be under way at once",
        ),
        doc(
            "lookup.cache",
            "NONE",
            "what is remembered: NONE, PARTIAL (what was asked for) or FULL (the table is read whole, and nobody is asked)",
        ),
        doc(
            "lookup.full-cache.periodic-reload.interval",
            "",
            "how often a table that is read whole is read again; never unless it is said",
        ),
        doc(
            "lookup.full-cache.periodic-reload.schedule-mode",
            "FIXED_DELAY",
            "FIXED_DELAY or FIXED_RATE: from the start of one reading to that of the next",
        ),
        doc("lookup.full-cache.reload-strategy", "PERIODIC", "PERIODIC"),
        doc(
            "lookup.max-retries",
            "3",
            "how often a request that failed is made again, a second later each time than the time before",
        ),
        doc(
            "lookup.on-timeout",
            "fail",
            "what becomes of a row whose lookup takes too long: fail, null (as if nothing was found) or redirect",
        ),
        doc(
            "lookup.partial-cache.cache-missing-key",
            "true",
            "whether it is remembered that nothing was found for a key",
        ),
        doc(
            "lookup.partial-cache.expire-after-access",
            "",
            "how long a key is remembered after it was last used",
        ),
        doc(
            "lookup.partial-cache.expire-after-write",
            "",
            "how long a key is remembered after it was looked up",
        ),
        doc(
            "lookup.partial-cache.max-rows",
            "10000",
            "keys remembered by each shard, at most",
        ),
        doc(
            "lookup.timeout",
            "",
            "how long a lookup may take; 'table.exec.async-lookup.timeout' (3 min) unless it is said",
        ),
        doc(
            "lookup.timeout-attempts",
            "1",
            "how often a lookup may take too long before that counts",
        ),
        doc(
            "lookup.timeout-table",
            "",
            "where rows go whose lookup takes too long; for 'redirect', which needs it",
        ),
    ]
}
