-- REGEXP_REPLACE replaces every match, with references to groups.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, REGEXP_REPLACE(s, '[aeiou]', '#') AS vowels, REGEXP_REPLACE(s, '(\w)(\w)', '$2$1') AS swapped, REGEXP_REPLACE(s, t, '') AS by_column, REGEXP_REPLACE(s, '(', 'x') AS broken, REGEXP_REPLACE(s, '', '-') AS between_ FROM texts;
SELECT REGEXP_REPLACE('foobar', 'oo|ar', ''), REGEXP_REPLACE('abc', '', '-'), REGEXP_REPLACE('a.b', '\.', '\\');
