-- IS NULL and IS NOT NULL, in WHERE and as values.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, s IS NULL AS a, s IS NOT NULL AS b, (s = '') IS NULL AS c FROM texts WHERE t IS NOT NULL AND (n IS NULL OR n < 5);
