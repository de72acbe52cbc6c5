-- REGEXP_EXTRACT gives a group, the whole match, or NULL.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, REGEXP_EXTRACT(s, '([a-z]+) ([A-Z])', 2) AS g2, REGEXP_EXTRACT(s, '[a-z]+') AS whole, REGEXP_EXTRACT(s, '([0-9]+)', 0) AS g0 FROM texts;
SELECT REGEXP_EXTRACT('foobar', 'foo(.*?)(bar)', 2), REGEXP_EXTRACT('foobar', 'foo(x)?bar', 1), REGEXP_EXTRACT('abc', '(', 1), REGEXP_EXTRACT('abc', 'b', 3), REGEXP_EXTRACT('abc', 'b', -1);
