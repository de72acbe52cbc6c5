//! INSERT: columns matched, implicit casts put in, NOT NULL guarded, the connector asked for its sink.

use std::sync::Arc;

use dataflow::{Error, LOOKUP_OPTIONS, Options, SinkRequest};
use functions::CastMode;
use graph::Expr;
use model::suggest::did_you_mean;
use model::{DataType, Diagnostic, Field, Schema, Span, TypeKind};
use sql::ast::{self, ExprKind, Ident, Insert, Literal, Query, QueryBody, SelectItem};

use super::Target;
use super::enforce::NotNull;
use crate::bind::{
    self, LATE_ROWS_OPTIONS, QueryBinder, Redirected, Scope, UNREADABLE_OPTIONS, UnreadableRows,
    describe_table, literal, option_fault, unsupported,
};
use crate::catalog::{CatalogObject, ObjectPath, Table, TableColumnKind};
use crate::logical::{Plan, PlanKind, ScanTable};
use crate::session::Environment;

/// A column of the sink.
struct Column {
    field: Field,
    /// The key, if it is metadata.
    metadata: Option<String>,
}

/// The plans give the rows as their sinks take them: first those of the statement, then those that its windows and
/// lookups redirect.
pub(super) fn bind(insert: &Insert, env: &Environment<'_>) -> Result<Vec<(Target, Plan)>, Diagnostic> {
    let mut late = Vec::new();
    let mut all = vec![bind_rows(insert, env, |query| {
        let mut binder = QueryBinder::new(env);
        let plan = binder.query(query)?.plan;
        late = binder.redirected();
        Ok(plan)
    })?];
    for redirected in late {
        all.push(bind_redirected(redirected, env)?);
    }
    Ok(all)
}

/// Rows that go to a table besides what the statement says.
pub(super) fn bind_redirected(
    redirected: Redirected,
    env: &Environment<'_>,
) -> Result<(Target, Plan), Diagnostic> {
    let Redirected { table, rows, what } = redirected;
    let query = Query {
        ctes: Vec::new(),
        recursive: false,
        body: QueryBody::Table(table.clone()),
        order_by: Vec::new(),
        limit: None,
        offset: None,
        span: table.span,
    };
    let insert = Insert {
        span: table.span,
        table,
        overwrite: false,
        hints: Vec::new(),
        partition: Vec::new(),
        columns: Vec::new(),
        query,
        on_conflict: None,
    };
    bind_rows(&insert, env, |_| Ok(rows)).map_err(|fault| Diagnostic {
        message: format!("{what} cannot go there: {}", fault.message),
        ..fault
    })
}

fn bind_rows(
    insert: &Insert,
    env: &Environment<'_>,
    rows: impl FnOnce(&Query) -> Result<Plan, Diagnostic>,
) -> Result<(Target, Plan), Diagnostic> {
    if insert.on_conflict.is_some() {
        return Err(unsupported(
            insert.span,
            "ON CONFLICT",
            "leave it out: rows are written as they come",
        ));
    }
    if insert.overwrite && !is_batch(env) {
        return Err(Diagnostic::validation(
            insert.span,
            "INSERT OVERWRITE is not supported in streaming mode",
        )
        .hint("use INSERT INTO"));
    }
    let cut = cuts_lengths(insert, env)?;
    let (path, object) = env.catalog.lookup(&insert.table)?;
    let CatalogObject::Table(table) = object else {
        return Err(Diagnostic::validation(
            insert.table.span,
            format!("'{path}' is a view and cannot be written"),
        )
        .hint("insert into a table"));
    };
    let columns = sink_columns(table);
    let partition = static_partition(insert, env, table, &columns)?;
    let targets = target_columns(insert, table, &columns, &partition)?;
    let input = rows(&insert.query)?;
    if input.schema.len() != targets.len() {
        return Err(Diagnostic::validation(
            insert.query.span,
            format!(
                "the query has {} columns, but {} are written into '{path}'",
                input.schema.len(),
                targets.len()
            ),
        )
        .hint(format!(
            "query: [{}]; table: [{}]",
            describe(&input.schema.fields),
            describe(targets.iter().map(|target| &columns[*target].field))
        )));
    }
    let (plan, enforced) = sink_plan(insert, env, &path, &columns, &targets, &partition, cut, input)?;
    let mut target = make_sink(insert, env, &path, table, &columns, &partition)?;
    target.enforced = enforced;
    Ok((target, plan))
}

