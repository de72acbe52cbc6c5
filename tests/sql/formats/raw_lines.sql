-- The raw format gives lines; empty ones too.
CREATE TABLE t (line STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/lines.txt', 'format' = 'raw');
SELECT line, CHAR_LENGTH(line) AS n FROM t;
