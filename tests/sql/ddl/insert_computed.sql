-- INSERT skips computed and virtual columns.
CREATE TABLE t (a INT, twice AS a * 2, b STRING, name STRING METADATA FROM 'file.name' VIRTUAL) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT INTO t VALUES (1, 'x'), (2, 'y');
SELECT a, twice, b FROM t;
INSERT INTO t (a, twice) VALUES (1, 2);
