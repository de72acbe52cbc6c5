-- SPLIT gives an array.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, SPLIT(s, ',') AS a, SPLIT(s, t) AS b FROM texts;
