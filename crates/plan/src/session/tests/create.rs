//! CREATE TABLE and CREATE VIEW.

use super::{refuses, run};

const BASE: &str = "CREATE TABLE base (a INT NOT NULL, b STRING COMMENT 'bb', c AS a + 1,
    d BIGINT METADATA FROM 'k' VIRTUAL, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND,
    PRIMARY KEY (a) NOT ENFORCED) COMMENT 'base' PARTITIONED BY (b) WITH ('connector' = 'x', 'k1' = 'v1');";

fn refuses_over_base(statement: &str, expected: &str) {
    refuses(&format!("{BASE} {statement}"), expected);
}

#[test]
fn a_table_is_shown_as_flink_shows_it() {
    assert_eq!(
        run(
            "CREATE TABLE s (a INT NOT NULL COMMENT 'it''s', b STRING, c AS a + 1 COMMENT 'cc',
               d BIGINT METADATA FROM 'k' VIRTUAL, e TIMESTAMP(3) METADATA, ts TIMESTAMP(3), p AS PROCTIME(),
               WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, PRIMARY KEY (a) NOT ENFORCED)
             COMMENT 'tab''le' DISTRIBUTED BY HASH(a) INTO 4 BUCKETS PARTITIONED BY (b)
             WITH ('connector' = 'x', 'a''b' = 'v''w', 'Z' = '1');
             SHOW CREATE TABLE s"
        ),
        "CREATE TABLE `default_catalog`.`default_database`.`s` (
  `a` INT NOT NULL COMMENT 'it''s',
  `b` VARCHAR(2147483647),
  `c` AS `a` + 1 COMMENT 'cc',
  `d` BIGINT METADATA FROM 'k' VIRTUAL,
  `e` TIMESTAMP(3) METADATA,
  `ts` TIMESTAMP(3),
  `p` AS PROCTIME(),
  WATERMARK FOR `ts` AS `ts` - INTERVAL '5' SECOND,
  CONSTRAINT `PK_a` PRIMARY KEY (`a`) NOT ENFORCED
)
COMMENT 'tab''le'
DISTRIBUTED BY HASH(`a`) INTO 4 BUCKETS
PARTITIONED BY (`b`)
WITH (
  'Z' = '1',
  'a''b' = 'v''w',
  'connector' = 'x'
)
"
    );
}

#[test]
fn types_are_shown_with_all_their_lengths() {
    assert_eq!(
        run(
            "CREATE TABLE t (a TIMESTAMP, b TIMESTAMP_LTZ, c TIME, d DECIMAL, e CHAR, g BYTES, h MULTISET<INT>,
               i MAP<INT, ARRAY<ROW<a INT 'x', b STRING NOT NULL>>>); SHOW CREATE TABLE t"
        ),
        "CREATE TABLE `default_catalog`.`default_database`.`t` (
  `a` TIMESTAMP(6),
  `b` TIMESTAMP(6) WITH LOCAL TIME ZONE,
  `c` TIME(0),
  `d` DECIMAL(10, 0),
  `e` CHAR(1),
  `g` VARBINARY(2147483647),
  `h` MULTISET<INT>,
  `i` MAP<INT, ARRAY<ROW<`a` INT, `b` VARCHAR(2147483647) NOT NULL>>>
)
"
    );
}

#[test]
fn a_table_is_described_with_keys_times_and_comments() {
    assert_eq!(
        run(&format!("{BASE} DESCRIBE base; SHOW COLUMNS FROM base LIKE 't%'")),
        "a | INT | false | PRI(a) | - | - | -\n\
         b | STRING | true | - | - | - | bb\n\
         c | INT | false | - | AS `a` + 1 | - | -\n\
         d | BIGINT | true | - | METADATA FROM 'k' VIRTUAL | - | -\n\
         ts | TIMESTAMP(3) *ROWTIME* | true | - | - | `ts` - INTERVAL '5' SECOND | -\n\
         ts | TIMESTAMP(3) *ROWTIME* | true | - | - | `ts` - INTERVAL '5' SECOND | -"
    );
    assert_eq!(
        run("CREATE TABLE t (p AS PROCTIME()); DESCRIBE t"),
        "p | TIMESTAMP_LTZ(3) *PROCTIME* | false | - | AS PROCTIME() | -"
    );
}

