//! Statements by their first words, all but those about tables, INSERT and SHOW.

use model::{Diagnostic, Span};

use super::{Parsed, Parser};
use crate::ast::{
    AlterView, CreateFunction, CreateView, ExplainDetail, FunctionBody, SqlBody, Statement, StatementKind,
    Text,
};
use crate::lexer::TokenKind;

/// What a statement can begin with, for those that mistyped it.
#[rustfmt::skip]
const STATEMENTS: &[&str] = &[
    "SELECT", "WITH", "VALUES", "INSERT", "CREATE", "DROP", "ALTER", "USE", "SHOW", "DESCRIBE", "DESC",
    "SET", "RESET", "BEGIN", "EXECUTE", "EXPLAIN", "TABLE",
];

/// Statements of Flink's that nothing here can run.
const UNSUPPORTED: &[(&[&str], &str)] = &[
    (&["DELETE"], "DELETE"),
    (&["UPDATE"], "UPDATE"),
    (&["UPSERT"], "UPSERT"),
    (&["MERGE"], "MERGE"),
    (&["TRUNCATE"], "TRUNCATE TABLE"),
    (&["ANALYZE"], "ANALYZE TABLE"),
    (&["CALL"], "CALL"),
    (&["LOAD"], "LOAD MODULE"),
    (&["UNLOAD"], "UNLOAD MODULE"),
    (&["USE", "MODULES"], "USE MODULES"),
    (&["ADD", "JAR"], "ADD JAR"),
    (&["REMOVE", "JAR"], "REMOVE JAR"),
    (&["STOP", "JOB"], "STOP JOB"),
    (&["COMPILE"], "COMPILE PLAN"),
    (&["EXECUTE", "PLAN"], "EXECUTE PLAN"),
    (&["REPLACE"], "REPLACE TABLE"),
    (&["ALTER", "CATALOG"], "ALTER CATALOG"),
    (&["ALTER", "FUNCTION"], "ALTER FUNCTION"),
    (&["ALTER", "TEMPORARY"], "ALTER FUNCTION"),
    (&["ALTER", "MATERIALIZED"], "a materialized table"),
    (&["ALTER", "MODEL"], "a model"),
    (&["ALTER", "CONNECTION"], "a connection"),
    (&["DROP", "MATERIALIZED"], "a materialized table"),
    (&["DROP", "MODEL"], "a model"),
    (&["DROP", "CONNECTION"], "a connection"),
    (&["DESCRIBE", "CATALOG"], "DESCRIBE CATALOG"),
    (&["DESCRIBE", "DATABASE"], "DESCRIBE DATABASE"),
    (&["DESCRIBE", "MODEL"], "DESCRIBE MODEL"),
    (&["DESCRIBE", "CONNECTION"], "DESCRIBE CONNECTION"),
    (&["DESCRIBE", "JOB"], "DESCRIBE JOB"),
    (&["DESC", "CATALOG"], "DESCRIBE CATALOG"),
    (&["DESC", "DATABASE"], "DESCRIBE DATABASE"),
    (&["DESC", "MODEL"], "DESCRIBE MODEL"),
    (&["DESC", "CONNECTION"], "DESCRIBE CONNECTION"),
    (&["DESC", "JOB"], "DESCRIBE JOB"),
    (&["QUIT"], "QUIT"),
    (&["EXIT"], "EXIT"),
    (&["HELP"], "HELP"),
    (&["CLEAR"], "CLEAR"),
];

