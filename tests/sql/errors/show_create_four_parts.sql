-- A table has a name of at most three parts.
CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');
SHOW CREATE TABLE default_catalog.default_database.t;
SHOW CREATE TABLE nonsense.default_catalog.default_database.t;
