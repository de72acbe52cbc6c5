-- With the not-null enforcer set to DROP such rows are left out.
SET 'table.exec.sink.not-null-enforcer' = 'DROP';
CREATE TABLE t (a INT NOT NULL) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT INTO t SELECT n FROM (VALUES (1), (CAST(NULL AS INT)), (3)) AS v (n);
SELECT * FROM t;