#[test]
fn a_column_stands_once() {
    refuses(
        "CREATE TABLE t (a INT, a STRING)",
        "validation error: column 'a' is declared twice at \"a\"",
    );
    refuses(
        "CREATE TABLE t (a INT, a AS 1)",
        "validation error: column 'a' is declared twice at \"a\"",
    );
    assert!(run("CREATE TABLE t (a INT METADATA, a INT METADATA)").contains("already exists"));
}

#[test]
fn computed_columns_see_what_is_stored_only() {
    assert!(run("CREATE TABLE t (a INT, b AS a + 1, c AS b + 1)").ends_with("at \"b\""));
    assert!(run("CREATE TABLE t (c AS q + 1, q INT METADATA)").ends_with("at \"q\""));
    assert_eq!(run("CREATE TABLE t (q INT METADATA, c AS q + 1)"), "");
}

#[test]
fn a_metadata_key_feeds_one_column() {
    refuses(
        "CREATE TABLE t (path STRING METADATA VIRTUAL, p STRING METADATA FROM 'path' VIRTUAL)",
        "validation error: columns 'path' and 'p' are both from the metadata key 'path' (make the second one a computed column: `p` AS `path`) at \"p\"",
    );
}

#[test]
fn a_watermark_needs_an_event_time() {
    refuses(
        "CREATE TABLE t (t TIMESTAMP(6), WATERMARK FOR t AS t)",
        "validation error: watermark column 't' must be TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p from 0 to 3, but it is TIMESTAMP(6) \
         (add a computed column such as `time` AS CAST(`t` AS TIMESTAMP(3)) and put the watermark on it) at \"t\"",
    );
    refuses(
        "CREATE TABLE t (tim TIMESTAMP(3), WATERMARK FOR time1 AS tim)",
        "validation error: watermark column 'time1' not found at \"time1\"",
    );
    refuses(
        "CREATE TABLE t (t TIMESTAMP(3), WATERMARK FOR t AS 1)",
        "validation error: a watermark must be TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p from 0 to 3, but this is INT NOT NULL \
         (subtract how late rows may be: `t` - INTERVAL '5' SECOND) at \"1\"",
    );
    refuses(
        "CREATE TABLE t (t TIMESTAMP(3), WATERMARK FOR t AS CAST(t AS TIMESTAMP_LTZ(3)))",
        "validation error: the watermark is TIMESTAMP_LTZ(3) but its column 't' is TIMESTAMP(3) (cast it to the column's type) \
         at \"CAST(t AS TIMESTAMP_LTZ(3))\"",
    );
    refuses(
        "CREATE TABLE t (t AS PROCTIME(), WATERMARK FOR t AS t)",
        "validation error: a processing time needs no watermark (put the watermark on a column that holds the time of the event) at \"t\"",
    );
    assert!(
        run("CREATE TABLE t (t ROW<x TIMESTAMP(3)>, WATERMARK FOR t.x AS t.x)")
            .contains("of the table itself")
    );
}

#[test]
fn a_primary_key_is_not_enforced_and_not_null() {
    refuses(
        "CREATE TABLE t (a INT, PRIMARY KEY (a))",
        "validation error: a primary key must be declared NOT ENFORCED (the data is not owned here, so that the key can only be trusted: add NOT ENFORCED) at \"PRIMARY KEY (a)\"",
    );
    refuses(
        "CREATE TABLE t (a INT, PRIMARY KEY (b) NOT ENFORCED)",
        "validation error: primary key column 'b' not found (did you mean 'a'?) at \"b\"",
    );
    refuses(
        "CREATE TABLE t (a INT, b AS a, PRIMARY KEY (b) NOT ENFORCED)",
        "validation error: primary key column 'b' must be a physical column (computed and metadata columns cannot be part of a primary key) at \"b\"",
    );
    assert!(
        run("CREATE TABLE t (a INT PRIMARY KEY NOT ENFORCED, PRIMARY KEY (a) NOT ENFORCED)")
            .contains("one primary key")
    );
    assert_eq!(
        run("CREATE TABLE t (a INT, b STRING, CONSTRAINT k PRIMARY KEY (b, a) NOT ENFORCED); DESCRIBE t"),
        "a | INT | false | PRI(b, a) | - | -\nb | STRING | false | PRI(b, a) | - | -"
    );
}

