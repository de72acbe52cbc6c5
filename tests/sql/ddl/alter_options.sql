-- ALTER TABLE SET and RESET change options.
CREATE TABLE t (id INT, v STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/logs/a.json', 'format' = 'json');
ALTER TABLE t SET ('path' = '${data}/logs/b.json', 'json.ignore-parse-errors' = 'true');
SELECT * FROM t;
SHOW CREATE TABLE t;
ALTER TABLE t RESET ('json.ignore-parse-errors');
SHOW CREATE TABLE t;
