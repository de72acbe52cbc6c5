//! `CREATE TABLE`, also with `LIKE`.

use indexmap::IndexMap;
use model::{Diagnostic, Field, Span};
use sql::ast::{
    ColumnDefinition, ColumnKind, CreateTable, Ident, LikeClause, LikeMerge, OptionEntry, PrimaryKey,
    TableElement,
};

use super::like::Strategies;
use super::schema::{self, Places};
use super::{as_select, elements};
use crate::catalog::{
    CatalogObject, Origin, Table, TableColumn, TableColumnKind, TablePrimaryKey, TableWatermark,
};
use crate::session::{Environment, Outcome, Session};

pub fn execute(session: &mut Session, text: &str, create: &CreateTable) -> Result<Outcome, Diagnostic> {
    super::check_parts(&create.name)?;
    let path = session.catalog.resolve(&create.name);
    if let Some(query) = &create.query {
        return as_select::execute(session, text, create, query, path);
    }
    let env = session.environment();
    let table = declared(create, text, &env)?;
    let object = CatalogObject::Table(table);
    session
        .catalog
        .create(path, object, create.temporary, create.if_not_exists)
        .map_err(|fault| fault.or_at(create.name.span))?;
    Ok(Outcome::done("table created"))
}

/// The table that the statement declares, merged with what it is LIKE.
fn declared(create: &CreateTable, text: &str, env: &Environment<'_>) -> Result<Table, Diagnostic> {
    let mut places = Places::of(create.name.span);
    let key = declared_key(&create.elements, &mut places)?;
    let base = match &create.like {
        Some(like) => Some(base_table(like, env)?),
        None => None,
    };
    let strategies = match &create.like {
        Some(like) => Strategies::of(like)?,
        None => Strategies::default(),
    };
    let mut merge = Merge::from_base(base, &strategies);
    for definition in columns(&create.elements) {
        merge.check_against_base(definition)?;
    }
    for definition in columns(&create.elements) {
        let mut column = elements::column(definition, text, &mut places);
        make_key_not_null(&mut column, key.as_ref());
        merge.add(definition, column, &places, &strategies, env)?;
    }
    let mut table = Table {
        watermark: merged_watermark(create, text, base, &strategies, &mut merge, &mut places)?,
        primary_key: merged_key(create, key, base, &strategies, &places)?,
        partition_keys: merged_partitions(create, base, &strategies, &mut places)?,
        options: merged_options(create, base, &strategies)?,
        comment: create.comment.as_ref().map(|comment| comment.value.clone()),
        distribution: merged_distribution(create, base, &strategies, &mut places)?,
        origin: origin(create, base, env),
        columns: merge.columns.into_values().collect(),
    };
    schema::resolve(&mut table, &places, env)?;
    Ok(table)
}

fn base_table<'a>(like: &LikeClause, env: &Environment<'a>) -> Result<&'a Table, Diagnostic> {
    match env.catalog.lookup(&like.table)? {
        (_, CatalogObject::Table(table)) => Ok(table),
        (path, CatalogObject::View(_)) => Err(Diagnostic::validation(
            like.table.span,
            format!("'{path}' is a view: LIKE needs a table"),
        )),
    }
}

pub fn columns(elements: &[TableElement]) -> impl Iterator<Item = &ColumnDefinition> {
    elements.iter().filter_map(|element| match element {
        TableElement::Column(column) => Some(column),
        _ => None,
    })
}

/// The primary key among the elements, whether it stands on a column or by itself.
pub fn declared_key(
    elements: &[TableElement],
    places: &mut Places,
) -> Result<Option<TablePrimaryKey>, Diagnostic> {
    let mut found: Option<TablePrimaryKey> = None;
    for element in elements {
        let (key, column): (&PrimaryKey, Option<(&str, Span)>) = match element {
            TableElement::PrimaryKey(key) => (key, None),
            TableElement::Column(column) => match &column.kind {
                ColumnKind::Physical {
                    primary_key: Some(key),
                    ..
                } => (key, Some((&column.name.name, column.name.span))),
                _ => continue,
            },
            TableElement::Watermark(_) => continue,
        };
        if found.is_some() {
            return Err(Diagnostic::validation(key.span, "a table has one primary key")
                .hint("name all its columns in one PRIMARY KEY (a, b) NOT ENFORCED"));
        }
        found = Some(elements::primary_key(key, column, places)?);
    }
    Ok(found)
}

