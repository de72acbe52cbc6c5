-- INSERT OVERWRITE needs a batch job.
CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT OVERWRITE t VALUES (1);
