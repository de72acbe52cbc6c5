-- A view over a table that can only be written is refused when it is created.
CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');
CREATE VIEW v AS SELECT a FROM t;
