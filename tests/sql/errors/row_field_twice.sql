-- A row has each field once.
CREATE TABLE t (r ROW<a INT, b INT, a STRING>) WITH ('connector' = 'blackhole');
