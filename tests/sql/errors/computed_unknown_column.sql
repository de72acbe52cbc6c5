-- A computed column over a column that is not there.
CREATE TABLE t (a INT, b AS c + 1) WITH ('connector' = 'blackhole');
