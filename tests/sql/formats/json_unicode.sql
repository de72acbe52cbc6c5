-- Escapes, control characters and duplicate keys in JSON.
CREATE TABLE t (id INT, s STRING, q STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/unicode.json', 'format' = 'json');
SELECT id, s, q, CHAR_LENGTH(s) AS n FROM t;
