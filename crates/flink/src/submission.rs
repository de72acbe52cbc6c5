//! A program as the arguments of the JAR that runs it.
//!
//! Statements go to Flink as they were written. Only in the options of tables the connection gives what it has, and
//! secrets take their references' places: what a cluster is sent is all that it knows.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::Span;
use runner::{CONNECTION_OPTION, Diagnostic, Kind, Place, Program, Unresolved};
use sql::ast::{CreateTable, OptionEntry, Statement, StatementKind};

#[derive(Debug)]
pub struct Submission {
    pub arguments: Vec<String>,
    /// What each argument is of.
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where its text stands in the script; `None` if it is not of the script.
    pub span: Option<Span>,
    /// Whether it was sent as it stands there, so that Flink's places in it are places in the script.
    pub is_verbatim: bool,
}

/// Fails with what is wrong, at its place in the script.
pub fn of(program: &Program) -> Result<Submission, Diagnostic> {
    let mut submission = Submission {
        arguments: Vec::new(),
        steps: Vec::new(),
    };
    for (key, value) in &program.settings {
        submission.set(key, value, None);
    }
    let catalog = sql::parse_script(&program.catalog_ddl);
    for statement in &catalog.statements {
        submission
            .define(&program.catalog_ddl, statement, program, None)
            .map_err(|fault| fault.without_place())?;
    }
    let script = sql::parse_script(&program.sql);
    if let Some(fault) = script.diagnostics.first() {
        return Err(Diagnostic::of(fault, &program.sql));
    }
    let mut job = None;
    for statement in &script.statements {
        let inserts: Vec<Span> = match &statement.kind {
            StatementKind::Insert(_) => vec![statement.span],
            StatementKind::StatementSet { inserts } => inserts.iter().map(|insert| insert.span).collect(),
            _ => Vec::new(),
        };
        let is_job = !inserts.is_empty() || is_create_as_select(&statement.kind);
        if is_job && job.replace(statement.span).is_some() {
            return Err(at(
                statement.span,
                &program.sql,
                "on a Flink cluster a deployment is one job, and this is the second",
            )
            .hint("put all inserts into one statement set: BEGIN STATEMENT SET; ...; END;"));
        }
        if inserts.is_empty() {
            submission.define(&program.sql, statement, program, Some(statement.span))?;
        }
        for span in inserts {
            submission.push("insert", &program.sql[range(span)], Some(span), true);
        }
    }
    if job.is_none() {
        return Err(Diagnostic::error(
            Kind::Validation,
            "the script writes no rows: there is nothing to run",
        )
        .hint("add an INSERT INTO a table"));
    }
    Ok(submission)
}

