-- A map with keys that are no text cannot be read as JSON.
CREATE TABLE t (id INT, m MAP<INT, STRING>) WITH ('connector' = 'filesystem', 'path' = '${data}/nested.json', 'format' = 'json');
SELECT * FROM t;
