-- An empty line among lines of JSON.
CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '${data}/blank_line.json', 'format' = 'json');
SELECT * FROM t;
