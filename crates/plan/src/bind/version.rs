//! Temporal joins: `JOIN t FOR SYSTEM_TIME AS OF left.time`.

use graph::{Expr, JoinKind, JoinVersion};
use model::{Diagnostic, TimeAttribute, TypeKind};
use sql::ast::{TableRef, TableRefKind};

use super::lookup::LookupTable;
use super::query::QueryBinder;
use super::scope::Scope;
use crate::catalog::CatalogObject;
use crate::join::equality;
use crate::logical::Plan;

/// The table itself, if a time is asked for.
pub(super) fn without_time(table: &TableRef) -> Option<TableRef> {
    match &table.kind {
        TableRefKind::Table {
            name,
            hints,
            system_time: Some(_),
        } => Some(TableRef {
            kind: TableRefKind::Table {
                name: name.clone(),
                hints: hints.clone(),
                system_time: None,
            },
            ..table.clone()
        }),
        _ => None,
    }
}

/// What is asked of a table at a time.
pub(super) enum Version {
    /// The version that was valid at an event time.
    Of(JoinVersion),
    /// What it holds when somebody looks.
    Lookup(LookupTable),
}

impl QueryBinder<'_> {
    /// What decides about versions, if the right table is asked for some.
    pub(super) fn version(
        &mut self,
        right: &TableRef,
        left: &Scope,
        versions: &Plan,
    ) -> Result<Option<Version>, Diagnostic> {
        let TableRefKind::Table {
            system_time: Some(time),
            ..
        } = &right.kind
        else {
            return Ok(None);
        };
        let at = self.expressions(left, "FOR SYSTEM_TIME AS OF").item(time)?;
        let at_type = at.expression.data_type();
        let column = match (at.time_attribute, at.expression) {
            (Some(TimeAttribute::Rowtime), Expr::Column { index, .. }) => index,
            (Some(TimeAttribute::Proctime), _) => {
                return self
                    .lookup_table(right, versions)
                    .map(|table| Some(Version::Lookup(table)));
            }
            _ => {
                return Err(Diagnostic::validation(
                    time.span,
                    "FOR SYSTEM_TIME AS OF takes a time attribute of the left table",
                )
                .hint("declare a WATERMARK for the column in its table"));
            }
        };
        let of_versions = versions
            .schema
            .fields
            .iter()
            .position(|field| field.time_attribute == Some(TimeAttribute::Rowtime));
        let Some(of_versions) = of_versions else {
            return Err(Diagnostic::validation(
                right.span,
                "a versioned table needs an event time of its own",
            )
            .hint("declare a WATERMARK in it"));
        };
        let times = [at_type.kind, versions.column_type(of_versions).kind];
        let with_zone = times
            .each_ref()
            .map(|time| matches!(time, TypeKind::TimestampLtz(_)));
        if with_zone[0] != with_zone[1] {
            let [asked, of_versions] = times;
            return Err(Diagnostic::validation(
                time.span,
                format!(
                    "a temporal join compares times of the same type, but these are {asked} and {of_versions}"
                ),
            )
            .hint("cast one of them where its WATERMARK is declared"));
        }
        Ok(Some(Version::Of(JoinVersion {
            left: column,
            right: of_versions,
        })))
    }

    /// A version belongs to a primary key, which the condition has to name.
    pub(super) fn check_version(
        &self,
        kind: JoinKind,
        right: &TableRef,
        versions: &Plan,
        conditions: &[Expr],
        width: usize,
    ) -> Result<(), Diagnostic> {
        if !matches!(kind, JoinKind::Inner | JoinKind::Left) {
            return Err(Diagnostic::validation(
                right.span,
                "a temporal join is an inner or a left join",
            ));
        }
        let equal: Vec<usize> = conditions
            .iter()
            .filter_map(|condition| match equality(condition, width)? {
                (_, Expr::Column { index, .. }, _) => Some(index - width),
                _ => None,
            })
            .collect();
        if equal.is_empty() {
            return Err(
                Diagnostic::validation(right.span, "a temporal join goes by equal keys")
                    .hint("name the primary key of the versioned table in ON"),
            );
        }
        let TableRefKind::Table { name, .. } = &right.kind else {
            return Ok(());
        };
        // Views tell what identifies their rows only when they are planned.
        let Ok((_, CatalogObject::Table(table))) = self.env.catalog.lookup(name) else {
            return Ok(());
        };
        let key = table.primary_key.as_ref().map(|key| &key.columns);
        let is_named = key.is_some_and(|key| {
            key.iter().all(|column| {
                let place = versions.schema.index_of(column);
                place.is_some_and(|place| equal.contains(&place))
            })
        });
        if is_named {
            return Ok(());
        }
        Err(Diagnostic::validation(
            right.span,
            "a temporal join needs the primary key of the versioned table in its condition",
        )
        .hint("declare PRIMARY KEY (...) NOT ENFORCED and compare it with columns of the left table"))
    }
}