impl Submission {
    fn define(
        &mut self,
        text: &str,
        statement: &Statement,
        program: &Program,
        span: Option<Span>,
    ) -> Result<(), Diagnostic> {
        // In a catalog there may be what a cluster cannot have, and what this job does not need.
        let word = if span.is_some() { "run" } else { "define" };
        match &statement.kind {
            StatementKind::Set(Some((key, value))) => self.set(&key.value, &value.value, span),
            // They show or take back what the session has, and a job gives no answers.
            StatementKind::Set(None)
            | StatementKind::Show(_)
            | StatementKind::Describe { .. }
            | StatementKind::DescribeFunction { .. }
            | StatementKind::Explain { .. } => {}
            StatementKind::Reset(_) => {
                return Err(
                    at(statement.span, text, "RESET cannot be sent to a Flink cluster")
                        .hint("leave it out, together with the SET that it takes back"),
                );
            }
            StatementKind::Query(_) => {
                return Err(at(
                    statement.span,
                    text,
                    "a deployment has nobody to give the rows of a query to",
                )
                .hint("write them into a table with INSERT INTO; a preview shows rows"));
            }
            StatementKind::CreateTable(table) => {
                let resolved = with_options(text, statement.span, table, program)?;
                match resolved {
                    Some(resolved) => self.push(word, &resolved, span, false),
                    None => self.push(word, &text[range(statement.span)], span, true),
                }
            }
            _ => self.push(word, &text[range(statement.span)], span, true),
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: &str, span: Option<Span>) {
        self.arguments
            .push(format!("set:{}:{}", STANDARD.encode(key), STANDARD.encode(value)));
        self.steps.push(Step {
            span,
            is_verbatim: false,
        });
    }

    fn push(&mut self, word: &str, text: &str, span: Option<Span>, is_verbatim: bool) {
        self.arguments.push(format!("{word}:{}", STANDARD.encode(text)));
        self.steps.push(Step { span, is_verbatim });
    }
}

fn is_create_as_select(kind: &StatementKind) -> bool {
    matches!(kind, StatementKind::CreateTable(table) if table.query.is_some())
}

/// The statement with the options that its table has in the end; `None` if they are all there as they are.
fn with_options(
    text: &str,
    statement: Span,
    table: &CreateTable,
    program: &Program,
) -> Result<Option<String>, Diagnostic> {
    let find = |key: &str| table.options.iter().find(|option| option.key.value == key);
    let connector = find("connector").map_or("", |option| option.value.value.as_str());
    let mut written = String::new();
    let mut from = statement.start as usize;
    for option in &table.options {
        let is_reference = option.key.value == CONNECTION_OPTION;
        let mut options = Vec::new();
        if is_reference {
            let connection = program
                .connections
                .of_table(&option.value.value, connector)
                .map_err(|fault| told(fault, option, text))?;
            for (key, value) in &connection.options {
                if find(key).is_none() {
                    let value = sent(connector, key, value, program);
                    let value = value.map_err(|fault| told(fault, option, text))?;
                    options.push(format!("{} = {}", quote(key), quote(&value)));
                }
            }
        } else {
            let (key, value) = (&option.key.value, &option.value.value);
            let sent = sent(connector, key, value, program).map_err(|fault| told(fault, option, text))?;
            if sent == *value {
                continue;
            }
            options.push(format!("{} = {}", quote(key), quote(&sent)));
        }
        let place = range(Span {
            start: option.key.span.start,
            end: option.value.span.end,
        });
        written.push_str(&text[from..place.start]);
        from = place.end;
        if options.is_empty() {
            // It goes together with a comma beside it.
            let before = written.trim_end();
            if before.ends_with(',') {
                written.truncate(before.len() - 1);
            } else {
                let behind = text[from..].trim_start();
                from = text.len() - behind.strip_prefix(',').unwrap_or(behind).len();
            }
        }
        written.push_str(&options.join(", "));
    }
    if written.is_empty() {
        return Ok(None);
    }
    written.push_str(&text[from..statement.end as usize]);
    Ok(Some(written))
}

/// The value of an option as a cluster can use it.
fn sent(connector: &str, key: &str, value: &str, program: &Program) -> Result<String, Unresolved> {
    let value = program.secrets.resolve(key, value)?;
    // Paths begin in the workspace's folder, of which a cluster knows nothing.
    let is_relative = !value.starts_with('/') && !value.contains("://") && !value.starts_with("file:");
    if connector == "filesystem"
        && key == "path"
        && is_relative
        && let Some(folder) = program.files.allowed.first()
    {
        return Ok(folder.join(value).display().to_string());
    }
    Ok(value)
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn told(fault: Unresolved, option: &OptionEntry, text: &str) -> Diagnostic {
    at(option.value.span, text, fault.message).hint(fault.hint)
}

fn at(span: Span, text: &str, message: impl Into<String>) -> Diagnostic {
    let mut fault = Diagnostic::error(Kind::Validation, message);
    fault.span = Some(Place::of(span, text));
    fault
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

trait WithoutPlace {
    fn without_place(self) -> Self;
}

impl WithoutPlace for Diagnostic {
    /// Of a text that nobody sees.
    fn without_place(mut self) -> Diagnostic {
        self.span = None;
        self.message = format!("the catalog: {}", self.message);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use runner::{Connection, Connections, FileRoots, Secrets};

    use super::*;

    fn program(sql: &str) -> Program {
        let connection = Connection {
            kind: "kafka".to_string(),
            options: BTreeMap::from([
                ("properties.bootstrap.servers".to_string(), "k:9092".to_string()),
                (
                    "properties.sasl.jaas.config".to_string(),
                    "p=${secret.p}".to_string(),
                ),
                ("topic".to_string(), "theirs".to_string()),
            ]),
        };
        let empty = Connection {
            kind: "kafka".to_string(),
            options: BTreeMap::new(),
        };
        Program {
            sql: sql.to_string(),
            connections: Connections {
                named: BTreeMap::from([("shop".to_string(), connection), ("none".to_string(), empty)]),
                known: vec!["shop".to_string()],
            },
            secrets: Secrets::new(BTreeMap::from([("p".to_string(), "it's".to_string())])),
            files: FileRoots {
                allowed: vec![PathBuf::from("/data/shop")],
                denied: Vec::new(),
            },
            ..Program::default()
        }
    }

    fn steps(sql: &str) -> Vec<String> {
        let decode = |word: &str| String::from_utf8(STANDARD.decode(word).unwrap()).unwrap();
        let submission = of(&program(sql)).unwrap();
        let arguments = submission.arguments.iter();
        arguments
            .map(|argument| {
                let mut words = argument.split(':');
                let first = words.next().unwrap().to_string();
                words.fold(first, |told, word| format!("{told} {}", decode(word)))
            })
            .collect()
    }

    #[test]
    fn a_script_becomes_steps_and_one_job() {
        assert_eq!(
            steps(
                "SET 'a' = 'b'; CREATE TABLE t (a INT) WITH ('connector' = 'x'); SHOW TABLES;
                 BEGIN STATEMENT SET; INSERT INTO t SELECT 1; INSERT INTO t SELECT 2; END;"
            ),
            [
                "set a b",
                "run CREATE TABLE t (a INT) WITH ('connector' = 'x')",
                "insert INSERT INTO t SELECT 1",
                "insert INSERT INTO t SELECT 2",
            ]
        );
    }

    #[test]
    fn connections_and_secrets_take_the_places_of_their_references() {
        let table =
            |options: &str| format!("CREATE TABLE t (a INT) WITH ({options}); INSERT INTO t SELECT 1");
        let sent = |options: &str| steps(&table(options))[0].clone();
        assert_eq!(
            sent("'connector' = 'kafka', 'connection' = 'shop', 'topic' = 'ours'"),
            "run CREATE TABLE t (a INT) WITH ('connector' = 'kafka', \
             'properties.bootstrap.servers' = 'k:9092', 'properties.sasl.jaas.config' = 'p=it''s', 'topic' = 'ours')"
        );
        assert_eq!(
            sent("'connector' = 'kafka', 'x' = '${secret.p}!'"),
            "run CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'x' = 'it''s!')"
        );
        assert_eq!(
            sent("'connector' = 'kafka', 'connection' = 'none'"),
            "run CREATE TABLE t (a INT) WITH ('connector' = 'kafka')"
        );
        assert_eq!(
            sent("'connection' = 'none', 'connector' = 'kafka'"),
            "run CREATE TABLE t (a INT) WITH ( 'connector' = 'kafka')"
        );
        assert_eq!(
            sent("'connector' = 'filesystem', 'path' = 'in', 'format' = 'csv'"),
            "run CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '/data/shop/in', 'format' = 'csv')"
        );
        assert_eq!(
            sent("'connector' = 'filesystem', 'path' = 's3://b/in'"),
            "run CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = 's3://b/in')"
        );
    }

    #[test]
    fn what_cannot_be_sent_is_told_at_its_place() {
        for (sql, line, message) in [
            (
                "INSERT INTO t SELECT 1;\nINSERT INTO t SELECT 2",
                2,
                "on a Flink cluster a deployment is one job",
            ),
            ("\nSELECT 1", 2, "a deployment has nobody"),
            (
                "CREATE TABLE t (a INT) WITH ('connector' = 'kafka',\n'connection' = 'shp');INSERT INTO t SELECT 1",
                2,
                "connection 'shp' not found",
            ),
            ("RESET 'a'; INSERT INTO t SELECT 1", 1, "RESET cannot be sent"),
        ] {
            let fault = of(&program(sql)).unwrap_err();
            assert!(fault.message.starts_with(message), "{fault:?}");
            assert_eq!(fault.span.unwrap().line, line, "{fault:?}");
        }
        assert!(of(&program("SET 'a' = 'b'")).is_err());
    }

    #[test]
    fn what_the_catalog_has_is_defined_if_it_can_be() {
        let mut program = program("INSERT INTO t SELECT 1");
        program.catalog_ddl = "CREATE VIEW v AS SELECT 1".to_string();
        let submission = of(&program).unwrap();
        assert!(submission.arguments[0].starts_with("define:"), "{submission:?}");
        assert_eq!(submission.steps[0].span, None);
    }
}
