-- A watermark on a column that is not there.
CREATE TABLE t (a INT, WATERMARK FOR b AS b) WITH ('connector' = 'blackhole');
