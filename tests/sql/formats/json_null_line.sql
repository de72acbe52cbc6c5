-- A line that is null, and a field whose name differs in case.
CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '${data}/null_line.json', 'format' = 'json');
SELECT * FROM t;
