-- INSERT converts to the sink's types where that loses nothing silently.
CREATE TABLE t (a BIGINT, b STRING, c DOUBLE, d TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT INTO t SELECT 1, 'x', 2, TIMESTAMP '2024-01-01 00:00:00.123456';
SELECT * FROM t;
