-- Timestamps in ISO 8601 where the SQL form is expected.
CREATE TABLE t (id INT, t TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = '${data}/iso_times.json', 'format' = 'json');
SELECT * FROM t;
