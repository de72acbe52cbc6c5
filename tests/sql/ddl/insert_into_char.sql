-- A text is not written into CHAR without a cast.
CREATE TABLE t (a CHAR(3)) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT INTO t SELECT CAST(s AS CHAR(3)) FROM (VALUES ('abcdef'), ('x')) AS v (s);
SELECT * FROM t;
INSERT INTO t SELECT s FROM (VALUES (CAST('abcdef' AS STRING)), ('x')) AS v (s);