/// Columns of the statement that are part of its key become NOT NULL.
pub fn make_key_not_null(column: &mut TableColumn, key: Option<&TablePrimaryKey>) {
    if column.is_physical() && key.is_some_and(|key| key.columns.contains(&column.name)) {
        column.data_type.nullable = false;
    }
}

/// The columns so far, the base's first.
struct Merge {
    columns: IndexMap<String, TableColumn>,
    /// What the next computed column may refer to.
    visible: Vec<Field>,
}

impl Merge {
    fn from_base(base: Option<&Table>, strategies: &Strategies) -> Merge {
        let mut merge = Merge {
            columns: IndexMap::new(),
            visible: Vec::new(),
        };
        for column in base.into_iter().flat_map(|base| &base.columns) {
            let kept = match column.kind {
                TableColumnKind::Physical => true,
                TableColumnKind::Computed(_) => strategies.generated != LikeMerge::Excluding,
                TableColumnKind::Metadata { .. } => strategies.metadata != LikeMerge::Excluding,
            };
            if !kept {
                continue;
            }
            if column.is_physical() {
                merge
                    .visible
                    .push(Field::new(&column.name, column.data_type.clone()));
            }
            merge.columns.insert(column.name.clone(), column.clone());
        }
        merge
    }

    /// Physical columns are known before any expression is bound, wherever they stand.
    fn check_against_base(&mut self, definition: &ColumnDefinition) -> Result<(), Diagnostic> {
        let ColumnKind::Physical { data_type, .. } = &definition.kind else {
            return Ok(());
        };
        let name = &definition.name.name;
        if self.columns.contains_key(name) {
            let message = format!("column '{name}' already exists in the base table");
            return Err(Diagnostic::validation(definition.name.span, message)
                .hint("columns of the base table are taken over and cannot be declared anew"));
        }
        if self.visible.iter().any(|field| &field.name == name) {
            let message = format!("column '{name}' is declared twice");
            return Err(Diagnostic::validation(definition.name.span, message));
        }
        self.visible.push(Field::new(name, data_type.data_type.clone()));
        Ok(())
    }

    fn add(
        &mut self,
        definition: &ColumnDefinition,
        mut column: TableColumn,
        places: &Places,
        strategies: &Strategies,
        env: &Environment<'_>,
    ) -> Result<(), Diagnostic> {
        let strategy = match &column.kind {
            TableColumnKind::Physical => {
                self.columns.insert(column.name.clone(), column);
                return Ok(());
            }
            TableColumnKind::Computed(_) => strategies.generated,
            TableColumnKind::Metadata { .. } => strategies.metadata,
        };
        self.check_overwrite(definition, &column, strategy)?;
        match &column.kind {
            TableColumnKind::Computed(expression) => {
                let place = places.expressions.get(&column.name).copied();
                let what = format!("computed column '{}'", column.name);
                let at = definition.name.span;
                let bound = schema::bind_text(expression, place, at, &what, &self.visible, env)
                    .map_err(|fault| self.explain_unknown(fault, &column.name, definition))?;
                column.data_type = bound.data_type();
            }
            _ => self
                .visible
                .push(Field::new(&column.name, column.data_type.clone())),
        }
        self.columns.insert(column.name.clone(), column);
        Ok(())
    }

