-- A text that is no date fails the cast.
CREATE TABLE texts (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/casts.json', 'format' = 'json');
SELECT id, CAST(s AS DATE) AS d FROM texts WHERE id = 11;
