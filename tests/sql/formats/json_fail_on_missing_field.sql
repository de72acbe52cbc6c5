-- With fail-on-missing-field a missing field fails the job.
CREATE TABLE t (id INT, a INT, b STRING)
WITH ('connector' = 'filesystem', 'path' = '${data}/missing.json', 'format' = 'json', 'json.fail-on-missing-field' = 'true');
SELECT * FROM t;
