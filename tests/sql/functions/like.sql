-- LIKE: % and _ over characters, ESCAPE, and matching whole texts.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, s LIKE '%l%' AS l, s LIKE '_____' AS five, s LIKE 'é_x' AS astral, s LIKE '100!%!_%' ESCAPE '!' AS escaped, s LIKE '' AS blank, s NOT LIKE 'h%' AS not_h, s LIKE '%' || t AS by_column, s LIKE 'HELLO' AS upper_ FROM texts;
SELECT 'a
b' LIKE 'a%b', 'a.c' LIKE 'a.c', 'abc' LIKE 'a.c', '\' LIKE '\', 'a%' LIKE 'a\%' ESCAPE '\';
