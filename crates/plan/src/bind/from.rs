//! FROM: tables, views, common table expressions, sub-queries, window functions.

use model::{Diagnostic, Field, Span};
use sql::ast::{self, FunctionCall, Hint, ObjectName, TableAlias, TableRef, TableRefKind};

use super::query::{Bound, Boxed, QueryBinder};
use super::scope::Scope;
use super::{hints, unsupported};
use crate::catalog::{CatalogObject, ObjectPath, View};

/// How deep views may use each other.
const VIEWS_NESTED_MAX: usize = 50;

impl QueryBinder<'_> {
    pub(super) fn from(&mut self, table: &TableRef) -> Boxed<(Scope, Bound)> {
        let relation = match &table.kind {
            TableRefKind::Join {
                left,
                right,
                kind,
                constraint,
            } => {
                return self.deeper(table.span, |binder| {
                    binder.join(left, right, *kind, constraint, table.span)
                });
            }
            TableRefKind::Table {
                name,
                hints,
                system_time: None,
            } => self.named_table(name, hints)?,
            TableRefKind::Subquery {
                query,
                lateral: false,
            } => Named::unnamed(self.boxed_query(query)?),
            TableRefKind::Function { call, lateral: true } => return Err(lateral_function(call)),
            TableRefKind::Function { call, .. } => Named::unnamed(self.table_function(call)?),
            TableRefKind::Unnest { .. } => Named::unnamed(self.unnest_alone(table)?),
            TableRefKind::MatchRecognize(clause) => {
                Named::unnamed(self.deeper(table.span, |binder| binder.match_recognize(clause))?)
            }
            TableRefKind::Nested(inner) if table.alias.is_none() => {
                return self.deeper(table.span, |binder| binder.from(inner));
            }
            TableRefKind::Nested(inner) => self.deeper(table.span, |binder| binder.nested_table(inner))?,
            _ => return Err(unsupported_table(table)),
        };
        relation.under(table.alias.as_ref())
    }

    fn nested_table(&mut self, inner: &TableRef) -> Result<Named, Diagnostic> {
        let (scope, bound) = *self.from(inner)?;
        let hidden = scope.relations.into_iter().flat_map(|relation| {
            let offset = relation.offset;
            relation.hidden.into_iter().map(move |column| offset + column)
        });
        Ok(Named {
            hidden: hidden.collect(),
            ..Named::unnamed(Box::new(bound))
        })
    }

    fn named_table(&mut self, name: &ObjectName, hints: &[Hint]) -> Result<Named, Diagnostic> {
        if let Some(cte) = self.common_table(name, hints)? {
            return Ok(cte);
        }
        self.budget.unfold(1, name.span)?;
        let (path, object) = self.env.catalog.lookup(name)?;
        let bound = match object {
            CatalogObject::Table(table) => self.scan(&path, table, hints, name.span)?,
            CatalogObject::View(view) => self.view(&path, view, hints, name.span)?,
        };
        let hidden = match object {
            CatalogObject::Table(table) => super::table::hidden_columns(table, self.env),
            CatalogObject::View(_) => Vec::new(),
        };
        let name = vec![path.catalog, path.database, path.object];
        Ok(Named { name, hidden, bound })
    }

    fn common_table(&self, name: &ObjectName, hints: &[Hint]) -> Result<Option<Named>, Diagnostic> {
        let [only] = name.parts.as_slice() else {
            return Ok(None);
        };
        let Some(cte) = self.cte(&only.name) else {
            return Ok(None);
        };
        hints::refuse_on_query(hints)?;
        self.budget.unfold(cte.plan.size(), name.span)?;
        let mut named = Named::unnamed(Box::new(cte.clone()));
        named.name.push(only.name.clone());
        Ok(Some(named))
    }

    /// A view's query, bound on its own: faults in it point at the place where the view is used.
    fn view(&mut self, path: &ObjectPath, view: &View, hints: &[Hint], span: Span) -> Boxed<Bound> {
        hints::refuse_on_query(hints)?;
        let place = self.at(span);
        if self.views >= VIEWS_NESTED_MAX {
            return Err(Diagnostic::validation(
                place,
                format!("views use each other more than {VIEWS_NESTED_MAX} deep"),
            ));
        }
        match self.view_query(view, span) {
            Ok(bound) => with_declared_names(path, view, bound, place),
            Err(fault) => Err(in_view(path, place, fault)),
        }
    }

    fn view_query(&mut self, view: &View, span: Span) -> Boxed<Bound> {
        let query = parsed(view)?;
        self.inside_view(span).boxed_query(&query)
    }

    fn table_function(&mut self, call: &FunctionCall) -> Boxed<Bound> {
        let name = super::call::function_name(&call.name)?;
        if super::window::is_window_function(&name) {
            return self.window_function(&name, call);
        }
        if super::changes::is_changelog_function(&name) {
            return self.changelog_function(&name, call);
        }
        if functions::is_callable(&name) {
            return Err(Diagnostic::validation(
                call.span,
                format!("{name} is not a table function"),
            ));
        }
        if let "ML_PREDICT" | "ML_EVALUATE" | "VECTOR_SEARCH" = name.as_str() {
            let what =
                format!("{name} asks models and indices, which run on Flink, not on the embedded engine");
            return Err(Diagnostic::validation(call.span, what).hint("deploy this job to a Flink cluster"));
        }
        Err(unsupported(
            call.span,
            &format!("table function '{name}'"),
            "TUMBLE, HOP, CUMULATE, SESSION, TO_CHANGELOG and FROM_CHANGELOG are",
        ))
    }
}

