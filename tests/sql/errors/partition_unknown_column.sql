-- A partition key that is no column.
CREATE TABLE t (a INT) PARTITIONED BY (b) WITH ('connector' = 'blackhole');
