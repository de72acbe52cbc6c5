//! What was written, and how Flink 2.3 showed it.

use super::text;

const SHOWN: &[(&str, &str)] = &[
    (r"a + 1", r"`a` + 1"),
    (r"(a + 1) * 2", r"(`a` + 1) * 2"),
    (r"upper(b)", r"UPPER(`b`)"),
    (r"CAST(a AS STRING)", r"CAST(`a` AS STRING)"),
    (
        r"a > 1 AND b IS NOT NULL OR c < 2.5",
        r"`a` > 1 AND `b` IS NOT NULL OR `c` < 2.5",
    ),
    (
        r"CASE WHEN a = 1 THEN 'x' ELSE 'y' END",
        r"CASE WHEN `a` = 1 THEN 'x' ELSE 'y' END",
    ),
    (r"r.x", r"`r`.`x`"),
    (r"l[1]", r"`l`[1]"),
    (r"m['k']", r"`m`['k']"),
    (r"COALESCE(a, 0)", r"COALESCE(`a`, 0)"),
    (r"t + INTERVAL '1' DAY", r"`t` + INTERVAL '1' DAY"),
    (r"b || 'x'", r"`b` || 'x'"),
    (r"a BETWEEN 1 AND 3", r"`a` BETWEEN ASYMMETRIC 1 AND 3"),
    (r"b LIKE 'a%'", r"`b` LIKE 'a%'"),
    (r"a IN (1, 2)", r"`a` IN (1, 2)"),
    (r"-a", r"- `a`"),
    (r"NOT a = 1", r"NOT `a` = 1"),
    (r"CURRENT_TIMESTAMP", r"CURRENT_TIMESTAMP"),
    (r"EXTRACT(YEAR FROM t)", r"EXTRACT(YEAR FROM `t`)"),
    (r"FLOOR(t TO DAY)", r"FLOOR(`t` TO DAY)"),
    (r"DATE '2020-01-01'", r"DATE '2020-01-01'"),
    (
        r"TIMESTAMP '2020-01-01 00:00:00'",
        r"TIMESTAMP '2020-01-01 00:00:00'",
    ),
    (r"X'0a'", r"X'0A'"),
    (r"1.5e0", r"1.5E0"),
    (r"TRUE", r"TRUE"),
    (r"NULLIF(a, 1)", r"CASE WHEN `a` = 1 THEN NULL ELSE `a` END"),
    (r"TRIM(b)", r"TRIM(BOTH ' ' FROM `b`)"),
    (r"SUBSTRING(b FROM 2 FOR 3)", r"SUBSTRING(`b`, 2, 3)"),
    (r"POSITION('a' IN b)", r"POSITION('a' IN `b`)"),
    (r"JSON_VALUE(b, '$.x')", r"JSON_VALUE(`b`, '$.x')"),
    (r"TRY_CAST(b AS INT)", r"TRY_CAST(`b` AS INTEGER)"),
    (r"ARRAY[1,2]", r"ARRAY[1, 2]"),
    (r"ROW(1, 'a')", r"ROW(1, 'a')"),
    (r"MAP['a', 1]", r"MAP['a', 1]"),
    (r"a % 2", r"`a` % 2"),
    (r"a <> 2", r"`a` <> 2"),
    (r"b IS DISTINCT FROM 'x'", r"`b` IS DISTINCT FROM 'x'"),
    (
        r"CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' END",
        r"CASE WHEN `a` = 1 THEN 'x' WHEN `a` = 2 THEN 'y' ELSE NULL END",
    ),
    (r"a NOT IN (1)", r"`a` NOT IN (1)"),
    (r"b NOT LIKE 'x' ESCAPE '!'", r"`b` NOT LIKE 'x' ESCAPE '!'"),
    (r"a NOT BETWEEN 1 AND 2", r"`a` NOT BETWEEN ASYMMETRIC 1 AND 2"),
    (r"(a = 1) IS TRUE", r"`a` = 1 IS TRUE"),
    (
        r"(a > 1 OR a < 0) AND b = 'x'",
        r"(`a` > 1 OR `a` < 0) AND `b` = 'x'",
    ),
    (r"a - (a - 1)", r"`a` - (`a` - 1)"),
    (
        r"CAST(NULL AS ROW<q INT NOT NULL>)",
        r"CAST(NULL AS ROW< `q` INTEGER NOT NULL >)",
    ),
    (r"INTERVAL '1 10' DAY TO HOUR", r"INTERVAL '1 10' DAY TO HOUR"),
    (r"INTERVAL -'3' MONTH", r"INTERVAL -'3' MONTH"),
    (r"NOW()", r"NOW()"),
    (r"TIMESTAMPDIFF(DAY, t, t)", r"TIMESTAMPDIFF(DAY, `t`, `t`)"),
    (r"TO_TIMESTAMP_LTZ(a, 3)", r"`TO_TIMESTAMP_LTZ`(`a`, 3)"),
    (
        r"OVERLAY(b PLACING 'x' FROM 2)",
        r"OVERLAY(`b` PLACING 'x' FROM 2)",
    ),
    (
        r"JSON_OBJECT('a' VALUE 1)",
        r"JSON_OBJECT(KEY 'a' VALUE 1 NULL ON NULL)",
    ),
    (r"'it''s'", r"'it''s'"),
    (r"'ü'", r"u&'\00fc'"),
    (r"CAST(a AS DECIMAL(10,2))", r"CAST(`a` AS DECIMAL(10, 2))"),
    (r"CAST(b AS TIMESTAMP_LTZ(3))", r"CAST(`b` AS TIMESTAMP_LTZ(3))"),
    (r"CAST(l AS ARRAY<BIGINT>)", r"CAST(`l` AS ARRAY< BIGINT >)"),
    (r"CAST(b AS TIME)", r"CAST(`b` AS TIME)"),
    (r"l[1] + m['a'] * -1", r"`l`[1] + `m`['a'] * -1"),
    (
        r"JSON_VALUE(b, 'lax $.x' RETURNING INT DEFAULT 1 ON EMPTY ERROR ON ERROR)",
        r"JSON_VALUE(`b`, 'lax $.x' RETURNING INTEGER DEFAULT 1 ON EMPTY ERROR ON ERROR)",
    ),
    (
        r"JSON_QUERY(b, '$.x' WITH CONDITIONAL ARRAY WRAPPER)",
        r"JSON_QUERY(`b`, '$.x' WITH CONDITIONAL ARRAY WRAPPER NULL ON EMPTY NULL ON ERROR)",
    ),
    (
        r"JSON_ARRAY(1, 2 ABSENT ON NULL)",
        r"JSON_ARRAY(1, 2 ABSENT ON NULL)",
    ),
    (r"b IS NOT JSON", r"`b` IS NOT JSON VALUE"),
    (r"TRIM(LEADING 'x' FROM b)", r"TRIM(LEADING 'x' FROM `b`)"),
    (r"(a, b)", r"ROW(`a`, `b`)"),
    (r"INTERVAL '5' DAY(3)", r"INTERVAL '5' DAY(3)"),
    (
        r"b LIKE 'x' AND NOT (a > 1 AND a < 2)",
        r"`b` LIKE 'x' AND NOT (`a` > 1 AND `a` < 2)",
    ),
    (
        r"(a + 1) BETWEEN 1 AND 2 OR TRUE",
        r"`a` + 1 BETWEEN ASYMMETRIC 1 AND 2 OR TRUE",
    ),
    (r"-(-a)", r"- (- `a`)"),
    (r"a * (1 + 2) / 3", r"`a` * (1 + 2) / 3"),
    (r"(a - 1) - 1", r"`a` - 1 - 1"),
    (r"a / (1 / 2)", r"`a` / (1 / 2)"),
    (r"(a > 1) IS NOT NULL", r"`a` > 1 IS NOT NULL"),
    (r"(b || 'x') IS NULL", r"`b` || 'x' IS NULL"),
    (r"(a = 1) = (a = 2)", r"`a` = 1 = (`a` = 2)"),
    (r"(a = 1 AND a = 2) = TRUE", r"(`a` = 1 AND `a` = 2) = TRUE"),
    (r"(b LIKE 'x') IS TRUE", r"`b` LIKE 'x' IS TRUE"),
    (r"NOT (a IS NULL)", r"NOT `a` IS NULL"),
    (r"(NOT TRUE) = FALSE", r"(NOT TRUE) = FALSE"),
    (r"ROW(a, b).EXPR$0", r"ROW(`a`, `b`).`EXPR$0`"),
];

#[test]
fn expressions_are_shown_as_flink_shows_them() {
    for (written, shown) in SHOWN {
        assert_eq!(text(written), *shown, "{written}");
    }
}

#[test]
fn what_is_shown_reads_back_as_the_same() {
    for (_, shown) in SHOWN {
        assert_eq!(text(shown), *shown);
    }
}