/// Flink has no function of its own that could stand there: UNNEST has a form of its own.
fn lateral_function(call: &FunctionCall) -> Diagnostic {
    let name = match super::call::function_name(&call.name) {
        Ok(name) => name,
        Err(fault) => return fault,
    };
    let what = if functions::is_callable(&name) {
        format!("{name} is not a table function")
    } else {
        format!("table function '{name}' not found")
    };
    Diagnostic::validation(call.span, what).hint(
        "UNNEST(array) and LATERAL (SELECT ...) give rows for each row; table functions of your own run on Flink",
    )
}

/// What FROM names.
struct Named {
    /// From the catalog inwards; empty if it has none.
    name: Vec<String>,
    /// Columns that `*` leaves out.
    hidden: Vec<usize>,
    bound: Box<Bound>,
}

impl Named {
    fn unnamed(bound: Box<Bound>) -> Named {
        Named {
            name: Vec::new(),
            hidden: Vec::new(),
            bound,
        }
    }

    fn under(mut self, alias: Option<&TableAlias>) -> Boxed<(Scope, Bound)> {
        if let Some(alias) = alias {
            self.name = vec![alias.name.name.clone()];
            rename(&mut self.bound, alias)?;
        }
        let fields = self.bound.plan.schema.fields.clone();
        let mut scope = Scope::of_relation(self.name, fields);
        scope.relations[0].hidden = self.hidden;
        Ok(Box::new((scope, *self.bound)))
    }
}

/// Apart from [`QueryBinder::from`], which calls itself, so that it needs no room for all these.
fn unsupported_table(table: &TableRef) -> Diagnostic {
    let (span, what, hint) = match &table.kind {
        TableRefKind::Table { system_time, .. } => (
            system_time.as_ref().map_or(table.span, |time| time.span),
            "FOR SYSTEM_TIME AS OF",
            "read the table as it is now",
        ),
        TableRefKind::Unnest { .. } => (
            table.span,
            "UNNEST at this place",
            "write it behind a comma in FROM",
        ),
        TableRefKind::Function { .. } => (table.span, "this function", "write TABLE(f(...))"),
        TableRefKind::MatchRecognize(_)
        | TableRefKind::Subquery { .. }
        | TableRefKind::Join { .. }
        | TableRefKind::Nested(_) => (table.span, "LATERAL", "write a sub-query of its own"),
    };
    unsupported(span, what, hint)
}

fn parsed(view: &View) -> Boxed<ast::Query> {
    Ok(Box::new(sql::parse_query(&view.query)?))
}

fn in_view(path: &ObjectPath, place: Span, fault: Diagnostic) -> Diagnostic {
    Diagnostic {
        message: format!("view '{path}': {}", fault.message),
        span: Some(place),
        ..fault
    }
}

/// The columns under the names that the view was made with.
fn with_declared_names(path: &ObjectPath, view: &View, mut bound: Box<Bound>, place: Span) -> Boxed<Bound> {
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
