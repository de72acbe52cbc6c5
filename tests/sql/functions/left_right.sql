-- LEFT and RIGHT, with negative and large lengths.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, LEFT(s, 2) AS l2, RIGHT(s, 2) AS r2, LEFT(s, n) AS ln_, RIGHT(s, n) AS rn, LEFT(s, 0) AS l0 FROM texts;
