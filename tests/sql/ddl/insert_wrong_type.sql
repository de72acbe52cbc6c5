-- INSERT of a text into a number is refused.
CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT INTO t SELECT 'x';
