-- TRY_CAST of texts to BOOLEAN.
CREATE TABLE texts (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/casts.json', 'format' = 'json');
SELECT id, s, TRY_CAST(s AS BOOLEAN) AS b FROM texts;
SELECT id, TRY_CAST(s AS BOOLEAN) AS b FROM (VALUES (1, 'TRUE'), (2, 't'), (3, 'f'), (4, 'no'), (5, 'Y'), (6, '1'), (7, '0'), (8, ' true '), (9, 'n'), (10, 'tr')) AS t (id, s);