#[test]
fn partitions_and_buckets_are_physical_columns() {
    assert!(
        run("CREATE TABLE t (a INT) PARTITIONED BY (b)")
            .starts_with("validation error: partition column 'b' not found")
    );
    assert!(
        run("CREATE TABLE t (a INT, b AS a) DISTRIBUTED BY (b)")
            .contains("bucket column 'b' must be a physical column")
    );
    assert!(run("CREATE TABLE t (a INT) DISTRIBUTED INTO 0 BUCKETS").contains("at least one bucket"));
}

#[test]
fn like_takes_over_what_it_is_told_to() {
    let shown = run(&format!(
        "{BASE} CREATE TABLE l (z INT, c AS z + 2) COMMENT 'mine' WITH ('k1' = 'v2')
           LIKE base (INCLUDING ALL OVERWRITING OPTIONS EXCLUDING METADATA OVERWRITING GENERATED EXCLUDING CONSTRAINTS);
         SHOW CREATE TABLE l"
    ));
    assert_eq!(
        shown,
        "CREATE TABLE `default_catalog`.`default_database`.`l` (
  `a` INT NOT NULL,
  `b` VARCHAR(2147483647) COMMENT 'bb',
  `c` AS `z` + 2,
  `ts` TIMESTAMP(3),
  `z` INT,
  WATERMARK FOR `ts` AS `ts` - INTERVAL '5' SECOND
)
COMMENT 'mine'
PARTITIONED BY (`b`)
WITH (
  'connector' = 'x',
  'k1' = 'v2'
)
"
    );
}

#[test]
fn like_conflicts_name_the_way_out() {
    refuses_over_base(
        "CREATE TABLE l (a INT) LIKE base",
        "validation error: column 'a' already exists in the base table (columns of the base table are taken over and cannot be declared anew) at \"a\"",
    );
    refuses_over_base(
        "CREATE TABLE l (c AS a + 2) LIKE base",
        "validation error: computed column 'c' already exists (if it comes from the base table, say LIKE ... (EXCLUDING GENERATED) or (OVERWRITING GENERATED)) at \"c\"",
    );
    refuses_over_base(
        "CREATE TABLE l (z INT) WITH ('k1' = 'v2') LIKE base (INCLUDING OPTIONS)",
        "validation error: the base table has option 'k1' already (say LIKE ... (EXCLUDING OPTIONS) or (OVERWRITING OPTIONS)) at \"'k1'\"",
    );
    refuses_over_base(
        "CREATE TABLE l (WATERMARK FOR ts AS ts) LIKE base",
        "validation error: the base table has a watermark for 'ts' already (say LIKE ... (EXCLUDING WATERMARKS) or (OVERWRITING WATERMARKS)) at \"WATERMARK FOR ts AS ts\"",
    );
    refuses_over_base(
        "CREATE TABLE l (z INT, PRIMARY KEY (z) NOT ENFORCED) LIKE base",
        "validation error: the base table has a primary key already (say LIKE ... (EXCLUDING CONSTRAINTS)) at \"z\"",
    );
    refuses_over_base(
        "CREATE TABLE l (z INT) PARTITIONED BY (z) LIKE base",
        "validation error: the base table is partitioned already (say LIKE ... (EXCLUDING PARTITIONS)) at \"z\"",
    );
    assert!(
        run(&format!("{BASE} CREATE TABLE l LIKE base (OVERWRITING ALL)"))
            .contains("OVERWRITING is not possible for ALL")
    );
    assert!(
        run(&format!(
            "{BASE} CREATE TABLE l LIKE base (INCLUDING ALL INCLUDING ALL)"
        ))
        .contains("only once")
    );
    assert!(
        run(&format!(
            "{BASE} CREATE TABLE l (PRIMARY KEY (b) NOT ENFORCED) LIKE base (EXCLUDING CONSTRAINTS)"
        ))
        .contains("'b' is nullable")
    );
}

