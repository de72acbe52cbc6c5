//! Texts that people work on: checked, previewed, and put together with what surrounds them.

use std::collections::BTreeMap;
use std::sync::Arc;

use plan::catalog::ObjectPath;
use plan::{CatalogKind, CatalogStatement};
use runner::{CheckReport, Preview, PreviewLimits, PreviewRequest, Program, Purpose, Secrets};
use store::{CatalogObject, ObjectKind, Version};

use crate::catalog::{self, CatalogTree, Loaded, TableDetail};
use crate::{Error, Jobs, Result, surroundings};

/// Bytes of a text that a person may hand in.
pub const SQL_BYTES_MAX: usize = 1 << 20;

impl Jobs {
    /// What is wrong with a text, and how it would be run.
    pub async fn validate(
        &self,
        workspace: &str,
        sql: &str,
        settings: &BTreeMap<String, String>,
    ) -> Result<CheckReport> {
        let program = self.program(workspace, sql, settings).await?;
        self.ask_in_turn(move |runner| runner.check(&program, Purpose::Draft))
            .await
    }

    /// Rows of the last statement that gives some. Dropping what is returned cancels it.
    pub async fn preview(
        &self,
        workspace: &str,
        sql: &str,
        settings: &BTreeMap<String, String>,
        rows_max: Option<u64>,
    ) -> Result<Box<dyn Preview>> {
        let program = self.program(workspace, sql, settings).await?;
        let mut limits = PreviewLimits::default();
        if let Some(rows_max) = rows_max {
            limits.rows_max = rows_max.clamp(1, limits.rows_max);
        }
        let request = PreviewRequest { program, limits };
        Ok(self.ask_in_turn(move |runner| runner.preview(request)).await??)
    }

    /// The first rows of a table.
    pub async fn sample(&self, workspace: &str, path: &ObjectPath, rows: u64) -> Result<Box<dyn Preview>> {
        self.table(workspace, path).await?;
        let name = [&path.catalog, &path.database, &path.object]
            .map(|part| sql::quote_identifier(part))
            .join(".");
        let text = format!("SELECT * FROM {name}");
        self.preview(workspace, &text, &BTreeMap::new(), Some(rows)).await
    }

    pub async fn catalog(&self, workspace: &str) -> Result<CatalogTree> {
        Ok(self.load_catalog(workspace).await?.1.tree())
    }

    pub async fn table(&self, workspace: &str, path: &ObjectPath) -> Result<TableDetail> {
        let (_, loaded) = self.load_catalog(workspace).await?;
        let path = path.clone();
        self.apart(move || loaded.table(&path)).await?
    }

    /// Executes statements that define something: all of them, or none.
    pub async fn execute_catalog(&self, actor: &str, workspace: &str, text: &str) -> Result<Vec<String>> {
        check_length(text)?;
        let (revision, mut loaded) = self.load_catalog(workspace).await?;
        let defining = text.to_string();
        let (defined, statements) = self
            .apart(move || {
                let defined = loaded.define(&defining);
                (defined, loaded.statements())
            })
            .await?;
        let refused = |diagnostics| Error::diagnosed("the catalog is unchanged", diagnostics);
        let messages = defined.map_err(refused)?;
        // Where the options of tables lead, and whether they may, is known to the runner.
        let report = self.validate(workspace, text, &BTreeMap::new()).await?;
        if report.has_errors() {
            return Err(refused(report.diagnostics));
        }
        let objects = statements.into_iter().map(object).collect();
        self.inner
            .store
            .catalog()
            .replace(workspace, revision, objects, actor)
            .await?;
        Ok(messages)
    }

    pub(crate) async fn load_catalog(&self, workspace: &str) -> Result<(u64, Loaded)> {
        let snapshot = self.inner.store.catalog().read(workspace).await?;
        let statements: Vec<CatalogStatement> = snapshot.objects.into_iter().map(statement).collect();
        let (registry, clock) = (Arc::clone(&self.inner.registry), Arc::clone(&self.inner.clock));
        let loaded = self
            .apart(move || Loaded::new(registry, clock, statements))
            .await?;
        Ok((snapshot.revision, loaded))
    }

    /// The text that makes the workspace's catalog as it is now, without what is broken in it.
    pub(crate) async fn catalog_ddl(&self, workspace: &str) -> Result<String> {
        let (_, loaded) = self.load_catalog(workspace).await?;
        self.apart(move || catalog::script(&loaded.holding())).await
    }

    /// A text with the workspace's catalog of now.
    pub(crate) async fn program(
        &self,
        workspace: &str,
        sql: &str,
        settings: &BTreeMap<String, String>,
    ) -> Result<Program> {
        check_length(sql)?;
        let ddl = self.catalog_ddl(workspace).await?;
        self.program_over(workspace, sql, &ddl, settings).await
    }

    /// A version over the catalog of its time.
    pub(crate) async fn program_of(&self, workspace: &str, version: &Version) -> Result<Program> {
        self.program_over(workspace, &version.sql, &version.catalog_ddl, &version.settings)
            .await
    }

    /// A text with a catalog that was kept for it, and with the connections and secrets of now.
    pub(crate) async fn program_over(
        &self,
        workspace: &str,
        sql: &str,
        catalog_ddl: &str,
        settings: &BTreeMap<String, String>,
    ) -> Result<Program> {
        let connections = self.connections(workspace).await?;
        let connections = surroundings::named_in([sql, catalog_ddl], &connections);
        let secrets = self
            .secrets(
                workspace,
                &surroundings::secrets_in(sql, catalog_ddl, &connections),
            )
            .await?;
        Ok(Program {
            sql: sql.to_string(),
            catalog_ddl: catalog_ddl.to_string(),
            settings: settings.clone(),
            files: self.files(workspace).await?,
            network: self.inner.settings.network.clone(),
            connections,
            secrets: Secrets::new(secrets),
        })
    }
}

fn check_length(text: &str) -> Result<()> {
    if text.len() <= SQL_BYTES_MAX {
        return Ok(());
    }
    Err(Error::invalid(format!("the text has more than {SQL_BYTES_MAX} bytes")).with_hint("split the job"))
}

pub(crate) fn statement(object: CatalogObject) -> CatalogStatement {
    let (kind, path) = match object.kind {
        ObjectKind::Catalog => (CatalogKind::Catalog, vec![object.catalog]),
        ObjectKind::Database => (CatalogKind::Database, vec![object.catalog, object.database]),
        ObjectKind::Table => (
            CatalogKind::Table,
            vec![object.catalog, object.database, object.name],
        ),
        ObjectKind::Function => (
            CatalogKind::Function,
            vec![object.catalog, object.database, object.name],
        ),
        ObjectKind::View => (
            CatalogKind::View,
            vec![object.catalog, object.database, object.name],
        ),
    };
    CatalogStatement {
        kind,
        path,
        ddl: object.ddl,
    }
}

pub(crate) fn object(statement: CatalogStatement) -> CatalogObject {
    let kind = match statement.kind {
        CatalogKind::Catalog => ObjectKind::Catalog,
        CatalogKind::Database => ObjectKind::Database,
        CatalogKind::Table => ObjectKind::Table,
        CatalogKind::Function => ObjectKind::Function,
        CatalogKind::View => ObjectKind::View,
    };
    let mut parts = statement.path.into_iter();
    let mut part = || parts.next().unwrap_or_default();
    CatalogObject {
        kind,
        catalog: part(),
        database: part(),
        name: part(),
        ddl: statement.ddl,
    }
}
