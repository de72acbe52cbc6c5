-- A table without a connector fails when it is used.
CREATE TABLE t (a INT) WITH ('format' = 'json');
SELECT * FROM t;
