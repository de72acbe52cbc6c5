//! Catalogs, their databases, and the tables and views in them.

pub mod store;
pub mod table;

pub use store::{Catalog, CatalogStore, Database};
pub use table::{
    CatalogObject, ObjectPath, Origin, Table, TableColumn, TableColumnKind, TableDistribution,
    TablePrimaryKey, TableWatermark, View,
};
