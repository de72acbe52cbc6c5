//! FROM: tables, views, common table expressions, sub-queries, window functions.

use model::{Diagnostic, Field, Span};
use sql::ast::{self, FunctionCall, Hint, JoinKind, ObjectName, TableAlias, TableRef, TableRefKind};

use super::query::{Bound, QueryBinder};
use super::scope::Scope;
use super::{hints, unsupported};
use crate::catalog::{CatalogObject, View};

/// How deep views may use each other.
const VIEWS_NESTED_MAX: usize = 50;

impl QueryBinder<'_> {
    pub(super) fn from(&mut self, table: &TableRef) -> Result<(Scope, Bound), Diagnostic> {
        let mut hidden = Vec::new();
        let (mut name, mut bound) = match &table.kind {
            TableRefKind::Table {
                name,
                hints,
                system_time,
            } => {
                if let Some(time) = system_time {
                    return Err(unsupported(
                        time.span,
                        "FOR SYSTEM_TIME AS OF",
                        "read the table as it is now",
                    ));
                }
                let (name, bound, left_out) = self.named_table(name, hints)?;
                hidden = left_out;
                (name, bound)
            }
            TableRefKind::Subquery { query, lateral } => {
                if *lateral {
                    return Err(unsupported(table.span, "LATERAL", "write a sub-query of its own"));
                }
                (Vec::new(), self.query(query)?)
            }
            TableRefKind::Function { call, lateral } => {
                if *lateral {
                    return Err(unsupported(
                        table.span,
                        "LATERAL TABLE",
                        "only window functions over a table are",
                    ));
                }
                (Vec::new(), self.table_function(call)?)
            }
            TableRefKind::Unnest { .. } => {
                return Err(unsupported(
                    table.span,
                    "UNNEST",
                    "read single elements with array[1]",
                ));
            }
            TableRefKind::Join { kind, .. } => {
                let what = match kind {
                    JoinKind::Comma => "joining tables with a comma",
                    _ => "JOIN",
                };
                return Err(unsupported(
                    table.span,
                    what,
                    "bring the data together with UNION ALL, or join before",
                ));
            }
            TableRefKind::MatchRecognize(matching) => {
                return Err(unsupported(
                    matching.span,
                    "MATCH_RECOGNIZE",
                    "aggregate over windows instead",
                ));
            }
            TableRefKind::Nested(inner) => {
                let (scope, bound) = self.from(inner)?;
                let relation = scope.relations.into_iter().next();
                hidden = relation
                    .as_ref()
                    .map(|relation| relation.hidden.clone())
                    .unwrap_or_default();
                (relation.map(|relation| relation.name).unwrap_or_default(), bound)
            }
        };
        if let Some(alias) = &table.alias {
            name = vec![alias.name.name.clone()];
            rename(&mut bound, alias)?;
        }
        let fields = bound.plan.schema.fields.clone();
        let mut scope = Scope::of_relation(name, fields);
        scope.relations[0].hidden = hidden;
        Ok((scope, bound))
    }

    fn named_table(
        &mut self,
        name: &ObjectName,
        hints: &[Hint],
    ) -> Result<(Vec<String>, Bound, Vec<usize>), Diagnostic> {
        if let [only] = name.parts.as_slice()
            && let Some(cte) = self.cte(&only.name).cloned()
        {
            hints::refuse_on_query(hints)?;
            return Ok((vec![only.name.clone()], cte, Vec::new()));
        }
        let (path, object) = self.env.catalog.lookup(name)?;
        let parts = vec![path.catalog.clone(), path.database.clone(), path.object.clone()];
        Ok(match object {
            CatalogObject::Table(table) => {
                let hidden = super::table::hidden_columns(table, self.env);
                (parts, self.scan(&path, table, hints, name.span)?, hidden)
            }
            CatalogObject::View(view) => {
                hints::refuse_on_query(hints)?;
                (parts, self.view(&path.to_string(), view, name.span)?, Vec::new())
            }
        })
    }

    /// A view's query, bound on its own: faults in it point at the place where the view is used.
    fn view(&mut self, path: &str, view: &View, span: Span) -> Result<Bound, Diagnostic> {
        let place = self.at(span);
        let fault = |fault: Diagnostic| Diagnostic {
            message: format!("view '{path}': {}", fault.message),
            span: Some(place),
            ..fault
        };
        if self.views >= VIEWS_NESTED_MAX {
            return Err(Diagnostic::validation(
                place,
                format!("views use each other more than {VIEWS_NESTED_MAX} deep"),
            ));
        }
        let query = sql::parse_query(&view.query).map_err(fault)?;
        let mut bound = self.inside_view(span).query(&query).map_err(fault)?;
        if bound.plan.schema.len() != view.schema.len() {
            return Err(Diagnostic::validation(
                place,
                format!(
                    "view '{path}' was made with {} columns, but its query now has {}",
                    view.schema.len(),
                    bound.plan.schema.len()
                ),
            )
            .hint("drop the view and create it anew"));
        }
        for (field, declared) in bound.plan.schema.fields.iter_mut().zip(&view.schema.fields) {
            field.name.clone_from(&declared.name);
        }
        Ok(bound)
    }

    fn table_function(&mut self, call: &FunctionCall) -> Result<Bound, Diagnostic> {
        let name = super::call::function_name(&call.name)?;
        if super::window::is_window_function(&name) {
            return self.window_function(&name, call);
        }
        let known = functions::scalar(&name).is_some() || functions::aggregate(&name).is_some();
        if known {
            return Err(Diagnostic::validation(
                call.span,
                format!("{name} is not a table function"),
            ));
        }
        Err(unsupported(
            call.span,
            &format!("table function '{name}'"),
            "the window functions TUMBLE, HOP, CUMULATE and SESSION are",
        ))
    }
}

fn rename(bound: &mut Bound, alias: &TableAlias) -> Result<(), Diagnostic> {
    if alias.columns.is_empty() {
        return Ok(());
    }
    let fields: &mut Vec<Field> = &mut bound.plan.schema.fields;
    if fields.len() != alias.columns.len() {
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let message = format!(
            "'{}' names {} columns, but the table has {}",
            alias.name.name,
            alias.columns.len(),
            fields.len()
        );
        let span = alias
            .columns
            .iter()
            .map(|column: &ast::Ident| column.span)
            .reduce(Span::to)
            .unwrap_or(alias.name.span);
        return Err(Diagnostic::validation(span, message)
            .hint(format!("its columns: {}", super::scope::list_of(&names))));
    }
    for (field, column) in fields.iter_mut().zip(&alias.columns) {
        field.name.clone_from(&column.name);
    }
    Ok(())
}
