-- Lines that start with # are comments where allowed.
CREATE TABLE t (id INT, s STRING)
WITH ('connector' = 'filesystem', 'path' = '${data}/comments.csv', 'format' = 'csv', 'csv.allow-comments' = 'true');
SELECT * FROM t;
