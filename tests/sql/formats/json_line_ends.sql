-- CRLF line ends and a last line without one.
CREATE TABLE t (id INT, v STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/crlf.json', 'format' = 'json');
SELECT id, v, CHAR_LENGTH(v) AS n FROM t;
