-- An option that the connector needs.
CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'format' = 'json');
SELECT * FROM t;
