//! One user's conversation with the planner: statements in, outcomes out.
//!
//! Statements take effect one after the other; a statement that fails changes nothing.

mod environment;

use std::sync::Arc;

use arrow_array::RecordBatch;
use dataflow::{EvaluationContext, Registry};
use graph::Graph;
use model::{Diagnostic, Schema};
use sql::ast::Statement;
use stdx::Clock;

use crate::catalog::CatalogStore;
use crate::config::Config;

pub use environment::Environment;

/// What a statement came to.
#[derive(Debug)]
pub enum Outcome {
    /// It changed the catalog or the session.
    Done { message: String },
    /// It answered at once.
    Rows { schema: Schema, rows: RecordBatch },
    /// A job to run that writes into tables.
    Insert(Graph),
}

#[derive(Debug)]
pub struct Session {
    pub(crate) catalog: CatalogStore,
    pub(crate) config: Config,
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) context: Arc<EvaluationContext>,
    pub(crate) script: u64,
}

impl Session {
    pub fn new(registry: Arc<Registry>, clock: Arc<dyn Clock>) -> Session {
        let config = Config::default();
        let context = Arc::new(EvaluationContext::new(config.time_zone(), clock.clone()));
        Session {
            catalog: CatalogStore::default(),
            config,
            registry,
            clock,
            context,
            script: 0,
        }
    }

    /// A new text begins: spans of statements from now on belong to it.
    pub fn begin_script(&mut self) -> u64 {
        self.script += 1;
        self.script
    }

    /// Executes one statement of `text`, the text that its spans point into.
    pub fn execute(&mut self, text: &str, statement: &Statement) -> Result<Outcome, Diagnostic> {
        let _ = text;
        Err(Diagnostic::validation(
            statement.span,
            "statement not supported yet",
        ))
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn set(&mut self, key: &str, value: &str) -> Result<(), Diagnostic> {
        self.config.set(key, value)
    }

    pub fn catalog(&self) -> &CatalogStore {
        &self.catalog
    }

    pub fn context(&self) -> Arc<EvaluationContext> {
        self.context.clone()
    }

    pub fn environment(&self) -> Environment<'_> {
        Environment {
            catalog: &self.catalog,
            config: &self.config,
            registry: &self.registry,
            context: &self.context,
            script: self.script,
        }
    }
}
