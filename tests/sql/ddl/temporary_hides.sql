-- A temporary table hides the permanent one of its name until it is dropped.
CREATE TABLE t (id INT, v STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/logs/a.json', 'format' = 'json');
CREATE TEMPORARY TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '${data}/logs/b.json', 'format' = 'json');
SELECT * FROM t;
DESCRIBE t;
DROP TEMPORARY TABLE t;
SELECT * FROM t;
