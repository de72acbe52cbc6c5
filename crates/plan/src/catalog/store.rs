//! All catalogs of a session, and which of them is current.
//!
//! Names are case-sensitive. Temporary objects lie over permanent ones of the same path and do not need the
//! catalog or the database of their path to exist.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use model::Diagnostic;
use model::suggest::did_you_mean;
use sql::ast;

use super::{CatalogObject, ObjectPath};

pub const DEFAULT_CATALOG: &str = "default_catalog";
pub const DEFAULT_DATABASE: &str = "default_database";

#[derive(Debug, Clone)]
pub struct CatalogStore {
    catalogs: BTreeMap<String, Catalog>,
    temporary: BTreeMap<ObjectPath, CatalogObject>,
    current_catalog: Option<String>,
    current_database: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub databases: BTreeMap<String, Database>,
    pub default_database: String,
    pub options: IndexMap<String, String>,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Database {
    pub objects: BTreeMap<String, CatalogObject>,
    pub options: IndexMap<String, String>,
    pub comment: Option<String>,
}

impl Default for CatalogStore {
    fn default() -> Self {
        let mut store = CatalogStore {
            catalogs: BTreeMap::new(),
            temporary: BTreeMap::new(),
            current_catalog: Some(DEFAULT_CATALOG.to_string()),
            current_database: Some(DEFAULT_DATABASE.to_string()),
        };
        store
            .catalogs
            .insert(DEFAULT_CATALOG.to_string(), Catalog::in_memory(DEFAULT_DATABASE));
        store
    }
}

impl Catalog {
    pub fn in_memory(default_database: &str) -> Catalog {
        Catalog {
            databases: BTreeMap::from([(default_database.to_string(), Database::default())]),
            default_database: default_database.to_string(),
            options: IndexMap::new(),
            comment: None,
        }
    }
}

impl CatalogStore {
    /// The complete path of a name: what it leaves out is current.
    pub fn resolve(&self, name: &ast::ObjectName) -> ObjectPath {
        let part = |from_end: usize| -> Option<String> {
            name.parts
                .len()
                .checked_sub(from_end + 1)
                .map(|index| name.parts[index].name.clone())
        };
        ObjectPath {
            catalog: part(2)
                .or_else(|| self.current_catalog.clone())
                .unwrap_or_default(),
            database: part(1)
                .or_else(|| self.current_database.clone())
                .unwrap_or_default(),
            object: part(0).unwrap_or_default(),
        }
    }

    /// The object at this path, a temporary one first.
    pub fn get(&self, path: &ObjectPath) -> Option<&CatalogObject> {
        self.temporary.get(path).or_else(|| self.permanent(path))
    }

    pub fn permanent(&self, path: &ObjectPath) -> Option<&CatalogObject> {
        self.catalogs
            .get(&path.catalog)?
            .databases
            .get(&path.database)?
            .objects
            .get(&path.object)
    }

    /// The table or view of this name, or a diagnostic that names the nearest one.
    pub fn lookup(&self, name: &ast::ObjectName) -> Result<(ObjectPath, &CatalogObject), Diagnostic> {
        let path = self.resolve(name);
        match self.get(&path) {
            Some(object) => Ok((path, object)),
            None => Err(
                Diagnostic::validation(name.span, format!("object '{}' not found", path.object)).maybe_hint(
                    did_you_mean(&path.object, self.names_in(&path.catalog, &path.database)),
                ),
            ),
        }
    }

    /// Tables and views of a database, temporary ones among them, in order.
    fn names_in<'a>(&'a self, catalog: &'a str, database: &'a str) -> Vec<&'a str> {
        let permanent = self
            .catalogs
            .get(catalog)
            .and_then(|catalog| catalog.databases.get(database))
            .into_iter()
            .flat_map(|database| database.objects.keys());
        let temporary = self
            .temporary
            .keys()
            .filter(|path| path.catalog == catalog && path.database == database)
            .map(|path| &path.object);
        let mut names: Vec<&str> = permanent.chain(temporary).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