    /// A column of this kind may only stand in the place of one of the same kind in the base, if LIKE says so.
    fn check_overwrite(
        &self,
        definition: &ColumnDefinition,
        column: &TableColumn,
        strategy: LikeMerge,
    ) -> Result<(), Diagnostic> {
        let name = &column.name;
        let at = definition.name.span;
        let is_physical = self.visible.iter().any(|field| &field.name == name)
            && !matches!(
                self.columns.get(name).map(|existing| &existing.kind),
                Some(TableColumnKind::Metadata { .. })
            );
        if is_physical {
            return Err(Diagnostic::validation(
                at,
                format!("column '{name}' is declared twice"),
            ));
        }
        let Some(existing) = self.columns.get(name) else {
            return Ok(());
        };
        let (same, what, feature) = match column.kind {
            TableColumnKind::Computed(_) => (
                matches!(existing.kind, TableColumnKind::Computed(_)),
                "computed",
                "GENERATED",
            ),
            _ => (
                matches!(existing.kind, TableColumnKind::Metadata { .. }),
                "metadata",
                "METADATA",
            ),
        };
        if !same {
            let message = format!("column '{name}' exists already and is not a {what} column");
            return Err(Diagnostic::validation(at, message).hint(format!(
                "a {what} column can only overwrite another {what} column"
            )));
        }
        if strategy != LikeMerge::Overwriting {
            let message = format!("{what} column '{name}' already exists");
            return Err(Diagnostic::validation(at, message).hint(format!(
                "if it comes from the base table, say LIKE ... (EXCLUDING {feature}) or (OVERWRITING {feature})"
            )));
        }
        Ok(())
    }

    /// A name that is not found may be a computed column, which no other may refer to.
    fn explain_unknown(&self, fault: Diagnostic, own: &str, definition: &ColumnDefinition) -> Diagnostic {
        let ColumnKind::Computed(expression) = &definition.kind else {
            return fault;
        };
        let Some(span) = fault.span.filter(|span| span.start >= expression.span.start) else {
            return fault;
        };
        let computed = self.columns.values().find(|column| {
            matches!(column.kind, TableColumnKind::Computed(_))
                && column.name != own
                && span.end - span.start <= column.name.len() as u32 + 2
                && fault.message.contains(&format!("'{}'", column.name))
        });
        match computed {
            Some(column) => fault.hint(format!(
                "'{}' is computed itself: repeat its expression, or compute this one in a view",
                column.name
            )),
            None => fault,
        }
    }
}

fn merged_watermark(
    create: &CreateTable,
    text: &str,
    base: Option<&Table>,
    strategies: &Strategies,
    merge: &mut Merge,
    places: &mut Places,
) -> Result<Option<TableWatermark>, Diagnostic> {
    let mut watermark = base
        .and_then(|base| base.watermark.clone())
        .filter(|_| strategies.watermarks != LikeMerge::Excluding);
    let mut declared = false;
    for element in &create.elements {
        let TableElement::Watermark(definition) = element else {
            continue;
        };
        let new = elements::watermark(definition, text, places)?;
        if declared {
            return Err(Diagnostic::validation(
                definition.span,
                "a table has one watermark",
            ));
        }
        if let Some(existing) = &watermark {
            let same = existing.column == new.column;
            if same && strategies.watermarks != LikeMerge::Overwriting {
                let message = format!("the base table has a watermark for '{}' already", new.column);
                return Err(Diagnostic::validation(definition.span, message)
                    .hint("say LIKE ... (EXCLUDING WATERMARKS) or (OVERWRITING WATERMARKS)"));
            }
            if !same {
                let message = format!(
                    "the base table has a watermark already, for '{}'",
                    existing.column
                );
                return Err(Diagnostic::validation(definition.span, message)
                    .hint("a table has one watermark: say LIKE ... (EXCLUDING WATERMARKS)"));
            }
        }
        if !merge.columns.contains_key(&new.column) {
            let message = format!("watermark column '{}' not found", new.column);
            let names = merge.columns.keys().map(String::as_str);
            return Err(Diagnostic::validation(definition.column.span, message)
                .maybe_hint(model::suggest::did_you_mean(&new.column, names)));
        }
        watermark = Some(new);
        declared = true;
    }
    Ok(watermark)
}

