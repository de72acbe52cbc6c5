-- A missing field is NULL.
CREATE TABLE t (id INT, a INT, b STRING, c BOOLEAN) WITH ('connector' = 'filesystem', 'path' = '${data}/missing.json', 'format' = 'json');
SELECT * FROM t;
