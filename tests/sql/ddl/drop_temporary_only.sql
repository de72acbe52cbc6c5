-- DROP TABLE of a name that has a temporary table is refused.
CREATE TEMPORARY TABLE t (a INT) WITH ('connector' = 'blackhole');
DROP TABLE t;
