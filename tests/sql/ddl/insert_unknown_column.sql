-- INSERT into a column that is not there is refused.
CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT INTO t (z) VALUES (1);
