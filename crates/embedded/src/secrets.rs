//! Puts connections and secrets into the options of tables, at the last moment.
//!
//! Only a connector ever sees a value. The catalog, plans, places of diagnostics and SHOW CREATE keep the
//! references `'connection' = 'name'` and `${secret.name}` as they were written, and a secret in any other place of
//! a script is plain text.

use std::sync::Arc;

use dataflow::{
    Connector, Error, Lookup, LookupRequest, OptionDoc, OptionError, Options, ScanRequest, Sink, SinkRequest,
    Source, TableDescriptor,
};
use model::DataType;
use model::secret::OPEN;
use runner::{Connections, Secrets};

use crate::connections::Joined;

/// A connector that reads its options with those of the connection beneath, and with secrets in them.
pub struct Resolving {
    inner: Arc<dyn Connector>,
    connections: Arc<Connections>,
    secrets: Arc<Secrets>,
}

impl Resolving {
    pub fn new(inner: Arc<dyn Connector>, connections: Arc<Connections>, secrets: Arc<Secrets>) -> Resolving {
        Resolving {
            inner,
            connections,
            secrets,
        }
    }

    /// Lets the connector read the table's options with all that they refer to.
    fn with<T>(
        &self,
        table: &TableDescriptor<'_>,
        ask: impl FnOnce(&TableDescriptor<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let joined = Joined::of(table.options, self.inner.name(), &self.connections)?;
        let mut entries = joined.entries.clone();
        for (key, value) in &mut entries {
            if value.contains(OPEN) {
                *value = resolve(key, value, &self.secrets).map_err(|fault| joined.tell_option(fault))?;
            }
        }
        let options = Options::new(entries);
        let table = TableDescriptor {
            options: &options,
            ..*table
        };
        ask(&table).map_err(|fault| joined.tell(fault))
    }
}

impl Connector for Resolving {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn options(&self) -> Vec<OptionDoc> {
        self.inner.options()
    }

    fn metadata(&self, table: &TableDescriptor<'_>) -> Vec<(&'static str, DataType, &'static str)> {
        // What is wrong is told when the table is read or written.
        self.with(table, |resolved| Ok(self.inner.metadata(resolved)))
            .unwrap_or_else(|_| self.inner.metadata(table))
    }

    fn reads_upserts(&self) -> bool {
        self.inner.reads_upserts()
    }

    fn meets_unreadable(&self) -> bool {
        self.inner.meets_unreadable()
    }

    fn source(
        &self,
        table: &TableDescriptor<'_>,
        request: &ScanRequest,
    ) -> Result<Option<Arc<dyn Source>>, Error> {
        self.with(table, |resolved| self.inner.source(resolved, request))
    }

    fn sink(
        &self,
        table: &TableDescriptor<'_>,
        request: &SinkRequest,
    ) -> Result<Option<Arc<dyn Sink>>, Error> {
        self.with(table, |resolved| self.inner.sink(resolved, request))
    }

    fn looks_up(&self) -> bool {
        self.inner.looks_up()
    }

    fn lookup(
        &self,
        table: &TableDescriptor<'_>,
        request: &LookupRequest,
    ) -> Result<Option<Arc<dyn Lookup>>, Error> {
        self.with(table, |resolved| self.inner.lookup(resolved, request))
    }
}

/// The value with every reference replaced, or the fault of the option.
pub fn resolve(key: &str, value: &str, secrets: &Secrets) -> Result<String, OptionError> {
    secrets
        .resolve(key, value)
        .map_err(|fault| OptionError::new(key, fault.message).hint(fault.hint))
}
