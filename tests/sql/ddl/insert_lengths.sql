-- A text too long for the sink's VARCHAR is cut by the cast that INSERT adds, whatever the length enforcer.
CREATE TABLE t (a VARCHAR(3)) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT INTO t SELECT s FROM (VALUES (CAST('abcdef' AS STRING)), ('x')) AS v (s);
SELECT * FROM t;
SET 'table.exec.sink.type-length-enforcer' = 'TRIM_PAD';
CREATE TABLE u (a VARCHAR(3)) WITH ('connector' = 'filesystem', 'path' = '${tmp}/u', 'format' = 'json');
INSERT INTO u SELECT s FROM (VALUES (CAST('abcdef' AS STRING)), ('x')) AS v (s);
SELECT * FROM u;
