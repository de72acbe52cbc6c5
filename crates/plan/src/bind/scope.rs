//! The columns that a name can mean.
//!
//! A name is looked up as Flink does: first the longest part of it that names a relation, then a column, then
//! fields of rows. A single name that is no column may be a field inside a ROW column, found level by level.

use graph::Expr;
use model::suggest::did_you_mean;
use model::{DataType, Diagnostic, Field, Span, TimeAttribute, TypeKind};
use sql::ast::{Ident, ObjectName};

use super::query::Windowed;

#[derive(Debug, Clone, Default)]
pub struct Scope {
    pub(super) relations: Vec<Relation>,
    /// Columns that a join by name has made one of two.
    pub(super) common: Vec<CommonColumn>,
    /// So many of the first relations belong to the query around: a name means them if nothing nearer has it.
    pub(super) outer: usize,
    /// The windows of what is joined.
    pub(super) windows: WindowTree,
}

/// The windows of the inputs of joins.
#[derive(Debug, Clone)]
pub(super) enum WindowTree {
    Input(Option<Windowed>),
    Join(Box<[WindowTree; 2]>),
}

impl Default for WindowTree {
    fn default() -> Self {
        WindowTree::Input(None)
    }
}

/// What a name means that both sides of a join have and are joined by.
#[derive(Debug, Clone)]
pub(super) struct CommonColumn {
    pub name: String,
    /// The first of both that is not NULL.
    pub value: Expr,
    /// Both columns, which `*` leaves out in favour of this one.
    pub columns: [usize; 2],
    /// Whether the name alone means it. Behind NATURAL it does not, as in Flink: it is ambiguous.
    pub is_named: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Relation {
    /// Its name, from the catalog inwards: an alias has one part, a table three, an unnamed query none.
    pub name: Vec<String>,
    pub fields: Vec<Field>,
    /// Where its columns start among all columns of the scope.
    pub offset: usize,
    /// Columns that `*` leaves out.
    pub hidden: Vec<usize>,
}

/// What a name means: an expression over the columns of the scope.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    pub expression: Expr,
    pub time_attribute: Option<TimeAttribute>,
    /// The name of the column or field.
    pub name: String,
}

impl Scope {
    /// One unnamed relation.
    pub fn of_columns(fields: &[Field]) -> Scope {
        Scope::of_relation(Vec::new(), fields.to_vec())
    }

    pub(super) fn of_relation(name: Vec<String>, fields: Vec<Field>) -> Scope {
        Scope {
            relations: vec![Relation {
                name,
                fields,
                offset: 0,
                hidden: Vec::new(),
            }],
            common: Vec::new(),
            outer: 0,
            windows: WindowTree::default(),
        }
    }

    /// These columns once for each variable of a pattern, under its name, and behind them by themselves.
    pub(super) fn of_variables(&self, variables: &[String]) -> Scope {
        let fields: Vec<Field> = self.fields().cloned().collect();
        let names = variables.iter().map(|name| vec![name.clone()]);
        let relations = names.chain([Vec::new()]).enumerate();
        Scope {
            relations: relations
                .map(|(number, name)| Relation {
                    name,
                    fields: fields.clone(),
                    offset: number * fields.len(),
                    hidden: Vec::new(),
                })
                .collect(),
            // A column without a variable means those by themselves.
            outer: variables.len(),
            ..Scope::default()
        }
    }

    /// Whether a relation or a column has this name.
    pub(super) fn knows(&self, name: &Ident) -> bool {
        let is_relation = self.relation(std::slice::from_ref(name)).is_some();
        is_relation || self.fields().any(|field| field.name == name.name)
    }

    /// For a sub-query of a query over this scope: its own columns come behind.
    pub(super) fn around(&self, inner: Scope) -> Scope {
        let outer = self.relations.len();
        Scope {
            outer,
            ..self.clone().beside(inner)
        }
    }

    /// Only what belongs to the query around, or only what does not.
    fn part(&self, is_outer: bool) -> Scope {
        let (outer, inner) = self.relations.split_at(self.outer);
        let inner_at = inner.first().map_or(usize::MAX, |relation| relation.offset);
        let common = self.common.iter().filter(|common| {
            let is_inner = common.columns.iter().any(|&column| column >= inner_at);
            is_inner != is_outer
        });
        Scope {
            relations: if is_outer { outer } else { inner }.to_vec(),
            common: common.cloned().collect(),
            ..Scope::default()
        }
    }

    /// Whether a name can only mean something of this scope.
    pub(super) fn claims(&self, name: &ObjectName) -> bool {
        let parts = &name.parts;
        let of_relation = (1..parts.len()).any(|prefix| self.relation(&parts[..prefix]).is_some());
        let of_column = parts
            .first()
            .is_some_and(|first| self.fields().any(|field| field.name == first.name));
        of_relation || of_column
    }

    /// The columns of this scope and behind them those of another.
    pub(super) fn beside(mut self, right: Scope) -> Scope {
        let width = self.fields().count();
        self.relations
            .extend(right.relations.into_iter().map(|relation| Relation {
                offset: width + relation.offset,
                ..relation
            }));
        self.common
            .extend(right.common.into_iter().map(|common| CommonColumn {
                value: shifted(common.value, width),
                columns: common.columns.map(|column| width + column),
                ..common
            }));
        self
    }

