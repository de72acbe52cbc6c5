-- JSON values that are converted to the column's type.
CREATE TABLE t (id INT, s STRING, n DECIMAL(5, 2), b BOOLEAN, l ARRAY<STRING>, d DATE)
WITH ('connector' = 'filesystem', 'path' = '${data}/coerced.json', 'format' = 'json');
SELECT * FROM t;