#[test]
fn a_view_keeps_complete_names_and_the_columns_of_its_star() {
    assert_eq!(
        run(
            "CREATE TABLE t (a INT, b STRING) WITH ('connector' = 'stub'); CREATE VIEW v (x, y) COMMENT 'c' AS SELECT * FROM t;
             DESCRIBE v; CREATE DATABASE d; USE d; SELECT * FROM default_database.v"
        ),
        "x | INT | true | - | - | -\ny | STRING | true | - | - | -\nquery"
    );
    assert_eq!(
        run(
            "CREATE TABLE t (a INT) WITH ('connector' = 'stub'); CREATE VIEW v AS SELECT * FROM t; ALTER TABLE t ADD b INT; DESCRIBE v; SELECT * FROM v"
        ),
        "a | INT | true | - | - | -\nquery"
    );
}

#[test]
fn a_views_columns_fit_its_query() {
    refuses(
        "CREATE TABLE t (a INT, b STRING) WITH ('connector' = 'stub'); CREATE VIEW v (x) AS SELECT a, b FROM t",
        "validation error: the view names 1 columns but its query gives 2 (the query gives a, b) at \"x\"",
    );
    assert!(run("CREATE VIEW v AS SELECT 1 AS a, 2 AS a").contains("column 'a' twice"));
    assert_eq!(
        run("CREATE VIEW v (x, y) AS SELECT 1 AS a, 2 AS a; SHOW VIEWS"),
        "v"
    );
    assert!(run("CREATE VIEW v (x, x) AS SELECT 1, 2").contains("column 'x' twice"));
    assert!(run("CREATE TABLE v (a INT); CREATE VIEW v AS SELECT 1 AS a").contains("already exists"));
}

#[test]
fn a_view_cannot_read_itself() {
    assert!(
        run("CREATE VIEW a AS SELECT 1 AS x; CREATE VIEW b AS SELECT * FROM a; ALTER VIEW a AS SELECT * FROM b")
            .contains("would read itself")
    );
    assert!(
        run("CREATE TABLE t (x INT) WITH ('connector' = 'stub'); CREATE TEMPORARY VIEW t AS SELECT * FROM t")
            .contains("would read itself")
    );
}

#[test]
fn a_view_is_shown_with_every_column_at_its_table() {
    assert_eq!(
        run("CREATE TABLE t (a INT, b STRING) WITH ('connector' = 'stub'); CREATE VIEW v AS SELECT a + 1 AS x, b FROM t WHERE a > 0; SHOW CREATE VIEW v;
             CREATE VIEW w (p, q) COMMENT 'renamed' AS SELECT * FROM v; SHOW CREATE VIEW w"),
        "CREATE VIEW `default_catalog`.`default_database`.`v` (
  `x`,
  `b`
)
AS SELECT `t`.`a` + 1 AS `x`, `t`.`b`
FROM `default_catalog`.`default_database`.`t` AS `t`
WHERE `t`.`a` > 0

CREATE VIEW `default_catalog`.`default_database`.`w` (
  `p`,
  `q`
)
COMMENT 'renamed'
AS SELECT `v`.`x`, `v`.`b`
FROM `default_catalog`.`default_database`.`v` AS `v`
"
    );
}

#[test]
fn a_view_is_altered_and_renamed() {
    assert_eq!(
        run(
            "CREATE VIEW v AS SELECT 1 AS a; ALTER VIEW v AS SELECT 2 AS b; ALTER VIEW v RENAME TO w; SHOW VIEWS; DESCRIBE w"
        ),
        "w\nb | INT | false | - | - | -"
    );
}

#[test]
fn a_view_is_planned_when_it_is_made() {
    refuses(
        "CREATE TABLE t (a INT) WITH ('connector' = 'stab'); CREATE VIEW v AS SELECT a FROM t",
        "validation error: connector 'stab' not found (did you mean 'stub'?) at \"'connector' = 'stab'\"",
    );
}
