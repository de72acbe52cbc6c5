-- POSITION, LOCATE, INSTR count from 1 and give 0 for nothing found.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, POSITION(t IN s) AS p, LOCATE(t, s) AS l, LOCATE('o', s, 6) AS l6, INSTR(s, t) AS i FROM texts;
SELECT POSITION('' IN 'abc'), POSITION('z' IN 'abc'), LOCATE('', 'abc', 2), POSITION('x' IN 'é😀x');
SELECT LOCATE('b', 'abcb', 0), LOCATE('b', 'abcb', -1), LOCATE('b', 'abcb', 3);
