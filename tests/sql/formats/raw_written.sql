-- What the raw format writes for empty texts.
CREATE TABLE t (line STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'raw');
INSERT INTO t VALUES ('a'), (''), ('b c');
SELECT line, CHAR_LENGTH(line) AS n FROM t;
