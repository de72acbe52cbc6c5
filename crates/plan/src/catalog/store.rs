//! All catalogs of a session, and which of them is current.
//!
//! Names are case-sensitive. Temporary objects lie over permanent ones of the same path and do not need the
//! catalog or the database of their path to exist. Diagnostics made here have no place yet: whoever knows the
//! statement adds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use model::suggest::did_you_mean;
use model::{Diagnostic, ErrorKind};
use sql::ast;

use super::{CatalogObject, ObjectPath, SqlFunction};

pub const DEFAULT_CATALOG: &str = "default_catalog";
pub const DEFAULT_DATABASE: &str = "default_database";

#[derive(Debug, Clone)]
pub struct CatalogStore {
    catalogs: BTreeMap<String, Catalog>,
    temporary: BTreeMap<ObjectPath, CatalogObject>,
    pub(super) temporary_functions: BTreeMap<ObjectPath, Arc<SqlFunction>>,
    current_catalog: String,
    current_database: String,
}

#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub databases: BTreeMap<String, Database>,
    pub default_database: String,
    /// As given to CREATE CATALOG; empty for the one that is there from the start.
    pub options: IndexMap<String, String>,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Database {
    pub objects: BTreeMap<String, CatalogObject>,
    pub functions: BTreeMap<String, Arc<SqlFunction>>,
    pub options: IndexMap<String, String>,
    pub comment: Option<String>,
}

impl Default for CatalogStore {
    fn default() -> Self {
        CatalogStore {
            catalogs: BTreeMap::from([(DEFAULT_CATALOG.to_string(), Catalog::in_memory(DEFAULT_DATABASE))]),
            temporary: BTreeMap::new(),
            temporary_functions: BTreeMap::new(),
            current_catalog: DEFAULT_CATALOG.to_string(),
            current_database: DEFAULT_DATABASE.to_string(),
        }
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

/// What can be read.
impl CatalogStore {
    pub fn current_catalog(&self) -> &str {
        &self.current_catalog
    }

    pub fn current_database(&self) -> &str {
        &self.current_database
    }

    pub fn catalogs(&self) -> impl Iterator<Item = (&str, &Catalog)> {
        self.catalogs
            .iter()
            .map(|(name, catalog)| (name.as_str(), catalog))
    }

    pub fn catalog(&self, name: &str) -> Result<&Catalog, Diagnostic> {
        self.catalogs.get(name).ok_or_else(|| {
            refuse(format!("catalog '{name}' not found"))
                .maybe_hint(did_you_mean(name, self.catalogs.keys().map(String::as_str)))
        })
    }

    pub fn database(&self, catalog: &str, database: &str) -> Result<&Database, Diagnostic> {
        let databases = &self.catalog(catalog)?.databases;
        databases.get(database).ok_or_else(|| {
            refuse(format!("database '{database}' not found in catalog '{catalog}'"))
                .maybe_hint(did_you_mean(database, databases.keys().map(String::as_str)))
        })
    }

    /// The complete path of a name: what it leaves out is current.
    pub fn resolve(&self, name: &ast::ObjectName) -> ObjectPath {
        let part = |from_end: usize| -> Option<String> {
            let index = name.parts.len().checked_sub(from_end + 1)?;
            Some(name.parts[index].name.clone())
        };
        ObjectPath {
            catalog: part(2).unwrap_or_else(|| self.current_catalog.clone()),
            database: part(1).unwrap_or_else(|| self.current_database.clone()),
            object: part(0).unwrap_or_default(),
        }
    }

    /// The object at this path, a temporary one first.
    pub fn get(&self, path: &ObjectPath) -> Option<&CatalogObject> {
        self.temporary.get(path).or_else(|| self.permanent(path))
    }

    pub fn is_temporary(&self, path: &ObjectPath) -> bool {
        self.temporary.contains_key(path)
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
        if name.parts.len() > 3 {
            return Err(
                Diagnostic::validation(name.span, "a table's name has at most three parts")
                    .hint("write catalog.database.table"),
            );
        }
        let path = self.resolve(name);
        match self.get(&path) {
            Some(object) => Ok((path, object)),
            None => Err(self.not_found("object", &path).or_at(name.span)),
        }
    }

    /// `what 'x' not found`, with the reason if the way there is already wrong, or with the nearest name.
    pub fn not_found(&self, what: &str, path: &ObjectPath) -> Diagnostic {
        if let Err(missing) = self.database(&path.catalog, &path.database) {
            let named = format!("{what} '{path}' not found: {}", missing.message);
            return refuse(named).maybe_hint(missing.hint);
        }
        let names = self.names_in(&path.catalog, &path.database);
        let hint = did_you_mean(&path.object, names).or_else(|| self.found_elsewhere(&path.object));
        refuse(format!("{what} '{}' not found", path.object)).maybe_hint(hint)
    }

    /// The same name in another database.
    fn found_elsewhere(&self, object: &str) -> Option<String> {
        for (catalog_name, catalog) in &self.catalogs {
            for (database_name, database) in &catalog.databases {
                if database.objects.contains_key(object) {
                    return Some(format!("there is one in {catalog_name}.{database_name}"));
                }
            }
        }
        None
    }

    /// Tables and views of a database with what they are, temporary ones among them, in order.
    pub fn objects_in<'a>(
        &'a self,
        catalog: &str,
        database: &str,
    ) -> Result<BTreeMap<&'a str, &'a CatalogObject>, Diagnostic> {
        let permanent = &self.database(catalog, database)?.objects;
        let mut objects: BTreeMap<&str, &CatalogObject> = permanent
            .iter()
            .map(|(name, object)| (name.as_str(), object))
            .collect();
        for (path, object) in &self.temporary {
            if path.catalog == catalog && path.database == database {
                objects.insert(&path.object, object);
            }
        }
        Ok(objects)
    }

    fn names_in(&self, catalog: &str, database: &str) -> Vec<&str> {
        match self.objects_in(catalog, database) {
            Ok(objects) => objects.into_keys().collect(),
            Err(_) => Vec::new(),
        }
    }
}

/// What can be changed. Each either happens as a whole or not at all.
impl CatalogStore {
    /// Forgets permanent objects that `keeps` refuses.
    pub(crate) fn retain_permanent(&mut self, keeps: impl Fn(&CatalogObject) -> bool) {
        for catalog in self.catalogs.values_mut() {
            for database in catalog.databases.values_mut() {
                database.objects.retain(|_, object| keeps(object));
            }
        }
    }

