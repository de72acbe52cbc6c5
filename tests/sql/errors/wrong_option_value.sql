-- An option with a value of the wrong type.
CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json', 'json.ignore-parse-errors' = 'perhaps');
SELECT * FROM t;
