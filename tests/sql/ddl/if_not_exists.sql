-- CREATE TABLE IF NOT EXISTS leaves the first table; a second CREATE fails.
CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');
CREATE TABLE IF NOT EXISTS t (b STRING) WITH ('connector' = 'blackhole');
DESCRIBE t;
CREATE VIEW IF NOT EXISTS t AS SELECT 1 AS x;
CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');
