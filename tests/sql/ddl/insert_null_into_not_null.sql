-- INSERT of NULL into a NOT NULL column fails the job.
CREATE TABLE t (a INT NOT NULL) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT INTO t SELECT n FROM (VALUES (1), (CAST(NULL AS INT))) AS v (n);
