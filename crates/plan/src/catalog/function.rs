//! Functions that are written in SQL, by their paths. Their names are in lower case: case does not tell them apart.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::suggest::did_you_mean;
use model::{DataType, Diagnostic, ErrorKind, Field};
use sql::ast::ObjectName;

use super::ObjectPath;
use super::store::{CatalogStore, existing};

/// What a call stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlFunction {
    pub parameters: Vec<Field>,
    pub returns: DataType,
    /// The text of an expression over the parameters, in which the names of other functions are complete.
    pub body: String,
}

impl CatalogStore {
    /// The complete path of a function's name.
    pub fn function_path(&self, name: &ObjectName) -> ObjectPath {
        let path = self.resolve(name);
        ObjectPath {
            object: path.object.to_lowercase(),
            ..path
        }
    }

    /// The function at this path, a temporary one first.
    pub fn function(&self, path: &ObjectPath) -> Option<&Arc<SqlFunction>> {
        let permanent = || {
            let database = self.database(&path.catalog, &path.database).ok()?;
            database.functions.get(&path.object)
        };
        self.temporary_functions.get(path).or_else(permanent)
    }

    pub fn is_temporary_function(&self, path: &ObjectPath) -> bool {
        self.temporary_functions.contains_key(path)
    }

    /// Those of a database, temporary ones among them, in order.
    pub fn functions_in(
        &self,
        catalog: &str,
        database: &str,
    ) -> Result<BTreeMap<&str, &Arc<SqlFunction>>, Diagnostic> {
        let permanent = &self.database(catalog, database)?.functions;
        let mut functions: BTreeMap<&str, &Arc<SqlFunction>> = permanent
            .iter()
            .map(|(name, function)| (name.as_str(), function))
            .collect();
        for (path, function) in &self.temporary_functions {
            if path.catalog == catalog && path.database == database {
                functions.insert(&path.object, function);
            }
        }
        Ok(functions)
    }

    pub fn create_function(
        &mut self,
        path: ObjectPath,
        function: SqlFunction,
        temporary: bool,
        if_not_exists: bool,
    ) -> Result<(), Diagnostic> {
        let function = Arc::new(function);
        let taken = |what: &str| existing(if_not_exists, format!("{what} '{path}' already exists"));
        if temporary {
            if self.temporary_functions.contains_key(&path) {
                return taken("temporary function");
            }
            self.temporary_functions.insert(path, function);
            return Ok(());
        }
        let database = self.database(&path.catalog, &path.database)?;
        if database.functions.contains_key(&path.object) {
            return taken("function");
        }
        // Whoever keeps a catalog knows what is in it by its path.
        if database.objects.contains_key(&path.object) {
            return Err(
                refuse(format!("there is a table or view '{path}'")).hint("give the function another name")
            );
        }
        let database = self.database_mut(&path.catalog, &path.database)?;
        database.functions.insert(path.object, function);
        Ok(())
    }

    pub fn drop_function(
        &mut self,
        path: &ObjectPath,
        temporary: bool,
        if_exists: bool,
    ) -> Result<(), Diagnostic> {
        if temporary {
            return match self.temporary_functions.remove(path) {
                None if !if_exists => Err(refuse(format!("temporary function '{path}' not found"))),
                _ => Ok(()),
            };
        }
        if self.is_temporary_function(path) {
            return Err(
                refuse(format!("a temporary function '{path}' hides the permanent one"))
                    .hint("DROP TEMPORARY FUNCTION drops it"),
            );
        }
        let missing = self.function_not_found(path);
        let removed = match self.database_mut(&path.catalog, &path.database) {
            Ok(database) => database.functions.remove(&path.object).is_some(),
            Err(_) => false,
        };
        if removed || if_exists {
            Ok(())
        } else {
            Err(missing)
        }
    }

    pub fn function_not_found(&self, path: &ObjectPath) -> Diagnostic {
        let names = self.functions_in(&path.catalog, &path.database);
        let names: Vec<&str> = names.map(|names| names.into_keys().collect()).unwrap_or_default();
        refuse(format!("function '{}' not found", path.object))
            .maybe_hint(did_you_mean(&path.object, names.iter().copied()))
    }

    /// Forgets all permanent functions.
    pub(crate) fn forget_functions(&mut self) {
        self.databases_of_all()
            .for_each(|database| database.functions.clear());
    }
}

impl SqlFunction {
    /// The statement that makes it again.
    pub fn statement(&self, path: &ObjectPath, temporary: bool) -> String {
        let quoted = |name: &str| sql::quote_identifier(name);
        let parameters: Vec<String> = self
            .parameters
            .iter()
            .map(|field| format!("{} {}", quoted(&field.name), field.data_type.kind))
            .collect();
        format!(
            "CREATE {}FUNCTION {}.{}.{} ({})\nRETURNS {}\nRETURN {}",
            if temporary { "TEMPORARY " } else { "" },
            quoted(&path.catalog),
            quoted(&path.database),
            quoted(&path.object),
            parameters.join(", "),
            self.returns.kind,
            self.body
        )
    }
}

fn refuse(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(ErrorKind::Validation, message)
}
