-- A watermark expression that is no timestamp.
CREATE TABLE t (a TIMESTAMP(3), b INT, WATERMARK FOR a AS b) WITH ('connector' = 'blackhole');
