-- CONCAT and || are NULL with any NULL, CONCAT_WS skips them.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, CONCAT(s, t) AS c, s || '-' || t AS p, CONCAT_WS('|', s, t, 'end') AS w, CONCAT_WS(t, 'a', CAST(NULL AS STRING), 'b') AS sep FROM texts;
SELECT CONCAT_WS('~'), CONCAT_WS('~', 'a'), CONCAT_WS('~', '', 'b', '');
