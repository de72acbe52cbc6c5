-- A timestamp of more than nine digits.
CREATE TABLE t (a TIMESTAMP(10)) WITH ('connector' = 'filesystem', 'path' = '${data}/empty.json', 'format' = 'json');
DESCRIBE t;
SELECT * FROM t;
