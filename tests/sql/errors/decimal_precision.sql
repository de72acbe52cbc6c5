-- A decimal of more than 38 digits is accepted by CREATE TABLE and fails when the table is used.
CREATE TABLE t (a DECIMAL(39, 0)) WITH ('connector' = 'filesystem', 'path' = '${data}/empty.json', 'format' = 'json');
DESCRIBE t;
SELECT * FROM t;
