-- Timestamps in the SQL form, cut to the column's precision or not.
CREATE TABLE t (id INT, t TIMESTAMP(3), z TIMESTAMP_LTZ(3), c TIME) WITH ('connector' = 'filesystem', 'path' = '${data}/sql_times.json', 'format' = 'json');
SELECT * FROM t;
CREATE TABLE u (id INT, t TIMESTAMP(6), z TIMESTAMP_LTZ(9)) WITH ('connector' = 'filesystem', 'path' = '${data}/sql_times.json', 'format' = 'json');
SELECT * FROM u;
