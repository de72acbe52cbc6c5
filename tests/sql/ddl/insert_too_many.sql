-- INSERT of more columns than the table has is refused.
CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT INTO t SELECT 1, 2;
