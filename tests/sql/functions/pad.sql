-- LPAD and RPAD repeat the padding, cut long texts, and are NULL where they cannot pad.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, LPAD(s, 8, '*') AS l8, RPAD(s, 8, 'ab') AS r8, LPAD(s, 3, t) AS l3, RPAD(s, 2, 'z') AS r2, LPAD(s, n, 'q') AS ln_ FROM texts;
SELECT LPAD('a', 5, ''), RPAD('abc', 2, ''), LPAD('x', 4, '😀'), RPAD('a', -1, 'b'), LPAD('a', 0, 'b');
