-- A column that a computed column needs cannot be dropped.
CREATE TABLE t (a INT, b AS a + 1) WITH ('connector' = 'blackhole');
ALTER TABLE t DROP a;
