-- ALTER TABLE RENAME changes a column's name.
CREATE TABLE t (a INT, b STRING) WITH ('connector' = 'blackhole');
ALTER TABLE t RENAME a TO z;
DESCRIBE t;
ALTER TABLE t RENAME b TO z;