    /// The same names for columns that have become these.
    pub(super) fn over(mut self, fields: &[Field]) -> Scope {
        for relation in &mut self.relations {
            let own = &fields[relation.offset..relation.offset + relation.fields.len()];
            for (field, changed) in relation.fields.iter_mut().zip(own) {
                field.data_type.clone_from(&changed.data_type);
                field.time_attribute = changed.time_attribute;
            }
        }
        self
    }

    /// The same with further columns that belong to no relation of a name.
    pub(super) fn with_unnamed(&self, fields: &[Field]) -> Scope {
        let mut scope = self.clone();
        scope.relations.push(Relation {
            name: Vec::new(),
            fields: fields.to_vec(),
            offset: self.fields().count(),
            hidden: Vec::new(),
        });
        scope
    }

    /// The same with further columns that nothing can name.
    pub(super) fn with_hidden(&self, fields: &[Field]) -> Scope {
        let nameless = |(number, field): (usize, &Field)| Field {
            name: format!("$hidden{number}"),
            ..field.clone()
        };
        let fields: Vec<Field> = fields.iter().enumerate().map(nameless).collect();
        let mut scope = self.with_unnamed(&fields);
        if let Some(relation) = scope.relations.last_mut() {
            relation.hidden = (0..fields.len()).collect();
        }
        scope
    }

    /// All columns, in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.relations.iter().flat_map(|relation| &relation.fields)
    }

    pub(super) fn field(&self, index: usize) -> Option<&Field> {
        self.relations
            .iter()
            .find_map(|relation| relation.fields.get(index.checked_sub(relation.offset)?))
    }

    /// The relation that these parts name.
    pub(super) fn relation(&self, parts: &[Ident]) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.is_named_by(parts))
    }

    pub(super) fn resolve(&self, name: &ObjectName) -> Result<Resolved, Diagnostic> {
        if self.outer > 0 {
            let inner = self.part(false);
            let outer = self.part(true);
            return if inner.claims(name) || !outer.claims(name) {
                inner.resolve(name)
            } else {
                outer.resolve(name)
            };
        }
        let parts = &name.parts;
        for prefix in (1..parts.len()).rev() {
            if let Some(relation) = self.relation(&parts[..prefix]) {
                let column = &parts[prefix];
                let found = relation.column(column)?.ok_or_else(|| {
                    let table = &parts[prefix - 1].name;
                    let message = format!("column '{}' not found in table '{table}'", column.name);
                    Diagnostic::validation(column.span, message).maybe_hint(did_you_mean(
                        &column.name,
                        relation.fields.iter().map(|f| f.name.as_str()),
                    ))
                })?;
                return self.field_path(found, &parts[prefix + 1..]);
            }
        }
        let Some(first) = parts.first() else {
            return Err(Diagnostic::validation(name.span, "a name must not be empty"));
        };
        if let Some(common) = self
            .common
            .iter()
            .find(|common| common.is_named && common.name == first.name)
        {
            let resolved = Resolved {
                expression: common.value.clone(),
                time_attribute: None,
                name: common.name.clone(),
            };
            return descend(resolved, &parts[1..]);
        }
        let mut found: Option<usize> = None;
        for relation in &self.relations {
            if let Some(index) = relation.column(first)? {
                if found.is_some() {
                    return Err(self.ambiguous(first));
                }
                found = Some(index);
            }
        }
        match found {
            Some(index) => self.field_path(index, &parts[1..]),
            None => {
                let inner = self.inner_field(first)?;
                match inner {
                    Some(resolved) => descend(resolved, &parts[1..]),
                    None if parts.len() > 1 => Err(self.unknown_table(first, name.span)),
                    None => Err(self.unknown_column(first)),
                }
            }
        }
    }

    /// Column `index`, and fields inside of it.
    fn field_path(&self, index: usize, path: &[Ident]) -> Result<Resolved, Diagnostic> {
        // The index came from this scope.
        let field = self
            .field(index)
            .cloned()
            .unwrap_or_else(|| Field::new("", TypeKind::Null.nullable()));
        let resolved = Resolved {
            expression: Expr::column(index, field.data_type),
            time_attribute: field.time_attribute,
            name: field.name,
        };
        descend(resolved, path)
    }

    /// A field of this name inside ROW columns, at the least depth where there is one.
    fn inner_field(&self, name: &Ident) -> Result<Option<Resolved>, Diagnostic> {
        let first = self.relations.first().map_or(0, |relation| relation.offset);
        let mut level: Vec<Expr> = self
            .fields()
            .enumerate()
            .map(|(index, field)| Expr::column(first + index, field.data_type.clone()))
            .collect();
        while !level.is_empty() {
            let mut below = Vec::new();
            let mut found: Option<Expr> = None;
            for operand in level {
                let data_type = operand.data_type();
                let TypeKind::Row(fields) = &data_type.kind else {
                    continue;
                };
                for (index, field) in fields.iter().enumerate() {
                    let inner = field_of(operand.clone(), index, &field.data_type);
                    if field.name == name.name {
                        if found.is_some() {
                            return Err(ambiguous(name));
                        }
                        found = Some(inner.clone());
                    }
                    below.push(inner);
                }
            }
            if let Some(expression) = found {
                return Ok(Some(Resolved {
                    expression,
                    time_attribute: None,
                    name: name.name.clone(),
                }));
            }
            level = below;
        }
        Ok(None)
    }

    fn unknown_column(&self, name: &Ident) -> Diagnostic {
        let message = format!("column '{}' not found", name.name);
        let diagnostic = Diagnostic::validation(name.span, message);
        if self.relations.is_empty() {
            return diagnostic.hint("there is no FROM clause to take columns from");
        }
        let names: Vec<&str> = self.fields().map(|field| field.name.as_str()).collect();
        let nearest = did_you_mean(&name.name, names.iter().copied());
        diagnostic.hint(nearest.unwrap_or_else(|| format!("columns in scope: {}", list_of(&names))))
    }

    /// A column of several tables.
    fn ambiguous(&self, name: &Ident) -> Diagnostic {
        let has_column = |relation: &&Relation| relation.fields.iter().any(|field| field.name == name.name);
        let ways: Option<Vec<String>> = self
            .relations
            .iter()
            .filter(has_column)
            .map(|relation| Some(format!("{}.{}", relation.name.last()?, name.name)))
            .collect();
        match ways {
            Some(ways) => ambiguous(name).hint(format!("write {}", ways.join(" or "))),
            None => ambiguous(name),
        }
    }

    fn unknown_table(&self, first: &Ident, span: Span) -> Diagnostic {
        let message = format!("no table or column named '{}' in scope", first.name);
        let names: Vec<&str> = self
            .relations
            .iter()
            .filter_map(|relation| relation.name.last())
            .map(String::as_str)
            .chain(self.fields().map(|field| field.name.as_str()))
            .collect();
        Diagnostic::validation(span, message).maybe_hint(did_you_mean(&first.name, names))
    }
}

