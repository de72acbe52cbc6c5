-- The raw format takes one column only.
CREATE TABLE t (a STRING, b STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/lines.txt', 'format' = 'raw');
SELECT * FROM t;
