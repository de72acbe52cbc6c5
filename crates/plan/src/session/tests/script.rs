//! A catalog written as statements makes the same catalog again.

use super::{run_in, session};
use crate::show::{CatalogKind, catalog_statements};

#[test]
fn a_catalog_as_statements_makes_the_same_catalog_again() {
    let mut first = session();
    let failures = run_in(
        &mut first,
        "CREATE CATALOG c WITH ('type' = 'generic_in_memory', 'default-database' = 'd');
         CREATE DATABASE c.e COMMENT 'it''s' WITH ('k' = 'v');
         CREATE TABLE c.e.t (a INT, `at` TIMESTAMP(3), b AS a * 2, WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
           COMMENT 'rows' WITH ('connector' = 'stub');
         CREATE VIEW z AS SELECT a, b FROM c.e.t;
         CREATE VIEW a AS SELECT b FROM z;
         CREATE TEMPORARY VIEW gone AS SELECT 1 AS x",
    );
    assert_eq!(failures, "");
    let statements = catalog_statements(&first);
    let names: Vec<String> = statements
        .iter()
        .map(|statement| format!("{} {}", statement.kind.name(), statement.path.join(".")))
        .collect();
    // View `a` reads view `z`.
    assert_eq!(
        names,
        [
            "catalog c",
            "database c.d",
            "database c.e",
            "database default_catalog.default_database",
            "table c.e.t",
            "view default_catalog.default_database.z",
            "view default_catalog.default_database.a",
        ]
    );
    let script: String = statements
        .iter()
        .map(|statement| format!("{};\n", statement.ddl))
        .collect();
    let mut second = session();
    assert_eq!(run_in(&mut second, &script), "");
    assert_eq!(catalog_statements(&second), statements);
}

#[test]
fn a_view_over_something_that_is_gone_is_kept() {
    let mut session = session();
    let failures = run_in(
        &mut session,
        "CREATE TABLE t (a INT) WITH ('connector' = 'stub');
         CREATE VIEW v AS SELECT a FROM t;
         DROP TABLE t",
    );
    assert_eq!(failures, "");
    let kinds: Vec<CatalogKind> = catalog_statements(&session)
        .iter()
        .map(|statement| statement.kind)
        .collect();
    assert_eq!(kinds, [CatalogKind::Database, CatalogKind::View]);
}

#[test]
fn a_view_that_is_bound_only_is_planned_by_who_reads_it() {
    let mut session = session();
    let define = "CREATE TABLE t (a INT) WITH ('connector' = 'nowhere'); CREATE VIEW v AS SELECT a FROM t";
    assert!(
        run_in(&mut session, define).contains("connector 'nowhere' not found"),
        "planned"
    );
    session.plan_views(false);
    assert_eq!(
        run_in(
            &mut session,
            "CREATE VIEW v AS SELECT a FROM t; CREATE VIEW u AS SELECT a FROM v"
        ),
        ""
    );
    let names: Vec<String> = catalog_statements(&session)
        .iter()
        .map(|statement| statement.path.join("."))
        .collect();
    assert_eq!(
        names[2..],
        [
            "default_catalog.default_database.v",
            "default_catalog.default_database.u"
        ]
    );
    assert!(run_in(&mut session, "SELECT a FROM u").contains("connector 'nowhere' not found"));
    // What is wrong with the query itself is told when it is made.
    assert!(run_in(&mut session, "CREATE VIEW w AS SELECT b FROM t").contains("column 'b' not found"));
}
