-- EXECUTE before a single statement.
CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
EXECUTE INSERT INTO t VALUES (1);
SELECT * FROM t;
