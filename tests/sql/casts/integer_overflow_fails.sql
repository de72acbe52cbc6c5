-- A text beyond INT fails the cast.
CREATE TABLE texts (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/casts.json', 'format' = 'json');
SELECT id, CAST(s AS INT) AS d FROM texts WHERE id = 7;
