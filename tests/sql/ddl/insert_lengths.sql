-- A text too long for the sink's VARCHAR is kept, or cut by setting.
CREATE TABLE t (a VARCHAR(3)) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT INTO t SELECT s FROM (VALUES (CAST('abcdef' AS STRING)), ('x')) AS v (s);
CREATE TABLE lines (line STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'raw');
SELECT * FROM lines;
SELECT * FROM t;
SET 'table.exec.sink.type-length-enforcer' = 'TRIM_PAD';
CREATE TABLE u (a VARCHAR(3)) WITH ('connector' = 'filesystem', 'path' = '${tmp}/u', 'format' = 'json');
INSERT INTO u SELECT s FROM (VALUES (CAST('abcdef' AS STRING)), ('x')) AS v (s);
SELECT * FROM u;
