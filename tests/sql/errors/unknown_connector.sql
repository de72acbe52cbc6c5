-- A connector that is not there fails when the table is used.
CREATE TABLE t (a INT) WITH ('connector' = 'telepathy');
SELECT * FROM t;
