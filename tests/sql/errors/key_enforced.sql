-- A primary key that is to be enforced.
CREATE TABLE t (a INT, PRIMARY KEY (a)) WITH ('connector' = 'blackhole');
