-- TRY_CAST of texts to FLOAT and DOUBLE.
CREATE TABLE texts (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/casts.json', 'format' = 'json');
SELECT id, s, TRY_CAST(s AS FLOAT) AS f, TRY_CAST(s AS DOUBLE) AS d FROM texts;
