-- A last line without a line end counts.
CREATE TABLE t (line STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/unterminated.txt', 'format' = 'raw');
SELECT line FROM t;