/// Physical columns, then metadata that is written: in the order that the sink takes them.
fn sink_columns(table: &Table) -> Vec<Column> {
    let mut physical = Vec::new();
    let mut metadata = Vec::new();
    for column in &table.columns {
        let field = Field::new(&column.name, column.data_type.clone());
        match &column.kind {
            TableColumnKind::Physical => physical.push(Column {
                field,
                metadata: None,
            }),
            TableColumnKind::Metadata {
                key,
                is_virtual: false,
            } => metadata.push(Column {
                metadata: Some(key.clone().unwrap_or_else(|| column.name.clone())),
                field,
            }),
            TableColumnKind::Metadata { .. } | TableColumnKind::Computed(_) => {}
        }
    }
    physical.extend(metadata);
    physical
}

/// `PARTITION (a = 1)`: the column and its value, as text too.
fn static_partition(
    insert: &Insert,
    env: &Environment<'_>,
    table: &Table,
    columns: &[Column],
) -> Result<Vec<(usize, Expr, String)>, Diagnostic> {
    let mut partition: Vec<(usize, Expr, String)> = Vec::new();
    for (name, value) in &insert.partition {
        let index = find_column(name, table, columns)?;
        if !table.partition_keys.contains(&name.name) {
            return Err(Diagnostic::validation(
                name.span,
                format!("'{}' is no partition key of the table", name.name),
            )
            .hint(if table.partition_keys.is_empty() {
                "the table is not partitioned".to_string()
            } else {
                format!("its partition keys: {}", table.partition_keys.join(", "))
            }));
        }
        if partition.iter().any(|(other, _, _)| *other == index) {
            return Err(assigned_twice(name));
        }
        let text = literal_text(value).ok_or_else(|| {
            Diagnostic::validation(value.span, "the value of a partition must be a literal")
        })?;
        let bound = bind::expression(value, &Scope::default(), env)?;
        let to = columns[index]
            .field
            .data_type
            .clone()
            .with_nullable(bound.data_type().nullable);
        let cast = bind::cast(bound, &to, CastMode::Explicit, value.span, value.span)?;
        partition.push((index, cast, text));
    }
    Ok(partition)
}

