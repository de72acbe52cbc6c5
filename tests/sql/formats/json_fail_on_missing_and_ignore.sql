-- fail-on-missing-field and ignore-parse-errors exclude each other.
CREATE TABLE t (id INT, a INT, b STRING)
WITH ('connector' = 'filesystem', 'path' = '${data}/missing.json', 'format' = 'json', 'json.fail-on-missing-field' = 'true', 'json.ignore-parse-errors' = 'true');
SELECT * FROM t;