impl Relation {
    /// An alias is its only name; a table may be named by its last part, or with its database and catalog.
    fn is_named_by(&self, parts: &[Ident]) -> bool {
        !parts.is_empty()
            && parts.len() <= self.name.len()
            && self
                .name
                .iter()
                .rev()
                .zip(parts.iter().rev())
                .all(|(own, part)| *own == part.name)
    }

    fn column(&self, name: &Ident) -> Result<Option<usize>, Diagnostic> {
        let mut matches = self
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.name == name.name);
        let first = matches.next();
        if matches.next().is_some() {
            return Err(ambiguous(name));
        }
        Ok(first.map(|(index, _)| self.offset + index))
    }
}

/// An expression over columns that come so much further behind.
pub(super) fn shifted(expression: Expr, by: usize) -> Expr {
    expression.transform(&mut |expression| match expression {
        Expr::Column { index, data_type } => Expr::column(index + by, data_type),
        other => other,
    })
}

pub(super) fn ambiguous(name: &Ident) -> Diagnostic {
    Diagnostic::validation(name.span, format!("column '{}' is ambiguous", name.name))
        .hint("give the columns of that name different aliases")
}

/// The field `index` of a row: NULL where the row is.
pub(super) fn field_of(operand: Expr, index: usize, data_type: &DataType) -> Expr {
    let nullable = operand.data_type().nullable;
    Expr::Field {
        operand: Box::new(operand),
        index,
        data_type: data_type.clone().or_nullable(nullable),
    }
}

fn descend(mut resolved: Resolved, path: &[Ident]) -> Result<Resolved, Diagnostic> {
    for part in path {
        resolved.expression = named_field(resolved.expression, part)?;
        resolved.time_attribute = None;
        resolved.name.clone_from(&part.name);
    }
    Ok(resolved)
}

/// `operand.name`
pub(super) fn named_field(operand: Expr, name: &Ident) -> Result<Expr, Diagnostic> {
    let data_type = operand.data_type();
    let TypeKind::Row(fields) = &data_type.kind else {
        let message = format!(
            "there is no field '{}' in a value of type {}",
            name.name, data_type.kind
        );
        return Err(Diagnostic::validation(name.span, message).hint("only values of type ROW have fields"));
    };
    match fields.iter().position(|field| field.name == name.name) {
        Some(index) => Ok(field_of(operand, index, &fields[index].data_type)),
        None => {
            let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            let hint = did_you_mean(&name.name, names.iter().copied())
                .unwrap_or_else(|| format!("its fields: {}", list_of(&names)));
            Err(Diagnostic::validation(name.span, format!("field '{}' not found", name.name)).hint(hint))
        }
    }
}

/// At most this many names go into a hint.
const NAMES_LISTED_MAX: usize = 20;

pub(super) fn list_of(names: &[&str]) -> String {
    let mut text = names[..names.len().min(NAMES_LISTED_MAX)].join(", ");
    if names.len() > NAMES_LISTED_MAX {
        text.push_str(", ...");
    }
    text
}
