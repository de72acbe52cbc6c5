//! SHOW.

use super::{Parsed, Parser};
use crate::ast::{Show, ShowKind, ShowLike, StatementKind};

#[rustfmt::skip]
const KINDS: &[&str] = &[
    "CATALOGS", "CURRENT", "DATABASES", "TABLES", "VIEWS", "COLUMNS", "FUNCTIONS", "USER FUNCTIONS",
    "MODULES", "FULL MODULES", "PARTITIONS", "CREATE", "JOBS", "JARS",
];

/// What else Flink shows.
const UNSUPPORTED: &[&str] = &["PROCEDURES", "MODELS", "CONNECTIONS", "MATERIALIZED"];

impl Parser<'_> {
    pub(super) fn show(&mut self) -> Parsed<StatementKind> {
        self.bump();
        if self.at_any(UNSUPPORTED) {
            let word = self.text_of(self.span()).to_ascii_uppercase();
            return Err(self.unsupported(self.span(), &format!("SHOW {word}")));
        }
        let mut show = Show {
            what: self.show_kind()?,
            from: None,
            like: None,
        };
        let (from, like) = match show.what {
            ShowKind::Catalogs => (false, true),
            ShowKind::Databases
            | ShowKind::Tables
            | ShowKind::Views
            | ShowKind::Columns
            | ShowKind::Functions { .. } => (true, true),
            _ => (false, false),
        };
        if from && self.at_any(&["FROM", "IN"]) {
            self.bump();
            show.from = Some(self.object_name("a name")?);
        } else if matches!(show.what, ShowKind::Columns) {
            return Err(self.expected_words(&["FROM", "IN"]));
        }
        if like {
            show.like = self.show_like()?;
        }
        Ok(StatementKind::Show(show))
    }

    fn show_kind(&mut self) -> Parsed<ShowKind> {
        let word = self.text_of(self.span()).to_ascii_uppercase();
        let kind = match word.as_str() {
            "CATALOGS" => ShowKind::Catalogs,
            "DATABASES" => ShowKind::Databases,
            "TABLES" => ShowKind::Tables,
            "VIEWS" => ShowKind::Views,
            "COLUMNS" => ShowKind::Columns,
            "FUNCTIONS" => ShowKind::Functions { user: false },
            "MODULES" => ShowKind::Modules { full: false },
            "JOBS" => ShowKind::Jobs,
            "JARS" => ShowKind::Jars,
            "CURRENT" => {
                self.bump();
                let catalog = self.at("CATALOG");
                if !catalog && !self.at("DATABASE") {
                    return Err(self.expected_words(&["CATALOG", "DATABASE"]));
                }
                if catalog {
                    ShowKind::CurrentCatalog
                } else {
                    ShowKind::CurrentDatabase
                }
            }
            "USER" => {
                self.bump();
                if !self.at("FUNCTIONS") {
                    return Err(self.expected_words(&["FUNCTIONS"]));
                }
                ShowKind::Functions { user: true }
            }
            "FULL" => {
                self.bump();
                if !self.at("MODULES") {
                    return Err(self.expected_words(&["MODULES"]));
                }
                ShowKind::Modules { full: true }
            }
            "PARTITIONS" => {
                self.bump();
                let name = self.object_name("the name of a table")?;
                if self.at("PARTITION") {
                    return Err(self.unsupported(self.span(), "SHOW PARTITIONS of one partition"));
                }
                return Ok(ShowKind::Partitions(name));
            }
            "CREATE" => return self.show_create(),
            _ => return Err(self.expected_words(KINDS)),
        };
        self.bump();
        Ok(kind)
    }

    fn show_create(&mut self) -> Parsed<ShowKind> {
        self.bump();
        if self.at_any(&["MODEL", "MATERIALIZED", "CONNECTION"]) {
            let word = self.text_of(self.span()).to_ascii_uppercase();
            return Err(self.unsupported(self.span(), &format!("SHOW CREATE {word}")));
        }
        if self.eat("TABLE") {
            return Ok(ShowKind::CreateTable(self.object_name("the name of a table")?));
        }
        if self.eat("VIEW") {
            return Ok(ShowKind::CreateView(self.object_name("the name of a view")?));
        }
        if self.eat("FUNCTION") {
            return Ok(ShowKind::CreateFunction(
                self.object_name("the name of a function")?,
            ));
        }
        if self.eat("CATALOG") {
            return Ok(ShowKind::CreateCatalog(self.name("the name of a catalog")?));
        }
        Err(self.expected_words(&["TABLE", "VIEW", "FUNCTION", "CATALOG"]))
    }

    /// `[NOT] LIKE | ILIKE 'pattern'`
    fn show_like(&mut self) -> Parsed<Option<ShowLike>> {
        let negated = self.eat("NOT");
        if !self.at_any(&["LIKE", "ILIKE"]) {
            return if negated {
                Err(self.expected_words(&["LIKE", "ILIKE"]))
            } else {
                Ok(None)
            };
        }
        let ignore_case = self.at("ILIKE");
        self.bump();
        Ok(Some(ShowLike {
            negated,
            ignore_case,
            pattern: self.string("a pattern as a string")?,
        }))
    }
}
