-- DELETE is for batch jobs.
CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
DELETE FROM t WHERE a = 1;
