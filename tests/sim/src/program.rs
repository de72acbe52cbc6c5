//! What is run: jobs with every kind of state, and rows for them.

use std::collections::BTreeMap;

use stdx::Random;

use crate::world::PARTITIONS;

/// Rows of a partition, at most.
const ROWS_MAX: u64 = 60;

/// `orders` and `clicks`, `torn`, of which some records cannot be read, and tables for results.
const TABLES: &str = "
CREATE TABLE orders (k BIGINT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'sim');
CREATE TABLE clicks (k BIGINT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'sim');
CREATE TABLE torn (k BIGINT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'sim',
  'scan.unreadable-rows.policy' = 'redirect', 'scan.unreadable-rows.table' = 'unreadable');
CREATE TABLE unreadable (source_table STRING, source_split STRING, source_offset BIGINT, record BYTES, error STRING,
  read_at TIMESTAMP_LTZ(3)) WITH ('connector' = 'sim', 'transactional' = '${unreadable}');
CREATE TABLE wide (a BIGINT, b BIGINT, c BIGINT, d TIMESTAMP(3))
  WITH ('connector' = 'sim', 'transactional' = '${wide}');
CREATE TABLE things (k BIGINT, n BIGINT) WITH ('connector' = 'sim', 'lookup.max-retries' = '10');
CREATE TABLE narrow (a BIGINT, b BIGINT) WITH ('connector' = 'sim', 'transactional' = '${narrow}');
";

/// Sinks whose commits can be repeated, or not, or one of each.
pub fn tables(random: &mut Random) -> String {
    let mut any = || random.chance(0.5).to_string();
    TABLES
        .replace("${wide}", &any())
        .replace("${narrow}", &any())
        .replace("${unreadable}", &any())
}

