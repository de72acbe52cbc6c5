-- A path with nothing there fails the job.
CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/nowhere', 'format' = 'json');
SELECT * FROM t;
