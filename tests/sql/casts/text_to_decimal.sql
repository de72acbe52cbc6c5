-- TRY_CAST of texts to decimals rounds half up and is NULL where digits do not fit.
CREATE TABLE texts (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/casts.json', 'format' = 'json');
SELECT id, s, TRY_CAST(s AS DECIMAL(5, 2)) AS d52, TRY_CAST(s AS DECIMAL(3, 0)) AS d30, TRY_CAST(s AS DECIMAL(38, 10)) AS d38 FROM texts;
