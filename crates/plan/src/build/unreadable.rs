//! Records that sources cannot read: what connectors are asked to do with them, and the tables that they go to.
//!
//! A source is one node, whatever reads it: its unreadable records are written once. They are no part of what it gives,
//! so that state goes on where the policy changes.

use dataflow::{Connector, OnUnreadable, OptionError};
use graph::{Exchange, Input, NodeId, Operator, unreadable_schema};
use model::{Diagnostic, Field, Span};

use super::insert;
use super::layout::GraphBuilder;
use crate::bind::{Redirected, UNREADABLE_POLICY, UnreadableRows, table_name};
use crate::catalog::ObjectPath;
use crate::logical::ScanTable;

const WHAT: &str = "records that cannot be read";

/// A source whose unreadable records go to a table.
pub(super) struct UnreadableOf {
    source: NodeId,
    path: ObjectPath,
    /// The name of the table that they go to.
    table: String,
    /// Where the text names the source.
    span: Span,
}

impl GraphBuilder<'_> {
    /// What a connector is to do with records that it cannot read.
    pub(super) fn on_unreadable(
        &self,
        table: &ScanTable,
        connector: &dyn Connector,
    ) -> Result<OnUnreadable, Diagnostic> {
        if table.unreadable != UnreadableRows::Fail && !connector.meets_unreadable() {
            let message = format!(
                "connector '{}' reads no records that could be unreadable",
                connector.name()
            );
            let able = self.env.registry.connectors();
            let able: Vec<&str> = able
                .filter(|connector| connector.meets_unreadable())
                .map(|connector| connector.name())
                .collect();
            let error = OptionError::new(UNREADABLE_POLICY, message)
                .hint(format!("connectors that do: {}", able.join(", ")));
            return Err(self.table_fault(error.into(), table));
        }
        Ok(match &table.unreadable {
            UnreadableRows::Fail => OnUnreadable::Fail,
            UnreadableRows::Skip => OnUnreadable::Skip,
            // A query that only reads writes nothing elsewhere: a preview counts them.
            UnreadableRows::Redirect(_) if !self.writes() => OnUnreadable::Skip,
            UnreadableRows::Redirect(_) => OnUnreadable::Keep,
        })
    }

    /// The same for a table that is looked up; `connector` if it is read whole for it.
    pub(super) fn on_unreadable_of_lookup(
        &self,
        table: &ScanTable,
        connector: Option<&dyn Connector>,
    ) -> Result<OnUnreadable, Diagnostic> {
        match (&table.unreadable, connector) {
            (UnreadableRows::Fail, _) => Ok(OnUnreadable::Fail),
            (UnreadableRows::Skip, Some(connector)) => self.on_unreadable(table, connector),
            (_, connector) => {
                let message = "this policy does not hold where rows are looked up";
                let hint = match connector {
                    Some(_) => "a table that is read whole to be looked up can 'fail' or 'skip'",
                    None => "choose 'fail' by a hint: /*+ OPTIONS('scan.unreadable-rows.policy' = 'fail') */",
                };
                let error = OptionError::new(UNREADABLE_POLICY, message).hint(hint);
                Err(self.table_fault(error.into(), table))
            }
        }
    }

    /// Notes where the unreadable records of a source go.
    pub(super) fn note_unreadable(&mut self, source: NodeId, table: &ScanTable) {
        let UnreadableRows::Redirect(to) = &table.unreadable else {
            return;
        };
        if self.writes() && self.unreadable.iter().all(|known| known.source != source) {
            self.unreadable.push(UnreadableOf {
                source,
                path: table.path.clone(),
                table: to.clone(),
                span: table.span,
            });
        }
    }

    /// Has the unreadable records of all sources written.
    pub(super) fn redirect_unreadable(&mut self) -> Result<(), Diagnostic> {
        for unreadable in std::mem::take(&mut self.unreadable) {
            let name = table_name(&unreadable.table, unreadable.span);
            if let Ok((path, _)) = self.env.catalog.lookup(&name)
                && path == unreadable.path
            {
                let message = format!("{WHAT} cannot go into '{path}' itself");
                return Err(Diagnostic::validation(unreadable.span, message)
                    .hint("name another table: they would be read again, and again not be readable"));
            }
            let input = Input {
                node: unreadable.source,
                exchange: Exchange::Forward,
            };
            let schema = unreadable_schema();
            let operator = Operator::UnreadableRows;
            let node = self.add(operator, vec![input], schema.clone(), unreadable.span, "");
            let redirected = Redirected {
                table: name,
                rows: self.made(node),
                what: WHAT,
            };
            let bound = insert::bind_redirected(redirected, self.env);
            let (target, plan) = bound.map_err(|fault| with_columns(fault, &schema.fields))?;
            let root = self.plan(&plan)?;
            self.sink(root, target)?;
        }
        Ok(())
    }
}

/// A fault told with the columns that such a table has.
fn with_columns(fault: Diagnostic, fields: &[Field]) -> Diagnostic {
    let columns: Vec<String> = fields
        .iter()
        .map(|field| format!("{} {}", field.name, field.data_type.kind))
        .collect();
    let columns = format!("such a table has the columns ({})", columns.join(", "));
    // What is said of columns and casts of a query is of no help where there is none.
    match &fault.hint {
        Some(hint) if !hint.starts_with("query: ") && !hint.starts_with("CAST ") => fault,
        _ => fault.hint(columns),
    }
}
