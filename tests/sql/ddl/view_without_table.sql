-- A view whose table is gone fails when it is read.
CREATE TABLE t (a INT) WITH ('connector' = 'datagen');
CREATE VIEW v AS SELECT a FROM t;
DROP TABLE t;
SHOW VIEWS;
SELECT * FROM v;