    pub fn create_catalog(
        &mut self,
        name: &str,
        catalog: Catalog,
        if_not_exists: bool,
    ) -> Result<(), Diagnostic> {
        if self.catalogs.contains_key(name) {
            return existing(if_not_exists, format!("catalog '{name}' already exists"));
        }
        self.catalogs.insert(name.to_string(), catalog);
        Ok(())
    }

    pub fn drop_catalog(&mut self, name: &str, if_exists: bool) -> Result<(), Diagnostic> {
        if let Err(missing) = self.catalog(name) {
            return if if_exists { Ok(()) } else { Err(missing) };
        }
        if name == self.current_catalog {
            return Err(refuse(format!("catalog '{name}' is in use"))
                .hint("switch to another with USE CATALOG first"));
        }
        self.catalogs.remove(name);
        Ok(())
    }

    pub fn use_catalog(&mut self, name: &str) -> Result<(), Diagnostic> {
        let database = self.catalog(name)?.default_database.clone();
        self.current_catalog = name.to_string();
        self.current_database = database;
        Ok(())
    }

    pub fn create_database(
        &mut self,
        catalog: &str,
        name: &str,
        database: Database,
        if_not_exists: bool,
    ) -> Result<(), Diagnostic> {
        self.catalog(catalog)?;
        if let Ok(databases) = self.databases_mut(catalog) {
            if databases.contains_key(name) {
                let message = format!("database '{name}' already exists in catalog '{catalog}'");
                return existing(if_not_exists, message);
            }
            databases.insert(name.to_string(), database);
        }
        Ok(())
    }

    pub fn drop_database(
        &mut self,
        catalog: &str,
        name: &str,
        if_exists: bool,
        cascade: bool,
    ) -> Result<(), Diagnostic> {
        self.catalog(catalog)?;
        let database = match self.database(catalog, name) {
            Ok(database) => database,
            Err(missing) => return if if_exists { Ok(()) } else { Err(missing) },
        };
        if catalog == self.current_catalog && name == self.current_database {
            return Err(
                refuse(format!("database '{name}' is in use")).hint("switch to another with USE first")
            );
        }
        let is_empty = database.objects.is_empty() && database.functions.is_empty();
        if !cascade && !is_empty {
            return Err(refuse(format!("database '{name}' is not empty"))
                .hint("DROP DATABASE ... CASCADE drops its tables, views and functions too"));
        }
        self.databases_mut(catalog)?.remove(name);
        Ok(())
    }

    pub fn database_mut(&mut self, catalog: &str, name: &str) -> Result<&mut Database, Diagnostic> {
        let missing = self.database(catalog, name).err();
        match (self.databases_mut(catalog)?.get_mut(name), missing) {
            (Some(database), _) => Ok(database),
            (None, Some(missing)) => Err(missing),
            (None, None) => Err(refuse(format!("database '{name}' not found"))),
        }
    }