/// Jobs by their name. What they give must not depend on the order in which partitions are read.
pub const PROGRAMS: [(&str, &str); 16] = [
    (
        "tumble",
        "INSERT INTO wide SELECT k, COUNT(*), SUM(v), window_end
         FROM TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '5' SECOND) GROUP BY window_start, window_end, k",
    ),
    (
        "hop",
        "INSERT INTO wide SELECT k, COUNT(DISTINCT v), MAX(v), window_end
         FROM HOP(TABLE orders, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '6' SECOND)
         GROUP BY window_start, window_end, k",
    ),
    (
        "session",
        "INSERT INTO wide SELECT k, COUNT(*), SUM(v), window_end
         FROM SESSION(TABLE orders PARTITION BY k, DESCRIPTOR(ts), INTERVAL '2' SECOND)
         GROUP BY window_start, window_end, k",
    ),
    (
        "window join",
        "INSERT INTO wide SELECT o.k, o.v, c.v, o.window_end
         FROM (SELECT * FROM TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '4' SECOND)) o
         FULL JOIN (SELECT * FROM TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '4' SECOND)) c
         ON o.k = c.k AND o.window_start = c.window_start AND o.window_end = c.window_end",
    ),
    (
        "interval join",
        "INSERT INTO wide SELECT o.k, o.v, c.v, o.ts FROM orders o LEFT JOIN clicks c
         ON o.k = c.k AND c.ts BETWEEN o.ts - INTERVAL '2' SECOND AND o.ts + INTERVAL '1' SECOND",
    ),
    (
        "window top-n",
        "INSERT INTO wide SELECT k, v, r, window_end FROM (
           SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY v DESC, ts) AS r
           FROM TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '5' SECOND)) WHERE r <= 2",
    ),
    (
        "aggregate",
        "INSERT INTO narrow SELECT k, SUM(v) FROM orders GROUP BY k",
    ),
    (
        "top-n",
        "INSERT INTO narrow SELECT k, v FROM (
           SELECT k, v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS r FROM orders) WHERE r <= 3",
    ),
    (
        "join",
        "INSERT INTO narrow SELECT o.k, o.v FROM orders o LEFT JOIN clicks c ON o.k = c.k AND o.v = c.v",
    ),
    (
        "join of aggregates",
        "INSERT INTO wide SELECT o.k, o.n, c.n, CAST(NULL AS TIMESTAMP(3))
         FROM (SELECT k, COUNT(*) AS n FROM orders GROUP BY k) o
         FULL JOIN (SELECT k, COUNT(DISTINCT v) AS n FROM clicks GROUP BY k) c ON o.k = c.k",
    ),
    (
        "over",
        "INSERT INTO wide SELECT k, v, SUM(v) OVER (PARTITION BY k ORDER BY ts
           RANGE BETWEEN INTERVAL '3' SECOND PRECEDING AND CURRENT ROW), ts FROM orders",
    ),
    (
        "lookup",
        "INSERT INTO narrow SELECT /*+ LOOKUP('table' = 't', 'output-mode' = 'allow_unordered', 'capacity' = '2',
           'timeout' = '40 ms', 'timeout-attempts' = '1000') */ o.v, t.n
         FROM (SELECT *, PROCTIME() AS p FROM orders) AS o
         LEFT JOIN things FOR SYSTEM_TIME AS OF o.p AS t ON t.k = o.k AND t.n > o.v",
    ),
    (
        "lookup before a window",
        "CREATE VIEW found AS SELECT /*+ LOOKUP('table' = 't', 'timeout' = '40 ms', 'timeout-attempts' = '1000') */ o.k, t.n, o.ts
         FROM (SELECT *, PROCTIME() AS p FROM orders) AS o JOIN things FOR SYSTEM_TIME AS OF o.p AS t ON t.k = o.k;
         INSERT INTO wide SELECT k, COUNT(*), SUM(n), window_end
         FROM TUMBLE(TABLE found, DESCRIPTOR(ts), INTERVAL '5' SECOND) GROUP BY window_start, window_end, k",
    ),
    (
        "lookup of changes",
        "INSERT INTO narrow SELECT /*+ LOOKUP('table' = 't', 'timeout' = '40 ms', 'timeout-attempts' = '1000') */ a.s, t.n
         FROM (SELECT k, s, PROCTIME() AS p FROM (SELECT k, SUM(v) AS s FROM orders GROUP BY k)) AS a
         LEFT JOIN things FOR SYSTEM_TIME AS OF a.p AS t ON t.k = a.k",
    ),
    (
        "unreadable records",
        "EXECUTE STATEMENT SET BEGIN
         INSERT INTO narrow SELECT v, k FROM torn WHERE v > 10;
         INSERT INTO wide SELECT k, COUNT(*), MIN(v), window_end
           FROM TUMBLE(TABLE torn, DESCRIPTOR(ts), INTERVAL '3' SECOND) GROUP BY window_start, window_end, k;
         END",
    ),
    (
        "statement set",
        "EXECUTE STATEMENT SET BEGIN
         INSERT INTO narrow SELECT v, k FROM orders WHERE v > 10;
         INSERT INTO wide SELECT k, COUNT(*), MIN(v), window_end
           FROM TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '3' SECOND) GROUP BY window_start, window_end, k;
         END",
    ),
];

/// Rows in the order of their time within each partition, so that none is late whoever is read first. No two rows of
/// a table have the same time.
pub fn rows(random: &mut Random) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut tables = BTreeMap::new();
    for table in ["orders", "clicks", "torn"] {
        let mut partitions = Vec::new();
        for partition in 0..PARTITIONS {
            let mut at_ms = partition as u64;
            let mut rows = Vec::new();
            for _ in 0..random.below(ROWS_MAX + 1) {
                at_ms += PARTITIONS as u64 * (1 + random.below(400));
                let (k, v) = (random.below(4), random.below(30));
                if table == "torn" && random.chance(0.2) {
                    rows.push(format!(r#"{{"k":{k},"v":"torn {v}"}}"#));
                    continue;
                }
                rows.push(format!(
                    r#"{{"k":{k},"v":{v},"ts":"1970-01-01 00:{:02}:{:02}.{:03}"}}"#,
                    at_ms / 60_000,
                    at_ms / 1_000 % 60,
                    at_ms % 1_000
                ));
            }
            partitions.push(rows);
        }
        tables.insert(table.to_string(), partitions);
    }
    tables
}
