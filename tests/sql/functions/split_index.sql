-- SPLIT_INDEX counts from 0 and keeps empty parts.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, SPLIT_INDEX(s, ',', 0) AS p0, SPLIT_INDEX(s, ',', 2) AS p2, SPLIT_INDEX(s, t, 1) AS by_column, SPLIT_INDEX(s, 'l', 9) AS beyond, SPLIT_INDEX(s, ',', -1) AS negative, SPLIT_INDEX(s, 32, 1) AS by_code FROM texts;
SELECT SPLIT_INDEX('a||b', '||', 1), SPLIT_INDEX('abc', '', 1), SPLIT_INDEX('', ',', 0), SPLIT_INDEX('a1b', 49, 1);