    pub fn use_database(&mut self, catalog: Option<&str>, name: &str) -> Result<(), Diagnostic> {
        let catalog = catalog.unwrap_or(&self.current_catalog).to_string();
        self.database(&catalog, name)?;
        self.current_catalog = catalog;
        self.current_database = name.to_string();
        Ok(())
    }

    pub fn create(
        &mut self,
        path: ObjectPath,
        object: CatalogObject,
        temporary: bool,
        if_not_exists: bool,
    ) -> Result<(), Diagnostic> {
        self.check_free(&path, temporary, if_not_exists)?;
        if temporary {
            self.temporary.entry(path).or_insert(object);
        } else {
            let database = self.database_mut(&path.catalog, &path.database)?;
            database.objects.entry(path.object).or_insert(object);
        }
        Ok(())
    }

    /// Whether an object can be created here: its database exists and the name is not taken.
    pub fn check_free(
        &self,
        path: &ObjectPath,
        temporary: bool,
        if_not_exists: bool,
    ) -> Result<(), Diagnostic> {
        if temporary {
            if self.temporary.contains_key(path) {
                let message = format!("temporary table or view '{path}' already exists");
                return existing(if_not_exists, message);
            }
            return Ok(());
        }
        let database = self.database(&path.catalog, &path.database)?;
        if database.objects.contains_key(&path.object) {
            return existing(if_not_exists, format!("table or view '{path}' already exists"));
        }
        Ok(())
    }

    /// Takes the object away. `is_table` says what the statement thinks it is.
    pub fn drop(
        &mut self,
        path: &ObjectPath,
        is_table: bool,
        temporary: bool,
        if_exists: bool,
    ) -> Result<(), Diagnostic> {
        let what = if is_table { "table" } else { "view" };
        let fits =
            |object: Option<&CatalogObject>| object.is_some_and(|object| object.is_table() == is_table);
        if temporary {
            if fits(self.temporary.get(path)) {
                self.temporary.remove(path);
                return Ok(());
            }
            let missing = refuse(format!("temporary {what} '{path}' not found"));
            return if if_exists { Ok(()) } else { Err(missing) };
        }
        if fits(self.temporary.get(path)) {
            return Err(
                refuse(format!("a temporary {what} '{path}' hides the permanent one"))
                    .hint(format!("DROP TEMPORARY {} drops it", what.to_uppercase())),
            );
        }
        if !fits(self.permanent(path)) {
            if if_exists {
                return Ok(());
            }
            return Err(match self.permanent(path) {
                Some(_) if is_table => {
                    refuse(format!("'{path}' is a view, not a table")).hint("DROP VIEW drops it")
                }
                Some(_) => refuse(format!("'{path}' is a table, not a view")).hint("DROP TABLE drops it"),
                None => self.not_found(what, path),
            });
        }
        self.database_mut(&path.catalog, &path.database)?
            .objects
            .remove(&path.object);
        Ok(())
    }

    /// Puts a changed object in the place of a permanent one.
    pub fn replace(&mut self, path: &ObjectPath, object: CatalogObject) -> Result<(), Diagnostic> {
        self.database_mut(&path.catalog, &path.database)?
            .objects
            .insert(path.object.clone(), object);
        Ok(())
    }

    /// Gives a permanent object another name in its database.
    pub fn rename(&mut self, path: &ObjectPath, to: &str) -> Result<(), Diagnostic> {
        let objects = &mut self.database_mut(&path.catalog, &path.database)?.objects;
        if objects.contains_key(to) {
            let taken = ObjectPath {
                object: to.to_string(),
                ..path.clone()
            };
            return Err(refuse(format!("table or view '{taken}' already exists")));
        }
        if let Some(object) = objects.remove(&path.object) {
            objects.insert(to.to_string(), object);
        }
        Ok(())
    }

    pub(super) fn databases_of_all(&mut self) -> impl Iterator<Item = &mut Database> {
        let catalogs = self.catalogs.values_mut();
        catalogs.flat_map(|catalog| catalog.databases.values_mut())
    }

    fn databases_mut(&mut self, catalog: &str) -> Result<&mut BTreeMap<String, Database>, Diagnostic> {
        match self.catalogs.get_mut(catalog) {
            Some(catalog) => Ok(&mut catalog.databases),
            None => Err(refuse(format!("catalog '{catalog}' not found"))),
        }
    }
}

fn refuse(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(ErrorKind::Validation, message)
}

pub(super) fn existing(allowed: bool, message: String) -> Result<(), Diagnostic> {
    if allowed {
        return Ok(());
    }
    Err(refuse(message).hint("IF NOT EXISTS leaves it as it is"))
}
