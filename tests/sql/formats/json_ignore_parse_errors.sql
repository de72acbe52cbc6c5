-- With ignore-parse-errors a bad field is NULL and a bad line is left out.
CREATE TABLE t (id INT, v INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/broken.json', 'format' = 'json', 'json.ignore-parse-errors' = 'true');
SELECT * FROM t;
