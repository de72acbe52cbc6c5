//! One user's conversation with the planner: statements in, outcomes out.
//!
//! Statements take effect one after the other; a statement that fails changes nothing.

mod environment;

use std::sync::Arc;

use arrow_array::RecordBatch;
use dataflow::{EvaluationContext, Registry};
use graph::Graph;
use model::{Diagnostic, Schema};
use sql::ast::{ObjectName, Statement, StatementKind, Text};
use stdx::Clock;

use crate::build::{self, PlannedQuery};
use crate::catalog::CatalogStore;
use crate::config::Config;
use crate::{ddl, explain, show};

pub use environment::Environment;

/// What a statement came to.
#[derive(Debug)]
pub enum Outcome {
    /// It changed the catalog or the session.
    Done { message: String },
    /// It answered at once.
    Rows { schema: Schema, rows: RecordBatch },
    /// A query to run, its rows wanted back.
    Query(PlannedQuery),
    /// A job to run that writes into tables.
    Insert(Graph),
}

impl Outcome {
    pub(crate) fn done(message: &str) -> Outcome {
        Outcome::Done {
            message: message.to_string(),
        }
    }
}

#[derive(Debug)]
pub struct Session {
    pub(crate) catalog: CatalogStore,
    pub(crate) config: Config,
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) context: Arc<EvaluationContext>,
    pub(crate) script: u64,
    /// Whether a view is planned when it is made, as in Flink; else it is bound only.
    pub(crate) plans_views: bool,
    warnings: Vec<Diagnostic>,
}

impl Session {
    pub fn new(registry: Arc<Registry>, clock: Arc<dyn Clock>) -> Session {
        let config = Config::default();
        let context = context_of(&config, &clock);
        Session {
            catalog: CatalogStore::default(),
            config,
            registry,
            clock,
            context,
            script: 0,
            plans_views: true,
            warnings: Vec::new(),
        }
    }

    /// Whether views are planned when they are made, which they are at first. Without it what a connector has to say
    /// of a table's options is told by who reads the view, and no longer keeps it from being made: for definitions
    /// that were checked before, perhaps where more was known of the outside.
    pub fn plan_views(&mut self, plans_views: bool) {
        self.plans_views = plans_views;
    }

    /// A new text begins: spans of statements from now on belong to it.
    pub fn begin_script(&mut self) -> u64 {
        self.script += 1;
        self.script
    }

    /// Executes one statement of `text`, the text that its spans point into.
    pub fn execute(&mut self, text: &str, statement: &Statement) -> Result<Outcome, Diagnostic> {
        self.warnings.clear();
        // Times such as CURRENT_TIMESTAMP are those of the statement.
        self.context = context_of(&self.config, &self.clock);
        self.dispatch(text, statement)
            .map_err(|fault| fault.or_at(statement.span))
    }

    fn dispatch(&mut self, text: &str, statement: &Statement) -> Result<Outcome, Diagnostic> {
        if let Some(outcome) = ddl::execute(self, text, &statement.kind) {
            return outcome;
        }
        match &statement.kind {
            StatementKind::Show(what) => show::execute(self, what, statement.span),
            StatementKind::Describe { name, extended: _ } => show::describe(self, name),
            StatementKind::DescribeFunction { name, extended } => {
                show::describe_function(self, name, *extended)
            }
            StatementKind::Set(None) => Ok(show::settings(&self.config)),
            StatementKind::Set(Some((key, value))) => self.set_option(key, value),
            StatementKind::Reset(None) => {
                self.config.reset_all();
                self.context = context_of(&self.config, &self.clock);
                Ok(Outcome::done("configuration reset"))
            }
            StatementKind::Reset(Some(key)) => {
                self.config.reset(&key.value);
                self.context = context_of(&self.config, &self.clock);
                Ok(Outcome::done("configuration reset"))
            }
            StatementKind::Query(query) => Ok(Outcome::Query(build::query(query, &self.environment())?)),
            StatementKind::Insert(insert) => Ok(Outcome::Insert(build::inserts(
                std::slice::from_ref(insert),
                &self.environment(),
            )?)),
            StatementKind::StatementSet { inserts } => {
                Ok(Outcome::Insert(build::inserts(inserts, &self.environment())?))
            }
            StatementKind::Explain { details, statement } => {
                let text = explain::text(statement, details, &self.environment())?;
                Ok(show::one_text(text))
            }
            // The rest defines something and was taken above.
            _ => Err(Diagnostic::validation(
                statement.span,
                "this statement cannot be executed here",
            )),
        }
    }

    fn set_option(&mut self, key: &Text, value: &Text) -> Result<Outcome, Diagnostic> {
        if let Err(fault) = self.config.set(&key.value, &value.value) {
            let known = crate::config::is_known(&key.value);
            return Err(fault.or_at(if known { value.span } else { key.span }));
        }
        let warning = crate::config::warning(&key.value, &value.value);
        self.warnings.extend(warning.map(|warning| warning.at(key.span)));
        self.context = context_of(&self.config, &self.clock);
        Ok(Outcome::done("configuration changed"))
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Sets what the session starts with; `RESET` comes back to it. The diagnostic has no place.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), Diagnostic> {
        self.config.set_initial(key, value)?;
        self.warnings.extend(crate::config::warning(key, value));
        self.context = context_of(&self.config, &self.clock);
        Ok(())
    }

    /// What is worth telling of the last statement, or of what was set since, though it did what it could. Once.
    pub fn take_warnings(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings)
    }

    pub fn catalog(&self) -> &CatalogStore {
        &self.catalog
    }

    /// The context of the last statement.
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

    /// The catalog and the database that a name of one or two parts stands for.
    pub(crate) fn database_of(&self, name: &ObjectName) -> Result<(String, String), Diagnostic> {
        match name.parts.as_slice() {
            [database] => Ok((self.catalog.current_catalog().to_string(), database.name.clone())),
            [catalog, database] => Ok((catalog.name.clone(), database.name.clone())),
            _ => Err(
                Diagnostic::validation(name.span, "a database's name has one or two parts")
                    .hint("write catalog.database or database"),
            ),
        }
    }
}

fn context_of(config: &Config, clock: &Arc<dyn Clock>) -> Arc<EvaluationContext> {
    let mut context = EvaluationContext::new(config.time_zone(), clock.clone());
    context.legacy_cast = config.legacy_cast();
    Arc::new(context)
}

#[cfg(test)]
mod tests;
