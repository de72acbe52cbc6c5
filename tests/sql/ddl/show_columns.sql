-- SHOW COLUMNS with FROM and LIKE.
CREATE TABLE t (id INT NOT NULL, name STRING, nick STRING, n2 AS id * 2) WITH ('connector' = 'blackhole');
SHOW COLUMNS FROM t;
SHOW COLUMNS IN t LIKE 'n%';
SHOW COLUMNS FROM default_database.t NOT LIKE 'n%';
