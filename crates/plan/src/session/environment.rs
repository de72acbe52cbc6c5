//! What planning may look at: the catalog, the configuration, the connectors and the context of evaluation.

use std::sync::Arc;

use dataflow::{EvaluationContext, OptionError, Registry};
use model::{Diagnostic, Span};

use crate::catalog::{CatalogObject, CatalogStore, ObjectPath, Origin};
use crate::config::Config;

#[derive(Debug, Clone, Copy)]
pub struct Environment<'a> {
    pub catalog: &'a CatalogStore,
    pub config: &'a Config,
    pub registry: &'a Registry,
    pub context: &'a Arc<EvaluationContext>,
    /// Which text the spans of the statement at hand belong to.
    pub script: u64,
}

impl Environment<'_> {
    /// A fault in a table's options, at the place where it can be mended: the option itself if the table was
    /// declared in the text at hand, else the table's name in the statement.
    pub fn option_diagnostic(&self, path: &ObjectPath, error: OptionError, name_span: Span) -> Diagnostic {
        let origin: Option<&Origin> = self.catalog.get(path).map(|object| match object {
            CatalogObject::Table(table) => &table.origin,
            CatalogObject::View(view) => &view.origin,
        });
        if let Some(origin) = origin.filter(|origin| origin.script == self.script) {
            let place = error
                .key
                .as_ref()
                .and_then(|key| origin.options.get(key))
                .copied()
                .unwrap_or(origin.name);
            return Diagnostic::validation(place, error.message).maybe_hint(error.hint);
        }
        Diagnostic::validation(name_span, format!("table '{path}': {}", error.message)).maybe_hint(error.hint)
    }
}
