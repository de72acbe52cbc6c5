-- REPEAT and REVERSE; a count below one gives the empty text.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, REVERSE(s) AS r, REPEAT(t, 3) AS r3, REPEAT(t, n) AS rn FROM texts WHERE n IS NULL OR n < 10;
