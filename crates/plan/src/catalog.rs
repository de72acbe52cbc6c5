//! Catalogs, their databases, and the tables, views and functions in them.

pub mod function;
pub mod store;
pub mod table;

pub use function::SqlFunction;
pub use store::{Catalog, CatalogStore, Database};
pub use table::{
    CatalogObject, ObjectPath, Origin, Table, TableColumn, TableColumnKind, TableDistribution,
    TablePrimaryKey, TableWatermark, View,
};
