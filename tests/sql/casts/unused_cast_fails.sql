-- A failing cast in a column that nobody asks for.
CREATE TABLE texts (id INT, s STRING, n AS CAST(s AS INT)) WITH ('connector' = 'filesystem', 'path' = '${data}/casts.json', 'format' = 'json');
SELECT id FROM texts WHERE id < 3;
SELECT id, n FROM texts WHERE id IN (1, 2);
