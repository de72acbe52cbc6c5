-- A text that is no timestamp fails the cast.
CREATE TABLE texts (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/casts.json', 'format' = 'json');
SELECT id, CAST(s AS TIMESTAMP(3)) AS d FROM texts WHERE id = 11;
