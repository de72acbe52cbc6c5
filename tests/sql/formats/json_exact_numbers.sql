-- Decimals and longs keep their digits; floats are rounded once.
CREATE TABLE t (id INT, n DECIMAL(5, 2), d DOUBLE, f FLOAT, l BIGINT, m DECIMAL(38, 10)) WITH ('connector' = 'filesystem', 'path' = '${data}/exact.json', 'format' = 'json');
SELECT * FROM t;
