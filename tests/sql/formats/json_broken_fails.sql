-- A line that is no JSON fails the job.
CREATE TABLE t (id INT, v INT) WITH ('connector' = 'filesystem', 'path' = '${data}/broken.json', 'format' = 'json');
SELECT * FROM t;
