-- LPAD and RPAD repeat the padding, cut long texts, and are NULL where they cannot pad.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, LPAD(s, 8, '*') AS l8, RPAD(s, 8, 'ab') AS r8, LPAD(s, 3, t) AS l3, RPAD(s, 2, 'z') AS r2, LPAD(s, n, 'q') AS ln_ FROM texts WHERE n IS NULL OR n < 10;
SELECT id, LPAD(s, 20, '') AS nothing, RPAD(s, 1, '') AS cut, LPAD(s, 10, '😀') AS astral, RPAD(s, -1, 'b') AS negative, LPAD(s, 0, 'b') AS zero FROM texts;
