-- A computed column over another computed column.
CREATE TABLE t (a INT, b AS a + 1, c AS b + 1) WITH ('connector' = 'blackhole');
