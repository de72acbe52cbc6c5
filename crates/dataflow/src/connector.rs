//! What a connector must say and do. A connector is a folder with one of these in it.

use std::sync::Arc;

use model::{DataType, Schema};

use crate::{Error, EvaluationContext, Lookup, LookupRequest, OnUnreadable, Options, Registry, Sink, Source};

/// An option as the documentation and completion show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionDoc {
    pub key: &'static str,
    pub required: bool,
    /// As written in the documentation; empty if there is none.
    pub default: &'static str,
    pub doc: &'static str,
}

/// A table as its connector sees it.
#[derive(Debug)]
pub struct TableDescriptor<'a> {
    /// `catalog.database.table`
    pub path: &'a str,
    /// The physical columns, as declared.
    pub physical: &'a Schema,
    pub partition_keys: &'a [String],
    /// Names of the primary key's columns; empty if there is none.
    pub primary_key: &'a [String],
    pub options: &'a Options,
    pub registry: &'a Registry,
    pub context: &'a Arc<EvaluationContext>,
}

/// What a query wants of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanRequest {
    /// Physical columns wanted, in the order of the batches; nested rows may be pruned to the fields used.
    pub columns: Schema,
    /// Metadata wanted, appended behind the columns: the metadata key and the type to deliver.
    pub metadata: Vec<(String, DataType)>,
    /// Watermarks are made from the rows: those that belong together in time must come in one lane.
    pub event_time: bool,
    /// Anything but to fail is asked only of connectors that can do it ([`Connector::meets_unreadable`]).
    pub on_unreadable: OnUnreadable,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkRequest {
    /// All physical columns of the table that are persisted, in order.
    pub columns: Schema,
    /// Metadata columns to write, behind the columns.
    pub metadata: Vec<(String, DataType)>,
    /// `PARTITION (a = 1)`: already part of the rows, told for layout.
    pub static_partition: Vec<(String, String)>,
    pub overwrite: bool,
}

pub trait Connector: Send + Sync {
    /// As written in `'connector' = '...'`.
    fn name(&self) -> &'static str;

    fn options(&self) -> Vec<OptionDoc>;

    /// Metadata columns it can deliver: key, type, and what it is.
    fn metadata(&self, _table: &TableDescriptor<'_>) -> Vec<(&'static str, DataType, &'static str)> {
        Vec::new()
    }

    /// Whether its changes tell by the primary key what a row is now, and not what it was: whoever reads such a table
    /// remembers that.
    fn reads_upserts(&self) -> bool {
        false
    }

    /// Whether it reads records that may turn out to be unreadable, and does with them what it is asked to.
    fn meets_unreadable(&self) -> bool {
        false
    }

    /// Makes the source, all options read and checked; `None` if the connector only writes.
    fn source(
        &self,
        table: &TableDescriptor<'_>,
        request: &ScanRequest,
    ) -> Result<Option<Arc<dyn Source>>, Error>;

    /// Makes the sink, all options read and checked; `None` if the connector only reads.
    fn sink(
        &self,
        table: &TableDescriptor<'_>,
        request: &SinkRequest,
    ) -> Result<Option<Arc<dyn Sink>>, Error>;

    /// Whether rows of its tables can be looked up. The options `lookup.*` of such a table are read by the planner; the
    /// connector sees them nowhere.
    fn looks_up(&self) -> bool {
        false
    }

    /// Makes the lookup, all options read and checked; `None` if rows cannot be looked up by keys.
    fn lookup(
        &self,
        _table: &TableDescriptor<'_>,
        _request: &LookupRequest,
    ) -> Result<Option<Arc<dyn Lookup>>, Error> {
        Ok(None)
    }
}
