-- A text with too many digits for the decimal, under CAST.
CREATE TABLE texts (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/casts.json', 'format' = 'json');
SELECT id, CAST(s AS DECIMAL(5, 2)) AS d FROM texts WHERE id = 19;