fn merged_key(
    create: &CreateTable,
    key: Option<TablePrimaryKey>,
    base: Option<&Table>,
    strategies: &Strategies,
    places: &Places,
) -> Result<Option<TablePrimaryKey>, Diagnostic> {
    let inherited = base
        .and_then(|base| base.primary_key.clone())
        .filter(|_| strategies.constraints == LikeMerge::Including);
    match (key, inherited) {
        (Some(key), Some(_)) => {
            let at = key
                .columns
                .first()
                .and_then(|column| places.key_columns.get(column))
                .copied();
            Err(Diagnostic::validation(
                at.unwrap_or(create.name.span),
                "the base table has a primary key already",
            )
            .hint("say LIKE ... (EXCLUDING CONSTRAINTS)"))
        }
        (key, inherited) => Ok(key.or(inherited)),
    }
}

fn merged_partitions(
    create: &CreateTable,
    base: Option<&Table>,
    strategies: &Strategies,
    places: &mut Places,
) -> Result<Vec<String>, Diagnostic> {
    let inherited = base.map(|base| base.partition_keys.clone()).unwrap_or_default();
    let Some(first) = create.partitioned_by.first() else {
        return Ok(inherited);
    };
    if !inherited.is_empty() && strategies.partitions != LikeMerge::Excluding {
        return Err(
            Diagnostic::validation(first.span, "the base table is partitioned already")
                .hint("say LIKE ... (EXCLUDING PARTITIONS)"),
        );
    }
    Ok(partition_names(&create.partitioned_by, places))
}

pub fn partition_names(columns: &[Ident], places: &mut Places) -> Vec<String> {
    for column in columns {
        places.partition_columns.insert(column.name.clone(), column.span);
    }
    columns.iter().map(|column| column.name.clone()).collect()
}

pub fn merged_options(
    create: &CreateTable,
    base: Option<&Table>,
    strategies: &Strategies,
) -> Result<IndexMap<String, String>, Diagnostic> {
    let inherited = base
        .map(|base| base.options.clone())
        .filter(|_| strategies.options != LikeMerge::Excluding)
        .unwrap_or_default();
    let mut options = inherited.clone();
    for entry in &create.options {
        let key = &entry.key.value;
        if strategies.options != LikeMerge::Overwriting && inherited.contains_key(key) {
            let message = format!("the base table has option '{key}' already");
            return Err(Diagnostic::validation(entry.key.span, message)
                .hint("say LIKE ... (EXCLUDING OPTIONS) or (OVERWRITING OPTIONS)"));
        }
        options.insert(key.clone(), entry.value.value.clone());
    }
    Ok(options)
}

fn merged_distribution(
    create: &CreateTable,
    base: Option<&Table>,
    strategies: &Strategies,
    places: &mut Places,
) -> Result<Option<crate::catalog::TableDistribution>, Diagnostic> {
    let inherited = base.and_then(|base| base.distribution.clone());
    let Some(declared) = &create.distribution else {
        return Ok(inherited);
    };
    if inherited.is_some() && strategies.distribution != LikeMerge::Excluding {
        return Err(
            Diagnostic::validation(declared.span, "the base table is distributed already")
                .hint("say LIKE ... (EXCLUDING DISTRIBUTION)"),
        );
    }
    Ok(Some(elements::distribution(declared, places)))
}

/// Where the options stand, those of the base too if it was declared in the same text.
pub fn origin(create: &CreateTable, base: Option<&Table>, env: &Environment<'_>) -> Origin {
    let mut origin = Origin {
        script: env.script,
        name: create.name.span,
        options: base
            .filter(|base| base.origin.script == env.script)
            .map(|base| base.origin.options.clone())
            .unwrap_or_default(),
    };
    add_option_places(&mut origin, &create.options);
    origin
}

pub fn add_option_places(origin: &mut Origin, options: &[OptionEntry]) {
    for entry in options {
        origin
            .options
            .insert(entry.key.value.clone(), entry.key.span.to(entry.value.span));
    }
}
