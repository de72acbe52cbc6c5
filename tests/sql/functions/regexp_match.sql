-- REGEXP, REGEXP_LIKE and their kin look anywhere in the text.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, REGEXP(s, '[0-9]+') AS r, REGEXP(s, '^h') AS h, REGEXP_COUNT(s, '[aeiou]') AS c, REGEXP_INSTR(s, 'a') AS i, REGEXP_SUBSTR(s, '[A-Z][a-z]+') AS ss FROM texts;
SELECT REGEXP('abc', '('), REGEXP('', ''), REGEXP_COUNT('aaa', 'aa'), REGEXP_COUNT('abc', '('), REGEXP_EXTRACT_ALL('a1b22c333', '([a-z])([0-9]+)', 2), REGEXP_EXTRACT_ALL('a1b22', '[0-9]+', 0), REGEXP_EXTRACT_ALL('abc', '([0-9])');
