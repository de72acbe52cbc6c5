-- TRIM and its kin remove one character, or spaces.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, '[' || TRIM(s) || ']' AS t, '[' || LTRIM(s) || ']' AS l, '[' || RTRIM(s) || ']' AS r, '[' || BTRIM(s) || ']' AS b FROM texts;
SELECT TRIM(LEADING 'x' FROM 'xxaxx'), TRIM(TRAILING 'x' FROM 'xxaxx'), TRIM(BOTH 'x' FROM 'xxaxx'), TRIM('x' FROM 'xax'), TRIM(BOTH 'xy' FROM 'yxaxy');
SELECT LTRIM('xyxa', 'xy'), RTRIM('axyx', 'xy'), BTRIM('xyaxy', 'yx'), TRIM('	tab	');