impl Parser<'_> {
    /// One statement, without the `;` behind it.
    pub(super) fn statement(&mut self) -> Parsed<Statement> {
        let start = self.span();
        let kind = self.statement_kind()?;
        Ok(Statement {
            kind,
            span: self.since(start),
        })
    }

    fn statement_kind(&mut self) -> Parsed<StatementKind> {
        if let Some((words, what)) = UNSUPPORTED.iter().find(|(words, _)| self.at_all(words)) {
            let span = self.span().to(self.nth(words.len() - 1).span);
            return Err(self.unsupported(span, what));
        }
        if self.starts_query(0) || self.peek() == TokenKind::LeftParen {
            return Ok(StatementKind::Query(*self.query()?));
        }
        let word = self.text_of(self.span()).to_ascii_uppercase();
        match word.as_str() {
            "INSERT" => Ok(StatementKind::Insert(self.insert()?)),
            "CREATE" => self.create(),
            "DROP" => self.drop(),
            "ALTER" => self.alter(),
            "USE" => self.use_catalog_or_database(),
            "SHOW" => self.show(),
            "DESCRIBE" | "DESC" => self.describe(),
            "SET" => self.set(),
            "RESET" => self.reset(),
            "BEGIN" => self.begin_statement_set(),
            "EXECUTE" => self.execute(),
            "EXPLAIN" => self.explain(),
            "END" => Err(self
                .expected("a statement")
                .hint("END closes a statement set, and none is open")),
            _ => Err(self.expected_statement()),
        }
    }

    fn expected_statement(&self) -> Diagnostic {
        if self.at_all(&["STATEMENT", "SET"]) {
            return self
                .expected("a statement")
                .hint("write EXECUTE STATEMENT SET BEGIN");
        }
        let near = model::suggest::did_you_mean(self.text_of(self.span()), STATEMENTS.iter().copied());
        self.expected("a statement").maybe_hint(near)
    }

    // -------------------------------------------------------------------------------------- CREATE ...

    fn create(&mut self) -> Parsed<StatementKind> {
        let start = self.bump().span;
        let replaced = self.eat_all(&["OR", "REPLACE"]);
        let replacing = self.since(start);
        let temporary = self.eat("TEMPORARY");
        let system = self.eat("SYSTEM");
        if system && !self.at("FUNCTION") {
            return Err(self.expected_words(&["FUNCTION"]));
        }
        if self.at_any(&["MATERIALIZED", "MODEL", "CONNECTION"]) {
            let what = if self.at("MATERIALIZED") {
                "a materialized table"
            } else if self.at("MODEL") {
                "a model"
            } else {
                "a connection"
            };
            return Err(self.unsupported(self.span(), what));
        }
        if replaced && self.at_any(&["TABLE", "VIEW", "FUNCTION", "CATALOG", "DATABASE"]) {
            return Err(self
                .unsupported(replacing, "CREATE OR REPLACE")
                .hint("drop it first"));
        }
        if temporary && self.at_any(&["CATALOG", "DATABASE"]) {
            let word = self.text_of(self.span()).to_ascii_uppercase();
            return Err(self.unsupported(self.since(start), &format!("a temporary {word}")));
        }
        let object = self.text_of(self.span()).to_ascii_uppercase();
        match object.as_str() {
            "TABLE" => self.create_table(temporary),
            "VIEW" => self.create_view(temporary),
            "CATALOG" => self.create_catalog(),
            "DATABASE" => self.create_database(),
            "FUNCTION" => {
                if system && !temporary {
                    return Err(
                        Diagnostic::parse(self.since(start), "a system function must be temporary")
                            .hint("write CREATE TEMPORARY SYSTEM FUNCTION"),
                    );
                }
                self.create_function(temporary, system)
            }
            _ if temporary => Err(self.expected_words(&["TABLE", "VIEW", "FUNCTION", "SYSTEM FUNCTION"])),
            _ => Err(self.expected_words(&["TABLE", "VIEW", "CATALOG", "DATABASE", "FUNCTION", "TEMPORARY"])),
        }
    }

    fn create_view(&mut self, temporary: bool) -> Parsed<StatementKind> {
        self.bump();
        let if_not_exists = self.if_not_exists();
        let name = self.object_name("the name of a view")?;
        let columns = if self.peek() == TokenKind::LeftParen {
            self.name_list("the name of a column")?
        } else {
            Vec::new()
        };
        let comment = self.comment()?;
        self.expect("AS")?;
        let query = *self.query()?;
        Ok(StatementKind::CreateView(CreateView {
            name,
            temporary,
            if_not_exists,
            columns,
            comment,
            query,
        }))
    }

    fn create_catalog(&mut self) -> Parsed<StatementKind> {
        self.bump();
        let if_not_exists = self.if_not_exists();
        let name = self.name("the name of a catalog")?;
        let comment = self.comment()?;
        let options = self.with_options()?;
        Ok(StatementKind::CreateCatalog {
            name,
            if_not_exists,
            comment,
            options,
        })
    }

    fn create_database(&mut self) -> Parsed<StatementKind> {
        self.bump();
        let if_not_exists = self.if_not_exists();
        let name = self.object_name("the name of a database")?;
        let comment = self.comment()?;
        let options = self.with_options()?;
        Ok(StatementKind::CreateDatabase {
            name,
            if_not_exists,
            comment,
            options,
        })
    }

    fn create_function(&mut self, temporary: bool, system: bool) -> Parsed<StatementKind> {
        self.bump();
        let if_not_exists = self.if_not_exists();
        let name = self.object_name("the name of a function")?;
        let body = if self.peek() == TokenKind::LeftParen {
            FunctionBody::Sql(Box::new(self.sql_body()?))
        } else {
            self.function_class()?
        };
        let function = CreateFunction {
            name,
            temporary,
            system,
            if_not_exists,
            body,
        };
        Ok(StatementKind::CreateFunction(function))
    }

    /// `(x INT) RETURNS INT [LANGUAGE SQL] RETURN x + 1`
    fn sql_body(&mut self) -> Parsed<SqlBody> {
        self.left_paren()?;
        let mut parameters = Vec::new();
        if self.peek() != TokenKind::RightParen {
            parameters = self.comma_list(|parser| {
                let name = parser.name("the name of a parameter")?;
                Ok((name, parser.cast_type()?))
            })?;
        }
        self.right_paren()?;
        self.expect("RETURNS")?;
        let returns = self.cast_type()?;
        if self.eat("LANGUAGE") {
            self.expect("SQL")?;
        }
        self.expect("RETURN")?;
        Ok(SqlBody {
            parameters,
            returns,
            expression: *self.boxed_expression()?,
        })
    }

    /// `AS 'class' [LANGUAGE JAVA] [USING JAR ...]`
    fn function_class(&mut self) -> Parsed<FunctionBody> {
        self.expect("AS")?;
        let class = self.string("the class of the function as a string")?;
        let mut language = None;
        if self.eat("LANGUAGE") {
            if !self.at_any(&["JAVA", "SCALA", "SQL", "PYTHON"]) {
                return Err(self.expected_words(&["JAVA", "SCALA", "SQL", "PYTHON"]));
            }
            language = Some(self.any_name()?);
        }
        let mut jars = Vec::new();
        if self.eat("USING") {
            jars = self.comma_list(|parser| {
                if parser.at_any(&["ARTIFACT", "FILE", "ARCHIVE"]) {
                    return Err(parser.unsupported(parser.span(), "USING with anything but a JAR"));
                }
                parser.expect("JAR")?;
                parser.string("the place of a JAR as a string")
            })?;
        }
        if self.at("WITH") {
            return Err(self.unsupported(self.span(), "WITH behind a function"));
        }
        Ok(FunctionBody::Class {
            class,
            language,
            jars,
        })
    }

    // ------------------------------------------------------------------------------------ DROP, ALTER

    fn drop(&mut self) -> Parsed<StatementKind> {
        self.bump();
        let temporary = self.eat("TEMPORARY");
        let system = self.eat("SYSTEM");
        if system && !self.at("FUNCTION") {
            return Err(self.expected_words(&["FUNCTION"]));
        }
        let object = self.text_of(self.span()).to_ascii_uppercase();
        let words: &[&str] = if temporary {
            &["TABLE", "VIEW", "FUNCTION", "SYSTEM FUNCTION"]
        } else {
            &["TABLE", "VIEW", "CATALOG", "DATABASE", "FUNCTION", "TEMPORARY"]
        };
        if !words.contains(&object.as_str()) {
            return Err(self.expected_words(words));
        }
        self.bump();
        let if_exists = self.if_exists();
        Ok(match object.as_str() {
            "TABLE" => StatementKind::DropTable {
                name: self.object_name("the name of a table")?,
                temporary,
                if_exists,
            },
            "VIEW" => StatementKind::DropView {
                name: self.object_name("the name of a view")?,
                temporary,
                if_exists,
            },
            "CATALOG" => StatementKind::DropCatalog {
                name: self.name("the name of a catalog")?,
                if_exists,
            },
            "DATABASE" => {
                let name = self.object_name("the name of a database")?;
                let cascade = self.eat("CASCADE");
                if !cascade {
                    self.eat("RESTRICT");
                }
                StatementKind::DropDatabase {
                    name,
                    if_exists,
                    cascade,
                }
            }
            _ => {
                let name = self.object_name("the name of a function")?;
                StatementKind::DropFunction {
                    name,
                    temporary,
                    system,
                    if_exists,
                }
            }
        })
    }

    fn alter(&mut self) -> Parsed<StatementKind> {
        self.bump();
        if self.eat("TABLE") {
            return self.alter_table();
        }
        if self.eat("VIEW") {
            let name = self.object_name("the name of a view")?;
            let action = if self.eat("RENAME") {
                self.expect("TO")?;
                AlterView::RenameTo(self.object_name("the name of a view")?)
            } else {
                self.expect_or("AS", &["RENAME TO", "AS"])?;
                AlterView::As(*self.query()?)
            };
            return Ok(StatementKind::AlterView { name, action });
        }
        if self.eat("DATABASE") {
            let name = self.object_name("the name of a database")?;
            self.expect("SET")?;
            return Ok(StatementKind::AlterDatabase {
                name,
                options: self.options()?,
            });
        }
        Err(self.expected_words(&["TABLE", "VIEW", "DATABASE"]))
    }

    // ----------------------------------------------------------------------------------------- session

    fn use_catalog_or_database(&mut self) -> Parsed<StatementKind> {
        self.bump();
        if self.eat("CATALOG") {
            return Ok(StatementKind::UseCatalog(self.name("the name of a catalog")?));
        }
        Ok(StatementKind::UseDatabase(
            self.object_name("the name of a database")?,
        ))
    }

    fn describe(&mut self) -> Parsed<StatementKind> {
        self.bump();
        if self.at("FUNCTION") {
            self.bump();
            let extended = self.eat("EXTENDED");
            let name = self.object_name("the name of a function")?;
            return Ok(StatementKind::DescribeFunction { name, extended });
        }
        let extended = self.eat("EXTENDED");
        if self.at("TABLE") {
            return Err(self
                .unsupported(self.span(), "DESCRIBE TABLE")
                .hint("leave TABLE away"));
        }
        if self.starts_query(0) {
            return Err(self
                .unsupported(self.span(), "DESCRIBE of a query")
                .hint("write EXPLAIN"));
        }
        let name = self.object_name("the name of a table")?;
        Ok(StatementKind::Describe { name, extended })
    }

    /// `SET`, `SET 'key' = 'value'`, and Flink's older `SET key = value`.
    fn set(&mut self) -> Parsed<StatementKind> {
        self.bump();
        if matches!(self.peek(), TokenKind::End | TokenKind::Semicolon) {
            return Ok(StatementKind::Set(None));
        }
        let key = self.setting("a key as a string", true)?;
        if self.peek() != TokenKind::Equal {
            let message = format!("'=' behind the key '{}'", key.value);
            return Err(self
                .expected(&message)
                .hint(format!("write SET '{}' = '...'", key.value)));
        }
        self.bump();
        let bare = self.tokens[self.start.min(self.position)..self.position]
            .get(1)
            .is_some_and(|token| token.kind != TokenKind::String);
        let value = if bare {
            self.setting("a value", false)?
        } else {
            self.string("a value as a string")?
        };
        Ok(StatementKind::Set(Some((key, value))))
    }

    fn reset(&mut self) -> Parsed<StatementKind> {
        self.bump();
        if matches!(self.peek(), TokenKind::End | TokenKind::Semicolon) {
            return Ok(StatementKind::Reset(None));
        }
        Ok(StatementKind::Reset(Some(
            self.setting("a key as a string", true)?,
        )))
    }

    /// A string, or what stands without space between up to a `;` (and, in a key, a `=`).
    fn setting(&mut self, what: &str, is_key: bool) -> Parsed<Text> {
        if self.peek() == TokenKind::String {
            return self.string(what);
        }
        let ends = |kind: TokenKind| {
            matches!(kind, TokenKind::End | TokenKind::Semicolon | TokenKind::String)
                || kind.is_error()
                || is_key && kind == TokenKind::Equal
        };
        if ends(self.peek()) {
            return Err(self.expected(what));
        }
        let start = self.bump().span;
        while !ends(self.peek()) && self.span().start == self.since(start).end {
            self.bump();
        }
        let span = self.since(start);
        Ok(Text {
            value: self.text_of(span).to_string(),
            span,
        })
    }

    // ------------------------------------------------------------------------------- EXECUTE, EXPLAIN

    /// `EXECUTE STATEMENT SET BEGIN ... END`; before INSERT and queries the word changes nothing.
    fn execute(&mut self) -> Parsed<StatementKind> {
        self.bump();
        if self.at("STATEMENT") {
            return self.statement_set();
        }
        if self.at("INSERT") {
            return Ok(StatementKind::Insert(self.insert()?));
        }
        if self.starts_query(0) || self.peek() == TokenKind::LeftParen {
            return Ok(StatementKind::Query(*self.query()?));
        }
        Err(self.expected_words(&["STATEMENT SET", "INSERT", "SELECT"]))
    }

    fn explain(&mut self) -> Parsed<StatementKind> {
        self.bump();
        let mut details = Vec::new();
        if self.at_all(&["PLAN", "FOR"]) {
            self.position += 2;
        } else if let Some(detail) = self.explain_detail() {
            details.push(detail);
            while self.eat_kind(TokenKind::Comma) {
                let span = self.span();
                let words = [
                    "ESTIMATED_COST",
                    "CHANGELOG_MODE",
                    "JSON_EXECUTION_PLAN",
                    "PLAN_ADVICE",
                ];
                let detail = self.explain_detail().ok_or_else(|| self.expected_words(&words))?;
                if details.contains(&detail) {
                    return Err(Diagnostic::parse(span, "the same detail stands here twice"));
                }
                details.push(detail);
            }
        }
        let start = self.span();
        let kind = self.explained()?;
        let statement = Box::new(Statement {
            kind,
            span: self.since(start),
        });
        Ok(StatementKind::Explain { details, statement })
    }

    fn explain_detail(&mut self) -> Option<ExplainDetail> {
        let detail = if self.at("ESTIMATED_COST") {
            ExplainDetail::EstimatedCost
        } else if self.at("CHANGELOG_MODE") {
            ExplainDetail::ChangelogMode
        } else if self.at("JSON_EXECUTION_PLAN") {
            ExplainDetail::JsonExecutionPlan
        } else if self.at("PLAN_ADVICE") {
            ExplainDetail::PlanAdvice
        } else {
            return None;
        };
        self.bump();
        Some(detail)
    }

    fn explained(&mut self) -> Parsed<StatementKind> {
        if self.at("STATEMENT") {
            return self.statement_set();
        }
        if self.at("EXECUTE") {
            return self.execute();
        }
        if self.at("INSERT") {
            return Ok(StatementKind::Insert(self.insert()?));
        }
        let start: Span = self.span();
        if self.at("CREATE") {
            let kind = self.create()?;
            let with_query = matches!(&kind, StatementKind::CreateTable(table) if table.query.is_some());
            if with_query {
                return Ok(kind);
            }
            return Err(Diagnostic::parse(
                start,
                "of CREATE, only CREATE TABLE ... AS can be explained",
            ));
        }
        if self.starts_query(0) || self.peek() == TokenKind::LeftParen {
            return Ok(StatementKind::Query(*self.query()?));
        }
        Err(self.expected_words(&["a query", "INSERT", "CREATE TABLE ... AS", "STATEMENT SET"]))
    }
}
