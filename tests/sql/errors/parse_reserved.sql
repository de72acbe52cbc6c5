-- A reserved word as a name needs backticks.
CREATE TABLE t (value INT, day INT) WITH ('connector' = 'blackhole');
