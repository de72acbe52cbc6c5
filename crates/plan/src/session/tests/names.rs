//! Catalogs, databases, and which object a name means.

use super::{refuses, run};

#[test]
fn a_new_catalog_has_its_default_database_and_can_be_used() {
    assert_eq!(
        run("CREATE CATALOG c WITH ('type' = 'generic_in_memory', 'default-database' = 'db');
             SHOW CATALOGS; USE CATALOG c; SHOW CURRENT CATALOG; SHOW CURRENT DATABASE; SHOW DATABASES;
             USE default_catalog.default_database; SHOW CURRENT CATALOG; DROP CATALOG c; SHOW CATALOGS NOT LIKE '%x%';"),
        "c\ndefault_catalog\nc\ndb\ndb\ndefault_catalog\ndefault_catalog"
    );
}

#[test]
fn what_is_in_use_or_not_empty_is_not_dropped() {
    refuses(
        "DROP CATALOG default_catalog",
        "validation error: catalog 'default_catalog' is in use (switch to another with USE CATALOG first) at \"default_catalog\"",
    );
    refuses(
        "CREATE DATABASE d; CREATE TABLE d.t (a INT); DROP DATABASE d",
        "validation error: database 'd' is not empty (DROP DATABASE ... CASCADE drops its tables, views and functions too) at \"d\"",
    );
    assert_eq!(
        run("CREATE DATABASE d; CREATE TABLE d.t (a INT); DROP DATABASE d CASCADE; SHOW DATABASES"),
        "default_database"
    );
    refuses(
        "CREATE DATABASE d; USE d; DROP DATABASE d",
        "validation error: database 'd' is in use (switch to another with USE first) at \"d\"",
    );
}

#[test]
fn a_mistyped_name_gets_the_nearest_one() {
    refuses(
        "USE default_databse",
        "validation error: database 'default_databse' not found in catalog 'default_catalog' (did you mean 'default_database'?) at \"default_databse\"",
    );
    refuses(
        "CREATE TABLE orders (a INT); DESCRIBE oders",
        "validation error: object 'oders' not found (did you mean 'orders'?) at \"oders\"",
    );
    refuses(
        "CREATE DATABASE d; CREATE TABLE d.orders (a INT); DROP TABLE orders",
        "validation error: table 'orders' not found (there is one in default_catalog.d) at \"orders\"",
    );
    refuses(
        "CREATE CATALOG c WITH ('type' = 'generic_in_memry')",
        "validation error: catalog type 'generic_in_memry' not found (did you mean 'generic_in_memory'?) at \"'generic_in_memry'\"",
    );
}

#[test]
fn a_temporary_table_hides_the_permanent_one_until_it_is_dropped() {
    assert_eq!(
        run(
            "CREATE TABLE t (a INT); CREATE TEMPORARY TABLE t (b STRING); DESCRIBE t; SHOW TABLES;
             DROP TEMPORARY TABLE t; DESCRIBE t; DROP TABLE t; SHOW TABLES"
        ),
        "b | STRING | true | - | - | -\nt\na | INT | true | - | - | -"
    );
    refuses(
        "CREATE TABLE t (a INT); CREATE TEMPORARY TABLE t (b STRING); DROP TABLE t",
        "validation error: a temporary table 'default_catalog.default_database.t' hides the permanent one (DROP TEMPORARY TABLE drops it) at \"t\"",
    );
}

#[test]
fn temporary_objects_need_no_database() {
    assert_eq!(
        run("CREATE TEMPORARY TABLE nowhere.t (a INT); DESCRIBE nowhere.t; DROP TEMPORARY TABLE nowhere.t"),
        "a | INT | true | - | - | -"
    );
    refuses(
        "CREATE TABLE nowhere.t (a INT)",
        "validation error: database 'nowhere' not found in catalog 'default_catalog' at \"nowhere.t\"",
    );
}

#[test]
fn tables_and_views_are_dropped_by_their_own_statements() {
    refuses(
        "CREATE VIEW v AS SELECT 1 AS a; DROP TABLE v",
        "validation error: 'default_catalog.default_database.v' is a view, not a table (DROP VIEW drops it) at \"v\"",
    );
    assert_eq!(
        run("CREATE VIEW v AS SELECT 1 AS a; CREATE TABLE t (a INT);
             DROP TABLE IF EXISTS v; DROP VIEW IF EXISTS t; DROP TABLE IF EXISTS nc.nd.nt; SHOW TABLES; SHOW VIEWS LIKE '_';"),
        "t\nv\nv"
    );
}

#[test]
fn what_was_made_by_a_statement_is_shown_as_one() {
    assert_eq!(
        run("CREATE CATALOG c COMMENT 'it''s' WITH ('type' = 'generic_in_memory'); SHOW CREATE CATALOG c"),
        "CREATE CATALOG `c`\nCOMMENT 'it''s'\nWITH (\n  'type' = 'generic_in_memory'\n)\n"
    );
}

#[test]
fn modules_jars_and_jobs_answer_as_in_an_empty_cluster() {
    assert_eq!(
        run("SHOW MODULES; SHOW FULL MODULES; SHOW JARS; SHOW JOBS"),
        "core\ncore | true"
    );
}
