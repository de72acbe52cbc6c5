-- A watermark on a timestamp finer than milliseconds.
CREATE TABLE t (a TIMESTAMP(6), WATERMARK FOR a AS a) WITH ('connector' = 'blackhole');
