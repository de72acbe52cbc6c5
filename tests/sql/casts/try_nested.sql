-- TRY_CAST of arrays, maps and rows: a part that cannot be cast makes the whole NULL.
CREATE TABLE texts (id INT, l ARRAY<STRING>, m MAP<STRING, STRING>, r ROW<a STRING, b STRING>) WITH ('connector' = 'filesystem', 'path' = '${data}/nested_texts.json', 'format' = 'json');

SELECT id, TRY_CAST(l AS ARRAY<INT>) AS l, CAST(TRY_CAST(m AS MAP<INT, INT>) AS STRING) AS m, TRY_CAST(r AS ROW<a INT, b INT>) AS r FROM texts;
SELECT id, CAST(l AS ARRAY<INT>) AS l, CAST(m AS MAP<STRING, INT>) AS m FROM texts WHERE id IN (2, 4);
