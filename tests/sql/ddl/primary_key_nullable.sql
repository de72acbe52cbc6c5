-- A primary key's column becomes NOT NULL by itself.
CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b) NOT ENFORCED) WITH ('connector' = 'blackhole');
DESCRIBE t;