fn literal_text(value: &ast::Expr) -> Option<String> {
    match &value.kind {
        ExprKind::Literal(literal) => match literal {
            Literal::Integer(text)
            | Literal::Decimal(text)
            | Literal::Double(text)
            | Literal::String(text) => Some(text.clone()),
            Literal::Boolean(value) => Some(value.to_string()),
            Literal::Date(text) | Literal::Time(text) | Literal::Timestamp(text) => Some(text.value.clone()),
            Literal::Null | Literal::Bytes(_) | Literal::Interval(_) => None,
        },
        ExprKind::Unary {
            operator: ast::UnaryOperator::Minus,
            operand,
        } => match &operand.kind {
            ExprKind::Literal(Literal::Integer(_) | Literal::Decimal(_)) => {
                literal_text(operand).map(|text| format!("-{text}"))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The sink's column for each column of the query.
fn target_columns(
    insert: &Insert,
    table: &Table,
    columns: &[Column],
    partition: &[(usize, Expr, String)],
) -> Result<Vec<usize>, Diagnostic> {
    let is_static = |index: &usize| partition.iter().any(|(own, _, _)| own == index);
    if insert.columns.is_empty() {
        return Ok(declared_order(table, columns)
            .into_iter()
            .filter(|index| !is_static(index))
            .collect());
    }
    let mut targets = Vec::with_capacity(insert.columns.len());
    for name in &insert.columns {
        let index = find_column(name, table, columns)?;
        if targets.contains(&index) || is_static(&index) {
            return Err(assigned_twice(name));
        }
        targets.push(index);
    }
    Ok(targets)
}

/// Columns that are written, in the order of the table's declaration.
fn declared_order(table: &Table, columns: &[Column]) -> Vec<usize> {
    table
        .columns
        .iter()
        .filter_map(|declared| {
            columns
                .iter()
                .position(|column| column.field.name == declared.name)
        })
        .collect()
}

fn find_column(name: &Ident, table: &Table, columns: &[Column]) -> Result<usize, Diagnostic> {
    if let Some(index) = columns.iter().position(|column| column.field.name == name.name) {
        return Ok(index);
    }
    if table.column(&name.name).is_some() {
        return Err(Diagnostic::validation(
            name.span,
            format!("column '{}' is computed and cannot be written", name.name),
        )
        .hint("leave it out: it follows from the other columns"));
    }
    let names = columns.iter().map(|column| column.field.name.as_str());
    Err(Diagnostic::validation(
        name.span,
        format!("column '{}' not found in the table", name.name),
    )
    .maybe_hint(did_you_mean(&name.name, names)))
}

fn assigned_twice(name: &Ident) -> Diagnostic {
    Diagnostic::validation(
        name.span,
        format!("column '{}' is assigned more than once", name.name),
    )
}

/// The rows, and the columns whose NULLs must still be left out.
fn sink_plan(
    insert: &Insert,
    env: &Environment<'_>,
    path: &ObjectPath,
    columns: &[Column],
    targets: &[usize],
    partition: &[(usize, Expr, String)],
    cut: bool,
    input: Plan,
) -> Result<(Plan, Vec<usize>), Diagnostic> {
    let drop_nulls = match env.config.get("table.exec.sink.not-null-enforcer") {
        None => false,
        Some(value) if value.trim().eq_ignore_ascii_case("error") => false,
        Some(value) if value.trim().eq_ignore_ascii_case("drop") => true,
        Some(value) => {
            return Err(Diagnostic::validation(
                insert.span,
                format!("'table.exec.sink.not-null-enforcer' must be 'ERROR' or 'DROP', got '{value}'"),
            ));
        }
    };
    let mut expressions = Vec::with_capacity(columns.len());
    let mut enforced = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let to = &column.field.data_type;
        let value = if let Some((_, value, _)) = partition.iter().find(|(own, _, _)| *own == index) {
            value.clone()
        } else if let Some(position) = targets.iter().position(|target| *target == index) {
            let place = item_span(&insert.query, position).unwrap_or(insert.query.span);
            let from = input.column(position);
            let to = to.clone().with_nullable(from.data_type().nullable);
            let given = from.data_type();
            let fault = || {
                Diagnostic::validation(
                    place,
                    format!(
                        "incompatible types for column '{}' of '{path}': the query gives {}, the table takes {}",
                        column.field.name, given.kind, to.kind
                    ),
                )
                .hint(format!("CAST column {} of the query to {}", position + 1, to.kind))
            };
            if !can_store(&given, &to) {
                return Err(fault());
            }
            if cut && given.same_kind(&to) && has_length(&to.kind) {
                bind::cast_always(from, &to, place).map_err(|_| fault())?
            } else {
                bind::cast(from, &to, CastMode::Implicit, place, place).map_err(|_| fault())?
            }
        } else if to.nullable {
            literal::null(to.clone())
        } else {
            return Err(Diagnostic::validation(
                insert.table.span,
                format!("column '{}' is NOT NULL and must be given", column.field.name),
            )
            .hint("name it in the list of columns"));
        };
        expressions.push(if to.nullable || !value.data_type().nullable {
            value
        } else if drop_nulls {
            enforced.push(index);
            value
        } else {
            Expr::Call {
                function: Arc::new(NotNull {
                    column: column.field.name.clone(),
                }),
                arguments: vec![value],
                data_type: to.clone(),
                span: insert.span,
            }
        });
    }
    let mut fields: Vec<Field> = columns.iter().map(|column| column.field.clone()).collect();
    for index in &enforced {
        fields[*index].data_type.nullable = true;
    }
    let plan = Plan {
        kind: PlanKind::Calc {
            input: Box::new(input),
            filter: None,
            expressions,
        },
        schema: Schema::new(fields),
        span: insert.span,
    };
    Ok((plan, enforced))
}

fn make_sink(
    insert: &Insert,
    env: &Environment<'_>,
    path: &ObjectPath,
    table: &Table,
    columns: &[Column],
    partition: &[(usize, Expr, String)],
) -> Result<Target, Diagnostic> {
    let (options, hinted) = bind::table_options(&table.options, &insert.hints)?;
    let metadata: Vec<(String, DataType)> = columns
        .iter()
        .filter_map(|column| Some((column.metadata.clone()?, column.field.data_type.clone())))
        .collect();
    let described = ScanTable {
        path: path.clone(),
        span: insert.table.span,
        options,
        hinted,
        physical: table.physical_schema(),
        partition_keys: table.partition_keys.clone(),
        primary_key: table
            .primary_key
            .as_ref()
            .map(|key| key.columns.clone())
            .unwrap_or_default(),
        metadata: metadata.clone(),
        watermark: None,
        late_rows: None,
        unreadable: UnreadableRows::Fail,
        lookup: None,
    };
    let request = SinkRequest {
        columns: described.physical.clone(),
        metadata,
        static_partition: partition
            .iter()
            .map(|(index, _, text)| (columns[*index].field.name.clone(), text.clone()))
            .collect(),
        overwrite: insert.overwrite,
    };
    let looks_up = bind::looks_up(&described.options, env);
    // Options about watermarks, windows, lookups and unreadable records are of no meaning to a sink.
    let own: indexmap::IndexMap<String, String> = described
        .options
        .iter()
        .filter(|(key, _)| !key.starts_with("scan.watermark.") && !key.starts_with(LATE_ROWS_OPTIONS))
        .filter(|(key, _)| !key.starts_with(UNREADABLE_OPTIONS))
        .filter(|(key, _)| !(looks_up && key.starts_with(LOOKUP_OPTIONS)))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let options = Options::new(own);
    let fault = |error: Error| match error {
        Error::Option(error) => option_fault(env, path, &described.hinted, insert.table.span, error),
        Error::Invalid(diagnostic) => diagnostic.or_at(insert.table.span),
        other => Diagnostic::validation(insert.table.span, format!("table '{path}': {other}")),
    };
    let name = options
        .require("connector")
        .map_err(|error| fault(error.into()))?
        .to_string();
    let connector = env
        .registry
        .connector(&name)
        .map_err(|error| fault(error.into()))?;
    let text = path.to_string();
    let place_of = |name: &String| columns.iter().position(|column| column.field.name == *name);
    let key = described.primary_key.iter().filter_map(place_of).collect();
    let sink = connector
        .sink(&describe_table(env, &text, &described, &options), &request)
        .map_err(fault)?;
    match sink {
        Some(sink) => Ok(Target {
            table: text,
            sink,
            schema: Schema::new(columns.iter().map(|column| column.field.clone()).collect()),
            key,
            enforced: Vec::new(),
            span: insert.table.span,
        }),
        None => Err(Diagnostic::validation(
            insert.table.span,
            format!("table '{text}' cannot be written: connector '{name}' only reads"),
        )),
    }
}

/// `execution.runtime-mode`
fn is_batch(env: &Environment<'_>) -> bool {
    env.config
        .get("execution.runtime-mode")
        .is_some_and(|mode| mode.trim().eq_ignore_ascii_case("batch"))
}

/// Whether Flink casts by itself from what a query gives to what a table takes.
fn can_store(from: &DataType, to: &DataType) -> bool {
    match (&from.kind, &to.kind) {
        // A function would take the date.
        (TypeKind::Date, TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_)) => false,
        _ => functions::can_cast_implicitly(from, to),
    }
}

fn has_length(kind: &TypeKind) -> bool {
    kind.is_string() || kind.is_binary()
}

/// `table.exec.sink.type-length-enforcer`: whether values are cut and padded to the declared length even where
/// their type says that they have it. A cast to another length does so in any case.
fn cuts_lengths(insert: &Insert, env: &Environment<'_>) -> Result<bool, Diagnostic> {
    let key = "table.exec.sink.type-length-enforcer";
    match env
        .config
        .get(key)
        .map(|value| value.trim().to_ascii_uppercase())
        .as_deref()
    {
        None | Some("IGNORE") => Ok(false),
        Some("TRIM_PAD") => Ok(true),
        Some(other) => Err(unsupported(
            insert.span,
            &format!("'{key}' = '{other}'"),
            "set it to 'IGNORE', which is the default, or to 'TRIM_PAD'",
        )),
    }
}

/// The place of a column in the query, where it is written out.
fn item_span(query: &ast::Query, position: usize) -> Option<Span> {
    match &query.body {
        QueryBody::Select(select) => {
            let expressions: Option<Vec<Span>> = select
                .items
                .iter()
                .map(|item| match item {
                    SelectItem::Expression { expression, .. } => Some(expression.span),
                    SelectItem::Wildcard { .. } => None,
                })
                .collect();
            expressions?.get(position).copied()
        }
        QueryBody::Values { rows, .. } => rows.first()?.get(position).map(|expr| expr.span),
        QueryBody::Nested(inner) => item_span(inner, position),
        QueryBody::SetOperation { .. } | QueryBody::Table(_) => None,
    }
}

fn describe<'a>(fields: impl IntoIterator<Item = &'a Field>) -> String {
    let texts: Vec<String> = fields
        .into_iter()
        .map(|field| format!("{} {}", field.name, field.data_type))
        .collect();
    texts.join(", ")
}
