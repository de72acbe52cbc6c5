//! ALTER TABLE.

use super::run;

const BASE: &str = "CREATE TABLE base (a INT NOT NULL, b STRING COMMENT 'bb', c AS a + 1,
    ts TIMESTAMP(3), g INT, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND,
    PRIMARY KEY (a) NOT ENFORCED) PARTITIONED BY (b) WITH ('connector' = 'x', 'k1' = 'v1');";

/// What the table looks like after the statements, or the first error.
fn altered(statements: &str) -> String {
    run(&format!("{BASE} {statements}; SHOW CREATE TABLE base"))
}

fn fails(statement: &str, expected: &str) {
    let outcome = run(&format!("{BASE} {statement}"));
    assert!(
        outcome.starts_with("validation error: "),
        "{statement}: {outcome}"
    );
    assert!(outcome.contains(expected), "{statement}: {outcome}");
}

#[test]
fn columns_are_added_at_their_positions() {
    assert_eq!(
        altered(
            "ALTER TABLE base ADD (f INT COMMENT 'ff' FIRST, f2 STRING NOT NULL AFTER a, f3 AS a + 2, f4 INT METADATA VIRTUAL AFTER f)"
        ),
        "CREATE TABLE `default_catalog`.`default_database`.`base` (
  `f` INT COMMENT 'ff',
  `f4` INT METADATA VIRTUAL,
  `a` INT NOT NULL,
  `f2` VARCHAR(2147483647) NOT NULL,
  `b` VARCHAR(2147483647) COMMENT 'bb',
  `c` AS `a` + 1,
  `ts` TIMESTAMP(3),
  `g` INT,
  `f3` AS `a` + 2,
  WATERMARK FOR `ts` AS `ts` - INTERVAL '5' SECOND,
  CONSTRAINT `PK_a` PRIMARY KEY (`a`) NOT ENFORCED
)
PARTITIONED BY (`b`)
WITH (
  'connector' = 'x',
  'k1' = 'v1'
)
"
    );
}

#[test]
fn columns_keys_and_watermarks_are_modified() {
    assert_eq!(
        altered(
            "ALTER TABLE base MODIFY WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE;
             ALTER TABLE base MODIFY CONSTRAINT ct PRIMARY KEY (g) NOT ENFORCED;
             ALTER TABLE base MODIFY (g BIGINT COMMENT 'gg' FIRST, c INT);
             ALTER TABLE base MODIFY g BIGINT AFTER g;
             ALTER TABLE base RENAME g TO h;
             ALTER TABLE base SET ('k1' = 'v9', 'new' = '1'); ALTER TABLE base RESET ('k1', 'none')"
        ),
        "CREATE TABLE `default_catalog`.`default_database`.`base` (
  `h` BIGINT NOT NULL COMMENT 'gg',
  `a` INT NOT NULL,
  `b` VARCHAR(2147483647) COMMENT 'bb',
  `c` INT,
  `ts` TIMESTAMP(3),
  WATERMARK FOR `ts` AS `ts` - INTERVAL '1' MINUTE,
  CONSTRAINT `ct` PRIMARY KEY (`h`) NOT ENFORCED
)
PARTITIONED BY (`b`)
WITH (
  'connector' = 'x',
  'new' = '1'
)
"
    );
}

#[test]
fn what_something_else_uses_stays() {
    fails(
        "ALTER TABLE base DROP a",
        "column 'a' is used by computed column 'c'",
    );
    fails("ALTER TABLE base DROP b", "column 'b' is used by the partitions");
    fails("ALTER TABLE base DROP ts", "column 'ts' is used by the watermark");
    fails(
        "ALTER TABLE base DROP (c, a)",
        "column 'a' is part of the primary key",
    );
    fails(
        "ALTER TABLE base RENAME a TO z",
        "column 'a' is used by computed column 'c'",
    );
    fails(
        "ALTER TABLE base RENAME ts TO z",
        "column 'ts' is used by the watermark",
    );
    fails("ALTER TABLE base RENAME g TO a", "column 'a' already exists");
    fails("ALTER TABLE base DROP gg", "did you mean 'g'?");
    fails(
        "ALTER TABLE base MODIFY a STRING",
        "computed column 'c' does not fit any more",
    );
    fails(
        "ALTER TABLE base MODIFY ts INT",
        "watermark column 'ts' must be TIMESTAMP(p)",
    );
    fails(
        "ALTER TABLE base MODIFY b AS a",
        "partition column 'b' must be a physical column",
    );
}

#[test]
fn what_is_dropped_can_be_added_again() {
    assert!(
        altered(
            "ALTER TABLE base DROP PRIMARY KEY; ALTER TABLE base DROP WATERMARK; ALTER TABLE base DROP (a, c);
             ALTER TABLE base ADD (PRIMARY KEY (g) NOT ENFORCED, WATERMARK FOR ts AS ts);
             ALTER TABLE base ADD DISTRIBUTION BY HASH(g) INTO 3 BUCKETS; ALTER TABLE base MODIFY DISTRIBUTION INTO 5 BUCKETS"
        )
        .contains("CONSTRAINT `PK_g` PRIMARY KEY (`g`) NOT ENFORCED\n)\nDISTRIBUTED INTO 5 BUCKETS\n")
    );
    fails(
        "ALTER TABLE base ADD PRIMARY KEY (g) NOT ENFORCED",
        "has a primary key already: (a)",
    );
    fails(
        "ALTER TABLE base ADD WATERMARK FOR ts AS ts",
        "has a watermark already",
    );
    fails(
        "ALTER TABLE base DROP CONSTRAINT nope",
        "constraint 'nope' not found (the primary key is named 'PK_a')",
    );
    fails(
        "ALTER TABLE base DROP DISTRIBUTION",
        "the table has no distribution",
    );
    fails("ALTER TABLE base RESET ('connector')", "cannot be reset");
    fails("ALTER TABLE base ADD g INT", "column 'g' already exists");
    fails("ALTER TABLE base ADD (x INT, x INT)", "stands twice");
    fails("ALTER TABLE base ADD x INT AFTER nope", "column 'nope' not found");
}

#[test]
fn tables_are_renamed_and_missing_ones_forgiven_if_asked() {
    assert_eq!(
        run(&format!(
            "{BASE} ALTER TABLE base RENAME TO base2; ALTER TABLE IF EXISTS base RENAME TO x; ALTER TABLE IF EXISTS base SET ('a' = 'b'); SHOW TABLES"
        )),
        "base2"
    );
    fails("ALTER TABLE bse SET ('a' = 'b')", "did you mean 'base'?");
    fails(
        "CREATE TABLE other (a INT); ALTER TABLE base RENAME TO other",
        "already exists",
    );
    fails(
        "CREATE TEMPORARY TABLE base (a INT); ALTER TABLE base SET ('a' = 'b')",
        "is temporary and cannot be altered",
    );
    fails(
        "CREATE VIEW v AS SELECT 1 AS a; ALTER TABLE v SET ('a' = 'b')",
        "is a view, not a table",
    );
}
