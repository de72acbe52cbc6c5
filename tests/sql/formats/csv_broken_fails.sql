-- A field of the wrong type fails the job.
CREATE TABLE t (id INT, v INT) WITH ('connector' = 'filesystem', 'path' = '${data}/broken.csv', 'format' = 'csv');
SELECT * FROM t;
