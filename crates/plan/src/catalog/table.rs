//! Tables and views as the catalog keeps them.
//!
//! Expressions are kept as text, as Flink does, and bound anew by whoever plans over them. What was declared is
//! kept apart from what it resolves to, so that SHOW CREATE TABLE gives back what was written.

use std::collections::HashMap;

use indexmap::IndexMap;
use model::{DataType, Field, Schema, Span, TimeAttribute};

/// `catalog.database.object`, complete.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectPath {
    pub catalog: String,
    pub database: String,
    pub object: String,
}

/// As diagnostics and plans name it: `catalog.database.object`.
impl std::fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.catalog, self.database, self.object)
    }
}

#[derive(Debug, Clone)]
pub enum CatalogObject {
    Table(Table),
    View(View),
}

#[derive(Debug, Clone, Default)]
pub struct Table {
    pub columns: Vec<TableColumn>,
    pub watermark: Option<TableWatermark>,
    pub primary_key: Option<TablePrimaryKey>,
    pub partition_keys: Vec<String>,
    pub options: IndexMap<String, String>,
    pub comment: Option<String>,
    /// Text behind `DISTRIBUTED`, empty if there is none.
    pub distribution: Option<TableDistribution>,
    pub origin: Origin,
}

#[derive(Debug, Clone)]
pub struct TableColumn {
    pub name: String,
    /// Resolved; for a computed column, the type of its expression.
    pub data_type: DataType,
    pub kind: TableColumnKind,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableColumnKind {
    Physical,
    /// The expression's text in Flink SQL.
    Computed(String),
    Metadata {
        key: Option<String>,
        is_virtual: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableWatermark {
    pub column: String,
    /// The expression's text.
    pub expression: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePrimaryKey {
    pub name: String,
    pub columns: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDistribution {
    /// `HASH`, `RANGE`, or empty.
    pub kind: String,
    pub columns: Vec<String>,
    pub buckets: Option<u32>,
}

#[derive(Debug, Clone)]
pub struct View {
    /// Names and types of its columns, time attributes included.
    pub schema: Schema,
    /// The query's text with every table name complete; bound anew when the view is used.
    pub query: String,
    /// The query as it was written.
    pub original: String,
    /// The query as SHOW CREATE VIEW gives it.
    pub shown: String,
    pub comment: Option<String>,
    pub origin: Origin,
}

/// Where it was declared, for diagnostics about it while the same text is at hand.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// Which text the spans belong to; see [`crate::session::Session`].
    pub script: u64,
    pub name: Span,
    pub options: HashMap<String, Span>,
}

impl CatalogObject {
    pub fn is_table(&self) -> bool {
        matches!(self, CatalogObject::Table(_))
    }

    pub fn origin(&self) -> &Origin {
        match self {
            CatalogObject::Table(table) => &table.origin,
            CatalogObject::View(view) => &view.origin,
        }
    }
}

impl TableColumn {
    pub fn is_physical(&self) -> bool {
        self.kind == TableColumnKind::Physical
    }

    /// Whether it is the processing time: a computed column that is a bare `PROCTIME()`.
    pub fn is_proctime(&self) -> bool {
        let TableColumnKind::Computed(expression) = &self.kind else {
            return false;
        };
        // White space may stand between any two of its tokens.
        let bare: String = expression
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '`')
            .collect();
        bare.eq_ignore_ascii_case("PROCTIME()")
    }
}

impl Table {
    /// What the column tells of its row's time.
    pub fn time_attribute(&self, column: &TableColumn) -> Option<TimeAttribute> {
        if self
            .watermark
            .as_ref()
            .is_some_and(|watermark| watermark.column == column.name)
        {
            return Some(TimeAttribute::Rowtime);
        }
        column.is_proctime().then_some(TimeAttribute::Proctime)
    }

    /// All columns with their time attributes, as a query over the table sees them.
    pub fn schema(&self) -> Schema {
        Schema::new(
            self.columns
                .iter()
                .map(|column| {
                    Field::new(&column.name, column.data_type.clone())
                        .with_time_attribute(self.time_attribute(column))
                })
                .collect(),
        )
    }

    /// Columns that the connector reads and writes, in order.
    pub fn physical_schema(&self) -> Schema {
        Schema::new(
            self.columns
                .iter()
                .filter(|column| column.kind == TableColumnKind::Physical)
                .map(|column| Field::new(&column.name, column.data_type.clone()))
                .collect(),
        )
    }

    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}
